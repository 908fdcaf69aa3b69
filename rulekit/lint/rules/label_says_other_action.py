"""N112: a label that tells the opposite of its sentence."""

from __future__ import annotations

import re
from collections.abc import Iterator

from rulekit.language import tree as t
from rulekit.language.sentences import (
    verb_text,
)
from rulekit.lint.finding import WARNING, Code, Finding
from rulekit.lint.subject import TREE, Subject

_WORD = re.compile(r"[^\W\d_]+")
_GROWING = frozenset(("add", "adds", "adding", "pyramid", "pyramiding"))
_REDUCING = frozenset(("book", "books", "booking", "exit", "exits", "close", "trim", "reduce", "sell"))


CODE = Code("N112", "label-says-other-action", WARNING, "a label of adding on a rule that reduces, or the other way")
NEEDS = TREE


def find(subject: Subject) -> Iterator[Finding]:
    """Yield every label that has words of growing only on a rule that reduces, or of reducing only on an `add`."""
    for rule in subject.tree.rules:
        words = set(_WORD.findall((rule.label or "").lower()))
        grows, shrinks = bool(words & _GROWING), bool(words & _REDUCING)
        adds = isinstance(rule.verb, t.Add)
        reduces = isinstance(rule.verb, t.Exit | t.Book)
        if (grows and not shrinks and reduces) or (shrinks and not grows and adds):
            yield Finding(
                rule.span,
                f"the label `{rule.label}` and the action `{verb_text(rule.verb)}` say the opposite of each other",
                "change the label or the action; the log shows only the label",
            )
