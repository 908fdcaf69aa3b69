"""What can be told before a request is made: a broker that refuses counts it all the same."""

from __future__ import annotations

from collections.abc import Callable

from rulekit.model.instrument import Instrument
from rulekit.model.orders import BUY, SELL, OrderRequest, Refused, StopRequest

DERIVATIVES = frozenset({"NFO", "BFO", "MCX", "NCO", "CDS", "BCD"})
PRODUCTS = {True: frozenset({"NRML", "MIS"}), False: frozenset({"CNC", "MIS", "MTF"})}
"""Products of derivatives (True) and of shares (False)."""
LONGEST_TAG = 20

Asked = OrderRequest | StopRequest
Check = Callable[[Asked, Instrument], str | None]


def _tag(request: Asked, instrument: Instrument) -> str | None:
    if 0 < len(request.tag) <= LONGEST_TAG and request.tag.isascii() and request.tag.isalnum():
        return None
    return f"tag `{request.tag}` is not 1 to {LONGEST_TAG} letters and digits"


def _side(request: Asked, instrument: Instrument) -> str | None:
    return None if request.side in (BUY, SELL) else f"side `{request.side}` is neither BUY nor SELL"


def _product(request: Asked, instrument: Instrument) -> str | None:
    fitting = PRODUCTS[request.exchange in DERIVATIVES]
    if request.product in fitting:
        return None
    return f"product `{request.product}` does not fit {request.exchange}, which has {', '.join(sorted(fitting))}"


def _quantity(request: Asked, instrument: Instrument) -> str | None:
    if request.quantity <= 0:
        return f"quantity {request.quantity} is not above 0"
    if request.quantity % instrument.lot:
        return f"quantity {request.quantity} is not a multiple of the lot of {instrument.lot}"
    if instrument.freeze is not None and request.quantity > instrument.freeze:
        return f"quantity {request.quantity} is above the freeze quantity of {instrument.freeze}"
    return None


def _protection(request: Asked, instrument: Instrument) -> str | None:
    if isinstance(request, StopRequest):
        return None if request.trigger > 0 else f"a trigger of {request.trigger:g} is not above 0"
    if request.protection is None or 0 < request.protection <= 100:
        return None
    return f"a market protection of {request.protection:g} percent is not above 0 and at most 100"


CHECKS: tuple[Check, ...] = (_tag, _side, _product, _quantity, _protection)


def refusal(request: Asked, instrument: Instrument) -> Refused | None:
    """Return why a request can never be taken, None if it can."""
    for check in CHECKS:
        reason = check(request, instrument)
        if reason is not None:
            return Refused(reason, again=False)
    return None
