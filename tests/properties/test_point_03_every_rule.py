"""Point 3: every rule is evaluated against the snapshot; the rules that hold are candidates."""

from __future__ import annotations

from attrs import evolve
from hypothesis import given, settings

from rulekit.compile.policy import compile_policy
from rulekit.engine.decide import decide
from tests.properties.strategies import Case, cases


@settings(max_examples=80, deadline=None)
@given(cases)
def test_the_trace_accounts_for_every_rule_exactly_once(case: Case) -> None:
    decision = decide(case.policy, case.snapshot, case.memory)
    told = [action.rule for action in decision.actions]
    told += [passed.rule for passed in decision.passed_over] + [waiting.rule for waiting in decision.not_yet]
    named = [rule for rule in told if rule not in ("stop", "target")]
    assert sorted(named) == sorted(rule.name for rule in case.policy.rules)


@settings(max_examples=60, deadline=None)
@given(cases)
def test_whether_a_rule_holds_does_not_depend_on_its_neighbours(case: Case) -> None:
    rules = list(case.policy.tree.rules)
    case.draw.shuffle(rules)
    shuffled = compile_policy(evolve(case.policy.tree, rules=tuple(rules)))
    # An amount that is unknown is met only when the rule's turn comes, so rules that hold are left out.
    remembered = case.memory.get
    holding = {rule.name for rule in case.policy.rules if rule.predicate(case.snapshot, remembered(rule.name))}
    first, second = (
        {item.rule: item.why for item in decide(policy, case.snapshot, case.memory).not_yet if item.rule not in holding}
        for policy in (case.policy, shuffled)
    )
    assert first == second
