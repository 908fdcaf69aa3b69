"""Who may come in, what they may do, and what nobody may: another page's requests, other names, scripts in texts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route

from rulekit.errors import UsageError
from rulekit.execution.journal import Journal
from rulekit.model.clock import SimulatedClock
from rulekit.model.instant import parse_instant
from rulekit.page.app import build
from rulekit.page.doors import person_of, route
from rulekit.page.fence import PASSED_ON
from rulekit.page.people import ACT, LOOK, WRITE, Doors, Person, with_link
from rulekit.page.room import Room
from rulekit.studio.routes import STUDIO
from tests.page.worlds import screen_over, served

NINE = parse_instant("2026-11-20T09:15:00+05:30")
PAGE = {"accept": "text/html"}
WATCHER = Person("watcher", LOOK, secret="r" * 48)
WRITER = Person("writer", WRITE, password="long enough a word")
LAST = Person("Anil", ACT, secret="a" * 48)


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    Journal.open(tmp_path / "day.journal", clock=SimulatedClock(NINE)).close()
    return tmp_path / "day.journal"


async def write(request: Request) -> Response:
    return JSONResponse({"by": person_of(request).name})


async def fail(request: Request) -> Response:
    raise ZeroDivisionError("a secret of the machine")


TRIAL = Room(
    "trial",
    "Trial",
    "/trial",
    lambda screen: [
        route("/trial", write, LOOK, name="trial"),
        route("/trial/write", write, WRITE, methods=["POST"]),
        route("/trial/act", write, ACT, methods=["POST"]),
        route("/trial/fail", fail, LOOK),
    ],
    role=WRITE,
)


@pytest.fixture
def local(journal: Path) -> Iterator[httpx.Client]:
    """A browser at the machine itself."""
    with served(journal, rooms=[TRIAL]) as page, httpx.Client(base_url=page.url, follow_redirects=True) as client:
        yield client


@pytest.fixture
def outside(journal: Path) -> Iterator[httpx.Client]:
    """A browser elsewhere."""
    doors = Doors((WATCHER, WRITER, LAST), None)
    with (
        served(journal, rooms=[TRIAL], doors=doors) as page,
        httpx.Client(base_url=page.url, follow_redirects=True) as client,
    ):
        yield client


def token_of(client: httpx.Client) -> str:
    text = client.get("/", headers=PAGE).text
    return text.split('name="token" content="')[1].split('"')[0]


def come_in(client: httpx.Client, person: Person) -> str:
    """Use a person's link; return the token of the visit."""
    assert client.post(f"/enter/{person.secret}", headers=PAGE).status_code in (200, 303)
    return token_of(client)


# --- at the machine -----------------------------------------------------------------------------------------------


def test_a_browser_at_the_machine_needs_nothing(local: httpx.Client) -> None:
    answer = local.get("/", headers=PAGE)
    assert answer.status_code == 200
    assert "owner" in answer.text
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie


def test_another_name_for_this_machine_is_refused(local: httpx.Client) -> None:
    answer = local.get("/", headers={**PAGE, "host": "evil.example:8750"})
    assert answer.status_code == 421
    assert "set-cookie" not in answer.headers


def test_a_change_needs_the_token_of_the_page(local: httpx.Client) -> None:
    token = token_of(local)
    assert local.post("/trial/act").status_code == 403
    assert local.post("/trial/act", headers={"x-rulekit-token": "0" * 48}).status_code == 403
    assert local.post("/trial/act", headers={"x-rulekit-token": token}).json() == {"by": "owner"}
    assert local.post("/trial/act", data={"token": token}).json() == {"by": "owner"}


@pytest.mark.parametrize(
    "header",
    [
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"origin": "http://127.0.0.1:9999"},
        {"origin": "null"},
        {"sec-fetch-site": "same-origin", "origin": "https://evil.example"},
    ],
)
def test_a_change_that_another_page_asks_for_is_refused(local: httpx.Client, header: dict[str, str]) -> None:
    token = token_of(local)
    answer = local.post("/trial/act", headers={"x-rulekit-token": token, **header})
    assert answer.status_code == 403
    assert answer.json()["error"] == "this was asked for by another page"


def test_a_change_without_a_visit_is_refused(local: httpx.Client) -> None:
    answer = local.post("/trial/act", headers={"x-rulekit-token": ""})
    assert answer.status_code == 401


def test_no_frame_of_another_page_begins_a_visit(local: httpx.Client) -> None:
    answer = local.get("/", headers={**PAGE, "sec-fetch-dest": "iframe"}, follow_redirects=False)
    assert "set-cookie" not in answer.headers


