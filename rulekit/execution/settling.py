"""Settling: what the order book says about each attempt, and what that means for its action."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from rulekit.errors import UsageError
from rulekit.execution import actions as states
from rulekit.execution.actions import PREFIX, ActionRecord, Attempt, is_tag
from rulekit.execution.chronicle import Chronicle, in_rupees
from rulekit.execution.ledger import Ledger
from rulekit.execution.listing import Listing
from rulekit.execution.names import Names, told_of
from rulekit.execution.reading import Reading
from rulekit.execution.strangers import Strangers
from rulekit.execution.switch import ACTIVE, HALTED, MORE_ORDERS, OTHER_JOURNAL, STRANGE_ORDER
from rulekit.model.decision import EXIT
from rulekit.model.instant import SECOND, Instant, day_number, iso
from rulekit.model.orders import CANCELLED, COMPLETE, REJECTED, Order
from rulekit.model.prices import known

Refused = Callable[[ActionRecord, str], None]
"""Called when the broker rejected an order that it had accepted."""


class Settler:
    """Moves attempts and actions along by evidence, never by hope.

    Args:
        rejected: called when the broker rejected an order that it had accepted.
        names: finds the orders that may be an unknown one, where the broker gives no tags back.
    """

    def __init__(self, chronicle: Chronicle, rejected: Refused, names: Names | None = None) -> None:
        self._chronicle = chronicle
        self._rejected = rejected
        self._names = names
        self._foreign_seen: set[str] = set()
        self._strangers = Strangers(chronicle)
        self._listing = Listing(chronicle.ledger)
        self._unlisted: dict[str, tuple[Instant, int]] = {}  # by tag: since when, and how many lists lacked it
        self._told_cut: set[str] = set()

    def let_go(self, reading: Reading) -> None:
        """Forget which orders were told of that the book lists no longer: it is the book of another day."""
        self._foreign_seen &= {order.order_id for order in reading.orders}
        self._told_cut.clear()
        if self._names is not None:
            self._names.let_go(reading)

    def settle(self, reading: Reading) -> None:
        """Take one clean reading of the book as evidence for everything that has no end."""
        self._listing.take(reading)
        averages = _averages(reading)
        shown: set[str] = set()
        for tag, orders in self._by_tag(reading.orders).items():
            shown.add(tag)
            action, attempt = self._chronicle.ledger.tags[tag]
            self._one_order_a_tag(action, orders)
            self._progress(action, attempt, orders[0], averages.get(orders[0].order_id))
        self._unlisted = {tag: lacked for tag, lacked in self._unlisted.items() if tag not in shown}
        for action in list(self._chronicle.ledger.open.values()):
            for live in [attempt for attempt in action.attempts if attempt.live and attempt.tag not in shown]:
                self._not_shown(action, live, reading)

    def take_over(self, written_at: Instant) -> None:
        """Count how long orders have been unknown by this process's clock from now on.

        What another process wrote down was of its clock, which may have been set since, or be another machine's; from
        one of its entries to the next its clock is to be believed.

        Args:
            written_at: the time of the journal's last entry when this process opened it.
        """
        for action in list(self._chronicle.ledger.open.values()):
            for attempt in action.attempts:
                if attempt.state == states.ATTEMPT_UNKNOWN:
                    waited = max(0, written_at - (attempt.unknown_since or attempt.sent))
                    self._chronicle.attempt(action, attempt, waited=waited)

    def left_sending(self, action: ActionRecord) -> None:
        """Take a request that was being made when the process died for unknown; it is never made again."""
        attempt = action.attempts[-1]
        evidence = "the program ended while this order was being sent"
        if attempt.external:
            self._chronicle.attempt(action, attempt, state=states.ATTEMPT_HANDED, evidence=evidence)
            self._chronicle.state(action, states.ACCEPTED, evidence)
            return
        self._chronicle.attempt(action, attempt, state=states.ATTEMPT_UNKNOWN, evidence=evidence)
        self._chronicle.state(action, states.UNKNOWN_STATE, evidence)
        self._chronicle.tell_of("action_unknown", action, evidence=evidence)

    # --- whose orders these are ---------------------------------------------------------------------------------

    def _by_tag(self, orders: Sequence[Order]) -> dict[str, list[Order]]:
        found: dict[str, list[Order]] = {}
        by_id = self._accepted_by_id()
        for order in orders:
            tag = order.tag
            if tag not in self._chronicle.ledger.tags:
                # A broker that does not give the tag back still gives its own number.
                tag = by_id.get(order.order_id, tag)
            if tag in self._chronicle.ledger.tags:
                found.setdefault(tag, []).append(order)
            elif not self._is_amiss(order):
                self._foreign(order)
        return found

    def check_tags(self, orders: Sequence[Order]) -> None:
        """Halt if an order bears a tag of ours that the journal does not know, or one of another journal."""
        for order in orders:
            if order.tag not in self._chronicle.ledger.tags:
                self._is_amiss(order)

    def _is_amiss(self, order: Order) -> bool:
        """Tell whether an order is of this program and should not be there: halt, unless a person has seen it."""
        ledger = self._chronicle.ledger
        if not is_tag(order.tag):
            return False
        if order.tag in ledger.past_tags:
            return True
        if order.tag.startswith(PREFIX + self._chronicle.journal.id):
            self._unknown_tag(order)
            return True
        seen = ledger.mode.since if ledger.mode.name == ACTIVE else 0
        if not order.placed or order.placed > seen:
            self._tag_of_another(order)
            return True
        return False

    def _accepted_by_id(self) -> dict[str, str]:
        return {
            attempt.order_id: attempt.tag
            for action in self._chronicle.ledger.open.values()
            for attempt in action.attempts
            if attempt.order_id
        }

    def _unknown_tag(self, order: Order) -> None:
        """Halt: the book knows an order of ours that the journal does not, so its end must have been lost."""
        if self._strangers.is_adopted(order.tag):
            return
        self._strangers.see(order)
        if order.order_id in self._foreign_seen:
            return
        self._foreign_seen.add(order.order_id)
        why = (
            f"the broker's book has our order {order.order_id} ({order.tag}: {order.side} {order.filled} of "
            f"{order.quantity} {order.symbol}, {order.status}), which the journal does not know"
        )
        self._chronicle.switch(HALTED, why, cause=STRANGE_ORDER)
        text = f"{why}; `rulekit adopt` shows both sides and takes it in"
        self._chronicle.alert(text, symbol=order.symbol, level="critical")

    def _tag_of_another(self, order: Order) -> None:
        """Halt: another journal's program trades this account, or its journal is lost and this one is new."""
        if order.order_id in self._foreign_seen:
            return
        self._foreign_seen.add(order.order_id)
        why = (
            f"the broker's book has the order {order.order_id} ({order.tag}: {order.side} {order.quantity} "
            f"{order.symbol}, {order.status}) of another journal: a second program trades this account, or the journal "
            f"that was used before is lost"
        )
        if self._chronicle.switch(HALTED, why, cause=OTHER_JOURNAL):
            self._chronicle.alert(why, symbol=order.symbol, level="critical")

    def _foreign(self, order: Order) -> None:
        if order.order_id in self._foreign_seen:
            return
        self._foreign_seen.add(order.order_id)
        self._chronicle.tell(
            "foreign_order_seen",
            order.symbol,
            order_id=order.order_id,
            side=order.side,
            quantity=order.quantity,
        )

    def _one_order_a_tag(self, action: ActionRecord, orders: list[Order]) -> None:
        if len(orders) == 1:
            return
        why = f"{len(orders)} orders bear the tag {orders[0].tag} of {action.rule}; one was sent"
        if self._chronicle.switch(HALTED, why, cause=MORE_ORDERS):
            self._chronicle.alert(why, action, level="critical")

    # --- what an order's row says -------------------------------------------------------------------------------

    def _progress(self, action: ActionRecord, attempt: Attempt, order: Order, average: float | None) -> None:
        before = (attempt.state, attempt.filled)
        changes = self._changes(action, attempt, order, average)
        if changes:
            self._chronicle.attempt(action, attempt, **changes)
            self._tell_arrival(action, attempt, order, before[0])
        if action.open and changes:
            self.advance(action, attempt, grew=attempt.filled > before[1])

    def _changes(self, action: ActionRecord, attempt: Attempt, order: Order, average: float | None) -> dict[str, Any]:
        changes: dict[str, Any] = {}
        if order.filled > attempt.filled:
            changes["filled"] = order.filled
            price = average if average is not None else order.average
            if known(price):
                changes["average"] = price
        if order.order_id != attempt.order_id:
            changes["order_id"] = order.order_id
        if order.ended and (attempt.state != states.ATTEMPT_ENDED or attempt.status != order.status):
            changes |= {"state": states.ATTEMPT_ENDED, "status": order.status, "evidence": order.message}
        elif not order.ended and attempt.state not in (states.ATTEMPT_ACCEPTED, states.ATTEMPT_ENDED):
            changes["state"] = states.ATTEMPT_ACCEPTED
        elif not order.ended and attempt.state == states.ATTEMPT_ENDED and action.state == states.SETTLED:
            # A person said that it had ended, and it lives: what is left of it is cancelled.
            changes |= {"state": states.ATTEMPT_ACCEPTED, "late": True}
        if attempt.state in (states.ATTEMPT_ABSENT, states.ATTEMPT_REFUSED, states.ATTEMPT_NOT_SENT):
            changes["late"] = True
        return changes

    def _tell_arrival(self, action: ActionRecord, attempt: Attempt, order: Order, before: str) -> None:
        if before == states.ATTEMPT_UNKNOWN:
            found = f"order {order.order_id}, {order.status}, {order.filled} of {order.quantity} filled"
            self._chronicle.tell_of("action_settled", action, found=found)
        elif before in (states.ATTEMPT_ABSENT, states.ATTEMPT_REFUSED, states.ATTEMPT_NOT_SENT) or (
            before == states.ATTEMPT_ENDED and attempt.live
        ):
            text = f"order {order.order_id} of {action.rule} ({attempt.tag}) arrived after it had been given up"
            self._chronicle.alert(text, action, level="critical")

    def advance(self, action: ActionRecord, attempt: Attempt, *, grew: bool = False) -> None:
        """Take an open action to where its attempts are."""
        chronicle = self._chronicle
        live = action.live
        if grew and action.filled < action.goal:
            chronicle.tell_of("action_partly_filled", action, filled=action.filled, quantity=action.goal)
        if live is not None:
            if live.state == states.ATTEMPT_UNKNOWN:
                return
            evidence = f"order {live.order_id}, {action.filled} of {action.goal} filled"
            chronicle.state(action, states.PARTLY_FILLED if action.filled else states.ACCEPTED, evidence)
        elif action.filled >= action.goal:
            self._filled(action)
        elif attempt.status == REJECTED and not attempt.filled:
            self._rejected(action, attempt.evidence or "the exchange rejected the order")
        elif action.kind in states.CLOSING_KINDS:
            evidence = f"order {attempt.order_id} ended {attempt.word} with {attempt.filled} of {attempt.quantity}"
            chronicle.state(action, states.PARTLY_FILLED if action.filled else states.DECIDED, evidence)
        elif action.kind == states.PROTECT and attempt.status == COMPLETE:
            self._filled(action)  # before a change to more reached it
        elif action.kind == states.PROTECT:
            reason = f"order {attempt.order_id} ended {attempt.word}; {action.filled} of {attempt.quantity} filled"
            chronicle.state(action, states.CANCELLED, reason)
            chronicle.tell_of("stop_withdrawn", action, reason=reason)
        else:
            self._give_up(action, f"order {attempt.order_id} ended {attempt.word}; the rest is not sent again")

    def _filled(self, action: ActionRecord) -> None:
        average = average_of(action)
        evidence = f"{action.filled} of {action.quantity} filled"
        self._chronicle.state(action, states.FILLED, evidence)
        self._chronicle.tell_of("action_filled", action, filled=action.filled, average=in_rupees(average, action.scale))

    def _give_up(self, action: ActionRecord, why: str) -> None:
        reason = f"{why}; {action.filled} of {action.quantity} filled"
        self._chronicle.state(action, states.EXPIRED, reason)
        self._chronicle.tell_of("action_expired", action, reason=reason)

    # --- what an absence says -----------------------------------------------------------------------------------

    def _not_shown(self, action: ActionRecord, attempt: Attempt, reading: Reading) -> None:
        if attempt.state == states.ATTEMPT_UNKNOWN:
            self._absent(action, attempt, reading)
        elif attempt.state == states.ATTEMPT_HANDED:
            self._handed_over(action, attempt, reading)
        elif attempt.state == states.ATTEMPT_ACCEPTED and _older_day(attempt.sent, reading.started):
            evidence = f"a day order ended with its day, {attempt.filled} known to be filled"
            self._chronicle.attempt(action, attempt, state=states.ATTEMPT_ENDED, status=CANCELLED, evidence=evidence)
            self._give_up(action, evidence)
            if action.kind != states.PROTECT:
                self._chronicle.alert(f"{action.rule}: {evidence}", action)
        elif attempt.state == states.ATTEMPT_ACCEPTED:
            self._unlisted_for_long(action, attempt, reading)

    def _unlisted_for_long(self, action: ActionRecord, attempt: Attempt, reading: Reading) -> None:
        """Park an order with a number that no list shows for as long as a quarantine.

        A number says only that the broker's system has it, and its absence proves as little: a person must look.
        """
        settings = self._chronicle.settings
        since, lists = self._unlisted.get(attempt.tag, (reading.started, 0))
        self._unlisted[attempt.tag] = since, lists + 1
        waited = (reading.started - since) / SECOND
        if waited < settings.quarantine_s or lists < settings.clean_reads:
            return
        del self._unlisted[attempt.tag]
        evidence = f"the broker gave it the number {attempt.order_id}, and no list has shown it for {waited:.0f} s"
        self._chronicle.attempt(action, attempt, state=states.ATTEMPT_UNKNOWN, evidence=evidence)
        self._chronicle.state(action, states.UNKNOWN_STATE, evidence)
        self._park(action, evidence)

    def _absent(self, action: ActionRecord, attempt: Attempt, reading: Reading) -> None:
        """Count clean readings after the quarantine; an absence before it proves nothing."""
        chronicle = self._chronicle
        since = (attempt.unknown_since or attempt.sent) - attempt.waited
        if _older_day(attempt.sent, reading.started):
            self._park(action, "the day of the unknown order is over, and the book no longer shows it")
            return
        alike = [] if self._names is None else self._names.alike(action, attempt, reading)
        if alike is None:
            return
        if action.state == states.PARKED and not alike:
            return
        if reading.started < since + round(chronicle.settings.quarantine_s * SECOND):
            return
        if attempt.clean_at is not None and reading.started < attempt.clean_at + round(
            chronicle.settings.look_s * SECOND
        ):
            # A book that comes late is as late in every reading of the same moment: these are one.
            return
        if not self._listing.is_whole():
            self._tell_cut(action, attempt, reading.started - since)
            return
        attempt.clean, attempt.clean_at = attempt.clean + 1, reading.started
        if attempt.clean < chronicle.settings.clean_reads:
            return
        if alike:
            self._whose(action, attempt, alike)
            return
        evidence = (
            f"not in {attempt.clean} clean readings of the book, the last at {iso(reading.started)}, "
            f"{chronicle.settings.quarantine_s:g} s and more after it became unknown"
        )
        chronicle.attempt(action, attempt, state=states.ATTEMPT_ABSENT, evidence=evidence)
        chronicle.tell_of("action_settled", action, found="nothing was placed: " + evidence)
        if action.kind in states.CLOSING_KINDS:
            chronicle.state(action, states.PARTLY_FILLED if action.filled else states.DECIDED, evidence)
        elif action.kind == states.PROTECT:
            self._give_up(action, "nothing was placed: " + evidence)
        else:
            self._give_up(action, "nothing was placed, and an add is never sent again: " + evidence)
            chronicle.alert(f"{action.rule}: the unknown order was never placed; it is not sent again", action)

    def _tell_cut(self, action: ActionRecord, attempt: Attempt, waited: Instant) -> None:
        """Tell a person once of an order that cannot be settled because the list lacks others."""
        patience = 2 * self._chronicle.settings.quarantine_s * SECOND
        if waited < patience or attempt.tag in self._told_cut:
            return
        self._told_cut.add(attempt.tag)
        lacks = ", ".join(sorted(self._listing.lacks())[:5])
        text = (
            f"the order {attempt.tag} of {action.rule} is still unknown: the broker's list of orders lacks {lacks}, "
            f"so what else it lacks proves nothing; look at the broker and record it with `rulekit settle {action.id}`"
        )
        self._chronicle.alert(text, action, level="critical")

    def _whose(self, action: ActionRecord, attempt: Attempt, alike: list[Order]) -> None:
        """Settle or park an action of which an order may be, or a stranger's: it is never taken for ours.

        An exit needs no owner. Once all that may be it has ended, nothing of it is on its way, and the next decision
        starts from the position as it is.
        """
        told = f"{told_of(alike)} may be its order or somebody else's, and the broker does not say whose"
        if action.kind != EXIT or not all(order.ended for order in alike):
            self._park(action, told)
            return
        evidence = f"{told}; it has ended, and what is held now is exited by the next decision"
        self._chronicle.attempt(action, attempt, state=states.ATTEMPT_ENDED, evidence=evidence)
        self._chronicle.state(action, states.SETTLED, evidence)
        self._chronicle.tell_of("action_settled", action, found=evidence)

    def _park(self, action: ActionRecord, why: str) -> None:
        if action.state == states.PARKED:
            return
        reason = f"{why}; record what became of it with `rulekit settle {action.id}`"
        self._chronicle.state(action, states.PARKED, reason)
        self._chronicle.tell_of("action_parked", action, reason=reason)
        self._chronicle.alert(f"{action.rule} is parked: {reason}", action, level="critical")

    def _handed_over(self, action: ActionRecord, attempt: Attempt, reading: Reading) -> None:
        """Follow an action that a host's own engine executes by the account's trades on its side since then."""
        tags = {order.order_id for order in reading.orders if order.tag in self._chronicle.ledger.tags}
        trades = [
            trade
            for trade in reading.trades
            if (trade.exchange, trade.symbol, trade.product) == action.key[1:]
            and trade.side == action.side
            and trade.at > attempt.sent - SECOND  # the broker's times may be whole seconds
            and trade.order_id not in tags
        ]
        filled = min(attempt.quantity, sum(trade.quantity for trade in trades))
        grew = filled > attempt.filled
        if grew:
            average = sum(trade.price * trade.quantity for trade in trades) / sum(trade.quantity for trade in trades)
            self._chronicle.attempt(action, attempt, filled=filled, average=average)
        if filled >= attempt.quantity:
            evidence = "seen in the account's trades"
            self._chronicle.attempt(action, attempt, state=states.ATTEMPT_ENDED, status=COMPLETE, evidence=evidence)
        if grew:
            self.advance(action, attempt, grew=True)
        patience = round(self._chronicle.settings.handed_over_s * SECOND)
        if attempt.live and reading.started >= attempt.sent + patience and not _rests(action, attempt, reading):
            evidence = f"the host's engine took it, and only {attempt.filled} of {attempt.quantity} were seen to fill"
            self._chronicle.attempt(action, attempt, state=states.ATTEMPT_ENDED, status=CANCELLED, evidence=evidence)
            self._give_up(action, evidence)
            self._chronicle.alert(f"{action.rule}: {evidence}", action)

    # --- what a person says -------------------------------------------------------------------------------------

    def record(self, action_id: str, filled: int | None) -> None:
        """Record what a person found out about an unknown or parked action.

        Args:
            action_id: the action's id, in any case.
            filled: how much was filled in all; None means that nothing was placed.

        Raises:
            UsageError: there is no such action, it needs no settling, or the figure cannot be.
        """
        action, attempt = settlable(self._chronicle.ledger, action_id, filled)
        self._write_record(action, attempt, filled)

    def _write_record(self, action: ActionRecord, attempt: Attempt, filled: int | None) -> None:
        found = "not placed" if filled is None else f"{filled} of {attempt.quantity} filled"
        evidence = f"settled by a person: {found}"
        if filled is None:
            self._chronicle.attempt(action, attempt, state=states.ATTEMPT_ABSENT, evidence=evidence)
        else:
            status = COMPLETE if filled == attempt.quantity else CANCELLED
            self._chronicle.attempt(
                action, attempt, state=states.ATTEMPT_ENDED, status=status, filled=filled, evidence=evidence
            )
        self._chronicle.state(action, states.SETTLED, evidence)
        self._chronicle.tell_of("action_settled", action, found=evidence)


