"""Own book of one position: folded from the account's trades, one episode after another."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, NamedTuple

from attrs import define, field

from rulekit.model.decision import RuleMemory
from rulekit.model.instant import Instant
from rulekit.model.instrument import PositionKey
from rulekit.model.orders import SIGN, Trade
from rulekit.model.prices import UNKNOWN

OPENED = "position_opened"
REDUCED = "position_reduced"
SCALED = "position_scaled"
CLOSED = "position_closed"


class Change(NamedTuple):
    """What one trade did to the book. `profit` in smallest units times quantity, of the whole episode."""

    event: str
    quantity: int
    entry: float
    profit: float
    episode: str


@define
class Book:
    """One position as the trades tell it; `quantity` is signed. See TrackedPosition for the other fields.

    `vanished` is what was held until the broker showed nothing, though no trade had closed it.
    """

    key: PositionKey
    quantity: int = 0
    entry: float = UNKNOWN
    realised: float = 0.0
    opened: Instant | None = None
    number: int = 0
    original: int = 0
    stop: float = UNKNOWN
    initial_stop: float = UNKNOWN
    target: float = UNKNOWN
    best: float = UNKNOWN
    worst: float = UNKNOWN
    strategy: str = ""
    memory: dict[str, RuleMemory] = field(factory=dict)
    day_realised: float = 0.0
    traded_today: bool = False
    adopted: bool = False
    vanished: int = 0
    _named: tuple[int, str] = field(default=(-1, ""), init=False, eq=False, repr=False)

    @property
    def side(self) -> int:
        """Return +1 for a long, -1 for a short, 0 when flat."""
        return (self.quantity > 0) - (self.quantity < 0)

    @property
    def episode(self) -> str:
        """Return the identity of the current episode, or of the last one when flat."""
        if self._named[0] != self.number:
            self._named = self.number, f"{self.key}/{self.number}"
        return self._named[1]

    def fold(self, trade: Trade) -> list[Change]:
        """Apply one trade; the average entry is the running average of what is held.

        Returns:
            What happened: one change, or two when the trade turned the position over.
        """
        signed = SIGN[trade.side] * trade.quantity
        self.traded_today, self.vanished = True, 0
        if self.quantity == 0:
            return [self._open(signed, trade.price, trade.at)]
        if (self.quantity > 0) == (signed > 0):
            return [self._scale(signed, trade.price)]
        closing = min(abs(signed), abs(self.quantity))
        changes = [self._reduce(closing, trade.price)]
        rest = abs(signed) - closing
        if rest:
            changes.append(self._open(rest if signed > 0 else -rest, trade.price, trade.at))
        return changes

    def _open(self, signed: int, price: float, at: Instant | None) -> Change:
        self.number, self.vanished = self.number + 1, 0
        self.quantity, self.entry, self.opened = signed, price, at
        self.original, self.realised, self.strategy, self.adopted = abs(signed), 0.0, "", at is None
        self.stop = self.initial_stop = self.target = UNKNOWN
        self.best = self.worst = UNKNOWN if at is None else price
        self.memory = {}
        return self._change(OPENED)

    def _scale(self, signed: int, price: float) -> Change:
        held = abs(self.quantity)
        self.entry = (self.entry * held + price * abs(signed)) / (held + abs(signed))
        self.quantity += signed
        self.original = max(self.original, abs(self.quantity))
        return self._change(SCALED)

    def _reduce(self, closing: int, price: float) -> Change:
        profit = (price - self.entry) * closing * self.side
        if math.isfinite(profit):
            self.realised += profit
            self.day_realised += profit
        self.quantity -= closing * self.side
        return self._change(REDUCED if self.quantity else CLOSED)

    def _change(self, event: str) -> Change:
        return Change(event, abs(self.quantity), self.entry, self.realised, self.episode)

    def adopt(self, quantity: int, average: float) -> Change:
        """Take over what the broker shows and no trade explains; the broker wins over memory.

        Args:
            quantity: signed, as in the broker's net list.
            average: the broker's average, used only where the own one says nothing about it.
        """
        if quantity and self.quantity and (quantity > 0) == (self.quantity > 0):
            grown = abs(quantity) > abs(self.quantity)
            self.entry = average if grown and math.isfinite(average) else self.entry
            self.quantity = quantity
            self.original = max(self.original, abs(quantity))
            return self._change(SCALED if grown else REDUCED)
        if quantity == 0:
            self.quantity, self.vanished = 0, self.quantity
            return self._change(CLOSED)
        if quantity == self.vanished and not self.quantity:
            # The list had lacked it: it is the same episode, with its stop and all that is remembered.
            self.quantity, self.vanished = quantity, 0
            return self._change(OPENED)
        return self._open(quantity, average, None)

    def tightens(self, stop: float) -> bool:
        """Tell whether a stop is on the safe side of the tracked one, or the first."""
        if not math.isfinite(stop) or not self.quantity:
            return False
        return not math.isfinite(self.stop) or (stop - self.stop) * self.side > 0

    def move_stop(self, stop: float) -> float:
        """Move the stop and return the former one; the first one on the losing side is what R is measured from."""
        assert self.tightens(stop), "a tracked stop never loosens within an episode"
        before, self.stop = self.stop, stop
        if not math.isfinite(self.initial_stop) and (self.entry - stop) * self.side > 0:
            self.initial_stop = stop
        return before

    def see(self, price: float) -> None:
        """Widen the best and the worst price since entry."""
        high, low = (self.best, self.worst) if self.quantity > 0 else (self.worst, self.best)
        if not price <= high:
            high = price
        if not price >= low:
            low = price
        self.best, self.worst = (high, low) if self.quantity > 0 else (low, high)

    def watched(self) -> dict[str, Any]:
        """Return what no trade tells: stops, extremes and what the rules remember."""
        return {
            "key": list(self.key),
            "episode": self.episode,
            "opened": self.opened,
            "stop": self.stop,
            "initial_stop": self.initial_stop,
            "target": self.target,
            "best": self.best,
            "worst": self.worst,
            "strategy": self.strategy,
            "memory": {rule: _row(memory) for rule, memory in self.memory.items()},
        }

    def restore_watched(self, body: Mapping[str, Any]) -> None:
        """Take back what `watched` returned, if it is about this episode."""
        if body["episode"] != self.episode:
            return
        self.opened = body.get("opened", self.opened)
        self.stop, self.initial_stop, self.target = body["stop"], body["initial_stop"], body["target"]
        self.best, self.worst, self.strategy = body["best"], body["worst"], body["strategy"]
        self.memory = {rule: _memory(*row) for rule, row in body["memory"].items()}


def _row(memory: RuleMemory) -> list[Any]:
    """Return what the journal keeps of a rule; marks only where there are any, as in journals from before them."""
    return [memory.since, memory.best, dict(memory.marks)] if memory.marks else [memory.since, memory.best]


def _memory(since: Instant | None, best: float, marks: Mapping[str, float] | None = None) -> RuleMemory:
    return RuleMemory(since=since, best=best, marks=tuple((marks or {}).items()))
