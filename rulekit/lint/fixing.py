"""Safe fixes applied to a text: spelling and form only, tried before they are kept."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from attrs import evolve, frozen

from rulekit.language.diagnostics import ERROR, Diagnostic, Fix
from rulekit.language.reading import Checked, check_text
from rulekit.language.source import Source
from rulekit.language.tree import PolicyTree, Span

_ROUNDS = 10
"""A fix may bring another one to light; that many are followed."""
_LINE_END = re.compile(r"\r\n|\n|\r")

Look = Callable[[Checked], Sequence[Diagnostic]]


@frozen
class Fixed:
    """A text after its safe fixes, with the findings that they mended.

    Args:
        refused: findings whose fix would have changed more than the form; they stay.
    """

    text: str
    mended: tuple[Diagnostic, ...] = ()
    refused: tuple[Diagnostic, ...] = ()


def fixed(checked: Checked, look: Look) -> Fixed:
    """Apply all safe fixes of a policy, and those that they bring to light; `look` returns the findings about one."""
    mended: list[Diagnostic] = []
    refused: list[Diagnostic] = []
    for _ in range(_ROUNDS):
        step = _step(checked, look, refused)
        if step is None:
            break
        checked, done = step
        mended += done
    return Fixed(checked.source.text, tuple(mended), tuple(refused))


def _step(checked: Checked, look: Look, refused: list[Diagnostic]) -> tuple[Checked, list[Diagnostic]] | None:
    """Apply the fixes that do not touch each other, together if that goes well, else one by one."""
    chosen = _apart([each for each in look(checked) if _safe(each) is not None and each not in refused])
    if not chosen:
        return None
    together = _tried(checked, chosen)
    if together is not None:
        return together, chosen
    for one in chosen:
        alone = _tried(checked, [one])
        if alone is not None:
            return alone, [one]
        refused.append(one)
    return None


def _safe(found: Diagnostic) -> Fix | None:
    return found.fix if found.fix is not None and found.fix.safe else None


def _apart(found: Sequence[Diagnostic]) -> list[Diagnostic]:
    """Leave out every fix that overlaps an earlier one."""
    chosen: list[Diagnostic] = []
    end = (0, 0)
    for each in sorted(found, key=lambda one: _start(one.fix)):
        assert each.fix is not None
        if _start(each.fix) >= end:
            chosen.append(each)
            end = (each.fix.span.end_line, each.fix.span.end_column)
    return chosen


def _start(fix: Fix | None) -> tuple[int, int]:
    assert fix is not None
    return fix.span.line, fix.span.column


def _tried(checked: Checked, chosen: Sequence[Diagnostic]) -> Checked | None:
    """Return the policy after some fixes, or None if that would change what it means or break a line."""
    text = replaced(checked.source.text, [each.fix for each in chosen if each.fix is not None])
    again = check_text(text)
    if checked.tree is not None:
        return again if again.tree is not None and _meaning(again.tree) == _meaning(checked.tree) else None
    if _outline(again.source) != _outline(checked.source):
        return None
    lines = {each.span.line for each in chosen}
    still = [each for each in again.diagnostics if each.severity == ERROR and each.span.line in lines]
    return None if still else again


def _outline(source: Source) -> tuple[int, list[str]]:
    """Tell how many sentences there are, and list the comments: a fix of a sentence leaves both as they are."""
    return len(source.sentences), [comment.text for comment in source.comments]


def _meaning(tree: PolicyTree) -> PolicyTree:
    return evolve(tree, source="", path="")


def replaced(text: str, fixes: Sequence[Fix]) -> str:
    """Put each fix into a text, the last one first, so that the places of the others stay true."""
    starts = [0, *(found.end() for found in _LINE_END.finditer(text))]
    skipped = 1 if text.startswith("\ufeff") else 0  # the mark of byte order is no column
    for fix in sorted(fixes, key=_start, reverse=True):
        first, last = _offsets(fix.span, starts, skipped)
        text = text[:first] + fix.text + text[last:]
    return text


def _offsets(span: Span, starts: Sequence[int], skipped: int) -> tuple[int, int]:
    first = starts[span.line - 1] + span.column - 1
    last = starts[span.end_line - 1] + span.end_column - 1
    return first + (skipped if span.line == 1 else 0), last + (skipped if span.end_line == 1 else 0)
