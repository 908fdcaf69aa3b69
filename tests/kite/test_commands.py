"""`rulekit run`, `login` and `doctor` as a person calls them, before the localhost Kite; no secret is ever told."""

from __future__ import annotations

import itertools
import os
import random
import signal
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from rulekit.broker.kite_token import is_private, kept_token
from rulekit.kite_server.settings import Credentials
from tests.conftest import PROJECT
from tests.kite.account import Account
from tests.kite.bench import until

SECRETS = {"api_key": "keythatnobodysees", "api_secret": "secretthatnobodysees", "access_token": "tokenthatnobodysees"}
EXIT = 'policy "X"\nHALF: book 50% at 5% profit\nOUT: exit at 10% profit\n'

ASIDE = "aside.txt"
"""What a program of these tests writes beside what `run` says."""
DEBUG = """
import logging, sys
logging.basicConfig(level=logging.DEBUG, filename=sys.argv.pop(1), force=True)
from rulekit.cli.main import main
main()
"""

COUNTED = """
import atexit, gc, pathlib, sys
out = pathlib.Path(sys.argv.pop(1))
atexit.register(lambda: out.write_text(str(gc.get_freeze_count())))
from rulekit.cli.main import main
main()
"""


@pytest.fixture
def account(tmp_path: Path) -> Iterator[Account]:
    made = Account(tmp_path, speed=5.0, credentials=Credentials(**SECRETS, redirect_url="http://127.0.0.1:5757/"))
    yield made
    made.server.stop()


def environment(account: Account, **more: str) -> dict[str, str]:
    from rulekit.model.instant import iso

    return {
        **os.environ,
        "PYTHONPATH": str(PROJECT),
        "RULEKIT_KITE_API_KEY": SECRETS["api_key"],
        "RULEKIT_KITE_ACCESS_TOKEN": SECRETS["access_token"],
        "RULEKIT_KITE_ROOT": account.server.root,
        "RULEKIT_KITE_TICKER": account.server.ticker_root,
        "RULEKIT_CYCLE_S": "2",
        "RULEKIT_QUARANTINE_S": "5",
        "RULEKIT_CLOCK": f"{iso(account.server.clock.now())}*5",
        "XDG_CACHE_HOME": str(account.folder / "cache"),
        "XDG_STATE_HOME": str(account.folder / "state"),
        **more,
    }


def start(account: Account, program: str = DEBUG) -> subprocess.Popen[bytes]:
    policy = account.folder / "x.policy"
    policy.write_text(EXIT, encoding="utf-8")
    arguments = ["--policy", str(policy), "--broker", "kite", "--feed", "kite", "--journal", str(account.journal)]
    command = [sys.executable, "-c", program, str(account.folder / ASIDE), "run", *arguments, "--format", "json"]
    with (account.folder / "out.log").open("ab") as out, (account.folder / "err.log").open("ab") as err:
        return subprocess.Popen(command, env=environment(account), stdout=out, stderr=err)


def told(account: Account) -> str:
    return (account.folder / "out.log").read_text(encoding="utf-8")


def no_secret_anywhere(folder: Path, *but: Path) -> None:
    for path in folder.rglob("*"):
        if path.is_file() and path not in but:
            content = path.read_bytes()
            for name, secret in SECRETS.items():
                assert secret.encode() not in content, f"{path} holds the {name}"


@contextmanager
def managing(account: Account, program: str = DEBUG) -> Iterator[subprocess.Popen[bytes]]:
    """Run a program that manages 100 shares by now."""
    account.buy("INFY", 100, 1500)
    process = start(account, program)
    try:
        until(lambda: "position_opened" in told(account), 20)
        yield process
    finally:
        process.kill()
        process.wait()


def test_a_run_at_debug_level_with_faults_tells_no_secret_and_stops_when_asked(account: Account) -> None:
    with managing(account) as process:
        account.server.faults.script(["html_504:before@orders"])
        account.server.stream.play("reset")
        end = time.monotonic() + 15
        while account.held("INFY") != 50:
            assert time.monotonic() < end, told(account)
            account.price("INFY", 1590)
            time.sleep(0.05)
        until(lambda: "action_filled" in told(account), 10)
        account.server.expire_token()
        until(lambda: "access token has ended" in told(account), 20)
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
    account.is_exact()
    assert (account.folder / ASIDE).stat().st_size > 0
    no_secret_anywhere(account.folder)


def test_what_a_run_holds_all_day_is_no_work_for_the_garbage_collector(account: Account) -> None:
    with managing(account, COUNTED) as process:
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
    assert int((account.folder / ASIDE).read_text()) > 50_000, "what was there when it had begun, modules and all"


@pytest.mark.slow
def test_killed_at_random_moments_nothing_is_lost_or_doubled(account: Account) -> None:
    draw = random.Random(7)
    symbols = [f"SHARE{number}" for number in range(6)]
    for symbol in symbols:
        account.buy(symbol, 100, 1000)
    account.server.faults.draw_from(0.25, ["cut", "html_504", "timeout_400", "network_503"])
    process = start(account)
    try:
        for number in range(8):
            life = time.monotonic() + draw.uniform(0.9, 2.0)
            while time.monotonic() < life:
                for index, symbol in enumerate(symbols):
                    account.price(symbol, 1000 + 20 * min(number, 6) + index)
                time.sleep(0.05)
            process.kill()
            process.wait()
            process = start(account)
        account.server.faults.clear()
        end = time.monotonic() + 25
        while any(account.held(symbol) for symbol in symbols):
            assert time.monotonic() < end, (told(account)[-2000:], account.server.true_positions())
            for symbol in symbols:
                account.price(symbol, 1130)
            time.sleep(0.05)
        time.sleep(1)
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
    finally:
        process.kill()
        process.wait()
    account.is_exact()
    for symbol in symbols:
        path = account.server.position_path("NSE", symbol, "MIS")
        assert path[-1] == 0
        assert all(after < before for before, after in itertools.pairwise(path[1:])), path
        assert min(path) == 0, "no position went through zero"


