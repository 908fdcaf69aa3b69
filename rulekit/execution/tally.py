"""What the actions of one episode add up to for its rules, kept in step without going through all of them each time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rulekit.execution.actions import QUANTITY_KINDS, ActionRecord
from rulekit.model.decision import RuleMemory
from rulekit.model.instant import Instant


class Tally:
    """Counts firings. A stop move that has ended can change no more and is added once; orders are looked at afresh."""

    def __init__(self) -> None:
        self._seen = 0
        self._settled: dict[str, tuple[int, Instant]] = {}
        self.changing: list[ActionRecord] = []
        """The actions whose fills may still change what they count for."""
        self.firings: dict[str, int] = {}
        """How many actions each rule has in this episode, whatever became of them."""

    def add(self, actions: Sequence[ActionRecord]) -> None:
        """Take in the actions that came since the last time; `actions` only grows."""
        for action in actions[self._seen :]:
            self.firings[action.rule] = self.firings.get(action.rule, 0) + 1
            if action.open or action.kind in QUANTITY_KINDS:
                self.changing.append(action)
            elif action.counts:
                self._settled[action.rule] = (self._settled.get(action.rule, (0, 0))[0] + 1, action.decided)
        self._seen = len(actions)

    def memory(self, watched: Mapping[str, RuleMemory]) -> dict[str, RuleMemory]:
        """Return each rule's memory: what the engine remembers, and how often and when it fired last."""
        fired = dict(self._settled)
        for action in self.changing:
            if action.counts:
                count, last = fired.get(action.rule, (0, 0))
                fired[action.rule] = (count + 1, max(last, action.decided))
        memory = dict(watched)
        for rule, (count, last) in fired.items():
            known = watched.get(rule)
            memory[rule] = (
                RuleMemory(count, last) if known is None else RuleMemory(count, last, known.since, known.best)
            )
        return memory
