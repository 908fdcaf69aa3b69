"""The checked tree of a policy: every name resolved, every number exact and with its unit.

The parser's own tree is private to `parser` and `checker`; all else (compile, lint, sentences) works on this one.
Numbers are exact fractions; durations are whole microseconds; clock times are microseconds since midnight.
"""

from __future__ import annotations

from enum import Enum
from fractions import Fraction

from attrs import field, frozen

from rulekit.language.units import Unit as Unit
from rulekit.language.units import Window as Window
from rulekit.language.words import window_text

# --- where it stands -------------------------------------------------------------------------------------------


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

# --- conditions --------------------------------------------------------------------------------------------------


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

# --- actions -----------------------------------------------------------------------------------------------------


class AmountKind(Enum):
    """What an amount is a share of, or counts."""

    PERCENT_HELD = "%"
    PERCENT_ORIGINAL = "% of the original"
    UP_TO = "up to %"
    SHARES = "shares"
    LOTS = "lots"
    WORTH = "₹ worth"
    EVERYTHING = "everything"


@frozen
class Amount:
    """How much to book or add. Percentages are plain (50 is 50%), WORTH is in rupees."""

    kind: AmountKind
    value: Fraction = Fraction(100)
    name: str | None = None
    span: Span = field(default=NOWHERE, eq=False)


@frozen
class Exit:
    """Close the whole position."""


@frozen
class Book:
    """Close part of it."""

    amount: Amount


@frozen
class Add:
    """Add in the same direction."""

    amount: Amount


@frozen
class MoveStop:
    """`move stop to PRICE`; `tighten` keeps the wording of `tighten stop to PRICE`."""

    price: PriceExpr
    tighten: bool = False


@frozen
class TightenStopBy:
    """Bring the stop nearer by that percentage of the distance from price to stop."""

    percent: Fraction


@frozen
class TrailStop:
    """Keep the stop that far behind the best price since the rule began to hold; a percentage is of that price."""

    distance: Distance


@frozen
class LockIn:
    """Stop at the price that keeps that percentage of the peak profit."""

    percent: Fraction


@frozen
class Alert:
    """Tell the trader. `facts` are those that its template names, each under the one word by which it stands there."""

    text: str
    facts: tuple[tuple[str, FactRef], ...] = ()


class BookAction(Enum):
    """What a rule for the whole book does; the value is the canonical wording."""

    EXIT_EVERYTHING = "exit everything"
    STOP_ADDING = "stop adding"
    STOP_TRADING = "stop trading"


@frozen
class WholeBook:
    """Act on the whole book, in the order in which it is written; only rules of `PolicyTree.book` do."""

    actions: tuple[BookAction, ...]


@frozen
class SetTarget:
    """`set target to PRICE`: the position exits when the price reaches it."""

    price: PriceExpr


Verb = Exit | Book | Add | MoveStop | TightenStopBy | TrailStop | LockIn | SetTarget | Alert | WholeBook


@frozen
class Limit:
    """How often a rule may fire in one episode. Several bounds hold together.

    `times` None is unbounded. `every` is microseconds, or trading days or bars by `every_unit`.
    `written` is False for the default (`once` for exit, book, add, alert and
    rules for the whole book; none for stop rules).
    """

    times: int | None = None
    every: int | None = None
    every_unit: Unit = Unit.DURATION
    daily: bool = False
    written: bool = False
    span: Span = field(default=NOWHERE, eq=False)


@frozen
class Rule:
    """One sentence. `name` is its identity: the label, or the canonical sentence where there is none."""

    name: str
    label: str | None
    verb: Verb
    level: Level | PriceLevel | None = None
    times: tuple[When, ...] = ()
    when: Condition | None = None
    unless: Condition | None = None
    limit: Limit = Limit()
    span: Span = field(default=NOWHERE, eq=False)

    @property
    def is_for_missing_data(self) -> bool:
        """Tell whether it is the sentence `when data is missing: exit`."""
        return isinstance(self.when, DataMissing)

    @property
    def is_ladder(self) -> bool:
        """Tell whether it acts again at every step of its level."""
        return isinstance(self.level, Level) and self.level.every


# --- the rest of a file --------------------------------------------------------------------------------------------


@frozen
class Applies:
    """`applies to`: which positions. Each tuple lists accepted values; an empty one accepts all."""

    exchanges: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()  # equity, future, option, currency, commodity
    products: tuple[str, ...] = ()
    symbols: tuple[str, ...] = ()
    strategies: tuple[str, ...] = ()
    sides: tuple[str, ...] = ()
    span: Span = field(default=NOWHERE, eq=False)


@frozen
class SetValue:
    """`set NAME to VALUE`."""

    name: str
    value: Number | PriceExpr | Level | Text
    span: Span = field(default=NOWHERE, eq=False)


@frozen
class Define:
    """`define NAME as COND`."""

    name: str
    condition: Condition
    span: Span = field(default=NOWHERE, eq=False)


class LegForm(Enum):
    """How price goes on; the value is the canonical wording."""

    UP = "up to"
    DOWN = "down to"
    GAP = "gap to"
    FLAT = "flat for"


@frozen
class Leg:
    """One stretch of a price path: to a price in rupees over a time, at once, or nowhere for a time.

    `price` is None for FLAT; `length` is microseconds, 0 for GAP.
    """

    form: LegForm
    price: Fraction | None = None
    length: int = 0
    span: Span = field(default=NOWHERE, eq=False)


@frozen
class Expectation:
    """What an example expects: `kind` is exit, book, add, stop, alert, nothing, or an action on the whole book.

    `amount` is a percentage (book 50) or a stop price in rupees; None where the kind needs none.
    On a price path `after` (microseconds from its beginning) or `clock` (time of day) may name the look.
    """

    kind: str
    amount: Fraction | None = None
    because: str | None = None
    after: int | None = None
    clock: int | None = None
    span: Span = field(default=NOWHERE, eq=False)


@frozen
class Past:
    """How often a rule has acted before an example's moment: `LADDER acted 2 times`; `ago` in microseconds."""

    rule: str
    times: int
    ago: int | None = None
    span: Span = field(default=NOWHERE, eq=False)


@frozen
class Example:
    """A position, a moment, and what must come of it.

    With a `path` it is a stretch of time that begins at `price`, looked at every `every` microseconds (a minute if
    None) and at the corners of the path. An example of the book alone has no position: its quantity is 0.
    """

    title: str
    side: str  # long or short
    quantity: int
    symbol: str
    entry: Fraction
    held: int | None  # microseconds
    price: Fraction | None
    facts: tuple[tuple[str, Number | Text], ...] = ()
    clock: int | None = None  # time of day, microseconds
    expectations: tuple[Expectation, ...] = ()
    path: tuple[Leg, ...] = ()
    every: int | None = None
    span: Span = field(default=NOWHERE, eq=False)
    original: int | None = None
    past: tuple[Past, ...] = ()


@frozen
class PolicyTree:
    """A whole file, checked. `rules` look at one position each, `book` at all of them together.

    `missing_data` is `exit` or `hold` where `when data is missing` says so, else empty; `exit` is one of the rules too.
    """

    title: str | None
    applies: Applies
    values: tuple[SetValue, ...]
    definitions: tuple[Define, ...]
    rules: tuple[Rule, ...]
    examples: tuple[Example, ...]
    source: str
    path: str = "policy"
    book: tuple[Rule, ...] = ()
    missing_data: str = ""
