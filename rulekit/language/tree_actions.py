"""What the rules of the checked tree do: amounts, stops, targets, alerts, the whole book."""

from __future__ import annotations

from enum import Enum
from fractions import Fraction

from attrs import field, frozen

from rulekit.language.tree_operands import NOWHERE, Distance, FactRef, PriceExpr, Span


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
