"""F104: a label in another style than the others."""

from __future__ import annotations

from collections.abc import Iterator

from rulekit.lint.finding import INFO, Code, Finding
from rulekit.lint.subject import TREE, Subject

CODE = Code("F104", "label-style", INFO, "labels in more than one style")
NEEDS = TREE
ON_REQUEST = True


def find(subject: Subject) -> Iterator[Finding]:
    """Yield every label whose style is not that of the first one."""
    labelled = [(rule, rule.label) for rule in subject.tree.rules if rule.label is not None]
    for rule, label in labelled[1:]:
        first = labelled[0][1]
        if _style(label) != _style(first):
            yield Finding(
                rule.span,
                f"`{label}` is {_style(label)}, and the first label, `{first}`, is {_style(first)}",
                "write all labels alike",
                ((labelled[0][0].span, "the first label"),),
            )


def _style(label: str) -> str:
    if " " in label:
        return "several words"
    if label == label.upper():
        return "in capitals"
    return "in small letters" if label == label.lower() else "in mixed letters"
