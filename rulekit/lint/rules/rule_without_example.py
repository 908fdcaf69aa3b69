"""F107: a rule that no example speaks of."""

from __future__ import annotations

from collections.abc import Iterator

from rulekit.language.sentences import (
    label_text,
)
from rulekit.lint.finding import INFO, Code, Finding
from rulekit.lint.subject import TREE, Subject

CODE = Code("F107", "rule-without-example", INFO, "a rule that no example expects")
NEEDS = TREE
ON_REQUEST = True


def find(subject: Subject) -> Iterator[Finding]:
    """Yield every rule that no example names, in a policy that has examples."""
    if not subject.tree.examples:
        return
    named = {expected.because for example in subject.tree.examples for expected in example.expectations}
    for rule in subject.tree.rules:
        if rule.name not in named:
            yield Finding(
                rule.span,
                f"no example expects anything because of `{rule.name}`",
                f"add one that ends with `expect … because {label_text(rule.name)}`;"
                " `rulekit test` shows what is covered",
            )
