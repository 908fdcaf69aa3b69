"""The broker's rows: what is taken from them, and that what is not understood is no empty list."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from rulekit.broker.kite_instruments import InstrumentList
from rulekit.broker.kite_protection import AUTOMATIC, protection_of
from rulekit.broker.kite_settings import FREEZE
from rulekit.broker.kite_token import KeptToken, is_private, keep, kept_token
from rulekit.errors import ReadFailedError
from rulekit.model.instant import iso, parse_instant
from rulekit.model.instrument import Instrument, InstrumentKey
from tests.kite import raw as answers
from tests.kite.conftest import Raw
from tests.kite.raw import body, error, success

ORDER: dict[str, Any] = {
    "account_id": "AB1234", "order_id": "261122000000001", "exchange_order_id": None, "status": "CANCELLED",
    "status_message": None, "order_timestamp": "2026-11-20 10:11:12", "exchange_timestamp": None, "variety": "regular",
    "exchange": "NSE", "tradingsymbol": "INFY", "order_type": "LIMIT", "transaction_type": "SELL", "validity": "DAY",
    "product": "MIS", "quantity": 10, "price": 1492.5, "average_price": 1493.15, "filled_quantity": 4,
    "pending_quantity": 6, "cancelled_quantity": 6, "market_protection": 0, "tag": "RKABCD0123456789ABCD",
    "tags": ["mktp", "mktp:0.50", "RKABCD0123456789ABCD"], "meta": {},
}  # fmt: skip

TRADE: dict[str, Any] = {
    "trade_id": "10000001", "order_id": "261122000000001", "exchange": "NSE", "tradingsymbol": "INFY", "product": "MIS",
    "average_price": 1493.15, "quantity": 4, "transaction_type": "SELL", "fill_timestamp": "2026-11-20 10:11:13",
    "order_timestamp": "10:11:12", "exchange_timestamp": "2026-11-20 10:11:13",
}  # fmt: skip

POSITION: dict[str, Any] = {
    "tradingsymbol": "LEADMINI26DECFUT", "exchange": "MCX", "product": "NRML", "quantity": 3, "overnight_quantity": 3,
    "multiplier": 1000, "average_price": 161.05, "last_price": 161.05, "pnl": 0,
}  # fmt: skip

LISTED = b"""\
instrument_token,exchange_token,tradingsymbol,name,last_price,expiry,strike,tick_size,lot_size,instrument_type,segment,exchange
1001,1,LEADMINI26DECFUT,LEADMINI,0.0,2026-12-31,0.0,0.05,1,FUT,MCX-FUT,MCX
"""


def test_an_order_is_what_was_filled_of_it_at_indian_time(raw: Raw) -> None:
    broker, _ = raw(success([ORDER, ORDER | {"order_id": "2", "status": "PUT ORDER REQ RECEIVED", "average_price": 0}]))
    first, second = broker.orders()
    assert (first.status, first.filled, first.ended, first.average) == ("CANCELLED", 4, True, 149_315.0)
    assert iso(first.placed) == "2026-11-20T10:11:12+05:30"
    assert second.ended is False
    assert second.average != second.average, "0 is no price"


@pytest.mark.parametrize("status", ["OPEN", "UPDATE", "MODIFIED", "TRIGGER PENDING", "A WORD NEVER SEEN", "Complete"])
def test_only_three_words_end_an_order(raw: Raw, status: str) -> None:
    broker, _ = raw(success([ORDER | {"status": status}]))
    assert broker.orders()[0].ended is False


@pytest.mark.parametrize(
    ("tag", "tags", "found"),
    [
        ("RKABCD0123456789ABCD", None, "RKABCD0123456789ABCD"),
        (None, ["mktp", "mktp:2.00", "RKABCD0123456789ABCD"], "RKABCD0123456789ABCD"),
        ("autoslice", ["autoslice", "autoslice:77", "RKABCD0123456789ABCD"], "RKABCD0123456789ABCD"),
        ("theirs", ["theirs", "RKABCD0123456789ABCD"], "RKABCD0123456789ABCD"),
        ("theirs", ["theirs"], "theirs"),
        (None, None, ""),
        (None, ["mktp"], ""),
    ],
)
def test_the_tag_is_found_among_the_brokers_own(raw: Raw, tag: object, tags: object, found: str) -> None:
    row = ORDER | {"tag": tag, "tags": tags}
    if tags is None:
        del row["tags"]
    broker, _ = raw(success([row]))
    assert broker.orders()[0].tag == found


def test_an_order_of_somebody_else_that_is_not_understood_does_not_end_all_reading(raw: Raw) -> None:
    odd = {name: value for name, value in ORDER.items() if name not in ("tag", "tags")}
    odd |= {"order_id": "9", "order_timestamp": None}
    broker, _ = raw(success([odd, ORDER]), success([odd, ORDER]))
    told: list[str] = []
    broker.alert = told.append
    assert [order.order_id for order in broker.orders()] == [ORDER["order_id"]]
    broker.orders()
    (text,) = told
    assert text.startswith("the order 9, which bears no tag and so is not ours, is left out: row 0 of the broker's")


@pytest.mark.parametrize("row", [ORDER | {"order_timestamp": None}, ORDER | {"quantity": None, "tag": None}, "text"])
def test_a_row_that_may_be_ours_and_is_not_understood_makes_the_reading_worth_nothing(raw: Raw, row: object) -> None:
    broker, _ = raw(success([row]))
    with pytest.raises(ReadFailedError, match="row 0 of the broker's orders is not understood"):
        broker.orders()


def test_an_order_of_another_variety_is_cancelled_as_one(raw: Raw) -> None:
    broker, server = raw(
        success([ORDER | {"variety": "iceberg"}]), success({"order_id": "7"}), success({"order_id": "8"})
    )
    broker.orders()
    broker.cancel(ORDER["order_id"])
    broker.cancel("8")
    lines = [line for line, *_ in server.requests[1:]]
    assert lines == [f"DELETE /orders/iceberg/{ORDER['order_id']}", "DELETE /orders/regular/8"]


def test_trades_have_their_day_from_the_fill(raw: Raw) -> None:
    broker, _ = raw(success([TRADE]))
    (trade,) = broker.trades()
    assert (trade.price, trade.quantity, trade.side) == (149_315.0, 4, "SELL")
    assert iso(trade.at) == "2026-11-20T10:11:13+05:30"


def test_positions_are_the_net_ones_and_bring_the_multiplier(raw: Raw) -> None:
    day = POSITION | {"quantity": -3}
    broker, _ = raw(success({"net": [POSITION], "day": [day]}))
    broker._list._fetch = lambda exchange: LISTED
    (row,) = broker.positions()
    assert (row.quantity, row.overnight, row.key.account) == (3, 3, "AB1234")
    found = broker.instrument(row.key.instrument)
    assert found is not None
    assert (found.multiplier, found.lot, found.kind, found.expiry) == (1000, 1, "commodity", date(2026, 12, 31))


BAD = {
    "no list": success({"net": []}),
    "nothing": success(None),
    "a text": success("none"),
    "a row of text": success(["x"]),
    "no number": success([{**ORDER, "order_id": None}]),
    "a quantity of text": success([ORDER | {"filled_quantity": "4"}]),
    "more filled than ordered": success([ORDER | {"filled_quantity": 11}]),
    "no side": success([ORDER | {"transaction_type": "X"}]),
    "no time": success([ORDER | {"order_timestamp": None}]),
    "tags of another kind": success([ORDER | {"tags": "RKABCD0123456789ABCD"}]),
    "HTML": body(200, "<html>", "text/html"),
    "a gateway": body(504, "<html>", "text/html"),
    "an empty list with 500": body(500, {"status": "success", "data": []}),
    "503": error(503, "NetworkException"),
    "no type": body(200, {"status": "success", "data": []}, None),
    "cut": answers.cut,
    "half": answers.half,
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_not_understood_is_no_empty_book(raw: Raw, name: str) -> None:
    broker, _ = raw(BAD[name])
    with pytest.raises(ReadFailedError):
        broker.orders()


@pytest.mark.parametrize("value", [None, [], {"day": []}, {"net": None}, {"net": [{**POSITION, "quantity": None}]}])
def test_positions_that_are_not_understood_are_no_flat_account(raw: Raw, value: object) -> None:
    broker, _ = raw(success(value))
    with pytest.raises(ReadFailedError):
        broker.positions()


def test_positions_of_an_instrument_that_cannot_be_looked_up_are_not_known(raw: Raw) -> None:
    """Without its lot an exit could not be sized."""
    broker, _ = raw(success({"net": [POSITION], "day": []}))
    broker._list._fetch = lambda exchange: b"<html>"
    with pytest.raises(ReadFailedError, match="MCX"):
        broker.positions()


OPTION = "2001,2,NIFTY26NOV26000CE,NIFTY,0,2026-11-24,26000,0.05,65,CE,NFO-OPT,NFO\n"
HEAD = LISTED.decode().splitlines()[0] + "\n"


def test_the_list_is_fetched_once_a_day_and_kept(tmp_path: Path) -> None:
    asked: list[str] = []

    def fetch(exchange: str) -> bytes:
        asked.append(exchange)
        return (HEAD + OPTION).encode()

    key, other = InstrumentKey("NFO", "NIFTY26NOV26000CE"), InstrumentKey("NFO", "NOSUCH")
    monday, tuesday = date(2026, 11, 23), date(2026, 11, 24)
    for _ in range(2):
        listed = InstrumentList(fetch, tmp_path, FREEZE)
        found = listed.find([key, other], monday)
        assert found[other] is None
        option = found[key]
        assert option is not None
        assert (option.lot, option.freeze, option.kind, option.tick) == (65, 1755, "option", 5.0)
    assert asked == ["NFO"]
    InstrumentList(fetch, tmp_path, FREEZE).find([key], tuesday)
    assert asked == ["NFO", "NFO"]
    assert len(list(tmp_path.glob("*"))) == 1, "yesterday's list is removed"


def test_a_list_that_is_broken_is_fetched_again(tmp_path: Path) -> None:
    bodies = [b"instrument_token,tradingsymbol\n1,X\n", (HEAD + OPTION).encode()]
    listed = InstrumentList(lambda exchange: bodies.pop(0), tmp_path, FREEZE)
    key = InstrumentKey("NFO", "NIFTY26NOV26000CE")
    with pytest.raises(ReadFailedError, match="no column"):
        listed.find([key], date(2026, 11, 23))
    assert listed.find([key], date(2026, 11, 23))[key] is not None


@pytest.mark.parametrize(
    ("kind", "rupees", "step", "found"),
    [
        ("equity", 1500, None, AUTOMATIC),
        ("equity", 1500, 1.0, 1.0),
        ("equity", 1500, 5.0, 5.0),
        ("equity", 50, 1.0, 2.0),
        ("equity", 50, 5.0, 10.0),
        ("option", 8, None, AUTOMATIC),
        ("option", 8, 1.0, 5.0),
        ("option", 8, 5.0, 25.0),
        ("option", 8, 20.0, 40.0),
        ("option", 60, 2.0, 6.0),
        ("future", 25_000, 1.0, 1.0),
        ("future", 25_000, 5.0, 2.0),
        ("equity", float("nan"), 3.0, 3.0),
    ],
)
def test_protection_follows_the_instrument_and_the_step(
    kind: str, rupees: float, step: float | None, found: float
) -> None:
    instrument = Instrument("NSE", "X", kind=kind)
    assert protection_of(step, instrument, rupees * 100) == found


def test_the_automatic_band_can_be_written_out() -> None:
    option = Instrument("NFO", "X", kind="option")
    assert protection_of(None, option, 800.0, written_out=True) == 5.0
    assert protection_of(None, option, float("nan"), written_out=True) == AUTOMATIC


def test_a_token_is_kept_for_its_owner_only(tmp_path: Path) -> None:
    from rulekit.broker.kite_settings import Secret

    path = tmp_path / "deep" / "token.json"
    since = parse_instant("2026-11-20T08:30:00+05:30")
    keep(path, KeptToken(Secret("verysecrettoken"), "AB1234", since))
    kept = kept_token(path)
    assert kept is not None
    assert kept.token == "verysecrettoken"
    assert is_private(path)
    assert "verysecrettoken" not in repr(kept)
    assert kept.since == since
    path.chmod(0o644)
    assert not is_private(path)
    path.write_text("{}", encoding="utf-8")
    assert kept_token(path) is None
