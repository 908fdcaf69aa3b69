"""The typed program of a policy: for each rule the tests and numbers that the generated function works with."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

from attrs import frozen

from rulekit.compile.encoder import build_layout
from rulekit.compile.expressions import (
    ALWAYS,
    Compare,
    Const,
    Expr,
    Ratio,
    Remembered,
    Test,
    all_of,
    any_of,
    compare,
    multiply,
    negate,
    subtract,
)
from rulekit.compile.layout import (
    ADD_KIND,
    BEST_SLOT,
    BOOK_KIND,
    EXIT_KIND,
    FIRED_AT_SLOT,
    FIRED_DAY_SLOT,
    FIRED_DAYS_SLOT,
    FIRED_SLOT,
    NEVER_FIRED,
    SINCE_SLOT,
    Layout,
    LayoutBuilder,
)
from rulekit.compile.lower import Lasts, Lowering, Side
from rulekit.compile.measures import HUNDRED, WHOLE
from rulekit.language import tree
from rulekit.language.sentences import rule_text
from rulekit.language.tree import AmountKind, Unit
from rulekit.language.vocabulary import STANDARD, Vocabulary


@frozen
class OrderProgram:
    """An exit, a book or an add.

    Args:
        kind: the result code. lots: the quantity in whole lots, None for all that is held.
        whole: holds where a book would take all that is held, which makes it an exit; None where it cannot.
    """

    kind: float
    lots: Expr | None = None
    whole: Test | None = None


@frozen
class StopProgram:
    """A stop move.

    Args:
        stop: the directed stop on the tick. gives_back: a level the market has passed means exit now.
        since: memory slot of the moment since which the rule holds, None where the stop does not depend on it.
        best: memory slot of the directed best price since then.
    """

    stop: Expr
    gives_back: bool = False
    since: int | None = None
    best: int | None = None


@frozen
class TargetProgram:
    """A target: the directed price on the first tick at which it has been reached."""

    target: Expr


@frozen
class AlertProgram:
    """An alert: it changes nothing, so all that is computed is whether it is to be told."""


@frozen
class RuleProgram:
    """One rule: when it may, when it holds, when it certainly does not, what it does, and what it watches for that."""

    rule: tree.Rule
    index: int
    allowed: Test
    holds: Test
    fails: Test
    effect: OrderProgram | StopProgram | TargetProgram | AlertProgram
    watches: tuple[Lasts | Side, ...] = ()

    @property
    def follows(self) -> bool:
        """Tell whether it remembers the best price since it began to hold."""
        return isinstance(self.effect, StopProgram) and self.effect.since is not None

    @property
    def is_doubted_at_once(self) -> bool:
        """Tell whether it is asked at its place whether it can be judged.

        A trail forgets there that it held; what a crossing saw at the look before may be unknown with nothing missing.
        """
        return self.follows or any(isinstance(watch, Side) for watch in self.watches)

    @property
    def comment(self) -> str:
        """The rule in words, for a reader of the generated source."""
        return rule_text(self.rule)


@frozen
class Program:
    """A whole policy over one layout."""

    rules: tuple[RuleProgram, ...]
    layout: Layout


def lower_policy(policy: tree.PolicyTree, vocabulary: Vocabulary = STANDARD) -> Program:
    """Lower every rule of a policy and lay out its vectors."""
    rules, slots = lower_rules(policy, vocabulary)
    return Program(rules, build_layout(slots, tuple(rule.name for rule in policy.rules)))


def lower_rules(
    policy: tree.PolicyTree, vocabulary: Vocabulary = STANDARD
) -> tuple[tuple[RuleProgram, ...], LayoutBuilder]:
    """Lower every rule of a policy; return them with the slots that they need."""
    slots = LayoutBuilder()
    for name in ("side", "price", "stop", "target", "quantity", "tick", "in_flight"):
        slots.position(name, judged=False)
    low = Lowering(slots, vocabulary)
    return tuple(_lower_rule(low, rule, index) for index, rule in enumerate(policy.rules)), slots


def _lower_rule(low: Lowering, rule: tree.Rule, index: int) -> RuleProgram:
    low.rule, low.watches = index, []
    holds = low.rule_condition(rule)
    effect = _EFFECTS[type(rule.verb)](low, rule, index)
    return RuleProgram(rule, index, _allowed(low, rule, index), holds, negate(holds), effect, tuple(low.watches))


# --- limits ----------------------------------------------------------------------------------------------------


def times_allowed(rule: tree.Rule) -> int | None:
    """Return how often a rule may fire; one measured from what it moves would else go on from its own result."""
    limit = rule.limit
    if not limit.written and _measured_from_itself(rule.verb) and not rule.is_ladder:
        return 1
    return limit.times


def _measured_from_itself(verb: tree.Verb) -> bool:
    """Tell whether a rule moves the stop from the stop, or the target from the target."""
    if isinstance(verb, tree.MoveStop | tree.SetTarget):
        itself = "stop" if isinstance(verb, tree.MoveStop) else "target"
        return isinstance(verb.price.base, tree.PriceFact) and verb.price.base.name == itself
    return isinstance(verb, tree.TightenStopBy)


def _allowed(low: Lowering, rule: tree.Rule, index: int) -> Test:
    """Return the test that a rule's limits leave it free to fire."""
    limit, slots = rule.limit, low.slots
    parts: list[Test] = []
    times = times_allowed(rule)
    if times is not None:
        parts.append(Compare("<", Remembered(slots.remembered(index, FIRED_SLOT)), Const(float(times))))
    if limit.daily:
        parts.append(Compare(">", low.load("today"), Remembered(slots.remembered(index, FIRED_DAY_SLOT))))
    if limit.every is not None and limit.every_unit is Unit.DAYS:
        since = Remembered(slots.remembered(index, FIRED_DAYS_SLOT))
        parts.append(Compare(">=", since, Const(float(limit.every))))
    elif limit.every is not None:
        fired_at = Remembered(slots.remembered(index, FIRED_AT_SLOT))
        passed = subtract(low.load("now"), fired_at)
        if limit.every_unit is Unit.BARS:
            # A bar of unknown length does not hold back a rule that never fired.
            waited = Compare(">=", passed, multiply(Const(float(limit.every)), low.load("bar")))
            parts.append(any_of(Compare("==", fired_at, Const(NEVER_FIRED)), waited))
        else:
            parts.append(Compare(">=", passed, Const(float(limit.every))))
    return all_of(*parts) if parts else ALWAYS


