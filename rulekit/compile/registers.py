"""Writes expressions as `ast` trees; a number or a test that is used more than once is computed once, in a register."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from rulekit.compile import statements as write
from rulekit.compile.expressions import ALWAYS, NEVER, All, Any, Binary, Compare, Const, Expr, Load, Remembered, Test

_ARITHMETIC: dict[str, type[ast.operator]] = {"+": ast.Add, "-": ast.Sub, "*": ast.Mult, "//": ast.FloorDiv}
_COMPARISONS: dict[str, type[ast.cmpop]] = {
    ">=": ast.GtE,
    ">": ast.Gt,
    "<=": ast.LtE,
    "<": ast.Lt,
    "==": ast.Eq,
    "!=": ast.NotEq,
}


class Registers:
    """Knows how often each expression is used, and which register holds it already.

    Args:
        slots: the place of each fact slot in the vector. roots: every expression, as often as it is written.
        least: what is used so often is computed once, whether or not it comes to be used.
    """

    def __init__(self, slots: Mapping[str, int], roots: Sequence[Expr | Test], least: int = 2) -> None:
        self._slots, self._least = slots, least
        self._registers: dict[Expr | Test, str] = {}
        self._uses: Counter[Expr | Test] = Counter()
        self._slots_of: dict[Expr | Test, frozenset[str]] = {}
        for root in roots:
            self._count(root)

    def _count(self, node: Expr | Test) -> None:
        self._uses[node] += 1
        if self._uses[node] == 1:
            for child in children(node):
                self._count(child)

    def shared(self, roots: Sequence[Expr | Test]) -> list[ast.stmt]:
        """Compute what is used more than once, each before its first use."""
        statements: list[ast.stmt] = []
        for root in roots:
            self._share(root, statements)
        return statements or [ast.Pass()]

    def _share(self, node: Expr | Test, statements: list[ast.stmt]) -> None:
        if node in self._registers or isinstance(node, Const):
            return
        for child in children(node):
            self._share(child, statements)
        least = 2 if isinstance(node, Load) else self._least
        if self._uses[node] >= least and not _reads_memory(node) and node not in (ALWAYS, NEVER):
            value = self.expr(node) if isinstance(node, Load | Binary) else self.test(node)  # type: ignore[arg-type]
            name = f"x{len(self._registers)}"
            self._registers[node] = name
            statements.append(write.assign(name, value))

    def doubtful(self, test: Test, nullable: frozenset[str]) -> tuple[Expr, ...]:
        """Return as few numbers as tell whether something is unknown that a test reads: one is, where one of them is.

        Args:
            nullable: the slots that may be unknown.
        """
        wanted = frozenset(self._read(test)) & nullable
        known = [node for node in dict.fromkeys(self._parts(test)) if self._read(node) & wanted]
        chosen: list[Expr] = []
        for node in sorted(known, key=lambda node: -len(self._read(node) & wanted)):
            if self._read(node) & wanted:
                chosen.append(node)
                wanted -= self._read(node)
        return tuple(chosen)

    def _parts(self, node: Expr | Test) -> Iterator[Expr]:
        """Yield the slots and the registered numbers of an expression."""
        if isinstance(node, Load) or (isinstance(node, Binary) and node in self._registers):
            yield node
        for child in children(node):
            yield from self._parts(child)

    def _read(self, node: Expr | Test) -> frozenset[str]:
        """Return the slots that an expression reads."""
        if node not in self._slots_of:
            own = frozenset((node.slot,)) if isinstance(node, Load) else frozenset()
            self._slots_of[node] = own.union(*map(self._read, children(node)))
        return self._slots_of[node]

    def expr(self, node: Expr) -> ast.expr:
        """Write a number."""
        if node in self._registers:
            return write.name(self._registers[node])
        if isinstance(node, Const):
            return write.number(node.value)
        if isinstance(node, Load):
            return write.at("f", self._slots[node.slot])
        if isinstance(node, Remembered):
            return write.at("m", node.slot)
        return ast.BinOp(self.expr(node.left), _ARITHMETIC[node.op](), self.expr(node.right))

    def test(self, node: Test) -> ast.expr:
        """Write a test."""
        if node in self._registers:
            return write.name(self._registers[node])
        if isinstance(node, Compare):
            return ast.Compare(self.expr(node.left), [_COMPARISONS[node.op]()], [self.expr(node.right)])
        if not node.items:
            return ast.Constant(isinstance(node, All))
        return ast.BoolOp(ast.And() if isinstance(node, All) else ast.Or(), [self.test(item) for item in node.items])


def compared(op: str, left: ast.expr, right: ast.expr) -> ast.expr:
    """Write a comparison of two numbers."""
    return ast.Compare(left, [_COMPARISONS[op]()], [right])


def children(node: Expr | Test) -> tuple[Expr | Test, ...]:
    """Return what an expression is made of."""
    if isinstance(node, All | Any):
        return node.items
    if isinstance(node, Binary | Compare):
        return (node.left, node.right)
    return ()


def _reads_memory(node: Expr | Test) -> bool:
    return isinstance(node, Remembered) or any(map(_reads_memory, children(node)))
