"""What cannot be replayed is refused with its row and a remedy; what is odd is told; nothing goes silently."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from rulekit.errors import InputError, RulekitError
from rulekit.replay import read_bars, replay
from rulekit.replay.entries import read_entries
from rulekit.runtime.policy import Policy

EXIT = "exit at 5% profit"
ENTRY = {"symbol": "INFY", "side": "long", "quantity": 100, "at": "2021-01-04T09:15:00+05:30"}
HEAD = "symbol,time,open,high,low,close,volume"


def row(minute: int, price: float = 100.0, *, day: str = "2021-01-04", hour: int = 9) -> str:
    """Return one bar as a line."""
    return f"INFY,{day}T{hour:02}:{minute:02}:00+05:30,{price},{price},{price},{price},10"


def written(folder: Path, *lines: str, head: str = HEAD) -> Path:
    """Write a CSV of bars."""
    path = folder / "bars.csv"
    path.write_text("\n".join([head, *lines]) + "\n", encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("INFY,2021-01-04T09:16:00+05:30,nan,101,99,100,10", "a price is missing or no number"),
        ("INFY,2021-01-04T09:16:00+05:30,,101,99,100,10", "a price is missing or no number"),
        ("INFY,2021-01-04T09:16:00+05:30,-100,101,-100,100,10", "a price is zero or negative"),
        ("INFY,2021-01-04T09:16:00+05:30,100,101,102,100,10", "the high is not the highest"),
        ("INFY,2021-01-04T09:15:00+05:30,100,101,99,100,10", "stands in line 2 with other prices"),
    ],
)
def test_a_row_that_cannot_be_is_named_and_may_be_skipped(tmp_path: Path, line: str, what: str) -> None:
    path = written(tmp_path, row(15), line, row(17))
    with pytest.raises(InputError) as caught:
        read_bars(path)
    assert "line 3" in caught.value.message
    assert what in caught.value.message
    assert "--skip-bad-rows" in caught.value.help
    bars = read_bars(path, skip_bad=True)
    assert bars.rows == 2
    assert any("line 3" in str(note) for note in bars.notes)


def test_rows_out_of_order_and_repeats_are_told(tmp_path: Path) -> None:
    bars = read_bars(written(tmp_path, row(16), row(15), row(17), row(17)))
    told = " | ".join(str(note) for note in bars.notes)
    assert bars.rows == 3
    assert "line 2: INFY of 2021-01-04 09:16 stands before 2021-01-04 09:15 of line 3" in told
    assert "put in order (1 such places)" in told
    assert "line 5: the bar of line 4 stands here again" in told


def test_a_missing_column_is_named(tmp_path: Path) -> None:
    path = written(tmp_path, "INFY,100,100,100,100", head="symbol,open,high,low,close")
    with pytest.raises(InputError, match="no column for at"):
        read_bars(path)


def test_times_of_another_zone_are_refused(tmp_path: Path) -> None:
    lines = [row(minute, hour=4) for minute in range(15, 40)]
    with pytest.raises(InputError, match=r"lie mostly outside its hours: 25 of 25") as caught:
        replay(Policy.from_text(EXIT), written(tmp_path, *lines), [{**ENTRY, "at": "2021-01-04T04:20:00+05:30"}])
    assert "another zone" in caught.value.help


def test_another_zone_is_said_where_it_puts_the_entries_outside(tmp_path: Path) -> None:
    path = written(tmp_path, *(row(15 + place).replace("T09:", "T03:") for place in range(5)))
    with pytest.raises(InputError, match="mostly outside its hours"):
        replay(Policy.from_text(EXIT), path, [ENTRY], native=False)


def test_holes_are_told(tmp_path: Path) -> None:
    outcome = replay(Policy.from_text(EXIT), written(tmp_path, row(15), row(16), row(40)), [ENTRY], native=False)
    assert any("1 hole within sessions, the first from 09:16:00 to 09:40:00" in str(note) for note in outcome.notes)


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"at": "2021-01-05T09:15:00+05:30"}, "lies outside the bars of INFY"),
        ({"at": "2021-01-03T09:15:00+05:30"}, "lies outside the bars of INFY"),
        ({"symbol": "TCS"}, "there are no bars of NSE:TCS"),
        ({"side": "up"}, "`up` is no side"),
        ({"quantity": 0}, "`0` is no quantity"),
        ({"at": ""}, "lacks `at`"),
        ({"at": "noon"}, "`noon` is not a time"),
    ],
)
def test_an_entry_that_cannot_be_is_named(tmp_path: Path, change: dict[str, Any], what: str) -> None:
    path = written(tmp_path, row(15), row(16), row(17))
    with pytest.raises(InputError) as caught:
        replay(Policy.from_text(EXIT), path, [{**ENTRY, **change}], native=False)
    assert what in caught.value.message
    assert caught.value.help


def test_a_time_without_a_zone_is_indias_and_told(tmp_path: Path) -> None:
    path = written(tmp_path, row(15), row(16), row(17))
    policy = Policy.from_text(EXIT)
    told = replay(policy, path, [{**ENTRY, "at": "2021-01-04 09:15"}], native=False)
    file = tmp_path / "e.csv"
    file.write_text("symbol,side,quantity,at\nINFY,long,100,2021-01-04 09:15\n", encoding="utf-8")
    assert (
        told.trades
        == replay(policy, path, file, native=False).trades
        == replay(policy, path, [ENTRY], native=False).trades
    )
    assert any("read as India's" in note.what for note in told.notes)


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("symbol,side,quantity\nINFY,long,100\n", "lacks the column `at`"),
        ("symbol,side,quantity,at\nINFY,long,many,2021-01-04T09:15:00+05:30\n", "line 2, column `quantity`"),
        ("symbol,side,quantity,at,stop\nINFY,long,1,2021-01-04T09:15:00+05:30,-4\n", "line 2, column `stop`"),
        ("symbol,side,quantity,at\n", "no rows"),
    ],
)
def test_an_entries_file_that_is_wrong_is_named(tmp_path: Path, text: str, what: str) -> None:
    path = tmp_path / "e.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(RulekitError, match=what):
        read_entries(path)


@pytest.mark.parametrize(
    ("rule", "fact"),
    [
        ("V: exit when volume is at least 2 times normal", "volume"),
        ("S: exit when spread is above 1%", "spread"),
        ("B: exit when open positions is at least 3", "open positions"),
        ("D: exit when day loss is at least ₹5,000", "day profit"),
    ],
)
def test_a_policy_that_reads_what_the_bars_do_not_tell_is_refused(rule: str, fact: str) -> None:
    bars = pa.table(
        {
            "symbol": ["INFY"] * 3,
            "time": [f"2021-01-04T09:{minute}:00+05:30" for minute in (15, 16, 17)],
            **{name: [100.0] * 3 for name in ("open", "high", "low", "close")},
        }
    )
    with pytest.raises(InputError) as caught:
        replay(Policy.from_text(rule), bars, [ENTRY], native=False)
    assert f"the rule `{rule[0]}` reads `{fact}" in caught.value.message
    assert "--fact" in caught.value.help


def test_a_fact_may_be_given_or_stand_in_a_column(tmp_path: Path) -> None:
    path = written(tmp_path, *(f"{row(15 + n)},{n}" for n in range(4)), head=f"{HEAD},open_positions")
    policy = Policy.from_text("B: exit when open positions is at least 2")
    (trade,) = replay(policy, path, [ENTRY], looks="close", native=False).trades
    assert trade.as_json()["exited"] == "2021-01-04T09:18:00+05:30"
    plain = written(tmp_path, *(row(15 + n) for n in range(4)))
    (trade,) = replay(policy, plain, [ENTRY], looks="close", native=False, facts={"open positions": 3.0}).trades
    assert trade.exited is not None


def test_frames_of_every_kind_come_to_the_same(tmp_path: Path) -> None:
    import pandas as pd
    import polars as pl
    import pyarrow.parquet as pq

    path = written(tmp_path, row(15), row(16, 103.0), row(17, 106.0), row(18, 106.0))
    table = pa.Table.from_pandas(pd.read_csv(path))
    pq.write_table(table, tmp_path / "bars.parquet")
    with pa.OSFile(str(tmp_path / "bars.arrow"), "wb") as file, pa.ipc.new_file(file, table.schema) as writer:
        writer.write_table(table)
    (tmp_path / "folder").mkdir()
    pq.write_table(table, tmp_path / "folder" / "one.parquet")
    forms = [path, tmp_path / "bars.parquet", tmp_path / "bars.arrow", tmp_path / "folder", table,
             pd.read_csv(path), pl.read_csv(path)]  # fmt: skip
    outcomes = {replay(Policy.from_text(EXIT), form, [ENTRY], native=False).trades for form in forms}
    assert len(outcomes) == 1
    assert next(iter(outcomes))[0].profit == 600.0
