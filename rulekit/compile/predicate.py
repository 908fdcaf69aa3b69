"""Predicates: a rule's condition as an object that can be read and called alone; true, false, or None for unknown."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from fractions import Fraction
from typing import Any

from attrs import field, frozen

from rulekit.compile.exact import Reader
from rulekit.compile.unknowns import Value, times
from rulekit.language import tree
from rulekit.language.sentences import rule_sentence
from rulekit.language.tree import Op, TimeForm
from rulekit.language.unnamed import memory_key
from rulekit.language.vocabulary import STANDARD, Vocabulary
from rulekit.model.decision import RuleMemory
from rulekit.model.instrument import EQUITY
from rulekit.model.snapshot import Snapshot

Truth = bool | None


@frozen
class Predicate:
    """When a rule holds.

    Call it with a snapshot, and what the rule remembers. It knows nothing of limits.
    """

    rule: tree.Rule
    vocabulary: Vocabulary = field(default=STANDARD, repr=False, eq=False)

    def __call__(self, snapshot: Snapshot, memory: RuleMemory | None = None) -> Truth:
        """Judge a snapshot."""
        return self.judge(Reader(snapshot, self.vocabulary, memory))

    def judge(self, reader: Reader) -> Truth:
        """Judge what a reader reads."""
        rule = self.rule
        parts = [holds(part, reader) for part in (rule.level, *rule.times, rule.when) if part is not None]
        if rule.unless is not None:
            parts.append(opposite(holds(rule.unless, reader)))
        return every(parts)

    def __repr__(self) -> str:
        return f"<when {rule_sentence(self.rule)}>"


def opposite(truth: Truth) -> Truth:
    """Negate; unknown stays unknown."""
    return None if truth is None else not truth


def every(truths: Iterable[Truth]) -> Truth:
    """Join with Kleene's `and`."""
    found = list(truths)
    if any(truth is False for truth in found):
        return False
    return None if any(truth is None for truth in found) else True


def some(truths: Iterable[Truth]) -> Truth:
    """Join with Kleene's `or`."""
    return opposite(every(opposite(truth) for truth in truths))


def holds(node: tree.Condition, reader: Reader) -> Truth:
    """Judge one condition."""
    return _CONDITIONS[type(node)](node, reader)


_OPERATORS: dict[Op, Callable[[Fraction, Fraction], bool]] = {
    Op.AT_LEAST: lambda left, right: left >= right,
    Op.AT_MOST: lambda left, right: left <= right,
    Op.ABOVE: lambda left, right: left > right,
    Op.BELOW: lambda left, right: left < right,
    Op.IS: lambda left, right: left == right,
    Op.IS_NOT: lambda left, right: left != right,
}


def operand_value(node: tree.Operand, other: tree.Operand, reader: Reader) -> Value:
    """Return an operand of a comparison in its measure; prices in rupees."""
    if isinstance(node, tree.Number):
        # A host's decimal is compared with the nearest decimal, so that a momentum of 0.1 reaches `0.1%`.
        return Fraction(float(node.value)) if reader.is_natural(other) else node.value
    if isinstance(node, tree.PriceExpr):
        return times(reader.price_of(node), 1 / reader.scale)
    assert isinstance(node, tree.FactRef)
    return reader.fact(node, other.value if isinstance(other, tree.Number) else None)


def compared(left: tree.Operand, op: Op, right: tree.Operand, reader: Reader) -> Truth:
    """Compare two operands; unknown if either is."""
    if isinstance(left, tree.Text) or isinstance(right, tree.Text):
        fact, word = (right, left) if isinstance(left, tree.Text) else (left, right)
        assert isinstance(fact, tree.FactRef) and isinstance(word, tree.Text)
        found = reader.text(fact.name)
        return None if found is None else (found == word.value.casefold()) is (op is Op.IS)
    values = operand_value(left, right, reader), operand_value(right, left, reader)
    return None if values[0] is None or values[1] is None else _OPERATORS[op](values[0], values[1])


def _between(node: tree.Between, reader: Reader) -> Truth:
    return every(
        [
            compared(node.operand, Op.AT_LEAST, node.low, reader),
            compared(node.operand, Op.AT_MOST, node.high, reader),
        ]
    )


def held_for(node: tree.Lasting, reader: Reader) -> Value:
    """Return for how long a condition that holds now has held, in microseconds."""
    since = reader.mark(memory_key(node))
    return Fraction(0) if since is None else reader.snapshot.now - Fraction(since)


def length_of(node: tree.Lasting, reader: Reader) -> Value:
    """Return how long it must last, in microseconds; of bars unknown where their length is."""
    return times(node.length.value, reader.bar) if node.length.unit is tree.Unit.BARS else node.length.value


