"""Runs the examples that stand in a policy: a position, a moment, and what must come of it."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from attrs import evolve, frozen

from rulekit.compile.policy import CompiledPolicy
from rulekit.engine.book import decide_book, ordered, together, under_orders
from rulekit.engine.decide import decide
from rulekit.engine.expectations import Look, missed
from rulekit.engine.filled import filled, later
from rulekit.engine.stated_facts import with_counts, with_stated
from rulekit.language import tree
from rulekit.language.paths import begins_at, moments
from rulekit.language.tree import Unit
from rulekit.language.vocabulary import Vocabulary
from rulekit.model.book import NO_ORDERS, BookOrders, BookSnapshot
from rulekit.model.calendar import default as default_calendar
from rulekit.model.decision import Action, Decision, Memory, RuleMemory
from rulekit.model.instant import DAY, Instant, at
from rulekit.model.prices import PAISE
from rulekit.model.snapshot import Snapshot

EXAMPLE_DAY = "2025-06-11"
"""An ordinary Wednesday on which every exchange traded."""


@frozen
class ExampleResult:
    """What came of an example.

    Args:
        looks: one, or as many as its price path has; the last is the one at which the position was closed, if it was.
        missed: for each expectation that was not met, a sentence that says what came instead, and one for an order
            that a path brought and nobody expected; empty if all is well.
    """

    example: tree.Example
    looks: tuple[Look, ...]
    missed: tuple[str, ...]

    @property
    def passed(self) -> bool:
        """Tell whether every expectation was met."""
        return not self.missed

    @property
    def came(self) -> tuple[tuple[Look, Action], ...]:
        """List everything that was done, each with its look."""
        return tuple((look, action) for look in self.looks for action in look.decision.actions)


def run_examples(policy: CompiledPolicy) -> tuple[ExampleResult, ...]:
    """Run every example of a policy."""
    return tuple(run_example(policy, example) for example in policy.tree.examples)


def run_example(policy: CompiledPolicy, example: tree.Example) -> ExampleResult:
    """Decide at every look of an example and compare with what it expects; stop moves may happen beside it."""
    looks = run_looks(policy, example)
    return ExampleResult(example, looks, missed(example, looks))


def run_looks(policy: CompiledPolicy, example: tree.Example) -> tuple[Look, ...]:
    """Decide at every look of an example until the position is closed; what is decided is filled at once."""
    held: Snapshot | None = example_snapshot(policy, example)
    assert held is not None
    begins, tick = held.now, Fraction(held.tick) / held.scale
    memory = _past(example, begins)
    held = with_counts(policy, held, memory)
    orders = NO_ORDERS
    if not example.path:
        return (Look(0, held, memory, look_at(policy, held, memory, orders)[0]),)
    looks: list[Look] = []
    for moment in moments(example, tick):
        snapshot = later(held, begins + moment.after, _units(moment.price))
        decision, orders = look_at(policy, snapshot, memory, orders)
        looks.append(Look(moment.after, snapshot, memory, decision))
        held, memory = filled(decision, snapshot)
        if held is None:
            break
    return tuple(looks)


def look_at(
    policy: CompiledPolicy, snapshot: Snapshot, memory: Memory, orders: BookOrders
) -> tuple[Decision, BookOrders]:
    """Look at the whole book, of which the facts tell the figures, then at the position; return what was decided.

    Args:
        orders: what rules for the whole book have ordered before. The second value is what they order from now on.
    """
    if not policy.book:
        return decide(policy, snapshot, memory), orders
    book = decide_book(policy, BookSnapshot(snapshot.now, snapshot.facts, snapshot.session), memory)
    orders = ordered(book, orders)
    alone = decide(policy, snapshot, {**memory, **book.memory})
    return together(book, under_orders(policy, alone, snapshot, orders)), orders


def _past(example: tree.Example, now: Instant) -> Memory:
    """Return what the rules of an example did before it begins."""
    return {past.rule: RuleMemory(past.times, None if past.ago is None else now - past.ago) for past in example.past}


# --- the snapshot of an example --------------------------------------------------------------------------------


def _units(value: Fraction) -> float:
    return float(value * PAISE)


_TEXTS = ("exchange", "product", "strategy")


def example_snapshot(policy: CompiledPolicy, example: tree.Example) -> Snapshot:
    """Build the snapshot that an example describes, on an ordinary day, covered by the policy's `applies to`."""
    from datetime import date

    applies = policy.applies
    day = date.fromisoformat(EXAMPLE_DAY)
    now = at(day, begins_at(example))
    exchange = applies.exchanges[0] if applies.exchanges else "NSE"
    price = example.price if example.price is not None else example.entry
    snapshot = Snapshot(
        symbol=example.symbol,
        side=1 if example.side == "long" else -1,
        quantity=example.quantity,
        entry=_units(example.entry),
        price=_units(price),
        now=now,
        opened=now - (example.held or 0),
        exchange=exchange,
        product=applies.products[0] if applies.products else "MIS",
        strategy=applies.strategies[0] if applies.strategies else "",
        original=example.original or example.quantity,
        kind=applies.kinds[0] if applies.kinds else "equity",
        session=default_calendar().session(exchange, day),
        age_days=0.0,
    )
    return _with_facts(snapshot, example, policy.vocabulary)


def _with_facts(snapshot: Snapshot, example: tree.Example, vocabulary: Vocabulary) -> Snapshot:
    """Put the facts of an example where the engine looks for them; a stop alone is the initial one too."""
    texts: dict[str, Any] = {}
    stated: dict[str, Fraction] = {}
    facts: dict[str, float | None] = {}
    for name, value in example.facts:
        if isinstance(value, tree.Text):
            if name in _TEXTS:
                texts[name] = value.value
            continue
        if name == "age" and value.unit is Unit.DAYS:
            texts |= {"age_days": float(value.value), "opened": snapshot.now - int(value.value) * DAY}
            continue
        row = vocabulary.find(name.partition(" over ")[0])
        stated[name] = value.value
        # The language says momentum in the position's favour, a snapshot holds it as the market moved.
        facts[name] = float(value.value) * (snapshot.side if row is not None and row.signed else 1)
    if "stop" in stated:
        stated.setdefault("initial stop", stated["stop"])
    return with_stated(evolve(snapshot, facts=facts, **texts), stated)
