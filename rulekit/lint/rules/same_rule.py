"""R101: two labels for one sentence."""

from __future__ import annotations

from collections.abc import Iterator

from rulekit.language.sentences import rule_sentence
from rulekit.language.tree import Rule
from rulekit.lint.finding import WARNING, Code, Finding
from rulekit.lint.subject import TREE, Subject

CODE = Code("R101", "same-rule", WARNING, "two rules that say the same")
NEEDS = TREE


def find(subject: Subject) -> Iterator[Finding]:
    """Yield every rule whose canonical sentence stands in an earlier rule."""
    earlier: dict[str, Rule] = {}
    for rule in subject.tree.rules:
        sentence = rule_sentence(rule)
        first = earlier.setdefault(sentence, rule)
        if first is not rule:
            yield Finding(
                rule.span,
                f"this rule says the same as `{first.name}`: `{sentence}`",
                "delete one of them; both would act, one after the other",
                ((first.span, "the first one"),),
            )
