"""The one way to change anything: note it, flush it, then tell of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from attrs import evolve

from rulekit.errors import JournalAwayError, JournalError
from rulekit.execution.actions import DECIDED, SENDING, ActionRecord, Attempt
from rulekit.execution.alarms import alarm_id, raised_by
from rulekit.execution.budgets import Budgets
from rulekit.execution.journal import Journal
from rulekit.execution.ledger import (
    ACTION_DECIDED,
    ADOPTED,
    ALARM,
    ATTEMPT_CHANGED,
    CANCELLING,
    CHANGING,
    GOAL_REDUCED,
    MODE,
    REQUEST,
    STATE_CHANGED,
    WAIT,
)
from rulekit.execution.other_clock import level
from rulekit.execution.settings import ExecutionSettings
from rulekit.execution.switch import JOURNAL
from rulekit.model.clock import Clock
from rulekit.model.events import Emit, Event
from rulekit.model.instant import SECOND, Instant
from rulekit.model.instrument import PositionKey
from rulekit.model.meters import Meters
from rulekit.model.prices import known, to_rupees


def in_rupees(units: float, scale: int) -> float | None:
    """Return a price for an event, None if it is unknown."""
    return float(to_rupees(units, scale)) if known(units) else None


class Chronicle:
    """Journal, ledger and events in step: an event is told only after its entry is durable."""

    def __init__(
        self, journal: Journal, clock: Clock, settings: ExecutionSettings, emit: Emit, meters: Meters | None = None
    ) -> None:
        self.journal = journal
        self.clock = clock
        self.settings = settings
        self.ledger = journal.ledger()
        level(self.ledger, clock.now())
        self.budgets = Budgets(settings, self.ledger.recent_posts(clock.now()))
        self.meters = meters or Meters(journal.account)
        self._emit = emit
        self._events: list[Event] = []
        self._trouble_told = False
        self.before_flush: Callable[[], None] | None = None

    def note(self, kind: str, body: Mapping[str, Any], subject: str = "", token: str | None = None) -> None:
        """Put an entry behind the others and fold it into the ledger; it is durable after `flush`."""
        entry = self.journal.add(kind, body, subject, token)
        if kind == STATE_CHANGED:
            self.meters.entered(self.ledger.actions[subject].lane, body["state"])
        self.ledger.apply(entry)
        if kind == REQUEST:
            self.meters.entered(self.ledger.actions[subject].lane, SENDING)
        elif kind == ACTION_DECIDED:
            self.meters.entered(self.ledger.actions[subject].lane, DECIDED)

    def tell(self, name: str, symbol: str = "", strategy: str = "", action: str = "", **data: Any) -> None:
        """Put an event behind the others; it goes out after the next flush.

        One that a person must see is kept as an alarm until it is acknowledged; while it is open, the same goes to the
        log only.
        """
        event = Event(name, self.clock.now(), symbol, strategy, action, data)
        raised = raised_by(event)
        if raised is not None:
            same = self.ledger.alarms.same(raised["key"])
            number = alarm_id(self.journal.id, self.journal.last_seq + 1) if same is None else same.id
            if same is None:
                self.note(ALARM, {"id": number, **raised})
            more = {"alarm": number, "level": raised["level"], "cause": raised["cause"]}
            event = evolve(event, data={**data, **more, **({"again": True} if same is not None else {})})
        self._events.append(event)

    def tell_of(self, name: str, action: ActionRecord, **data: Any) -> None:
        """Put an event about an action behind the others."""
        self.tell(name, action.key.symbol, action.strategy, action.id, id=action.id, rule=action.rule, **data)

    def alert(
        self,
        text: str,
        action: ActionRecord | None = None,
        *,
        symbol: str = "",
        level: str = "warning",
        cause: str = "order",
    ) -> None:
        """Put an alert for a person behind the others.

        Args:
            cause: a word by which alerts of its kind can be silenced.
        """
        data = {"text": text, "level": level, "cause": cause}
        self.meters.alerted(level)
        if action is None:
            self.tell("alert", symbol, **data)
        else:
            self.tell("alert", action.key.symbol, action.strategy, action.id, **data)

    def flush(self) -> None:
        """Make everything durable, then tell of it. Does nothing when nothing happened."""
        if self.journal.waiting:
            if self.before_flush is not None:
                self.before_flush()
            self._write()
        if self._events:
            events, self._events = self._events, []
            for event in events:
                self._emit(event)

    def announce(self) -> None:
        """Make durable what announces a request that follows at once.

        Where the journal's server is away it is not made, and nobody need be told here: the broker's port refuses to
        send what is not durable, so the request comes to the end of one that was never sent.
        """
        with suppress(JournalAwayError):
            self.flush()

    def _write(self) -> None:
        meters = self.meters
        began = meters.begin()
        try:
            self.journal.flush()
        except JournalAwayError as error:
            meters.journal_failed = error.message
            raise  # it is waited for, and whoever attends to it tells of it
        except JournalError as error:
            meters.journal_failed = error.message
            # Nothing can be written down any more, so this alone is told without an entry.
            if not self._trouble_told:
                self._trouble_told = True
                text = f"nothing more is sent: {error.message}"
                data = {"text": text, "level": "critical", "cause": JOURNAL}
                self._emit(Event("alert", self.clock.now(), data=data))
            raise
        meters.took(meters.flush, began)
        meters.flushed, meters.journal_failed = meters.flushed or meters.begin(), ""

    # --- the entries that are written in more than one place ----------------------------------------------------

    def state(self, action: ActionRecord, state: str, evidence: str, **more: Any) -> None:
        """Take an action to a state, if it is not there already."""
        if action.state != state:
            self.note(STATE_CHANGED, {"state": state, "evidence": evidence, **more}, action.id)

    def attempt(self, action: ActionRecord, attempt: Attempt, **changes: Any) -> None:
        """Change an attempt."""
        self.note(ATTEMPT_CHANGED, {"n": attempt.n, **changes}, action.id)

    def request(self, action: ActionRecord, body: Mapping[str, Any]) -> Attempt:
        """Announce a request, count it, and return its attempt."""
        self.note(REQUEST, body, action.id, token=body["tag"])
        attempt = action.attempts[-1]
        self.budgets.spend(attempt.sent)
        return attempt

    def cancelling(self, order_id: str, action: ActionRecord | None, attempt: Attempt | None) -> None:
        """Announce a cancellation, and count it."""
        self.note(
            CANCELLING,
            {"order_id": order_id, "n": attempt.n if attempt else 0},
            action.id if action else "",
        )
        self.budgets.spend(self.clock.now())

    def changing(self, action: ActionRecord, attempt: Attempt, quantity: int, trigger: float) -> None:
        """Announce a change of a standing stop order, and count it."""
        self.note(CHANGING, {"n": attempt.n, "quantity": quantity, "trigger": trigger}, action.id)
        self.budgets.spend(self.clock.now())

    def wait(self, action: ActionRecord, seconds: float) -> None:
        """Let an action wait before its next attempt."""
        if seconds > 0:
            self.note(WAIT, {"until": self.clock.now() + round(seconds * SECOND)}, action.id)

    def goal(self, action: ActionRecord, goal: int, evidence: str) -> None:
        """Reduce what is left of an action's quantity."""
        self.note(GOAL_REDUCED, {"goal": goal, "evidence": evidence}, action.id)

    def adopt(self, key: PositionKey, quantity: int, average: float) -> None:
        """Take over what the broker shows."""
        self.note(ADOPTED, {"key": list(key), "quantity": quantity, "average": average})

    def switch(self, name: str, reason: str, *, cause: str, flatten: bool = False, by_person: bool = False) -> bool:
        """Switch the trading state; only a person lowers it. Returns whether anything changed.

        Args:
            cause: one of `rulekit.execution.switch.CAUSES`.
        """
        mode = self.ledger.mode
        if not by_person and not mode.is_raised_by(name, flatten):
            return False
        flatten = flatten or (mode.flatten and name == mode.name)
        self.note(MODE, {"mode": name, "reason": reason, "flatten": flatten, "cause": cause})
        self.tell("mode_changed", mode=name, was=mode.name, reason=reason, cause=cause)
        return True

    def now(self) -> Instant:
        """Return the current instant."""
        return self.clock.now()
