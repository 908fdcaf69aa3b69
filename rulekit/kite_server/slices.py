"""Orders above the freeze quantity, sliced by the broker: some slices may fail while others live."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from attrs import evolve

from rulekit.kite_server.answers import ApiError, refused
from rulekit.kite_server.oms import Oms
from rulekit.kite_server.orders import Ticket

MAX_SLICES = 10


def place_slices(
    oms: Oms, ticket: Ticket, at: int, *, failing: int | None = None, count: Callable[[], None] = lambda: None
) -> Any:
    """Place an order above the freeze quantity in slices; one may fail by itoms.

    Returns:
        The `data` of the answer, in the shape that the settings name.
    """
    freeze = ticket.listing.freeze or ticket.quantity
    usable = max(ticket.listing.lot, freeze // ticket.listing.lot * ticket.listing.lot)
    sizes = [min(usable, ticket.quantity - start) for start in range(0, ticket.quantity, usable)]
    if len(sizes) > MAX_SLICES:
        raise refused(f"An order can be sliced into at most {MAX_SLICES} orders.")
    parent = oms.order_id(at)
    children: list[dict[str, Any]] = []
    for index, size in enumerate(sizes):
        child = evolve(ticket, quantity=size, parent=None, tags=(*ticket.tags, "autoslice", f"autoslice:{parent}"))
        try:
            if index > 0:
                count()
            if index == failing:
                raise refused("Insufficient funds for this slice.", "MarginException")
            children.append({"order_id": oms.place(child, at).order_id})
        except ApiError as error:
            children.append(
                {
                    "error": {
                        "code": error.status, "error_type": error.error_type, "message": error.message, "data": None
                    }
                }
            )  # fmt: skip
    if oms.settings.autoslice_shape == "array":
        return children
    return {"order_id": parent, "children": children}
