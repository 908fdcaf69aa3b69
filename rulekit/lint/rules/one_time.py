"""F102: `up to 1 times`."""

from __future__ import annotations

from collections.abc import Iterator

from rulekit.language import tree as t
from rulekit.language.parser import Node
from rulekit.language.sentences import (
    limit_text,
    rule_text,
)
from rulekit.lint.finding import INFO, Code, Finding, Fix
from rulekit.lint.subject import TREE, Subject

CODE = Code("F102", "one-time", INFO, "`up to 1 times` instead of `once`")
NEEDS = TREE


def find(subject: Subject) -> Iterator[Finding]:
    """Yield every limit of one time that is not written as `once`."""
    for rule in subject.tree.rules:
        if rule.limit.times != 1 or not rule.limit.written:
            continue
        for word in _times(subject, rule.limit.span):
            fix = Fix(word, "once", True, rule_text(rule))
            yield Finding(word, "one time is `once`", f"write `{limit_text(rule.limit)}`", fix=fix)


def _times(subject: Subject, limit: t.Span) -> Iterator[t.Span]:
    """Yield the places within a limit where a count of one is written out."""
    for line in subject.checked.lines:
        if not line.sentence.span.line <= limit.line <= line.sentence.span.end_line:
            continue
        assert line.node is not None  # a policy without errors has been read wholly
        for node in line.node.nodes():
            yield from _counts(node)


def _counts(node: Node) -> Iterator[t.Span]:
    if node.rule == "up_to_times":
        yield node.span
        return
    for inner in node.nodes():
        yield from _counts(inner)
