"""Tables of outside engines, each case written as a policy and a replay: `python -m tests.replay.cases [FILE…]`."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from attrs import frozen

from tests.replay.saying import CannotSayError

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data"
FILES = ("stop_and_target_cases.json", "trailing_cases.json")

MATCHED, CANNOT, MISMATCH = "matched", "can't be expressed", "mismatch"


@frozen
class Verdict:
    """What became of one case: one of the three words, and why."""

    case: str
    word: str
    why: str = ""


def verdicts(path: Path) -> Iterator[Verdict]:
    """Judge every case of a file, whatever its tables are called."""
    from tests.replay import bar_cases, trailing_cases

    table = json.loads(path.read_text(encoding="utf-8"))
    judges: dict[str, Callable[[Mapping[str, Any]], list[str]]] = {
        "vectorbt": trailing_cases.judge_orders,
        "lean_trailing": trailing_cases.judge_drawdown,
        "nautilus_trailing": trailing_cases.judge_step,
    }
    if "cases" in table:
        yield from _judged("bars", table["cases"], bar_cases.judge)
    for name, judge in judges.items():
        if name in table:
            yield from _judged(name, table[name]["cases"], judge)


def _judged(
    table: str, cases: Sequence[Mapping[str, Any]], judge: Callable[[Mapping[str, Any]], list[str]]
) -> Iterator[Verdict]:
    for number, case in enumerate(cases, start=1):
        name = f"{table} {number} {case.get('case') or case.get('name') or case.get('test') or ''}".strip()
        try:
            wrong = judge(case)
        except CannotSayError as reason:
            yield Verdict(name, CANNOT, str(reason))
            continue
        yield Verdict(name, MISMATCH, "; ".join(wrong)) if wrong else Verdict(name, MATCHED)


def main(arguments: Sequence[str]) -> int:
    """Print each case's verdict and the sums."""
    paths = [Path(text) for text in arguments] or [SHARED / name for name in FILES]
    counts: Counter[str] = Counter()
    reasons: Counter[str] = Counter()
    for path in paths:
        for verdict in verdicts(path):
            counts[verdict.word] += 1
            if verdict.word == CANNOT:
                reasons[verdict.why] += 1
            print(f"{verdict.word:<20} {verdict.case}" + (f": {verdict.why}" if verdict.why else ""))
    print()
    for why, count in reasons.most_common():
        print(f"{count:>4} can't be expressed: {why}")
    print(f"matched {counts[MATCHED]}, can't be expressed {counts[CANNOT]}, mismatch {counts[MISMATCH]}")
    return 1 if counts[MISMATCH] else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
