"""Paths: one position over several looks, its price and the facts free at each, its memory carried from look to look.

Every order is taken as filled at the price it was decided on, and every look is decided by the evaluator itself.
"""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from itertools import pairwise
from math import gcd

from attrs import evolve, field, frozen

from rulekit.compile.policy import CompiledPolicy
from rulekit.engine.examples import look_at, run_looks
from rulekit.engine.expectations import Look as ExampleLook
from rulekit.engine.expectations import said
from rulekit.engine.filled import filled, later
from rulekit.language import tree as t
from rulekit.language.sentences import example_text
from rulekit.language.vocabulary import Vocabulary
from rulekit.language.words import duration_text
from rulekit.lint.cycles import LOOKS, Look
from rulekit.lint.witness import Facts, Witness, fact_text, price_told
from rulekit.model.book import NO_ORDERS, BookOrders
from rulekit.model.calendar import default as default_calendar
from rulekit.model.decision import Memory
from rulekit.model.instant import DAY, MINUTE, Instant, day_of
from rulekit.model.prices import PAISE
from rulekit.model.snapshot import Snapshot

CARRIED = frozenset(
    (
        *("stop", "initial stop", "target", "best price", "worst price", "high since entry", "low since entry"),
        *("original", "times booked", "times added", "total profit", "days to expiry"),
        *("exchange", "product", "strategy"),
    )
)
"""Facts of the position itself, which a later look takes from the one before."""


@frozen
class Moment:
    """A later look.

    Args:
        after: microseconds since the first look. price: in rupees.
        facts: what market and book say then, all of it.
    """

    after: int
    price: Fraction
    facts: Facts = ()


@frozen
class Path:
    """A position at its first look, and the looks after it."""

    start: Witness
    then: tuple[Moment, ...] = ()

    def with_look(self, moment: Moment) -> Path:
        """Return the path with one look more."""
        return evolve(self, then=(*self.then, moment))

    def moment(self, place: int) -> Moment:
        """Return a look by its place; the first is 0."""
        return self.then[place - 1] if place else Moment(0, self.start.price, market(self.start.facts))

    # --- as a person reads it ------------------------------------------------------------------------------

    def told(self, place: int, before: int, look: Look, vocabulary: Vocabulary) -> str:
        """Say what a look finds otherwise than an earlier one: `at ₹2,112.50 (25% profit), held 32 minutes`."""
        now, old = self.moment(place), self.moment(before)
        parts = []
        if now.price != old.price:
            entry = Fraction(look.snapshot.entry) / look.snapshot.scale
            parts.append(f"at {price_told(now.price, entry, look.snapshot.side)}")
        if now.price != old.price or now.after - old.after > (place - before) * MINUTE:
            parts.append(self._later(now.after))
        known = dict(old.facts)
        parts += [fact_text(name, value, vocabulary) for name, value in now.facts if known.get(name) != value]
        return ", ".join(parts)

    def _later(self, after: int) -> str:
        start = self.start
        if start.held is None or start.days is not None or start.held + after >= DAY:
            return f"{duration_text(after)} later"
        return f"held {duration_text(start.held + after)}"

    # --- as an example of the policy -----------------------------------------------------------------------

    def as_example(self, policy: CompiledPolicy, title: str) -> str | None:
        """Write it as an example that passes today; None where an example cannot say it (facts that change, a day)."""
        start = self.start
        if start.lot != 1 or start.day is not None or start.days is not None or not self.then:
            return None
        if any(moment.facts != market(start.facts) for moment in self.then):
            return None
        every = gcd(*(later.after - earlier.after for earlier, later in self._pairs()))
        legs = _joined([leg for earlier, later in self._pairs() for leg in _legs(earlier, later, every)])
        plain = start.example(policy.vocabulary, title)
        example = evolve(plain, path=legs, every=None if every == MINUTE else every)
        looks = run_looks(policy, example)
        orders = [
            f"  expect {said(action, look.snapshot)}"
            for look in looks
            for action in look.decision.actions
            if action.quantity is not None
        ]
        same = _orders(looks) == _orders(along(policy, self).looks)
        return "\n".join((example_text(example), *orders)) if orders and same else None

    def _pairs(self) -> list[tuple[Moment, Moment]]:
        every = [self.moment(place) for place in range(len(self.then) + 1)]
        return list(pairwise(every))


