"""A host's own position: what an object must say to be managed, and what it may say besides."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any, Protocol, runtime_checkable

from attrs import field, frozen

from rulekit.errors import InputError
from rulekit.model.instant import Instant, instant_of, parse_instant
from rulekit.model.instrument import Instrument, PositionKey, kind_of
from rulekit.model.prices import PAISE, UNKNOWN, stated_units, to_units

Rupees = Decimal | float | int | str
"""A price as a host has it; texts and decimals are exact, a float is read as the shortest decimal that prints it."""
Moment = Instant | datetime | str
"""Microseconds since 1970 UTC, a datetime with a zone, or an ISO text with an offset."""


@runtime_checkable
class Position(Protocol):
    """A host's own object for one position; any object with these three attributes will do.

    What it has besides is read where it is there: `opened` (a moment), `side` (`long`, `short`, 1 or -1; then
    `quantity` may be without its sign), `stop`, `target`, `initial_stop` and `realised` (rupees), `exchange`,
    `product`, `strategy`, `lot`, `tick` (rupees), `scale`, `multiplier`, `expiry` (a date), and `key` where exchange,
    symbol and product do not tell two positions apart.
    """

    @property
    def symbol(self) -> str:
        """What is held."""
        ...

    @property
    def quantity(self) -> int:
        """How much is held: whole, negative for a short, 0 when flat."""
        ...

    @property
    def entry(self) -> Rupees:
        """The average entry price in rupees."""
        ...


@frozen
class Standing:
    """What does not change while a position is held, read once from a host's object."""

    key: PositionKey
    instrument: Instrument
    strategy: str
    opened: Instant | None
    has: frozenset[str] = field(repr=False)
    """Which of the attributes that may change it has."""


_CHANGING = ("side", "stop", "target", "realised", "opened")


def key_of(position: Position) -> tuple[Any, ...]:
    """Return what tells a host's positions apart."""
    own = getattr(position, "key", None)
    if own is not None:
        return (own,)
    return position.symbol, getattr(position, "exchange", ""), getattr(position, "product", "")


def standing_of(position: Position) -> Standing:
    """Read what stays.

    Raises:
        InputError: lot, tick, scale or expiry cannot be.
    """
    symbol = position.symbol
    if not isinstance(symbol, str) or not symbol.strip():
        raise InputError(f"`{symbol}` is no symbol", "give the name of what is held, as a text")
    exchange, product = str(getattr(position, "exchange", "NSE")), str(getattr(position, "product", "MIS"))
    scale, lot = getattr(position, "scale", PAISE), getattr(position, "lot", 1)
    multiplier, expiry = float(getattr(position, "multiplier", 1.0)), getattr(position, "expiry", None)
    for name, value in (("scale", scale), ("lot", lot)):
        if isinstance(value, bool) or not isinstance(value, int) or value < 1:
            raise InputError(f"`{symbol}`: `{value}` is no {name}", "give a whole number above 0")
    tick = stated_units(getattr(position, "tick", "0.05"), scale)
    if not tick > 0:
        raise InputError(f"`{symbol}`: `{getattr(position, 'tick', None)}` is no tick", "give the price step in rupees")
    if isinstance(expiry, datetime):
        expiry = expiry.date()
    if expiry is not None and not isinstance(expiry, date):
        raise InputError(f"`{symbol}`: `{expiry}` is no expiry", "give a date, or None")
    own = getattr(position, "key", None)
    return Standing(
        key=PositionKey("" if own is None else str(own), exchange, symbol, product),
        instrument=Instrument(
            exchange, symbol, tick, lot, scale, multiplier, kind=kind_of(exchange, symbol), expiry=expiry
        ),
        strategy=str(getattr(position, "strategy", "") or ""),
        opened=moment(getattr(position, "opened", None)),
        has=frozenset(name for name in _CHANGING if hasattr(position, name)),
    )


def signed_quantity(position: Position, has: frozenset[str] | None = None) -> int:
    """Return what is held, negative for a short.

    Raises:
        InputError: the quantity is no whole number, or the side none.
    """
    quantity = position.quantity
    if type(quantity) is not int:
        quantity = _whole(position.symbol, quantity)
    if has is None:
        side = getattr(position, "side", None)
    elif "side" in has:
        side = position.side  # type: ignore[attr-defined]
    else:
        return quantity
    if side is None:
        return quantity
    if side not in _SIDES:
        raise InputError(f"`{position.symbol}`: `{side}` is no side", "write long or short")
    if quantity < 0 < _SIDES[side]:
        raise InputError(
            f"`{position.symbol}`: the quantity {quantity} is that of a short, and the side is long",
            "leave the side out, or give the quantity without a sign",
        )
    return abs(quantity) * _SIDES[side]


_SIDES: dict[object, int] = {"long": 1, "short": -1, 1: 1, -1: -1}


def _whole(symbol: str, quantity: Any) -> int:
    """Take 100.0 and numpy's whole numbers for what they are."""
    try:
        if not isinstance(quantity, bool) and int(quantity) == quantity:
            return int(quantity)
    except (TypeError, ValueError, OverflowError):
        pass
    raise InputError(
        f"`{symbol}`: `{quantity}` is no quantity",
        "give a whole number; what is held in parts is counted in its smallest step",
    )


def moment(value: Moment | None) -> Instant | None:
    """Return an instant, None for none.

    Raises:
        InputError: a time without a zone, or no time.
    """
    if value is None or type(value) is int:
        return value
    if isinstance(value, str):
        return parse_instant(value)
    if isinstance(value, datetime):
        return instant_of(value)
    try:
        return int(value)
    except (TypeError, ValueError, OverflowError):
        raise InputError(
            f"`{value}` is no moment", "give a datetime with a zone, or 2026-11-20T09:15:00+05:30"
        ) from None


def units_or_unknown(price: Rupees | None, scale: int) -> float:
    """Return a price in smallest units, NaN for none."""
    if type(price) is float:
        return to_units(price, scale)
    return UNKNOWN if price is None else stated_units(price, scale)
