"""Metrics and health of a real day: what they say is what the journal says, and nothing waits for who reads them."""

from __future__ import annotations

import json
import re
import socket
import sys
import urllib.error
import urllib.request
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest
from attrs import evolve

from rulekit.errors import JournalError, UsageError
from rulekit.execution.journal import Journal
from rulekit.execution.signal import RegularSignal
from rulekit.metrics.exposition import COUNTER, HISTOGRAM, METRICS
from rulekit.metrics.health import Watched, health
from rulekit.metrics.server import place, serving
from rulekit.metrics.settings import MetricsSettings
from rulekit.model.clock import stopwatch
from rulekit.model.instrument import PositionKey
from rulekit.model.meters import FAST, Histogram
from rulekit.model.orders import BUY, Quote
from tests.execution.scripted import Desk, book, exit_all
from tests.metrics.reading import ANYWHERE, Series, Whole, fetch, scrape


def value(series: Series, name: str, **labels: str) -> float | None:
    labels = {"account": "paper", **labels}
    return series.get((name, frozenset(labels.items())))


def test_what_is_counted_is_what_the_journal_holds(whole_day: Whole) -> None:
    day, address = whole_day.day, whole_day.address
    lanes: dict[str, str] = {}
    expected: Counter[tuple[str, str]] = Counter()
    flushed = 0
    for entry in day.manager.journal.entries():
        if entry.kind == "decided":
            lanes[entry.subject] = entry.body["lane"]
            expected[entry.body["lane"], "decided"] += 1
        elif entry.kind in ("state", "sending"):
            expected[lanes[entry.subject], entry.body.get("state", "sending")] += 1
        flushed += entry.kind == "sending"
    series = scrape(address)
    found = {
        (dict(labels)["lane"], dict(labels)["state"]): count
        for (name, labels), count in series.items()
        if name == "rulekit_action_states_total"
    }
    assert found == expected
    assert len(expected) > 6
    assert {"filled", "applied", "sending"} <= {state for _, state in expected}
    waited = [
        count for (name, labels), count in series.items() if name == "rulekit_action_wait_seconds_count" and labels
    ]
    assert sum(waited) == value(series, "rulekit_send_seconds_count") == flushed > 0
    assert value(series, "rulekit_journal_flush_seconds_count") == day.manager.journal.flushes - 1  # it was made before
    assert value(series, "rulekit_actions_open", state="unknown") == 0.0
    assert value(series, "rulekit_trading_state", state="active") == 1.0
    assert value(series, "rulekit_trading_state", state="halted") == 0.0
    assert value(series, "rulekit_positions") == len(day.manager.executor.positions())
    policy = day.manager.policies[0]
    assert value(series, "rulekit_policy_info", title=policy.title, digest=policy.digest) == 1.0
    left = day.manager.executor.budgets_left["day"]
    assert value(series, "rulekit_budget_left", window="day") == left < 4500
    assert value(series, "rulekit_budget_used", window="day") == 4500 - left
    assert value(series, "rulekit_budget_reserve", window="day") == 1350
    assert value(series, "rulekit_lease_held") is None, "a file has no lease"
    assert value(series, "rulekit_alerts_open") == len(day.manager.executor._ledger.alarms.open)


def test_a_reader_during_the_day_sees_counts_that_only_grow(whole_day: Whole) -> None:
    address, seen = whole_day.address, whole_day.scraped
    assert len(seen) >= 3
    growing = tuple(shown.name for shown in METRICS if shown.kind in (COUNTER, HISTOGRAM))
    for before, after in zip(seen, [*seen[1:], scrape(address)], strict=True):
        for mark, count in before.items():
            if mark[0].startswith(growing) and not mark[0].endswith("_created"):
                assert after[mark] >= count, mark
    held = [dict(labels)["instrument"] for name, labels in seen[1] if name == "rulekit_feed_instrument_age_seconds"]
    assert len(held) <= 2, "no more instruments are shown than were asked for"


def test_buckets_hold_what_is_up_to_their_bound() -> None:
    draw, histogram = Random(3), Histogram(FAST)
    durations = [*FAST, *(draw.expovariate(50) for _ in range(500)), 9.0]
    for one in durations:
        histogram.add(one)
    for bound, upto in zip(FAST, range(len(FAST)), strict=True):
        assert sum(histogram.counts[: upto + 1]) == sum(one <= bound for one in durations)
    assert sum(histogram.counts) == len(durations)
    assert histogram.total == pytest.approx(sum(durations))
    assert bisect_left(FAST, FAST[0]) == 0


@pytest.fixture
def watched(desk: Desk) -> Callable[[], Watched]:
    """Start the desk with somebody watching, and return what is watched once it has shown itself."""

    def show() -> Watched:
        desk.executor.meters.watch = stopwatch
        desk.executor.publish(at_once=True)
        return Watched(desk.executor.meters, desk.clock.now)

    return show


