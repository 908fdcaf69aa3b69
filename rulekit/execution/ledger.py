"""The state that a journal's entries add up to: actions, books, mode, budgets. Pure: entries in, state out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from attrs import define

from rulekit.errors import JournalError
from rulekit.execution.actions import (
    ATTEMPT_ACCEPTED,
    ATTEMPT_ENDED,
    ATTEMPT_NOT_SENT,
    ATTEMPT_REFUSED,
    ATTEMPT_UNKNOWN,
    CLOSING_KINDS,
    DECIDED,
    ENDS,
    PROTECT,
    QUANTITY_KINDS,
    SENDING,
    TRANSITIONS,
    ActionRecord,
    Attempt,
)
from rulekit.execution.alarms import OpenAlarms
from rulekit.execution.books import Book, Change
from rulekit.execution.journal_schema import Entry
from rulekit.execution.switch import Mode
from rulekit.model.decision import EXIT_EVERYTHING, STOP_ADDING
from rulekit.model.instant import MINUTE, Instant, day_number
from rulekit.model.instrument import InstrumentKey, PositionKey
from rulekit.model.orders import REJECTED, Trade, is_beyond_a_band
from rulekit.model.prices import UNKNOWN

JOURNAL_OPENED = "opened"
ACTION_DECIDED = "decided"
STATE_CHANGED = "state"
REQUEST = "sending"
ATTEMPT_CHANGED = "attempt"
GOAL_REDUCED = "goal"
WAIT = "wait"
CANCELLING = "cancelling"
CHANGING = "changing"
TRADE = "trade"
ADOPTED = "adopted"
WATCHED = "watched"
CHECKPOINT = "checkpoint"
MODE = "mode"
UNBLOCKED = "unblocked"
POLICIES = "policies"
POLICY_TEXT = "policy text"
GUARDED = "guarded"
REHEARSAL = "rehearsal"
STRANGER = "stranger"
ORDER_ADOPTED = "order adopted"
ALARM = "alarm"
ACKNOWLEDGED = "acknowledged"
ACTED = "acted"
LOOKED = "looked"
FORGOTTEN = "forgotten"

REMEMBERED_DAYS = 10
"""Calendar days for which a folded trade and the tag of an order that has ended are remembered."""


def trade_token(trade: Trade) -> str:
    """Return a trade's identity; each exchange has numbers of its own, and starts them afresh each day."""
    return f"{day_number(trade.at)}/{trade.exchange}/{trade.trade_id}"


@define
class Tally:
    """How often a rule acted in an episode. `fired` counts stops and alerts only; orders are counted by their fills."""

    firings: int = 0
    fired: int = 0
    fired_at: Instant = 0
    last: ActionRecord | None = None


