"""The same prices through a live run on paper and through a replay: the same decisions at the same moments."""

from __future__ import annotations

from pathlib import Path

import pyarrow.parquet as pq
import pytest

from rulekit.execution.journal import read_journal
from rulekit.execution.summary import summarise
from rulekit.model.instant import parse_instant
from rulekit.model.instrument import InstrumentKey
from rulekit.replay import study
from rulekit.replay.entries import Entry
from rulekit.runtime.policy import Policy
from tests.replay.live import decided_in_replay, decided_live, differences, entries_over

POLICY = """
policy "Everything at once"
FIRST: book 50% at 0.5% profit
SCALE: add 25% at 0.3% profit when momentum over 15 minutes is at least 0.1%, once a day
BE: move stop to break-even at 0.4% profit
TR: trail stop 0.6% when profit is at least 0.2%
VOL: tighten stop to 0.3% from price when volatility is at least 1.5 times normal
LOCK: lock in 40% of peak profit after 2 hours
TGT: set target to 1.5% profit
LONGL: exit when loss is at least 0.2% for 5 minutes
CROSS: book 10% when price crosses above vwap, up to 2 times
TOLD: alert "up" at 0.3% profit
LATE: exit at 15:15
"""


@pytest.mark.parametrize(
    ("name", "symbols", "rows", "product"),
    [("nse_minutes.parquet", ["SBIN", "NIFTY"], 1200, "MIS"), ("nse_ticks.parquet", ["NIFTY"], 4000, "NRML")],
)
def test_a_slice_of_real_prices(
    shared_data: Path, tmp_path: Path, name: str, symbols: list[str], rows: int, product: str
) -> None:
    import pyarrow as pa
    import pyarrow.compute as pc

    whole = pq.read_table(shared_data / name)
    parts = [whole.filter(pc.equal(whole["symbol"], symbol)).slice(0, rows) for symbol in symbols]
    feed = tmp_path / "slice.parquet"
    pq.write_table(pa.concat_tables(parts), feed)
    entries = entries_over(feed, days=1, product=product)
    policy = Policy.from_text(POLICY)
    live = decided_live(policy, feed, entries, tmp_path)
    replayed = decided_in_replay(policy, feed, entries, native=False)
    assert len(live) > 10
    assert differences(live, replayed) == []


def test_what_books_and_adds_earned_is_told_alike_live_and_in_a_replay(tmp_path: Path) -> None:
    prices = (100, 100, 103, 103, 106, 106, 108, 108, 104, 104, 101, 101, 99, 99, 98, 98)
    lines = [f"2021-01-04T10:{n // 2:02}:{30 * (n % 2):02}+05:30,INFY,{price}.00,{n}" for n, price in enumerate(prices)]
    feed = tmp_path / "ticks.csv"
    feed.write_text("\n".join(["time,symbol,ltp,volume", *lines, ""]), encoding="utf-8")
    policy = Policy.from_text(
        "MORE: add 50% at 3% profit\nHALF: book 50% when price is at least ₹108\nX: exit when price is at most ₹99"
    )
    opened = parse_instant("2021-01-04T10:00:00+05:30")
    entry = Entry(InstrumentKey("NSE", "INFY"), 1, 100, opened, 10_000.0, 9_000.0, "NRML")
    decided_live(policy, feed, [entry], tmp_path)
    told = {rule.rule: rule.effect for rule in summarise(read_journal(tmp_path / "live.journal"))}
    found = study(policy, feed, [entry], product="NRML", native=False)
    assert {rule.rule: rule.effect for rule in found.rules if rule.fills} == told
    assert told["MORE"] and told["HALF"] and told["X"] is None
