"""A sweep: every combination is what a replay of that policy alone gives, wherever and however it was computed."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from rulekit.errors import InputError, UnreadableFileError, UsageError
from rulekit.replay import Options, replay
from rulekit.replay.bars import read_bars
from rulekit.replay.sweep import sweep
from rulekit.replay.sweep_figures import Sweep
from rulekit.replay.sweep_parts import read_part, survey
from rulekit.replay.sweep_program import families
from rulekit.replay.sweep_shared import Sharing, share, shared
from rulekit.replay.sweep_values import Variants, read_grid
from rulekit.replay.sweep_work import by_day, columns_by_day, trades_of
from rulekit.runtime.policy import Policy
from tests.replay.cluster import cluster

MINUTE = 60_000_000
START = 1_609_731_900_000_000  # 2021-01-04, 09:15 in India
SYMBOLS = ("INFY", "TCS", "SBIN")


def walk(seed: int) -> Iterator[int]:
    """Yield steps that look like chance, the same every time."""
    state = seed * 7919 + 17
    while True:
        state = (state * 1_103_515_245 + 12_345) % (1 << 31)
        yield state // 65_536 % 9 - 4


def made(symbol: str, days: int = 3, minutes: int = 60) -> dict[str, list[Any]]:
    """Return one-minute bars of one symbol: a walk on the tick."""
    steps = walk(sum(map(ord, symbol)))
    price = 2_000
    columns: dict[str, list[Any]] = {name: [] for name in ("symbol", "ts", "open", "high", "low", "close", "volume")}
    for day in range(days):
        for minute in range(minutes):
            first, price = price, max(500, price + 3 * next(steps))
            top, bottom = max(first, price) + abs(next(steps)), min(first, price) - abs(next(steps))
            row = (symbol, START + day * 1440 * MINUTE + minute * MINUTE, first, top, bottom, price)
            for name, value in zip(columns, row, strict=False):
                columns[name].append(value / 20 if isinstance(value, int) and name != "ts" else value)
            columns["volume"].append(100.0)
    return columns


def table(*symbols: str, **more: int) -> pa.Table:
    """Return the bars of symbols, one behind the other."""
    parts = [made(symbol, **more) for symbol in symbols]
    columns = {name: [value for part in parts for value in part[name]] for name in parts[0]}
    stamps = pa.array(columns.pop("ts"), pa.timestamp("us", tz="Asia/Kolkata"))
    return pa.table({"ts": stamps, **columns})


@pytest.fixture(scope="module")
def prices(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Bars of three symbols in a Parquet file of many row groups; each symbol begins within one."""
    path = tmp_path_factory.mktemp("prices") / "bars.parquet"
    pq.write_table(table(*SYMBOLS), path, row_group_size=50)
    return path


POLICY = """
set first target to 1%
set gap to 2%
set patience to 20 minutes

BOOK: book 50% at first target profit
TR:   trail stop gap
TIME: exit after patience
"""
VALUES = {"first target": "0.5%..2%:0.5%", "gap": "1%,2.5%"}
CLOSE = Options(looks="close", fill="open", native=False)


def swept(bars: Any, **more: Any) -> Sweep:
    """Sweep the policy above over bars, entered every five of them."""
    given: dict[str, Any] = {"values": VALUES, "enter": "every 5 bars", "options": CLOSE, **more}
    return sweep(Policy.from_text(POLICY), bars, **given)


@pytest.fixture(scope="module")
def plain(prices: Path) -> Sweep:
    """Return the sweep as this process does it alone."""
    return swept(prices)


def outcome(found: Sweep) -> tuple[Any, ...]:
    """Return all that a sweep came to."""
    return found.cells, found.rows, found.table().to_pydict(), found.luck, found.notes, found.order


# --- the values -----------------------------------------------------------------------------------------------------

NAMES = """
set first target to 15%
set patience to 45 minutes   # a remark stays
set out to 15:15
set floor to ₹1,00,000
set rung to 5% profit
set slice to a third
set count to 3
set who to "INFY"

A: book slice at first target profit after patience
B: exit at out when price is below floor
C: book 10% at rung when times booked is below count
D: exit when symbol is who
"""


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("first target=5%..25%:10%", ("5%", "15%", "25%")),
        ("First  Target=5%..26%:10%", ("5%", "15%", "25%")),
        ("first target=0.5%..1%:0.25%", ("0.5%", "0.75%", "1%")),
        ("patience=30 minutes..1 hour:15 minutes", ("30 minutes", "45 minutes", "1 hour")),
        ("out=14:45..15:15:15 minutes", ("14:45", "15:00", "15:15")),
        ("floor=₹1,000,₹1,00,000", ("₹1,000", "₹1,00,000")),
        ("floor=₹1,000..₹2,000:₹500", ("₹1,000", "₹1,500", "₹2,000")),
        ("rung=5% profit..7% profit:1%", ("5% profit", "6% profit", "7% profit")),
        ("slice=half,1/3,40%", ("50%", "1/3", "40%")),
        ("count=1,10,15", ("1", "10", "15")),
        ("who=TCS,INFY", ('"TCS"', '"INFY"')),
    ],
)
def test_values_are_read_as_the_language_reads_them(text: str, values: tuple[str, ...]) -> None:
    variants = Variants(NAMES)
    (axis,) = read_grid([text], variants).axes
    assert axis.values == values
    for value in values:
        variants.tried({axis.name: value})


