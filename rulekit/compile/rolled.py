"""Writes many rules as few loops: rules that differ in numbers only share their statements, a table holds the numbers.

A loop is compiled once, however many rules it goes through. Its rules are sorted by a comparison that each must pass,
the weakest first, so that the first that does not pass it ends the loop.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence

from attrs import evolve, frozen

from rulekit.compile.blocks import Leading, implies, leading
from rulekit.compile.expressions import ONE, All, Binary, Compare, Const, Expr, Load, Remembered, Test
from rulekit.compile.generate import Emitter, Section
from rulekit.compile.lower import Lasts, Side
from rulekit.compile.program import OrderProgram, Program, RuleProgram, StopProgram, TargetProgram

TABLE, ROW = "table", "row"
"""The names of the table, and of the place at which the numbers of a rule begin in it."""
FEWEST = 3
"""So many rules at least are worth a loop."""
_ALONE = 1 << 30


@frozen
class Rolled:
    """The statements of a policy in loops, and the table that they read.

    Args:
        written: so many rules are written; each of the others is in the loop of one that is.
    """

    sections: tuple[Section, ...]
    table: tuple[float, ...]
    written: int


def roll(program: Program) -> Rolled:
    """Write a policy's rules as loops; they are those of the generated function, in an order that changes nothing."""
    emitter = _RolledEmitter(evolve(program, rules=tuple(map(_with_factors, program.rules))))
    return Rolled(tuple(emitter.sections()), tuple(emitter.table), emitter.written)


class _RolledEmitter(Emitter):
    """Writes the statements of a program, those that are alike as loops."""

    def __init__(self, program: Program) -> None:
        # a number that several rules use would have a name in some of them and not in others
        super().__init__(program, _ALONE)
        self._many = True
        self.table: list[float] = []
        self.written = 0

    def _phase(self, rules: Sequence[RuleProgram]) -> Iterator[Section]:
        if rules:
            groups: dict[str, list[tuple[RuleProgram, _Written]]] = {}
            for rule in rules:
                written = _Written.of(self._rule(rule))
                groups.setdefault(written.shape, []).append((rule, written))
            yield Section(
                "\n".join(rule.comment for rule in rules),
                [statement for group in groups.values() for statement in self._group(group)],
            )
        late = self._behind(rules)
        if late:
            yield Section("what came to nothing is held back where a rule before it has acted", late)

    def _group(self, group: Sequence[tuple[RuleProgram, _Written]]) -> list[ast.stmt]:
        """Write rules of one shape, those that imply each other behind a test that ends their loop."""
        chain = _chain([rule for rule, _ in group])
        chained = {rule.index for rule, _ in chain} if len(chain) >= FEWEST else set[int]()
        written = {rule.index: statements for rule, statements in group}
        ends: list[_Written] = []
        for rule, first in chain:
            if rule.index in chained:
                passed = ast.UnaryOp(ast.Not(), self._registers.test(first.test))
                ends.append(_Written.of([ast.If(passed, [ast.Break()], [])]).then(written[rule.index]))
        rest = [statements for rule, statements in group if rule.index not in chained]
        self.written += sum(1 if len(each) >= FEWEST else len(each) for each in (ends, rest) if each)
        return [*self._looped(ends), *self._looped(rest)]

    def _behind(self, rules: Sequence[RuleProgram]) -> list[ast.stmt]:
        return [_with_body(late, self._alike(late.body)) for late in super()._behind(rules) if isinstance(late, ast.If)]

    def _doubts(self) -> list[ast.stmt]:
        found: list[ast.stmt] = []
        for asked in super()._doubts():
            assert isinstance(asked, ast.If)
            groups: list[ast.stmt] = [
                _with_body(each, self._alike(each.body)) for each in asked.body if isinstance(each, ast.If)
            ]
            found.append(_with_body(asked, groups))
        return found

    def _moments(self) -> list[ast.stmt]:
        return self._alike(super()._moments())

    def _sides(self) -> list[ast.stmt]:
        return self._alike(super()._sides())

    def _alike(self, statements: Sequence[ast.stmt]) -> list[ast.stmt]:
        """Write statements of which none rests upon another, those that are alike as loops."""
        groups: dict[str, list[_Written]] = {}
        for statement in statements:
            written = _Written.of([statement])
            groups.setdefault(written.shape, []).append(written)
        return [statement for group in groups.values() for statement in self._looped(group)]

    def _looped(self, group: Sequence[_Written]) -> list[ast.stmt]:
        """Write statements of one shape as a loop over the numbers in which they differ."""
        if len(group) < FEWEST:
            return [statement for one in group for statement in ast.parse(one.text(one.numbers)).body]
        columns = [*zip(*(one.numbers for one in group), strict=True)]
        # a rule's place stands in its statements many times, and once in the table
        differ = [*dict.fromkeys(values for values in columns if len(set(values)) > 1)]
        start = len(self.table)
        for row in zip(*differ, strict=True):
            self.table += map(float, row)
        read = [f"{TABLE}[{ROW} + {differ.index(v)}]" if len(set(v)) > 1 else v[0] for v in columns]
        body = "\n".join(f"    {line}" for line in group[0].text(read).split("\n"))
        if not differ:
            return ast.parse(group[0].text(read)).body
        return ast.parse(f"for {ROW} in range({start}, {len(self.table)}, {len(differ)}):\n{body}").body


