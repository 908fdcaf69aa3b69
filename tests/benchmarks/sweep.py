"""A sweep beside replays one by one, and by one process beside two: `python -m tests.benchmarks.sweep [COMBINATIONS]`.

Prints what handing numbers to the loop costs against numbers that stand in it, what a loop of its own for each
combination would cost, and how two processes scale; all in one run.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
from attrs import evolve

from rulekit.replay import Options, read_bars
from rulekit.replay.running import prepare
from rulekit.replay.sweep import sweep
from rulekit.replay.sweep_program import families
from rulekit.replay.sweep_values import Variants, read_grid
from rulekit.runtime.policy import Policy
from tests.benchmarks.replay import made

POLICY = """
set first target to 0.3%
set gap to 0.5%
BOOK: book 50% at first target profit
BE: move stop to break-even + 0.02% at 0.2% profit
TR: trail stop gap
TIME: exit after 200 minutes
"""
OPTIONS = Options(looks="close", fill="open", sessions="always", marks=False)
BARS, SYMBOLS = 250_000, ("X", "Y")


def values(count: int) -> list[str]:
    """Return a grid of about so many combinations."""
    side = max(2, round(count**0.5))
    return [f"first target=0.1%..{0.1 * side:.1f}%:0.1%", f"gap=0.2%..{0.2 * side:.1f}%:0.2%"]


def handed_over(bars: Any) -> None:
    """Time one loop with its numbers handed over beside one in which they stand."""
    variants = Variants(POLICY)
    grid = read_grid(values(16), variants)
    names = [axis.name for axis in grid.axes]
    trees = [variants.tried(dict(zip(names, each, strict=True))) for each in grid.combinations()]
    begun = time.process_time()
    (family,) = families(trees)
    grouped = time.process_time() - begun
    place = next(at for at, each in enumerate(grid.combinations()) if each == ("0.3%", "0.4%"))
    text = variants.text(dict(zip(names, ("0.3%", "0.4%"), strict=True)))
    fixed = prepare([Policy.from_text(text).compiled], bars, None, OPTIONS, every=50)
    given = prepare([family.policy], bars, None, OPTIONS, every=50)
    given.bound = [evolve(one, numbers=family.numbers[place]) for one in given.bound]
    cost: dict[str, list[float]] = {"fixed": [], "given": []}
    for name, one in (("fixed", fixed), ("given", given)):
        begun = time.process_time()
        one.loop()
        print(f"first call of the {name} loop, with compiling if it is new: {time.process_time() - begun:.2f} s")
    for _ in range(15):
        for name, one in (("fixed", fixed), ("given", given)):
            begun = time.thread_time()
            one.loop()
            cost[name].append(time.thread_time() - begun)
    ratio = statistics.median(given / fixed for given, fixed in zip(cost["given"], cost["fixed"], strict=True))
    print(f"numbers handed over against numbers in the loop: {ratio:.2f} (median of pairs); "
          f"{min(cost['given']) * 1e9 / bars.rows:.1f} ns a bar")  # fmt: skip
    print(f"finding the one program of {len(grid)} combinations: {grouped * 1e3 / len(grid):.2f} ms a combination")


def scaling(path: Path, count: int) -> None:
    """Time the whole sweep by this process alone, and by two; on a busy machine the processors' time says more."""
    seconds: dict[int, float] = {}
    found = {}
    for jobs in (1, 2):
        begun, own, others = time.perf_counter(), time.process_time(), _of_children()
        found[jobs] = sweep(
            Policy.from_text(POLICY), path, enter="every 50 bars", values=values(count), options=OPTIONS, jobs=jobs
        )
        seconds[jobs] = time.perf_counter() - begun
        own, others = time.process_time() - own, _of_children() - others
        bars = len(found[jobs].rows) * BARS * len(SYMBOLS)
        print(f"{len(found[jobs].rows)} combinations over {BARS * len(SYMBOLS):,} bars, --jobs {jobs}: ", end="")
        print(f"{seconds[jobs]:.2f} s, {bars / seconds[jobs] / 1e6:.1f} million bars/s; ", end="")
        print(f"processors' time {own:.2f} s here, {others:.2f} s in workers")
    assert found[1].cells == found[2].cells, "the two do not come to the same"
    load = f", {os.getloadavg()[0]:.1f} processes waiting for them" if hasattr(os, "getloadavg") else ""
    print(f"two processes against one: {seconds[1] / seconds[2]:.2f} times as fast ({os.cpu_count()} processors{load})")


def _of_children() -> float:
    """Return the processors' time of processes that have ended."""
    if sys.platform == "win32":
        return 0.0
    import resource

    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def main(arguments: list[str]) -> None:
    """Print the figures."""
    count = int(arguments[0]) if arguments else 900
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "bars.parquet"
        import pyarrow as pa

        one = made(BARS)
        place = one.schema.get_field_index("symbol")
        parts = [one.set_column(place, "symbol", pa.array([name] * BARS)) for name in SYMBOLS]
        pq.write_table(pa.concat_tables(parts), path, row_group_size=BARS // 4)
        handed_over(read_bars(parts[0]))
        scaling(path, count)


if __name__ == "__main__":
    main(sys.argv[1:])
