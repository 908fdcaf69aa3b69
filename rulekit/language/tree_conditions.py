"""Conditions of the checked tree, and the triggers that are conditions too: levels and times."""

from __future__ import annotations

from enum import Enum
from fractions import Fraction

from attrs import field, frozen

from rulekit.language.tree_operands import NOWHERE, FactRef, Number, Operand, PriceExpr, Span
from rulekit.language.units import Unit, Window


class Op(Enum):
    """How two operands are compared; the value is the canonical wording."""

    AT_LEAST = "is at least"
    AT_MOST = "is at most"
    ABOVE = "is above"
    BELOW = "is below"
    IS = "is"
    IS_NOT = "is not"


@frozen
class Comparison:
    """`left op right`."""

    left: Operand
    op: Op
    right: Operand
    span: Span = field(default=NOWHERE, eq=False)


@frozen
class Between:
    """`operand is between low and high`, both included."""

    operand: Operand
    low: Operand
    high: Operand
    span: Span = field(default=NOWHERE, eq=False)


@frozen
class And:
    """All hold."""

    items: tuple[Condition, ...]
    span: Span = field(default=NOWHERE, eq=False)


@frozen
class Or:
    """At least one holds."""

    items: tuple[Condition, ...]
    span: Span = field(default=NOWHERE, eq=False)


@frozen
class Not:
    """It does not hold; unknown stays unknown."""

    item: Condition
    span: Span = field(default=NOWHERE, eq=False)


@frozen
class Named:
    """A defined name in a condition; `condition` is what it stands for."""

    name: str
    condition: Condition
    span: Span = field(default=NOWHERE, eq=False)


@frozen
class Lasting:
    """`COND for 5 minutes`: it has held at every look over that time; unknown breaks it. DURATION or BARS."""

    item: Condition
    length: Number
    span: Span = field(default=NOWHERE, eq=False)


@frozen
class Crosses:
    """`left crosses above right`: above it now, and not above it at the look before; `above` False is below."""

    left: Operand
    above: bool
    right: Operand
    span: Span = field(default=NOWHERE, eq=False)

    @property
    def beyond(self) -> Comparison:
        """The comparison that holds on the far side."""
        return Comparison(self.left, Op.ABOVE if self.above else Op.BELOW, self.right, self.span)


@frozen
class Moves:
    """`price rises 2% in 5 minutes`: its change over the window is at least that; `up` False is a fall.

    Of `profit` and `loss` the change is of the position's percentage; `price` is literal, as the market moved.
    """

    subject: FactRef
    up: bool
    by: Number
    window: Window
    span: Span = field(default=NOWHERE, eq=False)


@frozen
class DataMissing:
    """`when data is missing`: a rule cannot be judged because the price, or a fact of market or book, is unknown."""

    span: Span = field(default=NOWHERE, eq=False)


# Triggers are conditions too; a rule keeps them in their own slots.


@frozen
class Level:
    """`at 15% profit`: the measure has reached the value. A loss has `profit` False and a positive value.

    `name` is the `set` name it came from (`at first target profit`). `every` makes it a ladder, `at every 5% profit`:
    the value is the step, and what must be reached is one step more than the rule has fired.
    """

    value: Fraction
    unit: Unit  # PERCENT, RUPEES, R, POINTS, TICKS, ATR
    profit: bool = True
    name: str | None = None
    span: Span = field(default=NOWHERE, eq=False)
    every: bool = False


@frozen
class FactLevel(Level):
    """`at ₹25,000 day loss`: a figure of the whole book has reached the value; for rules of the whole book only."""

    fact: str = "day loss"

    @property
    def comparison(self) -> Comparison:
        """What it means: the figure is at least the value."""
        number = Number(self.value, self.unit, self.name, self.span)
        return Comparison(FactRef(self.fact, self.unit, None, self.span), Op.AT_LEAST, number, self.span)


@frozen
class PriceLevel:
    """`at ₹1,990` or `at day high`: price has come to it in the direction of profit."""

    price: PriceExpr
    span: Span = field(default=NOWHERE, eq=False)


class TimeForm(Enum):
    """The forms of the time slot."""

    AGE = "after"  # value: microseconds, or trading days, or bars since the position was opened
    FROM_CLOCK = "at"  # `at 15:15` and `after 15:00`: from that moment on
    BEFORE_CLOCK = "before"  # excludes the moment
    BETWEEN_CLOCK = "between"  # includes both moments
    BEFORE_CLOSE = "before close"  # value microseconds; includes the moment
    ON_DAY = "on"  # value 0 Monday … 6 Sunday
    ON_EXPIRY = "on expiry day"


@frozen
class When:
    """One time trigger. `unit` is DURATION, DAYS or BARS for AGE, CLOCK for clock forms."""

    form: TimeForm
    value: int = 0
    high: int = 0  # the second moment of BETWEEN_CLOCK
    unit: Unit = Unit.DURATION
    worded: str = "after"  # `at 15:15` or `after 15:15`: the word that was written
    name: str | None = None
    span: Span = field(default=NOWHERE, eq=False)


Condition = (
    Comparison | Between | Lasting | Crosses | Moves | DataMissing | And | Or | Not | Named | Level | PriceLevel | When
)
