"""`rulekit kite-server` as a person starts it, and the server's life in a process."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from kiteconnect import KiteConnect

from rulekit.kite_server.server import KiteServer


@contextmanager
def served(*arguments: str) -> Iterator[tuple[subprocess.Popen[str], dict[str, str]]]:
    process = subprocess.Popen(
        [sys.executable, "-u", "-m", "rulekit", "kite-server", *arguments],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, encoding="utf-8",
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stderr is not None
    said: dict[str, str] = {}
    try:
        for line in process.stdout:
            name, separator, value = line.strip().partition("=")
            if name.startswith("RULEKIT_") and separator:
                said[name] = value
            if "SIMULATED" in line:
                said["warning"] = line
            if line.startswith("Put these"):
                break
        yield process, said
    finally:
        process.kill()
        process.wait(10)
        process.stdout.close()
        process.stderr.close()


def test_it_says_that_it_is_simulated_and_where_it_is() -> None:
    with served("--seed", "4", "--cash", "5000") as (process, said):
        assert "SIMULATED" in said["warning"]
        assert said["RULEKIT_KITE_ROOT"].startswith("http://127.0.0.1:")
        assert said["RULEKIT_KITE_TICKER"] == said["RULEKIT_KITE_ROOT"].replace("http", "ws")
        kite = KiteConnect(
            said["RULEKIT_KITE_API_KEY"], said["RULEKIT_KITE_ACCESS_TOKEN"], root=said["RULEKIT_KITE_ROOT"]
        )
        try:
            assert kite.margins("equity")["available"]["cash"] == 5000
            prices = kite.ltp("NSE:INFY", "NSE:NIFTY 50")  # made up, since no file was named
            assert 1400 < prices["NSE:INFY"]["last_price"] < 1600
            assert kite.reqsession.get(said["RULEKIT_KITE_ROOT"] + "/_control/true").status_code == 404
        finally:
            kite.reqsession.close()
        process.send_signal(signal.CTRL_C_EVENT if sys.platform == "win32" else signal.SIGINT)
        assert process.wait(10) == 0
        assert process.stderr is not None
        assert process.stderr.read() == "stopped\n"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--feed", "no-such.csv"), "there is no file `no-such.csv`"),
        (("--clock", "yesterday"), "`yesterday` is not a clock"),
        (("--clock", "2026-11-20*fast"), "`2026-11-20*fast` is not a clock"),
        (("--clock", "2026-11-20*-1"), "is not a clock"),
        (("--faults", "0.1:explode"), "`explode` is not a fault"),
        (("--faults", "2"), "between 0 and 1"),
    ],
)
def test_a_mistake_ends_with_a_sentence(arguments: tuple[str, ...], says: str) -> None:
    outcome = subprocess.run(
        [sys.executable, "-m", "rulekit", "kite-server", *arguments],
        capture_output=True, text=True, encoding="utf-8", timeout=30, check=False,
    )  # fmt: skip
    assert outcome.returncode == 2
    assert says in outcome.stderr
    assert "help: " in outcome.stderr
    assert "Traceback" not in outcome.stderr


def test_a_feed_without_a_column_is_explained(tmp_path: Path) -> None:
    from rulekit.kite_server.feed import FeedError, read_feed

    file = tmp_path / "ticks.csv"
    for text, says in (
        ("when,ltp\n2026-11-20T10:00:00,1\n", "no column for at"),
        ("ts,symbol,ltp\nsoon,A,1\n", "cannot be read"),
        ("ts,symbol,ltp\n2026-11-20T10:00:00,A,0\n", "row 1: a price must be above 0"),
        ("ts,symbol,ltp,exchange\n2026-11-20T10:00:00,A,1,NYSE\n", "row 1: `NYSE` is not an exchange"),
        ("ts,symbol,ltp\n2026-11-20T10:00:00,A,\n", "row 1"),
    ):
        file.write_text(text, encoding="utf-8")
        with pytest.raises(FeedError, match=says):
            read_feed(file)
    file.write_text("ts,ltp\n2026-11-20T10:00:00,1.5\n", encoding="utf-8")
    (row,) = read_feed(file, "ABC")
    assert (row.symbol, row.price) == ("ABC", 15_000)


def test_made_up_prices_follow_the_seed() -> None:
    def prices(seed: int) -> list[float]:
        from attrs import evolve

        from rulekit.kite_server.settings import ServerSettings

        server = KiteServer(evolve(ServerSettings(), seed=seed), start="2026-11-20T10:00:00", speed=0, walk=True)
        server.advance(30)
        return [line.last for line in server.desk.oms.lines.values()]

    assert prices(1) == prices(1) != prices(2)


def test_only_this_machine_can_reach_it_and_a_taken_port_is_an_error() -> None:
    with KiteServer() as server:
        assert server.root == f"http://127.0.0.1:{server.port}"
        with pytest.raises(OSError), KiteServer(port=server.port):
            pass
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", server.port)) != 0


def test_it_leaves_no_thread_behind_even_while_clients_hang() -> None:
    before = set(threading.enumerate())
    with KiteServer(start="2026-11-20T10:00:00") as server:
        server.faults.script(["hang@orders"])
        kite = KiteConnect(server.api_key, server.access_token, root=server.root, timeout=0.1)
        try:
            with pytest.raises(OSError):
                kite.orders()
            kite.profile()
        finally:
            kite.reqsession.close()
    assert {thread for thread in threading.enumerate() if "kite-server" in thread.name} <= before


def test_its_clock_may_run_fast() -> None:
    with KiteServer(start="2026-11-20T10:00:00", speed=600) as server:
        server.push_price("NSE", "INFY", 1500)
        kite = KiteConnect(server.api_key, server.access_token, root=server.root)
        try:
            order_id = kite.place_order(
                "regular", "NSE", "INFY", "BUY", 1, "MIS", "LIMIT", price=1400, validity="TTL", validity_ttl=1
            )
            for _ in range(500):
                if (row := kite.order_history(order_id)[-1])["status"] == "CANCELLED":
                    break
                threading.Event().wait(0.01)
                server.desk.budgets._counts.clear()
            assert row["status"] == "CANCELLED"
        finally:
            kite.reqsession.close()
