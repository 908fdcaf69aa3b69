"""Bad days: the journal gone, damaged, locked or of another version; a browser that slept; texts full of tags."""

from __future__ import annotations

import shutil
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest

from rulekit.execution.commands import apply_without_engine
from rulekit.execution.requests import HALT, Request
from rulekit.model.clock import WallClock
from rulekit.page.acts import act
from rulekit.page.live import Live
from rulekit.page.screen import Screen
from tests.page.deaf_line import DeafLine
from tests.page.scenes import NASTY, scene
from tests.page.worlds import OWNER, screen_over, served

Opened = Callable[..., Any]


@pytest.fixture
def journal(demo: Path, tmp_path: Path) -> Path:
    """A copy of the demo's journal, to be harmed."""
    for path in demo.glob("demo.journal*"):
        if path.is_file():
            shutil.copy(path, tmp_path)
    return tmp_path / "demo.journal"


def looked(screen: Screen) -> Live:
    """A live view that has looked once."""
    live = Live(screen)
    live.look()
    return live


def again(live: Live) -> list[str]:
    """Let it look again, at once, and return its troubles."""
    live._due = dict.fromkeys(live._due, 0.0)
    live.look()
    return [one["text"] for one in live.changes(0)["account"]["troubles"]]


def test_a_journal_that_is_not_there_and_then_is(journal: Path, tmp_path: Path) -> None:
    missing = tmp_path / "later.journal"
    live = looked(screen_over(missing))
    assert again(live) == [f"there is no journal at `{missing}`", "no engine is running"]
    helps = [one["help"] for one in live.changes(0)["account"]["troubles"]]
    assert "what is held is not known" in helps[1], "nobody can say that nothing is"
    assert not list(tmp_path.glob("later*"))  # looking makes nothing
    shutil.copy(journal, missing)
    assert again(live) == ["no engine is running"]
    assert live.account_name == "paper"


def test_a_journal_of_another_version(journal: Path) -> None:
    with closing(sqlite3.connect(journal)) as database:
        database.execute("PRAGMA user_version=99")
    live = looked(screen_over(journal))
    assert "is a journal of another version (99; this program reads" in again(live)[0]


def test_a_journal_that_is_damaged_while_it_is_watched(journal: Path) -> None:
    live = looked(screen_over(journal))
    lines = len(live.log)
    assert lines > 100
    with closing(sqlite3.connect(journal)) as database, database:
        database.execute("DROP TABLE seal")
        database.execute("UPDATE entry SET body = replace(body, '1', '2') WHERE seq = 20")
        database.execute("DELETE FROM entry WHERE seq = (SELECT max(seq) FROM entry)")
    found = again(live)[0]
    assert "is damaged: entry 20 is not what was written" in found
    assert "what is shown is of 15:" in found
    assert live.account_name == "paper"


def test_a_journal_that_is_deleted_while_it_is_watched(journal: Path) -> None:
    live = looked(screen_over(journal))
    for path in journal.parent.glob("demo.journal*"):
        path.unlink()
    assert again(live)[0].startswith(f"there is no journal at `{journal}`; what is shown is of 15:")
    assert live.changes(0)["account"]["realised"] > 1000


def test_a_journal_that_another_program_locks(journal: Path) -> None:
    live = looked(screen_over(journal))
    with closing(sqlite3.connect(journal, isolation_level=None)) as database:
        database.execute("PRAGMA locking_mode=EXCLUSIVE")
        database.execute("BEGIN EXCLUSIVE")
        assert again(live)[0].startswith("another program has locked the journal for the moment; what is shown is of")
    assert again(live) == ["no engine is running"]


def test_another_journal_put_in_its_place_is_read_anew(journal: Path, tmp_path: Path) -> None:
    with scene(tmp_path) as other:
        pass
    live = looked(screen_over(journal))
    assert not live.rows
    for end in ("", "-wal", "-shm", "-head"):
        Path(f"{journal}{end}").unlink(missing_ok=True)
        if Path(f"{other}{end}").exists():
            shutil.copy(f"{other}{end}", f"{journal}{end}")
    again(live)
    assert {row["symbol"] for row in live.rows_now()} == {"INFY", "TCS", "WIPRO", "ITC"}
    assert live.changes(1).get("positions")


def test_a_longer_journal_put_in_its_place_leaves_nothing_of_the_old_one(journal: Path, tmp_path: Path) -> None:
    (tmp_path / "first").mkdir()
    with scene(tmp_path / "first") as watched:
        pass
    live = looked(screen_over(watched))
    again(live)
    assert len(live.rows) == 4
    before = live.version
    for end in ("", "-wal", "-shm"):
        Path(f"{watched}{end}").unlink(missing_ok=True)
    shutil.copy(journal, watched)
    assert again(live) == ["no engine is running"]
    found = live.changes(before)
    assert set(found["gone"]) == {f"NSE:{symbol}:MIS" for symbol in ("INFY", "TCS", "WIPRO", "ITC")}
    assert not any("TCS" in line.text for _, line in live.log)


