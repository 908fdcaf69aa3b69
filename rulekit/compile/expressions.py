"""Nodes of the typed program: numbers from the flat vector, arithmetic, comparisons that an unknown makes false.

Equal expressions are equal values, so that the generator can find what is shared by counting.
"""

from __future__ import annotations

from fractions import Fraction
from math import gcd, lcm

from attrs import evolve, frozen


@frozen(cache_hash=True)
class Load:
    """The number in one slot of the fact vector; NaN is unknown."""

    slot: str


@frozen(cache_hash=True)
class Remembered:
    """The number in one slot of the memory vector."""

    slot: int


@frozen(cache_hash=True)
class Const:
    """A finite number."""

    value: float


@frozen(cache_hash=True)
class Binary:
    """Arithmetic: `+`, `-`, `*`, or `//` (the quotient rounded down)."""

    op: str
    left: Expr
    right: Expr


@frozen(cache_hash=True)
class Compare:
    """`>=`, `>`, `<=`, `<` or `==`; false where either side is unknown."""

    op: str
    left: Expr
    right: Expr


@frozen(cache_hash=True)
class All:
    """Every one of them is true; an empty one is true."""

    items: tuple[Test, ...]


@frozen(cache_hash=True)
class Any:
    """At least one of them is true; an empty one is false."""

    items: tuple[Test, ...]


Expr = Load | Remembered | Const | Binary
Test = Compare | All | Any
ONE = Const(1.0)
ZERO = Const(0.0)
ALWAYS = All(())
NEVER = Any(())


def add(left: Expr, right: Expr) -> Expr:
    """Return the sum."""
    return Binary("+", left, right)


def subtract(left: Expr, right: Expr) -> Expr:
    """Return the difference."""
    return Binary("-", left, right)


def multiply(left: Expr, right: Expr) -> Expr:
    """Return the product; a factor of one is left out."""
    if left == ONE:
        return right
    if right == ONE:
        return left
    return Binary("*", left, right)


def all_of(*tests: Test) -> Test:
    """Join with `and`, flattened."""
    flat: list[Test] = []
    for test in tests:
        flat.extend(test.items if isinstance(test, All) else (test,))
    return flat[0] if len(flat) == 1 else All(tuple(flat))


def any_of(*tests: Test) -> Test:
    """Join with `or`, flattened."""
    flat: list[Test] = []
    for test in tests:
        flat.extend(test.items if isinstance(test, Any) else (test,))
    return flat[0] if len(flat) == 1 else Any(tuple(flat))


_OPPOSITE = {">=": "<", ">": "<=", "<=": ">", "<": ">="}


def negate(test: Test) -> Test:
    """Push a negation down to the comparisons, so that an unknown stays false in either polarity."""
    if isinstance(test, All):
        return any_of(*(negate(item) for item in test.items)) if test.items else NEVER
    if isinstance(test, Any):
        return all_of(*(negate(item) for item in test.items)) if test.items else ALWAYS
    if test.op == "==":
        return any_of(Compare("<", test.left, test.right), Compare(">", test.left, test.right))
    return Compare(_OPPOSITE[test.op], test.left, test.right)


@frozen
class Ratio:
    """`factor × top / bottom`, kept apart so that nothing is divided before it is compared.

    A `bottom` is positive wherever it is known; None is one. A `top` of None is one: the ratio is a constant.
    `natural` marks a number that a host measured as a decimal: it is compared with the nearest decimal, not with
    the exact fraction, so that a momentum of 0.1 reaches `0.1%`.
    """

    factor: Fraction
    top: Expr | None = None
    bottom: Expr | None = None
    natural: bool = False

    def times(self, factor: Fraction) -> Ratio:
        """Multiply by a constant."""
        return evolve(self, factor=self.factor * factor, natural=False)

    def scaled(self, by: Expr, *, first: bool = False) -> Ratio:
        """Multiply by an expression; `first` writes it on the left, where other expressions have it."""
        if self.top is None:
            return evolve(self, top=by, natural=False)
        return evolve(self, top=multiply(by, self.top) if first else multiply(self.top, by), natural=False)

    def scaled_bottom(self, by: Expr) -> Ratio:
        """Divide by an expression that is positive."""
        return evolve(self, bottom=by if self.bottom is None else multiply(self.bottom, by), natural=False)

    def plus(self, other: Ratio) -> Ratio:
        """Add; a negative ratio is subtracted."""
        common = lcm(self.factor.denominator, other.factor.denominator)
        left = _whole(self.factor * common, self.top)
        right = _whole(abs(other.factor) * common, other.top)
        bottom = self.bottom
        if self.bottom != other.bottom:
            left, right = _over(left, other.bottom), _over(right, self.bottom)
            bottom = _over(self.bottom or ONE, other.bottom)
        joined = add(left, right) if other.factor >= 0 else subtract(left, right)
        return Ratio(Fraction(1, common), joined, bottom)


def compare(op: str, left: Ratio, right: Ratio) -> Test:
    """Compare two ratios by multiplying out with coprime whole numbers, which is exact below 2**53."""
    if left.top is None and right.top is not None and right.factor == 1:
        return compare(_MIRROR[op], right, left)
    if left.top is not None and right.top is None and left.bottom is None and left.factor == 1:
        return Compare(op, left.top, Const(float(right.factor)))
    common = lcm(left.factor.denominator, right.factor.denominator)
    a, b = int(left.factor * common), int(right.factor * common)
    shared = gcd(a, b) or 1
    over = (None, None) if left.bottom == right.bottom else (right.bottom, left.bottom)
    return Compare(
        op,
        _over(_whole(Fraction(a // shared), left.top), over[0]),
        _over(_whole(Fraction(b // shared), right.top), over[1]),
    )


_MIRROR = {">=": "<=", ">": "<", "<=": ">=", "<": ">", "==": "=="}


def _whole(factor: Fraction, top: Expr | None) -> Expr:
    constant = Const(float(factor))
    return constant if top is None else multiply(constant, top)


def _over(value: Expr, bottom: Expr | None) -> Expr:
    return value if bottom is None else multiply(value, bottom)
