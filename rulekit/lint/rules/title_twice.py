"""N113: two policies that the log cannot tell apart."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rulekit.language import tree as t
from rulekit.lint.finding import WARNING, Code, Finding
from rulekit.lint.subject import FILES, Subject

CODE = Code("N113", "title-twice", WARNING, "two policies with one title")
NEEDS = FILES


def find(subjects: Sequence[Subject]) -> Iterator[tuple[int, Finding]]:
    """Yield every policy whose title an earlier policy of the run has."""
    earlier: dict[str, Subject] = {}
    for index, subject in enumerate(subjects):
        title = subject.tree.title
        if title is None:
            continue
        first = earlier.setdefault(title.lower(), subject)
        if first is not subject:
            yield (
                index,
                Finding(
                    _place(subject),
                    f"`{title}` is also the title of {first.tree.path}",
                    "give each policy a title of its own: the log calls policies by it",
                ),
            )


def _place(subject: Subject) -> t.Span:
    lines = (line for line in subject.checked.lines if line.words[0].type == "POLICY")
    return next(lines).sentence.span
