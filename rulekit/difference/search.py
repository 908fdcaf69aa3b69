"""A seeded search for positions on which two judgements differ: corners first, then towards what rules ask for."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator
from random import Random

from attrs import field, frozen, mutable

from rulekit.compile.exact import Reader
from rulekit.compile.predicate import holds
from rulekit.difference.axes import Axes
from rulekit.difference.normal import parts
from rulekit.difference.positions import Builder, Place, Point
from rulekit.language import tree as t
from rulekit.model.decision import RuleMemory

Signs = frozenset[tuple[str, str]]
"""What differs at a position: a direction and the kind of action."""
Judge = Callable[[Place], Signs]
NOTHING: Signs = frozenset()
BUDGET = 3_000
"""The most positions that one search tries."""
_CLIMBS = 12


@mutable
class Search:
    """One search.

    Args:
        judge: what differs at a position.
        goals: conditions that a position should meet, by the rule that they are of, for differences hide there.
    """

    axes: Axes
    builder: Builder
    judge: Judge
    goals: tuple[t.Rule, ...] = ()
    budget: int = BUDGET
    found: dict[tuple[str, str], list[Point]] = field(factory=dict)
    tried: int = 0
    _seen: set[tuple[object, ...]] = field(factory=set)

    def run(self) -> None:
        """Search; every difference is in `found`, with the positions that show it in the order of finding."""
        if self.size <= self.budget:
            for point in self._all():
                self.look(point)
            return
        random = Random(1)  # noqa: S311
        for goal in (*self.goals, *self.goals):
            for _ in range(_CLIMBS):
                best = self._climb(self._drawn(random), goal)
                for point in self._star(best):
                    self.look(point)
                if self.tried >= self.budget:
                    return
        while self.tried < self.budget and len(self._seen) < self.size:
            self.look(self._drawn(random))

    @property
    def size(self) -> int:
        """How many positions there are to try."""
        return math.prod(len(values) for values in self.axes.values())

    @property
    def is_complete(self) -> bool:
        """Tell whether every combination was tried."""
        return self.size <= self.budget

    def look(self, point: Point) -> Signs:
        """Judge one position and keep what differs."""
        key = tuple(id(point.get(name)) for name in self.axes)  # the values are those of the axes, so they stay
        if key in self._seen:
            return NOTHING
        self._seen.add(key)
        self.tried += 1
        signs = self.signs(point)
        for sign in signs:
            self.found.setdefault(sign, []).append(point)
        return signs

    def signs(self, point: Point) -> Signs:
        """Judge one position."""
        place = self.builder.place(point)
        return NOTHING if place is None else self.judge(place)

    # --- points ------------------------------------------------------------

    def _all(self) -> Iterator[Point]:
        for values in itertools.product(*self.axes.values()):
            yield dict(zip(self.axes, values, strict=True))

    def _drawn(self, random: Random) -> Point:
        return {name: random.choice(values) for name, values in self.axes.items()}

    def _star(self, point: Point) -> Iterator[Point]:
        """List the points that differ from one in one axis, then in two while they are few."""
        yield point
        for name, values in self.axes.items():
            yield from ({**point, name: value} for value in values)
        for (one, first), (two, second) in itertools.combinations(self.axes.items(), 2):
            if len(first) * len(second) <= 40:
                yield from ({**point, one: a, two: b} for a, b in itertools.product(first, second))

    def _climb(self, point: Point, goal: t.Rule) -> Point:
        """Go towards a position in which a rule holds, one axis after the other."""
        best = self._score(point, goal)
        for name, values in self.axes.items():
            for value in values:
                other = {**point, name: value}
                score = self._score(other, goal)
                if score > best:
                    point, best = other, score
        return point

    def _score(self, point: Point, goal: t.Rule) -> int:
        place = self.builder.place(point)
        if place is None:
            return -1
        reader = Reader(place.snapshot, memory=place.memory(goal.name).get(goal.name, RuleMemory()))
        return sum(2 if holds(each, reader) else 0 for part in parts(goal) for each in _pieces(part))

    # --- witnesses ------------------------------------------------------------

    def witness(self, sign: tuple[str, str]) -> Point:
        """Return the plainest position that shows a difference: every axis that need not differ is ordinary."""
        candidates = self.found[sign][:40]
        return min((self._shrunk(point, sign) for point in candidates[:8]), key=self._oddity)

    def _oddity(self, point: Point) -> tuple[int, int]:
        odd = [self.axes[name].index(value) for name, value in point.items() if name in self.axes]
        return sum(bool(each) for each in odd), sum(odd)

    def _shrunk(self, point: Point, sign: tuple[str, str]) -> Point:
        for name in sorted(point.keys() & self.axes.keys(), key=lambda name: (name == "price", name)):
            for value in self.axes[name]:
                if value == point[name]:
                    break
                other = {**point, name: value}
                if sign in self.signs(other):
                    point = other
                    break
        return point


def _pieces(part: t.Condition) -> Iterator[t.Condition]:
    """List the conditions that must hold together."""
    if isinstance(part, t.Named):
        yield from _pieces(part.condition)
    elif isinstance(part, t.And):
        for item in part.items:
            yield from _pieces(item)
    else:
        yield part


@frozen
class Pair:
    """Two versions of a rule; one of them is missing where it was added or removed."""

    old: t.Rule | None
    new: t.Rule | None

    @property
    def rules(self) -> tuple[t.Rule, ...]:
        """Both, or the one there is."""
        return tuple(rule for rule in (self.old, self.new) if rule is not None)
