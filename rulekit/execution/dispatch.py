"""Sending: who is next, how much, one flushed entry, one request, and what became of it."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from attrs import frozen

from rulekit.execution import actions as states
from rulekit.execution.actions import ActionRecord, Attempt, attempt_tag
from rulekit.execution.chronicle import Chronicle, in_rupees
from rulekit.execution.commands import waiting_to_be_sent
from rulekit.execution.guards import Question, refusal
from rulekit.execution.lanes import URGENT, is_regular
from rulekit.execution.ledger import Ledger
from rulekit.execution.route import Route
from rulekit.execution.signal import ManagementSignal, signal_for, taken_row
from rulekit.execution.sizing import Allowed, allowed, slice_of, slices
from rulekit.execution.switch import HALTED, MORE_ORDERS
from rulekit.execution.tracking import Tracker
from rulekit.model.decision import ADD, EXIT, EXIT_EVERYTHING
from rulekit.model.instant import MINUTE, SECOND, Instant, day_number
from rulekit.model.instrument import InstrumentKey, PositionKey
from rulekit.model.orders import Accepted, NotSent, OrderRequest, Outcome, Refused, Uncertain
from rulekit.model.prices import UNKNOWN
from rulekit.model.snapshot import SessionTimes

GUARDED = "refused by guard"
DRY = "dry run: not sent"


@frozen
class Waiting:
    """Why an action cannot be sent now, and from when it may be; None: not by waiting alone."""

    because: str
    due: Instant | None = None


TAKEN_KEPT = 1_000
"""Rows of what was sent or applied that a host can read back; the journal has all of them."""


class Dispatcher:
    """Sends what may be sent. It knows the route, never who decided."""

    def __init__(
        self,
        chronicle: Chronicle,
        tracker: Tracker,
        route: Route,
        session: Callable[[str, Instant], SessionTimes | None],
        dry_run: bool,
    ) -> None:
        self._chronicle = chronicle
        self._tracker = tracker
        self._route = route
        self._session = session
        self._dry_run = dry_run
        self._regular_sent: list[Instant] = []
        self._told_waiting: dict[str, str] = {}
        self.looks = 0
        self._failed_at: dict[str, int] = {}
        self._queued_at = -1
        self._queued: list[ActionRecord] = []
        self._busy_at = -1
        self._busy_with: dict[InstrumentKey, Waiting | None] = {}
        self.resting_elsewhere: Callable[[ActionRecord], int] = lambda action: 0
        self.in_the_way: Callable[[ActionRecord], bool] = lambda action: False
        self.stop_rejected: Callable[[ActionRecord, str], None] = lambda action, reason: None
        self.taken: deque[dict[str, object]] = deque(maxlen=TAKEN_KEPT)

    def let_go(self) -> None:
        """Forget what was about actions that have ended."""
        still = self._chronicle.ledger.open
        self._told_waiting = {name: because for name, because in self._told_waiting.items() if name in still}
        self._failed_at = {name: look for name, look in self._failed_at.items() if name in still}

    # --- who is next --------------------------------------------------------------------------------------------

    def queue(self) -> list[ActionRecord]:
        """Return the actions that wait to be sent, first to be served first; the list is not the caller's to change."""
        ledger = self._chronicle.ledger
        if self._queued_at != ledger.applied:
            self._queued_at, self._queued = ledger.applied, waiting_to_be_sent(ledger)
        return self._queued

    def obstacle(self, action: ActionRecord, now: Instant) -> Waiting | None:
        """Return what keeps an action from being sent, budgets apart."""
        busy = self._busy(action.key.instrument)
        if busy is not None:
            return busy
        if self.in_the_way(action):
            return Waiting("the stop that stands at the broker makes room first")
        if action.not_before > now:
            return Waiting("it waits before the next try", action.not_before)
        if self._failed_at.get(action.id) == self.looks:
            # A host's own engine is asked again in the host's next cycle, and no sooner.
            return Waiting("it waits for a fresh look at the position", None if self._route.external else now)
        if self._tracker.is_doubted(action.key):
            room = self._room(action)
            if not room.quantity and room.by_book:
                # It is sent when the list has caught up, or ends when the list is believed.
                because = f"the broker's list of positions seems older than our trades: {room.evidence}"
                return Waiting(because, now + round(self._chronicle.settings.look_s * SECOND))
        if is_regular(action):
            return self._throttle(now)
        return None

    def _busy(self, instrument: InstrumentKey) -> Waiting | None:
        """Return what is on its way or unknown in an instrument; looked for once an entry, however many wait."""
        ledger = self._chronicle.ledger
        if self._busy_at != ledger.applied:
            self._busy_at, self._busy_with = ledger.applied, {}
        if instrument not in self._busy_with:
            self._busy_with[instrument] = self._look_for_busy(ledger, instrument)
        return self._busy_with[instrument]

    def _look_for_busy(self, ledger: Ledger, instrument: InstrumentKey) -> Waiting | None:
        for other in ledger.open_on(instrument):
            if other.frozen:
                return Waiting(f"an order of {other.id} is unknown")
            if other.live is not None:
                return Waiting(f"an order of {other.id} is on its way")
        stop = ledger.unknown_stop(instrument)
        return None if stop is None else Waiting(f"an order of {stop.id} is unknown")

    def _room(self, action: ActionRecord) -> Allowed:
        return allowed(action, self._chronicle.ledger, self._tracker, self.resting_elsewhere(action))

    def _throttle(self, now: Instant) -> Waiting | None:
        self._regular_sent = [at for at in self._regular_sent if at > now - MINUTE]
        if len(self._regular_sent) < self._chronicle.settings.regular_per_minute:
            return None
        return Waiting("regular signals are throttled", self._regular_sent[0] + MINUTE)

    def next_action(self, now: Instant, tried: set[str]) -> ActionRecord | None:
        """Choose who is sent now; a regular signal only when no management action could be sent."""
        for action in self.queue():
            if action.id in tried:
                if not is_regular(action):
                    continue
                return None
            waiting = self.obstacle(action, now)
            if waiting is None:
                due = self._chronicle.budgets.due(now, urgent=action.lane in URGENT)
                if due <= now:
                    return action
                waiting = Waiting("the broker's budget of requests is used up", due)
                self._say_waiting(action, waiting)
                # What stands behind it in the queue has no better claim to the next slot.
                return None
            self._say_waiting(action, waiting)
        return None

    def _say_waiting(self, action: ActionRecord, waiting: Waiting) -> None:
        if self._told_waiting.get(action.id) != waiting.because:
            self._told_waiting[action.id] = waiting.because
            self._chronicle.tell_of("action_queued", action, reason=waiting.because)

    def next_due(self, now: Instant) -> Instant | None:
        """Return when the queue should be looked at again, None if waiting alone helps nobody."""
        dues: set[Instant] = set()
        free: set[bool] = set()
        for action in self.queue():
            waiting = self.obstacle(action, now)
            if waiting is None:
                free.add(action.lane in URGENT)
            elif waiting.due is not None:
                dues.add(waiting.due)
        dues |= {self._chronicle.budgets.due(now, urgent=urgent) for urgent in free}
        return min(dues, default=None)

    # --- guards and size ----------------------------------------------------------------------------------------

    def question(self, action: ActionRecord, quantity: int, now: Instant) -> Question:
        """Put an action's case to the guards."""
        return self._case(action.key, action.kind, action.rule, quantity, action.price, now)

    def forbids_flattening(self, key: PositionKey, quantity: int, now: Instant) -> str | None:
        """Say why a position could not be exited now even if a halt orders it; None if it could."""
        refused = refusal(self._case(key, EXIT, EXIT_EVERYTHING, quantity, UNKNOWN, now))
        return None if refused is None else refused[1]

    def _case(self, key: PositionKey, kind: str, rule: str, quantity: int, price: float, now: Instant) -> Question:
        ledger = self._chronicle.ledger
        book = ledger.books.get(key)
        return Question(
            key=key,
            kind=kind,
            rule=rule,
            quantity=quantity,
            price=price,
            now=now,
            mode=ledger.mode,
            session=self._session(key.exchange, now),
            instrument=self._tracker.instrument(key.instrument),
            held=self._tracker.held(key),
            original=book.original if book else 0,
            refusals=ledger.refused(key.instrument, closing=kind in states.CLOSING_KINDS),
            last_close=self._tracker.closes.get(key.instrument, UNKNOWN),
            orders_today=ledger.orders_today,
            value_today=ledger.value_today,
            settings=self._chronicle.settings,
            no_adds=ledger.adds_stopped(now),
        )

    def refuse(self, action: ActionRecord, name: str, why: str) -> None:
        """End an action that a guard refuses."""
        chronicle = self._chronicle
        if chronicle.ledger.mode.name == HALTED:
            chronicle.state(action, states.CANCELLED, why)
            chronicle.tell_of("action_cancelled", action, reason=why)
            return
        reason = f"{GUARDED} ({name}): {why}"
        chronicle.state(action, states.REFUSED, reason)
        chronicle.tell_of("action_refused", action, reason=reason)
        if action.kind in states.CLOSING_KINDS and action.attempts:
            # It was under way, and somebody counts on it.
            text = f"{action.rule} is not finished, {action.filled} of {action.quantity} filled: {why}"
            chronicle.alert(text, action, level="critical")

    def _supersede(self, action: ActionRecord, evidence: str) -> None:
        self._chronicle.state(action, states.SUPERSEDED, evidence)
        self._chronicle.tell_of("action_superseded", action, reason=evidence)

    def prepare(self, action: ActionRecord, now: Instant) -> int:
        """Check an action against the position as it is now; return what to send, 0 when that ended it."""
        chronicle = self._chronicle
        if is_regular(action) and now - action.decided > chronicle.settings.regular_max_age_s * SECOND:
            chronicle.state(action, states.EXPIRED, "it waited longer than a regular signal may")
            chronicle.tell_of("action_expired", action, reason=action.reason)
            return 0
        if day_number(action.decided) != day_number(now):
            chronicle.state(action, states.EXPIRED, "it was decided on an earlier day and never sent whole")
            chronicle.tell_of("action_expired", action, reason=action.reason)
            return 0
        room = self._room(action)
        if room.quantity <= 0:
            self._supersede(action, room.evidence)
            return 0
        refused = refusal(self.question(action, room.quantity, now))
        if refused is not None:
            self.refuse(action, *refused)
            return 0
        cut_short = room.by_book > room.quantity and self._tracker.is_doubted(action.key)
        if room.quantity < action.remaining and not cut_short:
            chronicle.goal(action, action.filled + room.quantity, room.evidence)
        closing = action.kind in states.CLOSING_KINDS
        instrument = self._tracker.instrument(action.key.instrument)
        if not self._within_intent(action, slices(action.goal, action.price, closing, instrument, chronicle.settings)):
            return 0
        return slice_of(room.quantity, action.price, closing, instrument, chronicle.settings)

    def _within_intent(self, action: ActionRecord, orders: int) -> bool:
        """Halt at once if one intent makes more orders than it ever should."""
        settings = self._chronicle.settings
        most = orders + settings.max_tries + len(settings.protection_steps) + 2
        made = sum(attempt.state != states.ATTEMPT_NOT_SENT for attempt in action.attempts)
        if made < most:
            return True
        why = f"the action {action.id} ({action.rule}) made {made} orders, more than it can need"
        self._chronicle.switch(HALTED, why, cause=MORE_ORDERS)
        self._chronicle.alert(why, action, level="critical")
        self._chronicle.state(action, states.CANCELLED, why)
        return False

    # --- the request --------------------------------------------------------------------------------------------

    def send(self, action: ActionRecord, quantity: int, now: Instant) -> None:
        """Announce one request durably, make it, and note its outcome (durable with the next flush)."""
        chronicle = self._chronicle
        signal = signal_for(action, quantity)
        price = in_rupees(action.price, action.scale)
        chronicle.tell_of("signal_created", action, side=action.side, quantity=quantity, price=price)
        if self._dry_run:
            chronicle.state(action, states.DONE, DRY)
            chronicle.tell_of("action_rehearsed", action, side=action.side, quantity=quantity)
            chronicle.flush()
            return
        waited = (now - action.decided) / SECOND
        chronicle.meters.waited(action.lane, waited)
        chronicle.tell_of("action_executing", action, side=action.side, quantity=quantity)
        if action.lane in URGENT:
            behind = sum(is_regular(other) for other in self.queue())
            chronicle.tell_of("regular_bypassed", action, waiting=behind, waited=waited)
        request = self._request(action, quantity)
        value = action.price * self._tracker.instrument(action.key.instrument).multiplier / action.scale
        attempt = chronicle.request(
            action,
            {
                "tag": request.tag,
                "quantity": quantity,
                "protection": request.protection,
                "value": value if value == value else 0.0,
                "external": self._route.external,
                "evidence": f"order {request.tag} for {quantity}",
            },
        )
        self._tracker.stale()
        chronicle.announce()
        if is_regular(action):
            self._regular_sent.append(now)
        self._note_outcome(action, attempt, signal, self._hand_over(signal, request))
        self._tracker.stale()

    def _hand_over(self, signal: ManagementSignal, request: OrderRequest) -> Outcome:
        meters = self._chronicle.meters
        began = meters.begin()
        try:
            return self._route.send(signal, request)
        except Exception as error:
            # A port that raises has broken its promise; what became of the order is unknown all the same.
            return Uncertain(f"the broker's port failed: {type(error).__name__}: {error}")
        finally:
            meters.took(meters.send, began)

    def _request(self, action: ActionRecord, quantity: int) -> OrderRequest:
        steps = self._chronicle.settings.protection_steps
        step = min(action.step, len(steps))
        return OrderRequest(
            tag=attempt_tag(self._chronicle.journal.id, action.id, len(action.attempts) + 1),
            exchange=action.key.exchange,
            symbol=action.key.symbol,
            product=action.key.product,
            side=str(action.side),
            quantity=quantity,
            protection=steps[step - 1] if step else None,
            reference=action.price,
        )

    def _note_outcome(self, action: ActionRecord, attempt: Attempt, signal: ManagementSignal, outcome: Outcome) -> None:
        chronicle = self._chronicle
        if not isinstance(outcome, Refused | NotSent):
            # An order whose answer was lost may live: a host must hear of it too.
            self.taken.append(taken_row(action, signal))
        if isinstance(outcome, Accepted):
            handed = self._route.external and not outcome.order_id
            state = states.ATTEMPT_HANDED if handed else states.ATTEMPT_ACCEPTED
            chronicle.attempt(action, attempt, state=state, order_id=outcome.order_id)
            evidence = "the host's trade engine has it" if handed else f"order {outcome.order_id}"
            chronicle.state(action, states.ACCEPTED, evidence)
            chronicle.tell_of("action_submitted", action, order_id=outcome.order_id, tag=attempt.tag)
        elif isinstance(outcome, Refused):
            more = {"limited": True} if outcome.limited else {}
            chronicle.attempt(action, attempt, state=states.ATTEMPT_REFUSED, evidence=outcome.reason, **more)
            self.after_refusal(action, outcome.reason, again=outcome.again)
        elif isinstance(outcome, NotSent):
            chronicle.attempt(action, attempt, state=states.ATTEMPT_NOT_SENT, evidence=outcome.reason)
            chronicle.budgets.give_back()
            self._after_not_sent(action, outcome.reason)
        elif self._route.external:
            # No tag of ours will show it; it is followed by the account's trades, and never handed over again.
            chronicle.attempt(action, attempt, state=states.ATTEMPT_HANDED, evidence=outcome.evidence)
            chronicle.state(action, states.ACCEPTED, outcome.evidence)
        else:
            chronicle.attempt(action, attempt, state=states.ATTEMPT_UNKNOWN, evidence=outcome.evidence)
            chronicle.state(action, states.UNKNOWN_STATE, outcome.evidence)
            chronicle.tell_of("action_unknown", action, evidence=outcome.evidence)

    def _back_to_queue(self, action: ActionRecord, evidence: str, tries: int) -> None:
        chronicle = self._chronicle
        self._failed_at[action.id] = self.looks
        chronicle.state(action, states.PARTLY_FILLED if action.filled else states.DECIDED, evidence)
        chronicle.wait(action, chronicle.settings.back_off(tries))

    def after_refusal(self, action: ActionRecord, reason: str, *, again: bool) -> None:
        """Try a refused action again later, or end it."""
        if action.kind == states.PROTECT:
            self._chronicle.state(action, states.REFUSED, reason)
            self._chronicle.tell_of("action_refused", action, reason=reason)
            self.stop_rejected(action, reason)
            return
        chronicle, settings = self._chronicle, self._chronicle.settings
        closing = action.kind in states.CLOSING_KINDS
        if chronicle.ledger.refused(action.key.instrument, closing=closing) == settings.refusals_in_a_row:
            what, stopped = ("", "nothing more is sent") if closing else (" to make it larger", "nothing is added")
            text = f"{settings.refusals_in_a_row} orders{what} in a row were refused for {action.key.symbol}"
            help = f"{stopped} for it until a person looks and resumes with `rulekit resume`"
            chronicle.alert(f"{text}: {help}", action, level="critical")
        if again and action.tries < settings.max_tries and action.kind != states.ENTRY:
            self._back_to_queue(action, reason, action.tries + 1)
            chronicle.tell_of("action_queued", action, reason=f"refused, will be tried again: {reason}")
            return
        chronicle.state(action, states.REFUSED, reason)
        chronicle.tell_of("action_refused", action, reason=reason)
        chronicle.alert(f"{action.rule} was refused: {reason}", action)

    def _after_not_sent(self, action: ActionRecord, reason: str) -> None:
        """Keep what was never sent in the durable queue; only what makes a position larger is given up in the end."""
        chronicle, settings = self._chronicle, self._chronicle.settings
        if action.not_sent >= settings.max_tries and action.kind in (ADD, states.ENTRY):
            chronicle.state(action, states.EXPIRED, f"{action.not_sent} times not sent: {reason}")
            chronicle.tell_of("action_expired", action, reason=action.reason)
            return
        if action.not_sent == settings.max_tries:
            text = f"{action.rule} could not be sent {action.not_sent} times: {reason}"
            chronicle.alert(text, action, level="critical")
        self._back_to_queue(action, reason, 0 if self._route.external else action.not_sent)
        chronicle.tell_of("action_queued", action, reason=f"not sent: {reason}")
