"""The solver's view of conditions: measures as ratios of prices, so that what ties them together is arithmetic.

It needs z3 (`pip install "rulekit-policy[prove]"`) and is imported only where a question asks for it. A condition is a
pair: when it is true, and when it is false; neither is unknown. That a fact of the market is missing never makes a
condition true that could not be true with some value of it, so all are taken as known.
"""

from __future__ import annotations

from collections.abc import Hashable
from fractions import Fraction
from typing import Any

from attrs import define, field, frozen

from rulekit.language import tree as t
from rulekit.language.tree import Op, Unit
from rulekit.lint.axes import Axis, Bounds, NumberAxis, WordAxis
from rulekit.lint.meaning import Meaning
from rulekit.lint.scales import NO_EXPIRY
from rulekit.lint.terms import NEGATED, Every, NumberAtom, Opposite, Some, Term, WordAtom

INSTALL = 'install the solver: `pip install "rulekit-policy[prove]"`'
EFFORT = 1_500_000
"""What one question may cost, in the solver's own count: the same on every machine, about half a second."""
TICKS = 20
"""Ticks in a rupee."""
_PLAIN, _ON_TICKS, _FREE = "plain", "on ticks", "free"
"""Forms of a position: a hundred shares at ₹1,690; whole shares on ticks; anything. Only the last can prove none."""


def installed() -> bool:
    """Tell whether the solver is there."""
    from importlib.util import find_spec

    return find_spec("z3") is not None


@frozen
class Ratio:
    """A measure: `top / bottom`, where the bottom is above zero wherever `known` holds."""

    top: Any
    bottom: Any = 1
    known: tuple[Any, ...] = ()


@frozen
class Found:
    """An answer: `possible` is True, False, or None where the solver gave up; `values` are those of a position."""

    possible: bool | None
    side: int = 1
    values: tuple[tuple[Hashable, Fraction], ...] = ()


def satisfiable(meaning: Meaning, *terms: Term) -> Found:
    """Ask whether one position can make all terms true; one that reads well is looked for first.

    The solver must be installed.
    """
    gave_up = False
    for side in sides_of(meaning):
        for form in (_PLAIN, _ON_TICKS, _FREE):
            found = Question(meaning, side).ask(terms, form)
            if found.possible:
                return found
            if form == _FREE and found.possible is None:
                gave_up = True
    return Found(None if gave_up else False)


def sides_of(meaning: Meaning) -> list[int]:
    """List the sides that a policy applies to."""
    listed = meaning.tree.applies.sides
    return [side for side, word in ((1, "long"), (-1, "short")) if not listed or word in listed]


