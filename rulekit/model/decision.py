"""What the engine decides: plain values that execution, hosts and people read."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from attrs import field, frozen

from rulekit.model.instant import Instant
from rulekit.model.later import Later, told
from rulekit.model.prices import PAISE, UNKNOWN, to_rupees

EXIT = "exit"
BOOK = "book"
ADD = "add"
STOP = "stop"
TARGET = "target"
ALERT = "alert"
EXIT_EVERYTHING = "exit everything"
STOP_ADDING = "stop adding"
STOP_TRADING = "stop trading"
BOOK_ACTIONS = (EXIT_EVERYTHING, STOP_ADDING, STOP_TRADING)
"""What rules for the whole book do. EXIT_EVERYTHING is the rule name, too, of an exit that a halt ordered."""
WHOLE_BOOK = "whole book"
"""What stands for a symbol where the whole book is meant."""

CRITICAL = "critical"
IMMEDIATE = "immediate"
NEXT_CYCLE = "next cycle"
BACKGROUND = "background"
REGULAR = "regular"
LANES = (CRITICAL, IMMEDIATE, NEXT_CYCLE, BACKGROUND, REGULAR)
"""Lanes, first served first."""

STOP_REACHED = "stop"
"""The rule name of an exit because the tracked stop was reached."""
TARGET_REACHED = "target"
"""The rule name of an exit because the target was reached."""
STANDING_STOP = "stop at the broker"
"""The rule name of a stop order that stands at the broker, and of the exit of what it left unfilled."""

MISSING_DATA = "when data is missing"
"""The rule name of an exit because a rule could not be judged for want of data."""


@frozen
class RuleMemory:
    """What one rule remembers within one episode.

    Args:
        fired: how often it fired; a firing counts once some of it filled or it is on its way.
        fired_at: when it last fired.
        since: since when its condition has held without a break, or None.
        best: best price since then, in smallest units (a trail measures from it).
        marks: what its conditions remember, each under its own words: since when one that must last has held, and on
            which side of a crossing the last look was (1 beyond, 0 not, -1 unknown).
    """

    fired: int = 0
    fired_at: Instant | None = None
    since: Instant | None = None
    best: float = UNKNOWN
    marks: tuple[tuple[str, float], ...] = ()


Memory = Mapping[str, RuleMemory]
"""The memory of all rules, by the rule's name; a missing rule remembers nothing."""


@frozen
class Action:
    """One thing to do.

    Args:
        rule: the rule's label, or `stop` or `target`.
        kind: `exit`, `book`, `add`, `stop`, `target` or `alert`; of the whole book one of BOOK_ACTIONS.
        side: `BUY` or `SELL` of the order, None for a stop move.
        quantity: of the order, None for a stop move.
        stop: the new stop, or the new target, in smallest units; None for an order.
        lane: one of LANES.
        why: one sentence for a person.
        detail: figures for the log (profit in %, age in minutes, price …).
        scale: smallest units in a rupee, by which `stop` is read.
    """

    rule: str
    kind: str
    side: str | None
    quantity: int | None
    stop: float | None
    lane: str
    _why: str | Later[str] = field(default="", eq=told, repr=told)
    _detail: Mapping[str, Any] | Later[Mapping[str, Any]] = field(factory=dict, eq=told, repr=False)
    scale: int = field(default=PAISE, eq=False, repr=False)

    @property
    def stop_price(self) -> Decimal | None:
        """The new stop, or the new target, in rupees; None for an order."""
        return None if self.stop is None else to_rupees(self.stop, self.scale)

    @property
    def why(self) -> str:
        """One sentence for a person; written when it is first read."""
        return told(self._why)

    @property
    def detail(self) -> Mapping[str, Any]:
        """Figures for the log; worked out when they are first read."""
        return told(self._detail)


@frozen
class PassedOver:
    """A rule that held and was not acted on."""

    rule: str
    because: str


@frozen
class NotYet:
    """A rule that did not hold, or could not be judged."""

    rule: str
    _why: str | Later[str] = field(eq=told, repr=told)
    unknown: bool = False

    @property
    def why(self) -> str:
        """What keeps it from acting; written when it is first read."""
        return told(self._why)


Account = tuple[tuple[PassedOver, ...], tuple[NotYet, ...]]
"""What became of the rules that did not act: those that held and were passed over, and the others."""


@frozen
class Decision:
    """The outcome for one position and one snapshot.

    Args:
        unknown: the rules that could not be judged.
        skipped: the rules that held and were not acted on.
        memory: the new memory of the rules.
        account: of every rule that did not act; worked out when `passed_over` or `not_yet` is read.
    """

    symbol: str
    actions: tuple[Action, ...] = ()
    unknown: tuple[str, ...] = ()
    skipped: tuple[str, ...] = ()
    memory: Memory = field(factory=dict)
    _account: Account | Later[Account] = field(default=((), ()), eq=told, repr=False)

    @property
    def passed_over(self) -> tuple[PassedOver, ...]:
        """Rules that held and were not acted on, each with its reason."""
        return told(self._account)[0]

    @property
    def not_yet(self) -> tuple[NotYet, ...]:
        """Rules that did not hold or could not be judged, each with how far away it is."""
        return told(self._account)[1]

    def _repr_html_(self) -> str:
        """Show the decision in a notebook."""
        from rulekit.model.notebook import card, line, table

        rows = [
            (action.rule, action.kind, action.side, action.quantity, action.stop_price, action.why)
            for action in self.actions
        ]
        waits = [(each.rule, each.why) for each in self.not_yet]
        return card(
            self.symbol,
            "decision",
            table(("rule", "does", "side", "quantity", "stop or target", "why"), rows) or line("nothing is to be done"),
            table(("rule", "because"), [(each.rule, each.because) for each in self.passed_over], caption="passed over"),
            table(("rule", "why"), waits, caption="not yet"),
        )
