"""Kills `rulekit run --broker kite` at random moments before a `rulekit kite-server` process with faults.

    python -m tests.soak.kite_kills --kills 30 --stops

Each life ends by SIGKILL at a random line of its log, a few milliseconds later or not; then it is started again on the
same journal. In the end the faults stop, everything comes to rest, and the journal, the positions and the broker's
true book must agree to the share, with no order lost, doubled or through zero.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar
from urllib.error import HTTPError, URLError
from urllib.parse import urlencode
from urllib.request import Request, urlopen

from rulekit.execution import asking
from rulekit.execution.history import history
from rulekit.execution.journal import read_journal, read_ledger
from rulekit.execution.journal_place import Place
from rulekit.execution.requests import RESUME
from rulekit.execution.requests import Request as Asked
from rulekit.execution.status import status
from rulekit.execution.switch import CONFIRMATION, UNKNOWN_ORDERS
from rulekit.kite_server.faults import BODIES, ERRORS, PAGES
from rulekit.model.clock import SimulatedClock
from rulekit.model.instant import parse_instant

PROJECT = Path(__file__).resolve().parents[2]
START = datetime.fromisoformat("2026-11-20T09:20:00+05:30")
SYMBOLS = ("ALPHA", "BETA", "GAMMA", "DELTA", "EPSILON")
POLICY = """\
policy "Kills"
MORE: add 25% at 0.3% profit
HALF: book 50% at 0.6% profit
UP: tighten stop to 1% from price when profit is above -5%
OUT: exit at 1.2% profit
CUT: exit at 0.8% loss
OLD: exit after 5 minutes
"""
QUIET = 'policy "Quiet"\nNEVER: exit at 90% profit\n'
"""For the last life: what was decided comes to its end, and little is decided anew."""
SETTINGS = """\
[engine]
cycle_s = 5
[execution]
quarantine_s = 15
[stops]
at_broker = {stops}
[kite]
deadline_s = 1.0
cache_folder = "cache"
token_file = "token.json"
"""
KINDS = [kind for kind in (*ERRORS, *PAGES, *BODIES, "cut", "reset", "truncated") if kind != "token_403"]
SPEED = 20
"""How many times as fast as the clock on the wall a short trial runs."""
DAY_S = 365 * 60
"""From the start to a little before the close: all lives of a trial are lived on one day."""
LIFE_S = 16
"""Real seconds that a life takes where the machine is busy: most of them are its start."""
MOMENTS = (
    "",
    "",
    "signal_created",
    "action_executing",
    "action_executing",
    "action_submitted",
    "action_unknown",
    "order_resting",
    "stop_standing",
    "stop_withdrawn",
    "stop_moved",
)
"""Lines of the log at which a life ends; none is any line."""
OWNER = "the account's owner"


def write_prices(path: Path, seed: int, minutes: int) -> None:
    """Write a seeded walk of five shares, one price a second each."""
    draw = random.Random(f"prices {seed}")
    last = {symbol: 500.0 + 250 * number for number, symbol in enumerate(SYMBOLS)}
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["ts", "symbol", "ltp"])
        for second in range(minutes * 60):
            at = (START + timedelta(seconds=second)).isoformat()
            for symbol in SYMBOLS:
                back = (500.0 + 250 * SYMBOLS.index(symbol)) / last[symbol] - 1  # it never strays near its circuit
                last[symbol] *= 1 + draw.gauss(0, 0.0015) + 0.003 * back
                writer.writerow([at, symbol, f"{round(last[symbol] * 20) / 20:.2f}"])


class ServerProcess:
    """A `rulekit kite-server` of its own, and its side door."""

    command = "kite-server"
    root_name = "RULEKIT_KITE_ROOT"
    said = 4
    """How many values it prints for the environment."""

    def __init__(self, folder: Path, seed: int, speed: int) -> None:
        command = [
            sys.executable, "-m", "rulekit", self.command, "--feed", str(folder / "prices.csv"), "--control",
            "--clock", f"{START.isoformat()}*{speed}", "--seed", str(seed), "--cash", "1000000000",
        ]  # fmt: skip
        self.process = subprocess.Popen(command, cwd=folder, env=environment(), stdout=subprocess.PIPE, text=True)
        self.values: dict[str, str] = {}
        assert self.process.stdout is not None
        for line in self.process.stdout:
            name, equals, value = line.strip().partition("=")
            if equals and name.startswith("RULEKIT"):
                self.values[name] = value
            if len(self.values) == self.said:
                break
        self.root = self.values[self.root_name]

    def control(self, what: str, body: dict[str, Any] | None = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        with urlopen(Request(f"{self.root}/_control/{what}", data=data), timeout=20) as answer:
            return json.load(answer)["data"]

    def buy_by_hand(self, symbol: str, side: str, quantity: int) -> None:
        """Let the owner trade on another screen; what goes wrong is seen in the book."""
        form = {
            "exchange": "NSE", "tradingsymbol": symbol, "transaction_type": side, "quantity": quantity,
            "product": "MIS", "order_type": "MARKET", "market_protection": -1,
        }  # fmt: skip
        headers = {"X-Kite-Version": "3", "Authorization": f"token {self.session()}", "User-Agent": OWNER}
        request = Request(f"{self.root}/orders/regular", data=urlencode(form).encode(), headers=headers)
        with suppress(HTTPError, URLError, OSError, ValueError):
            urlopen(request, timeout=2).close()

    def session(self) -> str:
        """Return key and token of the owner's own session with the broker."""
        return f"{self.values['RULEKIT_KITE_API_KEY']}:{self.values['RULEKIT_KITE_ACCESS_TOKEN']}"

    def positions(self) -> dict[str, int]:
        return {symbol: quantity for _, symbol, _, quantity in self.control("true")["positions"]}

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        assert self.process.stdout is not None
        self.process.stdout.close()


