"""A desk on bars hears what a feed of them would tell, and looks when a replay looks."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

import rulekit
from rulekit.errors import InputError
from rulekit.hosts.bars import Bar, BarDesk, Held, bars_of_day
from rulekit.market.feed import open_feed
from rulekit.market.ticks import Tick
from rulekit.model.events import Event
from rulekit.model.instant import parse_instant

READS = rulekit.Policy.from_text("X: exit when momentum over 15 minutes is at least 90%")


class Recorder:
    """Keeps the ticks that a market is told of."""

    def __init__(self) -> None:
        self.ticks: list[Tick] = []

    def update(self, tick: Tick) -> bool:
        self.ticks.append(tick)
        return True


def test_bars_are_heard_as_a_feed_of_them_tells(shared_data: Path, tmp_path: Path) -> None:
    import pyarrow.parquet as pq

    one = tmp_path / "bars.parquet"
    pq.write_table(pq.read_table(shared_data / "nse_minutes.parquet", filters=[("symbol", "==", "WIPRO")]), one)
    days = [bars_of_day(one, "WIPRO", day) for day in (date(2021, 4, 28), date(2021, 5, 3))]
    desk: Any = BarDesk(READS)
    desk._market = recorder = Recorder()
    for bar in (bar for bars in days for bar in bars):
        desk.hear(bar)
    wanted = {tick.at for tick in recorder.ticks}
    told = [(tick.at, tick.price, tick.volume) for tick in open_feed(one) if tick.at in wanted]
    assert len(told) == 4 * sum(map(len, days))
    assert [(tick.at, tick.price, tick.volume) for tick in recorder.ticks] == told
    with pytest.raises(InputError, match="no bars of INFY on 2021-04-28"):
        bars_of_day(one, "INFY", date(2021, 4, 28))


@pytest.mark.parametrize(("start", "now"), [("15:28", "15:29:00"), ("15:29", "15:29:59")])
def test_the_last_look_of_a_session_is_a_second_before_its_close(start: str, now: str) -> None:
    desk, events = BarDesk(rulekit.Policy.from_text("X: exit at 1% profit")), list[Event]()
    desk.subscribe("decided", events.append)
    bar = Bar("INFY", f"2026-11-20T{start}:00+05:30", 101, 102, 101, 102)
    assert desk.at_close(Held("INFY", 10, 100), bar).actions
    assert events[0].at == parse_instant(f"2026-11-20T{now}+05:30")
    assert [(done.rule, done.quantity) for done in desk.done] == [("X", 10)]


def test_facts_of_the_host_go_before_those_of_the_bars() -> None:
    desk = BarDesk(READS)
    bar = Bar("INFY", "2026-11-20T10:00:00+05:30", 100, 100, 100, 100, 50.0)
    assert desk.at_close(Held("INFY", 10, 100), bar).unknown == ("X",)
    later = bar._replace(start="2026-11-20T10:01:00+05:30")
    assert desk.at_close(Held("INFY", 10, 100), later, {"momentum over 15 minutes": 95.0}).actions
