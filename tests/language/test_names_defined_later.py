"""A sentence at fault may lean on a name that is defined below it; that is one finding, and no crash."""

from __future__ import annotations

from rulekit.language.reading import check_text


def test_a_broken_definition_that_leans_on_a_later_one_is_one_finding() -> None:
    found = check_text(
        "define late as busy and\n  a and (age is above 5 minutes)\ndefine busy as volume > 2x normal\nexit when late\n"
    ).diagnostics
    assert [each.span.line for each in found] == [2]


def test_a_broken_rule_that_leans_on_a_later_value_is_one_finding() -> None:
    found = check_text("book slice at goal profit profit\nset slice to 50%\nset goal to 5%\n").diagnostics
    assert [each.span.line for each in found] == [1]
