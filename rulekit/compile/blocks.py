"""Groups rules whose conditions begin with the same fact, weakest threshold first: one test passes over many rules."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from attrs import frozen

from rulekit.compile.expressions import All, Binary, Compare, Const, Expr, Load, Remembered, Test
from rulekit.compile.program import RuleProgram
from rulekit.compile.registers import children

MANY = 20
"""Beyond so many rules they are grouped; up to there asking each is as quick."""
FEWEST = 4
"""So many rules at least are worth a test of their own."""
WIDTH = 4
"""A group is parted into so many, and they again, down to so many rules."""

_POSITIVE = frozenset({"price", "entry", "stop", "target", "initial_stop", "tick", "lot", "scale", "multiplier", "risk",
                       "peak", "best", "worst", "high", "low", "quantity", "original", "bar"})  # fmt: skip
"""Slots that are above 0 wherever they are known."""
_MIRRORED = {">=": "<=", ">": "<", "<=": ">=", "<": ">"}
_APART = 1e-9
"""Thresholds on a quotient of two facts are told apart if they differ by more than what rounding could hide."""

Key = tuple[bool, Expr, Expr | None]


@frozen
class Leading:
    """One comparison of a rule: a fact, or a quotient of two, against a threshold.

    Args:
        key: whether it is at least, the fact, and what it is divided by. threshold: the number.
        strict: equality is not enough. test: the comparison as the rule has it.
    """

    key: Key
    threshold: float
    strict: bool
    test: Compare

    @property
    def strength(self) -> tuple[float, bool]:
        """Order the weakest first."""
        return (self.threshold if self.key[0] else -self.threshold), self.strict


@frozen
class Block:
    """Rules behind one test that each of them implies; without a test they are simply asked."""

    guard: Compare | None
    parts: tuple[Block | RuleProgram, ...]

    @property
    def rules(self) -> tuple[RuleProgram, ...]:
        """Every rule in it, in the order in which they are asked."""
        return tuple(rule for part in self.parts for rule in ((part,) if isinstance(part, RuleProgram) else part.rules))


def blocks_of(rules: Sequence[RuleProgram]) -> tuple[Block | RuleProgram, ...]:
    """Group the rules of one phase; those that fit no group come after the groups, in their order."""
    firsts = {rule.index: [] if rule.is_doubted_at_once else list(leading(rule)) for rule in rules}
    counts = Counter(key for found in firsts.values() for key in {one.key for one in found})
    groups: dict[Key, list[tuple[Leading, RuleProgram]]] = {}
    alone: list[RuleProgram] = []
    for rule in rules:
        best = max(firsts[rule.index], key=lambda one: counts[one.key], default=None)
        if best is None or counts[best.key] < FEWEST:
            alone.append(rule)
        else:
            groups.setdefault(best.key, []).append((best, rule))
    blocks: list[Block | RuleProgram] = []
    for group in groups.values():
        group.sort(key=lambda pair: pair[0].strength)
        kept: list[tuple[Leading, RuleProgram]] = []
        for one, rule in group:
            if kept and not implies(one, kept[-1][0]):
                alone.append(rule)
            else:
                kept.append((one, rule))
        blocks.append(_parted(kept))
    return (*blocks, *sorted(alone, key=lambda rule: rule.index))


def _parted(group: Sequence[tuple[Leading, RuleProgram]]) -> Block:
    """Part a group into a tree; each part begins with its weakest rule, whose comparison is its guard."""
    guard = group[0][0].test
    if len(group) <= WIDTH:
        return Block(guard, tuple(rule for _, rule in group))
    size = -(-len(group) // WIDTH)
    parts = [_parted(group[start : start + size]) for start in range(0, len(group), size)]
    # the guard of the first part has been asked already
    return Block(guard, (Block(None, parts[0].parts), *parts[1:]))


def implies(stronger: Leading, weaker: Leading) -> bool:
    """Tell whether one comparison cannot hold without the other, as floats are rounded."""
    (high, strict), (low, tight) = stronger.strength, weaker.strength
    if high == low:
        same = (stronger.test.left, stronger.test.right) == (weaker.test.left, weaker.test.right)
        return same and strict >= tight
    return stronger.key[2] is None or high - low > _APART * (abs(high) + abs(low))


def leading(rule: RuleProgram) -> Iterator[Leading]:
    """Yield the comparisons each of which must hold for a rule to hold."""
    items = rule.holds.items if isinstance(rule.holds, All) else (rule.holds,)
    for item in items:
        if isinstance(item, Compare) and item.op in _MIRRORED and not _remembers(item):
            yield from _measured(item, item.op, item.left, item.right)
            yield from _measured(item, _MIRRORED[item.op], item.right, item.left)


def _measured(test: Compare, op: str, left: Expr, right: Expr) -> Iterator[Leading]:
    """Yield a comparison as a fact, or a quotient of two, against a number."""
    by, fact = _factor(left)
    if isinstance(fact, Const) or by <= 0:
        return
    least, strict = op in (">=", ">"), op in (">", "<")
    if isinstance(right, Const) and by == 1:
        yield Leading((least, fact, None), right.value, strict, test)
    times, other = _factor(right)
    if not isinstance(other, Const) and _is_positive(other):
        yield Leading((least, fact, other), times / by, strict, test)


def _factor(node: Expr) -> tuple[float, Expr]:
    """Take a number off the front of a product."""
    if isinstance(node, Binary) and node.op == "*" and isinstance(node.left, Const):
        return node.left.value, node.right
    return 1.0, node


def _is_positive(node: Expr) -> bool:
    if isinstance(node, Load):
        return node.slot in _POSITIVE
    return isinstance(node, Binary) and node.op == "*" and _is_positive(node.left) and _is_positive(node.right)


def _remembers(node: Expr | Test) -> bool:
    return isinstance(node, Remembered) or any(map(_remembers, children(node)))
