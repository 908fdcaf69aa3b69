"""The metrics by name: read from what the engines published, at the moment at which somebody asks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import accumulate
from typing import TYPE_CHECKING, Any, NamedTuple

from rulekit.metrics.health import Watched, age
from rulekit.model.meters import Figures, Histogram
from rulekit.model.version import VERSION

if TYPE_CHECKING:
    from prometheus_client.metrics_core import Metric

GAUGE, COUNTER, HISTOGRAM = "gauge", "counter", "histogram"
MODES = ("active", "reducing", "halted")
STATES = ("decided", "sending", "accepted", "partly filled", "unknown", "parked")
WINDOWS = ("second", "minute", "day")

Sample = tuple[tuple[str, ...], Any]
"""The values of a metric's own labels, and its value: a number, or a histogram."""


class Shown(NamedTuple):
    """One metric: what it is called and means, its labels beside `account`, and how it is read."""

    name: str
    kind: str
    help: str
    labels: tuple[str, ...]
    read: Callable[[Watched], Iterable[Sample]]


def _figure(read: Callable[[Figures], float | int | None]) -> Callable[[Watched], Iterator[Sample]]:
    def samples(one: Watched) -> Iterator[Sample]:
        figures = one.meters.figures
        if figures is not None and (value := read(figures)) is not None:
            yield (), value

    return samples


def _age_of(read: Callable[[Figures], int | None], never: float | None = None) -> Callable[[Watched], Iterator[Sample]]:
    def samples(one: Watched) -> Iterator[Sample]:
        figures = one.meters.figures
        seconds = None if figures is None else age(one.now(), read(figures))
        if figures is not None and (seconds := never if seconds is None else seconds) is not None:
            yield (), seconds

    return samples


def _by_label(read: Callable[[Figures], Iterable[tuple[str, float]]]) -> Callable[[Watched], Iterator[Sample]]:
    def samples(one: Watched) -> Iterator[Sample]:
        figures = one.meters.figures
        for label, value in () if figures is None else read(figures):
            yield (label,), value

    return samples


def _one(read: Callable[[Watched], Any]) -> Callable[[Watched], Iterator[Sample]]:
    def samples(one: Watched) -> Iterator[Sample]:
        value = read(one)
        if value is not None:
            yield (), value

    return samples


def _budget(part: str) -> Callable[[Watched], Iterator[Sample]]:
    return _by_label(lambda figures: [(window, getattr(figures.budgets[window], part)) for window in WINDOWS])


def _instruments(one: Watched) -> Iterator[Sample]:
    figures, now = one.meters.figures, one.now()
    for instrument, at in {} if figures is None else figures.prices.items():
        yield (instrument,), age(now, at)


