"""Orders for the whole book: written down once, latched for their time, and carried out position by position.

What a rule for the book decides is an action like any other, without side or quantity. `exit everything` stays open
until nothing that is managed is left; `stop adding` is done at once and holds for the day; `stop trading` switches the
trading state, which only a person lowers.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from typing import Any

from attrs import frozen

from rulekit.execution import actions as states
from rulekit.execution.actions import ActionRecord
from rulekit.execution.chronicle import Chronicle
from rulekit.execution.commands import waiting_to_be_sent
from rulekit.execution.deciding import write_decided
from rulekit.execution.ledger import LOOKED
from rulekit.execution.signal import taken_row
from rulekit.execution.switch import ACTIVE, BOOK_RULE, REDUCING
from rulekit.model.book import NO_ORDERS, BookOrders
from rulekit.model.decision import (
    ADD,
    EXIT_EVERYTHING,
    STOP_ADDING,
    STOP_TRADING,
    WHOLE_BOOK,
    Action,
    Memory,
    RuleMemory,
)
from rulekit.model.instant import Instant, day_number
from rulekit.model.instrument import PositionKey
from rulekit.model.prices import PAISE, UNKNOWN


@frozen
class DecidedBook:
    """What was decided about the whole book by one policy, and what it was decided on."""

    actions: tuple[Action, ...]
    strategy: str
    policy_digest: str
    snapshot_digest: str
    look: Mapping[str, Any] | None = None


def book_episode(day: int, kind: str) -> str:
    """Name the episode of the book to which a firing belongs: a day, and what is ordered."""
    return f"{WHOLE_BOOK}/{day}/{kind}"


class BookOrdering:
    """Writes down what rules for the whole book decide, and says what still stands."""

    def __init__(self, chronicle: Chronicle, taken: deque[dict[str, object]]) -> None:
        self._chronicle = chronicle
        self._taken = taken
        self._kept_at = (-1, -1)
        self._kept: tuple[Memory, BookOrders] = ({}, NO_ORDERS)

    def memory(self, now: Instant) -> Memory:
        """Return what the rules for the book remember of this day: how often they fired, and when last."""
        return self._look(now)[0]

    def standing(self, now: Instant) -> BookOrders:
        """Return what is ordered for every position now."""
        return self._look(now)[1]

    def _look(self, now: Instant) -> tuple[Memory, BookOrders]:
        """Return both; every price asks for them, and only an entry or another day changes them."""
        mark = (self._chronicle.ledger.applied, day_number(now))
        if mark != self._kept_at:
            self._kept_at, self._kept = mark, (self._memory(now), self._standing(now))
        return self._kept

    def _memory(self, now: Instant) -> Memory:
        found: dict[str, RuleMemory] = {}
        for kind in (EXIT_EVERYTHING, STOP_ADDING, STOP_TRADING):
            tallies = self._chronicle.ledger.tallies.get(book_episode(day_number(now), kind), {})
            for rule, tally in tallies.items():
                at = tally.last.decided if tally.last is not None else None
                before = found.get(rule, RuleMemory())
                if tally.firings > before.fired:
                    found[rule] = RuleMemory(tally.firings, at)
        return found

    def _standing(self, now: Instant) -> BookOrders:
        exits = self._exits()
        stopped = self._chronicle.ledger.adds_stopped(now)
        first = exits[0] if exits else None
        return BookOrders(first.rule if first else "", first.why if first else "", stopped)

    def order(self, decided: Sequence[DecidedBook], now: Instant) -> int:
        """Note what was decided, with all that follows from it at once; return how many orders are new."""
        return sum(self._order(one, action, now) for one in decided for action in one.actions)

    def _order(self, one: DecidedBook, action: Action, now: Instant) -> bool:
        chronicle = self._chronicle
        episode = book_episode(day_number(now), action.kind)
        if one.look is not None and action is one.actions[0]:
            chronicle.note(LOOKED, one.look)
        record = write_decided(
            chronicle,
            action,
            key=PositionKey(chronicle.journal.account, "", WHOLE_BOOK, ""),
            episode=episode,
            ordinal=chronicle.ledger.tally(episode, action.rule).firings,
            strategy=one.strategy,
            price=UNKNOWN,
            scale=PAISE,
            policy_digest=one.policy_digest,
            snapshot_digest=one.snapshot_digest,
        )
        if record is None:
            return False
        self._taken.append(taken_row(record))
        if action.kind == STOP_ADDING:
            chronicle.state(record, states.DONE, "nothing is added for the rest of the day")
        elif action.kind == STOP_TRADING:
            self._stop_trading(record)
        self._drop_waiting_adds(record)
        return True

    def _stop_trading(self, record: ActionRecord) -> None:
        """Let only what makes a position smaller pass, until a person resumes."""
        mode = self._chronicle.ledger.mode
        self._chronicle.switch(REDUCING, f"{record.rule}: {record.why}", cause=BOOK_RULE)
        evidence = "reducing until a person resumes" if mode.name == ACTIVE else f"the engine was {mode.name} already"
        self._chronicle.state(record, states.DONE, evidence)

    def _drop_waiting_adds(self, record: ActionRecord) -> None:
        """End the adds that wait to be sent: they were decided before."""
        for action in waiting_to_be_sent(self._chronicle.ledger):
            if action.kind == ADD:
                reason = f"{record.rule}: {record.kind}"
                self._chronicle.state(action, states.CANCELLED, reason)
                self._chronicle.tell_of("action_cancelled", action, reason=reason)

    # --- exit everything --------------------------------------------------------------------------------------

    def _exits(self) -> list[ActionRecord]:
        return [action for action in self._chronicle.ledger.open.values() if action.kind == EXIT_EVERYTHING]

    def finish_exits(self, now: Instant, held: Sequence[str], left_alone: Sequence[str]) -> None:
        """End the orders to exit everything once nothing is held; one of an earlier day is given up.

        Args:
            held: symbols of what is managed and still held, or still has an order of ours.
            left_alone: symbols of what no policy manages: it is not closed, and a person is told.
        """
        for action in self._exits():
            if not held:
                text = "everything that is managed is flat"
                if left_alone:
                    text += f"; not managed, and left alone: {', '.join(left_alone)}"
                self._chronicle.state(action, states.DONE, text)
                self._chronicle.alert(f"{action.rule}: {text}", action, level="critical" if left_alone else "warning")
            elif day_number(action.decided) != day_number(now):
                text = f"the day ended before all was flat: {', '.join(held)}"
                self._chronicle.state(action, states.EXPIRED, text)
                self._chronicle.tell_of("action_expired", action, reason=text)
                self._chronicle.alert(f"{action.rule}: {text}", action, level="critical")