def why(one: Watched) -> list[str]:
    well, body = health([one], MetricsSettings())
    assert well is (not body["reasons"])
    assert body["status"] == ("well" if well else "not well")
    json.dumps(body, allow_nan=False)
    return body["accounts"][0]["reasons"]


def test_well_and_each_way_not_to_be(desk: Desk, watched: Callable[[], Watched]) -> None:
    key = desk.hold()
    desk.start()
    assert why(Watched(desk.executor.meters, desk.clock.now)) == ["starting: nothing is known yet"]
    desk.executor.observe(key.instrument, Quote(169_000.0, desk.clock.now()))
    assert why(watched()) == []
    one = watched()
    desk.clock.sleep(59)
    assert why(one) == []
    desk.clock.sleep(2)
    assert why(one) == ["feed stale: no price came for 61 s"], "the age goes on though nothing is published"
    desk.executor.observe(key.instrument, Quote(169_000.0, desk.clock.now()))
    desk.broker.failing = 1
    desk.executor.sync()
    assert why(watched()) == []
    desk.broker.failing = 1
    desk.executor.sync()
    assert why(watched()) == ["broker away: 2 readings of its book failed in a row"]
    desk.executor.sync()
    assert why(watched()) == []
    desk.executor.halt("a person said so")
    assert why(watched()) == ["halted: a person said so"]
    desk.executor.resume("RESUME")
    assert why(watched()) == []
    one = watched()
    one.meters.watch = lambda: stopwatch() + 61
    assert why(one) == ["engine silent: it has not shown itself for 61 s"]


def test_a_price_that_never_came_and_a_closed_exchange(desk: Desk, watched: Callable[[], Watched]) -> None:
    desk.start()
    assert why(watched()) == [], "nothing is held"
    desk.hold()
    desk.pass_time()
    assert why(watched()) == ["feed stale: no price came for anything that is held"]
    desk.clock.sleep(8 * 3600)
    assert why(watched()) == [], "no exchange is open"


def test_a_journal_that_takes_nothing(desk: Desk, watched: Callable[[], Watched], tmp_path: Path) -> None:
    key = desk.hold()
    desk.start()
    desk.executor.observe(key.instrument, Quote(169_000.0, desk.clock.now()))
    full = JournalError("the disk is full")

    def refuse(rows: object) -> None:
        raise full

    desk.journal.store.append = refuse  # type: ignore[method-assign]
    with pytest.raises(JournalError):
        desk.commit(key, book())
    assert desk.executor.meters.journal_failed == "the disk is full"
    assert "journal failed: the disk is full" in why(watched())


def test_the_queue_and_its_oldest_action(desk: Desk, watched: Callable[[], Watched]) -> None:
    keys = [desk.hold(f"S{number:02d}") for number in range(12)]
    desk.start()
    for number in range(3):
        desk.executor.submit_regular(
            RegularSignal(f"R{number}", PositionKey("paper", "NSE", f"NEW{number}", "MIS"), BUY, 10, 50_000.0)
        )
    desk.executor.commit([desk.decided(key, exit_all()) for key in keys])
    with serving([watched()], ANYWHERE) as address:
        desk.clock.sleep(0.4)
        series = scrape(address)
        assert value(series, "rulekit_queue_length", lane="immediate") == 3.0, "nine go out in a second"
        assert value(series, "rulekit_queue_length", lane="regular") == 3.0
        assert value(series, "rulekit_queue_oldest_seconds") == pytest.approx(0.4)
        assert value(series, "rulekit_budget_left", window="second") == 0.0
        assert value(series, "rulekit_actions_open", state="decided") == 6.0
        desk.come_to_rest(60, step=0.5)
        watched()
        series = scrape(address)
    assert value(series, "rulekit_queue_oldest_seconds") == 0.0
    assert value(series, "rulekit_action_wait_seconds_count", lane="immediate") == 12.0
    slow = value(series, "rulekit_action_wait_seconds_bucket", lane="immediate", le="0.5")
    assert slow == 9.0, "three waited for the next second"


def test_nothing_is_read_from_the_real_clock_where_nobody_watches(desk: Desk) -> None:
    key = desk.hold()
    desk.start()
    desk.commit(key, book())
    desk.pass_time()
    meters = desk.executor.meters
    assert meters.figures is None
    assert sum(meters.flush.counts) == sum(meters.send.counts) == 0
    assert meters.states["immediate", "filled"] == 1