METRICS: tuple[Shown, ...] = (
    Shown("rulekit_queue_length", GAUGE, "actions that wait to be sent", ("lane",),
          _by_label(lambda figures: figures.queued.items())),
    Shown("rulekit_queue_oldest_seconds", GAUGE, "age of the action that waits longest, 0 if none waits", (),
          _age_of(lambda figures: figures.oldest, never=0.0)),
    Shown("rulekit_actions_open", GAUGE, "actions without an end, by state", ("state",),
          _by_label(lambda figures: [(state, figures.open.get(state, 0)) for state in STATES])),
    Shown("rulekit_action_states_total", COUNTER, "actions that came to a state since the start", ("lane", "state"),
          lambda one: list(dict(one.meters.states).items())),
    Shown("rulekit_action_wait_seconds", HISTOGRAM, "from the decision to the request, by the engine's clock",
          ("lane",), lambda one: [((lane,), waits) for lane, waits in dict(one.meters.waits).items()]),
    Shown("rulekit_budget_limit", GAUGE, "requests that the engine allows itself", ("window",), _budget("limit")),
    Shown("rulekit_budget_used", GAUGE, "requests used", ("window",), _budget("used")),
    Shown("rulekit_budget_left", GAUGE, "requests left, the reserve included", ("window",), _budget("left")),
    Shown("rulekit_budget_reserve", GAUGE, "requests kept for critical and immediate actions", ("window",),
          _budget("reserve")),
    Shown("rulekit_decision_seconds", HISTOGRAM, "one look: a price and its positions, or all positions", (),
          _one(lambda one: one.meters.decision)),
    Shown("rulekit_cycle_seconds", HISTOGRAM, "a whole cycle", (), _one(lambda one: one.meters.cycle)),
    Shown("rulekit_tick_to_intent_seconds", HISTOGRAM, "from a price to the durable intent", (),
          _one(lambda one: one.meters.tick_to_intent)),
    Shown("rulekit_send_seconds", HISTOGRAM, "one request to the broker", (), _one(lambda one: one.meters.send)),
    Shown("rulekit_journal_flush_seconds", HISTOGRAM, "one flush of the journal", (),
          _one(lambda one: one.meters.flush)),
    Shown("rulekit_journal_failed", GAUGE, "1 if the journal takes nothing", (),
          _one(lambda one: float(bool(one.meters.journal_failed)))),
    Shown("rulekit_feed_age_seconds", GAUGE, "age of the latest price of anything that is held", (),
          _age_of(lambda figures: figures.newest)),
    Shown("rulekit_feed_oldest_age_seconds", GAUGE, "age of the oldest last price of what is held", (),
          _age_of(lambda figures: figures.stalest)),
    Shown("rulekit_feed_instrument_age_seconds", GAUGE, "age of an instrument's last price, if asked for",
          ("instrument",), _instruments),
    Shown("rulekit_feed_stale_instruments", GAUGE, "held instruments whose price is too old to decide on", (),
          _figure(lambda figures: figures.stale)),
    Shown("rulekit_feed_silent_instruments", GAUGE, "held instruments that never had a price", (),
          _figure(lambda figures: figures.never)),
    Shown("rulekit_feed_expected", GAUGE, "1 while an exchange is open on which something is held", (),
          _figure(lambda figures: float(figures.trading))),
    Shown("rulekit_positions", GAUGE, "positions that are held", (), _figure(lambda figures: figures.positions)),
    Shown("rulekit_instruments", GAUGE, "instruments that are held", (), _figure(lambda figures: figures.instruments)),
    Shown("rulekit_trading_state", GAUGE, "1 for the state that the engine is in", ("state",),
          _by_label(lambda figures: [(mode, float(mode == figures.mode)) for mode in MODES])),
    Shown("rulekit_lease_held", GAUGE, "1 if this process may write for the account; missing without leases", (),
          _one(lambda one: None if one.meters.lease_held is None else float(one.meters.lease_held))),
    Shown("rulekit_broker_read_failures", GAUGE, "readings of the broker's book that failed in a row", (),
          _figure(lambda figures: figures.failures)),
    Shown("rulekit_broker_read_age_seconds", GAUGE, "age of the last good reading", (),
          _age_of(lambda figures: figures.read)),
    Shown("rulekit_alerts_total", COUNTER, "alerts since the start", ("level",),
          lambda one: [((level,), count) for level, count in dict(one.meters.alerts).items()]),
    Shown("rulekit_alerts_open", GAUGE, "alerts that nobody has acknowledged", (),
          _one(lambda one: one.meters.alerts_open)),
    Shown("rulekit_engine_silent_seconds", GAUGE, "real seconds since the engine last showed itself", (),
          _one(lambda one: one.silent())),
    Shown("rulekit_policy_info", GAUGE, "1 for each policy that runs", ("title", "digest"),
          lambda one: [(policy, 1.0) for policy in one.meters.policies]),
    Shown("rulekit_build_info", GAUGE, "1, with the program's version", ("version",), lambda one: [((VERSION,), 1.0)]),
)  # fmt: skip


class Exposition:
    """Collects for Prometheus; it reads plain values and holds nothing that an engine could wait for."""

    def __init__(self, watched: Sequence[Watched]) -> None:
        self._watched = watched

    def collect(self) -> Iterator[Metric]:
        """Read every metric of every account now."""
        from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily

        families = {GAUGE: GaugeMetricFamily, COUNTER: CounterMetricFamily, HISTOGRAM: HistogramMetricFamily}
        for shown in METRICS:
            family = families[shown.kind](shown.name, shown.help, labels=("account", *shown.labels))
            for one in self._watched:
                for labels, value in shown.read(one):
                    where = (one.meters.account, *labels)
                    if isinstance(value, Histogram):
                        family.add_metric(where, *_buckets(value))
                    else:
                        family.add_metric(where, value)
            yield family


def _buckets(histogram: Histogram) -> tuple[list[tuple[str, float]], float]:
    """Return the counts up to each bound, and the sum."""
    counts, total = list(histogram.counts), histogram.total
    bounds = (*(str(bound) for bound in histogram.bounds), "+Inf")
    return list(zip(bounds, accumulate(counts), strict=True)), total
