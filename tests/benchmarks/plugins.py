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
from rulekit.model.clock import stopwatch
from rulekit.model.instant import MINUTE
from rulekit.model.instrument import InstrumentKey
from rulekit.plugins.computing import Computing
from rulekit.plugins.day_bars import sample_day
from rulekit.plugins.discovery import _of_path, entry_points
from rulekit.plugins.settings import PluginSettings
from tests.plugins.days import ticks
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
        source += "STUCK = " + fact("stuck", "[each for each in iter(int, 1)]")
        install(folder, "calm-words", source, {"calm": "CALM", "stuck": "STUCK"})
        sys.path.insert(0, name)
        print(f"finding entry points               {median_of(lambda: _of_path.__wrapped__(tuple(sys.path))):7.2f} ms")
        checks(folder)
        cycles()
        columns()


if __name__ == "__main__":
    main()
