"""Looks for a path on which rules act in a given order: each look's values are picked in the next rule's region.

The search is guided and bounded. What it finds has been decided look by look; that it finds nothing proves nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from fractions import Fraction
from math import isfinite
from typing import TypeVar

from attrs import define, evolve, field, frozen

from rulekit.compile.policy import CompiledPolicy
from rulekit.errors import RulekitError
from rulekit.language.tree import Level, Rule, Unit
from rulekit.lint.concrete import witnesses
from rulekit.lint.draft import PROFIT, Draft
from rulekit.lint.hours import session_of
from rulekit.lint.meaning import Meaning
from rulekit.lint.path import Moment, Path, Walk, along, begin, go_on, market
from rulekit.lint.picks import Picks, picks
from rulekit.lint.regions import Region
from rulekit.lint.witness import Witness
from rulekit.model.calendar import default as default_calendar
from rulekit.model.instant import DAY, MINUTE, Instant, at, day_of, time_of_day

_T = TypeVar("_T")
TRIES = 60
"""Looks that are tried, or drafted in vain, for one question."""
_BOXES, _PICKS = 4, 6
"""Parts of a region, and choices of values in each, that are tried for one look."""
_PRICED = frozenset((PROFIT, "giveback"))
_PRICE, _ENTRY = ("price", "price", None), ("price", "entry", None)
_AGE, _TIME, _TO_CLOSE, _DAYS = ("age", Unit.DURATION), ("time",), ("to close",), ("age", Unit.DAYS)
_EARLIER = frozenset(("times booked", "times added", "best price", "worst price", "total profit", "stop"))
"""What only earlier looks can have brought about."""


@frozen
class Step:
    """A look at which a rule acts, or, without one, a look at which the position only lies in a region.

    Args:
        wait: microseconds that it comes after the look before, at least.
    """

    region: Region
    rule: Rule | None = None
    wait: int = 0

    def done(self, walk: Walk) -> bool:
        """Tell whether the last look was that."""
        order = walk.looks[-1].order
        if self.rule is None:
            return order is None
        return walk.acted(self.rule.name) and (order is None or order.rule == self.rule.name)


@define
class Allowance:
    """How many looks may still be tried for a policy."""

    looks: int = 600


@define(eq=False)
class Search:
    """One question.

    Args:
        policy: as the evaluator runs it. allowance: shared by all questions about a policy.
    """

    meaning: Meaning
    policy: CompiledPolicy
    allowance: Allowance
    left: int = field(default=TRIES)

    def follow(self, plan: Sequence[Step], starts: Iterator[Witness] | None = None) -> Walk | None:
        """Return a walk of one look a step, in this order; None if none was found.

        Args:
            starts: positions for the first look, instead of any of the first step's region.
        """
        first, *rest = plan
        for start in starts or self.starts(plan):
            if not self._may():
                break
            walk = _tried(lambda start=start: begin(self.policy, start))  # type: ignore[misc]
            if walk is not None and first.done(walk):
                found = self._onwards(walk, rest)
                if found is not None:
                    return self._settled(found)
        return None

    def _settled(self, found: Walk) -> Walk:
        """Return the walk with facts that never change, if it comes to the same: it reads better, and can be kept."""
        path = found.path
        known: dict[str, Fraction | str] = {}
        for place in range(len(path.then) + 1):
            for name, value in path.moment(place).facts:
                if known.setdefault(name, value) != value:
                    return found
        facts = tuple(known.items())
        own = tuple(pair for pair in path.start.facts if pair[0] not in known)
        start = evolve(path.start, facts=(*own, *facts))
        plain = Path(start, tuple(evolve(moment, facts=facts) for moment in path.then))
        walk = _tried(lambda: along(self.policy, plain))
        return found if walk is None or _done(walk) != _done(found) else walk

    def starts(self, plan: Sequence[Step]) -> Iterator[Witness]:
        """List fresh positions for the first look; one that is asked for a time of day later begins early."""
        region, early = plan[0].region, self._begins(plan)
        for found in witnesses(self.meaning, region):
            if any(name in _EARLIER for name, _ in found.facts) or found.quantity < 1:
                continue
            start = self._with_risk(found, plan)
            yield evolve(start, clock=early) if start.clock is None and early is not None else start

    def _begins(self, plan: Sequence[Step]) -> int | None:
        axes = self.meaning.axes
        timed = [axes.find(key) for key in (_TIME, _TO_CLOSE)]
        if not any(place is not None and place in box for step in plan for box in step.region for place in timed):
            return None
        opens, _ = session_of(self.meaning.tree.applies.exchanges or ("NSE",))
        return opens + 30 * MINUTE

    def _with_risk(self, start: Witness, plan: Sequence[Step]) -> Witness:
        """Let the position come with a first stop where a later step measures in R."""
        axes = self.meaning.axes
        places = [axes.find((name, Unit.R)) for name in (PROFIT, "peak profit")]
        if any(name == "initial stop" for name, _ in start.facts):
            return start
        if not any(place is not None and place in box for step in plan for box in step.region for place in places):
            return start
        stop = start.entry * Fraction(99 if start.side == "long" else 101, 100)
        return evolve(start, facts=(*start.facts, ("initial stop", stop)))

    def _may(self) -> bool:
        self.left -= 1
        self.allowance.looks -= 1
        return self.left >= 0 and self.allowance.looks >= 0

    def _onwards(self, walk: Walk, rest: Sequence[Step]) -> Walk | None:
        if not rest:
            return walk
        if walk.held is None:
            return None
        for moment in self._moments(walk, rest[0]):
            further = _tried(lambda moment=moment: go_on(self.policy, walk, moment))  # type: ignore[misc]
            if further is not None and rest[0].done(further):
                found = self._onwards(further, rest[1:])
                if found is not None:
                    return found
        return None

    # --- the next look -------------------------------------------------------------------------------------

    def _moments(self, walk: Walk, step: Step) -> Iterator[Moment]:
        """List looks after the last one that ought to lie in a step's region, the nearest to it first."""
        seen: set[Moment] = set()
        earliest = max(_free(walk, step.rule), walk.now + step.wait)
        prefer = {**self._as_it_is(walk, earliest), **_next_rung(walk, step.rule)}
        for box in step.region[:_BOXES]:
            for number, chosen in enumerate(picks(self.meaning.axes.axes, box, prefer)):
                if number >= _PICKS:
                    break
                now = self._when(walk, chosen, earliest)
                for up in (False, True):
                    if now is None:
                        break
                    if not self._may():
                        return
                    moment = self._moment(walk, chosen, now, up=up)
                    if moment is not None and moment not in seen:
                        seen.add(moment)
                        yield moment

    def _as_it_is(self, walk: Walk, now: Instant) -> Mapping[Hashable, Fraction]:
        """Return what the last look saw, with the time of the next one: the values that it is to be near to."""
        last, held = walk.looks[-1].snapshot, walk.held
        assert held is not None
        entry, price = Fraction(held.entry) / held.scale, Fraction(last.price) / last.scale
        gain = (price - entry) * held.side
        near: dict[Hashable, Fraction] = {
            (PROFIT, Unit.PERCENT): gain * 100 / entry,
            (PROFIT, Unit.POINTS): gain,
            (PROFIT, Unit.RUPEES): gain * held.quantity,
            _PRICE: price,
            _TIME: Fraction(time_of_day(last.now) + MINUTE),
        }
        if last.opened is not None:
            near[_AGE] = Fraction(now - last.opened)
        if last.session is not None:
            near[_TO_CLOSE] = Fraction(last.session.closes - now)
        for name, value in walk.path.moment(len(walk.path.then)).facts:
            if isinstance(value, Fraction):
                near[("fact", name)] = value
        return near

    def _moment(self, walk: Walk, chosen: Picks, now: Instant, *, up: bool) -> Moment | None:
        """Return the look that picked values make of a position as it is held."""
        last, held = walk.looks[-1].snapshot, walk.held
        assert held is not None
        wanted = {**chosen, _ENTRY: Fraction(held.entry) / held.scale}
        if not any(key in (_PRICE,) or (isinstance(key, tuple) and key[0] in _PRICED) for key in chosen):
            wanted[_PRICE] = Fraction(last.price) / last.scale
        wanted.update(_settled_already(walk))
        draft = Draft(self.meaning, wanted, held.side, Fraction(held.entry) / held.scale, up, quantity=held.quantity)
        made = _tried(draft.witness)
        if made is None or (made.day is not None and made.day.weekday() != day_of(now).weekday()):
            return None
        unknown = {key[-1] for key, value in chosen.items() if value is None and isinstance(key, tuple)}
        before = walk.path.moment(len(walk.path.then)).facts
        facts = {**{name: value for name, value in before if name not in unknown}, **dict(market(made.facts))}
        return Moment(now - walk.looks[0].snapshot.now, made.price, tuple(facts.items()))

    def _when(self, walk: Walk, chosen: Picks, now: Instant) -> Instant | None:
        """Return the next moment at which age and time of day are as picked; None where they are past, or not its."""
        last, side = walk.looks[-1].snapshot, walk.path.start.side
        if chosen.get(("word", "side"), side) != side:
            return None
        days = chosen.get(_DAYS)
        if isinstance(days, Fraction) and days > last.age_days:
            now = _sessions_later(last.exchange, last.now, int(days - Fraction(last.age_days)))
        age = chosen.get(_AGE)
        if isinstance(age, Fraction) and last.opened is not None:
            if last.opened + int(age) < last.now + MINUTE:
                return None
            now = max(now, last.opened + int(age))
        elif _AGE in chosen and not isinstance(age, Fraction) and last.opened is not None:
            now = max(now, last.opened + DAY + MINUTE)  # older than a day: no longer known in hours
        clock = self._clock(walk, chosen)
        if clock is not None:
            now = max(now, at(day_of(now), clock))  # it may be later than picked: the evaluator judges
        return now

    def _clock(self, walk: Walk, chosen: Picks) -> int | None:
        clock, left, session = chosen.get(_TIME), chosen.get(_TO_CLOSE), walk.looks[-1].snapshot.session
        if isinstance(clock, Fraction):
            return int(clock)
        if isinstance(left, Fraction) and session is not None:
            return time_of_day(session.closes) - int(left)
        return None


