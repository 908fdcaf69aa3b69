"""What a host reads back: one shape for everything that was taken, and what each decision was made by."""

from __future__ import annotations

import pytest

import rulekit
from rulekit.errors import UsageError
from rulekit.execution.journal import read_journal
from rulekit.execution.ledger import ACTION_DECIDED
from rulekit.execution.settings import ExecutionSettings
from rulekit.model.instant import SECOND
from rulekit.model.instrument import InstrumentKey
from rulekit.model.orders import Quote
from tests.execution.scripted import KOTAK, Desk, book, exit_all, stop

SHAPE = {
    "signal_id", "symbol", "action", "quantity", "entry_price", "order_type", "tag", "management_action", "reason",
    "user_id", "id", "rule", "kind", "stop",
}  # fmt: skip


def test_orders_and_stop_moves_have_one_shape(desk: Desk) -> None:
    key = desk.start().hold()
    desk.pass_time()
    desk.commit(key, book(), stop(168_000.0))
    taken = desk.executor.management_actions_taken
    assert [set(row) for row in taken] == [SHAPE, SHAPE]
    order = next(row for row in taken if row["kind"] == "book")
    move = next(row for row in taken if row["kind"] == "stop")
    assert (order["action"], order["quantity"], order["order_type"], order["stop"]) == ("SELL", 50, "MARKET", None)
    assert (order["entry_price"], order["reason"], order["rule"]) == (1690.0, "First target", "First target")
    assert (move["action"], move["quantity"], move["order_type"], move["stop"]) == (None, None, None, 1680.0)
    assert (move["tag"], move["management_action"], move["rule"]) == ("POSITION_MGMT", True, "Break-even")
    assert {row["id"] for row in taken} == {row["id"] for row in desk.rows()}
    assert len({row["signal_id"] for row in taken}) == 2


@pytest.mark.parametrize(("fate", "counts"), [("lost after", 1), ("refuse for good", 0), ("not sent", 0)])
def test_an_order_that_may_live_counts_as_taken(desk: Desk, fate: str, counts: int) -> None:
    key = desk.start().hold()
    desk.pass_time()
    desk.broker.fates = [fate]
    desk.commit(key, book())
    assert len(desk.executor.management_actions_taken) == counts


def test_a_decision_records_policy_snapshot_and_program(desk: Desk) -> None:
    """With these three a decision can be made again, bit by bit."""
    key = desk.start().hold()
    desk.pass_time()
    desk.commit(key, book(), stop(168_000.0))
    desk.die()
    decided = [entry.body for entry in read_journal(desk.path) if entry.kind == ACTION_DECIDED]
    assert len(decided) == 2
    for body in decided:
        assert (body["policy_digest"], body["snapshot_digest"], body["program"]) == ("p", "s", rulekit.__version__)


def test_half_a_finding_settles_nothing(desk: Desk) -> None:
    key = desk.start().hold()
    desk.pass_time()
    desk.broker.fates = ["lost before"]
    desk.commit(key, book())
    number = desk.row("First target")["id"]
    for found, filled in (("filled", None), ("not placed", 10), ("perhaps", None)):
        with pytest.raises(UsageError, match="says nothing"):
            desk.executor.settle(number, found, filled=filled)
    assert desk.row("First target")["states"][-1]["state"] == "unknown"


def test_an_order_that_lives_against_a_persons_word_is_cancelled(desk: Desk) -> None:
    """It was recorded as ended; when the book shows it alive it is counted again, and ended for good."""
    key = desk.start().hold()
    desk.pass_time()
    desk.broker.fates = ["late:20"]
    desk.commit(key, exit_all())
    desk.executor.settle(desk.row("Square off")["id"], "filled", filled=0)
    desk.broker.pending = [(at, request, "rest") for at, request, _ in desk.broker.pending]
    for _ in range(30):
        desk.pass_time()
    order = desk.broker.book[-1]
    assert (order.status, order.filled) == ("CANCELLED", 0)
    assert any("arrived after it had been given up" in text for text in desk.alerts())


def test_silence_between_two_bars_is_no_silence(desk: Desk) -> None:
    """Prices that may be as old as a bar of a quarter of an hour are no stale feed after five minutes."""
    desk.settings = ExecutionSettings(stale_s=900.0)
    desk.start().hold()
    desk.pass_time()
    desk.executor.observe(InstrumentKey(*KOTAK), Quote(169_000.0, desk.clock.now()))
    desk.clock.sleep(1_000)
    desk.executor.sync()
    assert desk.executor.mode == "active"
    desk.clock.sleep(900)
    desk.executor.sync()
    assert desk.executor.mode == "reducing"


def test_the_log_of_a_halts_exit_knows_profit_and_age(desk: Desk) -> None:
    key = desk.start().hold()
    desk.pass_time()
    desk.clock.move_to(desk.clock.now() + 59 * SECOND)
    desk.executor.sync()
    desk.executor.observe(key.instrument, Quote(169_000.0 * 1.02, desk.clock.now()))
    desk.executor.halt("news", exit_everything=True)
    desk.pass_time()
    told = next(event for event in desk.events if event.name == "action_decided")
    assert told.data["profit"] == pytest.approx(2.0)
    assert told.data["age"] == pytest.approx(1.0, abs=0.1)
