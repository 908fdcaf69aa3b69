"""Random policies, and every proof about them tried on many positions by the evaluator, and by the solver.

Run with `python -m tests.soak.proofs --policies 5000` from the project's root; `--first` begins at another seed.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Iterator
from random import Random

from rulekit.language.reading import check_text
from rulekit.language.tree import PolicyTree
from rulekit.lint import proofs as proving
from rulekit.lint.linked import asked
from rulekit.lint.proofs import Proofs, proofs_of, prove
from rulekit.lint.regions import Budget
from rulekit.lint.solver import installed
from rulekit.model.clock import stopwatch
from tests.compile.policies import random_policy
from tests.lint.books import book_policy_text, books, refuted_by_books
from tests.lint.claims import broken_witnesses, refuted, some_positions, unproved
from tests.lint.policies import lookback_policy_text, policy_text
from tests.lint.walks import refuted_by_walks, walks

POSITIONS = 40
WALKS = 10
TOLD_EVERY = 250


def policy(seed: int) -> PolicyTree:
    """Return a policy: as a trader writes them, from all nodes of the language, or resting on earlier looks."""
    draw = Random(seed)
    if seed % 3 == 2:
        return random_policy(draw, draw.choice((2, 4, 6)))
    write = policy_text if seed % 3 == 0 else lookback_policy_text
    text = write(draw, draw.choice((3, 6, 10)))
    if seed % 4 == 1:
        text += book_policy_text(draw, 3)
    checked = check_text(text)
    assert checked.tree is not None, checked.diagnostics[:2]
    return checked.tree


def faults(seed: int, counts: Counter[str]) -> Iterator[str]:
    """Yield what is wrong with the proofs about one policy."""
    tree, draw = policy(seed), Random(seed + 1)
    proving.forget()
    found = prove(tree, Budget())
    proofs = proofs_of(tree)
    counts["policies"] += 1
    snapshots = some_positions(proofs, draw, POSITIONS)
    counts["positions"] += len(snapshots)
    for code, proof in found:
        counts[f"{code} {proof.status}"] += 1
        yield from refuted(proofs, code, proof, snapshots)
        counts["witnesses"] += proof.shown is not None
    yield from broken_witnesses(proofs, found, as_text=seed % 6 == 0)
    yield from unproved(proofs, snapshots)
    if tree.book:
        counts["policies with rules for the whole book"] += 1
        yield from refuted_by_books(proofs.policy, found, books())
    walked = walks(proofs, draw, WALKS)
    counts["walks"] += len(walked)
    counts["looks of walks"] += sum(map(len, walked))
    yield from refuted_by_walks(proofs, found, walked)
    if installed() and seed % 6 == 0:
        yield from _solver(proofs, counts)


def _solver(proofs: Proofs, counts: Counter[str]) -> Iterator[str]:
    """Compare regions and witnesses with what the solver says of each rule."""
    for rule in proofs.tree.rules:
        possible = asked(proofs.meaning, rule).possible
        counts[f"solver says {possible}"] += 1
        if possible and not proofs.region(rule):
            yield f"the solver finds a position for `{rule.name}`, and it has no region"
        if possible is False and proofs.example_of(rule) is not None:
            yield f"the solver finds no position for `{rule.name}`, and there is one"
        if possible and proofs.example_of(rule) is None:
            counts["rules that can hold, without a position found"] += 1


def main() -> int:
    """Try as many policies as were asked for; print what was counted and every fault."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--policies", type=int, default=500)
    parser.add_argument("--first", type=int, default=0)
    given = parser.parse_args()
    counts: Counter[str] = Counter()
    begun, bad = stopwatch(), 0
    for seed in range(given.first, given.first + given.policies):
        for fault in faults(seed, counts):
            bad += 1
            print(f"seed {seed}: {fault}"[:1500], flush=True)
        if counts["policies"] % TOLD_EVERY == 0:
            print(f"{counts['policies']} policies, {bad} faults, {stopwatch() - begun:.0f} s", flush=True)
    print(f"{bad} faults, {stopwatch() - begun:.0f} s")
    for name, count in sorted(counts.items()):
        print(f"{count:9} {name}")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
