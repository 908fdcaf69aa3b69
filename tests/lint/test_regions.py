"""Regions are exact: a snapshot lies in a rule's region just where the rule's own predicate holds."""

from __future__ import annotations

from random import Random

import pytest

from rulekit.compile.predicate import Predicate, opposite
from rulekit.lint.meaning import Meaning
from rulekit.lint.regions import Budget, contains
from rulekit.lint.terms import Every
from tests.compile.policies import random_policy, random_snapshot
from tests.lint.oracle import point_of


@pytest.mark.parametrize("seed", range(60))
def test_regions_and_predicates_agree_on_any_snapshot(seed: int) -> None:
    draw = Random(seed)
    tree = random_policy(draw, 6)
    meaning = Meaning(tree, budget=Budget(10**9))
    for _ in range(40):
        snapshot = random_snapshot(draw)
        point = point_of(meaning, snapshot)
        for rule in tree.rules:
            truth = Predicate(rule)(snapshot)
            whole = Every(tuple(part.term for part in meaning.parts[rule.name]))
            assert contains(meaning.true(whole), point) is (truth is True), (rule, snapshot)
            assert contains(meaning.false(whole), point) is (opposite(truth) is True), (rule, snapshot)
