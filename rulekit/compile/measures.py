"""What each fact is in each of its measures, as a ratio over slots; nothing is divided."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

from rulekit.compile.expressions import ZERO, Expr, Load, Ratio, add, multiply, subtract
from rulekit.compile.layout import FactSlot, LayoutBuilder
from rulekit.errors import RulekitError
from rulekit.language.tree import FactRef, Unit, Window
from rulekit.language.vocabulary import PRICE, STANDARD, Vocabulary
from rulekit.language.words import window_text
from rulekit.model.instant import MINUTE

WHOLE = Fraction(1)
HUNDRED = Fraction(100)


class Measures:
    """Lowers facts to ratios, taking the slots it needs."""

    def __init__(self, slots: LayoutBuilder, vocabulary: Vocabulary = STANDARD) -> None:
        self.slots = slots
        self.vocabulary = vocabulary

    # --- what is read often --------------------------------------------------------------------------------

    def load(self, name: str) -> Load:
        """Load a position slot."""
        return Load(self.slots.position(name))

    @property
    def side(self) -> Expr:
        """+1 long, -1 short."""
        return self.load("side")

    @property
    def gain(self) -> Expr:
        """Profit of one share in smallest units."""
        return subtract(self.directed("price"), self.directed("entry"))

    @property
    def size(self) -> Expr:
        """Units of value per unit of price: quantity times multiplier."""
        return multiply(self.load("quantity"), self.load("multiplier"))

    def directed(self, slot: str) -> Expr:
        """Return a price turned by the side, so that more is always better."""
        return multiply(self.side, self.load(slot))

    def atr(self, window: Window | None = None) -> Expr:
        """Return the average true range in smallest units."""
        phrase = "atr" if window is None else f"atr {window_text(window)}"
        return Load(self.slots.fact(FactSlot(phrase, "atr", money=True, positive=True)))

    # --- facts ---------------------------------------------------------------------------------------------

    def fact(self, ref: FactRef) -> Ratio:
        """Return a fact in the measure that the comparison asks for."""
        per_share = _PER_SHARE.get(ref.name)
        if per_share is not None:
            return self._of_share(per_share(self), ref.unit)
        known = _FACTS.get(ref.name)
        if known is not None:
            return known(self, ref.unit)
        return self._of_host(ref)

    def price(self, name: str, window: Window | None = None) -> Ratio:
        """Return a price by name, in smallest units as the market quotes it."""
        if name == "break-even":
            return Ratio(WHOLE, add(self.load("entry"), multiply(self.side, self.load("charges"))))
        slot = PRICE_SLOTS.get(name)
        if slot is not None:
            return Ratio(WHOLE, self.load(slot))
        phrase = name if window is None else f"{name} {window_text(window)}"
        return Ratio(WHOLE, Load(self.slots.fact(FactSlot(phrase, name, money=True, positive=True))))

    def _of_share(self, gain: Expr, unit: Unit) -> Ratio:
        """Express a gain of one share in a measure: profit, loss and their like."""
        if unit is Unit.PERCENT:
            return Ratio(HUNDRED, gain, self.load("entry"))
        if unit is Unit.R:
            return Ratio(WHOLE, gain, self.load("risk"))
        if unit is Unit.TICKS:
            return Ratio(WHOLE, gain, self.load("tick"))
        if unit is Unit.ATR:
            return Ratio(WHOLE, gain, self.atr())
        if unit is Unit.POINTS:
            return Ratio(WHOLE, gain, self.load("scale"))
        if unit is Unit.RUPEES:
            return Ratio(WHOLE, multiply(gain, self.size), self.load("scale"))
        raise RulekitError(f"profit cannot be measured in {unit.value}")

    def _total(self, unit: Unit) -> Ratio:
        """Express open plus realised profit: in ₹, or against the original quantity."""
        earned = add(multiply(self.gain, self.load("quantity")), self.load("realised"))
        if unit is Unit.RUPEES:
            return Ratio(WHOLE, multiply(earned, self.load("multiplier")), self.load("scale"))
        original = self.load("original")
        return self._of_share(earned, unit).scaled_bottom(original)

    def _age(self, unit: Unit) -> Ratio:
        if unit is Unit.DAYS:
            return Ratio(WHOLE, self.load("age_days_beyond_one"))
        if unit is Unit.BARS:
            return Ratio(WHOLE, self.load("age_beyond_a_day"), self.load("bar"))
        return Ratio(WHOLE, self.load("age_beyond_a_day"))

    def _of_host(self, ref: FactRef) -> Ratio:
        """Return a market or book fact, as the host measured it."""
        row = self.vocabulary.find(ref.name)
        if row is None:
            raise RulekitError(f"there is no fact called `{ref.name}`")
        if row.kind == PRICE:
            return Ratio(WHOLE, self.price(row.name, ref.window).top, self.load("scale"))
        if row.name == "atr":
            return Ratio(WHOLE, self.atr(ref.window), self.load("scale"))
        if row.signed:
            self.slots.position("side")
        slot = self.slots.fact(FactSlot(ref.phrase, row.name, signed=row.signed))
        return Ratio(WHOLE, Load(slot), natural=True)


PRICE_SLOTS = {
    "price": "price",
    "entry": "entry",
    "stop": "stop",
    "initial stop": "initial_stop",
    "target": "target",
    "best price": "best",
    "worst price": "worst",
    "high since entry": "high",
    "low since entry": "low",
}
"""Prices of the position, by their names in the language."""


def _best_gain(measures: Measures) -> Expr:
    return subtract(measures.directed("best"), measures.directed("entry"))


_PER_SHARE: dict[str, Callable[[Measures], Expr]] = {
    "profit": lambda m: m.gain,
    "loss": lambda m: subtract(m.directed("entry"), m.directed("price")),
    "peak profit": _best_gain,
}


def _priced(slot: str) -> Callable[[Measures, Unit], Ratio]:
    return lambda m, unit: Ratio(WHOLE, m.load(slot), m.load("scale"))


def _counted(slot: str) -> Callable[[Measures, Unit], Ratio]:
    return lambda m, unit: Ratio(WHOLE, m.load(slot))


def _initial_risk(m: Measures, unit: Unit) -> Ratio:
    if unit is Unit.PERCENT:
        return Ratio(HUNDRED, m.load("risk"), m.load("entry"))
    return Ratio(WHOLE, m.load("risk"), m.load("scale"))


_FACTS: dict[str, Callable[[Measures, Unit], Ratio]] = {
    **{name: _priced(slot) for name, slot in PRICE_SLOTS.items()},
    "total profit": lambda m, unit: m._total(unit),
    "giveback": lambda m, unit: Ratio(HUNDRED, subtract(m.directed("best"), m.directed("price")), m.load("peak")),
    "age": lambda m, unit: m._age(unit),
    "initial risk": _initial_risk,
    "quantity": _counted("quantity"),
    "lots": lambda m, unit: Ratio(WHOLE, m.load("quantity"), m.load("lot")),
    "value": lambda m, unit: Ratio(WHOLE, multiply(m.load("price"), m.size), m.load("scale")),
    "times booked": _counted("booked"),
    "times added": _counted("added"),
    "time": _counted("time"),
    "minutes to close": lambda m, unit: Ratio(
        WHOLE if unit is Unit.DURATION else Fraction(1, MINUTE), m.load("to_close")
    ),
    "days to expiry": _counted("to_expiry"),
    "day profit": lambda m, unit: Ratio(WHOLE, m.load("day_profit"), natural=True),
    "day loss": lambda m, unit: Ratio(WHOLE, subtract(ZERO, m.load("day_profit")), natural=True),
}
"""Facts of the position, the moment and the day's book that are computed here."""
TEXT_SLOTS = ("symbol", "exchange", "product", "strategy")
"""Facts that are words; `side` and `day` are numbers of their own."""
