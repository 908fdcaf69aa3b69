"""The live view in a real browser beside a real engine: what it shows, and what a person does through it."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("playwright.sync_api", reason="the package playwright is not installed")
from playwright.sync_api import expect

from rulekit.execution.journal import read_journal, read_ledger
from rulekit.execution.ledger import ACTED
from tests.execution.scripted import Desk
from tests.page.engines import EngineFiles, engine, engine_files
from tests.page.worlds import Served, served

Opened = Callable[..., Any]


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> EngineFiles:
    return engine_files(tmp_path_factory.mktemp("live"))


@pytest.fixture(scope="module")
def running(files: EngineFiles) -> Iterator[Served]:
    """A page beside an engine that both run for all tests of this module, in their order: for twenty minutes."""
    with engine(files, speed=6), served(files.journal, policies=files.policies) as page:
        yield page


def until(seen: Callable[[], object], seconds: float = 20.0) -> None:
    """Wait for something to come true."""
    end = time.monotonic() + seconds
    while not seen():
        assert time.monotonic() < end, "it did not come true"
        time.sleep(0.05)


def acts(journal: Path) -> list[dict[str, Any]]:
    return [dict(entry.body) for entry in read_journal(journal) if entry.kind == ACTED]


def test_positions_come_with_prices_and_move_by_themselves(running: Served, opened: Opened) -> None:
    page = opened()
    page.goto(running.url)
    row = page.locator(".position", has_text="KOTAKBANK")
    expect(page.locator(".position")).to_have_count(6)
    for cell in page.locator(".position .near").all():
        expect(cell).to_have_text(re.compile(r"\S+: .{8,}"))
    assert "long 100 · MIS · NSE" in row.inner_text()
    before = page.locator("#f-profit").inner_text()
    expect(page.locator("#f-profit")).not_to_have_text(before)
    expect(page.locator("#mode")).to_have_text("active")
    expect(page.locator("#troubles")).to_be_empty()


def test_of_very_many_positions_all_come_in_their_order(tmp_path: Path, opened: Opened) -> None:
    """Those on top are made first, the others in parts."""
    desk = Desk(tmp_path)
    symbols = [f"SHARE{number * 7 % 400:03}" for number in range(400)]
    for symbol in symbols:
        desk.hold(symbol)
    desk.start().pass_time()
    desk.journal.close()
    with served(desk.path) as many:
        page = opened()
        page.goto(many.url)
        rows = page.locator(".position b")
        expect(rows).to_have_count(400)
        assert rows.all_text_contents() == sorted(symbols)
        expect(page.locator("#f-positions")).to_have_text("400")
        page.get_by_label("Find").first.fill("SHARE39")
        expect(rows).to_have_count(10)


def test_each_rule_says_how_far_it_is(running: Served, opened: Opened) -> None:
    page = opened()
    page.goto(running.url)
    page.get_by_role("button", name="KOTAKBANK").press("Enter")
    rules = page.locator("ul.rules")
    rules.wait_for()
    expect(rules).to_contain_text("points short, at ₹2,112.50")
    text = rules.inner_text()
    assert "PARTIAL_PROFIT_BOOKING_50%" in text
    assert "Square off" in text
    assert "needs 15:15 or later" in text


def test_a_halt_with_its_words_before_and_what_became_of_each_after(
    running: Served, files: EngineFiles, opened: Opened
) -> None:
    page = opened(width=390, height=800)
    page.goto(f"{running.url}/switch")
    page.get_by_role("radio", name="Halted").check()
    page.get_by_text("6 positions stay open and nothing watches them").wait_for()
    page.get_by_label("Close every position, too").check()
    page.get_by_text("then 6 positions are closed by the broker's own quantities").wait_for()
    go = page.get_by_role("button", name="Do it")
    page.get_by_label("Type EXIT EVERYTHING to confirm").fill("HALT")
    assert go.is_disabled()
    page.get_by_label("Why, for the journal").fill("the news")
    page.get_by_label("Type EXIT EVERYTHING to confirm").fill("EXIT EVERYTHING")
    go.click()
    page.get_by_text("6 of 6 instruments are flat").wait_for(timeout=20_000)
    assert "sell 100 (the halt) filled" in page.locator("#after-rows").inner_text()
    assert page.locator("#mode").inner_text() == "halted"
    assert read_ledger(files.journal).mode.reason == "the news"
    assert acts(files.journal) == [
        {"by": "owner", "through": "page", "what": "halt", "said": "the news", "exit_everything": True}
    ]


def test_a_resume_must_be_typed_and_an_alert_is_seen(running: Served, files: EngineFiles, opened: Opened) -> None:
    page = opened()
    page.goto(running.url)
    page.get_by_role("heading", name="Alerts").wait_for()
    assert page.locator(".alert").count() >= 1
    while page.locator(".alert").count():
        left = page.locator(".alert").count()
        page.locator(".alert").first.get_by_role("button").click()
        expect(page.locator(".alert")).to_have_count(left - 1)
    page.goto(f"{running.url}/switch")
    page.get_by_role("radio", name="Active").check()
    page.get_by_label("Type RESUME to confirm").fill("RESUME")
    page.get_by_role("button", name="Do it").click()
    expect(page.locator("#mode")).to_have_text("active")
    assert not read_ledger(files.journal).alarms.open
    done = [(row["by"], row["what"]) for row in acts(files.journal)]
    assert ("owner", "resume") in done
    assert done.count(("owner", "acknowledge")) >= 1


def test_an_engine_that_dies_is_told_and_one_that_comes_back_too(tmp_path: Path, opened: Opened) -> None:
    files = engine_files(tmp_path / "own")
    with engine(files, speed=20) as process, served(files.journal, policies=files.policies) as where:
        page = opened()
        page.goto(where.url)
        until(lambda: where.app.state.live.engine.running)
        expect(page.locator("#troubles")).to_be_empty(timeout=20_000)
        process.kill()
        process.wait()
        page.get_by_text("no engine is running: nothing watches the stops").wait_for()
        with engine(files, speed=20):
            expect(page.locator("#troubles")).to_be_empty(timeout=30_000)
