"""F101: `sell` and `buy`, which a short turns round."""

from __future__ import annotations

from collections.abc import Iterator

from rulekit.language.keywords import SIDED_VERBS
from rulekit.lint.finding import INFO, Code, Finding, Fix
from rulekit.lint.parts import sentence_at
from rulekit.lint.subject import TEXT, Subject

CODE = Code("F101", "sided-word", INFO, "`sell` or `buy`, which a short position turns round")
NEEDS = TEXT


def find(subject: Subject) -> Iterator[Finding]:
    """Yield every action that is written as `sell` or `buy`; where there are only longs the word is right."""
    if subject.tree.applies.sides == ("long",):
        return
    for line in subject.checked.lines:
        for word in line.words:
            neutral = SIDED_VERBS.get(word.text.lower())
            if neutral is not None and word.type == neutral.upper():
                yield Finding(
                    word.span,
                    f"`{word.text}` is read as `{neutral}`; for a short position the order is the opposite one",
                    f"write `{neutral}`: it is right for long and short",
                    fix=Fix(word.span, neutral, True, sentence_at(subject.tree, word.span.line)),
                )
