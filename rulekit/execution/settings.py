"""What a cautious person may turn about sending; every default is explained in docs/execution.md."""

from __future__ import annotations

from attrs import field, frozen

from rulekit.model.cautions import ADD_MAX_SHARE
from rulekit.model.cautions import SQUARE_OFF_MINUTES as SQUARE_OFF_MINUTES


@frozen
class StopSettings:
    """[stops]: whether a stop order stands at the broker for each tracked stop.

    Args:
        at_broker: whether it does.
        width: how far beyond its trigger a stop order may fill, as a multiple of the broker's own protection.
        every_s: seconds between two moves of one stop order; what makes it smaller does not wait.
    """

    at_broker: bool = False
    width: float = 3.0
    every_s: float = 10.0


@frozen
class ExecutionSettings:
    """Waits in seconds, shares as fractions, amounts in rupees; None switches a cap off.

    Args:
        quarantine_s: how long an unknown order's absence from the book proves nothing.
        clean_reads: how many good readings after it must show the absence.
        patience_s: how long an order may rest before its rest is placed again, wider.
        stale_s: age from which a price is unknown to the rules.
        look_s: how soon to look again while an order is on its way.
        fresh_s: oldest reading on which an order may be sized.
        position_lag_s: how long the broker's positions may lag its trades before the difference counts.
        reserve: share of each budget that only critical and immediate actions may use.
        per_second: the broker's limit, with per_minute and per_day; `margin` of each is left unused.
        changes_per_order: how often one order may be cancelled or changed.
        max_tries: refusals and rejections after which an action ends as refused.
        back_off_s: waits after the first, second, third … failed try; the last one repeats.
        protection_steps: percent from the last price for the rests; the first order uses the broker's own band.
        refusals_in_a_row: for one instrument, after which nothing more is sent for it; of adds: none.
        refusals_in_all: in a row over all instruments, after which the engine halts; of adds: it only reduces.
        unknown_limit: unknown orders at one time, from which the engine only reduces.
        day_loss_limit: loss of the day from which the engine only reduces.
        order_max_quantity: of one order; exits and books are sliced by it, adds refused. order_max_value likewise.
        day_max_orders: adds and entries beyond it are refused. day_max_value likewise.
        add_max_share: largest add as a share of the original quantity.
        position_max_quantity: largest position that an add may build. position_max_value likewise.
        price_band: largest change from the last close, as a share, at which an add is believed.
        square_off_minutes: before the close, from which intraday products are left to the broker.
        clock_jump_s: jump of the system's clock from which the engine only reduces.
        stale_feed_s: silence of all held instruments within the session from which the engine only reduces.
        regular_per_minute: throttle of the host's own entries. regular_max_age_s: after which one is given up.
        handed_over_s: how long a host's own engine may take before its action is given up.
    """

    quarantine_s: float = 120.0
    clean_reads: int = 2
    patience_s: float = 3.0
    stale_s: float = 5.0
    look_s: float = 1.0
    fresh_s: float = 2.0
    position_lag_s: float = 60.0
    reserve: float = 0.30
    per_second: int = 10
    per_minute: int = 400
    per_day: int = 5000
    margin: float = 0.10
    changes_per_order: int = 25
    max_tries: int = 5
    back_off_s: tuple[float, ...] = (0.0, 1.0, 2.0, 5.0, 10.0, 30.0)
    protection_steps: tuple[float, ...] = (1.0, 2.0, 3.0, 5.0)
    refusals_in_a_row: int = 5
    refusals_in_all: int = 15
    unknown_limit: int = 3
    day_loss_limit: float | None = None
    order_max_quantity: int | None = None
    order_max_value: float | None = None
    day_max_orders: int | None = None
    day_max_value: float | None = None
    add_max_share: float = ADD_MAX_SHARE
    position_max_quantity: int | None = None
    position_max_value: float | None = None
    price_band: float = 0.25
    square_off_minutes: dict[str, int] = field(factory=lambda: dict(SQUARE_OFF_MINUTES))
    clock_jump_s: float = 2.0
    stale_feed_s: float = 300.0
    regular_per_minute: int = 30
    regular_max_age_s: float = 60.0
    handed_over_s: float = 120.0

    def back_off(self, tries: int) -> float:
        """Return the wait in seconds after that many failed tries."""
        return self.back_off_s[min(tries, len(self.back_off_s)) - 1] if tries and self.back_off_s else 0.0
