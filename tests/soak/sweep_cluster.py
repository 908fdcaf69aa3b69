"""Sweeps through a cluster whose workers are killed or stood still: `python -m tests.soak.sweep_cluster [ROUNDS]`.

Each round starts a scheduler and four workers of its own, kills some and stops others in the middle (SIGSTOP, where the
system has it), and holds the outcome against that of this process alone.
"""

from __future__ import annotations

import os
import random
import signal
import sys
import tempfile
import time
from pathlib import Path

import pyarrow.parquet as pq

from rulekit.replay import sweep_cluster
from tests.replay.cluster import cluster
from tests.replay.test_sweep import SYMBOLS, outcome, swept, table

WORKERS = 4


def one_round(folder: Path, bars: Path, chance: random.Random) -> str:
    """Sweep once with accidents; return what happened."""
    told: list[str] = []
    moments = {chance.randrange(1, 20): "killed" for _ in range(2)} | {chance.randrange(1, 20): "stopped"}
    with cluster(folder, WORKERS) as (address, workers):
        well = list(workers)

        def accident(done: int, whole: int) -> None:
            what = moments.get(done)
            if what is None or len(well) == 1:
                return
            worker = well.pop(chance.randrange(len(well)))
            if what == "stopped" and hasattr(signal, "SIGSTOP"):
                os.kill(worker.pid, signal.SIGSTOP)
            else:
                worker.kill()
            told.append(f"{what} after {done} of {whole}")

        begun = time.perf_counter()
        found = swept(bars, scheduler=address, progress=accident)
        took = time.perf_counter() - begun
    assert outcome(found) == outcome(swept(bars)), "the outcome is another"
    return f"{', '.join(told) or 'nothing happened'}; {took:.1f} s"


def main(arguments: list[str]) -> None:
    """Run so many rounds."""
    sweep_cluster.SLOW_S = 3.0  # what stands still is helped sooner than a user would want it
    for number in range(int(arguments[0]) if arguments else 5):
        with tempfile.TemporaryDirectory() as folder:
            bars = Path(folder) / "bars.parquet"
            pq.write_table(table(*SYMBOLS, days=6), bars)
            print(f"round {number}: {one_round(Path(folder), bars, random.Random(number))}: the same", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
