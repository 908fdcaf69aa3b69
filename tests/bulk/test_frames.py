"""Every kind of frame gives the same answers, and a column that cannot be what its name says is named."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import rulekit
from rulekit.bulk.decisions import ACTIONS
from rulekit.bulk.frames import read_frame
from rulekit.bulk.kernel import native_loop
from rulekit.bulk.loop import REASONS, Loop
from rulekit.errors import InputError
from rulekit.model.prices import to_units
from tests.compile.policies import NOW

TEXT = """
HALF: book 50% at 15% profit after 30 minutes
EVEN: move stop to break-even + 2% at 10% profit
STRONG: add 25% at 5% profit when momentum over 15 minutes is at least 2%
"""
POLICY = rulekit.Policy.from_text(TEXT)
AT = "2026-11-20T11:00:00+05:30"
BOOK: dict[str, list[Any]] = {
    "Symbol": ["KOTAKBANK", "INFY", "WIPRO", "TCS"],
    "SIDE": ["long", "short", "long", "LONG"],
    "qty": [100, 80, 25, 10],
    "average_price": [1690.0, 1500.0, 240.05, 3000.0],
    "ltp": [1998.5, 1420.0, None, 3000.0],
    "opened": [datetime.fromtimestamp(NOW / 1e6, UTC) - timedelta(minutes=m) for m in (45, 20, 45, 5)],
    "momentum_over_15_minutes": [3.0, -2.5, 1.0, math.nan],
    "fired: half": [0, 0, 1, 0],
}


def decided(frame: Any, **more: Any) -> list[dict[str, Any]]:
    found = POLICY.decide_many(frame, now=AT, **more)
    return [
        {
            "action": ACTIONS[found.action[row]], "quantity": int(found.quantity[row]), "stop": float(found.stop[row]),
            "reason": REASONS[found.reason[row]], "unknown": int(found.unknown[row]),
        }
        for row in range(len(found))
    ]  # fmt: skip


WANTED = [
    {"action": "book", "quantity": 50, "stop": 1723.8, "reason": "a rule acts", "unknown": 0},
    {"action": "add", "quantity": 20, "stop": math.nan, "reason": "a rule acts", "unknown": 0},
    {"action": "", "quantity": 0, "stop": math.nan, "reason": "a rule cannot be judged", "unknown": 1},
    {"action": "", "quantity": 0, "stop": math.nan, "reason": "nothing holds", "unknown": 0},
]


def numpy_book() -> dict[str, Any]:
    book: dict[str, Any] = {name: np.array(values) for name, values in BOOK.items() if name not in ("opened", "ltp")}
    book["opened"] = np.array([int(at.timestamp()) * 1_000_000 for at in BOOK["opened"]])
    book["ltp"] = np.array([math.nan if value is None else value for value in BOOK["ltp"]])
    return book


def structured() -> Any:
    book = numpy_book()
    found = np.zeros(4, [(name, values.dtype) for name, values in book.items()])
    for name, values in book.items():
        found[name] = values
    return found


FRAMES = {
    "lists": lambda: BOOK,
    "numpy": numpy_book,
    "structured": structured,
    "polars": lambda: pl.DataFrame(BOOK),
    "a lazy frame": lambda: pl.DataFrame(BOOK).lazy(),
    "polars, categories": lambda: pl.DataFrame(BOOK).with_columns(pl.col("SIDE").cast(pl.Categorical)),
    "pandas": lambda: pd.DataFrame(BOOK),
    "pandas, categories and gaps": lambda: pd.DataFrame(BOOK).astype({"SIDE": "category", "qty": "Int64"}),
    "arrow": lambda: pa.table(BOOK),
    "arrow in chunks": lambda: pa.concat_tables([pa.table(BOOK).slice(0, 2), pa.table(BOOK).slice(2)]),
    "a record batch": lambda: pa.RecordBatch.from_pydict(BOOK),
    "short floats": lambda: pl.DataFrame(BOOK).with_columns(pl.col("average_price", "ltp").cast(pl.Float32)),
    "decimals": lambda: pl.DataFrame(BOOK).with_columns(pl.col("average_price").cast(pl.Decimal(10, 2))),
    "days in nanoseconds": lambda: pl.DataFrame(BOOK).with_columns(
        pl.col("opened").dt.cast_time_unit("ns").dt.convert_time_zone("Asia/Kolkata")
    ),
    "texts of times": lambda: {**BOOK, "opened": [at.isoformat() for at in BOOK["opened"]]},
}


@pytest.mark.parametrize("kind", FRAMES)
def test_every_kind_of_frame_gives_the_same_answers(kind: str) -> None:
    for found, wanted in zip(decided(FRAMES[kind](), native=False), WANTED, strict=True):
        assert found == pytest.approx(wanted, abs=0, nan_ok=True)


def test_compiled_and_plain_loops_and_each_kind_give_frames_of_their_kind() -> None:
    for kind in ("numpy", "polars", "pandas", "arrow"):
        frame = FRAMES[kind]()
        plain, native = (POLICY.decide_many(frame, now=AT, native=native) for native in (False, True))
        assert plain.table().equals(native.table())
        assert native.native and not plain.native
        assert plain.table()["rule"].to_pylist() == ["HALF", "STRONG", None, None]
        assert plain.table()["side"].to_pylist() == ["SELL", "SELL", None, None]
        assert plain.table()["stop_rule"].to_pylist() == ["EVEN", None, None, None]
        assert isinstance(
            native.frame(), {"polars": pl.DataFrame, "pandas": pd.DataFrame, "arrow": pa.Table}.get(kind, dict)
        )
        assert len(native) == 4 and native.orders == 2


def test_what_is_the_same_everywhere_goes_by_name_and_changes_nothing() -> None:
    book = {name: values for name, values in BOOK.items() if name not in ("SIDE", "qty")}
    wanted = decided({**book, "side": [1, 1, 1, 1], "quantity": [7, 7, 7, 7]}, native=False)
    for found, row in zip(decided(book, side="long", quantity=7, native=False), wanted, strict=True):
        assert found == pytest.approx(row, abs=0, nan_ok=True)


def test_a_frame_of_a_known_shape_is_decided_like_the_first() -> None:
    """Whole columns of NumPy go to the loop as they are the second time; what is wrong is named all the same."""
    policy = rulekit.Policy.from_text("EVEN: move stop to break-even at 10% profit\nLATE: exit after 30 minutes")
    first = {"side": np.array([1, -1]), "quantity": np.array([5, 6]), "entry": np.array([100.0, 200.0]),
             "price": np.array([111.0, 170.0]), "opened": np.array([NOW - 10**9, NOW])}  # fmt: skip
    told = [policy.decide_many(first, now=AT).table().to_pylist() for _ in range(3)]
    assert told[0] == told[1] == told[2]
    assert [row["stop"] for row in told[0]] == [100.0, 200.0]
    other = {**first, "price": np.array([109.0, math.nan]), "side": np.array([1, 1])}
    for now, rules in ((AT, [None, None]), ("2026-11-20T11:20:00+05:30", ["LATE", None])):
        assert policy.decide_many(other, now=now).table()["rule"].to_pylist() == rules
    assert policy.decide_many(other, now=AT).unknown.tolist() == [0, 1]
    assert policy.decide_many(first, now=AT, statuses=True).statuses.tolist() == [[1, 0], [1, 0]]
    apart = {**first, "price": np.array([109.0, 0.0, 170.0, 0.0])[::2]}
    assert policy.decide_many(apart, now=AT).table()["stop"].to_pylist() == [None, 200.0]
    for wrong, message in (({"side": np.array([1, 2])}, "`2` is no side"), ({"price": np.array([1.0])}, "1 rows")):
        with pytest.raises(InputError, match=message):
            policy.decide_many({**first, **wrong}, now=AT)
    with pytest.raises(InputError, match="`now` is not known"):
        policy.decide_many(first, now=None)


def test_an_empty_frame_has_no_decisions() -> None:
    nobody = {name: values[:0] for name, values in numpy_book().items()}
    for native in (True, False):
        found = POLICY.decide_many(nobody, now=AT, native=native)
        assert len(found) == 0 and found.table().num_rows == 0


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "no side": ({"SIDE": None}, "there is no column `side`"),
    "no quantity": ({"qty": None}, "there is no column `quantity`"),
    "a word that is no side": (
        {"SIDE": ["long", "flat", "long", "long"]},
        "the column `SIDE`, row 1: `flat` is no side",
    ),
    "a number that is no side": ({"SIDE": [1, 1, 0, 1]}, "the column `SIDE`, row 2: `0.0` is no side"),
    "half a share": ({"qty": [100, 80, 25.5, 10]}, "the column `qty`, row 2: `25.5` is no whole number"),
    "prices as texts": ({"ltp": ["1998.5", "1,420", "", "3000"]}, "the column `ltp`, row 0: `1998.5` is no number"),
    "flags as facts": ({"momentum_over_15_minutes": [True] * 4}, "row 0: `True` is no number"),
    "times without a zone": ({"opened": [datetime(2026, 11, 20, 10)] * 4}, "the column `opened`, row 0"),
    "a text that is no time": ({"opened": [AT, "noon", AT, AT]}, "the column `opened`, row 1: `noon` is not a time"),
    "numbers that are no times": ({"opened": [1.5] * 4}, "the column `opened`, row 0: `1.5` is no time"),
    "one row less": ({"ltp": [1.0, 2.0, 3.0]}, "the column `ltp` has 3 rows and"),
    "a table in a column": ({"ltp": np.zeros((4, 2))}, "`ltp` is no column"),
    "one number": ({"ltp": 5.0}, "`ltp` is no column"),
    "several kinds": ({"ltp": [1.0, "x", 2.0, 3.0]}, "the column `ltp` holds values of several kinds"),
    "one column twice": ({"Average Price": [1.0] * 4}, "mean the same column"),
}


@pytest.mark.parametrize("what", WRONG)
def test_a_column_that_cannot_be_is_named(what: str) -> None:
    changes, message = WRONG[what]
    book = {name: values for name, values in {**BOOK, **changes}.items() if values is not None}
    with pytest.raises(InputError) as caught:
        POLICY.decide_many(book, now=AT, native=False)
    assert message in caught.value.message
    assert caught.value.help


def test_a_clock_that_is_needed_is_asked_for() -> None:
    with pytest.raises(InputError, match="there is no column `now`"):
        POLICY.decide_many(BOOK)
    with pytest.raises(InputError, match="`now` is not known"):
        POLICY.decide_many(BOOK, now=None)
    with pytest.raises(InputError, match="is no frame"):
        POLICY.decide_many(5, now=AT)
    with pytest.raises(InputError, match="prices in `paise`"):
        POLICY.decide_many(BOOK, now=AT, prices="paise")


def test_other_columns_are_left_alone() -> None:
    more = {**BOOK, "remark": [None, "x", "y", "z"], "nested": [[1], [2], [3], [4]]}
    assert decided(pl.DataFrame(more))[0]["quantity"] == 50


def test_a_book_of_several_exchanges_and_days_is_measured_by_its_own_calendar() -> None:
    policy = rulekit.Policy.from_text(
        "applies to NFO options, NSE equity\nOLD: exit after 3 days\nLATE: exit 30 minutes before close\n"
        "DUE: book 50% on expiry day\n"
    )
    day = datetime.fromisoformat("2026-11-20T15:05:00+05:30")
    book = {
        "symbol": ["INFY", "NIFTY26NOV24000CE", "NIFTY26NOVFUT", "INFY", "SBIN", "INFY"],
        "exchange": ["NSE", "NFO", "NFO", "NSE", "NSE", "BSE"],
        "product": ["MIS", "NRML", "NRML", "CNC", "CNC", "MIS"],
        "side": [1, 1, 1, -1, 1, 1],
        "quantity": [10, 75, 75, 10, 10, 10],
        "opened": [day - timedelta(days=d) for d in (7, 0, 0, 0, 1, 9)],
        "now": [day, day - timedelta(hours=4), day, day, day - timedelta(hours=2), day],
        "expiry": [None, date(2026, 11, 20), date(2026, 11, 20), None, None, None],
    }
    for native in (True, False):
        found = policy.decide_many(book, native=native).table()
        assert found["rule"].to_pylist() == ["OLD", "DUE", None, None, None, None]
        assert found["reason"].to_pylist()[2:] == ["the policy is not for it"] * 2 + [
            "nothing holds",
            "the policy is not for it",
        ]


ARITHMETIC = """def run(first, last, c_x, c_y, o_x, o_y):
    for i in range(first, last):
        o_x[i] = units(c_x[i], 100.0)
        o_y[i] = floored(c_x[i], c_y[i])
    return -1