@pytest.mark.parametrize(
    ("text", "what", "help"),
    [
        ("first target=30 minutes", "`30 minutes` is a length of time, and `first target` is a percentage", "line 2"),
        ("first target=5..25:1", "`5` is a bare number, and `first target` is a percentage", "write it like 15%"),
        ("rung=5%,6%", "`5%` is a percentage, and `rung` is a profit, a percentage", "5% profit"),
        ("out=14:45..15:15:5%", "the step `5%` is a percentage, and `out` goes by a length of time", "step"),
        ("out=14:45..15:15", "has no step", "first target=5%..25%:1%"),
        ("first target=5%..25%", "has no step", "first target=5%..25%:1%"),
        ("first target=25%..5%:1%", "goes down", "smaller value first"),
        ("first target=5%..6%:0%", "leads nowhere", "above 0"),
        ("first target=5%,10%,5%", "5% is given twice", "once"),
        ("first target=banana", "`banana` is neither a fact nor a name", ""),
        ("frst target=5%", "names no value `frst target`", "did you mean `first target`?"),
        ("first target", "does not say what to try", "--set"),
        ("slice=150%", "at most 100%", "leave that value out"),
        ("first target=1%..2%:0.00001%", "are too many", "larger steps"),
    ],
)
def test_a_value_that_cannot_be_is_named_with_its_place_and_remedy(text: str, what: str, help: str) -> None:
    variants = Variants(NAMES, "my.policy")
    with pytest.raises(UsageError) as told:
        for (value,) in read_grid([text], variants).combinations():
            variants.tried({text.partition("=")[0]: value})
    assert what in told.value.message
    assert help in told.value.help


def test_a_name_is_given_once_and_a_policy_without_names_has_nothing_to_try() -> None:
    with pytest.raises(UsageError, match="given twice"):
        read_grid(["count=1,2", "count=3"], Variants(NAMES))
    with pytest.raises(UsageError, match="names no value, so there is nothing to try"):
        read_grid(["count=1,2"], Variants("exit at 15:00"))


# --- one loop for all -----------------------------------------------------------------------------------------------

BARS = table("INFY", days=2, minutes=35)
KINDS = """
set first to 1%
set gap to 1%
set pause to 10 minutes
set out to 09:40
set floor to ₹95
set slice to half
set tall to 1R
set steps to 20 ticks
define late as age is at least pause

A: book slice at first profit
B: add 20% at 0.4% loss when late, up to 2 times
C: move stop to break-even + gap at 2% profit
D: trail stop steps when profit is above first
E: exit when price is below floor for 3 minutes
F: set target to entry + 4%
G: exit at out
H: book 10% at tall profit
I: lock in 30% of peak profit when late
"""


@pytest.mark.parametrize(
    ("values", "looks"),
    [
        ({"first": "0.3%,1%,1.7%", "slice": "20%,a third"}, "path"),
        ({"gap": "0.25%,1%", "pause": "1 minute,3 minutes,9 minutes"}, "close"),
        ({"out": "09:25,09:40", "steps": "1 tick,7 ticks,40 ticks"}, "live"),
        ({"floor": "₹98,₹99.35,₹101", "tall": "0.05R,0.2R"}, "path"),
    ],
)
def test_every_combination_is_what_a_replay_of_it_alone_gives(values: dict[str, str], looks: str) -> None:
    options = Options(looks=looks, native=False, charges="intraday" if looks == "live" else "")
    entries = [
        {"symbol": "INFY", "side": side, "quantity": 50, "at": f"2021-01-0{day}T09:{minute}:00+05:30", "stop": stop}
        for day, minute in ((4, 16), (4, 31), (5, 20))
        for side, stop in (("long", 90), ("short", 110))
    ]
    found = sweep(Policy.from_text(KINDS), BARS, entries, values=values, options=options)
    assert found.families == 1
    variants = Variants(KINDS)
    profits = set()
    for row in found.rows:
        text = variants.text(dict(zip((axis.name for axis in found.grid.axes), row.values, strict=True)))
        alone = replay(Policy.from_text(text), BARS, entries, options=options)
        assert (row.trades, row.profit) == (len(alone.trades), round(alone.profit, 2))
        assert row.won == sum(trade.profit > 0 for trade in alone.trades)
        assert row.held == sum(trade.exited is None for trade in alone.trades)
        profits.add(row.profit)
    assert len(profits) > 2, "the values make no difference, so nothing was shown"


