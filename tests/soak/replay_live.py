"""The whole of real prices through live runs on paper and replays: `python -m tests.soak.replay_live [FILE…]`.

It prints for each file how many decisions both made, and every one that only one of them made.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import pyarrow.parquet as pq

from rulekit.runtime.policy import Policy
from tests.replay.live import decided_in_replay, decided_live, differences, entries_over
from tests.replay.test_same_as_live import POLICY

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data"


def main(arguments: Sequence[str]) -> int:
    """Compare file by file, with intraday positions and with positions that are held."""
    paths = [Path(text) for text in arguments] or sorted(SHARED.glob("*.parquet"))
    wrong = 0
    for path in paths:
        # indices have no volume, and without one there is no vwap
        has_volume = any("volume" in name for name in pq.read_schema(path).names)
        text = POLICY if has_volume else POLICY.replace("crosses above vwap", "crosses above entry")
        policy = Policy.from_text(text)
        for product, days in (("MIS", 2), ("NRML", 3)):
            entries = entries_over(path, days=days, product=product)
            begun = time.perf_counter()
            with tempfile.TemporaryDirectory() as folder:
                live = decided_live(policy, path, entries, Path(folder))
            middle = time.perf_counter()
            replayed = decided_in_replay(policy, path, entries)
            seconds = f"{middle - begun:.0f} s live, {time.perf_counter() - middle:.0f} s replayed"
            found = differences(live, replayed)
            wrong += len(found)
            print(
                f"{path.name} {product}: {len(entries)} entries, {len(live)} decisions, {len(found)} differ; {seconds}"
            )
            for one in found[:40]:
                print(f"  {one}")
            sys.stdout.flush()
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
