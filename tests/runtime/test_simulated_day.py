"""A whole simulated session: no read of the real clock, the same twice, and nothing without an end."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from rulekit.execution.settings import ExecutionSettings
from rulekit.model.events import Event
from rulekit.model.shipped import shipped_folder
from rulekit.runtime import demo_day, manager
from rulekit.runtime.paper import paper_day
from rulekit.runtime.policy import Policy
from rulekit.settings import Settings
from tests.runtime.oracle import read_history, totals_by_journal, true_book, violations
from tests.runtime.real_days import SEVEN_SCALED, morning_entries, thinned
from tests.wall_clock import wall_clock_guard

DAY = "2021-04-19"
EVERY = 4
"""The guard slows a day two to four times; what a price leads to is the same at every fourth of them."""


def demo_policy() -> Policy:
    text = shipped_folder("rules").joinpath("position-management.policy").read_text(encoding="utf-8")
    return Policy.from_text(text, "position-management.policy")


def run_demo(journal: Path, events: list[Event]) -> None:
    entries = demo_day.entries()
    with paper_day(
        [demo_policy()], demo_day.ticks(), entries[0].opened, entries, journal,
        settings=Settings(), fast=True, emit=events.append, durable=False,
    ) as day:  # fmt: skip
        day.run()
        assert day.left_open() == []


def test_every_rule_of_the_demo_has_its_moment(tmp_path: Path) -> None:
    """The six actions of the ready policy, a stop and the time exit occur; a second run tells the same."""
    first: list[Event] = []
    second: list[Event] = []
    run_demo(tmp_path / "a.journal", first)
    run_demo(tmp_path / "b.journal", second)
    rows = read_history(tmp_path / "a.journal")
    ends = Counter((row["rule"], row["end"]) for row in rows)
    for rule in demo_policy().rules:
        expected = "applied" if "stop" in rule.sentence else "filled"
        assert ends[rule.name, expected], f"{rule.name} did nothing: {ends}"
    assert ends["stop", "filled"]
    orders, trades, _ = true_book(tmp_path / "a.journal")
    assert violations(rows, orders, trades) == []
    assert totals_by_journal(rows, demo_day.entries()) == {}
    assert [(event.name, event.at, event.symbol) for event in first] == [
        (event.name, event.at, event.symbol) for event in second
    ]


@pytest.mark.slow
def test_a_day_of_five_symbols_never_reads_the_real_clock(
    shared_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not one read of real time in the whole day; one that is planted in the loop is seen."""
    feed = thinned(shared_data, tmp_path / "day.parquet", every=EVERY, day=DAY)
    entries = morning_entries(feed)
    ticks = list(feed.ticks())
    assert len({tick.symbol for tick in ticks}) == 5
    policy = Policy.from_text(SEVEN_SCALED)
    settings = Settings(execution=ExecutionSettings(stale_s=5.0 * EVERY))

    def run(journal: Path, day_ticks: list) -> list[str]:  # type: ignore[type-arg]
        with wall_clock_guard() as reads, paper_day(
            [policy], day_ticks, day_ticks[0].at, entries, journal,
            settings=settings, fast=True, emit=lambda event: None, durable=False,
        ) as day:  # fmt: skip
            day.run()
        outside = [entry for entry in reads.by_clock if not entry.endswith("in fresh_bytes")]
        # Whoever looks at a page sits in real time; what is shown there decides nothing.
        shown = "time.perf_counter at rulekit/runtime/showing.py"
        return [entry for entry in reads.forbidden + outside if not entry.startswith(shown)]

    assert run(tmp_path / "day.journal", ticks) == []
    ends = Counter((row["kind"], row["end"]) for row in read_history(tmp_path / "day.journal"))
    happened = {("book", "filled"), ("add", "filled"), ("stop", "applied"), ("exit", "filled")}
    assert happened <= ends.keys(), "every kind of work was done under the guard"
    # The same loop with one read in it, as someone might add it to a cycle.
    source = "import time\ndef planted(*words):\n    time.time()\n    return inner(*words)\n"
    module: dict[str, object] = {"inner": manager.Manager._decide_one}
    exec(compile(source, manager.__file__, "exec"), module)
    monkeypatch.setattr(manager.Manager, "_decide_one", module["planted"])
    seen = run(tmp_path / "planted.journal", ticks[: len(ticks) // 5])
    assert seen
    assert all("time.time at rulekit/runtime/manager.py" in entry for entry in seen)
