"""A seeded share of the long trial: proofs about random policies against the evaluator and the solver."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.soak.proofs import faults

SEEDS = range(40_000, 40_024)


@pytest.mark.parametrize("seed", SEEDS)
def test_no_position_refutes_a_proof(seed: int) -> None:
    assert list(faults(seed, Counter())) == []
