"""Several real processes over one account: only one of them ever sends, whatever happens to the others.

    python -m tests.soak.lease --rounds 10

Each round plays, before a `rulekit kite-server` process with faults and a real PostgreSQL server: a second process that
is refused, a holder that is stopped (SIGSTOP) for longer than its lease and woken (SIGCONT) while another one has taken
its place, a holder that is killed, and the database killed and started again. In the end the journal, the positions
and the broker's true book must agree, and no order may have been sent but under the fencing number of its time.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from rulekit.execution.journal_place import ServerPlace, place_of
from tests.postgres_server import PASSWORD, Server
from tests.soak.kite_kills import Trial

HAND_OVER_S = 10.0
"""In which another process must have taken over from a dead one."""


WAITS = "this one waits for its turn"


class Life:
    """One process, and what it said so far."""

    def __init__(self, process: subprocess.Popen[str], log: Path) -> None:
        self.process = process
        self.log = log
        self.text = ""
        assert process.stdout is not None
        os.set_blocking(process.stdout.fileno(), False)

    def hear(self) -> str:
        """Take what it said since, and return all of it."""
        with suppress(BlockingIOError, TypeError, OSError, ValueError):
            assert self.process.stdout is not None
            self.text += self.process.stdout.read() or ""
        return self.text

    def until(self, what: Callable[[], Any], seconds: float = 120.0) -> float:
        """Wait for something while the process is heard; return how long it took."""
        began = time.monotonic()
        while not what():
            self.hear()
            assert time.monotonic() - began < seconds, f"it did not come true in time: {self.text[-1500:]}"
            time.sleep(0.05)
        return time.monotonic() - began

    def says(self, words: str) -> Callable[[], bool]:
        """Return what tells whether it has said something."""
        start = len(self.hear())
        return lambda: words in self.hear()[start:]

    def ends(self, seconds: float = 90.0) -> int:
        """Wait for its end, and return its exit code."""
        self.until(lambda: self.process.poll() is not None, seconds)
        self.hear()
        assert self.process.stdout is not None
        self.process.stdout.close()
        return int(self.process.returncode)

    def kill(self) -> None:
        """End it by force."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        if self.process.stdout is not None:
            self.process.stdout.close()


class LeaseTrial(Trial):
    """A trial whose journal is an account in a database."""

    def __init__(self, folder: Path, seed: int, database: Server, **more: Any) -> None:
        self.database = database
        self.url = database.new_database()
        super().__init__(folder, seed, stops=False, place=place_of(self.url), **more)
        self.lives: list[Life] = []
        self.found: list[str] = []
        self.hand_overs: list[float] = []
        self.first_looks: list[float] = []
        self.orders = 0

    def live(self, *more: str) -> Life:
        """Start a process."""
        life = Life(self.start("kills.policy", *more), self.folder)
        self.lives.append(life)
        return life

    @property
    def account(self) -> str:
        assert isinstance(self.place, ServerPlace)
        if self.place.account is None:
            self.place = self.place.of(self.ask("SELECT account FROM rulekit.account")[0][0])
        return str(self.place.account)

    def ask(self, statement: str) -> list[tuple[Any, ...]]:
        return self.database.run(statement, self.url)

    def fence(self) -> int:
        with suppress(Exception):
            found = self.ask("SELECT fence FROM rulekit.account")
            return int(found[0][0]) if found else 0
        return 0

    def tags(self) -> set[str]:
        """Return the tags of our orders in the broker's true book."""
        return {order["tag"] for order in self.server.control("true")["orders"] if order["tag"]}

    def fences(self) -> dict[str, int]:
        """Return under which fencing number each tag was announced."""
        return dict(self.ask("SELECT token, fence FROM rulekit.entry WHERE kind = 'sending'"))

    def check_new_orders(self, before: set[str], fence: int, what: str) -> None:
        """Hold every order that came since then to have been announced under this number."""
        came = self.tags() - before  # looked at first: what is announced meanwhile does no harm
        announced = self.fences()
        wrong = [tag for tag in came if announced.get(tag, 0) < fence]
        if wrong:
            self.found.append(f"{what}: {wrong} came under an older number than {fence}")

    # --- what happens -------------------------------------------------------------------------------------------

    def acting(self, life: Life) -> None:
        """Wait until a process holds the account and has looked at its positions."""
        life.until(life.says('"cycle_evaluated"'))
        self.enter()

    def refuse_a_second(self) -> None:
        """Start a second process that does not wait: it ends at once and says who holds the account."""
        second = self.live()
        code = second.ends()
        if code != 1 or f"another process holds the account `{self.account}`" not in second.text:
            self.found.append(f"a second process ended with {code}: {second.text[-300:]}")

    def stop_the_holder(self, holder: Life, standby: Life, draw: random.Random) -> None:
        """Stop the holder for longer than its lease, let another one take over, and wake it again."""
        life = standby.says('"cycle_evaluated"')
        time.sleep(draw.uniform(0.0, 1.0))
        self.enter()
        number = self.fence()
        holder.process.send_signal(signal.SIGSTOP)
        stopped = self.tags()
        began = time.monotonic()
        standby.until(lambda: self.fence() > number)
        self.hand_overs.append(time.monotonic() - began)
        standby.until(life)
        # What was on the wire when it was stopped may still arrive; from now on nothing of it may.
        self.check_new_orders(stopped, number, "while the holder was stopped")
        before = self.tags()
        holder.process.send_signal(signal.SIGCONT)
        code = holder.ends()
        if code != 1 or "was taken over" not in holder.text:
            self.found.append(f"the woken holder ended with {code}: {holder.text[-300:]}")
        self.check_new_orders(before, number + 1, "after the holder was woken")

    def kill_the_holder(self, holder: Life, standby: Life) -> None:
        """Kill the holder; the other one must have taken over in time."""
        life, number = standby.says('"cycle_evaluated"'), self.fence()
        holder.kill()
        began = time.monotonic()
        standby.until(lambda: self.fence() > number)
        self.hand_overs.append(time.monotonic() - began)
        standby.until(life)
        self.first_looks.append(time.monotonic() - began)

    def kill_the_database(self, holder: Life, seconds: float) -> None:
        """Kill the database, keep it away for a while, and start it again; the holder goes on by itself."""
        away, back = holder.says("does not answer"), holder.says("answers again")
        self.database.crash()
        try:
            holder.until(away)
            before = self.tags()
            time.sleep(seconds)
            if self.tags() != before:
                self.found.append(f"sent while the database was away: {self.tags() - before}")
        finally:
            self.database.start()
        holder.until(back)
        life = holder.says('"cycle_evaluated"')
        holder.until(life)

    def finish(self) -> list[str]:
        """Stop whoever lives, let everything come to rest, and return what is wrong."""
        for life in self.lives:
            life.kill()
        assert self.account
        self.come_to_rest()
        self.found += self.broken()
        self.orders = len(self.tags())
        said = "".join(life.text for life in self.lives)
        if PASSWORD in said or PASSWORD.replace("%2F", "/") in said:
            self.found.append("a log shows the password")
        return self.found

    def close(self) -> None:
        for life in self.lives:
            with suppress(ProcessLookupError):
                life.process.send_signal(signal.SIGCONT)
            life.kill()
        super().close()


