"""Random policies, positions and memories for properties, each drawn from one seed, so that it can be repeated."""

from __future__ import annotations

from functools import lru_cache
from random import Random
from typing import NamedTuple

from attrs import evolve
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


@lru_cache(None)
def one_of_the_policies(number: int) -> CompiledPolicy:
    """Return one of a fixed number of random policies; compiling each example anew would cost more than judging it."""
    return compile_policy(random_policy(Random(number), 6))


@lru_cache(None)
def alone(policy: CompiledPolicy, index: int) -> CompiledPolicy:
    """Return a policy of only one of its rules."""
    return compile_policy(evolve(policy.tree, rules=(policy.tree.rules[index],)))


def case(seed: int) -> Case:
    draw = Random(seed)
    policy = one_of_the_policies(seed % 80)
    snapshot = random_snapshot(draw)
    return Case(policy, snapshot, random_memory(draw, policy.tree.rules, snapshot), draw)


cases = st.integers(0, 10**9).map(case)