def settlable(ledger: Ledger, action_id: str, filled: int | None) -> tuple[ActionRecord, Attempt]:
    """Return the action that a person speaks of, and its attempt of unknown outcome.

    Raises:
        UsageError: there is no such action, it needs no settling, or the figure cannot be.
    """
    action = ledger.actions.get(action_id.strip().upper())
    if action is None:
        raise UsageError(f"`{action_id}` is no action of this journal", "`rulekit pending` lists those without an end")
    attempt = action.unsettled
    if not action.open or attempt is None:
        raise UsageError(f"`{action.id}` is {action.state}: there is nothing to settle")
    if filled is not None and not 0 <= filled <= attempt.quantity:
        raise UsageError(f"{filled} cannot have been filled", f"the order was for {attempt.quantity}")
    return action, attempt


def average_of(action: ActionRecord) -> float:
    """Return the average price of an action's fills in smallest units, NaN if it is not known of each."""
    filled = [attempt for attempt in action.attempts if attempt.filled]
    total = sum(attempt.filled for attempt in filled)
    return sum(attempt.average * attempt.filled for attempt in filled) / total if total else float("nan")


def _averages(reading: Reading) -> dict[str, float]:
    """Return each order's average price from its trades; the book states it only for complete ones."""
    sums: dict[str, tuple[float, int]] = {}
    for trade in reading.trades:
        value, quantity = sums.get(trade.order_id, (0.0, 0))
        sums[trade.order_id] = (value + trade.price * trade.quantity, quantity + trade.quantity)
    return {order_id: value / quantity for order_id, (value, quantity) in sums.items() if quantity}


def _older_day(then: Instant, now: Instant) -> bool:
    return day_number(then) < day_number(now)


def _rests(action: ActionRecord, attempt: Attempt, reading: Reading) -> bool:
    return any(
        not order.ended
        and (order.exchange, order.symbol, order.product) == action.key[1:]
        and order.side == action.side
        and order.placed >= attempt.sent
        for order in reading.orders
    )
