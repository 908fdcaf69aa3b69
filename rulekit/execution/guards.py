"""Guards that no policy can lift: one small test each, asked when an action is decided and again when it is sent.

By default they refuse no exit and no book for its size, value, number or price: those are sliced and watched instead.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from attrs import frozen

from rulekit.execution.settings import ExecutionSettings
from rulekit.execution.switch import Mode
from rulekit.model.decision import ADD, BOOK, EXIT
from rulekit.model.instant import MINUTE, Instant
from rulekit.model.instrument import Instrument, PositionKey
from rulekit.model.snapshot import SessionTimes

INTRADAY = frozenset({"MIS", "BO", "CO"})
"""Products that the broker squares off before the close."""


@frozen
class Question:
    """An order that somebody wants to send, and all that the guards look at. `held` is signed."""

    key: PositionKey
    kind: str
    rule: str
    quantity: int
    price: float
    now: Instant
    mode: Mode
    session: SessionTimes | None
    instrument: Instrument
    held: int
    original: int
    refusals: int
    last_close: float
    orders_today: int
    value_today: float
    settings: ExecutionSettings
    no_adds: str = ""

    @property
    def grows(self) -> bool:
        """Tell whether it makes a position larger."""
        return self.kind not in (EXIT, BOOK)

    @property
    def value(self) -> float:
        """Return its value in rupees."""
        return self.quantity * self.price * self.instrument.multiplier / self.instrument.scale


Guard = Callable[[Question], str | None]
"""Says why an order must not be sent, with the figures; None lets it pass."""


def mode_guard(asked: Question) -> str | None:
    """Keep to the trading state."""
    if asked.mode.lets_pass(asked.kind, asked.rule):
        return None
    return f"the engine is {asked.mode.name}: {asked.mode.reason}"


def adding_guard(asked: Question) -> str | None:
    """Add nothing once a rule for the whole book has said so."""
    return asked.no_adds if asked.kind == ADD and asked.no_adds else None


def session_guard(asked: Question) -> str | None:
    """Send nothing outside the exchange's session."""
    session = asked.session
    if session is None:
        return f"{asked.key.exchange} has no session now"
    if session.opens <= asked.now < session.closes:
        return None
    return f"{asked.key.exchange} is closed now"


def square_off(key: PositionKey, session: SessionTimes | None, now: Instant, settings: ExecutionSettings) -> str | None:
    """Say that a position is left to the broker from now on, None while it is not."""
    minutes = settings.square_off_minutes.get(key.exchange)
    if minutes is None or session is None or key.product not in INTRADAY:
        return None
    if now < session.closes - minutes * MINUTE:
        return None
    return f"the broker squares off {key.product} from {minutes} minutes before the close"


def square_off_guard(asked: Question) -> str | None:
    """Leave an intraday product to the broker from its square-off time on: two exits would race."""
    return square_off(asked.key, asked.session, asked.now, asked.settings)


def refusals_guard(asked: Question) -> str | None:
    """Stop acting on an instrument after too many refusals in a row; those of adds shut out no exit."""
    if asked.refusals < asked.settings.refusals_in_a_row:
        return None
    return f"{asked.refusals} orders in a row were refused for {asked.key.symbol}"


def add_size_guard(asked: Question) -> str | None:
    """Bound one add by the original quantity."""
    bound = asked.settings.add_max_share * asked.original
    if asked.kind != ADD or asked.quantity <= bound:
        return None
    return f"an add of {asked.quantity} is more than {asked.settings.add_max_share:.0%} of {asked.original}"


def position_guard(asked: Question) -> str | None:
    """Bound the position that an add may build, in quantity and in value."""
    if not asked.grows:
        return None
    built = abs(asked.held) + asked.quantity
    most = asked.settings.position_max_quantity
    if most is not None and built > most:
        return f"the position would be {built}, more than {most}"
    most_value = asked.settings.position_max_value
    value = built * asked.price * asked.instrument.multiplier / asked.instrument.scale
    if most_value is not None and not value <= most_value:
        return f"the position would be worth ₹{value:,.0f}, more than ₹{most_value:,.0f}"
    return None


def order_guard(asked: Question) -> str | None:
    """Bound one order that grows a position, in quantity and in value; exits are sliced instead."""
    if not asked.grows:
        return None
    most, most_value = asked.settings.order_max_quantity, asked.settings.order_max_value
    if most is not None and asked.quantity > most:
        return f"an order of {asked.quantity} is more than {most}"
    if most_value is not None and not asked.value <= most_value:
        return f"an order worth ₹{asked.value:,.0f} is more than ₹{most_value:,.0f}"
    return None


def day_guard(asked: Question) -> str | None:
    """Bound the day's orders and their value; exits and books are never shut out."""
    if not asked.grows:
        return None
    most, most_value = asked.settings.day_max_orders, asked.settings.day_max_value
    if most is not None and asked.orders_today >= most:
        return f"{asked.orders_today} orders were sent today, {most} are allowed"
    if most_value is not None and not asked.value_today + asked.value <= most_value:
        return f"today's orders would be worth ₹{asked.value_today + asked.value:,.0f}, ₹{most_value:,.0f} are allowed"
    return None


def price_guard(asked: Question) -> str | None:
    """Believe no price that is far from the last close or beyond the circuit, where that makes a position larger."""
    if not asked.grows:
        return None
    price, scale = asked.price, asked.instrument.scale
    if not math.isfinite(price) or price <= 0:
        return "the price is unknown"
    lower, upper = asked.instrument.lower, asked.instrument.upper
    if (lower is not None and price < lower) or (upper is not None and price > upper):
        return f"the price ₹{price / scale:,.2f} is beyond the circuit"
    close, band = asked.last_close, asked.settings.price_band
    if math.isfinite(close) and abs(price - close) > band * close:
        return f"the price ₹{price / scale:,.2f} is more than {band:.0%} from the last close ₹{close / scale:,.2f}"
    return None


GUARDS: dict[str, Guard] = {
    "trading state": mode_guard,
    "adding": adding_guard,
    "session": session_guard,
    "square-off": square_off_guard,
    "refusals": refusals_guard,
    "add size": add_size_guard,
    "position size": position_guard,
    "order size": order_guard,
    "day's orders": day_guard,
    "price": price_guard,
}
"""In the order in which they are asked; the first that refuses speaks."""


def refusal(asked: Question) -> tuple[str, str] | None:
    """Ask every guard; return the name of the first that refuses, and why."""
    for name, guard in GUARDS.items():
        why = guard(asked)
        if why is not None:
            return name, why
    return None
