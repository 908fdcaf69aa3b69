"""The desk of the execution's tests, and one whole day that is watched while it runs."""

from __future__ import annotations

from collections.abc import Iterator
from io import StringIO
from itertools import takewhile
from pathlib import Path
from threading import Event as Flag
from threading import Thread

import pytest

from rulekit.metrics.server import serving
from rulekit.model.instant import parse_instant
from rulekit.model.shipped import shipped_folder
from rulekit.report.jsonlines import JsonLines
from rulekit.runtime import demo_day
from rulekit.runtime.paper import paper_day
from rulekit.runtime.policy import Policy
from rulekit.settings import Settings
from tests.execution.scripted import Desk
from tests.metrics.reading import ANYWHERE, Series, Whole, scrape


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    desk = Desk(tmp_path)
    yield desk
    desk.die()


@pytest.fixture(scope="session")
def whole_day(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Whole]:
    """A made-up day at full speed, scraped again and again while it runs, and served still afterwards."""
    journal = tmp_path_factory.mktemp("day") / "day.journal"
    text = shipped_folder("rules").joinpath("position-management.policy").read_text(encoding="utf-8")
    entries, log, done = demo_day.entries(), StringIO(), Flag()
    scraped: list[Series] = []
    last = parse_instant("2026-11-20T11:45:00+05:30")
    ticks = takewhile(lambda tick: tick.at < last, demo_day.ticks())
    with paper_day(
        [Policy.from_text(text, "position-management.policy")], ticks, entries[0].opened, entries, journal,
        settings=Settings(metrics=ANYWHERE), fast=True, emit=JsonLines(log), durable=False,
    ) as day, serving([day.manager.watch()], ANYWHERE) as address:  # fmt: skip

        def read() -> None:
            while not done.wait(0.1):
                scraped.append(scrape(address))

        reader = Thread(target=read)
        reader.start()
        day.run()
        done.set()
        reader.join()
        day.manager.publish(at_once=True)
        yield Whole(day, address, scraped, log.getvalue())
