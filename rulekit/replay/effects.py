"""What each rule's actions earned or cost against not having acted, and how that adds up to the whole."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

from attrs import define, field, frozen

from rulekit.model.decision import STOP_REACHED, TARGET_REACHED
from rulekit.model.orders import BUY
from rulekit.replay.measures import value_of
from rulekit.replay.trades import SQUARE_OFF, Fill, Trade

OWN_STOP = "the entry's own stop"
"""Stands for the rule where a stop was reached that the entry came with."""
_SET_BY = {STOP_REACHED: "stop", TARGET_REACHED: "target"}


@frozen
class Effect:
    """What one fill did, in rupees.

    Args:
        rule: to which it is put down: of a stop or target that was reached, the rule that had set it.
        to_the_end: against not having acted, to where this trade ended; None for the exit, which is the end itself.
        against_holding: against having left the entry alone, to where it would have ended by itself. Over all fills of
            a trade these add up to its profit before charges less that of the entry that was left alone.
    """

    rule: str
    fill: Fill
    to_the_end: float | None
    against_holding: float | None


def adds_to(trade: Trade, fill: Fill) -> bool:
    """Tell whether a fill enlarged the position."""
    return (fill.side == BUY) == (trade.side > 0)


def rule_behind(trade: Trade, fill: Fill) -> str:
    """Name the rule to which a fill is put down."""
    kind = _SET_BY.get(fill.rule)
    if kind is None:
        return fill.rule
    setters = [mark.rule for mark in trade.marks if mark.kind == kind and mark.at <= fill.decided]
    return setters[-1] if setters else OWN_STOP


def effects_of(trade: Trade, alone: Trade | None = None) -> list[Effect]:
    """Return what each fill of a trade earned.

    Args:
        alone: the same entry without management.
    """
    found = []
    for place, fill in enumerate(trade.fills):
        worth = fill.quantity * trade.side * value_of(trade)
        worth = -worth if adds_to(trade, fill) else worth
        is_the_end = trade.exited is not None and place == len(trade.fills) - 1
        found.append(
            Effect(
                rule_behind(trade, fill),
                fill,
                None if is_the_end else (fill.price - trade.ended) * worth,
                None if alone is None else (fill.price - alone.ended) * worth,
            )
        )
    return found


@define
class RuleEffect:
    """One rule's figures over all trades; amounts in rupees, None where no action of that kind is known.

    Args:
        trades: in how many it acted. fills: its orders that were filled. stops, targets: that it set. alerts: it told.
        unfilled: orders that met no price. quantity: filled.
        effect: what its books and adds earned against not having acted, to the position's end (as `rulekit summary`).
        against_holding: what all of its orders, and the stops and targets of its that were reached, earned against
            having left the entries alone.
        helped: how many of these earned something.
        worth: what the policy earned more than it would have without this rule, None where that was not asked.
    """

    rule: str
    trades: int = 0
    fills: int = 0
    reached: int = 0
    stops: int = 0
    targets: int = 0
    alerts: int = 0
    unfilled: int = 0
    quantity: int = 0
    effect: float | None = None
    against_holding: float | None = None
    helped: int = 0
    worth: float | None = None
    _to_the_end: list[float] = field(factory=list, repr=False)
    _holding: list[float] = field(factory=list, repr=False)

    def count(self, effect: Effect) -> None:
        """Add one fill."""
        self.reached += effect.fill.rule in _SET_BY
        self.fills += effect.fill.rule not in _SET_BY
        self.quantity += effect.fill.quantity
        if effect.to_the_end is not None:
            self._to_the_end.append(effect.to_the_end)
        if effect.against_holding is not None:
            self._holding.append(effect.against_holding)

    def finish(self) -> None:
        """Work out the sums."""
        self.effect = round(math.fsum(self._to_the_end), 2) if self._to_the_end else None
        self.against_holding = round(math.fsum(self._holding), 2) if self._holding else None
        self.helped = sum(one > 0 for one in self._holding)

    def to_dict(self) -> dict[str, Any]:
        """Return the figures as a row."""
        return {
            "rule": self.rule, "trades": self.trades, "fills": self.fills, "reached": self.reached,
            "stops": self.stops, "targets": self.targets, "alerts": self.alerts, "unfilled": self.unfilled,
            "quantity": self.quantity, "effect": self.effect, "against_holding": self.against_holding,
            "helped": self.helped, "worth": self.worth,
        }  # fmt: skip


_COUNTED = {"stop": "stops", "target": "targets", "alert": "alerts", "unfilled": "unfilled"}


def rule_effects(
    trades: Iterable[Trade], rules: Iterable[str], alone: Mapping[int, Trade] | None = None
) -> list[RuleEffect]:
    """Return the figures of every rule, those of the policies first and in their order.

    Args:
        alone: by the row of the entry, what became of it without management.
    """
    found = {name: RuleEffect(name) for name in rules}
    ours = len(found)
    for trade in trades:
        acted = set()
        for effect in effects_of(trade, None if alone is None else alone.get(trade.row)):
            found.setdefault(effect.rule, RuleEffect(effect.rule)).count(effect)
            acted.add(effect.rule)
        for mark in trade.marks:
            row = found.setdefault(mark.rule, RuleEffect(mark.rule))
            setattr(row, _COUNTED[mark.kind], getattr(row, _COUNTED[mark.kind]) + 1)
            acted.add(mark.rule)
        for name in acted:
            found[name].trades += 1
    rows = list(found.values())
    for row in rows:
        row.finish()
    last = (OWN_STOP, SQUARE_OFF)
    return rows[:ours] + sorted(rows[ours:], key=lambda row: (row.rule in last, row.rule))
