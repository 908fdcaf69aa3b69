"""The closed vocabulary of generated code: registers, numbers, places of vectors, branches; and nothing else."""

from __future__ import annotations

import ast


def name(text: str) -> ast.Name:
    """Read a register."""
    return ast.Name(text, ast.Load())


def number(value: float) -> ast.expr:
    """Write a finite number."""
    if value < 0:
        return ast.UnaryOp(ast.USub(), ast.Constant(-value))
    return ast.Constant(value)


def at(vector: str, place: int) -> ast.Subscript:
    """Read a place of a vector: `f[3]`."""
    return ast.Subscript(name(vector), ast.Constant(place), ast.Load())


def assign(register: str, value: ast.expr) -> ast.stmt:
    """Set a register."""
    return ast.Assign([ast.Name(register, ast.Store())], value)


def result(place: int, value: ast.expr) -> ast.stmt:
    """Set a place of the result vector."""
    return ast.Assign([ast.Subscript(name("r"), ast.Constant(place), ast.Store())], value)


def remember(place: int, value: ast.expr) -> ast.stmt:
    """Set a place of the memory vector."""
    return ast.Assign([ast.Subscript(name("m"), ast.Constant(place), ast.Store())], value)


def chain(*branches: tuple[ast.expr | None, list[ast.stmt]]) -> ast.stmt:
    """Write `if … elif … else`; the last branch has no test."""
    otherwise: list[ast.stmt] = list(branches[-1][1])
    for test, body in reversed(branches[:-1]):
        assert test is not None
        otherwise = [ast.If(test, body, otherwise)]
    return otherwise[0]
