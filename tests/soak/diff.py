"""Compares random pairs of policies and holds every answer against brute force.

    python -m tests.soak.diff --pairs 400 --seed 1

Half of the pairs are over few facts, against a grid of positions; half are random policies of the whole language with
one number or word changed, against random positions and memories. Whatever is called the same must be the same there,
and every witness must hold before the slow reference evaluator.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from random import Random

from attrs import evolve

from rulekit.compile.policy import CompiledPolicy, compile_policy
from rulekit.difference.compare import Difference, compare
from rulekit.engine import thresholds, wordings
from rulekit.engine.decide import decide
from rulekit.language import tree as t
from tests.compile.policies import random_memory, random_policy, random_snapshot
from tests.difference.grid import broken_witnesses, grid_difference, random_pair

POSITIONS = 600


def mutant(tree: t.PolicyTree, draw: Random) -> t.PolicyTree | None:
    """Return a policy with one number or word changed."""
    numbers = [
        thresholds._with(tree, key, leaf, other)
        for key, (leaf, _) in thresholds._numbers(tree).items()
        for other in thresholds._variants(leaf)
    ]
    found = [*numbers, *(changed for *_, changed in wordings._changed_trees(tree))]
    return draw.choice(found) if found else None


def differs_somewhere(old: CompiledPolicy, new: CompiledPolicy, draw: Random) -> bool:
    """Try random positions and memories."""
    for _ in range(POSITIONS):
        snapshot = random_snapshot(draw)
        remembered = random_memory(draw, old.tree.rules, snapshot)
        # What conditions remember stands under their own words, which may be others in the new policy.
        plain = {name: evolve(each, marks=()) for name, each in remembered.items()}
        for memory in ({}, plain):
            done = [
                [(each.rule, each.kind, each.quantity, each.stop) for each in decide(policy, snapshot, memory).actions]
                for policy in (old, new)
            ]
            if done[0] != done[1]:
                return True
    return False


def one(seed: int) -> tuple[Difference, CompiledPolicy, CompiledPolicy, bool] | None:
    """Compare one pair; tell what was found and whether brute force finds a difference."""
    draw = Random(seed)
    if seed % 2:
        old, new = random_pair(draw)
        return compare(old, new), old, new, grid_difference(old, new) is not None
    tree = random_policy(draw, 2)
    other = mutant(tree, draw)
    if other is None:
        return None
    old, new = compile_policy(tree), compile_policy(other)
    return compare(old, new), old, new, differs_somewhere(old, new, draw)


def main() -> int:
    """Run the soak; return 1 if an answer was wrong."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--pairs", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    seen: Counter[str] = Counter()
    for seed in range(arguments.seed, arguments.seed + arguments.pairs):
        outcome = one(seed)
        if outcome is None:
            continue
        difference, old, new, differs = outcome
        says = bool(difference.changes)
        seen[f"{'differ' if says else 'same'}, brute force: {'differ' if differs else 'same'}"] += 1
        broken = broken_witnesses(difference, old, new)
        if (differs and not says) or broken:
            seen["wrong"] += 1
            print(f"seed {seed}: {'called the same' if not says else 'witness'} {broken}", flush=True)
    print(", ".join(f"{count} {name}" for name, count in sorted(seen.items())))
    return 1 if seen["wrong"] else 0


if __name__ == "__main__":
    sys.exit(main())
