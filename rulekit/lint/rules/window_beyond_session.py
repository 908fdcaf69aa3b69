"""D102: a window that no session fills."""

from __future__ import annotations

from collections.abc import Iterator

from rulekit.language import tree as t
from rulekit.language.words import window_text
from rulekit.lint.finding import WARNING, Code, Finding
from rulekit.lint.parts import (
    facts_of,
    written,
)
from rulekit.lint.sessions import session_of
from rulekit.lint.subject import TREE, Subject
from rulekit.model.instant import MINUTE

CODE = Code("D102", "window-beyond-session", WARNING, "a window so long that its fact is never known")
NEEDS = TREE


_SESSIONS_NEEDED = {"volume": 7, "volatility": 3}
"""Facts that compare their window with what came before it: how many windows a session must hold."""


def find(subject: Subject) -> Iterator[Finding]:
    """Yield every fact whose window, with what it is compared with, is longer than a session."""
    length = session_of(subject.tree).length
    for leaf in written(subject.tree):
        for name, window in facts_of(leaf):
            if window is None:
                continue
            span = window.length * (MINUTE if window.unit is t.Unit.BARS else 1)
            needed = _SESSIONS_NEEDED.get(name, 1)
            if span * needed > length:
                longest = length // needed // MINUTE * (1 if window.unit is t.Unit.BARS else MINUTE)
                yield Finding(
                    leaf.span,
                    f"`{name} {window_text(window)}` is never known: {_why(name, needed)}",
                    f"write at most `{name} {window_text(t.Window(longest, window.unit))}`",
                )


def _why(name: str, needed: int) -> str:
    if needed == 1:
        return "it looks at one session, which is shorter"
    return f"{name} is compared with {needed - 1} times as long before it, all in one session"