def command(account: Account, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "rulekit", *arguments], env=environment(account, **more), capture_output=True, text=True,
        encoding="utf-8", timeout=30, cwd=account.folder,
    )  # fmt: skip


def test_the_doctor_says_what_is_right_and_what_would_fail(account: Account) -> None:
    account.buy("INFY", 100, 1500)
    well = command(account, "doctor")
    assert well.returncode == 0, well.stdout + well.stderr
    lines = {line.split(None, 1)[1].split(":")[0]: line for line in well.stdout.splitlines()}
    for name in (
        "api key",
        "access token",
        "account",
        "calendar",
        "book",
        "instruments",
        "prices",
        "disk",
        "static ip",
    ):
        assert name in lines
    assert "1 positions" in lines["book"]
    account.server.expire_token()
    ill = command(account, "doctor")
    assert ill.returncode == 1
    assert "fail  account: the broker refuses the access token -> " in ill.stdout
    assert "rulekit login" in ill.stdout
    none = command(account, "doctor", RULEKIT_KITE_API_KEY="")
    assert none.returncode == 1
    assert "fail  api key" in none.stdout
    for secret in SECRETS.values():
        assert secret not in well.stdout + well.stderr + ill.stdout + ill.stderr


def test_logging_in_by_the_browser_keeps_the_token_and_never_shows_it(account: Account) -> None:
    port = urllib.parse.urlsplit("http://127.0.0.1:5757/").port
    (account.folder / "rulekit.toml").write_text(f"[kite]\nredirect_port = {port}\n", encoding="utf-8")
    account.server.expire_token()
    more = {"RULEKIT_KITE_API_SECRET": SECRETS["api_secret"], "RULEKIT_KITE_ACCESS_TOKEN": ""}
    with subprocess.Popen(
        [sys.executable, "-u", "-m", "rulekit", "login", "--no-browser", "--wait", "20"], cwd=account.folder,
        env=environment(account, **more), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, encoding="utf-8",
    ) as process:  # fmt: skip
        assert process.stdout is not None
        address = next(line.split(": ", 1)[1].strip() for line in process.stdout if line.startswith("log in here"))
        state = urllib.parse.parse_qs(
            urllib.parse.parse_qs(urllib.parse.urlsplit(address).query)["redirect_params"][0]
        )["state"][0]
        forged = "http://127.0.0.1:5757/?status=success&request_token=forged&state=wrong"
        assert b"was not asked for" in urllib.request.urlopen(forged, timeout=5).read()
        query = urllib.parse.urlencode(
            {"status": "success", "request_token": account.server.request_token(), "state": state}
        )
        urllib.request.urlopen(f"http://127.0.0.1:5757/?{query}", timeout=5).read()
        rest = process.stdout.read()
        assert process.wait(10) == 0, rest
    (path,) = (account.folder / "state").rglob("kite-token-*.json")
    kept = kept_token(path)
    assert kept is not None
    assert kept.token == account.server.access_token
    assert is_private(path)
    assert kept.token not in rest
    assert command(account, "doctor", **more).returncode == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--broker", "kite", "--feed", "prices.csv"], "go together"),
        (["--feed", "kite"], "go together"),
        (["--broker", "kite", "--feed", "kite", "--fast"], "--fast does not go"),
        (["--broker", "kite", "--feed", "kite", "--positions", "p.csv"], "--positions does not go"),
    ],
)
def test_what_does_not_go_with_an_account_is_told(account: Account, arguments: list[str], message: str) -> None:
    (account.folder / "x.policy").write_text(EXIT, encoding="utf-8")
    (account.folder / "p.csv").write_text("symbol,exchange,product,side,quantity,entry,opened\n", encoding="utf-8")
    done = command(account, "run", "--policy", "x.policy", "--journal", "j", *arguments, RULEKIT_CLOCK="")
    assert done.returncode == 2
    assert message in done.stderr


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"RULEKIT_KITE_ACCESS_TOKEN": ""}, "no Kite access token"),
        ({"RULEKIT_KITE_API_KEY": ""}, "no Kite api key"),
        ({"RULEKIT_KITE_ROOT": "http://example.com"}, "unencrypted"),
        ({"RULEKIT_KITE_ROOT": "https://example.com/path"}, "not an address"),
        ({"RULEKIT_KITE_TICKER": "ftp://x"}, "not an address"),
    ],
)
def test_what_is_missing_or_wrong_is_told(account: Account, change: dict[str, Any], message: str) -> None:
    (account.folder / "x.policy").write_text(EXIT, encoding="utf-8")

    run = ["run", "--policy", "x.policy", "--journal", "j", "--broker", "kite", "--feed", "kite"]
    done = command(account, *run, **change)
    assert done.returncode in (1, 2)
    assert message in done.stderr
    assert "Traceback" not in done.stderr
