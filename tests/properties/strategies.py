"""Random policies, positions and memories for properties, each drawn from one seed, so that it can be repeated."""

from __future__ import annotations

from random import Random
from typing import NamedTuple

from hypothesis import strategies as st

from rulekit.compile.policy import CompiledPolicy, compile_policy
from rulekit.model.decision import Memory
from rulekit.model.snapshot import Snapshot
from tests.compile.policies import random_memory, random_policy, random_snapshot


class Case(NamedTuple):
    """A policy, a position, and what its rules remember."""

    policy: CompiledPolicy
    snapshot: Snapshot
    memory: Memory
    draw: Random


def case(seed: int, rules: int = 6) -> Case:
    draw = Random(seed)
    policy = compile_policy(random_policy(draw, rules))
    snapshot = random_snapshot(draw)
    return Case(policy, snapshot, random_memory(draw, [rule.name for rule in policy.rules], snapshot), draw)


cases = st.integers(0, 10**9).map(case)
