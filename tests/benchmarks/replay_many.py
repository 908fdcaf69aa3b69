"""A part of a million positions, 500 symbols and a year of minutes: `python -m tests.benchmarks.replay_many [COUNT]`.

Each symbol has a file of a year's bars and 2,000 positions of its own; the figures say what the whole takes.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from rulekit.model.calendar import default
from rulekit.model.instrument import InstrumentKey
from rulekit.replay import Options, read_bars
from rulekit.replay.entries import Entry
from rulekit.replay.running import prepare
from rulekit.runtime.policy import Policy
from tests.benchmarks.replay import POLICY, made

BARS, POSITIONS, SYMBOLS = 93_750, 2_000, 500


def main(arguments: list[str]) -> None:
    """Print the processor's seconds of each step, and of the whole by them."""
    count = int(arguments[0]) if arguments else 10
    policy = Policy.from_text(POLICY).compiled
    options = Options(looks="close", fill="open", sessions="always", marks=False)
    seconds = dict.fromkeys(("reading", "binding", "the loop", "trades as values"), 0.0)
    trades = 0
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder) / f"S{number}.parquet" for number in range(count)]
        table = made(BARS)
        for number, path in enumerate(paths):
            pq.write_table(table.set_column(0, "symbol", pa.array([f"S{number}"] * BARS)), path)
        for turn, path in enumerate([paths[0], *paths]):
            marks = [time.process_time()]
            bars = read_bars(path)
            marks.append(time.process_time())
            key = InstrumentKey("NSE", path.stem)
            starts = bars.series[key].table["at"].to_pylist()
            entries = [
                Entry(key, 1 if place % 2 else -1, 100, starts[place * (BARS - 400) // POSITIONS])
                for place in range(POSITIONS)
            ]
            prepared = prepare([policy], bars, entries, options)
            marks.append(time.process_time())
            prepared.loop()
            marks.append(time.process_time())
            outcome = prepared.run()
            marks.append(time.process_time())
            if turn:  # the first turn compiles
                trades += len(outcome.trades)
                for name, begun, ended in zip(seconds, marks, marks[1:], strict=False):
                    seconds[name] += ended - begun
    seconds["trades as values"] -= seconds["the loop"]
    whole = SYMBOLS / count
    print(f"{count} symbols, {count * BARS:,} bars, {trades:,} positions; the whole is {whole:,.0f} times as much")
    for name, spent in seconds.items():
        print(f"{name:<20} {spent:7.2f} s, the whole {spent * whole / 60:6.1f} minutes of one processor")


if __name__ == "__main__":
    default()
    main(sys.argv[1:])
