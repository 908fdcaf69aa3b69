"""What plug-ins cost: a check of a policy, a look beside one that hangs, a day's column; measured in one run.

python -m tests.benchmarks.plugins
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from rulekit.market.line import Line
from rulekit.market.plugged import PluggedFacts
from rulekit.market.requests import read_request
from rulekit.model import calendar
from rulekit.model.clock import WallClock, stopwatch
from rulekit.model.decision import Decision
from rulekit.model.events import Event
from rulekit.model.instant import MINUTE
from rulekit.model.instrument import InstrumentKey
from rulekit.plugins.computing import Computing
from rulekit.plugins.day_bars import sample_day
from rulekit.plugins.discovery import _of_path, entry_points
from rulekit.plugins.settings import PluginSettings
from rulekit.runtime.entries import Entry
from rulekit.runtime.paper import paper_day
from rulekit.runtime.policy import Policy
from rulekit.settings import Settings
from tests.plugins.days import OPENED, ticks
from tests.plugins.packages import fact, install

REPEATS = 15


def median_of(work: Callable[[], object], repeats: int = REPEATS) -> float:
    """Return the median of the milliseconds that some work takes."""
    times = []
    for _ in range(repeats):
        began = stopwatch()
        work()
        times.append((stopwatch() - began) * 1000)
    return statistics.median(times)


def checks(folder: Path) -> None:
    """Time `rulekit lint` as a process, by its processor's time in turns: no plug-in, one not said, one said."""
    plain, said = folder / "plain.policy", folder / "said.policy"
    plain.write_text("exit at 5% loss\n", encoding="utf-8")
    said.write_text("exit at 5% loss\nA: exit when calm is above 50%\n", encoding="utf-8")
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    environment["PYTHONPYCACHEPREFIX"] = str(folder / "cache")
    project = str(Path(__file__).resolve().parents[2])

    def took(policy: Path, *path: Path) -> float:
        paths = os.pathsep.join([project, *map(str, path)])
        command = [sys.executable, "-c", "from rulekit.cli.main import entry; entry()", "lint", str(policy)]
        before = os.times()
        subprocess.run(command, env=environment | {"PYTHONPATH": paths}, capture_output=True, check=False)
        after = os.times()
        return (after.children_user + after.children_system - before.children_user - before.children_system) * 1000

    calls = ((plain, ()), (plain, (folder,)), (said, (folder,)))
    rounds = [[took(policy, *path) for policy, path in calls] for _ in range(REPEATS + 1)][1:]  # the first compiles
    for what, times in zip(
        ("nothing installed", "a plug-in, not said", "a plug-in, said"), zip(*rounds, strict=True), strict=True
    ):
        ratio = statistics.median(time / each[0] for time, each in zip(times, rounds, strict=True))
        print(f"lint, {what:<28} {statistics.median(times):7.1f} ms   {ratio:.2f}")


def cycles() -> None:
    """Time what a look pays for the facts of a plug-in: asking, and reading what is there, while one hangs."""
    facts = PluggedFacts(PluginSettings(budget_s=2.0))
    line = Line("NSE", MINUTE, calendar.default())
    for tick in ticks(360):
        line.hear(tick)
    calm, stuck = read_request("calm"), read_request("stuck")
    sma = read_request("sma over 20 bars")
    assert calm is not None and stuck is not None and sma is not None
    own = median_of(lambda: line.fact(sma), 2000)
    keys = iter([InstrumentKey("NSE", f"S{number}") for number in range(400)])
    asking = median_of(lambda: facts.value(next(keys), stuck, line.bars, 100.0, None), 200)
    known = InstrumentKey("NSE", "S0")
    reading = median_of(lambda: facts.value(known, stuck, line.bars, 100.0, None), 2000)
    print(f"a look, a built-in fact over bars {own * 1000:8.1f} µs")
    print(f"a look, a plug-in asked (hanging) {asking * 1000:8.1f} µs   once a bar and instrument")
    print(f"a look, its value read            {reading * 1000:8.1f} µs   {reading / own:.1f}")
    facts.close()


