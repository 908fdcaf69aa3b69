"""What each rule did, and what its actions earned or cost against not having acted."""

from __future__ import annotations

import math
from collections.abc import Iterable
from statistics import median
from typing import Any

from attrs import define, field

from rulekit.execution.actions import APPLIED, DONE, FILLED, REFUSED, SUPERSEDED, ActionRecord
from rulekit.execution.journal_chain import checked, entry_of
from rulekit.execution.journal_schema import FIRST, Entry
from rulekit.execution.journal_store import Shelf
from rulekit.execution.ledger import Ledger
from rulekit.execution.seals import latest_seal, take_state
from rulekit.execution.settling import average_of
from rulekit.model.decision import ADD, BOOK
from rulekit.model.instant import SECOND, Instant
from rulekit.model.instrument import PositionKey
from rulekit.model.orders import SIGN


@define
class RuleFigures:
    """One rule's figures; slippage and effect in rupees, None where a price is not known."""

    rule: str
    fired: int = 0
    filled: int = 0
    applied: int = 0
    refused: int = 0
    superseded: int = 0
    open: int = 0
    quantity: int = 0
    slippage: float | None = None
    seconds: float | None = None
    effect: float | None = None
    _slips: list[tuple[float, int]] = field(factory=list, repr=False)
    _times: list[float] = field(factory=list, repr=False)

    def count(self, action: ActionRecord, closed_at: float | None) -> None:
        """Add one action.

        Args:
            action: any action of the rule.
            closed_at: the price at which its position's episode ended, None while it runs.
        """
        self.fired += 1
        self.filled += action.state == FILLED
        self.applied += action.state in (APPLIED, DONE)
        self.refused += action.state == REFUSED
        self.superseded += action.state == SUPERSEDED
        self.open += action.open
        if not action.filled or action.side is None:
            return
        self.quantity += action.filled
        average, scale = average_of(action), action.scale
        slip = (average - action.price) * SIGN[action.side] / scale
        if math.isfinite(slip):
            self._slips.append((slip, action.filled))
        times = [attempt.filled_at for attempt in action.attempts if attempt.filled_at is not None]
        if times:
            self._times.append((max(times) - action.decided) / SECOND)
        effect = effect_of(action, average, closed_at)
        if effect is not None:
            self.effect = (self.effect or 0.0) + effect

    def finish(self) -> None:
        """Work out the means from what was counted."""
        shares = sum(quantity for _, quantity in self._slips)
        self.slippage = sum(slip * quantity for slip, quantity in self._slips) / shares if shares else None
        self.seconds = median(self._times) if self._times else None

    def to_dict(self) -> dict[str, Any]:
        """Return the figures for JSON."""
        return {
            "rule": self.rule,
            "fired": self.fired,
            "filled": self.filled,
            "applied": self.applied,
            "refused": self.refused,
            "superseded": self.superseded,
            "open": self.open,
            "quantity": self.quantity,
            "slippage": None if self.slippage is None else round(self.slippage, 4),
            "seconds": None if self.seconds is None else round(self.seconds, 3),
            "effect": None if self.effect is None else round(self.effect, 2),
        }


def effect_of(action: ActionRecord, average: float, closed_at: float | None) -> float | None:
    """Return what a book or an add earned in rupees against having held on to the position's end.

    A book earns what the price fell below it until then (for a long), an add what it rose above it. The exit that
    ends the position is the end itself and has no effect of this kind; None where a price is not known.
    """
    if action.kind not in (BOOK, ADD) or closed_at is None or action.side is None:
        return None
    effect = (closed_at - average) * SIGN[action.side] * action.filled / action.scale
    return effect if math.isfinite(effect) else None


class _Counting(Ledger):
    """A ledger that counts each action when it is let go of, and remembers at what price each episode ended.

    That is the average of the order that closed it.
    """

    def __init__(self, since: Instant) -> None:
        self.figures: dict[str, RuleFigures] = {}
        self._since = since
        self._first: dict[str, int] = {}
        self._closed_at: dict[str, float] = {}
        self._fills: dict[str, list[tuple[str, int, float]]] = {}
        super().__init__()

    def _let_go(self, action: ActionRecord) -> None:
        self._count(action)
        super()._let_go(action)

    def _count(self, action: ActionRecord) -> None:
        if action.decided >= self._since:
            rule = self.figures.setdefault(action.rule, RuleFigures(action.rule))
            rule.count(action, self._closed_at.get(action.episode))
            self._first[action.rule] = min(action.seq, self._first.get(action.rule, action.seq))

    def _trade(self, entry: Entry) -> None:
        body = entry.body
        book = self.book(PositionKey(*body["key"]))
        episode, side = book.episode, book.side
        super()._trade(entry)
        fills = self._fills.setdefault(episode, [])
        fills.append((body["order"], body["quantity"], body["price"]))
        if side and book.side != side:
            closing = [(quantity, price) for order, quantity, price in fills if order == body["order"]]
            total = sum(quantity for quantity, _ in closing)
            self._closed_at[episode] = sum(quantity * price for quantity, price in closing) / total
            del self._fills[episode]

    def finish(self) -> list[RuleFigures]:
        """Count what is left, and return the figures of every rule in the order in which they first acted."""
        for action in self.actions.values():
            self._count(action)
        found = sorted(self.figures.values(), key=lambda rule: self._first[rule.rule])
        for rule in found:
            rule.finish()
        return found


def summarise(entries: Iterable[Entry]) -> list[RuleFigures]:
    """Return the figures of every rule of a journal, in the order in which they first acted."""
    ledger = _Counting(0)
    for entry in entries:
        ledger.apply(entry)
    return ledger.finish()


def summarise_since(shelf: Shelf, since: Instant) -> list[RuleFigures]:
    """Return the figures of what was decided at a time or later; read from the last state that was sealed before it.

    Raises:
        JournalError: what was read is damaged.
    """
    ledger, digest, after = _Counting(since), FIRST, 0
    seal = latest_seal(shelf, until=since)
    if seal is not None:
        take_state(ledger, seal.text)
        digest, after = seal.digest, seal.seq
    for row in checked(shelf.rows(after), shelf.name, digest, after):
        ledger.apply(entry_of(row))
    return ledger.finish()
