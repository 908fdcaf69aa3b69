"""The invariants, checked from outside: from what the broker truly saw and from what the journal says."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from attrs import define, field

from rulekit.execution.actions import CLOSING_KINDS, ENTRY, PROTECT
from rulekit.model.decision import ADD
from rulekit.model.events import Event
from rulekit.model.instant import MINUTE, SECOND, Instant
from rulekit.model.instrument import InstrumentKey, PositionKey
from rulekit.model.orders import SIGN, OrderRequest, StopRequest, Trade
from tests.simulation.duties import undone, wrong_request
from tests.simulation.witness import ENDS, SeenAction, SeenAttempt, Witness

if TYPE_CHECKING:
    from tests.simulation.world import World

NAMES = {
    1: "every action reaches exactly one end",
    2: "one order a tag, and no more filled than decided",
    3: "no exit, book or stop takes a position through zero",
    4: "a stop never loosens",
    5: "no regular signal before a management action",
    6: "nothing is sent for an instrument with an unknown order",
    7: "the budgets are kept, with their reserve",
    8: "a restart changes nothing",
    9: "a second process sends nothing",
    10: "a halted engine sends nothing of its own",
    11: "what was decided is done, in its quantity, in its time",
}
RESERVE = 0.30


class ViolationError(BaseException):
    """An invariant is broken: no handler of the program may take it for a failure of the broker."""

    def __init__(self, number: int, text: str) -> None:
        super().__init__(f"invariant {number} ({NAMES.get(number, 'the simulator itself')}): {text}")
        self.number = number


@define
class Invariants:
    """Watches a world; its own books are kept from what is seen at the broker, never from the engine's."""

    world: World
    stops: dict[tuple[PositionKey, str], tuple[int, float]] = field(factory=dict)
    by_hand: dict[InstrumentKey, list[Instant]] = field(factory=dict)
    cancelled: dict[str, Instant] = field(factory=dict)

    # --- at each request ------------------------------------------------------------------------------------

    def request(self, request: OrderRequest | StopRequest) -> None:
        """Check a request in the moment in which it reaches the broker."""
        world = self.world
        now = world.clock.now()
        self._not_a_ghost(request.tag)
        if any(sent.request.tag == request.tag for sent in world.exchange.sent):
            raise ViolationError(2, f"the tag {request.tag} is sent a second time")
        self._not_unknown(request, now)
        self._budget(now)
        action, attempt = self._announced(request)
        if why := wrong_request(world, request, action) or self._cut_for_nothing(action):
            raise ViolationError(11, why)
        freeze = world.exchange.listed[request.instrument].freeze
        if freeze is not None and request.quantity > freeze:
            raise ViolationError(
                2, f"{request.quantity} {request.symbol} in one order, {freeze} is the most it may carry"
            )
        if world.manager is not None and world.manager.executor.mode == "halted" and action.rule != "exit everything":
            raise ViolationError(10, f"{action.rule} sends {request.side} {request.quantity} {request.symbol}")
        if action.kind == ENTRY:
            self._nothing_waits(action.id, now)
            self._reserve(now)
        if action.kind == ADD and any(
            sent.doubtful and not sent.shown
            for sent in world.exchange.sent
            if sent.request.tag in {one.tag for one in action.attempts}
        ):
            raise ViolationError(2, f"{action.rule} adds again after an answer that was lost")
        if action.kind in CLOSING_KINDS or action.kind == PROTECT:
            self._leaves_room(request, action, now)
        if isinstance(request, StopRequest) and (others := world.exchange.standing(action.key)):
            raise ViolationError(3, f"a second stop is sent for {request.symbol} while {others[0].order_id} stands")
        if attempt.quantity != request.quantity:
            raise ViolationError(2, f"{request.tag} is announced for {attempt.quantity}, sent for {request.quantity}")

    def _leaves_room(self, request: OrderRequest | StopRequest, action: SeenAction, now: Instant) -> None:
        """Check that all that may still fill on this side, the request included, is no more than what is held."""
        exchange = self.world.exchange
        if any(now - at < 60 * SECOND for at in self.by_hand.get(request.instrument, ())):
            return  # what the trader did just now cannot be known in time
        on_its_way = sum(
            order.quantity - order.filled
            for order in exchange.open_orders()
            if order.tag
            and (order.exchange, order.symbol, order.product) == action.key[1:]
            and order.side == request.side
        )
        held = -exchange.net().get(action.key, 0) * SIGN[request.side]
        if request.quantity + on_its_way > held:
            text = f"{request.quantity} are sent and {on_its_way} may still fill, {held} are held"
            raise ViolationError(3, f"{action.rule} leaves no room in {request.symbol}: {text}")

    def _cut_for_nothing(self, action: SeenAction) -> str | None:
        """Say that an exit or a book was just cut though more is held, by trades that the journal has."""
        exchange, side = self.world.exchange, -SIGN[str(action.side)]
        attempts, before = action.cut
        if action.kind not in CLOSING_KINDS or len(action.attempts) != attempts + 1:
            return None
        held = min(exchange.net().get(action.key, 0) * side, self._booked(action.key) * side)
        moving = sum(
            order.quantity - order.filled
            for order in exchange.open_orders()
            if (order.exchange, order.symbol, order.product) == action.key[1:] and order.side == action.side
        )
        if action.goal - action.filled < min(before - action.filled, held - moving):
            return f"{action.rule} is cut from {before} to {action.goal}, {held} {action.key.symbol} are held"
        return None

    def _booked(self, key: PositionKey) -> int:
        """Return what the trades that the journal holds leave."""
        return sum(
            SIGN[entry.body["side"]] * entry.body["quantity"]
            for entry in self.world.durable.entries
            if entry.kind == "trade" and tuple(entry.body["key"]) == key
        )

    def change(self, order_id: str, request: StopRequest) -> None:
        """Check a change of a stop order."""
        world = self.world
        self._not_a_ghost(request.tag)
        self._budget(world.clock.now())
        action, _ = self._announced(request)
        if action.largest < request.quantity:
            raise ViolationError(2, f"the stop {order_id} becomes {request.quantity}, {action.largest} are announced")
        if world.manager is not None and world.manager.executor.mode == "halted":
            raise ViolationError(10, f"the stop {order_id} is changed")

    def cancel(self, order_id: str) -> None:
        """Check a cancellation: it counts in the budgets, and is never refused by a halt."""
        self._not_a_ghost(f"the cancellation of {order_id}")
        self.cancelled[order_id] = self.world.clock.now()
        self._budget(self.world.clock.now())

    def _not_a_ghost(self, what: str) -> None:
        """Check that no process sends whose account another one has taken over."""
        if self.world.ghost:
            raise ViolationError(9, f"{what} is sent by a process that lost the account")

    def _announced(self, request: OrderRequest | StopRequest) -> tuple[SeenAction, SeenAttempt]:
        """Find a request in the journal's durable entries: it must be there before it is sent."""
        assert self.world.journal is not None
        ledger = self.world.durable
        if request.tag not in ledger.tags:
            raise ViolationError(1, f"{request.tag} is sent, and the journal does not know it")
        return ledger.tags[request.tag]

    def _not_unknown(self, request: OrderRequest | StopRequest, now: Instant) -> None:
        for sent in self.world.exchange.sent:
            if sent.request.instrument != request.instrument or not sent.doubtful:
                continue
            settled = sent.shown or sent.clean >= 2 or sent.request.tag in self.world.settled_by_hand
            if not settled:
                age = (now - sent.at) / SECOND
                raise ViolationError(6, f"{request.symbol} is sent; {sent.request.tag}, {age:.0f} s old, is unknown")

    def _budget(self, now: Instant) -> None:
        posts = [at for at, _ in self.world.exchange.posts]
        second = sum(at // SECOND == now // SECOND for at in posts) + 1
        minute = sum(at > now - MINUTE for at in posts) + 1
        limits = self.world.limits
        if second > limits.per_second or minute > limits.per_minute:
            raise ViolationError(7, f"{second} requests in one second, {minute} in a minute")

    def _reserve(self, now: Instant) -> None:
        """A host's own entry must leave what is kept for exits."""
        posts = [at for at, _ in self.world.exchange.posts]
        for span, limit in ((SECOND, self.world.limits.per_second), (MINUTE, self.world.limits.per_minute)):
            used = sum(at > now - span for at in posts) + 1
            if used > max(1, int(limit * (1 - RESERVE))):
                raise ViolationError(7, f"an entry takes the reserve: {used} of {limit} requests are used")

    def _nothing_waits(self, regular: str, now: Instant) -> None:
        """Look for a management action that could have been sent instead: never tried, and nothing in its way."""
        manager = self.world.manager
        assert manager is not None
        rows = manager.executor.pending_management_actions
        busy = {row["symbol"] for row in rows if row["attempts"] and row["state"] not in ("decided",)}
        for row in rows:
            waits = row["state"] == "decided" and not row["attempts"] and row["kind"] not in (ENTRY, "stop")
            if (
                waits
                and row["symbol"] not in busy
                and row["id"] != regular
                and row["lane"] in ("critical", "immediate")
                and self._is_shown(row)
            ):
                raise ViolationError(5, f"{row['rule']} of {row['symbol']} waits while a regular signal is sent")

    def _is_shown(self, row: dict[str, Any]) -> bool:
        """Tell whether the last list that was read shows the position that an action is for."""
        exchange = self.world.exchange
        key = PositionKey(exchange.account, row["exchange"], row["symbol"], row["product"])
        side = SIGN[row["side"]] * (1 if row["kind"] == ADD else -1)
        return exchange.rows_read.get(key, 0) * side > 0

    # --- at each fill ---------------------------------------------------------------------------------------

    def fill(self, trade: Trade) -> None:
        """Check a fill in the moment in which it truly happens."""
        world = self.world
        order = world.exchange.orders_true.get(trade.order_id)
        instrument = InstrumentKey(trade.exchange, trade.symbol)
        if order is None or not order.tag:
            self.by_hand.setdefault(instrument, []).append(trade.at)
            return
        ledger = world.durable
        if order.tag not in ledger.tags:
            raise ViolationError(1, f"{order.tag} fills, and the journal does not know it")
        action, attempt = ledger.tags[order.tag]
        key = PositionKey(world.exchange.account, trade.exchange, trade.symbol, trade.product)
        held = world.exchange.net().get(key, 0)
        if action.kind == ENTRY and held * SIGN[trade.side] < 0:
            # A host's own signal that reduces is as good as a trade by hand.
            self.by_hand.setdefault(instrument, []).append(trade.at)
        if action.kind not in CLOSING_KINDS and action.kind != PROTECT:
            return
        by_hand = self.by_hand.get(instrument, ())
        asked = self.cancelled.get(order.order_id, 0)
        if any(self._excuses(at, action.kind, attempt.sent, order.placed, asked, trade.at) for at in by_hand):
            return
        after = held + SIGN[trade.side] * trade.quantity
        if held * SIGN[trade.side] >= 0 or held * after < 0:
            raise ViolationError(3, f"{action.rule} takes {trade.symbol} from {held} to {after}")

    def _excuses(
        self, by_hand: Instant, kind: str, sent: Instant, placed: Instant, cancelled: Instant, filled: Instant
    ) -> bool:
        """Tell whether a trade by hand is so young that an order of ours cannot have made way for it in time.

        A stop that was on its way when the trader traded can be taken back only once it has arrived, and one whose
        cancellation is on its way may still be triggered before that.
        """
        if kind != PROTECT:
            return by_hand >= sent - 60 * SECOND
        if by_hand < cancelled and filled - cancelled < 5 * SECOND:
            return True
        known = max(by_hand, placed) if sent <= by_hand else by_hand
        looks = sum(known < at < filled - 5 * SECOND for at in self.world.exchange.clean_looks)
        return filled - known < 60 * SECOND or looks < 4

    def superseded(self, event: Event) -> None:
        """Check that what is dropped has truly lost its reason, however old the lists are that were read."""
        world = self.world
        action = world.durable.actions.get(event.action)
        if action is None or action.kind not in (*CLOSING_KINDS, ADD):
            return
        instrument = action.key.instrument
        on_its_way = any((order.exchange, order.symbol) == instrument for order in world.exchange.resting())
        held = world.exchange.net().get(action.key, 0)
        decided = action.states[0][1]
        # A look in the very moment of the decision may have come after it, and have ended it.
        known = next((at for at in reversed(world.exchange.clean_looks) if at < decided), 0)
        if world.exchange.was_flat(action.key, known + 1):
            return  # what is held now is another position than the one that was last seen when it was decided
        side = SIGN[str(action.side)]
        needed = held * side > 0 if action.kind == ADD else -held * side >= action.goal
        if needed and not on_its_way:
            raise ViolationError(
                1, f"{action.rule} is dropped while {held} {action.key.symbol} are held: {action.reason}"
            )

    # --- after each step ------------------------------------------------------------------------------------

    def step(self) -> None:
        """Check what can be seen of the engine between two steps."""
        manager, journal = self.world.manager, self.world.journal
        if manager is None or journal is None:
            return
        # What a stop is counts once it is durable; whoever set it while the server is away was told that it is not.
        for position in () if journal.is_away else manager.executor.positions():
            at = (position.key, position.episode)
            before = self.stops.get(at)
            if before is not None and before[0] == position.side:
                was = before[1]
                if was == was and not (position.stop - was) * position.side >= 0:
                    raise ViolationError(4, f"the stop of {position.key.symbol} went from {was} to {position.stop}")
            self.stops[at] = (position.side, position.stop)
        self._few_orders()

    def _few_orders(self) -> None:
        tags = Counter(order.tag for order in self.world.exchange.orders_true.values() if order.tag)
        if tags and max(tags.values()) > 1:
            raise ViolationError(2, f"the broker has two orders with the tag {tags.most_common(1)[0][0]}")

    # --- at the end -----------------------------------------------------------------------------------------

    def rest(self, ledger: Witness) -> None:
        """Check a world that has come to rest."""
        world = self.world
        for action in ledger.actions.values():
            ends = [state for state, _, _ in action.states if state in ENDS]
            if action.open and action.state != "parked" and not self._stands(action):
                raise ViolationError(1, f"{action.id} ({action.rule}) is still {action.state}: {action.states[-1][2]}")
            if action.kind in CLOSING_KINDS and action.state == "expired":
                raise ViolationError(1, f"the rest of {action.id} ({action.rule}) was given up: {action.reason}")
            if len(ends) != (not action.open):
                raise ViolationError(1, f"{action.id} ({action.rule}) reached {ends}")
            true = sum(
                world.exchange.orders_true[sent.order_id].filled
                for sent in world.exchange.sent
                if sent.order_id and sent.request.tag in {attempt.tag for attempt in action.attempts}
            )
            if action.quantity is not None and true > action.largest:
                raise ViolationError(2, f"{action.id} ({action.rule}) filled {true} of {action.largest}")
            if not action.open and true != action.filled and action.state != "settled":
                raise ViolationError(1, f"{action.id} ({action.rule}) filled {true}, the journal says {action.filled}")
        self._our_numbers(ledger)
        known = {attempt.tag for action in ledger.actions.values() for attempt in action.attempts}
        lost = [sent.request.tag for sent in world.exchange.sent if sent.request.tag not in known]
        if lost:
            raise ViolationError(1, f"the journal does not know {lost}")
        ours = world.exchange.resting()
        if ours:
            raise ViolationError(1, f"{ours[0].order_id} of ours still rests: {ours[0]}")
        self._same_book()
        self._stops_in_step()
        if why := undone(world, ledger):
            raise ViolationError(11, why)

    def _our_numbers(self, ledger: Witness) -> None:
        """Check that no attempt was ever taken to be an order that is not its own."""
        ours = {sent.request.tag: sent.order_id for sent in self.world.exchange.sent}
        for action in ledger.actions.values():
            for attempt in action.attempts:
                if attempt.order_id and ours.get(attempt.tag) != attempt.order_id:
                    text = f"{action.rule} claims {attempt.order_id}; its own is {ours.get(attempt.tag) or 'none'}"
                    raise ViolationError(2, text)

    def _stands(self, action: SeenAction) -> bool:
        """Tell whether an open action is a stop order that truly waits for its price."""
        if action.kind != PROTECT:
            return False
        tags = {order.tag for order in self.world.exchange.standing(action.key)}
        return action.attempts[-1].tag in tags

    def _stops_in_step(self) -> None:
        """Check that each position has the one stop order that it should have, or a reason to have none."""
        world = self.world
        assert world.manager is not None
        held = {one.key: one for one in world.manager.executor.positions()}
        for order_id in world.exchange.stop_ids:
            order = world.exchange.orders_true[order_id]
            key = PositionKey(world.exchange.account, order.exchange, order.symbol, order.product)
            if not order.ended and (key not in held or not world.stops_at_broker):
                raise ViolationError(3, f"the stop {order_id} stands for nothing: {order}")
        for key, position in held.items():
            standing = world.exchange.standing(key)
            tick = world.exchange.listed[key.instrument].tick
            if len(standing) > 1:
                raise ViolationError(3, f"{len(standing)} stops stand for {key.symbol}")
            for order in standing:
                left, mine = order.quantity - order.filled, position.quantity
                if left > mine or (
                    world.may_move_stops(position) and (left != mine or not abs(order.trigger - position.stop) < tick)
                ):
                    text = f"{left} at {order.trigger}, the position is {mine} with its stop at {position.stop}"
                    raise ViolationError(3, f"the stop {order.order_id} of {key.symbol} is out of step: {text}")
            if not standing and world.stops_at_broker and world.should_stand(position):
                raise ViolationError(3, f"no stop stands for {key.symbol}, it should be at {position.stop}")

    def _same_book(self) -> None:
        world = self.world
        assert world.manager is not None
        true = {key: quantity for key, quantity in world.exchange.net().items() if quantity}
        tracked = {one.key: one.side * one.quantity for one in world.manager.executor.positions()}
        if true != tracked:
            raise ViolationError(1, f"the broker has {true}, the engine {tracked}")


__all__ = ["NAMES", "Invariants", "ViolationError"]