FACES = {
    "none": "[]",
    "well": "[5.0] * len(bars)",
    "raises": "1 / 0",
    "hangs": "[each for each in iter(int, 1)]",
    "million": "[1.0] * 1_000_000",
}
"""A plug-in that is well, and those that are not."""
SYMBOLS = 25


def running(folder: Path) -> None:
    """Run the same ten minutes paced at sixty times their speed, with each kind of plug-in; time every cycle.

    Nobody waits for an answer in such a run, so a cycle should take the same beside all of them.
    """
    for name in FACES:
        policy = f"A: exit when face {name} is above 50%\n" if name != "none" else ""
        times, alerts, orders = _run(
            f"{policy}B: exit when sma over 3 bars is above ₹900\n", folder / f"{name}.journal"
        )
        times.sort()
        print(
            f"cycle of {SYMBOLS} positions, plug-in {name:<8} median {times[len(times) // 2]:6.2f} ms, "
            f"worst {times[-1]:7.2f} ms of {len(times)}; {alerts} alerts, {orders} orders"
        )


def _run(policy: str, journal: Path) -> tuple[list[float], int, int]:
    events: list[Event] = []
    times: list[float] = []
    entries = [
        Entry(
            row=number, instrument=InstrumentKey("NSE", f"S{number}"), product="MIS", side=1, quantity=10,
            entry=10_000.0, opened=OPENED, stop=float("nan"),
        )
        for number in range(SYMBOLS)
    ]  # fmt: skip
    prices = sorted(
        (tick._replace(symbol=f"S{number}") for number in range(SYMBOLS) for tick in ticks(10)),
        key=lambda tick: tick.at,
    )
    with paper_day(
        [Policy.from_text(policy)], [tick._replace(seq=place) for place, tick in enumerate(prices)], OPENED - MINUTE,
        entries, journal, settings=Settings(), fast=False, clock=WallClock(OPENED - MINUTE, 60.0), emit=events.append,
        durable=False,
    ) as day:  # fmt: skip
        cycle = day.manager.cycle

        def timed() -> list[Decision]:
            began = stopwatch()
            found = cycle()
            times.append((stopwatch() - began) * 1000)
            return found

        day.manager.cycle = timed  # type: ignore[method-assign]
        day.run()
    alerts = sum(event.name == "alert" and event.data.get("cause") == "plug-in" for event in events)
    return times, alerts, sum(event.name == "action_decided" for event in events)


def columns() -> None:
    """Time a day's column through the process against the same function called here."""
    from calm_words import CALM  # type: ignore[import-not-found]

    entry = next(each for each in entry_points() if each.name == "calm")
    computing, day = Computing(), sample_day(375)
    computing.ask(entry, day, 0, last=False).wait()
    here = median_of(lambda: CALM.compute(day, 0), 50)
    there = median_of(lambda: computing.ask(entry, day, 0, last=False).wait(), 50)
    print(f"a day's column, called here         {here:6.2f} ms")
    print(f"a day's column, from its process    {there:6.2f} ms")
    computing.close()


def main() -> None:
    """Install two plug-ins into a folder of their own, and print the figures."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        source = "CALM = " + fact("calm", "[price / 100 for price in bars.close]")
        for place, (face, compute) in enumerate(FACES.items()):
            source += f"F{place} = " + fact(f"face {face}", compute)
        source += "STUCK = " + fact("stuck", "[each for each in iter(int, 1)]")
        faces = {f"face_{face}": f"F{place}" for place, face in enumerate(FACES)}
        install(folder, "calm-words", source, {"calm": "CALM", "stuck": "STUCK", **faces})
        sys.path.insert(0, name)
        print(f"finding entry points               {median_of(lambda: _of_path.__wrapped__(tuple(sys.path))):7.2f} ms")
        checks(folder)
        cycles()
        columns()
        running(folder)


if __name__ == "__main__":
    main()
