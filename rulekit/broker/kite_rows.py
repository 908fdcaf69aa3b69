"""The broker's rows as values. One that is not what it should be makes a reading worth nothing, a stranger's apart."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar

from rulekit.errors import ReadFailedError, RulekitError
from rulekit.execution.actions import PREFIX
from rulekit.market.numbers import scale_of
from rulekit.model.instant import IST, Instant, instant_of
from rulekit.model.instrument import InstrumentKey, PositionKey
from rulekit.model.orders import BUY, SELL, Order, Quote, Trade
from rulekit.model.position import NetPosition
from rulekit.model.prices import UNKNOWN, to_units

Row = Mapping[str, Any]
_Value = TypeVar("_Value")

_SYSTEM_TAG = re.compile(r"mktp|autoslice|.*:.*", re.IGNORECASE)
"""Tags that the broker adds by itself."""


def rows_of(value: Any, what: str, make: Callable[[Row], _Value]) -> list[_Value]:
    """Turn a list of rows into values.

    Raises:
        ReadFailedError: it is no list, or one of its rows is not what it should be.
    """
    found, odd = _rows(value, what, make)
    if odd:
        raise ReadFailedError(next(iter(odd.values())))
    return found


def orders_of(value: Any) -> tuple[list[Order], dict[int, str]]:
    """Return the order book, and what is not understood of other people's orders, by the number of the row.

    One row of an order that this program did not send must not end all reading for the day. Every order of ours bears
    a tag, so a row with any tag, like a row that is none, makes the reading worth nothing.

    Raises:
        ReadFailedError: it is no list, or a row that may be of an order of ours is not what it should be.
    """
    found, odd = _rows(value, "orders", order_of)
    for number, text in odd.items():
        if not isinstance(value[number], Mapping) or value[number].get("tag") or value[number].get("tags"):
            raise ReadFailedError(text)
    return found, odd


def _rows(value: Any, what: str, make: Callable[[Row], _Value]) -> tuple[list[_Value], dict[int, str]]:
    if not isinstance(value, list):
        raise ReadFailedError(f"the broker's {what} are {_kind(value)} instead of a list")
    found, odd = [], {}
    for number, row in enumerate(value):
        try:
            found.append(make(row))
        except (KeyError, TypeError, ValueError, ArithmeticError, AttributeError, RulekitError) as error:
            text = f"{type(error).__name__}: {error}"
            odd[number] = f"row {number} of the broker's {what} is not understood: {text}"[:300]
    return found, odd


def net_of(value: Any, account: str) -> list[tuple[NetPosition, float]]:
    """Return the rows of the net list, each with its multiplier; the day's list is of no use for what is held."""
    if not isinstance(value, Mapping) or "net" not in value:
        raise ReadFailedError(f"the broker's positions are {_kind(value)} without a net list")
    return rows_of(value["net"], "positions", lambda row: _position(row, account))


def order_of(row: Row) -> Order:
    """Return an order. Its quantities come from `filled_quantity`: what is pending is not cleared when it ends."""
    exchange = _text(row, "exchange")
    quantity, filled = _whole(row, "quantity"), _whole(row, "filled_quantity")
    if not 0 <= filled <= quantity:
        raise ValueError(f"{filled} of {quantity} filled")
    return Order(
        order_id=_text(row, "order_id"),
        tag=tag_of(row),
        exchange=exchange,
        symbol=_text(row, "tradingsymbol"),
        product=_text(row, "product"),
        side=_side(row),
        quantity=quantity,
        filled=filled,
        status=_text(row, "status"),
        average=_price(row.get("average_price"), exchange),
        placed=moment(row["order_timestamp"]),
        message=str(row.get("status_message") or row.get("status_message_raw") or ""),
        trigger=_price(row.get("trigger_price"), exchange),
    )