def test_a_name_that_no_rule_uses_is_told(prices: Path) -> None:
    text = f"set idle to 5%\n{POLICY}"
    options = Options(looks="close", native=False)
    found = sweep(Policy.from_text(text), prices, enter="every 90 bars", values={"idle": "1%,2%"}, options=options)
    assert "no rule uses `idle`" in [note.what for note in found.notes]


def test_policies_that_differ_in_more_than_numbers_are_families_of_their_own() -> None:
    trees = [
        Variants(f"A: book 50% at {level}").tree for level in ("5% profit", "15% profit", "2R profit", "7% profit")
    ]
    assert [family.members for family in families(trees)] == [(0, 1, 3), (2,)]


def test_the_one_program_holds_no_number_of_any_single_value() -> None:
    variants = Variants(KINDS)
    trees = [
        variants.tried({"first": value, "pause": pause}) for value, pause in (("0.3%", "1 hour"), ("5%", "1 minute"))
    ]
    (one,), (other,) = families(trees), families(trees[::-1])
    assert one.policy.show() == other.policy.show()
    assert one.numbers == other.numbers[::-1] and one.numbers[0] != one.numbers[1]


def test_a_symbol_whose_prices_end_early_is_looked_at_as_long_as_the_others() -> None:
    long, short = table("TCS", days=1, minutes=30), table("INFY", days=1, minutes=15)
    text = "set out to 09:20\nEND: exit at out"
    entries = [{"symbol": "INFY", "side": "long", "quantity": 10, "at": "2021-01-04T09:16:00+05:30"}]
    options = Options(looks="live", native=False)
    bars = pa.concat_tables([long, short])
    found = sweep(Policy.from_text(text), bars, entries, values={"out": "09:25,09:30"}, options=options)
    alone = replay(Policy.from_text(text.replace("09:20", "09:30")), bars, entries, options=options)
    assert alone.trades[0].exited is not None
    assert [row.held for row in found.rows] == [0, 0]


def test_the_compiled_loop_gives_what_the_plain_one_gives(prices: Path, plain: Sweep) -> None:
    compiled = swept(prices, options=Options(looks="close", fill="open", native=True))
    assert compiled.native and not plain.native
    assert outcome(compiled) == outcome(plain)


def test_profits_are_rounded_alike_in_columns_and_one_by_one() -> None:
    rupees = [
        0.005,
        0.015,
        1.005,
        2.675,
        -0.125,
        -2.675,
        1e9 + 0.015,
        0.0,
        123.456,
        *(place / 1000 for place in range(-500, 500)),
    ]
    moments = [START + place % 7 * 1440 * MINUTE for place in range(len(rupees))]
    states = [(0.0, 1.0, 2.0, 3.0)[place % 4] for place in range(len(rupees))]
    instrument = SimpleNamespace(multiplier=1.0, scale=1)
    lists = {"o_state": states, "o_entered": moments, "o_until": [at + MINUTE for at in moments], "o_realised": rupees}
    bound: Any = SimpleNamespace(given=lists, instrument=instrument)
    columns: Any = SimpleNamespace(
        given={name: np.array(column) for name, column in lists.items()}, instrument=instrument
    )
    assert list(columns_by_day([columns, columns])) == list(by_day(row for _ in range(2) for row in trades_of(bound)))


# --- files read by part ---------------------------------------------------------------------------------------------


def test_a_symbol_is_read_alone_and_is_the_same(prices: Path, tmp_path: Path) -> None:
    mixed = table(*SYMBOLS)
    mixed = mixed.take(pa.array(sorted(range(mixed.num_rows), key=lambda row: (row % 180, row))))
    pq.write_table(mixed, tmp_path / "by_time.parquet", row_group_size=64)
    mixed = pa.concat_tables([mixed, table("WIPRO", days=1).take(pa.array(range(0, 60, 5)))])
    pq.write_table(mixed, tmp_path / "sparse.parquet", row_group_size=64)
    (sparse,) = (part for key, part in survey(tmp_path / "sparse.parquet").parts.items() if key.symbol == "WIPRO")
    assert next(iter(read_part(sparse).series.values())).length == MINUTE
    whole = read_bars(prices)
    for path in (prices, tmp_path / "by_time.parquet"):
        known = survey(path)
        assert known.feed_end == max(first + whole.series[key].length for key in whole.series
                                     for first in whole.series[key].table["at"].to_pylist())  # fmt: skip
        assert len(known.days) == 3
        for key, series in whole.series.items():
            (alone,) = read_part(known.parts[key]).series.values()
            assert (alone.key, alone.length) == (series.key, series.length)
            assert alone.table.equals(series.table)
    (group,) = survey(prices).parts[next(iter(whole.series))].files
    assert group.groups == (0, 1, 2, 3), "rows of others are read"


