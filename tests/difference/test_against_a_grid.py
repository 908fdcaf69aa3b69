"""What is called the same is the same on a grid of positions, and every witness holds before the slow reference."""

from __future__ import annotations

from collections import Counter
from random import Random

from rulekit.difference.compare import compare
from tests.difference.grid import broken_witnesses, grid_difference, random_pair


def test_pairs_that_are_called_the_same_are_the_same_on_a_grid() -> None:
    seen: Counter[tuple[bool, bool]] = Counter()
    for seed in range(10):
        old, new = random_pair(Random(seed))
        difference = compare(old, new)
        at = grid_difference(old, new)
        seen[bool(difference.whole), at is not None] += 1
        assert difference.whole or at is None, (seed, old.tree.source, new.tree.source, at)
        assert broken_witnesses(difference, old, new) == [], seed
        assert difference.changes or not difference.whole
    # Both kinds of pair were drawn, and no difference of the whole was made up.
    assert seen[True, True] >= 3 and seen[False, False] >= 3
