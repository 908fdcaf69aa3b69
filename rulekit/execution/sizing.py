"""How much of an action may be sent now: never more than is held and not already on its way."""

from __future__ import annotations

import math

from attrs import frozen

from rulekit.execution.actions import CLOSING_KINDS, ENTRY, ActionRecord
from rulekit.execution.ledger import Ledger
from rulekit.execution.settings import ExecutionSettings
from rulekit.execution.tracking import Tracker
from rulekit.model.decision import ADD
from rulekit.model.instrument import Instrument
from rulekit.model.orders import SIGN


@frozen
class Allowed:
    """The quantity that may be sent, the figures that say so, and what own book alone would leave to send."""

    quantity: int
    evidence: str
    by_book: int


def on_its_way(ledger: Ledger, action: ActionRecord) -> int:
    """Sum what live orders of the action's side may still fill in its position, the action's own included."""
    return sum(
        max(0, attempt.quantity - attempt.filled)
        for other in ledger.actions.values()
        if other.key == action.key and other.side == action.side
        for attempt in other.attempts
        if attempt.live
    )


def allowed(action: ActionRecord, ledger: Ledger, tracker: Tracker, resting: int = 0) -> Allowed:
    """Return how much of an action its position, as it is now, leaves to send.

    Args:
        action: the action.
        ledger: what is decided and on its way.
        tracker: what is held.
        resting: open orders of the same side that somebody else placed for this action.
    """
    if action.kind == ENTRY:
        return Allowed(action.remaining, "", action.remaining)
    book = ledger.books.get(action.key)
    if book is None or book.episode != action.episode or not book.quantity:
        return Allowed(0, "the position that it was decided for has ended", 0)
    held, own = tracker.held(action.key), tracker.own(action.key)
    side = SIGN[str(action.side)]
    if action.kind == ADD:
        by_list, by_book = (action.remaining if quantity * side > 0 else 0 for quantity in (held, own))
        return Allowed(by_list, f"the position now stands at {held}", by_book)
    assert action.kind in CLOSING_KINDS
    moving = on_its_way(ledger, action) + resting
    by_list, by_book = (max(0, min(action.remaining, -quantity * side - moving)) for quantity in (held, own))
    figures = f"own book {book.quantity}, the broker shows {tracker.shown(action.key)}, on its way {moving}"
    return Allowed(by_list, figures, by_book)


def slice_of(quantity: int, price: float, closing: bool, instrument: Instrument, settings: ExecutionSettings) -> int:
    """Return how much of a quantity one order may carry: the freeze quantity, and for exits the caps of one order."""
    bounds = [quantity]
    if instrument.freeze is not None:
        bounds.append(instrument.freeze)
    if closing and settings.order_max_quantity is not None:
        bounds.append(settings.order_max_quantity)
    if closing and settings.order_max_value is not None and math.isfinite(price) and price > 0:
        bounds.append(int(settings.order_max_value * instrument.scale / (price * instrument.multiplier)))
    most = min(bounds)
    if most < quantity:
        # A slice keeps to whole lots; a cap below one lot must not stop an exit.
        most = max(most - most % instrument.lot, min(instrument.lot, quantity))
    return most


def slices(quantity: int, price: float, closing: bool, instrument: Instrument, settings: ExecutionSettings) -> int:
    """Return how many orders a quantity takes."""
    one = slice_of(quantity, price, closing, instrument, settings)
    return -(-quantity // one) if one else 0
