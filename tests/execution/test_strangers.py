"""The second witness: an order of ours that the journal lost is shown with both sides and taken in by a person."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from rulekit.cli.main import cli
from rulekit.errors import UsageError
from rulekit.execution.requests import ADOPT, Request, drop
from rulekit.model.instrument import Instrument, InstrumentKey, PositionKey
from rulekit.model.orders import COMPLETE, SELL, Order
from tests.execution.scripted import Desk, book

RULES = [("my.policy", "mine", "d1", "First target: book 50% at 5% profit", {"First target": "book"})]


def with_a_lost_tail(desk: Desk, *, fate: str = "fill") -> str:
    """Book half, then put back a copy of the journal from before it; return the broker's number of the order."""
    key = desk.hold()
    desk.start()
    desk.executor.record_policies(RULES)
    desk.pass_time()
    desk.journal.close()
    kept = desk.folder / "kept"
    shutil.copy(desk.path, kept)
    desk.start()
    desk.broker.fates = [fate]
    desk.commit(key, book(50))
    desk.die()
    for suffix in ("", "-wal", "-shm", "-head"):
        Path(f"{desk.path}{suffix}").unlink(missing_ok=True)
    shutil.copy(kept, desk.path)
    desk.start()
    assert desk.executor.mode == "halted"
    return desk.broker.book[-1].order_id


def rulekit(*arguments: str) -> str:
    outcome = CliRunner().invoke(cli, arguments, standalone_mode=False)
    if outcome.exception is not None:
        raise outcome.exception
    return outcome.output


def test_a_lost_order_is_shown_with_both_sides_and_counts_once_adopted(desk: Desk) -> None:
    order = with_a_lost_tail(desk)
    key = PositionKey("paper", "NSE", "KOTAKBANK", "MIS")
    said = rulekit("adopt", "--journal", str(desk.path))
    assert f"order {order}, tag RKTEST" in said
    assert "the broker:  SELL 50 KOTAKBANK MIS, COMPLETE, 50 filled" in said
    assert "no request with this tag" in said
    assert "50 KOTAKBANK held by its trades; it was attempt 1 of firing 1 of First target" in said
    with pytest.raises(UsageError, match="does not confirm"):
        desk.executor.adopt(order, "yes")
    desk.executor.adopt(order, "ADOPT")
    row = desk.row("First target")
    assert (row["end"], row["filled"]) == ("settled", 50)
    assert desk.position(key).memory["First target"].fired == 1, "so it does not fire again"
    desk.executor.resume("RESUME")
    desk.restart()
    assert desk.executor.mode == "active", "it is known from now on"
    requests = len(desk.broker.requests)
    desk.commit(key, book(50))
    assert len(desk.broker.requests) == requests + 1
    assert len({request.tag for request in desk.broker.requests}) == requests + 1, "its tag is never used again"
    assert rulekit("adopt", "--journal", str(desk.path)).startswith("the journal knows every order")


def test_it_is_asked_for_from_another_process_too(desk: Desk) -> None:
    order = with_a_lost_tail(desk)
    drop(desk.path, Request(ADOPT, action=order, reason="ADOPT"), desk.clock)
    desk.pass_time()
    assert desk.row("First target")["end"] == "settled"
    with pytest.raises(UsageError, match="is no order of ours that the journal does not know"):
        desk.executor.adopt(order, "ADOPT")


def test_what_may_still_fill_is_not_adopted(desk: Desk) -> None:
    order = with_a_lost_tail(desk, fate="rest")
    with pytest.raises(UsageError, match="may still fill: it was OPEN"):
        desk.executor.adopt(order, "ADOPT")
    desk.broker.cancel(order)
    desk.pass_time()
    desk.executor.adopt(order, "ADOPT")
    assert desk.row("First target")["filled"] == 0


def test_an_order_whose_origin_nobody_knows_is_adopted_as_evidence(desk: Desk) -> None:
    desk.hold()
    desk.start()
    desk.broker.book.append(
        Order("O9", "RKTESTZZZZZZZZZZZZZZ", "NSE", "KOTAKBANK", "MIS", SELL, 10, 10, COMPLETE, placed=desk.clock.now())
    )
    desk.pass_time()
    desk.executor.adopt("O9", "ADOPT")
    assert any("what it was sent for is not known" in text for text in desk.alerts())
    desk.executor.resume("RESUME")
    desk.restart()
    assert desk.executor.mode == "active"
    assert desk.rows() == []


def with_all_behind_the_first_request_lost(desk: Desk, seconds: int = 0) -> PositionKey:
    """Two positions decide together and go on for a while; the journal loses all behind the first one's request."""
    first, second = desk.hold("KOTAKBANK"), desk.hold("INFY")
    desk.start()
    desk.executor.record_policies(RULES)
    desk.pass_time()
    kept: dict[Path, bytes] = {}

    def keep(point: str) -> None:
        if point == "before place" and not kept:
            kept.update({path: path.read_bytes() for path in desk.folder.iterdir() if path.suffix != ".journal-lock"})

    desk.broker.points = keep
    desk.executor.commit([desk.decided(first, book(50)), desk.decided(second, book(50))])
    desk.broker.points = lambda point: None
    for _ in range(seconds):
        desk.pass_time()
    desk.die()
    for path in desk.folder.iterdir():
        if path.name.startswith(desk.path.name):
            path.unlink()
    for path, content in kept.items():
        if path.name.startswith(desk.path.name) and not path.name.endswith(("-shm", "-lock")):
            path.write_bytes(content)
    desk.start()
    assert desk.executor.mode == "halted", "the second request is unknown, and its action ends with the halt"
    return second


def test_what_a_halt_ended_though_it_was_sent_counts_as_the_next_firing(desk: Desk) -> None:
    second = with_all_behind_the_first_request_lost(desk)
    (lost,) = (order for order in desk.broker.book if order.symbol == "INFY" and order.tag)
    desk.executor.adopt(lost.order_id, "ADOPT")
    rows = [row for row in desk.rows() if row["symbol"] == "INFY"]
    assert [(row["end"], row["filled"]) for row in rows] == [("cancelled", 0), ("settled", 50)]
    assert desk.position(second).memory["First target"].fired == 1, "so it does not fire again"
    desk.executor.resume("RESUME")
    desk.restart()
    assert desk.executor.mode == "active"


def test_a_later_slice_of_what_a_halt_ended_is_known_by_its_rule_too(desk: Desk) -> None:
    desk.broker.listed[InstrumentKey("NSE", "INFY")] = Instrument("NSE", "INFY", freeze=30)
    second = with_all_behind_the_first_request_lost(desk, seconds=3)
    lost = [order for order in desk.broker.book if order.symbol == "INFY" and order.tag]
    assert [order.quantity for order in lost] == [30, 20]
    for order in lost:
        desk.executor.adopt(order.order_id, "ADOPT")
    assert not any("what it was sent for is not known" in text for text in desk.alerts())
    rows = [row for row in desk.rows() if row["symbol"] == "INFY"]
    assert [(row["end"], row["filled"]) for row in rows] == [("cancelled", 0), ("settled", 30), ("settled", 20)]
    assert desk.position(second).memory["First target"].fired == 2
    desk.executor.resume("RESUME")
    desk.restart()
    assert desk.executor.mode == "active"
