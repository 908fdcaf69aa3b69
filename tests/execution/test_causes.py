"""What takes the engine out of the active state: every cause by itself, where it leads, and how a person lifts it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from attrs import evolve

from rulekit.errors import JournalError
from rulekit.execution.settings import ExecutionSettings
from rulekit.execution.switch import ACTIVE, CAUSES, JOURNAL, PERSON
from rulekit.model.clock import SimulatedClock
from rulekit.model.orders import Quote
from tests.execution.scripted import START, Desk, book, exit_all


def day_loss(desk: Desk) -> None:
    key = desk.hold()
    desk.settings = ExecutionSettings(day_loss_limit=1000.0)
    desk.start()
    desk.executor.observe(key.instrument, Quote(168_000.0, desk.clock.now()))
    desk.pass_time()


def unknown_orders(desk: Desk) -> None:
    keys = [desk.hold(symbol) for symbol in ("KOTAKBANK", "WIPRO", "INFY")]
    desk.start()
    desk.broker.fates = ["lost before"] * 3
    desk.executor.commit([desk.decided(key, exit_all()) for key in keys])
    desk.pass_time()


def mismatch(desk: Desk) -> None:
    key = desk.hold()
    desk.start()
    desk.broker.overnight[key] = (20, 169_000.0)  # no trade explains it
    desk.come_to_rest(1)
    for _ in range(70):
        desk.pass_time()


def stale_feed(desk: Desk) -> None:
    key = desk.hold()
    desk.start()
    desk.executor.observe(key.instrument, Quote(169_000.0, desk.clock.now()))
    for _ in range(31):
        desk.pass_time(10)


class Jumping(SimulatedClock):
    """A clock that somebody sets."""

    jumped = 0.0

    def drift(self) -> float:
        return self.jumped


def clock_jump(desk: Desk) -> None:
    desk.clock = clock = Jumping(START)
    desk.broker.clock = clock
    desk.hold()
    desk.start()
    clock.jumped = 3.0
    desk.pass_time()


def damaged_journal(desk: Desk) -> None:
    desk.hold()
    desk.start()
    desk.executor._sealing._found(JournalError("entry 7 is not what was written"))


def book_rule(desk: Desk) -> None:
    from rulekit.execution.book_orders import DecidedBook
    from rulekit.model.decision import CRITICAL, STOP_TRADING, Action

    desk.hold()
    desk.start()
    action = Action("Guard", STOP_TRADING, None, None, None, CRITICAL, "day loss ₹9,000")
    desk.executor.order_book([DecidedBook((action,), "mine", "p", "s")])


def refusals(desk: Desk) -> None:
    desk.settings = ExecutionSettings(refusals_in_all=3, back_off_s=(0.0,))
    key = desk.hold()
    desk.start()
    desk.broker.fates = ["refuse"] * 9
    desk.commit(key, exit_all())
    for _ in range(9):
        desk.pass_time()


def more_orders(desk: Desk) -> None:
    key = desk.hold()
    desk.start()
    desk.commit(key, book(50))
    desk.broker.book.append(evolve(desk.broker.book[0], order_id="O9999"))
    desk.pass_time()


def strange_order(desk: Desk) -> None:
    key = desk.hold()
    desk.start()
    desk.commit(key, book(50))
    desk.broker.book.append(evolve(desk.broker.book[0], order_id="O9999", tag="RKTESTZZZZZZZZZZZZZZ"))
    desk.pass_time()


def other_journal(desk: Desk) -> None:
    key = desk.hold()
    desk.start()
    desk.commit(key, book(50))
    desk.broker.book.append(evolve(desk.broker.book[0], order_id="O9999", tag="RKELSEZZZZZZZZZZZZZZ"))
    desk.pass_time()


def person(desk: Desk) -> None:
    desk.hold()
    desk.start()
    desk.executor.halt("news")


MAKERS: dict[str, Callable[[Desk], None]] = {
    "day loss": day_loss,
    "unknown orders": unknown_orders,
    "mismatch": mismatch,
    "stale feed": stale_feed,
    "clock": clock_jump,
    "damaged journal": damaged_journal,
    "rule for the whole book": book_rule,
    "refusals": refusals,
    "more orders than intents": more_orders,
    "unknown order of ours": strange_order,
    "order of another journal": other_journal,
    "a person": person,
}


def test_each_cause_has_its_test_and_its_row_on_the_page(project: Path) -> None:
    assert set(MAKERS) == set(CAUSES)
    page = (project / "docs" / "execution.md").read_text(encoding="utf-8")
    for cause, state in {**CAUSES, JOURNAL: "none"}.items():
        assert f"| {cause} | {state} |" in page


@pytest.mark.parametrize("cause", MAKERS)
def test_a_cause_switches_is_kept_and_is_lifted_by_a_person_only(desk: Desk, cause: str) -> None:
    MAKERS[cause](desk)
    assert desk.executor.mode == CAUSES[cause]
    told = [event.data for event in desk.events if event.name == "mode_changed"]
    assert [(data["mode"], data["was"], data["cause"]) for data in told] == [(CAUSES[cause], ACTIVE, cause)]
    if cause != PERSON:
        reason = told[0]["reason"]
        assert cause == "rule for the whole book" or any(text.startswith(reason) for text in desk.alerts())
    desk.restart()
    assert desk.executor.mode == CAUSES[cause]
    desk.executor.resume("RESUME")
    assert desk.executor.mode == ACTIVE


def test_a_journal_that_cannot_be_written_is_told_without_an_entry_and_nothing_is_sent(desk: Desk) -> None:
    key = desk.hold()
    desk.start()
    sent = len(desk.broker.requests)

    def full(rows: object) -> None:
        raise JournalError("the disk is full: `day.journal` cannot grow")

    desk.journal.store.append = full  # type: ignore[method-assign]
    for _ in range(2):
        with pytest.raises(JournalError, match="full"):
            desk.commit(key, exit_all())
    assert len(desk.broker.requests) == sent
    alerts = [event.data for event in desk.events if event.name == "alert"]
    assert [(data["level"], data["cause"]) for data in alerts] == [("critical", JOURNAL)]
    assert alerts[0]["text"] == "nothing more is sent: the disk is full: `day.journal` cannot grow"


def test_each_rise_is_told_and_a_lower_state_never_takes_over(desk: Desk) -> None:
    clock_jump(desk)
    desk.executor.halt("news")
    desk.clock.jumped = 9.0  # type: ignore[attr-defined]
    desk.pass_time()
    assert desk.executor.mode == "halted"
