"""The same prices through a live run on paper and through a replay: the same decisions at the same moments."""

from __future__ import annotations

from pathlib import Path

import pyarrow.parquet as pq
import pytest

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
