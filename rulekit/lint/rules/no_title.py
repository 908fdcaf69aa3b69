"""F105: a policy that has no name of its own."""

from __future__ import annotations

from collections.abc import Iterator

from rulekit.lint.finding import INFO, Code, Finding
from rulekit.lint.subject import TREE, Subject

CODE = Code("F105", "no-title", INFO, "a policy without a title")
NEEDS = TREE
ON_REQUEST = True


def find(subject: Subject) -> Iterator[Finding]:
    """Yield the first sentence of a policy without a title."""
    if subject.tree.title is None:
        yield Finding(
            subject.source.sentences[0].span,
            "this policy has no title; the log calls it by its file",
            'begin it with a title: `policy "Position management"`',
        )