def test_too_much_at_once_is_refused(local: httpx.Client) -> None:
    token = token_of(local)
    body = b"x" * 2_100_000
    answer = local.post("/trial/act", content=body, headers={"x-rulekit-token": token, "content-type": "text/plain"})
    assert answer.status_code in (200, 413)
    form = {"content-type": "application/x-www-form-urlencoded"}
    assert local.post("/trial/act", content=body, headers=form).status_code == 413


def test_what_another_program_passes_on_is_not_at_the_machine(local: httpx.Client) -> None:
    for name in PASSED_ON:
        answer = local.get("/", headers={**PAGE, name: "203.0.113.9"}, follow_redirects=False)
        assert (answer.status_code, answer.headers["location"]) == (303, "/enter?next=%2F"), name
        assert "set-cookie" not in answer.headers


def test_figures_that_nobody_means_are_no_fault_of_the_page(local: httpx.Client) -> None:
    token = token_of(local)
    huge = "9" * 5000
    for path in ("/live/changes?since=", "/history?from=", "/live/changes?since=-", "/history?from=\u0665\u0665"):
        assert local.get(f"{path}{huge}", headers=PAGE).status_code == 200, path
    with local.stream("GET", "/live/stream", headers={"last-event-id": f"{huge}-{huge}"}) as answer:
        assert answer.status_code == 200
    for body in (f'{{"action": "X", "filled": {huge}}}', "[" * 100_000, "\ud800".encode("utf-8", "surrogatepass")):
        answer = local.post("/live/settle", content=body, headers={"x-rulekit-token": token})
        assert (answer.status_code, answer.json()["error"]) == (400, "what was sent cannot be read")


# --- from elsewhere -----------------------------------------------------------------------------------------------


def test_nobody_from_elsewhere_is_in(outside: httpx.Client) -> None:
    answer = outside.get("/", headers=PAGE, follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, "/enter?next=%2F")
    assert outside.get("/live/changes").status_code == 401
    assert "opened by a secret link" not in outside.get("/enter", headers=PAGE).text  # writer has a password


def test_a_link_lets_its_owner_in_after_a_press(outside: httpx.Client) -> None:
    shown = outside.get(f"/enter/{WATCHER.secret}", headers=PAGE)
    assert "Come in as watcher" in shown.text
    assert "set-cookie" not in shown.headers
    come_in(outside, WATCHER)
    assert "watcher" in outside.get("/", headers=PAGE).text
    assert outside.get("/enter/" + "0" * 48, headers=PAGE).status_code == 404


def test_roles_look_write_and_act(outside: httpx.Client) -> None:
    allowed = {}
    for person in (WATCHER, LAST):
        token = come_in(outside, person)
        for path in ("/trial/write", "/trial/act"):
            allowed[person.name, path] = outside.post(path, headers={"x-rulekit-token": token}).status_code
        allowed[person.name, "entry"] = '<a href="/trial"' in outside.get("/", headers=PAGE).text
        outside.post("/leave", data={"token": token})
    answer = outside.post("/enter", data={"name": "writer", "password": "long enough a word"}, headers=PAGE)
    assert answer.status_code == 200
    token = token_of(outside)
    for path in ("/trial/write", "/trial/act"):
        allowed["writer", path] = outside.post(path, headers={"x-rulekit-token": token}).status_code
    assert allowed == {
        ("watcher", "/trial/write"): 403, ("watcher", "/trial/act"): 403, ("watcher", "entry"): False,
        ("Anil", "/trial/write"): 200, ("Anil", "/trial/act"): 200, ("Anil", "entry"): True,
        ("writer", "/trial/write"): 200, ("writer", "/trial/act"): 403,
    }  # fmt: skip


def test_who_may_only_look_changes_nothing_by_any_route(journal: Path, tmp_path: Path) -> None:
    harmless = {"/leave", *(f"/studio/{name}" for name in (
        "look", "examples", "try", "picture", "offers", "help", "form", "mend", "example", "open", "prove", "compare",
        "bars", "replay", "check", "file", "version", "running", "sliders",
    ))}  # fmt: skip
    with (
        served(journal, rooms=[STUDIO], doors=Doors((WATCHER,), None), policies=tmp_path) as page,
        httpx.Client(base_url=page.url, follow_redirects=True) as client,
    ):
        token = come_in(client, WATCHER)
        paths = {one.path for one in page.app.routes if isinstance(one, Route) and "POST" in (one.methods or ())}
        refused = {path for path in paths if not path.startswith("/enter") and path not in harmless}
        assert refused == {"/live/settle", "/live/acknowledge", "/switch/turn", "/studio/publish"}
        for path in refused:
            assert client.post(path, json={}, headers={"x-rulekit-token": token}).status_code == 403, path


