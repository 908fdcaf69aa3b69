"""Q112: a book that is an exit."""

from __future__ import annotations

from collections.abc import Iterator

from rulekit.language import tree as t
from rulekit.language.sentences import (
    verb_text,
)
from rulekit.lint.finding import INFO, Code, Finding
from rulekit.lint.parts import (
    closes,
)
from rulekit.lint.subject import TREE, Subject

CODE = Code("Q112", "book-of-everything", INFO, "a book of all that is held, which is an exit")
NEEDS = TREE


def find(subject: Subject) -> Iterator[Finding]:
    """Yield every book of everything."""
    for rule in subject.tree.rules:
        if isinstance(rule.verb, t.Book) and closes(rule):
            yield Finding(
                rule.verb.amount.span,
                f"`{verb_text(rule.verb)}` closes the position, after every `exit` and in the turn of the books",
                "write `exit`, if it is to close the position before any other rule books",
            )
