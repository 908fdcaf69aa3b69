"""Intents: what becomes of a decision before anything is sent. Each firing is written once; stops move at once."""

from __future__ import annotations

from attrs import evolve

from rulekit.execution import actions as states
from rulekit.execution.actions import QUANTITY_KINDS, ActionRecord
from rulekit.execution.chronicle import Chronicle, in_rupees
from rulekit.execution.deciding import Decided, write_decided
from rulekit.execution.dispatch import DRY, GUARDED, Dispatcher
from rulekit.execution.guards import refusal
from rulekit.execution.signal import RegularSignal, taken_row
from rulekit.execution.tracking import Tracker
from rulekit.model.decision import ALERT, REGULAR, STOP, TARGET, Action
from rulekit.model.instant import Instant, day_number


class Intents:
    """Writes decisions down, asks the guards, and moves the stops."""

    def __init__(self, chronicle: Chronicle, tracker: Tracker, dispatcher: Dispatcher) -> None:
        self._chronicle = chronicle
        self._tracker = tracker
        self._dispatcher = dispatcher

    def news_of(self, one: Decided) -> list[Action]:
        """Return the actions of a decision that the journal does not hold yet."""
        return [action for action in one.decision.actions if not self._said_before(one, action)]

    def _said_before(self, one: Decided, action: Action) -> bool:
        """Tell whether the journal holds this very firing, or it would end today as the last one of its rule did."""
        tally = self._chronicle.ledger.tally(one.position.episode, action.rule)
        last = tally.last
        if last is None:
            return False
        if tally.firings > one.position.firings.get(action.rule, 0):
            return True
        if day_number(last.decided) != day_number(self._chronicle.now()):
            return False
        if last.reason == DRY:
            return True
        return last.reason.startswith(GUARDED) and self._still_refused(one, action, last)

    def _still_refused(self, one: Decided, action: Action, last: ActionRecord) -> bool:
        """Tell whether the same guard would refuse it once more: that is the same firing, already on record."""
        case = self._dispatcher.question(last, action.quantity or 0, self._chronicle.now())
        answer = refusal(evolve(case, price=one.price))
        return answer is not None and last.reason.startswith(f"{GUARDED} ({answer[0]})")

    def write(self, one: Decided, action: Action, now: Instant) -> bool:
        """Note one action with what follows from it at once; False if the journal holds it already."""
        position = one.position
        record = write_decided(
            self._chronicle,
            action,
            key=position.key,
            episode=position.episode,
            ordinal=position.firings.get(action.rule, 0),
            strategy=position.strategy,
            price=one.price,
            scale=self._tracker.instrument(position.key.instrument).scale,
            policy_digest=one.policy_digest,
            snapshot_digest=one.snapshot_digest,
        )
        if record is None:
            return False
        if record.kind == STOP:
            self._apply_stop(record)
        elif record.kind == TARGET:
            self._apply_target(record)
        elif record.kind == ALERT:
            text = str(action.detail.get("text", action.why))
            self._chronicle.state(record, states.DONE, f"told: {text}")
            self._chronicle.alert(text, record, level="told")
        elif record.kind in QUANTITY_KINDS:
            answer = refusal(self._dispatcher.question(record, record.quantity or 0, now))
            if answer is not None:
                self._dispatcher.refuse(record, *answer)
        return True

    def _apply_stop(self, action: ActionRecord) -> None:
        """Move the tracked stop at once; one that would loosen it is superseded."""
        book = self._chronicle.ledger.book(action.key)
        scale = action.scale
        if action.stop is None or book.episode != action.episode or not book.tightens(action.stop):
            standing = in_rupees(book.stop, scale)
            self._chronicle.state(action, states.SUPERSEDED, f"the stop stands at {standing}")
            self._chronicle.tell_of("action_superseded", action, reason=action.reason)
            return
        was = book.stop
        self._chronicle.state(action, states.APPLIED, f"stop {in_rupees(action.stop, scale)}", stop=action.stop)
        self._chronicle.tell_of("stop_moved", action, stop=in_rupees(action.stop, scale), was=in_rupees(was, scale))
        self._dispatcher.taken.append(taken_row(action))

    def _apply_target(self, action: ActionRecord) -> None:
        """Move the tracked target at once; one for an episode that is over is superseded."""
        book = self._chronicle.ledger.book(action.key)
        if action.stop is None or book.episode != action.episode or not book.quantity:
            self._chronicle.state(action, states.SUPERSEDED, "the position it was for is closed")
            self._chronicle.tell_of("action_superseded", action, reason=action.reason)
            return
        was, target = in_rupees(book.target, action.scale), in_rupees(action.stop, action.scale)
        self._chronicle.state(action, states.APPLIED, f"target {target}", target=action.stop)
        self._chronicle.tell_of("target_moved", action, target=target, was=was)
        self._dispatcher.taken.append(taken_row(action))

    def take_regular(self, request: RegularSignal) -> None:
        """Note a host's own entry; one that a guard refuses ends at once."""
        action = Action(request.reason, states.ENTRY, request.side, request.quantity, None, REGULAR, request.reason)
        record = write_decided(
            self._chronicle,
            action,
            key=request.key,
            episode=f"regular/{request.signal_id}",
            ordinal=0,
            strategy=request.strategy,
            price=request.price,
            scale=self._tracker.instrument(request.key.instrument).scale,
        )
        if record is not None:
            answer = refusal(self._dispatcher.question(record, request.quantity, self._chronicle.now()))
            if answer is not None:
                self._dispatcher.refuse(record, *answer)
