"""A snapshot: all that one decision about one position may look at."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from attrs import Factory, field, frozen

from rulekit.errors import InputError
from rulekit.model.instant import Instant, instant_of, parse_instant
from rulekit.model.instrument import kind_of
from rulekit.model.prices import PAISE, UNKNOWN, stated_units


@frozen
class SessionTimes:
    """Today's session at the position's exchange, and what the calendar knows about the day."""

    opens: Instant
    closes: Instant
    day: date


@frozen
class Snapshot:
    """One position at one instant. Prices are in smallest units; NaN is unknown.

    Args:
        side: 1 long, -1 short.
        opened: when the position became non-zero; None means overnight, older than one day.
        age_days: trading days since then (sessions begun after the day it was opened); NaN unknown.
        original: the largest quantity this position has had.
        stop: the tracked stop. initial_stop: the first one (R is measured from it).
        best: best price since entry in the position's favour; NaN means the better of price and entry.
        worst: worst price since entry; NaN means the worse of price and entry.
        price: the last one; a host leaves a stale price NaN, and all that rests on it is unknown.
        lot: quantities are multiples of it. tick: price step in smallest units.
        scale: smallest units in a rupee. multiplier: see Instrument.
        session: today's session, None if unknown or if the exchange is closed.
        expiry: of the instrument, None for one that does not expire; expiry_days: calendar days to it.
        facts: market and book facts by their name in the language, lower-case, in natural units: prices
            and amounts in rupees, momentum in percent and signed as the market moves, volume and
            volatility as times normal. A missing name, None or NaN is unknown.
        in_flight: something that changes the quantity is on its way, so nothing of that kind is decided.
    """

    symbol: str
    side: int
    quantity: int
    entry: float
    price: float
    now: Instant
    opened: Instant | None = None
    exchange: str = "NSE"
    product: str = "MIS"
    strategy: str = ""
    original: int = 0
    stop: float = UNKNOWN
    initial_stop: float = UNKNOWN
    target: float = UNKNOWN
    best: float = UNKNOWN
    worst: float = UNKNOWN
    booked: int = 0
    added: int = 0
    realised: float = 0.0
    age_days: float = UNKNOWN
    lot: int = 1
    tick: float = 5.0
    scale: int = PAISE
    multiplier: float = 1.0
    session: SessionTimes | None = None
    expiry: date | None = None
    kind: str = Factory(lambda self: kind_of(self.exchange, self.symbol), takes_self=True)
    facts: Mapping[str, float | None] = field(factory=dict)
    in_flight: bool = False

    @classmethod
    def of(
        cls,
        symbol: str,
        side: str,
        quantity: int,
        *,
        entry: Decimal | float | int | str,
        price: Decimal | float | int | str | None,
        now: Instant | datetime | str,
        opened: Instant | datetime | str | None = None,
        stop: Decimal | float | int | str | None = None,
        initial_stop: Decimal | float | int | str | None = None,
        target: Decimal | float | int | str | None = None,
        best: Decimal | float | int | str | None = None,
        worst: Decimal | float | int | str | None = None,
        tick: Decimal | float | int | str = "0.05",
        scale: int = PAISE,
        facts: Mapping[str, float | None] | None = None,
        **more: Any,
    ) -> Snapshot:
        """Build a snapshot from what a host has: rupees, `long` or `short`, times as instants, datetimes or ISO texts.

        Args:
            more: any other field of a snapshot, as it is (`exchange`, `product`, `lot`, `strategy`, `session`).

        Raises:
            InputError: the side is neither, the quantity is no whole number above 0, or a time has no zone.
        """
        if side not in ("long", "short"):
            raise InputError(f"`{side}` is no side", "write long or short")
        if isinstance(quantity, bool) or not isinstance(quantity, int) or quantity < 1:
            raise InputError(f"`{quantity}` is no quantity", "give a whole number above 0; the side says long or short")

        lot = more.get("lot", 1)
        if isinstance(lot, bool) or not isinstance(lot, int) or lot < 1:
            raise InputError(f"`{lot}` is no lot", "give a whole number above 0")

        def units(amount: Decimal | float | int | str | None) -> float:
            return UNKNOWN if amount is None else stated_units(amount, scale)

        return cls(
            symbol=symbol,
            side=1 if side == "long" else -1,
            quantity=quantity,
            entry=units(entry),
            price=units(price),
            now=_instant(now),
            opened=None if opened is None else _instant(opened),
            stop=units(stop),
            initial_stop=units(initial_stop),
            target=units(target),
            best=units(best),
            worst=units(worst),
            tick=units(tick),
            scale=scale,
            facts={" ".join(name.lower().split()): value for name, value in (facts or {}).items()},
            **more,
        )


def _instant(moment: Instant | datetime | str) -> Instant:
    if isinstance(moment, str):
        return parse_instant(moment)
    return instant_of(moment) if isinstance(moment, datetime) else moment
