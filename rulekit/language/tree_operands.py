"""What a sentence compares and moves: places in the file, facts, numbers, texts, distances and prices."""

from __future__ import annotations

from fractions import Fraction

from attrs import field, frozen

from rulekit.language.units import Unit, Window
from rulekit.language.words import window_text


@frozen
class Span:
    """A place in a file: lines and columns from 1, in code points; `end_column` is one past the last character."""

    line: int
    column: int
    end_line: int
    end_column: int


NOWHERE = Span(1, 1, 1, 1)


# --- operands of conditions --------------------------------------------------------------------------------------


@frozen
class FactRef:
    """A fact, in the measure that the comparison asks for.

    Args:
        name: canonical name from the vocabulary, lower-case (`profit`, `momentum`, `day high`).
        unit: the measure: `profit` is PERCENT, RUPEES, R or POINTS according to what it is compared with.
    """

    name: str
    unit: Unit
    window: Window | None = None
    span: Span = field(default=NOWHERE, eq=False)

    @property
    def phrase(self) -> str:
        """The full phrase, by which a windowed fact is looked up first: `momentum over 15 minutes`."""
        if self.window is None:
            return self.name
        return f"{self.name} {window_text(self.window)}"


@frozen
class Number:
    """An exact number with its unit. `name` is the `set` name it came from, if any."""

    value: Fraction
    unit: Unit
    name: str | None = None
    span: Span = field(default=NOWHERE, eq=False)


@frozen
class Text:
    """A word or quoted text, compared without regard to case."""

    value: str
    span: Span = field(default=NOWHERE, eq=False)


# --- prices and distances --------------------------------------------------------------------------------------


@frozen
class Distance:
    """A distance in price. PERCENT is of the price it is measured from; RUPEES and POINTS are rupees of price."""

    value: Fraction
    unit: Unit  # PERCENT, RUPEES, POINTS, TICKS, ATR, R
    name: str | None = None
    window: Window | None = None  # of the ATR, if given


@frozen
class PriceFact:
    """A price by name: `break-even`, `entry`, `stop`, `best price`, `day high`, `sma over 20 bars` and so on."""

    name: str
    window: Window | None = None


@frozen
class PriceConstant:
    """A price in rupees."""

    value: Fraction
    name: str | None = None


@frozen
class PriceAtProfit:
    """The price at which the position shows that profit (`5% profit`); a negative value is a loss (`2% loss`).

    PERCENT is of the average entry, POINTS and RUPEES-as-points are per share, R of the initial risk,
    RUPEES is money on the quantity held.
    """

    value: Fraction
    unit: Unit


@frozen
class PriceExpr:
    """A price: a base and an offset. A positive offset is towards profit, a negative one towards loss.

    `1% from price` and `2 ATR from the best price` are the base with a negative offset (`from_form` keeps the wording).
    """

    base: PriceFact | PriceConstant | PriceAtProfit
    offset: Distance | None = None
    towards_profit: bool = True
    from_form: bool = False
    span: Span = field(default=NOWHERE, eq=False)


Operand = FactRef | Number | Text | PriceExpr