def _lasting(node: tree.Lasting, reader: Reader) -> Truth:
    passed, length = held_for(node, reader), length_of(node, reader)
    long_enough = None if passed is None or length is None else passed >= length
    truth = holds(node.item, reader)
    return truth if truth is not True else long_enough


def was_before(node: tree.Crosses, reader: Reader) -> Truth:
    """Tell whether a crossing was still ahead at the look before; if there was none, it was not."""
    side = reader.mark(memory_key(node))
    return None if side is not None and side < 0 else side == 0


def _crosses(node: tree.Crosses, reader: Reader) -> Truth:
    return every([holds(node.beyond, reader), was_before(node, reader)])


def _moves(node: tree.Moves, reader: Reader) -> Truth:
    moved, by = reader.moved(node), node.by.value
    if node.subject.name == "price":  # a host's decimal, as in comparisons
        by = Fraction(float(by))
    return None if moved is None else (moved >= by if node.up else moved <= -by)


def watched(rule: tree.Rule) -> Iterator[tree.Lasting | tree.Crosses]:
    """List the conditions of a rule that remember something, what stands inside another before it."""
    for part in (rule.when, rule.unless):
        if part is not None:
            yield from _watched(part)


def _watched(node: tree.Condition) -> Iterator[tree.Lasting | tree.Crosses]:
    if isinstance(node, tree.And | tree.Or):
        for item in node.items:
            yield from _watched(item)
    elif isinstance(node, tree.Not | tree.Lasting):
        yield from _watched(node.item)
    elif isinstance(node, tree.Named):
        yield from _watched(node.condition)
    if isinstance(node, tree.Lasting | tree.Crosses):
        yield node


def marks_after(rule: tree.Rule, reader: Reader, *, waits: bool) -> tuple[tuple[str, float], ...]:
    """Return what a rule's conditions remember after a look; `waits` says that another order goes before it."""
    marks: dict[str, float] = {}
    for node in watched(rule):
        key = memory_key(node)
        before = reader.mark(key)
        if isinstance(node, tree.Lasting):
            if holds(node.item, reader):
                marks[key] = float(reader.snapshot.now) if before is None else before
        elif not waits:
            beyond = holds(node.beyond, reader)
            marks[key] = -1.0 if beyond is None else float(beyond)
        elif before is not None:
            marks[key] = before
    return tuple(marks.items())


def _level(node: tree.Level, reader: Reader) -> Truth:
    value = reader.fact(tree.FactRef("profit" if node.profit else "loss", node.unit))
    return None if value is None else value >= reader.threshold(node)


def _price_level(node: tree.PriceLevel, reader: Reader) -> Truth:
    price, level = reader.price, reader.price_of(node.price)
    return None if price is None or level is None else (price - level) * reader.side >= 0


def _age(node: tree.When, reader: Reader) -> Truth:
    age = reader.age(node.unit, Fraction(node.value))
    return None if age is None else age >= node.value


def _between_clock(node: tree.When, reader: Reader) -> Truth:
    started, over = reader.time >= node.value, reader.time > node.high
    return started and not over if node.value <= node.high else started or not over


def _before_close(node: tree.When, reader: Reader) -> Truth:
    left = reader.to_close
    return None if left is None else left <= node.value


def _on_expiry(node: tree.When, reader: Reader) -> Truth:
    if reader.to_expiry is None:
        return False if reader.snapshot.kind == EQUITY else None  # a share never expires
    return reader.to_expiry == 0


_TIMES: dict[TimeForm, Callable[[tree.When, Reader], Truth]] = {
    TimeForm.AGE: _age,
    TimeForm.FROM_CLOCK: lambda node, reader: reader.time >= node.value,
    TimeForm.BEFORE_CLOCK: lambda node, reader: reader.time < node.value,
    TimeForm.BETWEEN_CLOCK: _between_clock,
    TimeForm.BEFORE_CLOSE: _before_close,
    TimeForm.ON_DAY: lambda node, reader: reader.weekday == node.value,
    TimeForm.ON_EXPIRY: _on_expiry,
}
_CONDITIONS: dict[type, Callable[[Any, Reader], Truth]] = {
    tree.Comparison: lambda node, reader: compared(node.left, node.op, node.right, reader),
    tree.Between: _between,
    tree.Lasting: _lasting,
    tree.Crosses: _crosses,
    tree.Moves: _moves,
    tree.DataMissing: lambda node, reader: reader.lacks_data,
    tree.And: lambda node, reader: every([holds(item, reader) for item in node.items]),
    tree.Or: lambda node, reader: some([holds(item, reader) for item in node.items]),
    tree.Not: lambda node, reader: opposite(holds(node.item, reader)),
    tree.Named: lambda node, reader: holds(node.condition, reader),
    tree.Level: _level,
    tree.FactLevel: lambda node, reader: holds(node.comparison, reader),
    tree.PriceLevel: _price_level,
    tree.When: lambda node, reader: _TIMES[node.form](node, reader),
}
