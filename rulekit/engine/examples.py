"""Runs the examples that stand in a policy: a position, a moment, and what must come of it."""

from __future__ import annotations

from fractions import Fraction
from math import floor
from typing import Any

from attrs import evolve, frozen

from rulekit.compile.policy import CompiledPolicy
from rulekit.engine.decide import decide
from rulekit.engine.stated_facts import with_stated
from rulekit.language import tree
from rulekit.language.sentences import expectation_text
from rulekit.language.vocabulary import Vocabulary
from rulekit.model.calendar import default as default_calendar
from rulekit.model.decision import EXIT, STOP, Action, Decision
from rulekit.model.instant import HOUR, at
from rulekit.model.prices import PAISE, rupees
from rulekit.model.snapshot import Snapshot

EXAMPLE_DAY = "2025-06-11"
"""An ordinary Wednesday on which every exchange traded."""
EXAMPLE_TIME = 12 * HOUR
"""The time of an example that names none."""


@frozen
class ExampleResult:
    """What came of an example.

    Args:
        missed: for each expectation that was not met, a sentence that says what came instead; empty if all were.
    """

    example: tree.Example
    snapshot: Snapshot
    decision: Decision
    missed: tuple[str, ...]

    @property
    def passed(self) -> bool:
        """Tell whether every expectation was met."""
        return not self.missed


def run_examples(policy: CompiledPolicy) -> tuple[ExampleResult, ...]:
    """Run every example of a policy."""
    return tuple(run_example(policy, example) for example in policy.tree.examples)


def run_example(policy: CompiledPolicy, example: tree.Example) -> ExampleResult:
    """Decide on an example's position and compare with what it expects; other stop moves beside it may happen."""
    snapshot = example_snapshot(policy, example)
    decision = decide(policy, snapshot)
    missed = tuple(
        f"`{expectation_text(expected)}`: {_instead(decision, snapshot, expected)}"
        for expected in example.expectations
        if not _met(expected, decision, snapshot)
    )
    return ExampleResult(example, snapshot, decision, missed)


# --- the snapshot of an example --------------------------------------------------------------------------------


def _units(value: Fraction) -> float:
    return float(value * PAISE)


_TEXTS = ("exchange", "product", "strategy")


def example_snapshot(policy: CompiledPolicy, example: tree.Example) -> Snapshot:
    """Build the snapshot that an example describes, on an ordinary day, covered by the policy's `applies to`."""
    from datetime import date

    applies = policy.applies
    day = date.fromisoformat(EXAMPLE_DAY)
    now = at(day, example.clock if example.clock is not None else EXAMPLE_TIME)
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
        original=example.quantity,
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
        row = vocabulary.find(name.partition(" over ")[0])
        stated[name] = value.value
        # The language says momentum in the position's favour, a snapshot holds it as the market moved.
        facts[name] = float(value.value) * (snapshot.side if row is not None and row.signed else 1)
    if "stop" in stated:
        stated.setdefault("initial stop", stated["stop"])
    return with_stated(evolve(snapshot, facts=facts, **texts), stated)


# --- what came -------------------------------------------------------------------------------------------------


def _met(expected: tree.Expectation, decision: Decision, snapshot: Snapshot) -> bool:
    if expected.kind == "nothing":
        return not decision.actions
    return any(_fits(expected, action, snapshot) for action in decision.actions)


def _fits(expected: tree.Expectation, action: Action, snapshot: Snapshot) -> bool:
    """Tell whether an action is what was expected: kind, rule, share of what is held in percent, stop in rupees."""
    if action.kind != expected.kind or (expected.because is not None and action.rule != expected.because):
        return False
    if expected.amount is None:
        return True
    if action.kind == STOP:
        return action.stop is not None and abs(action.stop - _units(expected.amount)) < snapshot.tick / 2
    return action.quantity == floor(snapshot.quantity * expected.amount / 100 / snapshot.lot) * snapshot.lot


def _instead(decision: Decision, snapshot: Snapshot, expected: tree.Expectation) -> str:
    """Say what came instead, and of the rule that was named, why it did not act."""
    came = " and ".join(said(action, snapshot) for action in decision.actions) or "nothing"
    text = f"came {came}"
    reasons = {item.rule: item.because for item in decision.passed_over}
    reasons.update({item.rule: item.why for item in decision.not_yet})
    if expected.because in reasons:
        text += f"; `{expected.because}`: {reasons[expected.because]}"
    return text


def said(action: Action, snapshot: Snapshot) -> str:
    """Write an action as an expectation would: `book 50 because NAME`."""
    amount = ""
    if action.stop is not None:
        amount = f" {rupees(action.stop, snapshot.scale, grouped=False)}"
    elif action.quantity is not None:
        amount = "" if action.kind == EXIT else f" {100 * action.quantity / snapshot.quantity:g}"
    return f"{action.kind}{amount} because {action.rule}"