def _next_rung(walk: Walk, rule: Rule | None) -> Mapping[Hashable, Fraction]:
    """Return the profit of the next step of a ladder."""
    if rule is None or not rule.is_ladder or not isinstance(rule.level, Level):
        return {}
    fired = walk.memory[rule.name].fired if rule.name in walk.memory else 0
    rung = rule.level.value * (fired + 1)
    return {(PROFIT, rule.level.unit): rung if rule.level.profit else -rung}


def _free(walk: Walk, rule: Rule | None) -> Instant:
    """Return when a rule may act next for what its limit makes it wait."""
    last = walk.looks[-1].snapshot
    soonest = last.now + MINUTE
    fired_at = walk.memory[rule.name].fired_at if rule is not None and rule.name in walk.memory else None
    if rule is None or fired_at is None:
        return soonest
    every = rule.limit.every or 0
    if rule.limit.daily or (every and rule.limit.every_unit is Unit.DAYS):
        return max(soonest, _sessions_later(last.exchange, fired_at, max(every, 1)))
    return max(soonest, fired_at + every * (MINUTE if rule.limit.every_unit is Unit.BARS else 1))


def _settled_already(walk: Walk) -> Picks:
    """Return what a position brings along that the price of the next look is measured by: its peak and its risk."""
    held = walk.held
    assert held is not None
    entry, found = Fraction(held.entry) / held.scale, Picks()
    peak = (Fraction(held.best) / held.scale - entry) * held.side if isfinite(held.best) else Fraction(0)
    if peak > 0:
        found["peak profit", Unit.PERCENT] = peak * 100 / entry
    if isfinite(held.initial_stop):
        found["initial risk", Unit.RUPEES] = (entry - Fraction(held.initial_stop) / held.scale) * held.side
    return found


def _done(walk: Walk) -> list[tuple[tuple[str, int | None], ...]]:
    """List what each look did."""
    return [tuple((action.rule, action.quantity) for action in look.decision.actions) for look in walk.looks]


def _sessions_later(exchange: str, now: int, days: int) -> int:
    """Return the same time of day so many trading days later."""
    calendar, day = default_calendar(), day_of(now)
    for _ in range(min(days, 400)):
        day = calendar.next_session(exchange, day).day
    return at(day, time_of_day(now))


def _tried(make: Callable[[], _T]) -> _T | None:
    """Make something; what no calendar or number can hold is none."""
    try:
        return make()
    except (RulekitError, OverflowError, ValueError):
        return None