@frozen
class _Written:
    """Statements as text: what they have in common with others, and the numbers in which they differ."""

    shape: str
    numbers: tuple[str, ...]

    @classmethod
    def of(cls, statements: Sequence[ast.stmt]) -> _Written:
        """Take the numbers out of statements; the places of facts are none."""
        numbers: list[str] = []

        def taken(found: re.Match[str]) -> str:
            if found[0].startswith("f"):
                return found[0]
            numbers.append(found[2] or found[0])
            return f"{found[1]}[#]" if found[1] else "#"

        text = "\n".join(ast.unparse(ast.fix_missing_locations(statement)) for statement in statements)
        shape = _NUMBER.sub(taken, text)
        return cls(shape, tuple(numbers))

    def then(self, other: _Written) -> _Written:
        """Join statements."""
        return _Written(f"{self.shape}\n{other.shape}", self.numbers + other.numbers)

    def text(self, numbers: Sequence[str]) -> str:
        """Return the statements with these numbers; a place from the table is a whole one."""
        parts = self.shape.split("#")
        found = parts[0]
        for number, part in zip(numbers, parts[1:], strict=True):
            found += f"int({number})" if found.endswith("[") and number.startswith(TABLE) else number
            found += part
        return found


_NUMBER = re.compile(r"\bf\[\d+\]|\b([mr])\[(\d+)\]|(?<![\w.])\d+(?:\.\d*)?(?:e[+-]?\d+)?")
"""A place of the facts, a place of the memory or of the results, or a number."""


def _with_body(statement: ast.If, body: list[ast.stmt]) -> ast.If:
    return ast.If(statement.test, body, statement.orelse)


def _chain(rules: Sequence[RuleProgram]) -> Sequence[tuple[RuleProgram, Leading]]:
    """Return the longest row of rules each of which cannot hold where the one before it does not."""
    longest: list[tuple[RuleProgram, Leading]] = []
    if any(rule.is_doubted_at_once for rule in rules):
        return longest
    firsts = {rule.index: {_place(rule, one.test): one for one in leading(rule)} for rule in rules}
    for place in sorted(set.intersection(*(set(found) for found in firsts.values()))):
        pairs = [(rule, firsts[rule.index][place]) for rule in rules]
        pairs = [pair for pair in pairs if pair[1].key == pairs[0][1].key]
        kept: list[tuple[RuleProgram, Leading]] = []
        for rule, one in sorted(pairs, key=lambda pair: pair[1].strength):
            if not kept or implies(one, kept[-1][1]):
                kept.append((rule, one))
        longest = max(longest, kept, key=len)
    return longest


def _place(rule: RuleProgram, test: Compare) -> int:
    """Return which of the rule's tests one is."""
    items = rule.holds.items if isinstance(rule.holds, All) else (rule.holds,)
    return items.index(test)


# --- one shape for what is alike -------------------------------------------------------------------------------------


def _with_factors(rule: RuleProgram) -> RuleProgram:
    """Give every term a factor, 1 where it has none: `profit >= entry` gets the shape of `20 × profit >= 3 × entry`."""
    effect = rule.effect
    if isinstance(effect, StopProgram):
        effect = evolve(effect, stop=_within(effect.stop))
    elif isinstance(effect, TargetProgram):
        effect = evolve(effect, target=_within(effect.target))
    elif isinstance(effect, OrderProgram):
        lots = None if effect.lots is None else _within(effect.lots)
        effect = evolve(effect, lots=lots, whole=None if effect.whole is None else _asked(effect.whole))
    return evolve(
        rule, allowed=_asked(rule.allowed), holds=_asked(rule.holds), fails=_asked(rule.fails), effect=effect,
        watches=tuple(map(_watched, rule.watches)),
    )  # fmt: skip


def _watched(watch: Lasts | Side) -> Lasts | Side:
    if isinstance(watch, Lasts):
        return evolve(watch, holds=_asked(watch.holds))
    return evolve(watch, beyond=_within(watch.beyond))


def _asked(test: Test) -> Test:
    if isinstance(test, Compare):
        return Compare(test.op, _term(test.left), _term(test.right))
    return type(test)(tuple(map(_asked, test.items)))


def _term(node: Expr) -> Expr:
    """Return a term with a factor; multiplied by 1 a number stays what it is."""
    if isinstance(node, Const | Remembered):
        return node
    if isinstance(node, Binary) and node.op == "*" and isinstance(node.left, Const):
        return Binary("*", node.left, _within(node.right))
    return Binary("*", ONE, _within(node))


def _within(node: Expr) -> Expr:
    if isinstance(node, Load | Const | Remembered):
        return node
    if node.op == "*":
        return Binary("*", _within(node.left), _within(node.right))
    return Binary(node.op, _term(node.left), _term(node.right))