def speed_for(kills: int) -> int:
    """Return how fast a trial may run so that its day does not end before its lives have."""
    return min(SPEED, DAY_S // ((kills + 10) * LIFE_S))


def environment(**more: str) -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(PROJECT), "PYTHONUTF8": "1", **more}


class Trial:
    """One journal, one account, and lives that end at random."""

    server_type: ClassVar[type[ServerProcess]] = ServerProcess
    broker = "kite"
    settings = SETTINGS
    kinds: Sequence[str] = KINDS

    def __init__(
        self, folder: Path, seed: int, *, stops: bool, minutes: int = 120, rate: float = 0.1,
        place: Place | None = None, speed: int = SPEED,
    ) -> None:  # fmt: skip
        self.folder = folder
        self.place: Place = place or folder / "day.journal"
        self.draw = random.Random(f"kills {seed}")
        write_prices(folder / "prices.csv", seed, minutes)
        (folder / "kills.policy").write_text(POLICY, encoding="utf-8")
        (folder / "quiet.policy").write_text(QUIET, encoding="utf-8")
        (folder / "rulekit.toml").write_text(self.settings.format(stops=str(stops).lower()), encoding="utf-8")
        self.speed = speed
        self.server = self.server_type(folder, seed, speed)
        self.moments: Counter[str] = Counter()
        self.process: subprocess.Popen[str] | None = None
        self.entries = self.resumed = 0
        self.enter()
        self.server.control("faults", {"rate": rate, "kinds": self.kinds, "routes": ["place", "modify", "cancel"]})

    def enter(self) -> None:
        """Let the owner enter wherever nothing is held and nothing of ours is on its way."""
        true = self.server.control("true")
        busy = {order["tradingsymbol"] for order in true["orders"] if order["left"]}
        held = {symbol for _, symbol, _, _ in true["positions"]}
        for symbol in SYMBOLS:
            if symbol not in busy | held:
                self.server.buy_by_hand(symbol, ("BUY", "SELL")[self.entries % 2], 100)
                self.entries += 1

    def start(self, policy: str = "kills.policy", *more: str) -> subprocess.Popen[str]:
        """Start the program; the last one that was started is the trial's own."""
        now = self.server.control("now")
        command = [
            sys.executable, "-m", "rulekit", "run", "--policy", policy, "--broker", self.broker, "--feed",
            self.broker, "--journal", getattr(self.place, "url", "day.journal"), "--format", "json",
            "--clock", f"{now}*{self.speed}", *more,
        ]  # fmt: skip
        self.process = subprocess.Popen(
            command, cwd=self.folder, env=environment(**self.server.values), stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip
        return self.process

    def live_and_die(self, longest: int = 120) -> None:
        """Start the program, and kill it at a random line of its log, after at most so many."""
        process = self.start()
        assert process.stdout is not None
        target, count = self.draw.choice(MOMENTS), self.draw.randrange(1, 4)
        lines, name = self.draw.randrange(1, longest), "nothing was said"
        line = ""
        for number, line in enumerate(process.stdout, start=1):
            name = _event(line)
            count -= name == target
            if count == 0 or number >= (longest if target else lines):
                break
        time.sleep(self.draw.choice([0.0, self.draw.uniform(0, 0.01), self.draw.uniform(0, 0.2)]))
        assert process.poll() is None, f"it ended by itself with {process.poll()}: {line[-800:]}"
        process.kill()
        process.wait()
        process.stdout.close()
        self.moments[name] += 1

    def resume(self) -> None:
        """Act as the owner does where three lost answers at one time have made the program hold back."""
        if read_ledger(self.place).mode.cause != UNKNOWN_ORDERS:
            return
        clock = SimulatedClock(parse_instant(self.server.control("now")))
        asking.ask(self.place, Asked(RESUME, reason=CONFIRMATION, by="owner", through="a trial"), clock)
        self.resumed += 1

    def come_to_rest(self, seconds: float = 60.0) -> None:
        """Start it without faults until nothing is on its way, then ask it to stop; a stop may still fire meanwhile."""
        self.server.control("faults", {"rate": 0.0, "kinds": self.kinds})
        for _ in range(5):
            self.last_life(seconds)
            if not self.on_its_way():
                return

    def last_life(self, seconds: float) -> None:
        with (self.folder / "last.log").open("w", encoding="utf-8") as log:
            process = self.start("quiet.policy")
            assert process.stdout is not None
            os.set_blocking(process.stdout.fileno(), False)
            end = time.monotonic() + seconds
            while time.monotonic() < end and (not self.log_of(process, log) or self.on_its_way()):
                assert process.poll() is None, "it ended by itself"
                time.sleep(0.3)
            process.send_signal(signal.SIGTERM)
            end = time.monotonic() + 10
            while process.poll() is None and time.monotonic() < end:
                self.log_of(process, log)
                time.sleep(0.05)
            said = (self.folder / "last.log").read_text(encoding="utf-8")[-1500:]
            assert process.poll() == 0, f"it did not stop within 10 s, or with {process.poll()}: {said}"
            process.stdout.close()

    def log_of(self, process: subprocess.Popen[str], log: Any) -> bool:
        """Take what it said so far; tell whether it has ever looked at its positions."""
        assert process.stdout is not None
        with suppress(BlockingIOError, TypeError, OSError):
            text = process.stdout.read()
            log.write(text or "")
            log.flush()
        return "cycle_evaluated" in (self.folder / "last.log").read_text(encoding="utf-8")

    def on_its_way(self) -> list[str]:
        rows = history(read_journal(self.place))
        return [row["id"] for row in rows if row["end"] is None and row["kind"] != "protect"]

    def broken(self) -> list[str]:
        """Hold the journal, its positions and the true book against each other; return what does not agree."""
        entries = list(read_journal(self.place))
        rows, state, true = history(entries), status(entries), self.server.control("true")
        ours = [order for order in true["orders"] if order["tag"]]
        attempts = {attempt["tag"]: attempt for row in rows for attempt in row["attempts"]}
        filled = {order["tag"]: order["filled_quantity"] for order in ours}
        found = []
        if len(filled) != len(ours):
            found.append("two orders bear one tag")
        found += [f"the journal does not know the order {tag}" for tag in set(filled) - set(attempts)]
        for row in rows:
            truly = sum(filled.get(attempt["tag"], 0) for attempt in row["attempts"])
            if row["filled"] != truly or (row["quantity"] is not None and truly > row["quantity"]):
                found.append(f"{truly} were filled of {row}")
            if row["end"] is None and row["kind"] != "protect":
                found.append(f"without an end: {row}")
            lost = [attempt for attempt in row["attempts"][:-1] if attempt["state"] in ("unknown", "absent")]
            if row["kind"] == "add" and lost:
                found.append(f"bought again after a lost answer: {row}")
        held = {row["symbol"]: row["quantity"] * (1 if row["side"] == "long" else -1) for row in state["positions"]}
        truly_held = {symbol: quantity for _, symbol, _, quantity in true["positions"]}
        if held != truly_held:
            found.append(f"the journal holds {held}, the account {truly_held}")
        if state["mode"] != "active" and state["cause"] != UNKNOWN_ORDERS:
            found.append(f"{state['mode']}: {state['reason']}")
        return found + _turned(true["trades"]) + self._strangers()

    def _strangers(self) -> list[str]:
        agents = {request["agent"] for request in self.server.control("requests")}
        return [f"{one} spoke to the broker" for one in agents if not one.startswith(("Kiteconnect-python/", OWNER))]

    def close(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.server.close()


def _event(line: str) -> str:
    with suppress(ValueError):
        return str(json.loads(line).get("event", "?"))
    return line.strip()[:60]


def _turned(trades: list[dict[str, Any]]) -> list[str]:
    """Return each trade of ours that took a position through zero, or opened one."""
    net: Counter[str] = Counter()
    found = []
    for trade in trades:
        symbol, sign = trade["tradingsymbol"], 1 if trade["transaction_type"] == "BUY" else -1
        before, net[symbol] = net[symbol], net[symbol] + sign * trade["quantity"]
        if trade["tag"] and (before == 0 or before * net[symbol] < 0):
            found.append(f"{symbol} went from {before} to {net[symbol]} by {trade['tag']}")
    return found


def play(
    folder: Path, seed: int, kills: int, *, stops: bool, longest: int = 120, kind: type[Trial] = Trial
) -> tuple[list[str], Trial]:
    """Play one trial; return what is wrong."""
    trial = kind(folder, seed, stops=stops, minutes=min(DAY_S // 60, 10 + kills * 5), speed=speed_for(kills))
    try:
        for _ in range(kills):
            trial.live_and_die(longest)
            trial.resume()
            trial.enter()
        trial.come_to_rest()
        found = trial.broken()
        for _ in range(3):
            if not (stops and found):
                break
            # A standing stop may fill once nobody looks any more: that is what it is for, and the next start must know.
            trial.come_to_rest()
            found = trial.broken()
        return found, trial
    finally:
        if sys.exc_info()[0] is not None:
            trial.close()


def told(
    found: list[str],
    trial: Trial,
    rows: list[dict[str, Any]],
    counts: str,
    faults: Counter[str],
    kills: int,
    began: float,
) -> int:
    """Print how it went; return the exit code."""
    print(f"killed at {dict(trial.moments.most_common())}")
    print(f"ends {dict(Counter((row['kind'], str(row['end'])) for row in rows))}")
    in_the_air = sum("the program ended while" in str(row["states"]) for row in rows)
    print(f"{counts}, {in_the_air} killed while being sent, {trial.resumed} times resumed after unknown orders")
    for text in found:
        print(f"  {text}")
    print(
        f"{kills} kills, {sum(faults.values())} faults of {len(faults)} kinds, {len(found)} violations, "
        f"{time.monotonic() - began:.0f} s"
    )
    return 1 if found else 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=30)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--stops", action="store_true", help="let the tracked stops stand at the broker")
    parser.add_argument("--keep", type=Path, help="a folder for the journal and the log")
    given = parser.parse_args()
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as name:
        found, trial = play(Path(name), given.seed, given.kills, stops=given.stops)
        rows = history(read_journal(Path(name) / "day.journal"))
        requests = trial.server.control("requests")
        faults = Counter(request["fault"] for request in requests if request["fault"])
        orders = [order for order in trial.server.control("true")["orders"] if order["tag"]]
        trial.close()
        if given.keep:
            given.keep.mkdir(parents=True, exist_ok=True)
            for path in Path(name).iterdir():
                if path.is_file():
                    (given.keep / path.name).write_bytes(path.read_bytes())
    return told(
        found, trial, rows, f"{trial.entries} entries by hand, {len(orders)} orders of ours", faults, given.kills, began
    )


if __name__ == "__main__":
    sys.exit(main())
