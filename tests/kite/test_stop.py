"""A request to stop ends a run within ten seconds, whatever it is in the middle of, and leaves nothing half done."""

from __future__ import annotations

import signal
import socket
import sqlite3
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from subprocess import Popen

import pytest

from rulekit.execution.requests import HALT, Request, drop
from rulekit.model.clock import WallClock
from tests.kite.account import Account
from tests.kite.bench import until
from tests.kite.test_commands import SECRETS, start, told

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGTERM that a process can catch"),
]


@pytest.fixture
def account(tmp_path: object) -> Iterator[Account]:
    from rulekit.kite_server.settings import Credentials

    made = Account(tmp_path, speed=5.0, credentials=Credentials(**SECRETS, redirect_url="http://127.0.0.1:5757/"))  # type: ignore[arg-type]
    yield made
    made.server.stop()


@contextmanager
def running(account: Account) -> Iterator[Popen[bytes]]:
    """A run that holds a position."""
    account.buy("INFY", 100, 1500)
    process = start(account)
    try:
        until(lambda: "position_opened" in told(account), 30)
        yield process
    finally:
        process.kill()
        process.wait()


def stops(process: Popen[bytes]) -> None:
    began = time.monotonic()
    process.send_signal(signal.SIGTERM)
    assert process.wait(10) == 0
    assert time.monotonic() - began < 10


def test_while_an_order_is_being_sent(account: Account) -> None:
    with running(account) as process:
        account.server.faults.script(["hang:before@place"])
        end = time.monotonic() + 20
        while "action_executing" not in told(account):
            assert time.monotonic() < end, told(account)
            account.price("INFY", 1590)
            time.sleep(0.05)
        stops(process)
    states = [row["states"][-1]["state"] for row in account.history()]
    assert states and "sending" not in states, "what became of it is unknown, and said so"


def test_halted_with_the_broker_away_a_dead_channel_and_somebody_reading_the_journal(
    account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()  # it takes connections and never answers
        monkeypatch.setenv("RULEKIT_ALERT_URLS", f"json://127.0.0.1:{silent.getsockname()[1]}/path")
        with running(account) as process, closing(sqlite3.connect(account.journal)) as reader:
            drop(account.journal, Request(HALT, reason="the news"), WallClock())
            until(lambda: "mode_changed" in told(account), 20)
            reader.execute("BEGIN")
            reader.execute("SELECT count(*) FROM entry").fetchone()
            account.server.stop()
            until(lambda: "reading the broker's book failed" in told(account), 30)
            stops(process)
    assert "the news" in told(account)