def _orders(looks: Iterable[Look | ExampleLook]) -> list[tuple[str, int]]:
    """List what is exited, booked and added, with the rule that does it."""
    actions = (action for look in looks for action in look.decision.actions)
    return [(action.rule, action.quantity) for action in actions if action.quantity is not None]


def market(facts: Facts) -> Facts:
    """Return what market and book say, without what the position carries with it."""
    return tuple(pair for pair in facts if pair[0] not in CARRIED)


def _legs(earlier: Moment, later: Moment, every: int) -> list[t.Leg]:
    """Return the stretches between two looks: nowhere until the last look before, then to the price at once."""
    wait = later.after - earlier.after - (every if later.price != earlier.price else 0)
    legs = [t.Leg(t.LegForm.FLAT, None, wait)] if wait else []
    return legs if later.price == earlier.price else [*legs, t.Leg(t.LegForm.GAP, later.price)]


def _joined(legs: list[t.Leg]) -> tuple[t.Leg, ...]:
    """Make one stretch of several that lead nowhere."""
    joined: list[t.Leg] = []
    for leg in legs:
        if joined and leg.form is t.LegForm.FLAT and joined[-1].form is t.LegForm.FLAT:
            leg = evolve(leg, length=leg.length + joined.pop().length)
        joined.append(leg)
    return tuple(joined)


# --- decided look by look --------------------------------------------------------------------------------------


@frozen
class Walk:
    """A path as far as it was decided.

    Args:
        held: the position after the last look, None once it is closed.
        memory: what its rules remember then. orders: what rules for the whole book have ordered.
    """

    path: Path
    looks: tuple[Look, ...] = ()
    held: Snapshot | None = field(default=None, repr=False)
    memory: Memory = field(factory=dict, repr=False)
    orders: BookOrders = NO_ORDERS

    @property
    def now(self) -> Instant:
        """When the last look was."""
        return self.looks[-1].snapshot.now

    def acted(self, rule: str) -> bool:
        """Tell whether a rule acted at the last look."""
        return any(action.rule == rule for action in self.looks[-1].decision.actions)


def begin(policy: CompiledPolicy, start: Witness) -> Walk:
    """Take the first look."""
    snapshot = start.snapshot(policy)
    return _looked(policy, Walk(Path(start), memory=start.memory), later(snapshot, snapshot.now, snapshot.price))


def go_on(policy: CompiledPolicy, walk: Walk, moment: Moment) -> Walk:
    """Take one look more at a position that is still held."""
    assert walk.held is not None
    first = walk.looks[0].snapshot
    now = first.now + moment.after
    snapshot = later(walk.held, now, float(moment.price * PAISE))
    said = evolve(walk.path.start, facts=moment.facts).snapshot(policy).facts
    if day_of(now) != day_of(walk.now):
        calendar, day = default_calendar(), day_of(now)
        days = calendar.trading_days_between(first.exchange, day_of(first.now), day)
        session = calendar.session(first.exchange, day)
        snapshot = evolve(snapshot, session=session, age_days=first.age_days + days)
    return _looked(policy, evolve(walk, path=walk.path.with_look(moment)), evolve(snapshot, facts=said))


def _looked(policy: CompiledPolicy, walk: Walk, snapshot: Snapshot) -> Walk:
    decision, orders = look_at(policy, snapshot, walk.memory, walk.orders)
    held, memory = filled(decision, snapshot)
    return evolve(walk, looks=(*walk.looks, Look(snapshot, decision)), held=held, memory=memory, orders=orders)


def along(policy: CompiledPolicy, path: Path) -> Walk:
    """Decide a whole path, as far as the position is held."""
    walk = begin(policy, path.start)
    for moment in path.then:
        if walk.held is None:
            break
        walk = go_on(policy, walk, moment)
    return walk


def stay(policy: CompiledPolicy, start: Witness) -> Walk:
    """Look every minute at the same price until nothing more happens, or nothing is held."""
    walk, facts = begin(policy, start), market(start.facts)
    while walk.held is not None and walk.looks[-1].decision.actions and len(walk.looks) < LOOKS:
        walk = go_on(policy, walk, Moment(len(walk.looks) * MINUTE, start.price, facts))
    return walk
