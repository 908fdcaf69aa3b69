"""One position of a host from flat to flat again: what it was seen to do, and what its rules remember."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from attrs import define, evolve, field

from rulekit.model.decision import ADD, BOOK, STOP_REACHED, TARGET_REACHED, Action, Memory, RuleMemory
from rulekit.model.instant import Instant
from rulekit.model.prices import UNKNOWN
from rulekit.model.snapshot import SessionTimes, Snapshot
from rulekit.runtime.looks import memory_of, memory_row
from rulekit.runtime.policy import Policy
from rulekit.runtime.position import Position, Rupees, Standing, units_or_unknown


@define
class Waiting:
    """An order that the host was told of and whose end has not been seen.

    Args:
        before: what its rule remembered, in case nothing comes of it.
        is_unknown: the host does not know what became of it.
    """

    id: str
    action: Action
    since: Instant
    before: RuleMemory | None
    filled: int = 0
    is_unknown: bool = False

    @property
    def left(self) -> int:
        """How much of it may still fill."""
        return (self.action.quantity or 0) - self.filled


@define(eq=False)
class Episode:
    """What is known of a position; prices in smallest units, NaN unknown."""

    standing: Standing
    number: int
    side: int
    quantity: int
    entry: float
    opened: Instant | None
    original: int
    stop: float = UNKNOWN
    initial_stop: float = UNKNOWN
    target: float = UNKNOWN
    best: float = UNKNOWN
    worst: float = UNKNOWN
    booked: int = 0
    added: int = 0
    realised: float = 0.0
    memory: Memory = field(factory=dict)
    waiting: Waiting | None = None
    policy: Policy | None = None
    is_chosen: bool = False
    """Whether it is known which policy is for it; None may be the answer."""
    last: float = UNKNOWN
    acted: int = 0
    """How many orders were decided."""
    said_entry: Rupees | None = None
    """The entry as the host wrote it, so that one that stays is not read again; `said_opened` likewise."""
    said_opened: Any = None

    def take(self, position: Position) -> None:
        """Read what may have changed in the host's object."""
        scale = self.standing.instrument.scale
        entry = position.entry
        if entry is not self.said_entry and entry != self.said_entry:
            self.entry, self.said_entry = units_or_unknown(entry, scale), entry
        has = self.standing.has
        if not has:
            return
        if "opened" in has:
            self.said_opened = position.opened  # type: ignore[attr-defined]
        if "stop" in has:
            self.tighten(units_or_unknown(position.stop, scale))  # type: ignore[attr-defined]
        if "target" in has:
            target = units_or_unknown(position.target, scale)  # type: ignore[attr-defined]
            if math.isfinite(target):
                self.target = target
        if "realised" in has:
            self.realised = float(position.realised) * scale  # type: ignore[attr-defined]

    def tighten(self, stop: float) -> bool:
        """Take a stop if it is tighter than the tracked one; R is measured from the first on the losing side."""
        if not math.isfinite(stop) or (stop - self.stop) * self.side <= 0:
            return False
        if not math.isfinite(self.initial_stop) and (self.entry - stop) * self.side > 0:
            self.initial_stop = stop
        self.stop = stop
        return True

    def see(self, price: float) -> None:
        """Take a price for the best and the worst since entry; an unknown one changes nothing."""
        if self.side > 0:
            if price > self.best or self.best != self.best:
                self.best = price
            if price < self.worst or self.worst != self.worst:
                self.worst = price
        else:
            if price < self.best or self.best != self.best:
                self.best = price
            if price > self.worst or self.worst != self.worst:
                self.worst = price

    def reached(self, opens: float, high: float, low: float) -> float:
        """Return the price at which a bar takes the position out: at its open, then the stop before the target."""
        side = self.side
        good, bad = (high, low) if side > 0 else (low, high)
        if side * opens <= side * self.stop or side * opens >= side * self.target:
            return opens
        if side * bad <= side * self.stop:
            return self.stop
        return self.target if side * good >= side * self.target else UNKNOWN

    def snapshot(
        self,
        price: float,
        now: Instant,
        facts: Mapping[str, float | None],
        session: SessionTimes | None,
        age_days: float,
    ) -> Snapshot:
        """Return what a decision may look at now."""
        key, instrument = self.standing.key, self.standing.instrument
        return Snapshot(
            key.symbol, self.side, self.quantity, self.entry, price, now, self.opened, key.exchange, key.product,
            self.standing.strategy, self.original, self.stop, self.initial_stop, self.target, self.best, self.worst,
            self.booked, self.added, self.realised, age_days, instrument.lot, instrument.tick, instrument.scale,
            instrument.multiplier, session, instrument.expiry, instrument.kind, facts, self.waiting is not None,
        )  # fmt: skip

    # --- orders ------------------------------------------------------------------------------------------------

    def order(self, action: Action, now: Instant) -> Waiting:
        """Count an order as on its way; its rule has fired."""
        self.acted += 1
        before = self.memory.get(action.rule)
        self.waiting = Waiting(f"{self.standing.key.symbol}-{self.number}-{self.acted}", action, now, before)
        self.fire(action.rule, now)
        return self.waiting

    def fire(self, rule: str, now: Instant) -> None:
        """Count a firing of a rule; a stop or target that was reached is none."""
        if rule not in (STOP_REACHED, TARGET_REACHED):
            known = self.memory.get(rule, RuleMemory())
            self.memory = {**self.memory, rule: evolve(known, fired=known.fired + 1, fired_at=now)}

    def fill(self, quantity: int) -> bool:
        """Take that some of the waiting order filled; True once all of it has. The first part counts a book or add."""
        waiting = self.waiting
        assert waiting is not None
        if not waiting.filled:
            self.booked += waiting.action.kind == BOOK
            self.added += waiting.action.kind == ADD
        waiting.filled += quantity
        if waiting.left > 0:
            return False
        self.waiting = None
        return True

    def grow(self, quantity: int) -> None:
        """Take that more is held."""
        self.quantity += quantity
        self.original = max(self.original, self.quantity)

    def reduce(self, quantity: int, price: float) -> None:
        """Take that less is held, closed at a price as far as that is known."""
        self.quantity -= quantity
        if math.isfinite(price) and "realised" not in self.standing.has:
            gained = (price - self.entry) * self.side * quantity
            self.realised += gained if math.isfinite(gained) else 0.0

    def give_up(self, *, counts: bool) -> Waiting:
        """Let the waiting order go; unless it counts or filled in part, its rule may fire again."""
        waiting = self.waiting
        assert waiting is not None
        self.waiting = None
        rule = waiting.action.rule
        if not counts and not waiting.filled and rule in self.memory:
            now, before = self.memory[rule], waiting.before or RuleMemory()
            self.memory = {**self.memory, rule: evolve(now, fired=before.fired, fired_at=before.fired_at)}
        return waiting

    # --- over a restart ----------------------------------------------------------------------------------------

    def kept(self) -> dict[str, Any]:
        """Return what a host keeps over a restart, as plain values for JSON; NaN as None."""
        row: dict[str, Any] = {name: _plain(getattr(self, name)) for name in KEPT}
        waiting = self.waiting
        if waiting is not None:
            action = waiting.action
            row["waiting"] = [waiting.id, action.rule, action.kind, action.side, action.quantity, action.lane,
                              waiting.since, waiting.filled, waiting.is_unknown]  # fmt: skip
            row["before"] = None if waiting.before is None else _rows({action.rule: waiting.before})
        return {"memory": _rows(self.memory), **row}

    def recall(self, row: Mapping[str, Any]) -> None:
        """Take over what was kept."""
        for name in KEPT:
            value = row[name]
            setattr(self, name, UNKNOWN if value is None and name in _PRICES else value)
        self.memory = memory_of(row["memory"])
        if "waiting" in row:
            id, rule, kind, side, quantity, lane, since, filled, is_unknown = row["waiting"]
            before = None if row["before"] is None else memory_of(row["before"])[rule]
            action = Action(rule, kind, side, quantity, None, lane)
            self.waiting = Waiting(id, action, since, before, filled, is_unknown)


_PRICES = ("entry", "stop", "initial_stop", "target", "best", "worst", "last")
KEPT = ("number", "side", "quantity", "opened", "original", "booked", "added", "realised", "acted", *_PRICES)


def _rows(memory: Memory) -> dict[str, list[Any]]:
    """Write down what rules remember, an unknown price as None."""
    return {rule: [_plain(value) for value in row] for rule, row in memory_row(memory).items()}


def _plain(value: Any) -> Any:
    return None if isinstance(value, float) and math.isnan(value) else value
