"""How often a rule fired may be stated under its name in any case, or under its sentence as the file has it."""

from __future__ import annotations

import pytest

from rulekit.engine.stated_memory import named_memory
from rulekit.model.decision import RuleMemory
from rulekit.runtime.policy import Policy

POLICY = """set goal to 15%
book half at goal profit  # the first
  after 30 min
"My Rule": book 25 pct at 20% profit
exit at 5% loss
"""
ONCE, TWICE = RuleMemory(fired=1), RuleMemory(fired=2)


@pytest.mark.parametrize(
    ("stated", "name"),
    [
        ("book 50% at goal profit after 30 minutes", "book 50% at goal profit after 30 minutes"),
        ("book half at goal profit after 30 min", "book 50% at goal profit after 30 minutes"),
        ("BOOK half  at goal profit after 30 MIN", "book 50% at goal profit after 30 minutes"),
        ("My Rule", "My Rule"),
        ("my rule", "My Rule"),
        ("Exit at 5% loss", "exit at 5% loss"),
        ("a rule of yesterday", "a rule of yesterday"),
    ],
)
def test_a_rule_is_found_by_what_it_is_called(stated: str, name: str) -> None:
    assert named_memory(Policy.from_text(POLICY).compiled, {stated: ONCE}) == {name: ONCE}


def test_an_exact_name_counts_first() -> None:
    compiled = Policy.from_text(POLICY).compiled
    assert named_memory(compiled, {"my rule": TWICE, "My Rule": ONCE}) == {"My Rule": ONCE}
    assert named_memory(compiled, {"My Rule": ONCE, "MY RULE": TWICE}) == {"My Rule": ONCE}