def trade_of(row: Row) -> Trade:
    """Return a trade. Its `order_timestamp` has no day, its `fill_timestamp` has."""
    exchange = _text(row, "exchange")
    price = _price(row["average_price"], exchange)
    quantity = _whole(row, "quantity")
    if not price > 0 or quantity <= 0:
        raise ValueError(f"{quantity} at {row['average_price']}")
    return Trade(
        trade_id=_text(row, "trade_id"),
        order_id=_text(row, "order_id"),
        exchange=exchange,
        symbol=_text(row, "tradingsymbol"),
        product=_text(row, "product"),
        side=_side(row),
        quantity=quantity,
        price=price,
        at=moment(row.get("fill_timestamp") or row["exchange_timestamp"]),
    )


def _position(row: Row, account: str) -> tuple[NetPosition, float]:
    exchange = _text(row, "exchange")
    key = PositionKey(account, exchange, _text(row, "tradingsymbol"), _text(row, "product"))
    net = NetPosition(
        key=key,
        quantity=_whole(row, "quantity"),
        average=_price(row.get("average_price"), exchange),
        last=_price(row.get("last_price"), exchange),
        overnight=_whole(row, "overnight_quantity") if row.get("overnight_quantity") is not None else 0,
    )
    return net, float(row.get("multiplier") or 1)


def quotes_of(value: Any, keys: Sequence[InstrumentKey], now: Instant) -> dict[InstrumentKey, Quote]:
    """Return last prices; instruments that the broker does not know are silently missing from its answer."""
    if not isinstance(value, Mapping):
        raise ReadFailedError(f"the broker's quotes are {_kind(value)}")
    found = {}
    for key in keys:
        row = value.get(f"{key.exchange}:{key.symbol}")
        if not isinstance(row, Mapping):
            continue
        price = _price(row.get("last_price"), key.exchange)
        if price > 0:
            found[key] = Quote(price, now, _touch(row, "buy", key), _touch(row, "sell", key))
    return found


def _touch(row: Row, side: str, key: InstrumentKey) -> float:
    depth = row.get("depth")
    levels = depth.get(side) if isinstance(depth, Mapping) else None
    if not isinstance(levels, list) or not levels or not isinstance(levels[0], Mapping):
        return UNKNOWN
    return _price(levels[0].get("price"), key.exchange)


def tag_of(row: Row) -> str:
    """Return the tag that the order was sent with; it stands in `tag` or among `tags`, beside the broker's own."""
    tags = row.get("tags") or ()
    if not isinstance(tags, (list, tuple)):
        raise TypeError(f"tags are {_kind(tags)}")
    given = [tag for tag in (row.get("tag"), *tags) if isinstance(tag, str) and tag and not _SYSTEM_TAG.fullmatch(tag)]
    return next((tag for tag in given if tag.startswith(PREFIX)), given[0] if given else "")


def moment(value: Any) -> Instant:
    """Return the instant of a time in an answer: it is India's, and says no zone."""
    found = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    return instant_of(found if found.tzinfo else found.replace(tzinfo=IST))


def _text(row: Row, name: str) -> str:
    value = row[name]
    if not isinstance(value, str) or not value:
        raise ValueError(f"{name} is {value!r}")
    return value


def _whole(row: Row, name: str) -> int:
    value = row[name]
    if isinstance(value, bool) or not isinstance(value, (int, float)) or value != int(value):
        raise ValueError(f"{name} is {value!r}")
    return int(value)


def _side(row: Row) -> str:
    side = row["transaction_type"]
    if side not in (BUY, SELL):
        raise ValueError(f"transaction_type is {side!r}")
    return str(side)


def _price(value: Any, exchange: str) -> float:
    """Return a price in smallest units; the broker writes 0 where there is none."""
    if value is None or isinstance(value, bool) or not isinstance(value, (int, float)) or not value:
        return UNKNOWN
    return to_units(value, scale_of(exchange))


def _kind(value: Any) -> str:
    return "nothing" if value is None else f"a {type(value).__name__}"
