"""A fact of a plug-in has the same values in a replay as in a live run over the same prices, real ones."""

from __future__ import annotations

from math import isnan
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from rulekit.errors import InputError
from rulekit.market.underlying import underlying_of
from rulekit.model.instrument import InstrumentKey
from rulekit.replay import Options, read_bars, replay
from rulekit.replay.plugged import with_plugged_facts
from rulekit.replay.sweep import sweep
from rulekit.runtime.policy import Policy
from tests.plugins.packages import fact, install
from tests.replay.live import decided_in_replay, decided_live, differences, entries_over

SOURCE = """
def reach(bars, window):
    found = []
    for place in range(len(bars)):
        first = place + 1 - window
        low, high = min(bars.low[max(first, 0):place + 1]), max(bars.high[max(first, 0):place + 1])
        found.append((high - low) / bars.close[place] * 100 if first >= 0 else nan)
    return found

REACH = FactPlugin(name="reach", unit="%", help="high less low of the window", unknown="early", low=0, windowed=True,
                   example="exit when reach over 10 bars is above 1%", compute=reach)
TRADED = FactPlugin(name="traded", unit="count", help="volume of the bar", unknown="without volume", low=0,
                    example="exit when traded is above 100", compute=lambda bars, window: bars.volume)
SPOT = FactPlugin(name="spot", unit="price", help="price of the underlying", unknown="none", needs=("underlying",),
                  example="exit when spot is above ₹100", compute=lambda bars, window: bars.underlying)
"""


@pytest.fixture
def words(site: Path) -> None:
    install(site, "reach-words", SOURCE, {"reach": "REACH", "traded": "TRADED", "spot": "SPOT"})


@pytest.mark.parametrize(
    ("name", "symbols", "rows"),
    [("nse_minutes.parquet", ["SBIN"], 360), ("nse_ticks.parquet", ["NIFTY"], 2000)],
)
def test_the_same_decisions_live_and_in_a_replay(
    words: None, shared_data: Path, tmp_path: Path, name: str, symbols: list[str], rows: int
) -> None:
    whole = pq.read_table(shared_data / name)
    feed = tmp_path / "slice.parquet"
    pq.write_table(
        pa.concat_tables([whole.filter(pc.equal(whole["symbol"], each)).slice(0, rows) for each in symbols]), feed
    )
    policy = Policy.from_text(
        "OUT: book 50% when reach over 10 bars is above 0.2%\n"
        "IN: add 10% when reach is at most 0.15%, up to 2 times\n"
        "BE: tighten stop to 0.3% from price when reach over 5 minutes is at least 0.1%\n"
        "BUSY: exit when traded is above 400000\n"
        "LATE: exit at 14:15\n"
    )
    entries = entries_over(feed, days=1, product="NRML")
    live = decided_live(policy, feed, entries, tmp_path)
    assert len(live) > 3
    assert {"OUT", "BE"} <= {rule for *_, rule, _ in live}
    assert differences(live, decided_in_replay(policy, feed, entries, native=False)) == []


def test_a_sweep_sees_what_a_replay_sees(words: None, tmp_path: Path) -> None:
    option, feed = "NIFTY26NOV24000CE", tmp_path / "bars.parquet"
    index = [24000.0 + 10 * place for place in range(40)]
    pq.write_table(bars_of({option: [200.0 - place for place in range(40)], "NIFTY 50": index}, "NFO"), feed)
    sold = [{"symbol": option, "exchange": "NFO", "side": "short", "quantity": 10, "at": "2026-11-20T09:15:00+05:30"}]
    policy = Policy.from_text("set level to ₹24,200\nexit when spot is at least level")
    (trade,) = replay(policy, read_bars(feed), sold, native=False).trades
    assert trade.exited is not None
    outcome = sweep(
        policy, feed, sold, values={"level": ["₹24,100", "₹24,200", "₹90,000"]}, options=Options(native=False)
    )
    assert [row.trades for row in outcome.rows] == [1, 1, 1]
    assert outcome.rows[1].profit == trade.profit and len({row.profit for row in outcome.rows}) == 3


# --- columns ---------------------------------------------------------------------------------------------------


def bars_of(prices: dict[str, list[float]], exchange: str, day: str = "2026-11-20") -> pa.Table:
    """Return minutes from 09:15 on, of each symbol at its closes."""
    rows = [
        {
            "symbol": symbol,
            "exchange": "NSE" if " " in symbol else exchange,
            "time": f"{day}T09:{15 + place}:00+05:30",
            **dict.fromkeys(("open", "high", "low", "close"), price),
            "volume": 100.0 + place,
        }
        for symbol, closes in prices.items()
        for place, price in enumerate(closes)
    ]
    return pa.Table.from_pylist(rows)


