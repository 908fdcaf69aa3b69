"""Fates of orders, drawn from the seed, the instrument and the order's number in it, and from nothing else.

A restart, another tag or another order elsewhere changes no fate.
"""

from __future__ import annotations

from hashlib import blake2b

from attrs import frozen

from rulekit.broker.paper_settings import PaperSettings
from rulekit.model.instant import SECOND
from rulekit.model.instrument import InstrumentKey

ACCEPTED = "accepted"
REFUSED = "refused"
NOT_SENT = "not sent"
LOST_BEFORE = "lost before"
LOST_AFTER = "lost after"
LATE = "late"
_ANSWERS = ("refuse", "not_sent", "lost_before", "lost_after", "late")
_NAMES = dict(zip(_ANSWERS, (REFUSED, NOT_SENT, LOST_BEFORE, LOST_AFTER, LATE), strict=True))


@frozen
class Fate:
    """What will become of one request.

    Args:
        answer: one of the words above.
        delay: microseconds until a late order appears.
        rejected: whether it is rejected after acceptance.
        rest_ticks: by how many ticks the price has gone when it arrives; 0 for an order that can fill at once.
        parts: quantities in which it fills, one a tick; they add up to the order's.
    """

    answer: str = ACCEPTED
    delay: int = 0
    rejected: bool = False
    rest_ticks: int = 0
    parts: tuple[int, ...] = ()


def draw(seed: int, *what: object) -> float:
    """Return a number from 0 (included) to 1 (excluded) that depends on the arguments alone."""
    text = "\x1f".join(map(str, (seed, *what)))
    return int.from_bytes(blake2b(text.encode(), digest_size=7).digest(), "big") / (1 << 56)


def fate_of(settings: PaperSettings, key: InstrumentKey, ordinal: int, quantity: int, lot: int) -> Fate:
    """Draw the fate of the request number `ordinal` for an instrument."""

    def chance(purpose: str) -> float:
        return draw(settings.seed, key.exchange, key.symbol, ordinal, purpose)

    answer = _answer(settings, chance("answer"))
    return Fate(
        answer=answer,
        delay=round(chance("delay") * settings.late_max_s * SECOND) if answer == LATE else 0,
        rejected=chance("reject") < settings.reject,
        rest_ticks=1 + int(chance("rest ticks") * settings.rest_ticks) if chance("rest") < settings.rest else 0,
        parts=_parts(settings, quantity, lot, chance("partial"), chance("parts")),
    )


def _answer(settings: PaperSettings, chance: float) -> str:
    """Choose the answer by the shares of the settings, one after the other."""
    for name in _ANSWERS:
        share: float = getattr(settings, name)
        if chance < share:
            return _NAMES[name]
        chance -= share
    return ACCEPTED


def _parts(settings: PaperSettings, quantity: int, lot: int, partial: float, size: float) -> tuple[int, ...]:
    """Split a quantity into whole lots, about equal but for the first."""
    lots, odd = divmod(quantity, lot)
    count = min(2 + int(size * (settings.parts - 1)), settings.parts, lots)
    if partial >= settings.partial or count < 2:
        return (quantity,)
    first = max(1, int(lots * size / count))
    each, more = divmod(lots - first, count - 1)
    if each == 0:
        return (first * lot, quantity - first * lot)
    rest = [(each + (1 if index < more else 0)) * lot for index in range(count - 1)]
    rest[-1] += odd
    return (first * lot, *rest)
