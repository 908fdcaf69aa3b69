"""The page over a journal in a real database: what it shows, that it says what it cannot, and acts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest

from rulekit.execution.journal import open_shelf, read_journal
from rulekit.execution.journal_place import Place, ServerPlace, place_of
from rulekit.execution.ledger import ACTED
from rulekit.model.clock import SimulatedClock
from rulekit.page.live import Live
from rulekit.studio.routes import STUDIO
from tests.execution.scripted import START, Desk, book, exit_all, stop
from tests.page.worlds import screen_over, served
from tests.postgres_server import PASSWORD, Server

PAGE = {"accept": "text/html"}


@pytest.fixture(scope="module")
def desk(database_server: Server, tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """An engine that has booked half of a position, and whose last order is of unknown fate."""
    place = place_of(database_server.new_database(), "PG0001")
    assert isinstance(place, ServerPlace)
    made = Desk(tmp_path_factory.mktemp("database"), place=place, account="PG0001")
    key = made.hold()
    made.start()
    made.commit(key, stop(168_000.0), book(50))
    made.pass_time()
    made.broker.fates = ["lost before"]
    made.commit(key, exit_all(50))
    return made


def test_what_the_journal_knows_is_shown_and_what_is_not_is_said(desk: Desk) -> None:
    live = Live(screen_over(desk.place))
    live.look()
    found = live.changes(0)
    assert [(row["symbol"], row["quantity"], row["stop"], row["price"]) for row in found["positions"]] == [
        ("KOTAKBANK", 50, 1680.0, None)
    ]
    assert len(found["account"]["unknown"]) == 1
    assert [one["text"] for one in found["account"]["troubles"]] == [
        "prices are not shown: an engine shows them beside a journal's file, and this one is in a database"
    ]
    assert any("Booking 50% profits" in line["text"] for line in found["log"])


def test_a_server_is_not_asked_more_often_than_said(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    live = Live(screen_over(desk.place))
    now, asked = [0.0], []
    live._watch = lambda: now[0]

    def open_and_count(place: Place) -> Any:
        asked.append(now[0])
        return open_shelf(place)

    monkeypatch.setattr("rulekit.page.following.open_shelf", open_and_count)
    for step in range(26):
        now[0] = step * 0.04
        live.look()
    assert 4 <= len(asked) <= 6


def test_every_view_and_the_switch_work(desk: Desk, tmp_path: Path) -> None:
    desk.journal.close()  # as an engine ends
    assert isinstance(desk.place, ServerPlace)
    with (
        served(desk.place, rooms=[STUDIO], policies=tmp_path, clock=SimulatedClock(START)) as page,
        httpx.Client(base_url=page.url, timeout=60) as client,
    ):
        texts = {path: client.get(path, headers=PAGE) for path in ("/", "/history", "/rules?period=all", "/studio")}
        assert {path: answer.status_code for path, answer in texts.items()} == dict.fromkeys(texts, 200)
        assert "First target" in texts["/history"].text and "First target" in texts["/rules?period=all"].text
        token = texts["/"].text.split('name="token" content="')[1].split('"')[0]
        assert "1 order of unknown fate" in str(client.get("/switch/plan?to=halted").json()["plan"])
        client.headers["x-rulekit-token"] = token
        turned = client.post("/switch/turn", json={"to": "halted", "typed": "HALT", "reason": "the news"}).json()
        assert turned["said"] == "written to the journal; no engine is running on it"
        everything = "".join(answer.text for answer in texts.values()) + client.get("/live/changes").text
        assert PASSWORD not in everything and PASSWORD.replace("%2F", "/") not in everything
    acted = [entry.body for entry in read_journal(desk.place) if entry.kind == ACTED]
    assert [(one["by"], one["what"], one["said"]) for one in acted] == [("owner", "halt", "the news")]


def test_a_server_that_is_not_there_is_a_sentence(tmp_path: Path) -> None:
    place = place_of(f"postgresql://someone:{PASSWORD}@/none?host={tmp_path}", "PG0001")
    live = Live(screen_over(place))
    live.look()
    troubles = live.changes(0)["account"]["troubles"]
    assert "cannot be reached" in troubles[0]["text"] or "does not answer" in troubles[0]["text"], troubles
    assert PASSWORD not in str(troubles)
