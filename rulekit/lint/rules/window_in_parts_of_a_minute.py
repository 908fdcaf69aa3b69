"""D103: a window finer than what is measured."""

from __future__ import annotations

from collections.abc import Iterator

from rulekit.language import tree as t
from rulekit.language.words import window_text
from rulekit.lint.finding import WARNING, Code, Finding
from rulekit.lint.parts import (
    facts_of,
    written,
)
from rulekit.lint.subject import TREE, Subject
from rulekit.model.instant import MINUTE

CODE = Code("D103", "window-in-parts-of-a-minute", WARNING, "a window that is not of whole minutes")
NEEDS = TREE


def find(subject: Subject) -> Iterator[Finding]:
    """Yield every fact whose window is not of whole minutes."""
    for leaf in written(subject.tree):
        for name, window in facts_of(leaf):
            if window is None or window.unit is not t.Unit.DURATION or window.length % MINUTE == 0:
                continue
            minutes = t.Window(-(-window.length // MINUTE) * MINUTE, t.Unit.DURATION)
            yield Finding(
                leaf.span,
                f"facts of the market are made of whole minutes, so this is read as `{name} {window_text(minutes)}`",
                f"write `{name} {window_text(minutes)}`",
            )
