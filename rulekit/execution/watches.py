"""What makes the engine hold back by itself: each cause is named, and switches the trading state once."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

from rulekit.execution.chronicle import Chronicle
from rulekit.execution.switch import CLOCK, DAY_LOSS, HALTED, REDUCING, REFUSALS, STALE_FEED, UNKNOWN_ORDERS
from rulekit.execution.tracking import Tracker
from rulekit.model.instant import SECOND, Instant
from rulekit.model.snapshot import SessionTimes

Cause = tuple[str, str, str]
"""Its name, the state that it calls for, and the figures."""


class Watches:
    """Looks for causes after each reading; one that a person has resumed over is not raised again while it lasts."""

    def __init__(
        self,
        chronicle: Chronicle,
        tracker: Tracker,
        session: Callable[[str, Instant], SessionTimes | None],
    ) -> None:
        self._chronicle = chronicle
        self._tracker = tracker
        self._session = session
        self._last_now: Instant | None = chronicle.ledger.written_at or None
        self._holding: set[str] = set()

    def look(self, now: Instant) -> None:
        """Switch the state for each cause that has come up since the last look."""
        causes = [cause for cause in self._causes(now) if cause is not None]
        for name, state, why in causes:
            if name not in self._holding and self._chronicle.switch(state, why, cause=name):
                self._chronicle.alert(why, level="critical")
        self._holding = {name for name, _, _ in causes}
        self._last_now = now

    def _causes(self, now: Instant) -> Iterator[Cause | None]:
        yield self._unknown_orders()
        yield self._refusals()
        yield self._day_loss()
        yield self._clock(now)
        yield self._silence(now)

    def _unknown_orders(self) -> Cause | None:
        count = sum(action.frozen for action in self._chronicle.ledger.open.values())
        if count < self._chronicle.settings.unknown_limit:
            return None
        return UNKNOWN_ORDERS, REDUCING, f"{count} orders are unknown at one time"

    def _refusals(self) -> Cause | None:
        ledger, most = self._chronicle.ledger, self._chronicle.settings.refusals_in_all
        if ledger.refusals_in_all >= most:
            return REFUSALS, HALTED, f"{ledger.refusals_in_all} orders in a row were refused"
        if ledger.growth_refusals_in_all >= most:
            why = f"{ledger.growth_refusals_in_all} orders that make positions larger were refused in a row"
            return REFUSALS, REDUCING, why
        return None

    def _day_loss(self) -> Cause | None:
        limit = self._chronicle.settings.day_loss_limit
        if limit is None:
            return None
        profit = self._tracker.day_profit()
        if profit > -limit:
            return None
        return DAY_LOSS, REDUCING, f"the day's loss is ₹{-profit:,.0f}, the limit is ₹{limit:,.0f}"

    def _clock(self, now: Instant) -> Cause | None:
        bound = self._chronicle.settings.clock_jump_s
        drift = getattr(self._chronicle.clock, "drift", lambda: 0.0)()
        if abs(drift) > bound:
            return CLOCK, REDUCING, f"the system's clock jumped by {drift:.1f} s"
        if self._last_now is not None and now < self._last_now - bound * SECOND:
            return CLOCK, REDUCING, f"the clock went back by {(self._last_now - now) / SECOND:.1f} s"
        return None

    def _silence(self, now: Instant) -> Cause | None:
        """Find out whether no price came for anything that is held, although its exchange is open."""
        latest, heard = -math.inf, False
        books = self._chronicle.ledger.books
        for instrument, keys in self._tracker.holdings.instruments().items():
            session = self._session(instrument.exchange, now)
            if session is None or not session.opens <= now < session.closes:
                return None
            quote = self._tracker.quotes.get(instrument)
            heard = heard or quote is not None
            latest = max(latest, session.opens, quote.at if quote else session.opens)
            latest = max(latest, *(books[key].opened or 0 for key in keys))
        quiet = (now - latest) / SECOND if heard else 0.0
        settings = self._chronicle.settings
        # Where prices may be old by a bar, the silence between two bars is none.
        if quiet <= max(settings.stale_feed_s, 2 * settings.stale_s):
            return None
        return STALE_FEED, REDUCING, f"no price came for {quiet:.0f} s"