def column(text: str, table: pa.Table, key: InstrumentKey, phrase: str) -> list[float | None]:
    policy = Policy.from_text(text).compiled
    from rulekit.model.calendar import default

    bars = with_plugged_facts(read_bars(table, facts=[phrase]), [policy], (), default())
    found: list[float | None] = bars.series[key].table[f"fact {phrase}"].to_pylist()
    return [None if value is None or isnan(value) else value for value in found]


def test_a_bar_sees_the_value_of_the_bar_before_it(words: None) -> None:
    table = bars_of({"INFY": [100.0, 101.0, 102.0, 103.0]}, "NSE")
    found = column("exit when traded is above 5", table, InstrumentKey("NSE", "INFY"), "traded")
    assert found == [None, 100.0, 101.0, 102.0]


def test_an_option_sees_its_index(words: None) -> None:
    option = "NIFTY26NOV24000CE"
    table = bars_of({option: [200.0, 201.0, 202.0, 203.0], "NIFTY 50": [24000.0, 24010.0, 24020.0, 24030.0]}, "NFO")
    found = column("exit when spot is above ₹5", table, InstrumentKey("NFO", option), "spot")
    assert found == [None, 24000.0, 24010.0, 24020.0]
    alone = table.filter(pc.equal(table["symbol"], option))
    sold = [{"symbol": option, "exchange": "NFO", "side": "short", "quantity": 10, "at": "2026-11-20T09:15:00+05:30"}]
    notes = replay(Policy.from_text("exit when spot is above ₹5"), alone, sold, native=False).notes
    assert any("`spot` is unknown: it needs the price of NSE:NIFTY 50" in note.what for note in notes)
    assert column("exit when spot is above ₹5", alone, InstrumentKey("NFO", option), "spot") == [None] * 4


def test_an_index_that_falls_silent_is_unknown_after_two_bars(words: None) -> None:
    option = "NIFTY26NOV24000CE"
    table = bars_of({option: [200.0 + place for place in range(7)], "NIFTY 50": [24000.0, 24010.0]}, "NFO")
    found = column("exit when spot is above ₹5", table, InstrumentKey("NFO", option), "spot")
    assert found == [None, 24000.0, 24010.0, 24010.0, 24010.0, None, None]


def test_a_column_of_the_bars_goes_before_the_plug_in(words: None) -> None:
    table = bars_of({"INFY": [100.0, 101.0]}, "NSE").append_column("traded", pa.array([7.0, 8.0]))
    assert column("exit when traded is above 5", table, InstrumentKey("NSE", "INFY"), "traded") == [7.0, 8.0]


def test_what_a_plug_in_cannot_compute_is_unknown_and_noted_once(site: Path) -> None:
    install(site, "bad-day-words", "X = " + fact("never there", "1 / 0"), {"never_there": "X"})
    table = pa.concat_tables(
        [bars_of({"INFY": [100.0] * 5}, "NSE"), bars_of({"INFY": [100.0] * 5}, "NSE", "2026-11-23")]
    )
    entries = [{"symbol": "INFY", "side": "long", "quantity": 10, "at": "2026-11-20T09:15:00+05:30"}]
    outcome = replay(Policy.from_text("exit when never there is above 1%"), table, entries, native=False)
    assert outcome.trades[0].exited is None
    assert [note.what for note in outcome.notes if "plug-in" in note.what] == [
        "the plug-in `bad-day-words` raised ZeroDivisionError: division by zero for `never there`, which is unknown"
    ]


TWO = bars_of({"INFY": [1.0, 2.0]}, "NSE")


def test_a_fact_that_nobody_computes_is_refused_as_before() -> None:
    with pytest.raises(InputError, match="bars do not tell it"):
        replay(
            Policy.from_text("exit when margin used is above ₹5"), bars_of({"INFY": [1.0]}, "NSE"), enter="every 5 bars"
        )


@pytest.mark.parametrize(
    ("symbol", "exchange", "index"),
    [
        ("NIFTY26NOV24500CE", "NFO", "NSE:NIFTY 50"),
        ("NIFTY26N2424500PE", "NFO", "NSE:NIFTY 50"),
        ("BANKNIFTY26NOVFUT", "NFO", "NSE:NIFTY BANK"),
        ("RELIANCE26NOV1400CE", "NFO", "NSE:RELIANCE"),
        ("M&M26DECFUT", "NFO", "NSE:M&M"),
        ("BAJAJ-AUTO26NOV9000PE", "NFO", "NSE:BAJAJ-AUTO"),
        ("SENSEX2611285000CE", "BFO", "BSE:SENSEX"),
        ("RELIANCE", "NSE", ""),
        ("GOLD26DECFUT", "MCX", ""),
        ("ODDITY", "NFO", ""),
    ],
)
def test_what_a_derivative_is_written_on(symbol: str, exchange: str, index: str) -> None:
    found = underlying_of(InstrumentKey(exchange, symbol))
    assert (found and f"{found.exchange}:{found.symbol}") == (index or None)
