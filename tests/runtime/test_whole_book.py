"""Rules for the whole book, live: what they order is done for every position once, over restarts and faults."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from rulekit.broker.paper import PaperBroker
from rulekit.broker.paper_settings import PaperSettings
from rulekit.errors import UsageError
from rulekit.execution.history import history
from rulekit.execution.journal import read_journal
from rulekit.execution.status import status
from rulekit.execution.summary import summarise
from rulekit.market.ticks import Tick
from rulekit.model.clock import SimulatedClock
from rulekit.model.events import Event
from rulekit.model.instant import DAY, SECOND, parse_instant
from rulekit.model.prices import to_units
from rulekit.runtime.manager import Manager
from rulekit.runtime.policy import Policy

NOON = parse_instant("2026-11-20T12:00:00+05:30")
GUARD = "applies to product MIS\nfor the whole book\n  Guard: {} at ₹5,000 day loss\n"
MORE = "MORE: add 25% when price is above ₹1 up to 50 times"


class Desk:
    """A paper account with positions whose prices the test moves: symbol, product, side, quantity, entry."""

    def __init__(self, folder: Path, *held: tuple[str, str, int, int, str], paper: PaperSettings | None = None) -> None:
        self.folder = folder
        self.clock = SimulatedClock(NOON)
        self.broker = PaperBroker(folder / "book", clock=self.clock, settings=paper)
        self.sequence = 0
        self.events: list[Event] = []
        for row in held:
            self.enter(*row)

    def enter(self, symbol: str, product: str, side: int, quantity: int, entry: str) -> None:
        self.price(symbol, entry, 0.0)
        self.broker.enter(
            exchange="NSE", symbol=symbol, product=product, side=side, quantity=quantity, price=to_units(entry),
            at=self.clock.now(), reference=f"{symbol} {self.sequence}",
        )  # fmt: skip

    def price(self, symbol: str, rupees: str, wait_s: float = 1.0) -> None:
        self.clock.sleep(wait_s)
        tick = Tick(self.sequence, "NSE", symbol, self.clock.now(), to_units(rupees), float(self.sequence))
        self.sequence += 1
        self.broker.on_tick(tick)

    def manager(self, *policies: str, dry_run: bool = False) -> Manager:
        return Manager(
            [Policy.from_text(text, f"{place}.policy") for place, text in enumerate(policies)],
            broker=self.broker, journal=self.folder / "day.journal", clock=self.clock, emit=self.events.append,
            dry_run=dry_run,
        )  # fmt: skip

    def held(self) -> dict[str, int]:
        return {key.symbol: quantity for key, quantity in self.broker.true_positions().items() if quantity}

    def alerts(self) -> list[str]:
        return [event.data["text"] for event in self.events if event.name == "alert"]

    def rows(self) -> list[tuple[str, str, str | None]]:
        return [(row["rule"], row["kind"], row["end"]) for row in history(read_journal(self.folder / "day.journal"))]


TWO = (("KOTAKBANK", "MIS", 1, 100, "1700"), ("INFY", "MIS", -1, 50, "1500"))


def fall(desk: Desk, rupees: str = "1640") -> None:
    """Lose ₹6,000 on the 100 KOTAKBANK; the others are heard again, so that no price is stale."""
    desk.price("KOTAKBANK", rupees)
    for symbol, price in (("INFY", "1500"), ("TCS", "3000")):
        if symbol in desk.held():
            desk.price(symbol, price, 0.0)


def test_everything_that_is_managed_is_exited_once_and_said(tmp_path: Path) -> None:
    desk = Desk(tmp_path, *TWO)
    with desk.manager(GUARD.format("exit everything")) as manager:
        manager.cycle()
        assert desk.held() == {"KOTAKBANK": 100, "INFY": -50}
        fall(desk)
        decisions = manager.cycle()
        assert sorted((one.symbol, one.actions[0].side, one.actions[0].quantity) for one in decisions) == [
            ("INFY", "BUY", 50), ("KOTAKBANK", "SELL", 100),
        ]  # fmt: skip
        assert {one.actions[0].lane for one in decisions} == {"critical"}
        assert [one.actions[0].why for one in decisions] == ["day loss ₹6,000, needs at least ₹5,000"] * 2
        fall(desk)
        manager.cycle()
        assert desk.held() == {}
        assert "Guard: everything that is managed is flat" in desk.alerts()
        assert manager.executor.mode == "active", "only `stop trading` switches the trading state"
        desk.enter("TCS", "MIS", 1, 10, "3000")
        manager.cycle()
        fall(desk)
        manager.cycle()
        assert desk.held() == {"TCS": 10}, "what is opened later is not closed by a rule that has fired"
    assert sorted(desk.rows()) == [
        ("Guard", "exit", "filled"), ("Guard", "exit", "filled"), ("Guard", "exit everything", "done"),
    ]  # fmt: skip
    figures = summarise(read_journal(tmp_path / "day.journal"))
    assert [(each.rule, each.fired, each.filled, each.applied) for each in figures] == [("Guard", 3, 2, 1)]


def test_what_is_not_managed_is_left_alone_and_named(tmp_path: Path) -> None:
    desk = Desk(tmp_path, *TWO, ("TCS", "CNC", 1, 10, "3000"))
    with desk.manager(GUARD.format("exit everything")) as manager:
        manager.cycle()
        for _ in range(3):
            fall(desk)
            manager.cycle()
        assert desk.held() == {"TCS": 10}
        assert "Guard: everything that is managed is flat; not managed, and left alone: TCS" in desk.alerts()


def test_the_loss_of_what_is_not_managed_counts(tmp_path: Path) -> None:
    desk = Desk(tmp_path, ("KOTAKBANK", "CNC", 1, 100, "1700"), ("INFY", "MIS", -1, 50, "1500"))
    with desk.manager(GUARD.format("exit everything")) as manager:
        manager.cycle()
        for _ in range(2):
            fall(desk)
            manager.cycle()
        assert desk.held() == {"KOTAKBANK": 100}


def test_stop_adding_lasts_for_the_day_and_no_longer(tmp_path: Path) -> None:
    desk = Desk(tmp_path, ("KOTAKBANK", "CNC", 1, 100, "1700"))
    policy = f"for the whole book\n  Calm: stop adding at ₹5,000 day loss\n{MORE}"
    with desk.manager(policy) as manager:
        fall(desk)
        decision = manager.cycle()[0]
        assert decision.actions == ()
        assert [(each.rule, each.because) for each in decision.passed_over] == [
            ("MORE", "`Calm` has stopped adding (day loss ₹6,000, needs at least ₹5,000)")
        ]
        fall(desk, "1700")
        assert manager.cycle()[0].actions == (), "it is latched for the day, though the loss is gone"
        assert status(read_journal(tmp_path / "day.journal"))["no_adds"].startswith("`Calm` has stopped adding")
        desk.clock.sleep(DAY * 3 / SECOND)  # to Monday
        desk.price("KOTAKBANK", "1700")
        assert [action.kind for action in manager.cycle()[0].actions] == ["add"]


def test_a_rule_fires_again_on_another_day(tmp_path: Path) -> None:
    desk = Desk(tmp_path, ("KOTAKBANK", "CNC", 1, 100, "1700"))
    text = "for the whole book\n  Calm: stop adding at ₹5,000 day loss"
    for _ in range(2):
        with desk.manager(text) as manager:
            for _ in range(3):
                fall(desk)
                manager.cycle()
        desk.clock.sleep(DAY * 3 / SECOND)
    assert desk.rows() == [("Calm", "stop adding", "done")] * 2


def test_a_person_lifts_what_was_stopped(tmp_path: Path) -> None:
    desk = Desk(tmp_path, *TWO)
    policy = f"for the whole book\n  Calm: stop adding at ₹5,000 day loss\n{MORE}"
    with desk.manager(policy) as manager:
        fall(desk)
        manager.cycle()
        manager.executor.resume("RESUME")
        fall(desk)
        assert "add" in [action.kind for one in manager.cycle() for action in one.actions], "and it fires once a day"


def test_stop_trading_lets_positions_shrink_only(tmp_path: Path) -> None:
    desk = Desk(tmp_path, *TWO)
    policy = f"for the whole book\n  Guard: stop trading at ₹5,000 day loss\n{MORE}\nOUT: book 50% at 3% loss"
    with desk.manager(policy) as manager:
        fall(desk)
        manager.cycle()
        assert manager.executor.mode == "reducing"
        for _ in range(3):
            fall(desk)
            manager.cycle()
        assert desk.held() == {"KOTAKBANK": 50, "INFY": -50}
    with desk.manager(policy) as manager:
        assert manager.executor.mode == "reducing", "it outlives the program"
        manager.executor.resume("RESUME")
        fall(desk)
        manager.cycle()
        assert manager.executor.mode == "active", "the rule has fired today"
    ends = {(rule, kind): end for rule, kind, end in desk.rows()}
    assert ends[("Guard", "stop trading")] == "done"


@pytest.mark.parametrize("cut", [0, 1, 2])
def test_a_restart_fires_nothing_twice_and_finishes_what_was_ordered(tmp_path: Path, cut: int) -> None:
    desk = Desk(tmp_path, *TWO)
    text = GUARD.format("exit everything and stop trading")
    with desk.manager(text) as manager:
        manager.cycle()
        fall(desk)
        for _ in range(cut):
            manager.cycle()
            fall(desk)
    for _ in range(3):
        with desk.manager(text) as manager:
            fall(desk)
            manager.cycle()
    assert desk.held() == {}
    kinds = [kind for _, kind, _ in desk.rows()]
    assert sorted(kinds) == ["exit", "exit", "exit everything", "stop trading"]
    assert {end for _, _, end in desk.rows()} == {"filled", "done"}


def test_an_add_on_its_way_ends_before_everything_is_exited(tmp_path: Path) -> None:
    desk = Desk(tmp_path, *TWO)
    policy = f"for the whole book\n  Guard: exit everything at ₹5,000 day loss\n{MORE}"
    with desk.manager(policy) as manager:
        manager.cycle()
        fall(desk)
        for _ in range(4):
            manager.cycle()
            fall(desk)
        assert desk.held() == {}


def test_a_dry_run_orders_and_sends_nothing(tmp_path: Path) -> None:
    desk = Desk(tmp_path, *TWO)
    with desk.manager(GUARD.format("exit everything"), dry_run=True) as manager:
        for _ in range(3):
            fall(desk)
            manager.cycle()
    assert desk.held() == {"KOTAKBANK": 100, "INFY": -50}
    assert sorted(desk.rows()) == [
        ("Guard", "exit", "done"), ("Guard", "exit", "done"), ("Guard", "exit everything", None),
    ]  # fmt: skip


def test_an_order_of_yesterday_is_given_up_and_said(tmp_path: Path) -> None:
    desk = Desk(tmp_path, ("KOTAKBANK", "CNC", 1, 100, "1700"))
    with desk.manager("for the whole book\n  Guard: exit everything at ₹5,000 day loss", dry_run=True) as manager:
        fall(desk)
        manager.cycle()
        desk.clock.sleep(DAY * 3 / SECOND)
        fall(desk, "1700")
        manager.cycle()
        assert any("the day ended before all was flat" in text for text in desk.alerts())
    assert ("Guard", "exit everything", "expired") in desk.rows()


def test_a_figure_that_is_unknown_fires_nothing_and_is_said_once(tmp_path: Path) -> None:
    desk = Desk(tmp_path, *TWO)
    policy = "for the whole book\n  Full: exit everything when margin used is at least ₹1\nexit at 90% profit"
    with desk.manager(policy) as manager:
        for _ in range(3):
            fall(desk)
            manager.cycle()
    told = [event for event in desk.events if event.name == "rule_unknown" and event.symbol == "whole book"]
    assert [event.data["why"] for event in told] == ["margin used is unknown"]
    assert desk.held() == {"KOTAKBANK": 100, "INFY": -50}


def test_a_host_tells_the_margin(tmp_path: Path) -> None:
    desk = Desk(tmp_path, *TWO)
    policy = Policy.from_text("for the whole book\n  Full: exit everything when margin used is at least ₹1 lakh")
    margin: dict[str, float | None] = {"margin used": 99_999.0}
    with Manager(
        policy, broker=desk.broker, journal=tmp_path / "day.journal", clock=desk.clock, book_facts=lambda: margin
    ) as manager:
        fall(desk)
        manager.cycle()
        assert len(desk.held()) == 2
        margin["margin used"] = 100_000.0
        for _ in range(2):
            fall(desk)
            manager.cycle()
    assert desk.held() == {}


def test_a_position_rule_reads_the_book(tmp_path: Path) -> None:
    desk = Desk(tmp_path, *TWO)
    with desk.manager("LESS: book 50% when day loss is at least ₹5,000 and exposure is above ₹1,00,000") as manager:
        assert [one.actions for one in manager.cycle()] == [(), ()]
        fall(desk)
        assert [action.rule for one in manager.cycle() for action in one.actions] == ["LESS", "LESS"]


def test_every_policy_of_the_account_is_asked_in_order(tmp_path: Path) -> None:
    desk = Desk(tmp_path, ("KOTAKBANK", "MIS", 1, 100, "1700"), ("TCS", "CNC", 1, 10, "3000"))
    first = (
        "applies to product MIS\nHALF: book 50% at 90% profit\nfor the whole book\n  One: stop adding at ₹1 day loss"
    )
    second = "applies to product CNC\nfor the whole book\n  Two: exit everything at ₹5,000 day loss"
    with desk.manager(first, second) as manager:
        for _ in range(3):
            fall(desk)
            manager.cycle()
    assert desk.held() == {}, "what any policy manages is closed"
    fired: Sequence[str] = [rule for rule, kind, _ in desk.rows() if kind != "exit"]
    assert fired == ["One", "Two"]


def test_a_block_alone_leaves_a_position_to_the_policy_that_has_rules_for_it(tmp_path: Path) -> None:
    desk = Desk(tmp_path, *TWO)
    with desk.manager("for the whole book\n  Late: exit everything at 15:20", "HALF: book 50% at 3% loss") as manager:
        fall(desk)
        assert [action.rule for one in manager.cycle() for action in one.actions] == ["HALF"]


def test_one_name_for_two_rules_is_refused(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    block = "for the whole book\n  Guard: exit everything at ₹{} day loss"
    with pytest.raises(UsageError, match="two policies call a rule for the whole book `Guard`"):
        desk.manager(block.format("5,000"), block.format("6,000"))
