"""What the entries of a journal tell, as the events that a running engine tells of; so the log reads as its console."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from rulekit.execution.actions import ActionRecord
from rulekit.execution.books import CLOSED, OPENED, REDUCED, SCALED, Change
from rulekit.execution.journal_schema import Entry
from rulekit.execution.ledger import (
    ACKNOWLEDGED,
    ACTED,
    ACTION_DECIDED,
    ALARM,
    MODE,
    ORDER_ADOPTED,
    POLICIES,
    STATE_CHANGED,
    STRANGER,
    Ledger,
)
from rulekit.execution.settling import average_of
from rulekit.model.events import Event
from rulekit.model.instrument import PositionKey
from rulekit.model.orders import BUY, SELL
from rulekit.model.prices import PAISE, to_rupees


def _rupees(units: float, scale: int) -> float | None:
    return float(to_rupees(units, scale)) if math.isfinite(units) else None


class Retelling:
    """Turns entries into events; it must hear of each entry before and after it is folded into the ledger."""

    def __init__(self) -> None:
        self._action: ActionRecord | None = None
        self._stop = self._target = math.nan
        self._was = ""

    def before(self, entry: Entry, ledger: Ledger) -> None:
        """Remember what an entry will change."""
        self._action = ledger.actions.get(entry.subject)
        self._was = ledger.mode.name
        if self._action is not None and (book := ledger.books.get(self._action.key)) is not None:
            self._stop, self._target = book.stop, book.target

    def after(self, entry: Entry, ledger: Ledger) -> list[Event]:
        """Return what is to be told of an entry."""
        tell = _TELLERS.get(entry.kind)
        events = [] if tell is None else tell(self, entry, ledger)
        for key, change in ledger.changes:
            events.append(_position_event(entry, ledger, key, change))
        return events

    def _of(self, entry: Entry, name: str, **data: Any) -> Event:
        action = self._action
        assert action is not None
        data = {"id": action.id, "rule": action.rule, **data}
        return Event(name, entry.at, action.key.symbol, action.strategy, action.id, data)

    # --- one method a kind of entry ------------------------------------------------------------------------------

    def _decided(self, entry: Entry, ledger: Ledger) -> list[Event]:
        self._action = action = ledger.actions[entry.subject]
        if action.kind in ("stop", "target", "protect", "alert"):
            return []
        book = ledger.books.get(action.key)
        if book is None:
            what = f"{(action.side or action.kind).lower()}{'' if action.quantity is None else f' {action.quantity}'}"
            return [_told(entry, f"{action.rule} decided to {what} ({action.why})", action.key.symbol)]
        profit = age = percent = None
        if book.quantity:
            if math.isfinite(action.price) and book.entry > 0:
                profit = 100 * (action.price - book.entry) * book.side / book.entry
            age = None if book.opened is None else (entry.at - book.opened) / 60e6
            percent = None if action.quantity is None else 100 * action.quantity / abs(book.quantity)
        return [
            self._of(
                entry, "action_decided", kind=action.kind, side=action.side, quantity=action.quantity, why=action.why,
                price=_rupees(action.price, action.scale), profit=profit, age=age, momentum=None, percent=percent,
            )
        ]  # fmt: skip

    def _state(self, entry: Entry, ledger: Ledger) -> list[Event]:
        action, body = self._action, entry.body
        if action is None:
            return []
        state, evidence = body["state"], str(body.get("evidence", ""))
        if state == "applied":
            return self._applied(entry, action)
        if state == "filled" and action.kind != "protect":
            average = _rupees(average_of(action), action.scale)
            return [self._of(entry, "action_filled", filled=action.filled, average=average)]
        if state == "partly filled":
            return [self._of(entry, "action_partly_filled", filled=action.filled, quantity=action.quantity)]
        named = _ENDS.get(state)
        return [] if named is None else [self._of(entry, named[0], **{named[1]: evidence})]

    def _applied(self, entry: Entry, action: ActionRecord) -> list[Event]:
        for name, was in (("stop", self._stop), ("target", self._target)):
            if name in entry.body:
                data = {name: _rupees(entry.body[name], action.scale), "was": _rupees(was, action.scale)}
                return [self._of(entry, f"{name}_moved", **data)]
        return []

    def _mode(self, entry: Entry, ledger: Ledger) -> list[Event]:
        mode = ledger.mode
        data = {"mode": mode.name, "was": self._was, "reason": mode.reason, "cause": mode.cause}
        return [Event("mode_changed", entry.at, data=data)]

    def _alarm(self, entry: Entry, ledger: Ledger) -> list[Event]:
        body = entry.body
        if body["cause"] in ("unknown", "a person", "rule for the whole book"):
            return []  # an entry of its own says it
        data = {"text": body["text"], "level": body["level"], "cause": body["cause"], "alarm": body["id"]}
        return [Event("alert", entry.at, body["symbol"], action=body["action"], data=data)]

    def _acknowledged(self, entry: Entry, ledger: Ledger) -> list[Event]:
        return [_told(entry, f"{entry.body['by'] or 'somebody'} has seen alert {entry.body['alarm']}")]

    def _acted(self, entry: Entry, ledger: Ledger) -> list[Event]:
        return [_told(entry, act_text(entry))] if entry.body["what"] != "acknowledge" else []

    def _policies(self, entry: Entry, ledger: Ledger) -> list[Event]:
        names = [f"{row['path'] or row['title']} ({row['digest'][:8]})" for row in entry.body["policies"]]
        return [_told(entry, f"policies that run from now on: {', '.join(names)}")]

    def _stranger(self, entry: Entry, ledger: Ledger) -> list[Event]:
        body = entry.body
        text = f"order {body['order']} bears our mark and is not in the journal; `rulekit adopt` shows both sides"
        return [Event("alert", entry.at, body["symbol"], data={"text": text, "level": "warning", "cause": "stranger"})]

    def _order_adopted(self, entry: Entry, ledger: Ledger) -> list[Event]:
        return [_told(entry, f"an order was adopted: {entry.body['tag']}")]


_Teller = Callable[[Retelling, Entry, Ledger], list[Event]]
_TELLERS: dict[str, _Teller] = {
    ACTION_DECIDED: Retelling._decided,
    STATE_CHANGED: Retelling._state,
    MODE: Retelling._mode,
    ALARM: Retelling._alarm,
    ACKNOWLEDGED: Retelling._acknowledged,
    ACTED: Retelling._acted,
    POLICIES: Retelling._policies,
    STRANGER: Retelling._stranger,
    ORDER_ADOPTED: Retelling._order_adopted,
}
_ENDS: dict[str, tuple[str, str]] = {
    "refused": ("action_refused", "reason"),
    "unknown": ("action_unknown", "evidence"),
    "parked": ("action_parked", "reason"),
    "settled": ("action_settled", "found"),
    "superseded": ("action_superseded", "reason"),
    "cancelled": ("action_cancelled", "reason"),
    "expired": ("action_expired", "reason"),
}
"""States of which the event says the evidence, and under which name."""

_WORDS = {
    "halt": "halted the engine",
    "reduce": "let positions only shrink",
    "resume": "let the engine act again",
    "settle": "settled",
    "adopt": "adopted order",
    "note": "noted",
}


def act_text(entry: Entry) -> str:
    """Say who did what, through what, and in which words."""
    body = entry.body
    text = f"{body['by']} {_WORDS.get(body['what'], body['what'])}"
    if body.get("exit_everything"):
        text += " and had everything exited"
    if body.get("about"):
        text += f" {body['about']}"
    if body["what"] == "settle":
        text += ": not placed" if body.get("filled") is None else f": {body['filled']} filled"
    elif body["said"] and body["what"] not in ("resume", "adopt"):
        text += f": {body['said']}"
    return f"{text} (through the {body['through']})" if body["through"] else text


def _told(entry: Entry, text: str, symbol: str = "") -> Event:
    return Event("alert", entry.at, symbol, data={"text": text, "level": "told", "cause": "person"})


def _position_event(entry: Entry, ledger: Ledger, key: PositionKey, change: Change) -> Event:
    scale = ledger.scales.get(key, PAISE)
    book = ledger.books.get(key)
    forms: dict[str, dict[str, Any]] = {
        OPENED: {
            "side": BUY if book is None or book.quantity > 0 else SELL,
            "quantity": change.quantity,
            "entry": _rupees(change.entry, scale),
        },
        REDUCED: {"remaining": change.quantity},
        SCALED: {"total": change.quantity, "entry": _rupees(change.entry, scale)},
        CLOSED: {"profit": _rupees(change.profit, scale)},
    }
    return Event(change.event, entry.at, key.symbol, "" if book is None else book.strategy, data=forms[change.event])
