"""Goes through the looks of replayed trades again on real prices, and holds the engine to what the loop recorded.

`python -m tests.soak.retold [SYMBOLS]` prints one line a symbol and way of looking; it ends with 1 where a recorded
action is not decided again, or effects do not add up.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from rulekit.replay.divergence import done_by
from rulekit.replay.effects import effects_of
from rulekit.replay.studying import study
from rulekit.runtime.policy import Policy
from tests.replay.test_replay import EVERYTHING

DATA = Path(__file__).resolve().parents[3] / "shared" / "data" / "nse_minutes.parquet"
WAYS = (
    {"looks": "live", "fill": "last"},
    {"looks": "path", "fill": "touch", "path": "stop-first"},
    {"looks": "path", "fill": "open"},
    {"looks": "close", "fill": "open"},
    {"looks": "close", "fill": "last"},
)


def tried(bars: pa.Table, way: dict[str, str]) -> tuple[int, int, list[str]]:
    """Return how many trades and actions were gone through, and what was wrong."""
    found = study(
        Policy.from_text(EVERYTHING), bars, enter="every 45 bars", quantity=1000, product="NRML", skip_bad=True, **way
    )
    wrong, actions = [], 0
    for trade in found.trades:
        teller = found.teller(trade.row)
        # at the close a stop within the bar is reached without a look
        done = [one for one in done_by(trade) if way["looks"] != "close" or one.rule not in ("stop", "target")]
        decided = {
            (int(seen.state["s_now"]), action.rule, action.kind, action.quantity or 0, action.stop or 0.0)
            for seen in teller.looks(trade.row, {one.at for one in done})
            for action in teller.decision(seen, trade)[1].actions
        }
        for one in done:
            actions += 1
            cause = (one.at, one.rule, one.kind, one.quantity, one.price)
            if cause not in decided and one.rule != "square-off by the broker":
                wrong.append(f"{trade.key.symbol} {trade.row}: {cause} is not decided again")
        alone = found.left_alone[trade.row]
        told = sum(each.against_holding or 0.0 for each in effects_of(trade, alone))
        if abs(told - (trade.profit - alone.profit)) > 0.011:
            wrong.append(f"{trade.key.symbol} {trade.row}: {told} is not {trade.profit - alone.profit}")
    return len(found.trades), actions, wrong


def main() -> int:
    """Try symbols one after another."""
    whole = pq.read_table(DATA)
    symbols = pc.unique(whole["symbol"]).to_pylist()[: int(sys.argv[1]) if len(sys.argv) > 1 else 5]
    bad = 0
    for symbol in symbols:
        bars = whole.filter(pc.equal(whole["symbol"], symbol))
        for way in WAYS:
            trades, actions, wrong = tried(bars, way)
            bad += len(wrong)
            print(
                symbol, *way.values(), f"{trades} trades, {actions} actions, {len(wrong)} wrong", *wrong[:3], flush=True
            )
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
