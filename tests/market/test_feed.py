"""Price files come out as ticks: complete, in the order of arrival, numbered the same every time."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rulekit.market.feed import Feed, open_feed
from rulekit.model.instant import MINUTE, SECOND, day_number, parse_instant
from rulekit.model.instrument import InstrumentKey
from rulekit.model.prices import to_units

OPEN = parse_instant("2026-11-20T09:15:00+05:30")


def csv_feed(folder: Path, text: str, **options: str) -> Feed:
    path = folder / "prices.csv"
    path.write_text(text, encoding="utf-8", newline="")
    return open_feed(path, **options)


def test_a_tick_file_is_read_with_exact_prices_and_times(tmp_path: Path) -> None:
    feed = csv_feed(
        tmp_path,
        "symbol,ts,ltp,cum_volume\nINFY,2026-11-20T09:15:00+05:30,1585.35,100\nINFY,2026-11-20T09:15:01.250+05:30,1585.4,\n",
    )
    first, second = feed
    assert (first.seq, first.exchange, first.symbol, first.at) == (0, "NSE", "INFY", OPEN)
    assert (first.price, first.volume) == (158535.0, 100.0)
    assert (second.at, second.price, second.volume) == (OPEN + 1_250_000, 158540.0, None)
    assert feed.symbols == (InstrumentKey("NSE", "INFY"),)
    assert (feed.first, feed.last, feed.count, feed.notes) == (OPEN, OPEN + 1_250_000, 2, ())


@settings(max_examples=60)
@given(st.lists(st.decimals("0.05", "9999999", places=2), min_size=1, max_size=30))
def test_every_price_is_what_its_decimal_text_says(
    tmp_path_factory: pytest.TempPathFactory, prices: list[Decimal]
) -> None:
    rows = "".join(f"A,{OPEN + i * SECOND},{price}\n" for i, price in enumerate(prices))
    feed = csv_feed(tmp_path_factory.mktemp("f"), "symbol,ts,price\n" + rows)
    assert [tick.price for tick in feed] == [to_units(price) for price in prices]


def test_currencies_have_four_decimals(tmp_path: Path) -> None:
    feed = csv_feed(tmp_path, f"exchange,symbol,ts,ltp\nCDS,USDINR,{OPEN},83.1225\nNSE,INFY,{OPEN},83.1225\n")
    assert {tick.symbol: tick.price for tick in feed} == {"USDINR": 831225.0, "INFY": 8312.25}


@pytest.mark.parametrize(
    ("header", "cells"),
    [
        ("ts", ["2026-11-20T09:15:00+05:30", "2026-11-20T09:15:01+05:30"]),
        ("timestamp", ["2026-11-20T03:45:00Z", "2026-11-20T03:45:01Z"]),
        ("time", ["2026-11-20 09:15:00", "2026-11-20 09:15:01"]),
        ("at", ["2026-11-20 09:15:00", "2026-11-20T03:45:01+00:00"]),
        ("ts", [str(OPEN // SECOND), str(OPEN // SECOND + 1)]),
        ("ts", [str(OPEN // 1000), str(OPEN // 1000 + 1000)]),
        ("ts", [str(OPEN), str(OPEN + SECOND)]),
        ("ts", [str(OPEN * 1000), str((OPEN + SECOND) * 1000)]),
        ("date,time", ["2026-11-20,09:15:00", "2026-11-20,09:15:01"]),
    ],
)
def test_times_are_understood_in_every_usual_form(tmp_path: Path, header: str, cells: list[str]) -> None:
    feed = csv_feed(tmp_path, f"symbol,price,{header}\n" + "".join(f"A,100,{cell}\n" for cell in cells))
    assert [tick.at for tick in feed] == [OPEN, OPEN + SECOND]
    naive = any("+" not in cell and "Z" not in cell and "-" in cell for cell in cells)
    assert feed.notes == (("times without a zone were read as India's",) if naive else ())


def test_windows_files_with_other_separators_are_read(tmp_path: Path) -> None:
    text = '﻿Symbol;Timestamp;Last_Price\r\nM&M;2026-11-20T09:15:00+05:30;"1,690.50"\r\n'
    assert [(tick.symbol, tick.price) for tick in csv_feed(tmp_path, text)] == [("M&M", 169050.0)]


def test_a_symbol_may_carry_its_exchange_or_come_from_outside(tmp_path: Path) -> None:
    feed = csv_feed(tmp_path, f"symbol,ts,ltp\nBSE:SBIN,{OPEN},500\nSBIN,{OPEN},501\nA:B,{OPEN},5\n", exchange="NFO")
    assert feed.symbols == (InstrumentKey("BSE", "SBIN"), InstrumentKey("NFO", "SBIN"), InstrumentKey("NFO", "A:B"))
    alone = csv_feed(tmp_path, f"ts,ltp\n{OPEN},500\n", symbol="SBIN")
    assert alone.symbols == (InstrumentKey("NSE", "SBIN"),)


def test_symbols_are_merged_by_the_latest_time_each_has_shown(tmp_path: Path) -> None:
    rows = [("A", 0), ("A", 3), ("A", 1), ("A", 4), ("B", 0), ("B", 2), ("B", 3)]
    feed = csv_feed(tmp_path, "symbol,ts,ltp\n" + "".join(f"{s},{OPEN + t * SECOND},10\n" for s, t in rows))
    heard = [(tick.symbol, (tick.at - OPEN) // SECOND) for tick in feed]
    assert heard == [("A", 0), ("B", 0), ("B", 2), ("A", 3), ("A", 1), ("B", 3), ("A", 4)]


def test_running_numbers_decide_the_order_within_a_symbols_day(tmp_path: Path) -> None:
    feed = csv_feed(
        tmp_path, f"symbol,ts,seq,ltp\nA,{OPEN + SECOND},1,12\nA,{OPEN + 2 * SECOND},2,13\nA,{OPEN + 3 * SECOND},0,11\n"
    )
    assert [tick.price for tick in feed] == [1100.0, 1200.0, 1300.0]


@settings(max_examples=60)
@given(
    st.lists(st.tuples(st.sampled_from("ABC"), st.integers(0, 50), st.integers(1, 999)), min_size=1, max_size=40),
    st.integers(-1, 45),
)
def test_nothing_is_lost_reordered_or_renumbered(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, int, int]], after: int
) -> None:
    steady = [(s, t + 100 * i, p) for i, (s, t, p) in enumerate(rows)]  # times mostly rise, as in a real file
    text = "symbol,ts,ltp\n" + "".join(f"{s},{OPEN + t * SECOND},{p}\n" for s, t, p in steady)
    feed = csv_feed(tmp_path_factory.mktemp("f"), text)
    ticks = list(feed)
    assert [tick.seq for tick in ticks] == list(range(len(rows)))
    for symbol in "ABC":
        mine = [(tick.at, tick.price) for tick in ticks if tick.symbol == symbol]
        assert mine == [(OPEN + t * SECOND, p * 100.0) for s, t, p in steady if s == symbol]
    assert list(feed.ticks(after)) == ticks[after + 1 :]


def test_prices_that_are_none_are_left_out_and_counted(tmp_path: Path) -> None:
    cells = ["100", "0", "-5", "nan", "", "0.0", "101"]
    feed = csv_feed(tmp_path, "symbol,ts,ltp\n" + "".join(f"A,{OPEN + i},{cell}\n" for i, cell in enumerate(cells)))
    assert [tick.price for tick in feed] == [10000.0, 10100.0]
    assert feed.skipped == {"no price": 2, "a price of zero": 2, "a negative price": 1}


# --- bars ---------------------------------------------------------------------------------------------------------


def bars(rows: list[str]) -> str:
    return "symbol,bar_start,open,high,low,close,volume\n" + "".join(row + "\n" for row in rows)


def test_a_bar_is_walked_by_its_colour(tmp_path: Path) -> None:
    green = f"A,{OPEN},100,110,90,105,300"
    red = f"A,{OPEN + MINUTE},105,120,80,100,600"
    feed = csv_feed(tmp_path, bars([red, green]))
    assert feed.bar_s == 60
    assert [tick.price / 100 for tick in feed] == [100, 90, 110, 105, 105, 120, 80, 100]
    assert [(tick.at - OPEN) / SECOND for tick in feed] == [0, 20, 40, 59, 60, 80, 100, 119]
    assert [tick.volume for tick in feed] == [0, 100, 200, 300, 300, 500, 700, 900]


def test_the_volume_of_bars_begins_anew_each_day(tmp_path: Path) -> None:
    later = parse_instant("2026-11-23T09:15:00+05:30")
    feed = csv_feed(tmp_path, bars([f"A,{OPEN},1,1,1,1,300", f"A,{later},1,1,1,1,30"]))
    assert [tick.volume for tick in feed] == [0, 100, 200, 300, 0, 10, 20, 30]


def test_impossible_and_repeated_bars_are_left_out(tmp_path: Path) -> None:
    feed = csv_feed(
        tmp_path,
        bars([f"A,{OPEN},100,110,90,105,3", f"A,{OPEN},100,110,90,105,3", f"A,{OPEN + MINUTE},100,99,90,95,3"]),
    )
    assert feed.count == 4
    assert feed.skipped == {"a bar whose high or low is not its highest or lowest": 1, "a bar that was there before": 1}


def test_bars_of_five_minutes_and_without_volume(tmp_path: Path) -> None:
    rows = "".join(f"A,{OPEN + i * 5 * MINUTE},1,1,1,1\n" for i in range(3))
    feed = csv_feed(tmp_path, "symbol,date,open,high,low,close\n" + rows)
    assert feed.bar_s == 300
    assert [(tick.at - OPEN) / SECOND for tick in feed][:4] == [0, 100, 200, 299]
    assert {tick.volume for tick in feed} == {None}


# --- files that are wrong -----------------------------------------------------------------------------------------

HEAD = "symbol,ts,ltp\n"
GOOD = "INFY,2026-11-20T09:15:00+05:30,100\n"


@pytest.mark.parametrize(
    ("content", "says", "code"),
    [
        (None, "there is no file", 2),
        (b"", "is empty", 2),
        (b"\n\n", "is empty", 2),
        (HEAD.encode(), "has column names but no rows", 1),
        ((HEAD + GOOD + GOOD + GOOD.replace("100", "1oo")).encode(), "line 4, column `ltp`: `1oo` is not", 1),
        ((HEAD + GOOD + "INFY,yesterday,100\n").encode(), "line 3, column `ts`: `yesterday` is not a time", 1),
        ((HEAD + GOOD + ",2026-11-20T09:15:00+05:30,100\n").encode(), "line 3, column `symbol`: is empty", 1),
        ((HEAD + GOOD + "INFY,,100\n").encode(), "line 3, column `ts`: is empty", 1),
        ((HEAD + GOOD + "INFY,2026-11-20T09:15:00+05:30\n").encode(), "line 3: has 2 columns where the first", 1),
        (b"symbol,ts,colour\nA,1,red\n", "no column for price (it has `symbol`, `ts`, `colour`)", 1),
        (b"just some words\nand more\n", "no column for at or symbol or price", 1),
        (b"symbol,ts,ltp,LTP\nA,1,2,3\n", "two columns `ltp`", 1),
        ("symbol,ts,ltp\nCAFÉ,1700000000,5\n".encode("latin-1"), "is not text in UTF-8", 2),
        (b"\x00\x01\x02\x03" * 64, "is not text in UTF-8", 2),
        ((HEAD + GOOD.replace("100", "0")).encode(), "has no row with a usable price", 1),
        (
            (HEAD + "".join(f"A,{OPEN - i * SECOND},5\n" for i in range(9))).encode(),
            "run backwards: 8 of 8 steps",
            1,
        ),
    ],
)  # fmt: skip
def test_a_bad_file_is_answered_in_a_sentence(tmp_path: Path, content: bytes | None, says: str, code: int) -> None:
    from rulekit.errors import RulekitError

    path = tmp_path / "prices.csv"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(RulekitError) as caught:
        open_feed(path)
    assert says in caught.value.message
    assert caught.value.help
    assert caught.value.exit_code == code
    assert "\n" not in caught.value.message


def test_folders_and_false_parquet_files_are_named(tmp_path: Path) -> None:
    from rulekit.errors import UnreadableFileError

    with pytest.raises(UnreadableFileError, match="is a folder"):
        open_feed(tmp_path)
    text = tmp_path / "prices.parquet"
    text.write_text(HEAD + GOOD, encoding="utf-8")
    with pytest.raises(UnreadableFileError, match="not a Parquet file inside"):
        open_feed(text)
    text.write_bytes(b"PAR1" + b"\0" * 40)
    with pytest.raises(UnreadableFileError, match="is damaged"):
        open_feed(text)


def test_a_parquet_column_of_another_kind_is_named(tmp_path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    from rulekit.errors import InputError

    path = tmp_path / "prices.parquet"
    pq.write_table(pa.table({"symbol": ["A"], "ts": [True], "ltp": [1.0]}), path)
    with pytest.raises(InputError, match="column `ts` holds bool, which is not a time"):
        open_feed(path)


# --- real files ---------------------------------------------------------------------------------------------------


def rows_of(path: Path, *names: str) -> list[tuple[object, ...]]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pq.read_table(path)
    columns = [table[name].cast(pa.int64()) if name == "ts" else table[name] for name in names]
    return list(zip(*(column.to_pylist() for column in columns), strict=True))


@pytest.mark.parametrize("name", ["nse_ticks", "nse_ticks_dirty"])
def test_real_ticks_keep_the_order_in_which_each_symbol_was_heard(shared_data: Path, name: str) -> None:
    path = shared_data / f"{name}.parquet"
    expected: dict[str, list[tuple[object, ...]]] = defaultdict(list)
    for symbol, ts, seq, ltp, volume in rows_of(path, "symbol", "ts", "seq", "ltp", "cum_volume"):
        expected[symbol].append((day_number(ts), seq, ts, to_units(ltp), volume))
    feed = open_feed(path)
    heard: dict[str, list[tuple[object, ...]]] = defaultdict(list)
    latest: dict[str, int] = defaultdict(int)
    keys = []
    for number, tick in enumerate(feed):
        assert tick.seq == number
        heard[tick.symbol].append((tick.at, tick.price, tick.volume))
        latest[tick.symbol] = max(latest[tick.symbol], tick.at)
        keys.append(latest[tick.symbol])
    assert all(earlier <= later for earlier, later in pairwise(keys))
    for symbol, rows in expected.items():
        assert heard[symbol] == [row[2:] for row in sorted(rows, key=lambda row: row[:2])]
        # The trap is really there: sorted by time, another order would come out.
        assert heard[symbol] != sorted(heard[symbol], key=lambda row: row[0]) or symbol == "NIFTY"


def test_real_bars_become_four_ticks_each(shared_data: Path) -> None:
    path = shared_data / "nse_minutes.parquet"
    feed = open_feed(path)
    rows = rows_of(path, "symbol", "open", "high", "low", "close")
    assert feed.count == 4 * len(rows)
    assert {key.symbol for key in feed.symbols} == {row[0] for row in rows}
    high: dict[str, float] = defaultdict(float)
    for tick in feed:
        high[tick.symbol] = max(high[tick.symbol], tick.price)
    for symbol in ("INFY", "SBIN"):
        assert high[symbol] == max(to_units(row[2]) for row in rows if row[0] == symbol)


def test_a_restart_listens_again_from_the_day_before(shared_data: Path) -> None:
    feed = open_feed(shared_data / "nse_ticks_dirty.parquet")
    ticks = list(feed)
    days = sorted({day_number(tick.at) for tick in ticks})
    starts = {day: next(tick.seq for tick in ticks if day_number(tick.at) == day) for day in days}
    assert len(days) == 3
    assert feed.warm_up_from(-1) == -1
    assert feed.warm_up_from(starts[days[0]] + 5) == -1
    assert feed.warm_up_from(starts[days[1]] + 5) == -1
    assert feed.warm_up_from(starts[days[2]] + 5) == starts[days[1]] - 1
    assert feed.warm_up_from(feed.count - 1) == starts[days[1]] - 1
