"""Residuals: an accepted order is not a filled one; what rests too long is cancelled, and its rest placed wider."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from rulekit.execution import actions as states
from rulekit.execution.actions import ActionRecord, Attempt
from rulekit.execution.chronicle import Chronicle
from rulekit.execution.guards import square_off
from rulekit.execution.port import Broker
from rulekit.execution.sizing import on_its_way
from rulekit.execution.switch import HALTED
from rulekit.execution.tracking import Tracker
from rulekit.model.decision import ADD
from rulekit.model.instant import SECOND, Instant
from rulekit.model.orders import SIGN
from rulekit.model.snapshot import SessionTimes

CHASES, CHASE_AFTER = 3, 10
"""An order that a price band keeps from becoming wider is placed again so often, after so many times its patience."""


class Residuals:
    """Watches resting orders; it cancels, and leaves the rest to the queue once their end is in the book."""

    def __init__(
        self,
        chronicle: Chronicle,
        tracker: Tracker,
        broker: Broker,
        session: Callable[[str, Instant], SessionTimes | None],
    ) -> None:
        self._chronicle = chronicle
        self._tracker = tracker
        self._broker = broker
        self._session = session
        self._told_bound: set[str] = set()

    def let_go(self) -> None:
        """Forget what was told of actions that have ended."""
        self._told_bound &= self._chronicle.ledger.open.keys()

    def tend(self, now: Instant) -> None:
        """Cancel what should rest no longer, as far as the budgets allow."""
        for action in list(self._watched()):
            for attempt in action.attempts:
                if attempt.state == states.ATTEMPT_ACCEPTED and attempt.order_id and not attempt.external:
                    self._tend_one(action, attempt, now)

    def _watched(self) -> Iterable[ActionRecord]:
        """Return the open actions; the ended ones too once an order arrived after its action was done with."""
        ledger = self._chronicle.ledger
        watched = ledger.actions.values() if ledger.late else ledger.open.values()
        return (action for action in watched if action.kind != states.PROTECT)

    def _tend_one(self, action: ActionRecord, attempt: Attempt, now: Instant) -> None:
        why = self._why_cancel(action, attempt, now)
        if why is None or not self._may_ask(attempt, now):
            return
        if self._chronicle.budgets.due(now, urgent=True) > now:
            return
        data = {"order_id": attempt.order_id, "filled": action.filled, "quantity": action.goal, "step": attempt.n}
        self._chronicle.tell_of("order_resting", action, **data)
        self._chronicle.cancelling(attempt.order_id, action, attempt)
        self._chronicle.announce()
        try:
            self._broker.cancel(attempt.order_id)
        except Exception as error:
            # Cancelling twice does no harm: its end is read from the book, and it is asked again if there is none.
            self._chronicle.alert(f"cancelling {attempt.order_id} failed: {error}", action)

    def _why_cancel(self, action: ActionRecord, attempt: Attempt, now: Instant) -> str | None:
        mode = self._chronicle.ledger.mode
        if mode.name == HALTED and not mode.lets_pass(action.kind, action.rule):
            return "the engine is halted"
        if action.kind == ADD and not mode.lets_pass(ADD, action.rule):
            return f"the engine is {mode.name}"
        if action.kind == ADD and (stopped := self._chronicle.ledger.adds_stopped(now)):
            return stopped
        if action.filled >= action.goal:
            return "nothing is left to fill"
        if self._would_turn(action):
            return "the position became smaller than what rests"
        if left := square_off(action.key, self._session(action.key.exchange, now), now, self._chronicle.settings):
            return left  # of two exits at once, only the broker's is sure to be one
        if now < attempt.sent + self._patience():
            return None
        steps = len(self._chronicle.settings.protection_steps)
        capped = action.widest is not None and action.chases < CHASES
        if capped and now >= attempt.sent + CHASE_AFTER * self._patience():
            return "the market may have left it behind"
        if action.kind in states.CLOSING_KINDS and attempt.step >= (steps if action.widest is None else action.widest):
            self._tell_bound(action, attempt)
            return None
        return "it rested beyond its patience"

    def _would_turn(self, action: ActionRecord) -> bool:
        """Tell whether what rests would take the position through zero if it filled now."""
        if action.kind not in states.CLOSING_KINDS:
            return False
        book = self._chronicle.ledger.books.get(action.key)
        own = -(book.quantity if book else 0) * SIGN[str(action.side)]
        shown = -self._tracker.shown(action.key) * SIGN[str(action.side)]
        # Both must say so: a list that only lags is no reason to cancel a good exit.
        return on_its_way(self._chronicle.ledger, action) > max(0, own, shown)

    def _patience(self) -> int:
        return round(self._chronicle.settings.patience_s * SECOND)

    def _may_ask(self, attempt: Attempt, now: Instant) -> bool:
        if attempt.cancel_asked is None:
            return True
        if attempt.cancels >= self._chronicle.settings.changes_per_order:
            return False
        return now >= attempt.cancel_asked + self._patience() * min(attempt.cancels, 10)

    def _tell_bound(self, action: ActionRecord, attempt: Attempt) -> None:
        if action.id in self._told_bound:
            return
        self._told_bound.add(action.id)
        width = "the broker's own" if attempt.protection is None else f"{attempt.protection:g}%"
        text = (
            f"{action.rule}: order {attempt.order_id} rests at the widest protection allowed "
            f"({width}), {action.filled} of {action.goal} filled; it is left there and watched"
        )
        self._chronicle.alert(text, action, level="critical")

    def next_due(self, now: Instant) -> Instant | None:
        """Return when a resting order is to be looked at again, None if none rests."""
        dues = []
        for action in self._watched():
            attempt = action.live
            if attempt is None or attempt.state != states.ATTEMPT_ACCEPTED:
                continue
            waited = attempt.cancel_asked if attempt.cancel_asked is not None else attempt.sent
            due = waited + self._patience()
            dues.append(due if due > now else now + round(self._chronicle.settings.look_s * SECOND))
        return min(dues, default=None)
