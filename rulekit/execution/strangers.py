"""Orders in the broker's book that bear our tag and that the journal does not know: kept, shown, taken in by a person.

Such an order says that the end of the journal was lost. What it was sent for can often be told: a tag is a function of
the journal, the episode, the rule and the numbers of firing and attempt, so the possible ones are tried.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from attrs import evolve, frozen

from rulekit.errors import UsageError
from rulekit.execution import actions as states
from rulekit.execution.actions import ActionRecord, action_id, attempt_tag
from rulekit.execution.chronicle import Chronicle
from rulekit.execution.ledger import ACTION_DECIDED, ORDER_ADOPTED, STRANGER, Ledger
from rulekit.model.decision import EXIT, EXIT_EVERYTHING, MISSING_DATA, STANDING_STOP, STOP_REACHED, TARGET_REACHED
from rulekit.model.instrument import PositionKey
from rulekit.model.orders import TERMINAL, Order
from rulekit.model.prices import PAISE, UNKNOWN, known
from rulekit.model.version import VERSION

CONFIRMATION = "ADOPT"
"""What a person types to take an order into the journal."""
_ATTEMPTS = 12
_OWN_EXITS = (STOP_REACHED, TARGET_REACHED, EXIT_EVERYTHING, MISSING_DATA, STANDING_STOP)


@frozen
class Origin:
    """What an order was sent for: a firing of a rule, and which attempt of it."""

    action: str
    episode: str
    rule: str
    kind: str
    ordinal: int
    attempt: int

    def text(self) -> str:
        """Say it for a person."""
        return f"attempt {self.attempt} of firing {self.ordinal + 1} of {self.rule} (action {self.action})"


class Strangers:
    """Notes such orders as the broker shows them, and takes them in when a person says so."""

    def __init__(self, chronicle: Chronicle) -> None:
        self._chronicle = chronicle

    def is_adopted(self, tag: str) -> bool:
        """Tell whether a person has taken the order of a tag in."""
        return tag in self._chronicle.ledger.adopted_tags

    def see(self, order: Order) -> None:
        """Note what the broker shows of it, where that is new."""
        body = _row(order)
        if self._chronicle.ledger.strangers.get(order.order_id) != body:
            self._chronicle.note(STRANGER, body)

    def adopt(self, order_id: str, confirmation: str) -> None:
        """Take an order into the journal as settled evidence: its rule has fired, its tag is used.

        Raises:
            UsageError: it is not confirmed, there is no such order, or it may still fill.
        """
        check_adoption(confirmation)
        row = adoptable(self._chronicle.ledger, order_id)
        found = origin_of(self._chronicle.ledger, row)
        action = None if found is None else self._taken_in(found, row)
        self._chronicle.note(ORDER_ADOPTED, {"order": row["order"], "tag": row["tag"], "action": action or ""})
        told = f"order {row['order']} ({row['side']} {row['filled']} of {row['quantity']} {row['symbol']})"
        if action is not None:
            assert found is not None
            evidence = f"adopted by a person: {told} was {found.text()}"
            self._chronicle.tell_of("action_settled", self._chronicle.ledger.actions[action], found=evidence)
        else:
            text = f"{told} was adopted by a person; what it was sent for is not known, so its rule may fire again"
            self._chronicle.alert(text, symbol=row["symbol"])

    def _taken_in(self, found: Origin, row: Mapping[str, Any]) -> str | None:
        """Write the firing and its attempt down as they must have stood; None where they do not fit what is known."""
        chronicle, ledger = self._chronicle, self._chronicle.ledger
        action = ledger.actions.get(found.action)
        firings = ledger.tally(found.episode, found.rule).firings
        if action is None:
            if found.attempt != 1 or found.ordinal != firings:
                return None
            action = self._decided(found, row)
        elif not action.open:
            # The halt that the order caused has ended it; what it did all the same counts as the rule's next firing,
            # and so does each further order of it: rather one firing too many than one that is done again.
            action = self._decided(_as_firing(found, firings, ledger.account), row)
        elif found.attempt != len(action.attempts) + 1 or action.live is not None:
            return None
        evidence = f"adopted by a person: order {row['order']}, {row['filled']} of {row['quantity']} filled"
        attempt = chronicle.request(
            action, {"tag": row["tag"], "quantity": row["quantity"], "protection": None, "evidence": evidence}
        )
        chronicle.attempt(action, attempt, state=states.ATTEMPT_ACCEPTED, order_id=row["order"])
        chronicle.state(action, states.ACCEPTED, evidence)
        changes = {"filled": row["filled"], "status": row["status"]}
        changes |= {} if row["average"] is None else {"average": row["average"]}
        chronicle.attempt(action, attempt, state=states.ATTEMPT_ENDED, evidence=evidence, **changes)
        chronicle.state(action, states.SETTLED, evidence)
        return action.id

    def _decided(self, found: Origin, row: Mapping[str, Any]) -> ActionRecord:
        key = _key(self._chronicle.ledger, row)
        body = {
            "key": list(key),
            "episode": found.episode,
            "ordinal": found.ordinal,
            "strategy": self._chronicle.ledger.book(key).strategy,
            "rule": found.rule,
            "kind": found.kind,
            "side": row["side"],
            "quantity": row["quantity"],
            "stop": None,
            "lane": "immediate",
            "why": "its entry was lost; found again in the broker's book",
            "price": UNKNOWN if row["average"] is None else row["average"],
            "scale": self._chronicle.ledger.scales.get(key, PAISE),
            "policy_digest": "",
            "snapshot_digest": "",
            "program": VERSION,
        }
        self._chronicle.note(ACTION_DECIDED, body, found.action, token=found.action)
        return self._chronicle.ledger.actions[found.action]


def _as_firing(found: Origin, ordinal: int, account: str) -> Origin:
    """Return the same order as the first attempt of another firing of its rule."""
    return evolve(found, action=action_id(account, found.episode, found.rule, ordinal), ordinal=ordinal, attempt=1)


def check_adoption(typed: str) -> None:
    """Refuse to adopt unless the word was typed.

    Raises:
        UsageError: it was not.
    """
    if typed.strip() != CONFIRMATION:
        raise UsageError(f"`{typed}` does not confirm it", f"type {CONFIRMATION} in capital letters to take it in")


def adoptable(ledger: Ledger, order_id: str) -> Mapping[str, Any]:
    """Return an unknown order of ours that has ended, as the broker showed it last.

    Raises:
        UsageError: there is no such order, or it may still fill.
    """
    row = ledger.strangers.get(order_id.strip())
    if row is None or row["tag"] in ledger.adopted_tags:
        raise UsageError(
            f"`{order_id}` is no order of ours that the journal does not know", "`rulekit adopt` lists those there are"
        )
    if row["status"] not in TERMINAL:
        raise UsageError(
            f"order {row['order']} may still fill: it was {row['status']} when it was last seen",
            "cancel it with the broker; a running engine sees that within a cycle, then adopt it",
        )
    return row


def origin_of(ledger: Ledger, row: Mapping[str, Any]) -> Origin | None:
    """Find the firing and the attempt that an order's tag belongs to, among all that are possible."""
    key = _key(ledger, row)
    book = ledger.book(key)
    for number in (book.number, book.number - 1, book.number + 1):
        episode = f"{key}/{number}"
        for rule, kind in _rules(ledger):
            firings = ledger.tally(episode, rule).firings
            for ordinal in range(firings + 2):
                action = action_id(ledger.account, episode, rule, ordinal)
                for attempt in range(1, _ATTEMPTS + 1):
                    if attempt_tag(ledger.journal_id, action, attempt) == row["tag"]:
                        return Origin(action, episode, rule, kind, ordinal, attempt)
    return None


def _rules(ledger: Ledger) -> Iterator[tuple[str, str]]:
    for policy in ledger.policies.get("policies", ()):
        yield from policy["rules"].items()
    for rule in _OWN_EXITS:
        yield rule, states.PROTECT if rule == STANDING_STOP else EXIT


def _key(ledger: Ledger, row: Mapping[str, Any]) -> PositionKey:
    return PositionKey(ledger.account, row["exchange"], row["symbol"], row["product"])


def _row(order: Order) -> dict[str, Any]:
    return {
        "order": order.order_id,
        "tag": order.tag,
        "exchange": order.exchange,
        "symbol": order.symbol,
        "product": order.product,
        "side": order.side,
        "quantity": order.quantity,
        "filled": order.filled,
        "average": order.average if known(order.average) else None,
        "status": order.status,
        "placed": order.placed,
    }
