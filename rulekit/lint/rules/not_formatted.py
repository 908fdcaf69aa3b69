"""F111: a text that the formatter would write otherwise."""

from __future__ import annotations

from collections.abc import Iterator

from rulekit.language import tree as t
from rulekit.lint.finding import INFO, Code, Finding, Fix
from rulekit.lint.subject import TREE, Subject

CODE = Code("F111", "not-formatted", INFO, "a policy that is not in its canonical form")
NEEDS = TREE
ON_REQUEST = True


def find(subject: Subject) -> Iterator[Finding]:
    """Yield the first line that the formatter would change."""
    from rulekit.language.formatter import formatted

    text = subject.source.text.removeprefix("\ufeff")
    wanted = formatted(subject.checked)
    if wanted == text:
        return
    now, lines = text.splitlines(), subject.source.lines
    pairs = zip(now, wanted.splitlines(), strict=False)
    number = next((index for index, (old, new) in enumerate(pairs, 1) if old != new), len(now))
    yield Finding(
        t.Span(number, 1, number, max(2, len(subject.source.line(number)) + 1)),
        "from here the text is not in its canonical form",
        "run `rulekit fmt`: it changes words and spaces, never the meaning",
        fix=Fix(t.Span(1, 1, len(lines), len(lines[-1]) + 1), wanted, True, ""),
    )
