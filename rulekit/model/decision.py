"""What the engine decides: plain values that execution, hosts and people read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attrs import field, frozen

from rulekit.model.instant import Instant
from rulekit.model.prices import UNKNOWN

EXIT = "exit"
BOOK = "book"
ADD = "add"
STOP = "stop"
ALERT = "alert"

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


@frozen
class RuleMemory:
    """What one rule remembers within one episode.

    Args:
        fired: how often it fired; a firing counts once some of it filled or it is on its way.
        fired_at: when it last fired.
        since: since when its condition has held without a break, or None.
        best: best price since then, in smallest units (a trail measures from it).
    """

    fired: int = 0
    fired_at: Instant | None = None
    since: Instant | None = None
    best: float = UNKNOWN


Memory = Mapping[str, RuleMemory]
"""The memory of all rules, by the rule's name; a missing rule remembers nothing."""


@frozen
class Action:
    """One thing to do.

    Args:
        rule: the rule's label, or `stop` or `target`.
        kind: `exit`, `book`, `add`, `stop` or `alert`.
        side: `BUY` or `SELL` of the order, None for a stop move.
        quantity: of the order, None for a stop move.
        stop: the new stop in smallest units, None for an order.
        lane: one of LANES.
        why: one sentence for a person.
        detail: figures for the log (profit in %, age in minutes, price …).
    """

    rule: str
    kind: str
    side: str | None
    quantity: int | None
    stop: float | None
    lane: str
    why: str = ""
    detail: Mapping[str, Any] = field(factory=dict)


@frozen
class PassedOver:
    """A rule that held and was not acted on."""

    rule: str
    because: str


@frozen
class NotYet:
    """A rule that did not hold, or could not be judged."""

    rule: str
    why: str
    unknown: bool = False


@frozen
class Decision:
    """The outcome for one position and one snapshot.

    `passed_over` and `not_yet` are filled only when a trace was asked for (or, for skips, always).
    `unknown` names the rules that could not be judged. `memory` is the new memory of the rules.
    """

    symbol: str
    actions: tuple[Action, ...] = ()
    passed_over: tuple[PassedOver, ...] = ()
    not_yet: tuple[NotYet, ...] = ()
    unknown: tuple[str, ...] = ()
    memory: Memory = field(factory=dict)
