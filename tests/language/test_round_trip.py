"""What the printer writes, the reader reads back: the same tree, and the same text again."""

from __future__ import annotations

from attrs import evolve
from hypothesis import given, settings

from rulekit.language import tree as t
from rulekit.language.diagnostics import render
from rulekit.language.reading import check_text
from rulekit.language.sentences import policy_text
from tests.language.trees import policies


@settings(deadline=None, max_examples=60, derandomize=True)
@given(policies())
def test_a_printed_tree_reads_back_as_itself(policy: t.PolicyTree) -> None:
    text = policy_text(policy)
    checked = check_text(text)
    assert checked.tree is not None, text + "\n".join(render(each, "p", text) for each in checked.diagnostics)
    assert evolve(checked.tree, source="") == policy, text
    assert policy_text(checked.tree) == text
