"""F109: a rule that the log calls by its sentence."""

from __future__ import annotations

from collections.abc import Iterator

from rulekit.language.sentences import (
    rule_sentence,
)
from rulekit.lint.finding import INFO, Code, Finding
from rulekit.lint.parts import every_rule
from rulekit.lint.subject import TREE, Subject

CODE = Code("F109", "no-label", INFO, "a rule without a label")
NEEDS = TREE
ON_REQUEST = True


def find(subject: Subject) -> Iterator[Finding]:
    """Yield every rule without a label."""
    for rule in every_rule(subject.tree):
        if rule.label is None and not rule.is_for_missing_data:
            yield Finding(
                rule.span,
                "this rule has no label; it is called by its sentence, and after a change of that it is a new rule",
                f"give it one: `FIRST_TARGET: {rule_sentence(rule)}`",
            )
