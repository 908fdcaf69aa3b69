"""How the paper broker behaves: costs and delays of an ordinary day, and faults that are switched on one by one."""

from __future__ import annotations

import math
from typing import Any

from attrs import Attribute, field, frozen

from rulekit.errors import InputError


def _share(instance: object, attribute: Attribute[Any], value: float) -> None:
    """Refuse a probability outside 0 to 1."""
    if isinstance(value, bool) or not (isinstance(value, (int, float)) and 0 <= value <= 1):
        raise InputError(f"paper setting `{attribute.name}` is `{value}`", "a probability lies between 0 and 1")


def _amount(instance: object, attribute: Attribute[Any], value: float) -> None:
    """Refuse a negative or unknown amount."""
    if isinstance(value, bool) or not (isinstance(value, (int, float)) and 0 <= value < math.inf):
        raise InputError(f"paper setting `{attribute.name}` is `{value}`", "it must be a number of at least 0")


def _count(instance: object, attribute: Attribute[Any], value: int) -> None:
    """Refuse what is not a whole number of at least 1."""
    if isinstance(value, bool) or not (isinstance(value, int) and value >= 1):
        raise InputError(f"paper setting `{attribute.name}` is `{value}`", "it must be a whole number of at least 1")


@frozen
class PaperSettings:
    """Behaviour of the paper broker; without changes it is an ordinary day without faults.

    Args:
        seed: from which every draw is made; the same seed gives the same fates.
        spread: between buyer and seller, in ticks; a market order pays half of it.
        slippage: at most so many further ticks against the order.
        latency_ms: from acceptance until the order is live, and from a cancel request until it works.
        price_age_s: an older last price fills nothing; the order waits for the next tick.
        refuse: share of requests that are answered with a refusal.
        not_sent: share of requests for which no connection is made.
        reject: share of accepted orders that are rejected afterwards.
        lost_before: share of requests that vanish on the way there; nobody knows, and nothing was placed.
        lost_after: share of requests whose answer vanishes on the way back; nobody knows, and the order is live.
        late: share of requests that end in an error, and whose order appears later.
        late_max_s: the longest such delay in seconds.
        cancel_lost: share of cancel requests whose answer vanishes, half of them before they arrive.
        partial: share of orders that fill in parts, one part a tick.
        parts: the most parts.
        rest: share of orders that find the price gone, and rest until it comes back.
        rest_ticks: at most so many ticks away.
        read_fail: share of readings that fail.
        position_lag_s: positions are shown as they were so many seconds ago.
        throttle: refuse more than 10 requests a second, 400 a minute and 5,000 a day.
        square_off: close what is left in product MIS shortly before the close, as the broker does.
        hours: refuse orders outside the exchange's session, and end open orders at its close.
    """

    seed: int = 1
    spread: float = field(default=1.0, validator=_amount)
    slippage: float = field(default=1.0, validator=_amount)
    latency_ms: float = field(default=50.0, validator=_amount)
    price_age_s: float = field(default=60.0, validator=_amount)
    refuse: float = field(default=0.0, validator=_share)
    not_sent: float = field(default=0.0, validator=_share)
    reject: float = field(default=0.0, validator=_share)
    lost_before: float = field(default=0.0, validator=_share)
    lost_after: float = field(default=0.0, validator=_share)
    late: float = field(default=0.0, validator=_share)
    late_max_s: float = field(default=90.0, validator=_amount)
    cancel_lost: float = field(default=0.0, validator=_share)
    partial: float = field(default=0.0, validator=_share)
    parts: int = field(default=3, validator=_count)
    rest: float = field(default=0.0, validator=_share)
    rest_ticks: int = field(default=4, validator=_count)
    read_fail: float = field(default=0.0, validator=_share)
    position_lag_s: float = field(default=0.0, validator=_amount)
    throttle: bool = False
    square_off: bool = True
    hours: bool = True

    def __attrs_post_init__(self) -> None:
        total = self.refuse + self.not_sent + self.lost_before + self.lost_after + self.late
        if total > 1 + 1e-9:
            raise InputError(
                f"the paper settings refuse, not_sent, lost_before, lost_after and late add up to {total:g}",
                "together they can be at most 1",
            )
