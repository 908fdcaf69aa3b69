"""Price files that are read part by part come to what they come to read at once: rows, notes, errors."""

from __future__ import annotations

from pathlib import Path
from random import Random
from typing import Any

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest

from rulekit.errors import InputError
from rulekit.market import rows
from rulekit.replay import bars, laid_out, read_bars

START = 1_609_731_900_000_000
MINUTE = 60_000_000


def drawn(draw: Random, *, ticks: bool, mended: bool) -> pa.Table:
    """Draw rows of three symbols: mixed or one after the other, some repeated, out of order, bad, without volume."""
    mixed = draw.random() < 0.5
    written: list[dict[str, Any]] = []
    for symbol in ("INFY", "TCS", "SBIN"):
        for place in range(draw.choice((3, 40, 90))):
            price = 100.0 + draw.randint(-20, 20) / 4
            row = {"symbol": symbol, "time": START + place * MINUTE, "volume": draw.choice((5.0, None, 70.0))}
            if ticks:
                row |= {"price": price, "bid": draw.choice((None, price)), "ask": price}
            else:
                row |= {"open": price, "high": price + 1, "low": price - 1, "close": price + 0.5, "iv_rank": place / 4}
            written += [row] * (1 + (draw.random() < 0.05))
    if mixed:
        written.sort(key=lambda row: (row["time"], row["symbol"]))
    if draw.random() < 0.5:
        for _ in range(3):
            one, other = draw.randrange(len(written)), draw.randrange(len(written))
            written[one], written[other] = written[other], written[one]
    name = "price" if ticks else "low"
    for _ in range(0 if mended else draw.choice((0, 4))):
        place = draw.randrange(len(written))
        written[place] = {**written[place], name: draw.choice((-4.0, 0.0, None, 500.0))}
    table = pa.Table.from_pylist(written)
    return table if draw.random() < 0.8 else table.drop_columns(["volume"])


def told(path: Path, *, skip_bad: bool) -> tuple[Any, ...]:
    """Return everything that reading comes to, or the error."""
    try:
        found = read_bars(path, skip_bad=skip_bad, facts=["iv rank"])
    except InputError as error:
        return error.message, error.help
    return (
        {key: (one.length, one.table.to_pydict()) for key, one in found.series.items()},
        [str(note) for note in found.notes],
    )  # fmt: skip


@pytest.mark.parametrize("seed", range(24))
def test_small_parts_come_to_the_same_as_one(seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    draw = Random(seed)
    table = drawn(draw, ticks=seed % 5 > 2, mended=seed % 4 == 0)
    path = tmp_path / f"prices.{('parquet', 'arrow', 'csv')[seed % 3]}"
    if path.suffix == ".parquet":
        pq.write_table(table, path, row_group_size=50)
    elif path.suffix == ".arrow":
        with pa.OSFile(str(path), "wb") as file, pa.ipc.new_file(file, table.schema) as writer:
            writer.write_table(table, max_chunksize=23)
    else:
        pyarrow.csv.write_csv(table, path)
    at_once = [told(path, skip_bad=skip) for skip in (False, True)]
    monkeypatch.setattr(rows, "PART", 7)
    monkeypatch.setattr(rows, "_BLOCK", 300)
    assert [told(path, skip_bad=skip) for skip in (False, True)] == at_once
    assert at_once[1][0], "nothing was read"


def test_a_frame_is_taken_part_by_part_too(monkeypatch: pytest.MonkeyPatch) -> None:
    table = drawn(Random(3), ticks=False, mended=True)
    at_once = read_bars(table)
    monkeypatch.setattr(bars, "PART", 7)
    found = read_bars(table)
    assert {key: one.table for key, one in found.series.items()} == {
        key: one.table for key, one in at_once.series.items()
    }
    assert found.notes == at_once.notes


def minutes(*places: int) -> pa.Table:
    """Return bars of these minutes."""
    prices = {name: [100.0] * len(places) for name in ("open", "high", "low", "close")}
    return pa.table({"symbol": ["INFY"] * len(places), "time": [START + place * MINUTE for place in places], **prices})


def test_a_part_that_begins_before_the_end_of_the_last_one_is_out_of_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bars, "PART", 3)
    found = read_bars(minutes(5, 6, 7, 0, 1, 2))
    (series,) = found.series.values()
    assert series.table["at"].to_pylist() == [START + place * MINUTE for place in (0, 1, 2, 5, 6, 7)]
    assert any("were put in order" in str(note) for note in found.notes)


def test_a_tick_without_volume_that_comes_again_moves_nothing() -> None:
    table = pa.table({"symbol": ["INFY"] * 4, "time": [START, START, START, START + 1], "price": [1.0, 1.0, 2.0, 2.0],
                      "volume": pa.nulls(4, pa.float64())})  # fmt: skip
    found = read_bars(table)
    assert found.rows == 3
    assert any("1 ticks repeat the one before them" in str(note) for note in found.notes)


def test_a_column_grows_where_there_are_more_rows_than_were_told() -> None:
    column = laid_out.Column(pa.float64())
    for start in range(0, 20_000, 1_000):
        column.put(pa.array([None, *map(float, range(start + 1, start + 1_000))], pa.float64()), 0)
    expected = [None if place % 1_000 == 0 else float(place) for place in range(20_000)]
    assert column.array().to_pylist() == expected
