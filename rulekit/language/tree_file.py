"""What a checked policy is made of: rules with their limits, names, examples, and the whole of it."""

from __future__ import annotations

from enum import Enum
from fractions import Fraction

from attrs import field, frozen

from rulekit.language.tree_actions import Verb
from rulekit.language.tree_conditions import Condition, DataMissing, Level, PriceLevel, When
from rulekit.language.tree_operands import NOWHERE, Number, PriceExpr, Span, Text
from rulekit.language.units import Unit


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
