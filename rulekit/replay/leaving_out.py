"""What policies would have earned without one of their rules: the same entries replayed with its sentence taken out."""

from __future__ import annotations

from collections.abc import Sequence

from attrs import evolve

from rulekit.compile.policy import CompiledPolicy, compile_policy
from rulekit.language.reading import check_text
from rulekit.language.tree import Applies

ALONE = "LEFT_ALONE: exit when quantity is below 1\n"
"""A policy that never acts: the entry, its own stop, and the broker's square-off are left."""


def never_acting(applies: Applies) -> CompiledPolicy:
    """Return a policy that never acts, for given positions."""
    tree = check_text(ALONE, "no management").tree
    assert tree is not None
    return evolve(compile_policy(tree), applies=applies)


def without_rule(policies: Sequence[CompiledPolicy], rule: str) -> list[CompiledPolicy]:
    """Return policies without the rule of a name; one that has no other rule is left as one that never acts."""
    return [_without(policy, rule) for policy in policies]


def _without(policy: CompiledPolicy, rule: str) -> CompiledPolicy:
    kept = tuple(each for each in policy.tree.rules if each.name != rule)
    if len(kept) == len(policy.tree.rules):
        return policy
    if not kept:
        return never_acting(policy.applies)
    return compile_policy(evolve(policy.tree, rules=kept), policy.vocabulary)