def play(folder: Path, seed: int, database: Server, *, away_s: float = 8.0) -> LeaseTrial:
    """Play all of it once; `found` of the trial says what is wrong."""
    draw = random.Random(f"lease {seed}")
    trial = LeaseTrial(folder, seed, database, minutes=120)
    try:
        first = trial.live()
        trial.acting(first)
        trial.refuse_a_second()
        second = trial.live("--standby")
        second.until(second.says(WAITS))
        trial.stop_the_holder(first, second, draw)
        trial.acting(second)
        trial.kill_the_database(second, away_s)
        third = trial.live("--standby")
        third.until(third.says(WAITS))
        trial.enter()
        trial.kill_the_holder(second, third)
        trial.acting(third)
        third.process.send_signal(signal.SIGTERM)
        code = third.ends(20.0)
        if code:
            trial.found.append(f"it ended with {code} after SIGTERM: {third.text[-300:]}")
        held = trial.ask("SELECT until FROM rulekit.account")
        if held != [(None,)]:
            trial.found.append(f"the account was not given back: {held}")
        trial.finish()
        slow = [seconds for seconds in trial.hand_overs if seconds > HAND_OVER_S]
        if slow:
            trial.found.append(f"a hand-over took {max(slow):.1f} s")
        return trial
    finally:
        trial.close()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--from", dest="first", type=int, default=1)
    given = parser.parse_args()
    database, wrong, orders, times = Server(), 0, 0, []
    try:
        for seed in range(given.first, given.first + given.rounds):
            with tempfile.TemporaryDirectory() as name:
                trial = play(Path(name), seed, database)
            times += trial.hand_overs
            orders += trial.orders
            wrong += bool(trial.found)
            shown = ", ".join(f"{seconds:.1f} s" for seconds in trial.hand_overs)
            right = "wrong" if trial.found else "right"
            looks = ", ".join(f"{seconds:.1f} s" for seconds in trial.first_looks)
            print(
                f"round {seed}: {right}, {trial.orders} orders, taken over in {shown}, looked after {looks}", flush=True
            )
            for text in trial.found:
                print(f"  {text}", flush=True)
    finally:
        database.close()
    slowest = round(max(times, default=0), 1)
    print(json.dumps({"rounds": given.rounds, "wrong": wrong, "orders": orders, "slowest_hand_over_s": slowest}))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
