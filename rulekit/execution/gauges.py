"""Publishes where an account stands, as one value, now and then: nobody who reads it is ever waited for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from heapq import nsmallest

from rulekit.execution.chronicle import Chronicle
from rulekit.execution.commands import waiting_to_be_sent
from rulekit.execution.lanes import RANK
from rulekit.execution.reading import Reader
from rulekit.execution.tracking import Tracker
from rulekit.model.instant import SECOND, Instant
from rulekit.model.meters import Figures
from rulekit.model.snapshot import SessionTimes

QUIET_S, BUSY_S = 1.0, 0.25
"""Real seconds between two publications: where nothing was journaled in between, and where something was."""
LOOK_S = 0.05
"""How long it may take to be seen that something was."""


class Gauges:
    """Reads the parts of one executor, in its thread."""

    def __init__(
        self,
        chronicle: Chronicle,
        tracker: Tracker,
        reader: Reader,
        session: Callable[[str, Instant], SessionTimes | None],
    ) -> None:
        self._chronicle = chronicle
        self._tracker = tracker
        self._reader = reader
        self._session = session
        self._applied = -1

    def publish(self, *, at_once: bool = False) -> None:
        """Publish, unless that was done a moment ago; does nothing where nobody watches."""
        meters = self._chronicle.meters
        if meters.watch is None:
            return
        real, applied = meters.moment, self._chronicle.ledger.applied
        if not at_once and real < meters.published + (QUIET_S if applied == self._applied else BUSY_S):
            meters.due = min(meters.published + QUIET_S, real + LOOK_S)
            return
        store = self._chronicle.journal.store
        if store.leased:
            meters.lease_held = not store.why_not_send()
        meters.alerts_open = len(self._chronicle.ledger.alarms.open)
        meters.figures, meters.published, self._applied = self.figures(), real, applied
        meters.due = real + BUSY_S

    def figures(self) -> Figures:
        """Return where the account stands."""
        chronicle, now = self._chronicle, self._chronicle.now()
        ledger, settings, holdings = chronicle.ledger, chronicle.settings, self._tracker.holdings
        waiting = waiting_to_be_sent(ledger)
        queued = Counter(action.lane for action in waiting)
        instruments, quotes = holdings.instruments(), self._tracker.quotes
        heard = [quote.at for key in instruments if (quote := quotes.get(key)) is not None]
        reading = self._reader.latest
        return Figures(
            at=now,
            queued={lane: queued[lane] for lane in RANK},
            oldest=min((action.decided for action in waiting), default=None),
            open=Counter(action.state for action in ledger.open.values()),
            budgets=chronicle.budgets.figures(now),
            mode=ledger.mode.name,
            reason=ledger.mode.reason,
            positions=len(holdings.open()),
            instruments=len(instruments),
            newest=max(heard, default=None),
            stalest=min(heard, default=None),
            never=len(instruments) - len(heard),
            stale=sum(at < now - settings.stale_s * SECOND for at in heard),
            stale_after=settings.stale_s,
            trading=any(self._is_open(exchange, now) for exchange in holdings.exchanges()),
            failures=self._reader.failures,
            read=None if reading is None else reading.started,
            prices=self._stalest(chronicle.meters.per_instrument),
        )

    def _is_open(self, exchange: str, now: Instant) -> bool:
        session = self._session(exchange, now)
        return session is not None and session.opens <= now < session.closes

    def _stalest(self, count: int) -> dict[str, Instant]:
        """Return the last prices of some instruments, those with the oldest first."""
        if not count:
            return {}
        quotes = self._tracker.quotes
        prices = [(quotes[key].at, key) for key in self._tracker.holdings.instruments() if key in quotes]
        return {f"{key.exchange}:{key.symbol}": at for at, key in nsmallest(count, prices)}
