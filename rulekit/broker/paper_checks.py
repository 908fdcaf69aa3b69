"""What the broker checks before it takes an order, and its limits on requests."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from rulekit.model.instant import MINUTE, SECOND, Instant, day_number
from rulekit.model.instrument import Instrument
from rulekit.model.orders import BUY, SELL, OrderRequest, Refused

LIMITS = ((SECOND, 10), (MINUTE, 400))
"""Requests in one calendar second and minute, as Kite counts them."""
A_DAY = 5000
PRODUCTS = frozenset({"MIS", "NRML", "CNC", "MTF"})

_Check = Callable[[OrderRequest, Instrument], str | None]


def _tag(request: OrderRequest, instrument: Instrument) -> str | None:
    if len(request.tag) > 20:
        return f"tag `{request.tag}` is longer than 20 characters"
    if request.tag and not (request.tag.isascii() and request.tag.isalnum()):
        return f"tag `{request.tag}` must be letters and digits"
    return None


def _words(request: OrderRequest, instrument: Instrument) -> str | None:
    if request.side not in (BUY, SELL):
        return f"side `{request.side}` is neither BUY nor SELL"
    if request.product not in PRODUCTS:
        return f"product `{request.product}` is not one of {', '.join(sorted(PRODUCTS))}"
    return None


def _quantity(request: OrderRequest, instrument: Instrument) -> str | None:
    if request.quantity <= 0:
        return f"quantity {request.quantity} is not above 0"
    if request.quantity % instrument.lot:
        return f"quantity {request.quantity} is not a multiple of the lot of {instrument.lot}"
    if instrument.freeze is not None and request.quantity > instrument.freeze:
        return f"quantity {request.quantity} is above the freeze quantity of {instrument.freeze}"
    return None


def _protection(request: OrderRequest, instrument: Instrument) -> str | None:
    if request.protection is not None and not 0 < request.protection <= 100:
        return "market orders without market protection are not allowed: it must be above 0 and at most 100 percent"
    return None


CHECKS: tuple[_Check, ...] = (_tag, _words, _quantity, _protection)


def refusal(request: OrderRequest, instrument: Instrument) -> Refused | None:
    """Return why a request can never be taken, None if it can. There is no reduce-only: nothing looks at positions."""
    for check in CHECKS:
        reason = check(request, instrument)
        if reason is not None:
            return Refused(reason, again=False)
    return None


class Throttle:
    """Counts requests by the broker's calendar second, minute and day; those it refuses count as well."""

    def __init__(self) -> None:
        self._minute: deque[Instant] = deque()
        self._day = (0, 0)

    def take(self, now: Instant) -> Refused | None:
        """Count a request; returns a refusal if it is one too many."""
        number, count = self._day
        self._day = (day_number(now), count + 1 if number == day_number(now) else 1)
        while self._minute and self._minute[0] // MINUTE < now // MINUTE:
            self._minute.popleft()
        self._minute.append(now)
        for span, most in LIMITS:
            if sum(moment // span == now // span for moment in self._minute) > most:
                return Refused("too many requests", limited=True)
        if self._day[1] > A_DAY:
            return Refused(f"the day's limit of {A_DAY:,} orders is used up", again=False)
        return None