@define(eq=False)
class Question:
    """One side's variables and what always holds between them.

    Args:
        look: tells the variables of several looks of one position apart.
    """

    meaning: Meaning
    side: int
    look: str = ""
    z3: Any = field(init=False)
    always: list[Any] = field(init=False, factory=list)
    named: dict[Hashable, Any] = field(init=False, factory=dict)
    prices: list[Hashable] = field(init=False, factory=list)

    def __attrs_post_init__(self) -> None:
        """Name the prices that all others are measured by."""
        import z3

        self.z3 = z3
        self.prices = ["entry", "price", "best", "worst"]
        entry, price, best, worst = (self.var(name) for name in ("entry", "price", "best", "worst"))
        for each in (entry, price, best, worst, self.var("size"), self.var("tick")):
            self.always.append(each > 0)
        s = self.side
        self.always += [s * best >= s * price, s * best >= s * entry, s * worst <= s * price, s * worst <= s * entry]

    def var(self, key: Hashable, *, whole: bool = False) -> Any:
        """Return the variable of a name."""
        if key not in self.named:
            make = self.z3.Int if whole else self.z3.Real
            self.named[key] = make(f"v{self.look}{len(self.named)}")
        return self.named[key]

    def ask(self, terms: tuple[Term, ...], form: str) -> Found:
        """Ask for a position that makes all terms true, in the form that is asked for."""
        z3 = self.z3
        solver = z3.Solver()
        solver.set("rlimit", EFFORT)
        wanted = [self.pair(term)[0] for term in terms]
        solver.add(*wanted, *self.always)
        if form != _FREE:
            solver.add(*self._on_ticks())
        if form == _PLAIN:
            solver.add(self.var("entry") == 1690, self.var("size") == 100)
        answer = solver.check()
        if answer == z3.sat:
            return Found(True, self.side, tuple(self._values(solver.model())))
        return Found(False if answer == z3.unsat else None, self.side)

    def _on_ticks(self) -> list[Any]:
        """Return what a position of whole shares at prices on the tick keeps to, none of them far away."""
        entry, price = self.var("entry"), self.var("price")
        whole = [self.z3.Int(f"ticks{number}") for number in range(len(self.prices))]
        return [
            *(self.var(key) * TICKS == ticks for key, ticks in zip(self.prices, whole, strict=True)),
            price * 2 >= entry,
            price <= entry * 2,
            self.var("size") == self.z3.Int("shares"),
            self.var("tick") * TICKS == 1,
        ]

    def _values(self, model: Any) -> list[tuple[Hashable, Fraction]]:
        """Read the variables of a position; an irrational one is left out."""
        found = []
        for key, variable in self.named.items():
            value = model.eval(variable, model_completion=True)
            if hasattr(value, "numerator_as_long"):
                found.append((key, Fraction(value.numerator_as_long(), value.denominator_as_long())))
            elif hasattr(value, "as_long"):
                found.append((key, Fraction(value.as_long())))
        return found

    # --- conditions ----------------------------------------------------------------------------------------

    def pair(self, term: Term) -> tuple[Any, Any]:
        """Return when a term is true, and when it is false."""
        z3 = self.z3
        if isinstance(term, Opposite):
            true, false = self.pair(term.item)
            return false, true
        if isinstance(term, Every | Some):
            pairs = [self.pair(item) for item in term.items]
            trues, falses = [each for each, _ in pairs], [each for _, each in pairs]
            return (z3.And(trues), z3.Or(falses)) if isinstance(term, Every) else (z3.Or(trues), z3.And(falses))
        axis = self.meaning.axes.axes[term.axis]
        if isinstance(term, NumberAtom):
            assert isinstance(axis, NumberAxis)
            return self._number(axis, term)
        if isinstance(term, WordAtom):
            return self._word(axis, term)
        true, false = z3.Bool(f"t{self.look}{term.axis}"), z3.Bool(f"f{self.look}{term.axis}")
        self.always.append(z3.Not(z3.And(true, false)))
        return true, false

    def _word(self, axis: Axis, term: WordAtom) -> tuple[Any, Any]:
        assert isinstance(axis, WordAxis)
        if axis.key == ("word", "side"):
            same = self.z3.BoolVal((term.word == "long") is (self.side > 0))
        else:
            same = self.var(axis.key, whole=True) == axis.words.index(term.word)
        return (same, self.z3.Not(same)) if term.same else (self.z3.Not(same), same)

    def _number(self, axis: NumberAxis, term: NumberAtom) -> tuple[Any, Any]:
        z3, ratio = self.z3, self.measure(axis)
        value = self._exact(term.value)
        true = z3.And(*ratio.known, self._compared(term.op, ratio.top, value * ratio.bottom))
        false = z3.And(*ratio.known, self._compared(NEGATED[term.op], ratio.top, value * ratio.bottom))
        if axis.key == ("to expiry",):
            never = z3.Bool(f"{NO_EXPIRY}{self.look}")
            true = z3.And(z3.Not(never), true)
            false = z3.Or(z3.And(z3.Not(never), false), z3.And(never, dict(term.extras).get(NO_EXPIRY) is False))
        return true, false

    def _exact(self, value: Fraction) -> Any:
        return self.z3.Q(value.numerator, value.denominator)

    def _compared(self, op: Op, left: Any, right: Any) -> Any:
        table = {
            Op.AT_LEAST: lambda: left >= right,
            Op.AT_MOST: lambda: left <= right,
            Op.ABOVE: lambda: left > right,
            Op.BELOW: lambda: left < right,
            Op.IS: lambda: left == right,
            Op.IS_NOT: lambda: left != right,
        }
        return table[op]()

    # --- measures ------------------------------------------------------------------------------------------

    def measure(self, axis: NumberAxis) -> Ratio:
        """Return an axis as a ratio of prices, or as a variable of its own."""
        key: Any = axis.key
        if key[0] == "difference":
            left, right = self.operand(key[1]), self.operand(key[2])
            top = left.top * right.bottom - right.top * left.bottom
            return Ratio(top, left.bottom * right.bottom, left.known + right.known)
        if key[0] == "ahead of":
            level = self.price_of(key[1])
            return Ratio(self.side * (self.var("price") * level.bottom - level.top), level.bottom, level.known)
        known = self._of_position(key)
        return known if known is not None else self._free(key, axis.bounds)

    def _of_position(self, key: Any) -> Ratio | None:
        """Return what is made of the position's own prices."""
        s, entry, price, best = self.side, self.var("entry"), self.var("price"), self.var("best")
        if key[0] == "profit":
            return self.of_share(s * (price - entry), key[1])
        if key[0] == "peak profit":
            return self.of_share(s * (best - entry), key[1])
        if key[0] == "giveback":
            peak = s * (best - entry)
            return Ratio(100 * s * (best - price), peak, (peak > 0,))
        if key[0] == "initial risk":
            risk = self.risk()
            return Ratio(100 * risk, entry, (risk > 0,)) if key[1] is Unit.PERCENT else Ratio(risk, 1, (risk > 0,))
        if key[0] == "value":
            return Ratio(price * self.var("size"))
        if key[0] == "atr":
            return Ratio(self.atr(key[1]))
        return self.named_price(key[1], key[2]) if key[0] == "price" else None

    def _free(self, key: Hashable, bounds: Bounds) -> Ratio:
        variable = self.var(key, whole=bounds.whole)
        if bounds.low is not None:
            low = self._exact(bounds.low)
            self.always.append(variable > low if bounds.low_open else variable >= low)
        if bounds.high is not None:
            high = self._exact(bounds.high)
            self.always.append(variable < high if bounds.high_open else variable <= high)
        return Ratio(variable)

    def of_share(self, gain: Any, unit: Unit) -> Ratio:
        """Express a gain of one share in a measure."""
        if unit is Unit.PERCENT:
            return Ratio(100 * gain, self.var("entry"))
        if unit is Unit.RUPEES:
            return Ratio(gain * self.var("size"))
        if unit is Unit.R:
            return Ratio(gain, self.risk(), (self.risk() > 0,))
        if unit is Unit.TICKS:
            return Ratio(gain, self.var("tick"))
        return Ratio(gain, self.atr(None)) if unit is Unit.ATR else Ratio(gain)

    def risk(self) -> Any:
        """Return the distance from entry to the first stop."""
        return self.side * (self.var("entry") - self.positive("initial stop"))

    def atr(self, window: t.Window | None) -> Any:
        """Return the average true range."""
        return self.positive(("atr", window))

    def positive(self, key: Hashable) -> Any:
        """Return a variable that is above zero."""
        if key not in self.named:
            self.always.append(self.var(key) > 0)
            self.prices.append(key)
        return self.var(key)

    def named_price(self, name: str, window: t.Window | None) -> Ratio:
        """Return a price by its name."""
        own = {"price": "price", "entry": "entry", "best price": "best", "worst price": "worst"}
        sided = {"high since entry": ("best", "worst"), "low since entry": ("worst", "best")}
        if name in own:
            return Ratio(self.var(own[name]))
        if name in sided:
            return Ratio(self.var(sided[name][self.side < 0]))
        if name == "break-even":
            charges = self.var("charges")
            self.always.append(charges >= 0)
            return Ratio(self.var("entry") + self.side * charges)
        return Ratio(self.positive(name if window is None else (name, window)))

    def operand(self, node: Any) -> Ratio:
        """Return one side of a comparison."""
        if isinstance(node, t.PriceExpr):
            return self.price_of(node)
        if isinstance(node, t.Number):
            return Ratio(self._exact(node.value))
        from rulekit.lint.scales import scale_of

        scale = scale_of(node, self.meaning.vocabulary)
        if scale is None:
            return Ratio(self.var(("fact", node.phrase)))
        inner = self.measure(NumberAxis(scale.key, scale.bounds, scale.extras))
        return Ratio(inner.top * scale.sign, inner.bottom * scale.factor, inner.known)

    def price_of(self, node: t.PriceExpr) -> Ratio:
        """Return a price; `+` is towards profit."""
        base = self._base(node.base)
        if node.offset is None:
            return base
        sign = self.side if node.towards_profit else -self.side
        return self._moved(base, node.offset.value * sign, node.offset.unit, node.offset.window)

    def _base(self, base: t.PriceFact | t.PriceConstant | t.PriceAtProfit) -> Ratio:
        if isinstance(base, t.PriceConstant):
            return Ratio(self._exact(base.value))
        if isinstance(base, t.PriceFact):
            return self.named_price(base.name, base.window)
        entry = Ratio(self.var("entry"))
        if base.unit is Unit.RUPEES:
            size = self.var("size")
            return Ratio(self.var("entry") * size + self.side * self._exact(base.value), size)
        return self._moved(entry, base.value * self.side, base.unit, None)

    def _moved(self, base: Ratio, by: Fraction, unit: Unit, window: t.Window | None) -> Ratio:
        """Move a price by a distance; a percentage is of the price itself."""
        step = self._exact(by)
        if unit is Unit.PERCENT:
            return Ratio(base.top * (1 + step / 100), base.bottom, base.known)
        distance, known = step, base.known
        if unit is Unit.ATR:
            distance = step * self.atr(window)
        elif unit is Unit.R:
            distance, known = step * self.risk(), (*base.known, self.risk() > 0)
        elif unit is Unit.TICKS:
            distance = step * self.var("tick")
        return Ratio(base.top + distance * base.bottom, base.bottom, known)