def test_what_a_person_does_without_an_engine_is_in_the_journal(journal: Path) -> None:
    screen = screen_over(journal)
    live = looked(screen)
    answer = act(screen, OWNER, Request(HALT, reason="the weekend"))
    assert answer.text == "written to the journal; no engine is running on it"
    again(live)
    account = live.changes(0)["account"]
    assert (account["mode"], account["reason"]) == ("halted", "the weekend")
    assert any("owner halted the engine: the weekend (through the page)" in line.text for _, line in live.log)


def test_the_page_is_served_over_a_journal_that_is_not_there(tmp_path: Path) -> None:
    with served(tmp_path / "none.journal") as page, httpx.Client(base_url=page.url) as client:
        assert client.get("/", headers={"accept": "text/html"}).status_code == 200
        assert "there is no journal at" in client.get("/history", headers={"accept": "text/html"}).text
        answer = client.get("/switch/plan?to=halted")
        assert answer.status_code == 400
        assert "there is no journal" in answer.json()["error"]


def test_a_browser_that_slept_comes_back_to_the_truth(journal: Path, opened: Opened) -> None:
    """Its connection is dead, and nobody told it: the other end just says nothing any more."""
    from playwright.sync_api import expect

    with DeafLine() as line, served(journal, also=[line.name]) as page:
        line.leads_to = page.url
        window = opened()
        window.goto(f"http://{line.name}")
        expect(window.locator("#mode")).to_contain_text("active")
        line.fall_silent()
        apply_without_engine(journal, Request(HALT, reason=f"while it slept {NASTY}", by="watcher"), WallClock())
        expect(window.locator("#troubles")).to_contain_text("the page's server does not answer", timeout=15_000)
        line.take_new_ones()
        expect(window.locator("#mode")).to_contain_text("halted", timeout=20_000)
        expect(window.locator("#troubles")).not_to_contain_text("does not answer")
        expect(window.locator("#log")).to_contain_text(f"watcher halted the engine: while it slept {NASTY}")
        window.complaints.clear()  # the browser tells of each try


def test_a_plan_that_comes_after_the_turn_is_not_shown_any_more(journal: Path, opened: Opened) -> None:
    from playwright.sync_api import expect

    with served(journal) as page:
        window = opened()
        window.goto(f"{page.url}/switch")
        window.get_by_role("radio", name="Halted").check()
        expect(window.locator("#plan-list")).to_contain_text("nothing waits to be sent")
        late: list[Any] = []
        window.route("**/switch/plan*", lambda route: late.append(route))
        window.get_by_label("Why, for the journal").fill("the news")
        window.get_by_label("Type HALT to confirm").fill("HALT")
        with window.expect_request("**/switch/plan*"):
            pass  # the plan is looked at anew every few seconds
        window.get_by_role("button", name="Do it").click()
        expect(window.locator("#after-what")).to_contain_text("owner halted the engine")
        with window.expect_response("**/switch/plan*"):
            for each in late:
                each.continue_()
        window.wait_for_timeout(200)
        expect(window.locator("#plan")).to_be_hidden()
        expect(window.locator("#alerted")).to_be_empty()
        window.unroute_all(behavior="ignoreErrors")


def test_texts_full_of_tags_are_texts(tmp_path: Path, opened: Opened) -> None:
    from playwright.sync_api import expect

    with scene(tmp_path) as journal, served(journal) as page:
        window = opened()
        window.goto(page.url)
        expect(window.locator("#alert-list")).to_contain_text(NASTY)
        expect(window.locator("#policies")).to_contain_text("Scene <script>alert(1)</script>")
        window.goto(f"{page.url}/history?rule=%3Cscript%3Ealert(1)%3C/script%3E&symbol=%22%3E%3Cimg%20src=x%3E")
        assert window.locator("[name=rule]").input_value() == "<script>alert(1)</script>"
        assert window.locator("img[src=x], main script").count() == 0
        window.goto(f"{page.url}/history")
        expect(window.locator("table")).to_contain_text("Half <b>of it</b>")


def test_the_page_ends_while_a_browser_looks(journal: Path, opened: Opened) -> None:
    from playwright.sync_api import expect

    window = opened()
    with served(journal) as page:
        window.goto(page.url)
        expect(window.locator("#mode")).to_contain_text("active")
        began = time.monotonic()
    assert time.monotonic() - began < 8
    expect(window.locator("#troubles")).to_contain_text("the page's server does not answer", timeout=15_000)
    window.complaints.clear()
