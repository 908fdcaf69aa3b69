"""Who may do what in the studio: looking is for all, publishing for those who may write, and each act has its name."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import httpx
import pytest

from rulekit.execution.journal import read_journal
from rulekit.page.people import LOOK, WRITE, Doors, Person
from rulekit.settings import Settings
from rulekit.settings.sections import CalendarSettings
from rulekit.studio.routes import STUDIO
from rulekit.studio.shelf import Shelf, digest_of
from tests.page.worlds import served

WATCHER = Person("watcher", LOOK, password="look at the page only")
WRITER = Person("writer", WRITE, password="write what you want to")
OLD, NEW = "exit at 5% loss\n", "exit at 4% loss\n"


@pytest.fixture
def policies(tmp_path: Path) -> Path:
    folder = tmp_path / "policies"
    folder.mkdir()
    (folder / "mine.policy").write_text(OLD, encoding="utf-8")
    return folder


@pytest.fixture
def url(journal: Path, policies: Path) -> Iterator[str]:
    doors = Doors((WATCHER, WRITER), None)
    with served(journal, rooms=[STUDIO], policies=policies, doors=doors) as page:
        yield page.url


@contextmanager
def come_in(url: str, person: Person) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=url, headers={"accept": "text/html"}, timeout=60) as client:
        answer = client.post("/enter", data={"name": person.name, "password": person.password, "next": "/"})
        assert answer.status_code == 303
        token = client.get("/studio").text.partition('name="token" content="')[2].partition('"')[0]
        client.headers.update({"x-rulekit-token": token, "accept": "application/json"})
        yield client


def asked(text: str, opened: str = digest_of(OLD)) -> dict[str, str]:
    return {"key": "k", "name": "mine.policy", "text": text, "opened": opened}


def test_nobody_comes_to_the_studio_without_coming_in(url: str) -> None:
    assert httpx.get(f"{url}/studio", headers={"accept": "text/html"}).status_code == 303
    assert httpx.post(f"{url}/studio/look", json=asked(NEW)).status_code == 401


def test_who_may_look_tries_everything_and_publishes_nothing(url: str, policies: Path) -> None:
    with come_in(url, WATCHER) as client:
        assert client.post("/studio/look", json=asked(NEW)).json()["ready"] is True
        assert client.post("/studio/compare", json=asked(NEW)).json()["found"]["rules"][0]["changes"]
        refused = client.post("/studio/publish", json=asked(NEW))
        assert (refused.status_code, refused.json()["error"]) == (403, "watcher may not write policies here")
        page = client.get("/studio/edit?policy=mine.policy", headers={"accept": "text/html"}).text
        assert "readonly" in page and 'id="publish"' not in page
    assert Shelf(policies).open("mine.policy").text == OLD


def test_who_may_write_publishes_under_their_name_in_the_journal(url: str, policies: Path, journal: Path) -> None:
    with come_in(url, WRITER) as client:
        done = client.post("/studio/publish", json=asked(NEW)).json()
        assert (done["number"], done["by"], done["trouble"]) == (1, "writer", "")
        late = client.post("/studio/publish", json=asked("exit at 3% loss\n"))
        assert late.status_code == 400
        assert late.json()["error"].startswith("writer has published `mine.policy` since you opened it")
        same = client.post("/studio/publish", json=asked(NEW, done["digest"])).json()
        assert same["error"] == "this is what stands in the file already"
    assert Shelf(policies).open("mine.policy").text == NEW
    said = [str(entry.body) for entry in read_journal(journal)]
    assert any("writer" in each and "published mine.policy, version 1" in each for each in said)
    assert any("`exit at 5% loss` is now `exit at 4% loss`" in each for each in said)


@pytest.mark.parametrize("text", ["exit when profit > 30 minutes\n", "boook", "", "# nothing\n"])
def test_a_policy_with_errors_is_refused_by_the_server_too(url: str, policies: Path, text: str) -> None:
    with come_in(url, WRITER) as client:
        refused = client.post("/studio/publish", json=asked(text))
        assert refused.status_code == 400
        assert refused.json()["error"].startswith("a policy with an error is not published: line 1: ")
    assert Shelf(policies).open("mine.policy").text == OLD
    assert Shelf(policies).versions("mine.policy") == []


def test_what_is_no_question_is_a_sentence(url: str) -> None:
    with come_in(url, WRITER) as client:
        for path in ("look", "examples", "try", "offers", "help", "form", "mend", "prove", "compare", "publish"):
            for wrong in ({"text": 5}, [1], {"text": "x" * 70_000, "key": "k"}, {"text": "exit", "name": "n" * 300}):
                answer = client.post(f"/studio/{path}", json=wrong)
                assert answer.status_code == 400 and answer.json()["error"], (path, wrong)
        trying = client.post("/studio/try", json={**asked(NEW), "position": {"side": "up"}})
        assert trying.json()["error"] == "side: `up` is neither long nor short"
        assert client.get("/studio/edit?policy=../../etc/passwd").status_code == 400
        assert client.get("/studio/about/Z999").json()["error"] == "there is no code `Z999`"
        assert client.post("/studio/bars", json=asked(NEW)).json()["help"] == "start it with --bars FOLDER"


def test_a_page_without_a_folder_of_policies_says_so(journal: Path) -> None:
    doors = Doors((WRITER,), None)
    with served(journal, rooms=[STUDIO], doors=doors) as page:
        client = httpx.Client(base_url=page.url, headers={"accept": "text/html"})
        client.post("/enter", data={"name": "writer", "password": WRITER.password, "next": "/"})
        assert "the page was started without a folder of policies" in client.get("/studio").text
        client.close()


@pytest.mark.parametrize("hours", [{}, {"NSE": {date(2026, 11, 21): ("09:15", "15:30")}}])
def test_a_replay_goes_by_the_days_of_the_settings(
    journal: Path, policies: Path, tmp_path: Path, hours: dict[str, dict[date, tuple[str, str]]]
) -> None:
    """A Saturday on which, by the settings, the exchange trades: without them nothing can be entered."""
    bars = tmp_path / "bars"
    bars.mkdir()
    rows = [f"2026-11-21T10:{minute:02}:00+05:30,INFY,100,102,99,101,500" for minute in range(40)]
    text = "\n".join(["time,symbol,open,high,low,close,volume", *rows, ""])
    (bars / "saturday.csv").write_text(text, encoding="utf-8")
    settings = Settings(calendar=CalendarSettings(sessions=hours))
    doors = Doors((WATCHER,), None)
    with (
        served(journal, rooms=[STUDIO], policies=policies, doors=doors, bars=bars, settings=settings) as page,
        come_in(page.url, WATCHER) as client,
    ):
        chosen = {"file": "saturday.csv", "every": "5", "quantity": "10"}
        found = client.post("/studio/replay", json={**asked(NEW), "chosen": chosen}).json()
    assert found["found"]["trades"] > 0 if hours else "lie mostly outside its hours" in found["error"], found