class Ledger:
    """Everything that the program knows after an entry; a restart builds the same from the same entries."""

    def __init__(self, entries: Iterable[Entry] = ()) -> None:
        self.journal_id = ""
        self.account = ""
        self.actions: dict[str, ActionRecord] = {}
        self.open: dict[str, ActionRecord] = {}
        self.tags: dict[str, tuple[ActionRecord, Attempt]] = {}
        self.past_tags: dict[str, int] = {}  # of what is over and let go: the day on which it was
        self.standing: dict[str, tuple[ActionRecord, Attempt]] = {}  # stop orders that may still fill, by tag
        self.by_episode: dict[str, list[ActionRecord]] = {}  # those that trade
        self.tallies: dict[str, dict[str, Tally]] = {}
        self.scales: dict[PositionKey, int] = {}
        self.books: dict[PositionKey, Book] = {}
        self.episodes_before = 0  # the most episodes that a forgotten book had; later books count on from there
        self.mode = Mode()
        self._adds_stopped: tuple[int, str] | None = None  # the day, and why
        self.checkpoint: Mapping[str, Any] = {}
        self.checkpoint_used = False
        self.refusals: dict[InstrumentKey, int] = {}  # in a row, of orders that make a position smaller
        self.refusals_in_all = 0
        self.growth_refusals: dict[InstrumentKey, int] = {}  # in a row, of adds and a host's entries
        self.growth_refusals_in_all = 0
        self.traded: dict[str, int] = {}  # token of a folded trade: its day
        self.day = -1
        self.orders_today = 0
        self.value_today = 0.0
        self.posts: list[Instant] = []
        self.late = 0
        self.changes: list[tuple[PositionKey, Change]] = []
        self.last_at: Instant = 0
        self.written_at: Instant = 0  # of the last entry, which an earlier clock may call later than this one does
        self.position_day = -1  # of the latest entry that changed a position
        self.applied = 0  # how many entries this one folded in
        self.moves = 0  # how many of them changed a position
        self._open_on: dict[InstrumentKey, list[ActionRecord]] = {}
        self._open_stops: list[ActionRecord] = []
        self._indexed = -1
        self.policies: Mapping[str, Any] = {}  # which policies decide, and by which program
        self.policy_texts: list[str] = []  # digests of the texts that the journal holds
        self.rehearsal = False  # whether a dry run writes here
        self.strangers: dict[str, Mapping[str, Any]] = {}  # orders with our tag that no entry announced, by number
        self.alarms = OpenAlarms()
        self.adopted_tags: list[str] = []  # of those of them that a person has taken in
        self.guarded: list[str] = []  # episodes that no policy is for any longer, whose stops are still watched
        self._handlers: dict[str, Callable[[Entry], None]] = {
            JOURNAL_OPENED: self._journal_opened,
            ACTION_DECIDED: self._action_decided,
            STATE_CHANGED: self._state_changed,
            REQUEST: self._request,
            ATTEMPT_CHANGED: self._attempt_changed,
            GOAL_REDUCED: self._goal_reduced,
            WAIT: self._wait,
            CANCELLING: self._cancelling,
            CHANGING: self._changing,
            TRADE: self._trade,
            ADOPTED: self._adopted,
            WATCHED: self._watched,
            CHECKPOINT: self._checkpoint,
            MODE: self._mode,
            UNBLOCKED: self._unblocked,
            POLICIES: self._policies,
            POLICY_TEXT: self._policy_text,
            GUARDED: self._guarded,
            REHEARSAL: self._rehearsal,
            STRANGER: self._stranger,
            ORDER_ADOPTED: self._order_adopted,
            ALARM: self._alarm,
            ACKNOWLEDGED: self._acknowledged,
            ACTED: self._acted,
            LOOKED: self._looked,
            FORGOTTEN: self._forgotten,
        }
        for entry in entries:
            self.apply(entry)
        self.changes.clear()

    def apply(self, entry: Entry) -> None:
        """Fold one entry in.

        Raises:
            JournalError: the entry is of an unknown kind or an illegal step.
        """
        handler = self._handlers.get(entry.kind)
        if handler is None:
            raise JournalError(
                f"entry {entry.seq} is of the unknown kind `{entry.kind}`",
                "open the journal with the version of the program that wrote it",
            )
        if day_number(entry.at) > self.day:
            self._new_day(day_number(entry.at))
        self.last_at, self.written_at = max(self.last_at, entry.at), entry.at
        handler(entry)
        self.applied += 1

    def _new_day(self, day: int) -> None:
        self.day, self.orders_today, self.value_today = day, 0, 0.0
        self.posts.clear()
        # A broker may still list the last session's trades in the morning; they must not be folded again.
        oldest = max(self.traded.values(), default=day) - REMEMBERED_DAYS
        self.traded = {token: on for token, on in self.traded.items() if on > oldest}
        for book in self.books.values():
            book.day_realised, book.traded_today = 0.0, False
        self._forget_what_is_over()

    def _forget_what_is_over(self) -> None:
        """Keep in memory what may still matter: open actions, and those of the running episodes."""
        running = {book.episode for book in self.books.values() if book.quantity}
        running |= {action.episode for action in self.open.values()}
        self.past_tags = {tag: on for tag, on in self.past_tags.items() if on > self.day - REMEMBERED_DAYS}
        for episode in [name for name in self.by_episode if name not in running]:
            kept = [action for action in self.by_episode[episode] if action.open]
            for action in self.by_episode.pop(episode):
                if not action.open:
                    self._let_go(action)
                    for attempt in action.attempts:
                        self.tags.pop(attempt.tag, None)
                        self.past_tags[attempt.tag] = self.day
            if kept:
                self.by_episode[episode] = kept
        self.tallies = {name: tally for name, tally in self.tallies.items() if name in running}
        self.guarded = [name for name in self.guarded if name in running]

    def _journal_opened(self, entry: Entry) -> None:
        self.journal_id, self.account = entry.body["journal"], entry.body["account"]

    def _action_decided(self, entry: Entry) -> None:
        body = dict(entry.body)
        key = PositionKey(*body.pop("key"))
        action = ActionRecord(id=entry.subject, seq=entry.seq, key=key, decided=entry.at, **body)
        action.goal = action.quantity or 0
        action.state = DECIDED
        action.states.append((DECIDED, entry.at, action.why))
        self.actions[action.id] = self.open[action.id] = action
        self.scales[key] = action.scale
        tally = self.tallies.setdefault(action.episode, {}).setdefault(action.rule, Tally())
        tally.firings, tally.last = tally.firings + 1, action
        if action.kind in QUANTITY_KINDS or action.kind == PROTECT:
            self.by_episode.setdefault(action.episode, []).append(action)

    def _state_changed(self, entry: Entry) -> None:
        action = self.actions[entry.subject]
        self._step(action, entry.body["state"], entry)
        if action.state in ENDS:
            action.ended, action.reason = entry.at, entry.body["evidence"]
            del self.open[action.id]
            if action.kind not in QUANTITY_KINDS and action.kind != PROTECT:
                self._count_light(action)
        self._move(action.key, entry.body)

    def _move(self, key: PositionKey, body: Mapping[str, Any]) -> None:
        if "target" in body:
            self.books[key].target = body["target"]
        if "stop" in body:
            self.books[key].move_stop(body["stop"])

    def _count_light(self, action: ActionRecord) -> None:
        """Count a stop or an alert that ended, and let it go: a trail makes thousands of them."""
        if action.counts:
            tally = self.tallies[action.episode][action.rule]
            tally.fired, tally.fired_at = tally.fired + 1, action.decided
        if action.kind == STOP_ADDING and action.ended is not None:
            self._adds_stopped = day_number(action.ended), f"`{action.rule}` has stopped adding ({action.why})"
        self._let_go(action)

    def _let_go(self, action: ActionRecord) -> None:
        del self.actions[action.id]

    def _step(self, action: ActionRecord, state: str, entry: Entry) -> None:
        if state not in TRANSITIONS[action.state]:
            raise JournalError(
                f"entry {entry.seq} takes the action {action.id} from `{action.state}` to `{state}`",
                "this is a fault of the program; nothing more is sent",
            )
        action.state = state
        action.states.append((state, entry.at, str(entry.body.get("evidence", ""))))

    def _request(self, entry: Entry) -> None:
        action, body = self.actions[entry.subject], entry.body
        attempt = Attempt(
            n=len(action.attempts) + 1,
            tag=body["tag"],
            quantity=body["quantity"],
            protection=body["protection"],
            sent=entry.at,
            step=action.step,
            external=body.get("external", False),
            trigger=body.get("trigger", UNKNOWN),
        )
        action.attempts.append(attempt)
        self.tags[attempt.tag] = (action, attempt)
        if action.kind == PROTECT:
            self.standing[attempt.tag] = (action, attempt)
        self.posts.append(entry.at)
        self.orders_today += 1
        self.value_today += body["quantity"] * body.get("value", 0.0)
        self._step(action, SENDING, entry)

    def _attempt_changed(self, entry: Entry) -> None:
        action, body = self.actions[entry.subject], entry.body
        attempt = action.attempts[body["n"] - 1]
        before = attempt.state
        attempt.state = body.get("state", attempt.state)
        attempt.order_id = body.get("order_id", attempt.order_id)
        attempt.status = body.get("status", attempt.status)
        attempt.evidence = body.get("evidence", attempt.evidence)
        filled = max(attempt.filled, body.get("filled", 0))
        if filled > attempt.filled:
            attempt.filled, attempt.filled_at = filled, entry.at
            self._refusals_over(action)
        attempt.average = body.get("average", attempt.average)
        if attempt.state == ATTEMPT_UNKNOWN and before != ATTEMPT_UNKNOWN:
            attempt.unknown_since = entry.at
        if "waited" in body:
            attempt.waited, attempt.unknown_since = attempt.waited + body["waited"], entry.at
            attempt.clean, attempt.clean_at = 0, None
        if body.get("late"):
            attempt.late = True
            self.late += 1
        if action.kind == PROTECT:
            self._stop_changed(action, attempt, body)
        elif attempt.state != before:
            self._count_outcome(action, attempt, limited=body.get("limited", False))

    def _stop_changed(self, action: ActionRecord, attempt: Attempt, body: Mapping[str, Any]) -> None:
        """Take what became of a stop order; its refusals say nothing about orders that go to the market."""
        attempt.doubtful = body.get("doubtful", attempt.doubtful)
        if "quantity" in body:
            attempt.quantity, attempt.trigger, attempt.asked = body["quantity"], body["trigger"], None
            action.goal = attempt.quantity
        if attempt.state == ATTEMPT_NOT_SENT:
            self._not_sent(attempt)
        if attempt.live:
            self.standing[attempt.tag] = (action, attempt)
        else:
            self.standing.pop(attempt.tag, None)

    def _count_outcome(self, action: ActionRecord, attempt: Attempt, *, limited: bool) -> None:
        rejected = attempt.state == ATTEMPT_ENDED and attempt.status == REJECTED
        if attempt.state == ATTEMPT_REFUSED or rejected:
            action.tries += 1
            beyond = is_beyond_a_band(attempt.evidence)
            if beyond and attempt.step:
                action.widest = attempt.step - 1
            action.step = max(0, action.step - 1) if rejected or beyond else action.step
            if not limited:
                self._count_refusal(action)
        elif attempt.state == ATTEMPT_NOT_SENT:
            action.not_sent += 1
            self._not_sent(attempt)
        elif attempt.state == ATTEMPT_ENDED and attempt.filled < attempt.quantity:
            may_widen = action.widest is None or action.step < action.widest
            action.step += may_widen
            action.chases += not may_widen
        elif attempt.state == ATTEMPT_ACCEPTED:
            self.refusals_in_all = self.growth_refusals_in_all = 0

    def _count_refusal(self, action: ActionRecord) -> None:
        """Count a refusal; one of an order that needs money says nothing about orders that free it."""
        key = action.key.instrument
        if action.kind in CLOSING_KINDS:
            self.refusals[key] = self.refusals.get(key, 0) + 1
            self.refusals_in_all += 1
        else:
            self.growth_refusals[key] = self.growth_refusals.get(key, 0) + 1
            self.growth_refusals_in_all += 1

    def _not_sent(self, attempt: Attempt) -> None:
        if attempt.sent in self.posts:
            self.posts.remove(attempt.sent)
        self.orders_today -= 1

    def _refusals_over(self, action: ActionRecord) -> None:
        self.refusals.pop(action.key.instrument, None)
        self.growth_refusals.pop(action.key.instrument, None)
        self.refusals_in_all = self.growth_refusals_in_all = 0

    def refused(self, instrument: InstrumentKey, *, closing: bool) -> int:
        """Return how many orders in a row were refused, as far as that speaks against sending another one.

        Args:
            instrument: of the order.
            closing: whether it makes a position smaller; against any other one all refusals speak.
        """
        refused = self.refusals.get(instrument, 0)
        return refused if closing else refused + self.growth_refusals.get(instrument, 0)

    def _goal_reduced(self, entry: Entry) -> None:
        action = self.actions[entry.subject]
        action.goal = min(action.goal, entry.body["goal"])

    def _wait(self, entry: Entry) -> None:
        self.actions[entry.subject].not_before = entry.body["until"]

    def _cancelling(self, entry: Entry) -> None:
        self.posts.append(entry.at)
        if entry.subject:
            attempt = self.actions[entry.subject].attempts[entry.body["n"] - 1]
            attempt.cancel_asked, attempt.cancels = entry.at, attempt.cancels + 1

    def _changing(self, entry: Entry) -> None:
        """Take a change that is asked for; until the book shows it, the larger quantity counts."""
        self.posts.append(entry.at)
        action, body = self.actions[entry.subject], entry.body
        attempt = action.attempts[body["n"] - 1]
        attempt.asked = (body["quantity"], body["trigger"])
        attempt.changed, attempt.changes = entry.at, attempt.changes + 1
        attempt.quantity = action.goal = max(attempt.quantity, body["quantity"])
        action.quantity = max(action.quantity or 0, attempt.quantity)

    def _trade(self, entry: Entry) -> None:
        body = entry.body
        key = PositionKey(*body["key"])
        trade = Trade(
            trade_id=body["trade"],
            order_id=body["order"],
            exchange=key.exchange,
            symbol=key.symbol,
            product=key.product,
            side=body["side"],
            quantity=body["quantity"],
            price=body["price"],
            at=body["at"],
        )
        self.moves += 1
        self.traded[trade_token(trade)] = day_number(trade.at)
        self.position_day = day_number(entry.at)
        for change in self.book(key).fold(trade):
            self.changes.append((key, change))

    def _adopted(self, entry: Entry) -> None:
        key = PositionKey(*entry.body["key"])
        self.moves += 1
        self.position_day = day_number(entry.at)
        self.changes.append((key, self.book(key).adopt(entry.body["quantity"], entry.body["average"])))

    def _watched(self, entry: Entry) -> None:
        for body in entry.body["positions"]:
            self.book(PositionKey(*body["key"])).restore_watched(body)

    def _checkpoint(self, entry: Entry) -> None:
        self.checkpoint, self.checkpoint_used = entry.body, True

    def _mode(self, entry: Entry) -> None:
        body = entry.body
        self.mode = Mode(body["mode"], body["reason"], entry.at, body["flatten"], body.get("cause", ""))

    def adds_stopped(self, now: Instant) -> str:
        """Say why nothing may be added now; empty if it may."""
        for action in self.open.values():
            if action.kind == EXIT_EVERYTHING:
                return f"`{action.rule}` exits everything ({action.why})"
        if self._adds_stopped is not None and self._adds_stopped[0] == day_number(now):
            return self._adds_stopped[1]
        return ""

    def _unblocked(self, entry: Entry) -> None:
        self._adds_stopped = None
        self.refusals.clear()
        self.growth_refusals.clear()
        self.refusals_in_all = self.growth_refusals_in_all = 0

    def _policies(self, entry: Entry) -> None:
        self.policies = entry.body

    def _policy_text(self, entry: Entry) -> None:
        self.policy_texts.append(entry.subject)

    def _rehearsal(self, entry: Entry) -> None:
        self.rehearsal = True

    def _stranger(self, entry: Entry) -> None:
        self.strangers[entry.body["order"]] = entry.body

    def _order_adopted(self, entry: Entry) -> None:
        self.adopted_tags.append(entry.body["tag"])

    def _alarm(self, entry: Entry) -> None:
        body = dict(entry.body)
        self.alarms.raised(body.pop("id"), entry.at, body)

    def _acknowledged(self, entry: Entry) -> None:
        self.alarms.acknowledged(entry.body["alarm"])

    def _acted(self, entry: Entry) -> None:
        """Take nothing from who did it: what was done has entries of its own."""

    def _looked(self, entry: Entry) -> None:
        """Take nothing from a look: what came of it has entries of its own."""

    def _forgotten(self, entry: Entry) -> None:
        """Let books go that are flat and over; no later episode may bear the name of one of theirs."""
        self.moves += 1
        for parts in entry.body["positions"]:
            key = PositionKey(*parts)
            book = self.books.pop(key, None)
            if book is not None:
                self.episodes_before = max(self.episodes_before, book.number)
            self.scales.pop(key, None)

    def _guarded(self, entry: Entry) -> None:
        self.guarded.append(entry.body["episode"])

    def book(self, key: PositionKey) -> Book:
        """Return the book of a position, an empty one if it was never seen."""
        book = self.books.get(key)
        if book is None:
            book = self.books[key] = Book(key, number=self.episodes_before)
        return book

    def of_episode(self, episode: str) -> list[ActionRecord]:
        """Return the actions of one episode that trade, oldest first."""
        return self.by_episode.get(episode, [])

    def tally(self, episode: str, rule: str) -> Tally:
        """Return how often a rule acted in an episode."""
        return self.tallies.get(episode, {}).get(rule) or Tally()

    def open_on(self, instrument: InstrumentKey) -> list[ActionRecord]:
        """Return the open actions that trade an instrument; the list is not the caller's to change."""
        self._index_open()
        return self._open_on.get(instrument, [])

    def _index_open(self) -> None:
        """Sort the open actions by instrument, once an entry."""
        if self._indexed == self.applied:
            return
        self._indexed, self._open_on, self._open_stops = self.applied, {}, []
        for action in self.open.values():
            if action.kind in QUANTITY_KINDS:
                self._open_on.setdefault(action.key.instrument, []).append(action)
            elif action.kind == PROTECT:
                self._open_stops.append(action)

    def is_frozen(self, instrument: InstrumentKey) -> bool:
        """Tell whether an order of unknown outcome stands in an instrument."""
        if not self.open:
            return False
        return any(action.frozen for action in self.open_on(instrument)) or self.unknown_stop(instrument) is not None

    def unknown_stop(self, instrument: InstrumentKey) -> ActionRecord | None:
        """Return the stop order of unknown outcome in an instrument."""
        self._index_open()
        return next(
            (action for action in self._open_stops if action.frozen and action.key.instrument == instrument), None
        )

    def recent_posts(self, now: Instant) -> list[Instant]:
        """Return the requests of the day in order, for the budgets.

        One that lies ahead was made by a clock that has been set back since: it counts as made now.
        """
        return sorted(min(at, now) for at in self.posts if day_number(at) == day_number(now) or at > now - MINUTE)
