"""Writes a loop over columns for many rules: those that differ in their numbers only stand in loops over a table."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from typing import Any
from weakref import WeakKeyDictionary

from attrs import frozen

from rulekit.bulk.loop import Loop, Scalars, Writer, given, written
from rulekit.compile.layout import BEST_SLOT, CANNOT_JUDGE, FIRST_STATUS
from rulekit.compile.local_names import place_of
from rulekit.compile.policy import CompiledPolicy
from rulekit.compile.program import Program
from rulekit.compile.rolled import ROW, TABLE, Rolled, roll

WORK = (TABLE, "memory", "base", "q", "noted")
"""What the loop is given besides: the table, the memory of some rows by place, the first of those rows, each rule's
status, and room for the places of the statuses that were set."""
TIMES_NOTED = 8
"""So often at most the status of a rule is set at one look."""


@frozen
class RolledLoop:
    """The source of a loop over columns, and the table that it reads.

    Args:
        loop: its memory is one array of so many places. memory: the places that a column brings, by its name.
        same: the places that are the same in every row. parameters: those of the loop row by row, for which it stands.
    """

    loop: Loop
    table: tuple[float, ...]
    places: int
    memory: Mapping[str, int]
    same: Mapping[int, float]
    parameters: tuple[str, ...]
    rules: int


_ROLLED: WeakKeyDictionary[CompiledPolicy, Rolled] = WeakKeyDictionary()


def rolled_rules(policy: CompiledPolicy) -> Rolled:
    """Return a policy's rules as loops, written once."""
    if policy not in _ROLLED:
        _ROLLED[policy] = roll(Program(tuple(rule.program for rule in policy.rules), policy.layout))
    return _ROLLED[policy]


def write_rolled(
    policy: CompiledPolicy, columns: Sequence[str], single: Sequence[str], same: Mapping[str, float], *, rupees: bool,
    statuses: bool,
) -> RolledLoop:  # fmt: skip
    """Write the loop; it takes what `write_loop` says."""
    rolled = rolled_rules(policy)
    writer = _Writer(policy, columns, same, rupees=rupees, statuses=statuses)
    writer.take(rolled.sections)
    memory = {f"m{place}": place for place in range(len(policy.layout.memory))}
    brought = given([name for name in columns if name not in memory], single)
    outputs = writer.outputs()
    known = {memory[name]: value for name, value in same.items() if name in memory}
    return RolledLoop(
        written(writer.body(), (*brought, *outputs, *WORK)), rolled.table, len(memory),
        {f"c_{name}": place for name, place in memory.items() if name in columns}, known,
        (*given(columns, single), *outputs), len(policy.rules),
    )  # fmt: skip


class _Writer(Writer):
    """Writes one row's work over a table."""

    def take(self, sections: Sequence[Any]) -> None:
        """Take the policy's statements in loops."""
        self._sections, self._many, self._kept = sections, True, True

    def outputs(self) -> list[str]:
        """Return the names of the results."""
        return [name for name in super().outputs() if name != "q"]

    def _remembered(self, place: int, part: str) -> list[str]:
        if part != BEST_SLOT or self._read(f"m{place}") == "NAN":
            return []
        return [f"{self._memory(place)} = {self._directed(self._memory(place))}"]

    def _memory(self, place: int) -> str:
        return f"memory[{place}, i - base]"

    def _blank(self) -> list[str]:
        return ["n = 0", *(f"r{place} = 0.0" for place in range(FIRST_STATUS))]

    def _turn(self) -> ast.NodeTransformer:
        return _Places(self._policy.layout.slots)

    def _status(self, index: int) -> str:
        return f"q[{FIRST_STATUS + index}]"

    def _every_status(self) -> list[str]:
        each = f"o_statuses[i * {self._rules} + j] = int(q[{FIRST_STATUS} + j])"
        return [f"for j in range({self._rules}):", f"    {each}"]

    def _judged(self) -> list[str]:
        """Tell whether a rule could not be judged, and whether one held: of those alone whose status was set."""
        return [
            "unknown = 0", "held = 0.0", "for j in range(n):", f"    if q[noted[j]] == {CANNOT_JUDGE}:",
            "        unknown = 1", "    else:", "        held += q[noted[j]]",
        ]  # fmt: skip

    def _sides_of_the_answer(self) -> list[str]:
        return [*super()._sides_of_the_answer(), "for j in range(n):", "    q[noted[j]] = 0.0"]


class _Places(Scalars, ast.NodeTransformer):
    """Keeps the statuses and the memory in arrays, and notes which statuses are set."""

    def __init__(self, slots: tuple[str, ...]) -> None:
        super().__init__(slots, False, None)

    def visit_Assign(self, node: ast.Assign) -> Any:
        """Note the place of a status that is set."""
        target = node.targets[0]
        self.generic_visit(node)
        turned = node.targets[0]
        if not (isinstance(target, ast.Subscript) and isinstance(turned, ast.Subscript)):
            return node
        if not (isinstance(turned.value, ast.Name) and turned.value.id == "q"):
            return node
        return [node, *ast.parse(f"noted[n] = {ast.unparse(turned.slice)}\nn += 1").body]

    def visit_Subscript(self, node: ast.Subscript) -> ast.AST:
        """Replace `f[3]`, `m[3]` and `r[3]`, whose places may stand in the table."""
        assert isinstance(node.value, ast.Name)
        vector = node.value.id
        if vector == TABLE:
            return node
        if vector == "f" or (
            vector == "r" and isinstance(node.slice, ast.Constant) and place_of(node)[1] < FIRST_STATUS
        ):
            return super().visit_Subscript(node)
        if vector == "r":
            return ast.Subscript(ast.Name("q", ast.Load()), node.slice, node.ctx)
        at = ast.parse("i - base", mode="eval").body
        return ast.Subscript(ast.Name("memory", ast.Load()), ast.Tuple([node.slice, at], ast.Load()), node.ctx)

    def visit_Call(self, node: ast.Call) -> ast.AST:
        """Leave places from the table alone."""
        return node

    def visit_Name(self, node: ast.Name) -> ast.AST:
        """Keep the function's own names apart; those of the table are ours."""
        return node if node.id in (TABLE, ROW) else super().visit_Name(node)
