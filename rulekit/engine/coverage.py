"""What the examples of a policy reach: which rules act, and which conditions are seen both true and false."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from attrs import frozen

from rulekit.compile.exact import Reader
from rulekit.compile.policy import CompiledPolicy
from rulekit.compile.predicate import holds
from rulekit.engine.examples import ExampleResult
from rulekit.engine.expectations import Look
from rulekit.engine.reference import Judged
from rulekit.language import tree as t
from rulekit.language.sentences import condition_text
from rulekit.model.decision import STOP_REACHED, TARGET_REACHED

_GUARDS = (STOP_REACHED, TARGET_REACHED)


@frozen
class RuleSeen:
    """One rule: whether it acts in an example, and whether it at least holds in one."""

    rule: str
    line: int
    acts: bool
    holds: bool

    @property
    def gap(self) -> str:
        """Say what no example shows of it; empty if nothing is missing."""
        if self.acts:
            return ""
        return "never acts, though it holds: another comes first" if self.holds else "never acts"


@frozen
class ConditionSeen:
    """One comparison or trigger of a rule, as the reference judges it; unknown counts for neither."""

    rule: str
    condition: str
    line: int
    true: bool
    false: bool

    @property
    def gap(self) -> str:
        """Say what no example shows of it; empty if nothing is missing."""
        if self.true and self.false:
            return ""
        if not self.true and not self.false:
            return f"`{self.condition}` is never judged"
        return f"`{self.condition}` is never {'false' if self.true else 'true'}"


@frozen
class Coverage:
    """What the examples of one policy reach."""

    rules: tuple[RuleSeen, ...]
    conditions: tuple[ConditionSeen, ...]

    @property
    def gaps(self) -> tuple[tuple[str, str], ...]:
        """List what is missing: the rule, and a clause that says what no example shows."""
        found = [
            (rule.rule, gap)
            for rule in self.rules
            for gap in (rule.gap, *(each.gap for each in self.conditions if each.rule == rule.rule))
        ]
        return tuple((rule, gap) for rule, gap in found if gap)


def coverage(policy: CompiledPolicy, results: Sequence[ExampleResult]) -> Coverage:
    """Return what examples that were run reach; where a stop or target was reached, no rule was looked at."""
    looks = [look for each in results for look in each.looks]
    looked_at = [look for look in looks if not any(action.rule in _GUARDS for action in look.decision.actions)]
    seen_by: list[tuple[Judged, list[Look]]] = [(rule, looked_at) for rule in policy.rules]
    seen_by += [(rule, looks) for rule in policy.book]
    acting = {action.rule for look in looks for action in look.decision.actions}
    rules = tuple(
        RuleSeen(
            rule.name,
            rule.predicate.rule.span.line,
            rule.name in acting,
            any(rule.predicate.judge(reader) for reader in _readers(rule, those)),
        )
        for rule, those in seen_by
    )
    conditions = tuple(seen for rule, those in seen_by for seen in _conditions(rule, _readers(rule, those)))
    return Coverage(rules, conditions)


def _readers(rule: Judged, looks: Sequence[Look]) -> list[Reader]:
    """Return what a rule saw, and remembered, at each look."""
    readers = []
    for look in looks:
        reader = Reader(look.snapshot, rule.predicate.vocabulary, look.memory.get(rule.name))
        reader.lacks_data = rule.name in {*look.decision.skipped, *(action.rule for action in look.decision.actions)}
        readers.append(reader)
    return readers


def _conditions(rule: Judged, readers: Sequence[Reader]) -> Iterator[ConditionSeen]:
    source = rule.predicate.rule
    for part in (source.level, *source.times, source.when, source.unless):
        if part is None:
            continue
        for text, leaf in leaves(part):
            truths = _truths(leaf, readers)
            yield ConditionSeen(rule.name, text, part.span.line, True in truths, False in truths)


def _truths(leaf: t.Condition, readers: Sequence[Reader]) -> set[bool | None]:
    """Return how a condition is judged, until it has been seen both ways: a path may have thousands of looks."""
    found: set[bool | None] = set()
    for reader in readers:
        found.add(holds(leaf, reader))
        if {True, False} <= found:
            break
    return found


def leaves(condition: t.Condition, name: str = "") -> Iterator[tuple[str, t.Condition]]:
    """List the comparisons and triggers that a condition is made of, each with its words.

    The only one of a definition is called by the definition's name.
    """
    if isinstance(condition, t.Named):
        yield from leaves(condition.condition, condition.name)
    elif isinstance(condition, t.Not):
        yield from ((f"{name}: {text}" if name else text, leaf) for text, leaf in leaves(condition.item))
    elif isinstance(condition, t.And | t.Or):
        for item in condition.items:
            yield from ((f"{name}: {text}" if name else text, leaf) for text, leaf in leaves(item))
    else:
        yield name or condition_text(condition), condition
