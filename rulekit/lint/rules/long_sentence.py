"""F108: a sentence of many words."""

from __future__ import annotations

from collections.abc import Iterator

from rulekit.lint.finding import INFO, Code, Finding
from rulekit.lint.subject import TREE, Subject

CODE = Code("F108", "long-sentence", INFO, "a sentence that is hard to read aloud")
NEEDS = TREE


_MANY = 40


def find(subject: Subject) -> Iterator[Finding]:
    """Yield every rule and every definition of more words than one reads in a breath."""
    for line in subject.checked.lines:
        assert line.node is not None  # a policy without errors has been read wholly
        if line.node.rule not in ("rule", "define") or len(line.raw) <= _MANY:
            continue
        yield Finding(
            line.sentence.span,
            f"this sentence has {len(line.raw)} words",
            "give a part of its condition a name: `define strong momentum as …`",
        )
