"""Memory of a replay above the bare process, as times its bars: `python -m tests.benchmarks.replay_memory [BARS]`.

The bars are what the loop reads of them: a time and four prices, 40 bytes each. Each way of reading is measured in a
process of its own, which first replays a little, so that libraries and the compiled loop are there. Linux only.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pc
import pyarrow.parquet as pq

from rulekit.replay import Options, read_bars
from rulekit.replay.bars import first_of
from rulekit.replay.entries import Entry
from rulekit.replay.running import prepare
from rulekit.runtime.policy import Policy
from tests.benchmarks.replay import POLICY, made

NEEDED = 40
FACTS = f"{POLICY}\nRSI: exit when rsi over 14 bars is above 95\nMOM: exit when momentum over 15 minutes is above 9%\n"
TEXTS = {"plain": POLICY, "facts": FACTS}
FORMS = ("whole.parquet", "groups.parquet", "mixed.parquet", "bars.arrow", "bars.csv")


def _memory(what: str) -> float:
    """Return a figure of this process in bytes."""
    lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    return next(float(line.split()[1]) * 1024 for line in lines if line.startswith(what))


def _replay(path: Path, text: str, looks: str) -> int:
    """Replay a hundred positions and return how many there were: what they are told by is not what is measured."""
    options = Options(looks=looks, fill="open", sessions="always", marks=False)
    bars = read_bars(path)
    entries = []
    for key, series in bars.series.items():
        step = (series.length or 1) * (series.rows // (100 // len(bars.series)))
        begins = first_of(series)
        entries += [Entry(key, 1, 100, begins + step * place) for place in range(100 // len(bars.series) - 1)]
    return len(prepare([Policy.from_text(text).compiled], bars, entries, options).run().trades)


def child(path: str, little: str, kind: str, looks: str) -> None:
    """Print the peak above the bare process, and what stays while the outcome is held."""
    _replay(Path(little), TEXTS[kind], looks)
    pa.default_memory_pool().release_unused()
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    bare = _memory("VmRSS")
    _replay(Path(path), TEXTS[kind], looks)
    print(_memory("VmHWM") - bare)


def main(arguments: list[str]) -> None:
    """Print the peaks."""
    if arguments[:1] == ["child"]:
        child(*arguments[1:])
        return
    count = int(arguments[0]) if arguments else 2_000_000
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        table = made(count).append_column("volume", pa.array(range(count), pa.int64()))
        pq.write_table(table, folder / "whole.parquet", row_group_size=count)
        pq.write_table(table, folder / "groups.parquet", row_group_size=1 << 16)
        pq.write_table(table.slice(0, 20_000), folder / "little.parquet")
        half = count // 2
        names = pa.array(["X", "Y"] * half)
        mixed = table.slice(0, half).take(pa.array([place // 2 for place in range(half * 2)]))
        pq.write_table(mixed.set_column(0, "symbol", names), folder / "mixed.parquet", row_group_size=1 << 16)
        with pa.OSFile(str(folder / "bars.arrow"), "wb") as file, pa.ipc.new_file(file, table.schema) as writer:
            writer.write_table(table, max_chunksize=1 << 16)
        pc.write_csv(table, folder / "bars.csv")
        del table, mixed, names
        for form in FORMS:
            for kind, looks in (("plain", "close"), ("facts", "live")):
                words = [sys.executable, "-m", "tests.benchmarks.replay_memory", "child", str(folder / form)]
                done = subprocess.run(
                    [*words, str(folder / "little.parquet"), kind, looks], check=True, capture_output=True, text=True
                )
                peak = float(done.stdout)
                print(
                    f"{form:<15} {kind:<6} --looks {looks:<6} {peak / 1e6:7.1f} MB, "
                    f"{peak / count / NEEDED:5.2f} times the bars"
                )


if __name__ == "__main__":
    main(sys.argv[1:])
