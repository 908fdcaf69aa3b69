"""What other policies would have done at the looks that a journal records: where they part, and what came of it.

Until the two part, a position is the one that was; from then on it is carried by itself over the recorded prices and
facts, and its orders fill at the price of the look.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from attrs import evolve, frozen

from rulekit.engine.applies import first_that_applies
from rulekit.engine.book import decide_book, ordered, under_orders
from rulekit.engine.decide import decide
from rulekit.execution.journal_schema import Entry
from rulekit.execution.ledger import ATTEMPT_CHANGED, LOOKED, POLICIES, POLICY_TEXT, TRADE
from rulekit.model.book import NO_ORDERS, BookOrders, BookSnapshot
from rulekit.model.decision import ADD, BOOK, EXIT, STOP, TARGET, Action, Decision, Memory, RuleMemory
from rulekit.model.instant import Instant, day_number, iso
from rulekit.model.orders import BUY
from rulekit.model.snapshot import Snapshot
from rulekit.replay.divergence import Divergence, Done, what, why_not, without
from rulekit.runtime.looks import Look, look_of
from rulekit.runtime.policy import Policy
from rulekit.runtime.recorded_policies import RecordedPolicies
from rulekit.runtime.reloading import guard
from rulekit.runtime.what_if_outcome import Position, WhatIf

_ORDERS = (EXIT, BOOK, ADD)
ONLY_SOME = (
    "only looks that something came of are recorded, so what the new policy would have done at others is not seen; "
    '`record = "all"` under [journal] keeps them all'
)

NO_BOOK = (
    "no look at the whole book is recorded, so the new rules for it were not asked: looks at it are kept where the "
    'policies of then had such rules, and `record = "all"` was set'
)


@frozen
class Traded:
    """One trade of the journal. Price in smallest units, quantity signed."""

    seq: int
    quantity: int
    price: float
    ours: bool


class Wondering:
    """Goes through the entries of one journal.

    Args:
        policies: in the order in which they are tried for a position; they take the place of all that decided then.
    """

    def __init__(self, policies: Sequence[Policy]) -> None:
        self._new = tuple(policies)
        self._recorded = RecordedPolicies()
        self._positions: dict[tuple[Any, ...], Position] = {}
        self._trades: dict[tuple[str, str, str], list[Traded]] = {}
        self._our_orders: set[str] = set()
        self._orders: BookOrders = NO_ORDERS
        self._book_memory: dict[str, RuleMemory] = {}
        self._day = -1
        self._some_idle = self._book_seen = False
        self.found = WhatIf()

    def run(self, entries: Iterable[Entry]) -> WhatIf:
        """Go through every entry, and work out what came of it."""
        handlers = {
            POLICY_TEXT: self._recorded.note,
            POLICIES: self._recorded.note,
            LOOKED: self._looked,
            ATTEMPT_CHANGED: self._attempt,
            TRADE: self._traded,
        }
        for entry in entries:
            handler = handlers.get(entry.kind)
            if handler is not None:
                handler(entry)
        self.found.positions = list(self._positions.values())
        for one in self.found.positions:
            if one.parted is not None:
                self._settle(one)
        if self.found.looks and not self._some_idle:
            self.found.notes.append(ONLY_SOME)
        if not self._book_seen and any(policy.book_rules for policy in self._new):
            self.found.notes.append(NO_BOOK)
        return self.found

    # --- entries ------------------------------------------------------------------------------------------------

    def _attempt(self, entry: Entry) -> None:
        order = entry.body.get("order_id")
        if order:
            self._our_orders.add(order)

    def _traded(self, entry: Entry) -> None:
        body = entry.body
        _, exchange, symbol, product = body["key"]
        signed = body["quantity"] if body["side"] == BUY else -body["quantity"]
        trade = Traded(entry.seq, signed, body["price"], body["order"] in self._our_orders)
        self._trades.setdefault((exchange, symbol, product), []).append(trade)

    def _looked(self, entry: Entry) -> None:
        look = look_of(entry.body)
        self._some_idle |= not entry.body["actions"]
        if isinstance(look.snapshot, BookSnapshot):
            self._book(look.snapshot)
            return
        self.found.looks += 1
        snapshot = look.snapshot
        self._new_day(snapshot.now)
        place = (snapshot.exchange, snapshot.symbol, snapshot.product, snapshot.side, snapshot.opened)
        one = self._positions.setdefault(place, Position(snapshot, last=snapshot.entry, memory=dict(look.memory)))
        one.looks += 1
        if snapshot.price == snapshot.price:
            one.last = snapshot.price
        if one.parted is None:
            self._until_they_part(one, entry, look, snapshot)
        elif one.held:
            self._carry(one, entry, snapshot)

    # --- the whole book -----------------------------------------------------------------------------------------

    def _new_day(self, now: Instant) -> None:
        if day_number(now) != self._day:
            self._day, self._orders, self._book_memory = day_number(now), NO_ORDERS, {}

    def _book(self, book: BookSnapshot) -> None:
        """Let the new rules for the whole book decide on the figures of then."""
        self._new_day(book.now)
        self._book_seen = True
        for policy in self._new:
            decision = decide_book(policy.compiled, book, self._book_memory)
            self._orders = ordered(decision, self._orders)
            self._book_memory = _counted(decision, decision.memory, book.now)
            for action in decision.actions:
                self.found.book.append(
                    f"{iso(book.now)[:19].replace('T', ' ')}: `{action.rule}` {action.kind} ({action.why})"
                )

    # --- one position -------------------------------------------------------------------------------------------

    def _decide(self, snapshot: Snapshot, memory: Memory) -> tuple[Policy, Decision]:
        """Let the new policies decide; where none is for a position, only its stop and target are watched."""
        policy = first_that_applies(self._new, snapshot) or guard()
        known = {rule.name for rule in policy.rules}
        decision = decide(policy.compiled, snapshot, {name: one for name, one in memory.items() if name in known})
        return policy, under_orders(policy.compiled, decision, snapshot, self._orders) if self._orders else decision

    def _until_they_part(self, one: Position, entry: Entry, look: Look, snapshot: Snapshot) -> None:
        """Decide on what was, and compare with what was decided then."""
        old = self._recorded.find(look.policy)
        names = set() if old is None else {rule.name for rule in old.rules}
        for name in names & {*one.memory, *look.memory}:
            # how often a rule of this name fired is known: an order that was refused did not count
            then = look.memory.get(name, RuleMemory())
            one.memory[name] = evolve(one.memory.get(name, then), fired=then.fired, fired_at=then.fired_at)
        policy, decision = self._decide(snapshot, one.memory)
        then_done, now_done = _recorded_acts(entry), _acts(decision, snapshot.now)
        one.memory = _counted(decision, decision.memory, snapshot.now)
        if sorted(each.act for each in then_done) == sorted(each.act for each in now_done):
            return
        one.parted = self._parting(entry, look, snapshot, policy, decision)
        _begin(one, entry, snapshot)
        one.flying = snapshot.in_flight
        _apply(one, decision, snapshot)

    def _parting(self, entry: Entry, look: Look, snapshot: Snapshot, policy: Policy, decision: Decision) -> Divergence:
        """Say what each did, and why or why not."""
        then_done, now_done = _recorded_acts(entry), _acts(decision, snapshot.now)
        only_then, only_now = without(then_done, now_done), without(now_done, then_done)
        whys = {row[0]: row[6] for row in entry.body["actions"]}
        if only_then:
            here = "; ".join(what(one, snapshot.scale) for one in only_then)
            why_here = "; ".join(whys[one.rule] for one in only_then)
        else:
            here, why_here = "nothing", self._why_not_then(only_now, look, snapshot)
        if only_now:
            reasons = {action.rule: action.why for action in decision.actions}
            there = "; ".join(what(one, snapshot.scale) for one in only_now)
            why_there = "; ".join(reasons[one.rule] for one in only_now)
        else:
            there, why_there = "nothing", why_not(only_then, decision, policy.compiled)
        return Divergence(snapshot.now, here, why_here, there, why_there)

    def _why_not_then(self, done: Sequence[Done], look: Look, snapshot: Snapshot) -> str:
        old = self._recorded.find(look.policy)
        if old is None:
            return "the text of its policy is not in the journal"
        decision = decide(old.compiled, snapshot, look.memory)
        if look.orders:
            decision = under_orders(old.compiled, decision, snapshot, look.orders)
        return why_not(done, decision, old.compiled)

    def _carry(self, one: Position, entry: Entry, snapshot: Snapshot) -> None:
        """Decide on what the new policy has made of a position, at the prices and facts of then."""
        now = one.now
        assert now is not None
        made = evolve(snapshot, stop=now.stop, initial_stop=now.initial_stop, target=now.target)
        if one.flying:
            _begin(one, entry, made)
            one.flying = snapshot.in_flight
        else:
            made = evolve(
                made, quantity=now.quantity, entry=now.entry, original=now.original, booked=now.booked,
                added=now.added, realised=now.realised, in_flight=False,
            )  # fmt: skip
        one.now = made
        _, decision = self._decide(made, one.memory)
        one.memory = _counted(decision, decision.memory, made.now)
        _apply(one, decision, made)

    # --- what came of it ----------------------------------------------------------------------------------------

    def _settle(self, one: Position) -> None:
        """Work out what each earned since they part, to the last price that the journal knows of the position."""
        first = one.first
        held, cash = one.quantity * first.side, 0.0
        for trade in self._trades.get((first.exchange, first.symbol, first.product), ()):
            if trade.seq <= one.seq or not held:
                continue
            quantity = trade.quantity
            if (held + quantity) * held < 0:
                quantity = -held  # it goes through nothing: the rest is another position
            held, cash, one.last = held + quantity, cash - quantity * trade.price, trade.price
            one.by_hand += not trade.ours
        worth = first.multiplier / first.scale
        begun = one.quantity * first.side * one.price
        one.then_earned = (cash + held * one.last - begun) * worth
        one.now_earned = (one.cash + one.held * first.side * one.last - begun) * worth


def what_if(entries: Iterable[Entry], policies: Sequence[Policy]) -> WhatIf:
    """Return what these policies would have done at the looks that a journal records."""
    return Wondering(policies).run(entries)


def _recorded_acts(entry: Entry) -> list[Done]:
    """Return what was decided at a look, alerts left out."""
    rows = entry.body["actions"]
    return [
        Done(entry.at, kind, rule, quantity or 0, stop or 0.0)
        for rule, kind, _, quantity, stop, _, _ in rows
        if kind in (*_ORDERS, STOP, TARGET)
    ]


def _acts(decision: Decision, now: Instant) -> list[Done]:
    return [
        Done(now, action.kind, action.rule, action.quantity or 0, action.stop or 0.0)
        for action in decision.actions
        if action.kind in (*_ORDERS, STOP, TARGET)
    ]


def _counted(decision: Decision, memory: Memory, now: Instant) -> dict[str, RuleMemory]:
    """Count what fired."""
    counted = dict(memory)
    for action in decision.actions:
        known = counted.get(action.rule, RuleMemory())
        counted[action.rule] = evolve(known, fired=known.fired + 1, fired_at=now)
    return counted


def _begin(one: Position, entry: Entry, snapshot: Snapshot) -> None:
    """Let a position be carried by itself from a look on."""
    one.seq, one.price, one.quantity, one.now, one.cash = entry.seq, one.last, snapshot.quantity, snapshot, 0.0


def _apply(one: Position, decision: Decision, snapshot: Snapshot) -> None:
    """Carry a decision out at the price of its look."""
    for action in decision.actions:
        now = one.now
        assert now is not None
        if action.kind in _ORDERS:
            one.now = _filled(one, now, action, snapshot)
        elif action.kind == STOP and action.stop is not None:
            first = now.initial_stop
            if first != first and (now.entry - action.stop) * now.side > 0:
                first = action.stop
            one.now = evolve(now, stop=action.stop, initial_stop=first)
        elif action.kind == TARGET and action.stop is not None:
            one.now = evolve(now, target=action.stop)


def _filled(one: Position, now: Snapshot, action: Action, snapshot: Snapshot) -> Snapshot:
    quantity, price = action.quantity or 0, snapshot.price
    one.cash += (quantity if action.side != BUY else -quantity) * price
    if action.kind == ADD:
        held = now.quantity + quantity
        entry = (now.entry * now.quantity + price * quantity) / held
        return evolve(now, quantity=held, entry=entry, original=max(now.original, held), added=now.added + 1)
    left = max(0, now.quantity - quantity)
    realised = now.realised + (price - now.entry) * quantity * now.side
    return evolve(now, quantity=left, booked=now.booked + (action.kind == BOOK), realised=realised)
