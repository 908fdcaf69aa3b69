"""Random replays with and without passing over boxes: `python -m tests.soak.replay_passing [FIRST LAST] [native]`.

It prints every seed at which the two differ, and how often the policies were asked.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from tests.replay.passing import draw_replay, outcome_of


def main(arguments: Sequence[str]) -> int:
    """Compare seed by seed."""
    numbers = [int(text) for text in arguments if text.isdecimal()] or [0, 500]
    done, wrong, told, asked = 0, 0, 0, [0, 0]
    for seed in range(numbers[0], numbers[-1]):
        drawn = draw_replay(seed, 900, native="native" in arguments)
        found, wanted = outcome_of(drawn, passing=True), outcome_of(drawn, passing=False)
        if found is None or wanted is None:
            continue
        done += 1
        told += sum(len(trade.fills) + len(trade.marks) for trade in wanted[0].trades)
        asked = [asked[0] + found[1], asked[1] + wanted[1]]
        if repr(found[0].trades) != repr(wanted[0].trades):
            wrong += 1
            print(f"seed {seed} differs: {drawn.options.looks}, {drawn.options.path}, {drawn.options.fill}")
            for one, other in zip(found[0].trades, wanted[0].trades, strict=True):
                if repr(one) != repr(other):
                    print(f"  {one}\n  {other}")
            sys.stdout.flush()
    print(f"{done} replays, {told} fills and marks, {wrong} differ; asked {asked[0]:,} times instead of {asked[1]:,}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