# --- effects ---------------------------------------------------------------------------------------------------


def _exit(low: Lowering, rule: tree.Rule, index: int) -> OrderProgram:
    return OrderProgram(EXIT_KIND)


def _book(low: Lowering, rule: tree.Rule, index: int) -> OrderProgram:
    assert isinstance(rule.verb, tree.Book)
    amount = rule.verb.amount
    if amount.kind is AmountKind.EVERYTHING or (amount.kind is AmountKind.PERCENT_HELD and amount.value >= HUNDRED):
        return OrderProgram(BOOK_KIND)
    shares = low.amount(amount)
    whole = None
    if amount.kind is not AmountKind.PERCENT_HELD:
        whole = compare(">=", shares, Ratio(WHOLE, low.load("quantity")))
    return OrderProgram(BOOK_KIND, low.in_lots(shares), whole)


def _add(low: Lowering, rule: tree.Rule, index: int) -> OrderProgram:
    assert isinstance(rule.verb, tree.Add)
    return OrderProgram(ADD_KIND, low.in_lots(low.amount(rule.verb.amount)))


def _move(low: Lowering, rule: tree.Rule, index: int) -> StopProgram:
    assert isinstance(rule.verb, tree.MoveStop)
    return StopProgram(low.on_tick(low.directed_price(rule.verb.price)))


def _set_target(low: Lowering, rule: tree.Rule, index: int) -> TargetProgram:
    assert isinstance(rule.verb, tree.SetTarget)
    return TargetProgram(low.on_next_tick(low.directed_price(rule.verb.price)))


def _tighten_by(low: Lowering, rule: tree.Rule, index: int) -> StopProgram:
    assert isinstance(rule.verb, tree.TightenStopBy)
    stop = low.directed("stop")
    distance = subtract(low.directed("price"), stop)
    return StopProgram(low.on_tick(Ratio(WHOLE, stop).plus(Ratio(rule.verb.percent / HUNDRED, distance))))


def is_unconditional(rule: tree.Rule) -> bool:
    """Tell whether a rule holds from the moment the position is opened."""
    return rule.level is None and not rule.times and rule.when is None and rule.unless is None


def _trail(low: Lowering, rule: tree.Rule, index: int) -> StopProgram:
    assert isinstance(rule.verb, tree.TrailStop)
    since = best = None
    peak: Expr
    if is_unconditional(rule):
        peak = low.directed("best")
    else:
        low.load("now")
        since = low.slots.remembered(index, SINCE_SLOT)
        best = low.slots.remembered(index, BEST_SLOT)
        peak = Remembered(best)
    distance = low.distance(rule.verb.distance, Ratio(WHOLE, multiply(low.side, peak)))
    stop = low.on_tick(Ratio(WHOLE, peak).plus(distance.times(Fraction(-1))))
    return StopProgram(stop, gives_back=True, since=since, best=best)


def _lock_in(low: Lowering, rule: tree.Rule, index: int) -> StopProgram:
    assert isinstance(rule.verb, tree.LockIn)
    kept = Ratio(rule.verb.percent / HUNDRED, low.load("peak"))
    return StopProgram(low.on_tick(Ratio(WHOLE, low.directed("entry")).plus(kept)), gives_back=True)


_EFFECTS: dict[type, Callable[[Lowering, tree.Rule, int], Any]] = {
    tree.Exit: _exit,
    tree.Book: _book,
    tree.Add: _add,
    tree.MoveStop: _move,
    tree.TightenStopBy: _tighten_by,
    tree.SetTarget: _set_target,
    tree.TrailStop: _trail,
    tree.LockIn: _lock_in,
    tree.Alert: lambda low, rule, index: AlertProgram(),
}