def test_what_is_odd_or_wrong_in_a_part_is_told_with_its_row_in_the_file(tmp_path: Path) -> None:
    bars = table("INFY", "TCS", days=1, minutes=20)
    rows = [*range(30), 29, *range(31, 40), 30]  # the bar of row 31 stands twice, one of row 32 stands last
    bars = bars.take(pa.array(rows))
    path = tmp_path / "odd.parquet"
    pq.write_table(bars, path, row_group_size=8)
    known = survey(path)
    tcs = next(key for key in known.parts if key.symbol == "TCS")
    told = [note for note in map(str, read_bars(path).notes) if "repeat" in note or "order" in note]
    assert [str(note) for note in read_part(known.parts[tcs]).notes] == told
    assert any("row 31" in note for note in told)

    low = bars["low"].to_pylist()
    low[35] = -1.0
    pq.write_table(bars.set_column(bars.schema.get_field_index("low"), "low", pa.array(low)), path, row_group_size=8)
    with pytest.raises(InputError) as whole:
        read_bars(path)
    with pytest.raises(InputError) as part:
        read_part(survey(path).parts[tcs])
    assert part.value.message == whole.value.message
    assert "row 36" in part.value.message


def test_a_file_that_changes_meanwhile_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "bars.parquet"
    pq.write_table(table("INFY"), path)
    (part,) = survey(path).parts.values()
    pq.write_table(table("TCS"), path)
    with pytest.raises(UnreadableFileError, match="has changed meanwhile"):
        read_part(part)


def test_prices_that_are_laid_out_for_all_workers_are_those_of_the_file(prices: Path, tmp_path: Path) -> None:
    part = next(part for key, part in survey(prices).parts.items() if key.symbol == "TCS")
    sharing = Sharing(part, str(tmp_path / "tcs.arrow"), "NSE", False, ("iv rank",))
    assert shared(part, sharing.path, []) is None  # not yet
    share(sharing)
    found, read = shared(part, sharing.path, ["iv rank"]), read_part(part)
    assert found is not None
    assert found.notes == read.notes
    assert found.series[part.key].length == read.series[part.key].length == MINUTE
    assert found.series[part.key].table == read.series[part.key].table
    assert shared(part, sharing.path, ["delta"]) is None, "a fact is missing"


# --- who does it ----------------------------------------------------------------------------------------------------


def test_a_killed_worker_loses_and_doubles_nothing(prices: Path, plain: Sweep) -> None:
    killed: list[int | None] = []

    def kill(done: int, whole: int) -> None:
        if done == 2:  # each is at a piece then, or about to begin with it
            (victim, *_) = multiprocessing.active_children()
            killed.append(victim.pid)
            victim.kill()

    assert outcome(swept(prices, jobs=2, progress=kill)) == outcome(plain)
    assert len(killed) == 1


@pytest.mark.filterwarnings("ignore")  # of the library, at its import and at the loss of a worker
def test_a_cluster_gives_the_same_and_survives_a_killed_worker(prices: Path, plain: Sweep, tmp_path: Path) -> None:
    with cluster(tmp_path, 2) as (address, workers):

        def kill(done: int, whole: int) -> None:
            if done == 5:
                workers[0].kill()
                workers[0].wait()

        found = swept(prices, scheduler=address, progress=kill)
        assert workers[0].returncode and workers[1].poll() is None
    assert outcome(found) == outcome(plain)


def test_no_scheduler_at_an_address_is_said(prices: Path) -> None:
    with pytest.raises(UsageError, match="no scheduler answers at `nowhere`"):
        swept(prices, scheduler="nowhere")


def test_a_stopped_sweep_is_taken_up_again(prices: Path, plain: Sweep, tmp_path: Path) -> None:
    keep = tmp_path / "sweep.parquet.partial"
    reached: list[int] = []

    def stop(done: int, whole: int) -> None:
        if done == 5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        swept(prices, keep=keep, progress=stop)
    with pytest.raises(UsageError, match="was not finished"):
        swept(prices, keep=keep)
    with pytest.raises(UsageError, match="begun with other values"):
        swept(prices, keep=keep, resume=True, values={"gap": "1%"})
    with pytest.raises(UsageError, match="begun with other entries"):
        swept(prices, keep=keep, resume=True, quantity=7)
    found = swept(prices, keep=keep, resume=True, progress=lambda done, whole: reached.append(done))
    assert outcome(found) == outcome(plain)
    assert reached[0] == 5 and reached[-1] == len(reached) + 4
    assert not keep.exists()


def test_a_frame_does_as_well_as_a_file(plain: Sweep) -> None:
    assert swept(table(*SYMBOLS)).cells == plain.cells
