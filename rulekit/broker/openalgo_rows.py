"""OpenAlgo's rows as values. A row that is not what it should be makes the whole reading worth nothing.

The rows come from some thirty plug-ins of OpenAlgo, one a broker: numbers may be texts, times have many forms, and what
is filled of an order stands in no row of the order book.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from functools import lru_cache
from typing import Any

from attrs import frozen

from rulekit.broker.kite_rows import Row, rows_of
from rulekit.errors import ReadFailedError
from rulekit.market.numbers import scale_of
from rulekit.model.instant import IST, Instant, instant_of
from rulekit.model.instrument import Instrument, InstrumentKey, PositionKey
from rulekit.model.orders import BUY, CANCELLED, COMPLETE, OPEN, REJECTED, SELL, TRIGGER_PENDING, Quote, Trade
from rulekit.model.position import NetPosition
from rulekit.model.prices import UNKNOWN, to_units

STATES = {
    "complete": COMPLETE,
    "open": OPEN,
    "rejected": REJECTED,
    "cancelled": CANCELLED,
    "canceled": CANCELLED,
    "trigger pending": TRIGGER_PENDING,
    "trigger_pending": TRIGGER_PENDING,
    "pending": TRIGGER_PENDING,
}
"""Its words for the states of an order; any other word is "still going"."""

TIMES = ("%Y-%m-%d %H:%M:%S", "%d-%b-%Y %H:%M:%S", "%d-%m-%Y %H:%M:%S", "%H:%M:%S %d-%m-%Y", "%d/%m/%Y %H:%M:%S")
"""Forms of a time with its day."""
TIME_OF_DAY = "%H:%M:%S"
EXPIRIES = ("%d-%b-%y", "%Y-%m-%d", "%d%b%y", "%d-%b-%Y")


@frozen
class BookRow:
    """A row of its order book. `status` is only what it says; what was filled, only the trades tell."""

    order_id: str
    exchange: str
    symbol: str
    product: str
    side: str
    quantity: int
    status: str
    placed: Instant
    trigger: float


def book_of(answer: Mapping[str, Any], today: date) -> list[BookRow]:
    """Return the order book in the order in which it was listed.

    Raises:
        ReadFailedError: it is none.
    """
    data = answer.get("data")
    if not isinstance(data, Mapping) or "orders" not in data:
        raise ReadFailedError("OpenAlgo's answer holds no order book")
    return rows_of(data["orders"], "orders", lambda row: _order(row, today))


def _order(row: Row, today: date) -> BookRow:
    exchange, said = _text(row, "exchange"), _text(row, "order_status").strip().lower()
    return BookRow(
        order_id=_number_of(row),
        exchange=exchange,
        symbol=_text(row, "symbol"),
        product=_text(row, "product"),
        side=_side(row),
        quantity=_whole(row, "quantity"),
        status=STATES.get(said, said.upper()),
        placed=moment(str(row.get("timestamp") or ""), today) or 0,
        trigger=_price(row.get("trigger_price"), exchange),
    )


def trades_of(answer: Mapping[str, Any], today: date) -> tuple[list[Trade], bool]:
    """Return the trades, and whether each bears a number of its own; without one it is known by what it says.

    Raises:
        ReadFailedError: it is no list of trades.
    """
    numbered = True
    same: Counter[tuple[Any, ...]] = Counter()

    def trade(row: Row) -> Trade:
        nonlocal numbered
        exchange, order_id, quantity = _text(row, "exchange"), _number_of(row), _whole(row, "quantity")
        price, at = _price(row.get("average_price"), exchange), moment(str(row.get("timestamp") or ""), today)
        if quantity <= 0 or not price > 0:
            raise ValueError(f"{quantity} at {row.get('average_price')!r}; this plug-in of OpenAlgo tells no fills")
        if at is None:
            raise ValueError(f"timestamp is {row.get('timestamp')!r}")
        number = str(row.get("tradeid") or row.get("trade_id") or "").strip()
        if not number:
            numbered = False
            what = (order_id, at, price, quantity)
            number = f"{order_id}/{at}/{price:g}/{quantity}/{same[what]}"
            same[what] += 1
        return Trade(
            trade_id=number, order_id=order_id, exchange=exchange, symbol=_text(row, "symbol"),
            product=_text(row, "product"), side=_side(row), quantity=quantity, price=price, at=at,
        )  # fmt: skip

    return rows_of(_list(answer, "trades"), "trades", trade), numbered


def positions_of(answer: Mapping[str, Any], account: str) -> list[NetPosition]:
    """Return the net positions.

    Raises:
        ReadFailedError: it is no list of positions.
    """

    def net(row: Row) -> NetPosition:
        exchange = _text(row, "exchange")
        key = PositionKey(account, exchange, _text(row, "symbol"), _text(row, "product"))
        return NetPosition(
            key, _whole(row, "quantity"), _price(row.get("average_price"), exchange), _price(row.get("ltp"), exchange)
        )

    return rows_of(_list(answer, "positions"), "positions", net)


def quotes_of(answer: Mapping[str, Any], keys: Iterable[InstrumentKey], now: Instant) -> dict[InstrumentKey, Quote]:
    """Return last prices; an instrument that it does not know comes with an error instead of a price.

    Raises:
        ReadFailedError: it is no list of quotes.
    """
    results = answer.get("results")
    if not isinstance(results, list):
        raise ReadFailedError("OpenAlgo's answer holds no quotes")
    wanted, found = set(keys), {}
    for row in results:
        if not isinstance(row, Mapping) or not isinstance(data := row.get("data"), Mapping):
            continue
        key = InstrumentKey(str(row.get("exchange")), str(row.get("symbol")))
        price = _maybe(data.get("ltp"), key.exchange)
        if key in wanted and price > 0:
            found[key] = Quote(price, now, _maybe(data.get("bid"), key.exchange), _maybe(data.get("ask"), key.exchange))
    return found


def instrument_of(answer: Mapping[str, Any], key: InstrumentKey, freeze: Mapping[str, int]) -> Instrument:
    """Return an instrument; what it does not say of ticks and freeze quantities stays at the defaults.

    Raises:
        ReadFailedError: it is none.
    """
    data = answer.get("data")
    if not isinstance(data, Mapping):
        raise ReadFailedError(f"OpenAlgo's answer holds no {key.exchange}:{key.symbol}")
    scale = scale_of(key.exchange)
    lot = _positive(data.get("lotsize"), 1)
    tick = _maybe(data.get("tick_size"), key.exchange)
    derivative = str(data.get("instrumenttype")) in ("CE", "PE", "FUT")
    # A 1 stands there where it does not know the quantity.
    most = _positive(data.get("freeze_qty"), 1) if derivative else 1
    most = most if most > 1 else freeze.get(str(data.get("name")), 0) if derivative else 0
    return Instrument(
        exchange=key.exchange, symbol=key.symbol, tick=tick if tick > 0 else scale * 0.05, lot=lot, scale=scale,
        freeze=max(lot, most - most % lot) if most else None, expiry=_expiry(data.get("expiry")),
    )  # fmt: skip


@lru_cache(maxsize=8192)
def moment(text: str, today: date) -> Instant | None:
    """Return the instant of a time in an answer, India's; one without a day is today's, None is no time at all."""
    for form in TIMES:
        if (found := _parsed(text, form)) is not None:
            return instant_of(found)
    if (found := _parsed(text, TIME_OF_DAY)) is not None:
        return instant_of(found.replace(year=today.year, month=today.month, day=today.day))
    return None


def _parsed(text: str, form: str) -> datetime | None:
    try:
        return datetime.strptime(text.strip(), form).replace(tzinfo=IST)
    except ValueError:
        return None


def _expiry(value: Any) -> date | None:
    for form in EXPIRIES if isinstance(value, str) and value else ():
        if (found := _parsed(str(value).title(), form)) is not None:
            return found.date()
    return None


def _list(answer: Mapping[str, Any], what: str) -> Any:
    if "data" not in answer:
        raise ReadFailedError(f"OpenAlgo's answer holds no {what}")
    return answer["data"]


def _text(row: Row, name: str) -> str:
    value = row[name]
    if not isinstance(value, str) or not value:
        raise ValueError(f"{name} is {value!r}")
    return value


def _number_of(row: Row) -> str:
    value = row["orderid"]
    if isinstance(value, bool) or not isinstance(value, (str, int)) or not str(value).strip():
        raise ValueError(f"orderid is {value!r}")
    return str(value).strip()


def _whole(row: Row, name: str) -> int:
    value = row[name]
    if isinstance(value, bool) or not isinstance(value, (int, float, str)) or float(value) != int(float(value)):
        raise ValueError(f"{name} is {value!r}")
    return int(float(value))


def _positive(value: Any, otherwise: int) -> int:
    whole = isinstance(value, (int, float)) and not isinstance(value, bool) and value >= 1
    return int(value) if whole else otherwise


def _side(row: Row) -> str:
    side = str(row["action"]).upper()
    if side not in (BUY, SELL):
        raise ValueError(f"action is {row['action']!r}")
    return side


def _price(value: Any, exchange: str) -> float:
    """Return a price in smallest units; 0 stands where there is none."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)) or not value:
        return UNKNOWN
    found = to_units(value, scale_of(exchange))
    return found if found else UNKNOWN


def _maybe(value: Any, exchange: str) -> float:
    """Return a price, or none where something else stands."""
    try:
        return _price(value, exchange)
    except ArithmeticError:
        return UNKNOWN
