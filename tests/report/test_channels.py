"""Alerts over real sockets: what arrives, what is put together, and that no slow, dead or talkative channel harms."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from io import StringIO
from pathlib import Path
from threading import Event as Flag
from threading import Thread
from typing import Any

import pytest

from rulekit.errors import InputError, UsageError
from rulekit.model.events import Event
from rulekit.report.alert_settings import AlertSettings
from rulekit.report.channels import LONGEST_QUEUE, Channel, Channels, Message, open_channels
from rulekit.report.console import Console
from rulekit.report.jsonlines import JsonLines
from rulekit.report.secrets import Redactor

TOKEN = "s3cr3tT0kenOfMine"
pytestmark = pytest.mark.filterwarnings("ignore:.*imghdr:DeprecationWarning")  # apprise's own import


class Endpoint:
    """A server that keeps what is posted to it; it may hang or refuse."""

    def __init__(self) -> None:
        self.bodies: list[dict[str, Any]] = []
        self.status = 200
        self.hangs = False
        self.go_on = Flag()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                if outer.hangs:
                    outer.go_on.wait(20)
                outer.bodies.append(body)
                self.send_response(outer.status)
                self.end_headers()

            def log_message(self, *unused: object) -> None:
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"json://127.0.0.1:{self.server.server_port}/{TOKEN}"
        self.thread = Thread(target=self.server.serve_forever, args=(0.02,), daemon=True)
        self.thread.start()


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    made = Endpoint()
    yield made
    made.go_on.set()
    made.server.shutdown()
    made.thread.join()
    made.server.server_close()


def alert(text: str = "news", level: str = "critical", **more: Any) -> Event:
    data = {"text": text, "level": level, "cause": "test", "alarm": more.pop("alarm", "ABC234"), **more}
    return Event("alert", 0, "KOTAKBANK", "Mine", data=data)


@contextmanager
def opened(endpoint: Endpoint, **settings: Any) -> Iterator[tuple[Channels, Any]]:
    channels = open_channels(AlertSettings(**settings), {"RULEKIT_ALERT_URLS": endpoint.url})
    heard: list[Event] = []
    with channels:
        listener = channels.hearing(heard.append)
        listener.heard = heard  # type: ignore[attr-defined]
        yield channels, listener


def test_an_alert_arrives_with_what_to_do(endpoint: Endpoint) -> None:
    with opened(endpoint) as (_, listener):
        listener(alert("the day's loss is ₹26,000"))
        listener(Event("cycle_evaluated", 0, data={"positions": 1, "exits": 0}))
    assert len(listener.heard) == 2, "everything goes on to the log"
    [body] = endpoint.bodies
    assert body["title"] == "Rulekit Mine KOTAKBANK"
    assert body["message"] == (
        "CRITICAL: the day's loss is ₹26,000\n`rulekit alerts ack ABC234` says that you have seen it"
    )
    assert body["type"] == "failure"


def test_what_is_open_already_silent_or_too_light_is_not_sent(endpoint: Endpoint) -> None:
    with opened(endpoint, level="warning", silent=("feed",)) as (_, listener):
        listener(alert(again=True))
        listener(alert("up", level="told", alarm=""))
        listener(Event("alert", 0, data={"text": "quiet", "level": "critical", "cause": "feed", "alarm": "A"}))
        listener(alert("seen twice, kept nowhere", level="warning", alarm=""))
        listener(alert("seen twice, kept nowhere", level="warning", alarm=""))
        listener(Event("alert_repeated", 0, data={"text": "news", "level": "critical", "cause": "x", "alarm": "B"}))
    together = "\n".join(body["message"] for body in endpoint.bodies)
    assert together.count("seen twice, kept nowhere") == 1
    assert "still CRITICAL: news" in together
    assert not any(word in together for word in ("quiet", "up", "ABC234"))


def test_what_comes_too_fast_is_put_together_the_gravest_first(endpoint: Endpoint) -> None:
    with opened(endpoint, per_minute=3) as (_, listener):
        for number in range(60):
            listener(alert(f"note {number}", level="warning", alarm=f"W{number}"))
        listener(alert("out of money", alarm="CRIT"))
    assert len(endpoint.bodies) <= 4
    last = endpoint.bodies[-1]
    assert last["title"].endswith(" alerts")
    assert last["message"].index("out of money") < last["message"].index("note")


def test_a_channel_that_hangs_holds_nobody_up_and_forgets_no_critical_one(endpoint: Endpoint) -> None:
    endpoint.hangs = True
    other = Endpoint()
    environ = {"RULEKIT_ALERT_URLS": f"{endpoint.url} {other.url}"}
    channels = open_channels(AlertSettings(per_minute=1000), environ)
    slow = channels.channels[0]
    with channels:
        listener = channels.hearing(lambda event: None)
        listener(alert("first"))
        for number in range(LONGEST_QUEUE + 50):
            listener(alert(f"note {number}", level="warning", alarm=f"W{number}"))
        listener(alert("out of money", alarm="CRIT"))
        assert slow.dropped >= 50
        endpoint.hangs = False
        endpoint.go_on.set()
    other.server.shutdown()
    other.thread.join()
    other.server.server_close()
    for bodies in (endpoint.bodies, other.bodies):
        assert any("out of money" in body["message"] for body in bodies)


def test_a_dead_channel_is_named_by_number_and_kind_and_never_by_its_address(endpoint: Endpoint) -> None:
    endpoint.status = 500
    channels = open_channels(AlertSettings(), {"RULEKIT_ALERT_URLS": endpoint.url})
    [channel] = channels.channels
    channel._pause = 0.0
    heard: list[Event] = []
    listener = channels.hearing(heard.append)
    channel.start()
    listener(alert())
    for _ in range(200):
        if channel.failed:
            break
        Flag().wait(0.02)
    listener(Event("recovered", 0, data={}))
    channel.stop(1.0)
    assert heard[-1].data["text"] == "alerts do not go out by channel 1 (json): 1 failed, 0 dropped"
    assert len(endpoint.bodies) == 3, "tried three times"


def test_no_part_of_an_address_is_ever_written(
    endpoint: Endpoint, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    endpoint.status = 500
    environ = {"RULEKIT_ALERT_URLS": endpoint.url}
    [channel] = open_channels(AlertSettings(), environ).channels
    assert channel.send_once(Message("critical", "t", "b")) is False
    redact = Redactor(environ)
    lines, console = StringIO(), StringIO()
    event = alert(f"failed at {endpoint.url} by {TOKEN}")
    JsonLines(lines, redact)(event)
    Console(console, redact=redact)(event)
    with pytest.raises(InputError) as wrong:
        open_channels(AlertSettings(), {"RULEKIT_ALERT_URLS": f"nonsense://{TOKEN}"})
    out = capfd.readouterr()
    told = (lines.getvalue(), console.getvalue(), caplog.text, out.out, out.err, str(wrong.value), channel.name)
    assert [text for text in told if TOKEN in text] == []
    assert "address 1 in `RULEKIT_ALERT_URLS` is none" in str(wrong.value)


def test_an_address_in_the_settings_file_is_refused_without_showing_it() -> None:
    with pytest.raises(InputError, match="stands in the environment") as error:
        open_channels(AlertSettings(urls=(f"json://{TOKEN}",)), {})
    assert TOKEN not in str(error.value)
    with pytest.raises(InputError, match="the environment has no `RULEKIT_ALERT_PHONE`"):
        open_channels(AlertSettings(urls=("env:RULEKIT_ALERT_PHONE",)), {})
    with pytest.raises(InputError, match="`loud` is no level"):
        open_channels(AlertSettings(level="loud"), {})


def test_without_the_extra_a_sentence_comes_only_when_there_is_an_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "apprise", None)
    assert open_channels(AlertSettings(), {}).channels == ()
    with pytest.raises(UsageError, match="not installed") as error:
        open_channels(AlertSettings(), {"RULEKIT_ALERT_URLS": f"json://{TOKEN}"})
    assert "rulekit-policy[alerts]" in error.value.help
    assert TOKEN not in str(error.value)


def test_the_end_is_not_waited_for_without_bound(endpoint: Endpoint, project: Path) -> None:
    endpoint.hangs = True
    channel = Channel("slow", lambda message: endpoint.go_on.wait(20), per_minute=10)
    channel.start()
    channel.put(Message("critical", "t", "b"))
    channel.put(Message("critical", "t", "b"))
    channel.stop(0.1)
    assert channel._thread.is_alive(), "it is left behind: the process may end"
    endpoint.go_on.set()
    channel._thread.join(5)
