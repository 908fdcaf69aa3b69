"""Times vectorbt over bars of a Parquet file; run by `tests.benchmarks.replay` with a Python that has vectorbt.

It needs nothing of this project: a trailing stop and a target, entered every 50 bars when flat.
"""

from __future__ import annotations

import json
import sys
import time

TRAIL, TARGET, EVERY = 0.005, 0.01, 50


def main(path: str) -> None:
    """Print the seconds of the best run, the trades and their profit."""
    import numpy as np
    import pandas as pd
    import vectorbt as vbt

    frame = pd.read_parquet(path)
    entries = pd.Series(np.arange(len(frame)) % EVERY == 0, index=frame.index)
    seconds = []
    for _ in range(6):
        begun = time.thread_time()
        portfolio = vbt.Portfolio.from_signals(
            frame["close"], entries, open=frame["open"], high=frame["high"], low=frame["low"], price=frame["open"],
            size=100.0, init_cash=1e9, sl_stop=TRAIL, sl_trail=True, tp_stop=TARGET, freq="1min",
        )  # fmt: skip
        records = portfolio.order_records
        seconds.append(time.thread_time() - begun)
    trades = portfolio.trades.records
    print(json.dumps({"seconds": min(seconds[1:]), "orders": len(records), "trades": len(trades),
                      "profit": float(trades["pnl"].sum()), "version": vbt.__version__}))  # fmt: skip


if __name__ == "__main__":
    main(sys.argv[1])
