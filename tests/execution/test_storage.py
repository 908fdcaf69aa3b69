"""What a disk can do to a journal: each harm is found and said or harms nothing; nothing wrong is sent."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

import pytest

from rulekit.errors import JournalError
from rulekit.execution.journal import Journal
from rulekit.model.clock import SimulatedClock
from rulekit.model.orders import COMPLETE, Order
from tests.execution.scripted import KOTAK, START, Desk, exit_all
from tests.soak.storage_disk import taken_away
from tests.soak.storage_harms import HEAD, LOG, MAIN, harms, put
from tests.soak.storage_kite import HARMS, play
from tests.soak.storage_paper import PaperWorld


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> PaperWorld:
    return PaperWorld(tmp_path_factory.mktemp("storage"))


def test_a_harmed_journal_stops_a_day_on_paper_or_changes_nothing(world: PaperWorld) -> None:
    came_to: dict[str, set[str]] = defaultdict(set)
    for number, harm in enumerate(harms(world.late, world.early, world.folder / "scratch", cuts=12, flips=10)):
        outcome = world.restart(harm.make(), f"trial{number}")
        assert outcome.wrong == [], (harm.kind, harm.what, outcome)
        came_to[harm.kind].add(outcome.kind)
    assert came_to == {
        "nothing happened": {"went on"},
        "log cut": {"refused"},
        "log cut, head lost": {"halted"},
        "bit of the log": {"refused"},
        "bit of the main file": {"refused", "went on"},
        "byte of the head file": {"went on"},
        "head file lost": {"went on"},
        "log deleted": {"refused"},
        "journal deleted": {"refused", "halted"},
        "journal emptied": {"refused"},
        "old copy put back": {"refused", "halted"},
    }


def test_a_lost_head_is_said(world: PaperWorld) -> None:
    without = {name: content for name, content in world.late.items() if name != HEAD}
    assert "is missing or damaged" in world.restart(without, "headless").said


@pytest.mark.parametrize("how", ["alone", "with its companions"])
def test_a_journal_that_is_deleted_while_in_use_stops_everything(world: PaperWorld, how: str) -> None:
    outcome = taken_away(world, world.folder / how, how)
    assert outcome.wrong == []
    assert "was deleted or replaced" in outcome.said


def test_a_deleted_journal_is_not_begun_anew_beside_its_head(world: PaperWorld) -> None:
    left = {name: content for name, content in world.late.items() if name not in (MAIN, LOG)}
    outcome = world.restart(left, "deleted")
    assert (outcome.kind, outcome.sent) == ("refused", 0)
    assert "it holds no entries any more, and it did once" in outcome.said
    put(left, world.folder / "looked at")
    with pytest.raises(JournalError, match="holds no entries any more"):
        Journal.open(world.folder / "looked at" / MAIN, clock=SimulatedClock(START))
    assert not (world.folder / "looked at" / MAIN).exists(), "nothing is made in its place"


@pytest.mark.parametrize("kind", ["log cut at 30%, head lost", "journal deleted with all its files"])
def test_the_books_of_a_real_account_are_the_second_witness(tmp_path: Path, kind: str) -> None:
    expected, harm = HARMS[kind]
    outcome = play(tmp_path / "account", harm)
    assert (outcome.kind, outcome.sent, outcome.wrong) == (expected, 0, [])


def _order_of_another_journal(clock: SimulatedClock, number: int) -> Order:
    tag = f"RKZZZZ{'A' * 13}{'ABCDEFG'[number]}"
    return Order(f"X{number}", tag, *KOTAK, "MIS", "BUY", 5, 5, COMPLETE, 10_000.0, clock.now())


def test_an_order_of_another_journal_halts_until_a_person_has_seen_it(tmp_path: Path) -> None:
    clock = SimulatedClock(START)
    desk = Desk(tmp_path, clock=clock)
    desk.start()
    desk.broker.book.append(_order_of_another_journal(clock, 0))
    desk.pass_time()
    assert desk.executor.mode == "halted"
    assert "of another journal" in desk.executor._ledger.mode.reason
    desk.pass_time()
    desk.executor.resume("RESUME")
    desk.die()
    again = Desk(tmp_path, clock=clock)
    again.broker.book = list(desk.broker.book)
    again.start()
    assert again.executor.mode == "active", "a person has seen this one"
    again.pass_time()
    again.broker.book.append(_order_of_another_journal(clock, 1))
    again.pass_time()
    assert again.executor.mode == "halted", "and not this one"
    again.die()


def test_the_trades_and_orders_of_yesterday_may_still_be_listed_after_midnight(tmp_path: Path) -> None:
    """An account that idles over the night is not halted by its own orders, which it has let go of."""
    desk = Desk(tmp_path)
    key = desk.hold()
    desk.start()
    desk.commit(key, exit_all(100, rule="OUT"))
    desk.pass_time()
    assert not desk.executor.pending_management_actions
    desk.clock.sleep(15 * 3600.0)
    desk.hold("INFY")
    desk.pass_time()
    desk.pass_time()
    assert not desk.executor._ledger.tags, "the actions are let go"
    assert desk.executor.mode == "active"
    desk.die()
