"""Harms the files of a journal in every way that a disk can, and looks at what a restart makes of it.

    python -m tests.soak.storage --cuts 400 --flips 300

A day on paper is killed in the middle; its files are cut, flipped, deleted or replaced by older ones; then it goes on
to the end. Either it is stopped with a sentence and sends nothing, or everything is as on the day that nothing happened
to: the same orders in the broker's true book, the same history. Then the same over the localhost Kite.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections import Counter
from pathlib import Path

from attrs import define, field

from tests.soak.storage_disk import full_disk, read_only, taken_away
from tests.soak.storage_harms import harms
from tests.soak.storage_kite import HARMS, play
from tests.soak.storage_paper import Outcome, PaperWorld


@define
class Table:
    """How often each harm came to what, with a sentence for an example."""

    counts: Counter[tuple[str, str]] = field(factory=Counter)
    example: dict[tuple[str, str], str] = field(factory=dict)
    wrong: list[str] = field(factory=list)

    def add(self, kind: str, what: str, outcome: Outcome) -> None:
        at = (kind, outcome.kind)
        self.counts[at] += 1
        self.example.setdefault(at, outcome.said)
        self.wrong += [f"{kind} {what}: {outcome.kind}: {text}" for text in outcome.wrong]

    def print(self) -> None:
        for (kind, came_to), count in self.counts.items():
            said = self.example[kind, came_to]
            print(f"{count:5} × {kind:45} {came_to:9} {_short(said)}")


def _short(said: str) -> str:
    words = [word if "/" not in word else "`…`" for word in said.split()]
    return " ".join(words)[:140]


def on_paper(folder: Path, table: Table, *, cuts: int, flips: int) -> None:
    """Harm the journal of a day on paper."""
    world = PaperWorld(folder)
    for number, harm in enumerate(harms(world.late, world.early, folder / "scratch", cuts=cuts, flips=flips)):
        table.add(f"paper: {harm.kind}", harm.what, world.restart(harm.make(), f"trial{number}"))
    for how in ("alone", "with its companions", "replaced"):
        name = f"gone {how}"
        table.add("paper: journal taken away while in use", how, taken_away(world, folder / name, how))
    for kind, trial in (("paper: disk full", full_disk), ("paper: read-only disk", read_only)):
        outcome = trial(world, folder / kind[7:])
        if outcome is None:
            print(f"    no {kind}: a file system of its own cannot be mounted here")
        else:
            table.add(kind, "", outcome)


def on_kite(folder: Path, table: Table) -> None:
    """Harm the journal of an account before the localhost Kite."""
    for number, (kind, (expected, harm)) in enumerate(HARMS.items()):
        outcome = play(folder / f"kite{number}", harm)
        if outcome.kind != expected:
            outcome.wrong.append(f"it should have been: {expected}")
        table.add(f"kite: {kind}", "", outcome)


def main() -> int:
    """Harm, print the table, and return 0 only if nothing wrong was sent and nothing passed in silence."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cuts", type=int, default=400)
    parser.add_argument("--flips", type=int, default=300)
    parser.add_argument("--no-kite", action="store_true")
    given = parser.parse_args()
    began, table = time.monotonic(), Table()
    with tempfile.TemporaryDirectory() as name:
        on_paper(Path(name) / "paper", table, cuts=given.cuts, flips=given.flips)
        if not given.no_kite:
            on_kite(Path(name) / "kite", table)
    table.print()
    for text in table.wrong:
        print(f"  WRONG {text}")
    total = sum(table.counts.values())
    print(f"{total} harms, {len(table.wrong)} wrong, {time.monotonic() - began:.0f} s")
    return bool(table.wrong)


if __name__ == "__main__":
    raise SystemExit(main())
