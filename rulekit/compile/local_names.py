"""Turns the statements of a policy's function into statements over local names, for loops that are compiled whole."""

from __future__ import annotations

import ast
from collections.abc import Sequence

from rulekit.compile.layout import MISSING
from rulekit.compile.slots import POSITION_SLOTS

RETURNED = "__RETURN__"
"""Stands where the function ended early."""


def slot_name(slot: str, slots: Sequence[str]) -> str:
    """Return the local name of a slot: its own where that is a name."""
    return slot if slot in POSITION_SLOTS or slot == MISSING else f"fact_{slots.index(slot)}"


class LocalNames(ast.NodeTransformer):
    """Turns places of the three vectors into local names, `//` into the exact quick division, returns into a mark."""

    def __init__(self, slots: Sequence[str]) -> None:
        self._slots = slots

    def visit_Subscript(self, node: ast.Subscript) -> ast.AST:
        """Replace `f[3]`, `m[3]` and `r[3]`."""
        vector, place = place_of(node)
        return ast.Name(slot_name(self._slots[place], self._slots) if vector == "f" else f"{vector}{place}", node.ctx)

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        """Replace `a // b`."""
        self.generic_visit(node)
        if isinstance(node.op, ast.FloorDiv):
            return ast.Call(ast.Name("floored", ast.Load()), [node.left, node.right], [])
        return node

    def visit_Return(self, node: ast.Return) -> ast.AST:
        """Leave a mark where the function ends early."""
        return ast.Expr(ast.Name(RETURNED, ast.Load()))

    def visit_Name(self, node: ast.Name) -> ast.AST:
        """Keep the function's own names apart from the slots'."""
        return ast.Name(f"p_{node.id}", node.ctx)


def place_of(node: ast.Subscript) -> tuple[str, int]:
    """Return which place of which vector is read or set."""
    assert isinstance(node.value, ast.Name) and isinstance(node.slice, ast.Constant)
    return node.value.id, int(str(node.slice.value))