def test_a_stream_ends_with_the_visit_however_much_there_is_to_tell(
    journal: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rulekit.page.live_routes.BEAT_S", 0.2)
    with served(journal, doors=Doors((WATCHER,), None)) as page, httpx.Client(base_url=page.url) as client:
        come_in(client, WATCHER)
        cookie = client.cookies[page.screen.cookie]
        with client.stream("GET", "/live/stream") as answer:
            lines = answer.iter_lines()
            assert next(line for line in lines if line.startswith("data:"))
            page.screen.doors.leave(cookie)
            for _ in range(100):
                page.app.state.live.version += 1  # as if something changed at each look
                if "event: over" in (next(lines), next(lines), next(lines)):
                    break
            else:
                raise AssertionError("it went on")


def test_whoever_left_is_out(outside: httpx.Client) -> None:
    token = come_in(outside, LAST)
    outside.post("/leave", data={"token": token})
    assert outside.post("/trial/act", headers={"x-rulekit-token": token}).status_code == 401


def test_wrong_passwords_close_the_door_for_a_minute() -> None:
    now = [100.0]
    doors = Doors((WRITER,), None, now=lambda: now[0])
    for _ in range(5):
        assert doors.by_password("writer", "wrong") is None
    with pytest.raises(UsageError, match="too many wrong passwords"):
        doors.by_password("writer", WRITER.password)
    now[0] += 61
    assert doors.by_password("writer", WRITER.password) is WRITER


def test_a_person_without_a_password_is_not_let_in_by_an_empty_one(outside: httpx.Client) -> None:
    answer = outside.post("/enter", data={"name": "watcher", "password": ""}, headers=PAGE)
    assert answer.status_code == 403
    assert Doors((WATCHER,), None).by_link("") is None


def test_a_visit_ends_by_itself() -> None:
    now = [0.0]
    doors = Doors((WATCHER,), None, lasts_s=60.0, now=lambda: now[0])
    cookie, visit = doors.enter(WATCHER)
    assert doors.visit(cookie) is visit
    now[0] = 61.0
    assert doors.visit(cookie) is None
    now[0] = 0.0
    assert doors.visit(cookie) is None


def test_after_coming_in_only_this_page_is_led_to(outside: httpx.Client) -> None:
    for where in ("https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)"):
        answer = outside.post(
            "/enter",
            data={"name": "writer", "password": "long enough a word", "next": where},
            headers=PAGE,
            follow_redirects=False,
        )
        assert answer.headers["location"] == "/"


def test_links_differ_and_are_never_shown_by_the_page(outside: httpx.Client) -> None:
    assert with_link("A", LOOK).secret != with_link("A", LOOK).secret
    come_in(outside, LAST)
    text = outside.get("/", headers=PAGE).text
    assert not any(secret in text for secret in (WATCHER.secret, LAST.secret, WRITER.password))
    with pytest.raises(UsageError, match="`root` is no role"):
        with_link("A", "root")


# --- every answer -------------------------------------------------------------------------------------------------


def test_every_route_but_the_door_is_guarded(journal: Path) -> None:
    app = build(screen_over(journal), [TRIAL])
    open_paths = {one.path for one in app.routes if isinstance(one, Route) and not hasattr(one.endpoint, "role")}
    assert open_paths == {"/enter", "/enter/{secret}"}
    assert all(isinstance(one, (Route, Mount)) for one in app.routes)


@pytest.mark.parametrize("path", ["/", "/enter", "/nothing", "/assets/page/page.js", "/live/changes", "/trial/fail"])
def test_every_answer_lets_no_script_in(local: httpx.Client, path: str) -> None:
    policy = local.get(path, headers=PAGE).headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy


def test_a_fault_of_the_page_is_a_sentence(local: httpx.Client) -> None:
    answer = local.get("/trial/fail", headers=PAGE)
    assert answer.status_code == 500
    assert "the page itself failed (ZeroDivisionError); the engine is not touched by that" in answer.text
    assert "a secret of the machine" not in answer.text


def test_no_template_has_a_script_or_a_style_inside(project: Path) -> None:
    def bare(text: str) -> list[str]:
        return [mark for mark in ("<script>", " style=", " onclick=", "javascript:", "|safe") if mark in text]

    templates = sorted((project / "rulekit").glob("*/templates/*.html"))
    own = [path for path in templates if path.parent.parent.name in ("page", "studio")]
    assert len(own) >= 4
    assert {path.name: bare(path.read_text(encoding="utf-8")) for path in own} == {path.name: [] for path in own}
