"""Stops that stand at the broker: one stop order a position, kept in step with its tracked stop and its quantity.

Nothing keeps an exit and a stop order from both filling, so a closing order is sent only for what the stop leaves
over: the stop is made smaller or taken back first, and the book must show it.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

from attrs import frozen

from rulekit.execution import actions as states
from rulekit.execution.actions import ActionRecord, Attempt, attempt_tag
from rulekit.execution.books import Book
from rulekit.execution.chronicle import Chronicle, in_rupees
from rulekit.execution.deciding import write_decided
from rulekit.execution.guards import INTRADAY
from rulekit.execution.port import HoldsStops
from rulekit.execution.reading import Reading
from rulekit.execution.settings import StopSettings
from rulekit.execution.switch import HALTED
from rulekit.execution.tracking import Tracker
from rulekit.model.decision import ADD, CRITICAL, EXIT, NEXT_CYCLE, STANDING_STOP, Action
from rulekit.model.instant import MINUTE, SECOND, Instant
from rulekit.model.instrument import PositionKey
from rulekit.model.orders import (
    BUY,
    OPEN,
    SELL,
    SIGN,
    Accepted,
    NotSent,
    Order,
    Outcome,
    Refused,
    StopRequest,
    Uncertain,
)
from rulekit.model.snapshot import SessionTimes

GRACE_S = 1
"""When the price has come to a stop, the broker gets this long to trigger it before an own exit takes it back."""
CALM_S = 10
"""After a change a stop is made smaller by taking it back: a row of the book may still be from before that change."""
_FULL = "so many changes were made of it that the next would be refused"
_DOUBT = "a change of it got no answer and may still come"


class Wanted(NamedTuple):
    """What should stand at the broker for a position."""

    quantity: int
    trigger: float


@frozen
class _Refused:
    """How often a trigger was refused, and from when the next try may be made."""

    trigger: float
    count: int
    again: Instant


class Standing:
    """Places, moves and takes back; `chronicle` and `tracker` are the executor's own.

    Args:
        broker: None where stops do not stand at the broker; what stands there from before is then taken back.
        silent: send nothing at all.
        settings: how wide, how often.
        session: the session of an exchange.
        urgent: tells whether something urgent waits for the next free request.
    """

    def __init__(
        self,
        chronicle: Chronicle,
        tracker: Tracker,
        broker: HoldsStops | None,
        cancel: Callable[[str], Outcome],
        settings: StopSettings,
        session: Callable[[str, Instant], SessionTimes | None],
        urgent: Callable[[], bool],
        *,
        silent: bool = False,
    ) -> None:
        self._silent = silent
        self._chronicle = chronicle
        self._tracker = tracker
        self._broker = broker
        self._cancel_at_broker = cancel
        self._settings = settings
        self._session = session
        self._urgent = urgent
        self._rows: dict[str, Order] = {}
        self._triggered: dict[str, Instant] = {}
        self._reached: dict[str, Instant] = {}
        self._refusals: dict[PositionKey, _Refused] = {}
        self._stubborn: set[str] = set()
        self._told_large: set[str] = set()
        self._left: dict[str, list[tuple[set[tuple[int, float] | None], Instant]]] = {}
        """Quantity and trigger as each stop may have been before each change, and when it was asked for."""
        self._began = chronicle.now()

    def let_go(self) -> None:
        """Forget what was about stops that stand no longer and positions that are closed."""
        standing, books = self._chronicle.ledger.standing, self._chronicle.ledger.books
        held = {key: book.episode for key, book in books.items() if book.quantity}
        self._reached = {tag: at for tag, at in self._reached.items() if tag in standing}
        self._stubborn &= standing.keys()
        self._left = {tag: left for tag, left in self._left.items() if tag in standing}
        self._refusals = {key: refused for key, refused in self._refusals.items() if key in held}
        self._told_large &= set(held.values())

    # --- what the book shows ------------------------------------------------------------------------------------

    def look(self, reading: Reading) -> None:
        """Take from the book what became of changes, and which stops have been triggered."""
        standing = self._chronicle.ledger.standing
        if not standing:
            self._rows.clear()
            return
        by_tag = {order.tag: order for order in reading.orders if order.tag in standing}
        by_id = {order.order_id: order for order in reading.orders}
        for tag, (action, attempt) in list(standing.items()):
            row = by_tag.get(tag) or by_id.get(attempt.order_id)
            if row is None or row.ended:
                continue
            self._rows[tag] = row
            if row.status == OPEN or row.filled:
                self._triggered.setdefault(tag, reading.started)
            if row.waits_for_trigger:
                self._take_row(action, attempt, row, reading.started)
        self._rows = {tag: row for tag, row in self._rows.items() if tag in standing}
        self._triggered = {tag: at for tag, at in self._triggered.items() if tag in standing}

    def _take_row(self, action: ActionRecord, attempt: Attempt, row: Order, at: Instant) -> None:
        """Believe a row that waits for its trigger: it shows the change asked for, or long enough that none came.

        That less is left than was asked for is believed only when no row can be from before the change any more.
        """
        shown = (row.quantity, row.trigger)
        if attempt.doubtful and shown != attempt.asked:
            return
        calm = self._is_past(attempt, CALM_S, at)
        believed = shown[0] > attempt.quantity or calm
        if shown[0] < attempt.quantity:
            believed = self._is_past(attempt, self._chronicle.settings.quarantine_s, at)
        if attempt.asked is None:
            if believed and shown != (attempt.quantity, attempt.trigger):
                self._chronicle.attempt(action, attempt, quantity=row.quantity, trigger=row.trigger)
        elif shown == attempt.asked:
            # It was asked for once, so it has come, and cannot come again.
            self._chronicle.attempt(action, attempt, quantity=row.quantity, trigger=row.trigger, doubtful=False)
            self._tell(action, attempt, moved=True)
        elif calm:
            self._stubborn.add(attempt.tag)
            if believed:
                self._chronicle.attempt(action, attempt, quantity=row.quantity, trigger=row.trigger)

    def _is_past(self, attempt: Attempt, seconds: float, at: Instant) -> bool:
        return attempt.changed is None or at > attempt.changed + round(seconds * SECOND)

    # --- room for closing orders --------------------------------------------------------------------------------

    def is_in_the_way(self, action: ActionRecord) -> bool:
        """Tell whether a closing action and what stands at the broker could together fill more than is held."""
        if not self._closes(action):
            return False
        left = sum(
            attempt.left for other, attempt in self._chronicle.ledger.standing.values() if other.key == action.key
        )
        return left > 0 and left + action.remaining > abs(self._tracker.held(action.key))

    def _closes(self, action: ActionRecord) -> bool:
        """Tell whether an action makes its position smaller: an exit, a book, or a host's own order against it."""
        if action.kind != states.ENTRY:
            return action.kind in states.CLOSING_KINDS
        book = self._chronicle.ledger.books.get(action.key)
        return book is not None and book.quantity * SIGN[str(action.side)] < 0

    def _may_close(self, action: ActionRecord) -> int:
        """Return by how much an open action may still make its position smaller.

        An add does so only with an order that is out already: the position was turned since.
        """
        if self._closes(action):
            return action.remaining
        book, live = self._chronicle.ledger.books.get(action.key), action.live
        if action.kind != ADD or book is None or live is None or book.quantity * SIGN[str(action.side)] >= 0:
            return 0
        return live.left

    @property
    def makes_room(self) -> bool:
        """Tell whether a closing action waits for a stop to get out of its way."""
        ledger = self._chronicle.ledger
        return bool(ledger.standing) and any(
            self.is_in_the_way(action) for action in ledger.open.values() if action.live is None
        )

    def is_busy(self, action: ActionRecord) -> bool:
        """Tell whether something is under way with a stop order, so that the book should be looked at."""
        attempt = action.live
        if attempt is None:
            return False
        calm = attempt.state == states.ATTEMPT_ACCEPTED and attempt.cancel_asked is None and attempt.asked is None
        return not calm or attempt.tag in self._triggered or attempt.tag not in self._rows

    # --- keeping in step ----------------------------------------------------------------------------------------

    def wanted(self, book: Book) -> Wanted | None:
        """Return what should stand for a position: what is held and not about to be closed, at the tracked stop."""
        stop = book.stop
        if self._broker is None or not book.quantity or not math.isfinite(stop) or not stop > 0:
            return None
        if book.key.product == "CNC" and book.quantity < 0:
            return None  # a sale of holdings is no position
        closing = sum(
            self._may_close(other)
            for other in self._chronicle.ledger.open_on(book.key.instrument)
            if other.key == book.key
        )
        quantity = abs(self._tracker.held(book.key)) - closing
        mode = self._chronicle.ledger.mode
        if quantity <= 0 or (mode.name == HALTED and mode.flatten):
            return None
        return Wanted(quantity, self._on_tick(book, stop))

    def _on_tick(self, book: Book, stop: float) -> float:
        """Round a stop to the tick, on the side on which it comes no later."""
        tick = self._tracker.instrument(book.key.instrument).tick
        steps = stop / tick
        near = round(steps)
        whole = near if abs(steps - near) < 1e-6 else (math.ceil(steps) if book.quantity > 0 else math.floor(steps))
        return float(whole * tick)

    def tend(self, now: Instant, *, fresh: bool) -> None:
        """Bring what stands at the broker in step, as far as the budgets allow.

        Args:
            now: the current instant.
            fresh: whether the last reading of the book is young enough to send something on.
        """
        ledger = self._chronicle.ledger
        if self._silent or (self._broker is None and not ledger.standing):
            return
        kept: dict[PositionKey, tuple[ActionRecord, Attempt]] = {}
        for action, attempt in list(ledger.standing.values()):
            book = ledger.books.get(action.key)
            if not action.open or book is None or book.episode != action.episode or action.key in kept:
                self._take_back(action, attempt, "the position that it stood for has ended", now)
            else:
                kept[action.key] = (action, attempt)
        occupied = {action.key for action, _ in ledger.standing.values()}
        for key, (action, attempt) in kept.items():
            self._keep(action, attempt, self.wanted(ledger.books[key]), now, fresh=fresh)
        if self._broker is not None and fresh:
            for book in ledger.books.values():
                if book.quantity and book.key not in occupied:
                    self._place(book, self.wanted(book), now)

    def _keep(
        self, action: ActionRecord, attempt: Attempt, wanted: Wanted | None, now: Instant, *, fresh: bool
    ) -> None:
        """Look after the one stop of a position."""
        if attempt.state != states.ATTEMPT_ACCEPTED:
            return  # nobody knows whether it stands
        if attempt.cancel_asked is not None:
            self._take_back(action, attempt, "", now)
        elif attempt.tag in self._triggered:
            self._chase(action, attempt, now)
        elif self._is_being_reached(action, attempt, now):
            return
        elif wanted is None:
            self._take_back(action, attempt, "nothing is left for it to close", now)
        elif attempt.left > wanted.quantity:
            self._make_smaller(action, attempt, wanted, now)
        elif fresh and self._is_out_of_step(attempt, wanted, now):
            self._move(action, attempt, wanted, now)

    def _is_out_of_step(self, attempt: Attempt, wanted: Wanted, now: Instant) -> bool:
        """Tell whether a stop needs a change, and no earlier one is on its way that may still come."""
        if attempt.doubtful:
            # The larger quantity counts, yet the change may never have come: what is not shown by now is not relied on.
            return (attempt.left, attempt.trigger) != wanted or self._is_past(attempt, CALM_S, now)
        if attempt.asked is None:
            return (attempt.left, attempt.trigger) != wanted
        return attempt.tag in self._stubborn

    def _chase(self, action: ActionRecord, attempt: Attempt, now: Instant) -> None:
        """Give a stop that came to life its time; then take it back, and exit what is left by an own order."""
        if self._would_turn(action, attempt):
            self._take_back(action, attempt, "the position became smaller than what it may close", now)
            return
        if now < self._triggered[attempt.tag] + round(self._chronicle.settings.patience_s * SECOND):
            return
        self._take_back(action, attempt, "it was triggered and rested beyond its patience", now)
        ledger = self._chronicle.ledger
        if any(other.key == action.key and other.kind == EXIT for other in ledger.open_on(action.key.instrument)):
            return
        book = ledger.book(action.key)
        held = abs(self._tracker.held(action.key))
        if not held:
            return
        quote = self._tracker.quotes.get(action.key.instrument)
        exit_rest = Action(
            STANDING_STOP,
            EXIT,
            action.side,
            held,
            None,
            CRITICAL,
            "the stop at the broker was triggered and not filled",
        )
        write_decided(
            self._chronicle,
            exit_rest,
            key=action.key,
            episode=book.episode,
            ordinal=ledger.tally(book.episode, STANDING_STOP).firings,
            strategy=book.strategy,
            price=quote.price if quote is not None else attempt.trigger,
            scale=action.scale,
        )
        self._tracker.stale()

    def _would_turn(self, action: ActionRecord, attempt: Attempt) -> bool:
        """Tell whether own book and the list both say that less is held than a stop may still close."""
        book = self._chronicle.ledger.books[action.key]
        side = -SIGN[str(action.side)]
        return attempt.left > max(0, book.quantity * side, self._tracker.shown(action.key) * side)

    def _is_being_reached(self, action: ActionRecord, attempt: Attempt, now: Instant) -> bool:
        """Tell whether the price has just come to a stop, so that the broker is about to trigger it."""
        quote = self._tracker.quotes.get(action.key.instrument)
        if quote is None or (quote.price - attempt.trigger) * SIGN[str(action.side)] < 0:
            self._reached.pop(attempt.tag, None)
            return False
        if self._would_turn(action, attempt):
            return False
        return now < self._reached.setdefault(attempt.tag, now) + GRACE_S * SECOND

    # --- changes ------------------------------------------------------------------------------------------------

    def _why_not_change(self, attempt: Attempt) -> str | None:
        """Say why a stop must be taken back and placed anew instead of being changed."""
        if attempt.doubtful:
            return _DOUBT
        # A cancellation counts as a change, and must always be left.
        if attempt.changes + attempt.cancels >= self._chronicle.settings.changes_per_order - 1:
            return _FULL
        if attempt.tag in self._stubborn:
            return "the broker did not change it"
        return None

    def _make_smaller(self, action: ActionRecord, attempt: Attempt, wanted: Wanted, now: Instant) -> None:
        """Let a stop close no more than is left; a closing order may be waiting for that."""
        why = self._why_not_change(attempt)
        recent = attempt.changed is not None and now < attempt.changed + CALM_S * SECOND
        row = self._rows.get(attempt.tag)
        if (
            why is None
            and attempt.asked is not None
            and attempt.asked[0] - attempt.filled <= wanted.quantity
            and recent
        ):
            return  # it is about to be
        if why is None and (recent or row is None or not row.waits_for_trigger):
            why = "something else was under way with it"
        if why is None and self._chronicle.ledger.mode.name == HALTED:
            why = "the engine is halted"
        if why is None and self._was_lately(attempt, wanted, now):
            why = "the book may still show it as it was before it was made larger"
        if why is not None:
            self._take_back(action, attempt, why, now)
        elif self._chronicle.budgets.due(now, urgent=True) <= now:
            self._change(action, attempt, wanted)

    def _was_lately(self, attempt: Attempt, wanted: Wanted, now: Instant) -> bool:
        """Tell whether a row from before could pass for the change to come, so that its loss would not be seen."""
        quarantine = round(self._chronicle.settings.quarantine_s * SECOND)
        left = self._left.get(attempt.tag, [])
        if attempt.changes > len(left) and now <= self._began + quarantine:
            return True  # it was changed before this process began, and nobody here knows from what
        asked = (wanted.quantity + attempt.filled, wanted.trigger)
        return any(asked in shapes and now <= at + quarantine for shapes, at in left)

    def _move(self, action: ActionRecord, attempt: Attempt, wanted: Wanted, now: Instant) -> None:
        """Move a stop, or let it close more; never in the way of anything urgent."""
        if self._chronicle.ledger.mode.name == HALTED or not self._may_send(action.key, wanted, action.side, now):
            return
        if attempt.changed is not None and now < attempt.changed + round(self._settings.every_s * SECOND):
            return
        row = self._rows.get(attempt.tag)
        if row is None or not row.waits_for_trigger:
            return
        why = self._why_not_change(attempt)
        if why is not None:
            self._take_back(action, attempt, why, now)
        else:
            self._change(action, attempt, wanted)

    def _change(self, action: ActionRecord, attempt: Attempt, wanted: Wanted) -> None:
        assert self._broker is not None
        # What was filled counts in an order's quantity.
        quantity = wanted.quantity + attempt.filled
        before = attempt.quantity, attempt.trigger  # not the latest row's, which may be from before an earlier change
        self._left.setdefault(attempt.tag, []).append(({before, attempt.asked}, self._chronicle.now()))
        self._chronicle.changing(action, attempt, quantity, wanted.trigger)
        self._chronicle.announce()
        outcome = self._ask(
            lambda: self._holder.change_stop(
                attempt.order_id, self._request(action, attempt.tag, quantity, wanted.trigger)
            )
        )
        if isinstance(outcome, Uncertain):
            self._chronicle.attempt(action, attempt, doubtful=True, evidence=outcome.evidence)
        elif isinstance(outcome, Refused | NotSent):
            if isinstance(outcome, NotSent):
                self._chronicle.budgets.give_back()
            else:
                self._stubborn.add(attempt.tag)
            self._chronicle.attempt(action, attempt, quantity=before[0], trigger=before[1], evidence=outcome.reason)

    def _take_back(self, action: ActionRecord, attempt: Attempt, why: str, now: Instant) -> None:
        """Ask for a stop's cancellation, and again while it stands; its end is read from the book."""
        if attempt.state != states.ATTEMPT_ACCEPTED or not attempt.order_id:
            return
        patience = round(self._chronicle.settings.patience_s * SECOND)
        if attempt.cancel_asked is not None and now < attempt.cancel_asked + patience * min(attempt.cancels, 10):
            return
        if self._chronicle.budgets.due(now, urgent=True) > now:
            return
        if why:
            self._chronicle.tell_of("stop_withdrawn", action, reason=why)
        self._chronicle.cancelling(attempt.order_id, action, attempt)
        self._chronicle.announce()
        outcome = self._ask(lambda: self._cancel_at_broker(attempt.order_id))
        if isinstance(outcome, NotSent):
            self._chronicle.budgets.give_back()

    # --- placing ------------------------------------------------------------------------------------------------

    def _may_send(self, key: PositionKey, wanted: Wanted, side: str | None, now: Instant) -> bool:
        """Tell whether a stop may be placed or moved now: in the session, behind what is urgent, and not too late."""
        if self._urgent() or self._chronicle.budgets.due(now, urgent=False) > now:
            return False
        session = self._session(key.exchange, now)
        if session is None or not session.opens <= now < session.closes:
            return False
        minutes = self._chronicle.settings.square_off_minutes.get(key.exchange)
        if minutes is not None and key.product in INTRADAY and now >= session.closes - minutes * MINUTE:
            return False
        quote = self._tracker.quotes.get(key.instrument)
        if quote is None:
            return True
        # The exchange takes no stop that the price has reached; the exit is the rules' own.
        return quote.price > wanted.trigger if side == SELL else quote.price < wanted.trigger

    def _place(self, book: Book, wanted: Wanted | None, now: Instant) -> None:
        ledger, key = self._chronicle.ledger, book.key
        side = SELL if book.quantity > 0 else BUY
        if wanted is None or ledger.mode.name == HALTED or not self._may_send(key, wanted, side, now):
            return
        if any(self._closes(other) for other in ledger.open_on(key.instrument)):
            return
        if ledger.is_frozen(key.instrument) or self._tracker.is_blocked(key.instrument):
            return
        refused = self._refusals.get(key)
        if refused is not None and refused.trigger == wanted.trigger:
            if refused.count >= self._chronicle.settings.max_tries or now < refused.again:
                return
        elif refused is not None and now < refused.again:
            return
        if self._is_too_large(book, wanted):
            return
        self._send(book, wanted, side, refused)

    def _is_too_large(self, book: Book, wanted: Wanted) -> bool:
        freeze = self._tracker.instrument(book.key.instrument).freeze
        if freeze is None or wanted.quantity <= freeze:
            return False
        if book.episode not in self._told_large:
            self._told_large.add(book.episode)
            text = (
                f"{wanted.quantity} are more than one order may carry ({freeze}): no stop stands at the broker for it"
            )
            self._chronicle.alert(text, symbol=book.key.symbol)
        return True

    def _send(self, book: Book, wanted: Wanted, side: str, refused: _Refused | None) -> None:
        ledger, chronicle = self._chronicle.ledger, self._chronicle
        scale = self._tracker.instrument(book.key.instrument).scale
        action = write_decided(
            chronicle,
            Action(
                STANDING_STOP, states.PROTECT, side, wanted.quantity, wanted.trigger, NEXT_CYCLE, "the tracked stop"
            ),
            key=book.key,
            episode=book.episode,
            ordinal=ledger.tally(book.episode, STANDING_STOP).firings,
            strategy=book.strategy,
            price=wanted.trigger,
            scale=scale,
        )
        assert action is not None
        tag = attempt_tag(chronicle.journal.id, action.id, 1)
        body = {
            "tag": tag,
            "quantity": wanted.quantity,
            "protection": None,
            "trigger": wanted.trigger,
            "evidence": f"stop order {tag} for {wanted.quantity} at {in_rupees(wanted.trigger, scale)}",
        }
        attempt = chronicle.request(action, body)
        self._tracker.stale()
        chronicle.announce()
        narrow = refused is not None and refused.count > 0
        request = self._request(action, tag, wanted.quantity, wanted.trigger, narrow=narrow)
        self._note_outcome(action, attempt, self._ask(lambda: self._holder.place_stop(request)))

    def _request(
        self, action: ActionRecord, tag: str, quantity: int, trigger: float, *, narrow: bool = False
    ) -> StopRequest:
        key = action.key
        return StopRequest(
            tag, key.exchange, key.symbol, key.product, str(action.side), quantity, trigger,
            1.0 if narrow else self._settings.width,
        )  # fmt: skip

    @property
    def _holder(self) -> HoldsStops:
        assert self._broker is not None
        return self._broker

    def _ask(self, call: Callable[[], Outcome]) -> Outcome:
        try:
            return call()
        except Exception as error:
            # A port that raises has broken its promise; what became of the request is unknown all the same.
            return Uncertain(f"the broker's port failed: {type(error).__name__}: {error}")

    def _note_outcome(self, action: ActionRecord, attempt: Attempt, outcome: Outcome) -> None:
        chronicle = self._chronicle
        if isinstance(outcome, Accepted):
            chronicle.attempt(action, attempt, state=states.ATTEMPT_ACCEPTED, order_id=outcome.order_id)
            chronicle.state(action, states.ACCEPTED, f"order {outcome.order_id}")
            self._tell(action, attempt, moved=False)
        elif isinstance(outcome, Refused):
            chronicle.attempt(action, attempt, state=states.ATTEMPT_REFUSED, evidence=outcome.reason)
            chronicle.state(action, states.REFUSED, outcome.reason)
            chronicle.tell_of("action_refused", action, reason=outcome.reason)
            self._note_refusal(action, attempt, outcome.reason)
        elif isinstance(outcome, NotSent):
            chronicle.attempt(action, attempt, state=states.ATTEMPT_NOT_SENT, evidence=outcome.reason)
            chronicle.budgets.give_back()
            chronicle.state(action, states.CANCELLED, f"not sent: {outcome.reason}")
            self._wait(action, attempt, 1)
        else:
            chronicle.attempt(action, attempt, state=states.ATTEMPT_UNKNOWN, evidence=outcome.evidence)
            chronicle.state(action, states.UNKNOWN_STATE, outcome.evidence)
            chronicle.tell_of("action_unknown", action, evidence=outcome.evidence)

    def rejected(self, action: ActionRecord, reason: str) -> None:
        """Take a rejection of the exchange for what it is: the next try waits, and a person is told in the end."""
        self._note_refusal(action, action.attempts[-1], reason)

    def _note_refusal(self, action: ActionRecord, attempt: Attempt, reason: str) -> None:
        known = self._refusals.get(action.key)
        count = known.count + 1 if known is not None and known.trigger == attempt.trigger else 1
        self._wait(action, attempt, count)
        if count == self._chronicle.settings.max_tries:
            text = f"no stop stands at the broker for {action.key.symbol}, it was refused {count} times: {reason}"
            self._chronicle.alert(text, action, level="critical")

    def _wait(self, action: ActionRecord, attempt: Attempt, count: int) -> None:
        seconds = max(1.0, self._chronicle.settings.back_off(count + 1))
        again = self._chronicle.now() + round(seconds * SECOND)
        self._refusals[action.key] = _Refused(attempt.trigger, count, again)

    def _tell(self, action: ActionRecord, attempt: Attempt, *, moved: bool) -> None:
        stop = in_rupees(attempt.trigger, action.scale)
        data = {"order_id": attempt.order_id, "stop": stop, "quantity": attempt.left, "moved": moved}
        self._chronicle.tell_of("stop_standing", action, **data)