"""
"""What a compiled loop reckons by itself: rupees in smallest units, and quotients rounded down."""


def reckoned(one: Any, other: Any) -> tuple[Any, Any]:
    found = np.empty_like(one), np.empty_like(one)
    native_loop(Loop(ARITHMETIC, ()))(0, len(one), one, other, *found)
    return found


def test_rupees_come_to_the_same_units_as_everywhere() -> None:
    draw = np.random.default_rng(5)
    ties = (draw.integers(0, 10**9, 20_000) * 2 + 1) / 2e8
    values = np.concatenate((
        draw.integers(1, 10**8, 20_000) / 100, draw.uniform(0, 1e5, 20_000), ties, draw.uniform(0, 1e8, 20_000),
        draw.uniform(4e7, 1e8, 5000), draw.uniform(0, 1e14, 5000), np.arange(2000) / 2**14, draw.uniform(0, 1e-4, 500),
        [math.nan, math.inf, 0.0],
    ))  # fmt: skip
    found, _ = reckoned(values, np.ones_like(values))
    wanted = np.array([to_units(float(value)) for value in values])
    assert np.array_equal(found, wanted, equal_nan=True)


def test_names_are_read_in_any_writing() -> None:
    frame = read_frame({"Initial_Stop": [1.0], "MOMENTUM  over 15 minutes": [2.0]}, {"Now": 1})
    assert set(frame.columns) == {"initial stop", "momentum over 15 minutes", "now"}


def test_the_quick_division_is_the_slow_one() -> None:
    """Whole numbers, multiples and their neighbours, fractions, the unknown and what no market knows."""
    draw = np.random.default_rng(6)
    below = draw.choice([1.0, 5.0, 100.0, 2500.0, 0.25, 0.1, 3.0, 7e9], 40_000)
    whole = np.round(draw.uniform(-1e7, 1e7, 40_000)) * below
    above = np.concatenate((
        whole[:10_000], whole[10_000:20_000] + draw.choice([-1.0, 1.0], 10_000),
        np.nextafter(whole[20_000:25_000], np.inf),
        np.nextafter(whole[25_000:30_000], -np.inf), draw.uniform(-1e6, 1e6, 5000), draw.uniform(-1e18, 1e18, 4996),
        [0.0, math.nan, 2.0**52, -(2.0**53)],
    ))  # fmt: skip
    _, found = reckoned(above, below)
    wanted = np.array([float(one) // float(other) for one, other in zip(above, below, strict=True)])
    assert np.array_equal(found, wanted, equal_nan=True)
