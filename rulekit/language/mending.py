"""The sentence that was probably meant: a fault's edits are tried, and what is shown has been read without an error."""

from __future__ import annotations

from collections.abc import Callable

from attrs import evolve

from rulekit.language.diagnostics import Diagnostic, Fix
from rulekit.language.fault import Edit, FaultError
from rulekit.language.source import Comment, Piece, Sentence

_MOST_STEPS = 4
"""So many faults of one sentence are mended one after the other; with more of them it is another sentence."""
_LONGEST = 2_000
"""Characters of a sentence that is worth mending."""

Outcome = Callable[[Sentence], FaultError | str]
"""Reads a sentence and returns its first fault, or its canonical text."""


def with_fixes(
    found: Diagnostic, fault: FaultError, sentence: Sentence, comments: tuple[Comment, ...], outcome: Outcome
) -> Diagnostic:
    """Add the changes that mend a sentence wholly; none that would take a comment away."""
    if not fault.edits or len(sentence.text) > _LONGEST:
        return found
    fixes = [fix for edit in fault.edits if (fix := _fix(edit, sentence, outcome)) is not None]
    fixes = [fix for fix in fixes if not any(fix.span.line <= each.line < fix.span.end_line for each in comments)]
    if len(fixes) == 1 and len(fault.edits) == 1:
        return evolve(found, fix=fixes[0])
    return evolve(found, choices=tuple(evolve(each, safe=False) for each in fixes))


def _fix(edit: Edit, sentence: Sentence, outcome: Outcome) -> Fix | None:
    """Try an edit; a sentence that has further faults is mended on, as long as each leaves no choice."""
    safe, mended = edit.safe, applied(edit, sentence)
    for step in range(_MOST_STEPS):
        if mended is None:
            return None
        fault = outcome(mended)
        if isinstance(fault, str):
            made = edit if not step else Edit(sentence.span, mended.text)
            return Fix(made.span, made.text, safe, fault)
        if len(fault.edits) != 1:
            return None
        further = fault.edits[0]
        safe, mended = safe and further.safe, applied(further, mended)
    return None


def applied(edit: Edit, sentence: Sentence) -> Sentence | None:
    """Return a sentence as it stands after an edit; None if its lines do not hold the edit's place, or nothing is left.

    An edit over several lines makes one line of them.
    """
    span = edit.span
    first = next((piece for piece in sentence.pieces if _holds(piece, span.line, span.column)), None)
    last = next((piece for piece in sentence.pieces if _holds(piece, span.end_line, span.end_column)), None)
    if first is None or last is None or "\n" in edit.text:
        return None
    text = first.text[: span.column - first.column] + edit.text + last.text[span.end_column - last.column :]
    start, end = sentence.pieces.index(first), sentence.pieces.index(last)
    made = evolve(first, column=first.column + len(text) - len(text.lstrip()), text=text.strip())
    pieces = (*sentence.pieces[:start], *((made,) if made.text else ()), *sentence.pieces[end + 1 :])
    return evolve(sentence, pieces=pieces) if pieces else None


def _holds(piece: Piece, line: int, column: int) -> bool:
    return piece.line == line and piece.column <= column <= piece.end_column