def test_an_engine_that_loses_its_lease_says_so(desk: Desk, watched: Callable[[], Watched]) -> None:
    desk.start()
    store = desk.journal.store
    reason = ""
    store.leased = True
    store.why_not_send = lambda: reason  # type: ignore[method-assign]
    with serving([watched()], ANYWHERE) as address:
        assert value(scrape(address), "rulekit_lease_held") == 1.0
        reason = "another process has taken the account"
        watched()
        assert value(scrape(address), "rulekit_lease_held") == 0.0


# --- the page -------------------------------------------------------------------------------------------------------


def test_health_has_its_codes_and_other_paths_none(desk: Desk, watched: Callable[[], Watched]) -> None:
    desk.start()
    with serving([watched()], ANYWHERE) as address:
        status, body = fetch(f"{address}/health")
        assert (status, json.loads(body)["status"]) == (200, "well")
        desk.executor.halt("enough")
        watched()
        status, body = fetch(f"{address}/health?verbose")
        assert (status, json.loads(body)["reasons"]) == (503, ["paper: halted: enough"])
        assert fetch(f"{address}/")[0] == 404
    with pytest.raises(urllib.error.URLError):
        fetch(f"{address}/health")


def test_it_listens_on_this_machine_only_unless_told(desk: Desk, watched: Callable[[], Watched]) -> None:
    assert place("9108") == ("127.0.0.1", 9108)
    assert place("0.0.0.0:9108") == ("0.0.0.0", 9108)
    assert place("[::1]:9108") == ("::1", 9108)
    for text in ("", "here", ":9108", "127.0.0.1:", "127.0.0.1:99999", "9108 please"):
        with pytest.raises(UsageError, match="no place to listen at"):
            place(text)
    desk.start()
    with serving([watched()], evolve(ANYWHERE, listen="0")) as address:
        assert address.startswith("http://127.0.0.1:")


def test_a_place_that_is_taken_and_a_package_that_is_missing(
    desk: Desk, watched: Callable[[], Watched], monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.start()
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken = MetricsSettings(listen=f"127.0.0.1:{other.getsockname()[1]}")
        with pytest.raises(UsageError, match="cannot be listened at"), serving([watched()], taken):
            pass
    monkeypatch.setitem(sys.modules, "prometheus_client", None)
    with pytest.raises(UsageError, match="prometheus-client") as missing, serving([watched()], ANYWHERE):
        pass
    assert "rulekit[metrics]" in str(missing.value.help)


# --- what is written about them -------------------------------------------------------------------------------------

NAME = re.compile(r"rulekit_[a-z_]+")


def exposed() -> set[str]:
    """The names under which Prometheus finds them."""
    parts = {HISTOGRAM: ("_bucket", "_count", "_sum"), COUNTER: ("",)}
    return {shown.name + part for shown in METRICS for part in parts.get(shown.kind, ("",))}


def test_the_dashboard_names_metrics_and_labels_that_exist(project: Path) -> None:
    board = json.loads((project / "docs" / "grafana" / "rulekit.json").read_text(encoding="utf-8"))
    wanted = [target["expr"] for panel in board["panels"] for target in panel["targets"]]
    wanted += [variable["query"] for variable in board["templating"]["list"] if variable["type"] == "query"]
    named = {name for expression in wanted for name in NAME.findall(expression)}
    assert named <= exposed()
    bare = {re.sub("_(bucket|count|sum)$", "", name) for name in named}
    assert bare == {shown.name for shown in METRICS}, "each metric has its place on the dashboard"
    labels = {shown.name: {"account", *shown.labels} for shown in METRICS}
    for expression in wanted:
        for name, inside in re.findall(r"(rulekit_[a-z_]+)\{([^}]*)\}", expression):
            for label in re.findall(r"(\w+)=", inside):
                assert label in labels[re.sub("_(bucket|count|sum)$", "", name)], (name, label)
    assert len({panel["id"] for panel in board["panels"]}) == len(board["panels"])


def test_the_page_of_the_docs_says_each(project: Path) -> None:
    text = (project / "docs" / "metrics.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| `(rulekit_[a-z_]+)` \| ([^|]*)\|", text, re.MULTILINE))
    assert set(rows) == {shown.name for shown in METRICS}
    for shown in METRICS:
        told = set(re.findall(r"`(\w+)`", rows[shown.name]))
        assert told == set(shown.labels), shown.name


def test_no_label_has_a_value_for_each_order(whole_day: Whole) -> None:
    day, address = whole_day.day, whole_day.address
    text = fetch(f"{address}/metrics")[1]
    entries = list(day.manager.journal.entries())
    for entry in entries:
        if entry.kind == "decided":
            assert entry.subject not in text
        elif entry.kind == "sending":
            assert entry.body["tag"] not in text
    assert text.count("\n") < 500
    assert isinstance(day.manager.journal, Journal)
