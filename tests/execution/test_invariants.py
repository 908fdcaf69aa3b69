"""The ten invariants: each has a name, a check over seeded harsh days, and a planted fault that the check catches."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from attrs import define, field

from rulekit.errors import JournalError
from rulekit.execution import dispatch, reading, sizing
from rulekit.execution.actions import ActionRecord
from rulekit.execution.books import Book
from rulekit.execution.budgets import Budgets
from rulekit.execution.settings import ExecutionSettings
from rulekit.execution.settling import Settler
from rulekit.execution.signal import RegularSignal
from rulekit.execution.switch import Mode
from rulekit.model.decision import Action
from rulekit.model.instant import SECOND
from rulekit.model.instrument import PositionKey
from rulekit.model.orders import BUY, SELL, OrderRequest, Quote
from tests.execution.scripted import Crash, Desk, add, book, exit_all, stop

FATES = ("fill", "rest", "part:10", "reject", "refuse", "not sent", "lost before", "lost after", "late:40", "late:97")
WEIGHTS = (30, 6, 6, 4, 4, 4, 7, 7, 6, 4)


class BrokenInvariantError(BaseException):
    """One of the ten does not hold; the message begins with its number. No part of the engine may swallow it."""


@define
class World:
    """A harsh day from one seed: three positions, faults, deaths, lags, the trader's own trades."""

    desk: Desk
    seed: int
    deaths: bool = True
    lots: random.Random = field(init=False)
    keys: list[PositionKey] = field(factory=list)
    decided: set[str] = field(factory=set)
    frozen_requests: int = 0
    regular: int = 0
    lowest: dict[PositionKey, int] = field(factory=dict)
    foreign: set[PositionKey] = field(factory=set)

    def __attrs_post_init__(self) -> None:
        self.lots = random.Random(self.seed)
        self.desk.broker.fate_of = self.fate

    def fate(self, request: OrderRequest, number: int) -> str:
        """Draw what becomes of a request, and look at the moment in which it is made."""
        self.watch(request)
        fate = self.lots.choices(FATES, WEIGHTS)[0]
        if fate.startswith("part") and request.quantity <= 10:
            return "fill"
        return fate

    def watch(self, request: OrderRequest) -> None:
        """Check what must hold whenever an order leaves."""
        desk = self.desk
        ledger = desk.executor._ledger
        action = next(one for one in ledger.actions.values() if any(a.tag == request.tag for a in one.attempts))
        mode = ledger.mode
        if mode.name == "halted" and action.rule != "exit everything":
            raise BrokenInvariantError("10: a halted engine sent something of its own")
        others = [one for one in ledger.open_on(request.instrument) if one is not action]
        if any(one.frozen for one in others) or (action.unsettled is not None):
            raise BrokenInvariantError("6: an order left for an instrument with an unknown order")
        if action.lane == "regular":
            now = desk.clock.now()
            for one in desk.executor._dispatcher.queue():
                if one.lane != "regular" and desk.executor._dispatcher.obstacle(one, now) is None:
                    raise BrokenInvariantError("5: a regular signal left before management")

    def live(self) -> None:
        """Play fifteen minutes of trouble, then let the faults stop and everything come to rest."""
        desk = self.desk
        self.keys = [desk.hold(symbol, quantity) for symbol, quantity in (("A", 100), ("B", 60), ("C", -80))]
        self.start()
        for minute in range(15):
            for _ in range(6):
                self.step(minute)
        desk.broker.fate_of = lambda request, number: (self.watch(request), "fill")[1]
        desk.broker.lag_s, desk.broker.failing = 0.0, 0
        desk.points.at = 0
        self.survive(lambda: desk.come_to_rest(900, step=2))

    def start(self) -> None:
        self.desk.start()
        for key in self.keys:
            self.stops(key)

    def stops(self, key: PositionKey) -> None:
        side = 1 if self.desk.broker.net(key) > 0 else -1
        self.desk.executor.set_initial_stop(key, 169_000.0 - side * 3_000)

    def step(self, minute: int) -> None:
        desk, lots = self.desk, self.lots
        desk.broker.lag_s = lots.choice([0, 0, 0, 5])
        desk.broker.failing = lots.choice([0] * 9 + [1])
        if self.deaths and lots.random() < 0.15:
            desk.points.at = desk.points.passed + lots.randint(1, 12)
        price = 169_000.0 + lots.randint(-400, 400) * 5
        self.survive(lambda: self.cycle(price))
        self.survive(lambda: desk.pass_time(lots.choice([1, 3, 10])))
        self.survive(lambda: desk.pass_time(7))
        self.look()

    def survive(self, work: Callable[[], None]) -> None:
        try:
            work()
        except Crash:
            self.desk.points.at = 0
            self.desk.die()
            self.desk.start()

    def cycle(self, price: float) -> None:
        desk, lots = self.desk, self.lots
        desk.executor.sync()
        decided = []
        for key in self.keys:
            desk.broker.prices[key.instrument] = price
            desk.executor.observe(key.instrument, Quote(price, desk.clock.now()))
            if any(position.key == key for position in desk.executor.positions()):
                action = self.choose(key)
                if action is not None:
                    decided.append(desk.decided(key, *action, digest=str(desk.clock.now())))
        if lots.random() < 0.3:
            self.regular += 1
            key = PositionKey("paper", "NSE", f"NEW{self.regular % 3}", "MIS")
            desk.broker.prices[key.instrument] = 50_000.0
            signal = RegularSignal(f"R{self.seed}-{self.regular}", key, BUY, 5, 50_000.0)
            desk.executor.submit_regular(signal)
        if decided:
            desk.executor.commit(decided, {"at": desk.clock.now()})
            for one in decided:
                for action in one.decision.actions:
                    ordinal = one.position.firings.get(action.rule, 0)
                    self.decided.add(f"{one.position.episode}|{action.rule}|{ordinal}")
        desk.executor.drain()

    def choose(self, key: PositionKey) -> list[Action] | None:
        desk, lots = self.desk, self.lots
        position = desk.position(key)
        closing, opening = (SELL, BUY) if position.side > 0 else (BUY, SELL)
        what = lots.random()
        loose = position.side * lots.choice([-500.0, 500.0, 1000.0])
        moved = (position.stop if math.isfinite(position.stop) else 165_000.0) + loose
        if position.in_flight:
            return [stop(moved)] if what < 0.2 else None
        if what < 0.10:
            return [exit_all(position.quantity, side=closing, rule="stop", lane="critical")]
        if what < 0.35 and position.quantity > 4:
            return [book(position.quantity // 2, side=closing), stop(moved)]
        if what < 0.45:
            return [add(min(20, position.original), side=opening)]
        return [stop(moved)] if what < 0.6 else None

    def look(self) -> None:
        """Check what must hold at any moment."""
        desk = self.desk
        for key in self.keys:
            sign = -1 if key.symbol == "C" else 1
            if sign * desk.broker.net(key) < 0:
                raise BrokenInvariantError(f"3: {key.symbol} went through zero to {desk.broker.net(key)}")

    def judge(self) -> None:
        """Check what must hold when everything has come to rest."""
        desk = self.desk
        self.look()
        rows = desk.rows()
        self.judge_ends(rows)
        tags = [request.tag for request in desk.broker.requests]
        if len(tags) != len(set(tags)):
            raise BrokenInvariantError("2: a tag was sent twice")
        by_tag: dict[str, int] = {}
        for order in desk.broker.book:
            by_tag[order.tag] = by_tag.get(order.tag, 0) + 1
        if any(count > 1 for count in by_tag.values()):
            raise BrokenInvariantError("2: two orders bear one tag")
        for row in rows:
            if row["quantity"] is not None and row["filled"] > row["quantity"]:
                raise BrokenInvariantError(f"2: {row['rule']} filled {row['filled']} of {row['quantity']}")
        self.judge_stops()
        self.judge_budgets()

    def judge_ends(self, rows: list[dict[str, Any]]) -> None:
        identities = {f"{action.episode}|{action.rule}|{action.ordinal}" for action in _all_actions(self.desk)}
        if not self.decided <= identities:
            raise BrokenInvariantError(f"1: {self.decided - identities} disappeared")
        for row in rows:
            if row["end"] is None or sum(state["state"] == row["end"] for state in row["states"]) != 1:
                raise BrokenInvariantError(f"1: {row['rule']} has no single end: {row['states']}")

    def judge_stops(self) -> None:
        latest: dict[str, float] = {}
        for action in _all_actions(self.desk):
            if action.state == "applied" and action.stop is not None:
                side = -1 if action.key.symbol == "C" else 1
                before = latest.get(action.episode)
                if before is not None and (action.stop - before) * side <= 0:
                    raise BrokenInvariantError(f"4: a stop went from {before} to {action.stop}")
                latest[action.episode] = action.stop

    def judge_budgets(self) -> None:
        settings = self.desk.settings
        for window, limit in ((SECOND, settings.per_second), (60 * SECOND, settings.per_minute)):
            counts: dict[int, int] = {}
            for at in self.desk.broker.posts:
                counts[at // window] = counts.get(at // window, 0) + 1
            if max(counts.values(), default=0) > limit:
                raise BrokenInvariantError(f"7: more than {limit} requests in {window // SECOND} s")


def _all_actions(desk: Desk) -> list[ActionRecord]:
    from rulekit.execution.history import FullLedger

    found = FullLedger(desk.journal.entries()).actions.values()
    return sorted(found, key=lambda action: action.seq)


def play(folder: Path, seed: int, settings: ExecutionSettings | None = None, *, deaths: bool = True) -> World:
    folder.mkdir(parents=True, exist_ok=True)
    desk = Desk(folder, settings=settings or ExecutionSettings(refusals_in_all=1000, unknown_limit=100))
    world = World(desk, seed, deaths)
    try:
        world.live()
        world.judge()
    finally:
        desk.die()
    return world


def breaks(folder: Path, number: int, seeds: Iterator[int] | range, settings: ExecutionSettings | None = None) -> bool:
    """Tell whether one of the seeds shows the invariant of that number broken."""
    for seed in seeds:
        try:
            play(folder / str(seed), seed, settings)
        except BrokenInvariantError as broken:
            if str(broken).startswith(f"{number}:"):
                return True
        except (AssertionError, JournalError, KeyError):
            continue
    return False


@contextmanager
def planted(monkeypatch: pytest.MonkeyPatch, target: object, name: str, value: object) -> Iterator[None]:
    with monkeypatch.context() as patch:
        patch.setattr(target, name, value)
        yield


@pytest.mark.parametrize("batch", range(6))
def test_harsh_days_hold_all_invariants(tmp_path: Path, batch: int) -> None:
    sent = 0
    for seed in range(batch * 8, batch * 8 + 8):
        sent += len(play(tmp_path / str(seed), seed).desk.broker.requests)
    assert sent > 100


def test_invariant_1_every_action_reaches_exactly_one_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Planted: an order that a restart finds half sent is forgotten instead of taken for unknown."""

    def forget(self: Settler, action: ActionRecord) -> None:
        self._chronicle.ledger.open.pop(action.id)

    with planted(monkeypatch, Settler, "left_sending", forget):
        assert breaks(tmp_path, 1, range(60))


def test_invariant_2_one_order_a_tag_and_never_more_than_decided(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Planted: absence counts after ten seconds, as five quick looks would have it."""
    hasty = ExecutionSettings(quarantine_s=10, refusals_in_all=1000, unknown_limit=100)
    assert breaks(tmp_path, 2, range(30), hasty)


def test_invariant_3_no_exit_takes_a_position_through_zero(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Planted: an exit is sized by what was decided, whatever is still held."""

    def blind(action: ActionRecord, *unused: object) -> sizing.Allowed:
        return sizing.Allowed(action.remaining, "", 0)

    hasty = ExecutionSettings(quarantine_s=10, refusals_in_all=1000, unknown_limit=100)
    with planted(monkeypatch, dispatch, "allowed", blind):
        assert breaks(tmp_path, 3, range(60), hasty)


def test_invariant_4_a_stop_never_loosens(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Planted: a stop that is worse than the tracked one counts as tighter."""
    with (
        planted(monkeypatch, Book, "tightens", lambda self, stop: True),
    ):
        assert breaks(tmp_path, 4, range(20))


def test_invariant_5_no_regular_signal_before_management(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Planted: the queue is served in the order of decisions alone."""
    from rulekit.execution import commands

    with planted(monkeypatch, commands, "in_order", lambda actions: sorted(actions, key=lambda one: one.seq)):
        narrow = ExecutionSettings(per_second=1, margin=0.0, reserve=0.0, refusals_in_all=1000, unknown_limit=100)
        assert breaks(tmp_path, 5, range(40), narrow)


def test_invariant_6_an_unknown_order_freezes_its_instrument(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Planted: nothing stands in the way of the next order, and an unknown one is sent again at once."""

    def careless(self: Settler, action: ActionRecord, attempt: Any, seen: reading.Reading) -> None:
        self._chronicle.state(action, "decided", "not in the book")

    with (
        planted(monkeypatch, Settler, "_absent", careless),
        planted(monkeypatch, dispatch.Dispatcher, "obstacle", lambda self, action, now: None),
        planted(monkeypatch, ActionRecord, "live", property(lambda self: None)),
    ):
        assert breaks(tmp_path, 6, range(30))


def test_invariant_7_budgets_are_kept_and_an_exit_has_its_reserve(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Planted: the budgets always have room."""
    narrow = ExecutionSettings(per_second=2, per_minute=12, refusals_in_all=1000, unknown_limit=100)
    for seed in range(6):
        play(tmp_path / f"kept{seed}", seed, narrow)
    with planted(monkeypatch, Budgets, "due", lambda self, now, urgent: now):
        assert breaks(tmp_path, 7, range(20), narrow)


def test_invariant_8_after_a_restart_everything_stands_as_if_it_had_never_stopped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Restart between cycles at every step; planted: what is watched is not written down."""

    def state(desk: Desk) -> str:
        return repr(desk.executor.positions())

    def run(folder: Path, restarts: bool) -> list[str]:
        folder.mkdir()
        desk = Desk(folder)
        key = desk.hold()
        desk.start()
        desk.executor.set_initial_stop(key, 165_000.0, strategy="Edge")
        seen = []
        for number in range(12):
            price = 169_000.0 + 150 * number * (-1) ** number
            desk.broker.prices[key.instrument] = price
            desk.executor.observe(key.instrument, Quote(price, desk.clock.now()))
            desk.executor.mark({"tick": number})
            actions = [stop(166_000.0 + 100 * number)] + ([book(5, rule=f"t{number}")] if number % 3 == 0 else [])
            desk.commit(key, *actions, checkpoint={"tick": number})
            desk.pass_time(5)
            if restarts:
                desk.restart()
            seen.append(state(desk))
        desk.die()
        return seen

    whole = run(tmp_path / "whole", restarts=False)
    assert run(tmp_path / "restarted", restarts=True) == whole
    from rulekit.execution.tracking import Tracker

    with planted(monkeypatch, Tracker, "journal_watched", lambda self: None):
        assert run(tmp_path / "planted", restarts=True) != whole


def test_invariant_9_the_process_without_the_lock_sends_nothing(tmp_path: Path) -> None:
    """The second one does not get as far as an executor; freed, the lock passes on."""
    desk = Desk(tmp_path)
    desk.hold()
    desk.start()
    second = Desk(tmp_path)
    second.hold()
    with pytest.raises(JournalError, match="another process is using this journal"):
        second.start()
    assert second.broker.requests == []
    desk.die()
    second.start()
    second.die()


def test_invariant_10_a_halted_engine_sends_only_what_the_halt_ordered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Halts in the middle of harsh days, with and without exits; planted: a halt that lets everything pass."""

    def halting(self: World, minute: int) -> None:
        if minute == 5:
            self.survive(lambda: self.desk.executor.halt("kill", exit_everything=self.seed % 2 == 0))
        original(self, minute)

    original = World.step
    with planted(monkeypatch, World, "step", halting):
        for seed in range(8):
            world = play(tmp_path / f"kept{seed}", seed)
            if seed % 2 == 0:
                assert all(world.desk.broker.net(key) == 0 for key in world.keys)
        with (
            planted(monkeypatch, Mode, "lets_pass", lambda self, kind, rule: True),
        ):
            assert breaks(tmp_path, 10, range(20))
