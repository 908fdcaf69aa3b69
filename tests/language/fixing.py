"""A fix applied to a text, as an editor would."""

from __future__ import annotations

from rulekit.language.diagnostics import Diagnostic, Fix
from rulekit.language.reading import Checked, check_text

_OF_THE_WHOLE = ("E111", "E116")
"""What is said of a file or a block as a whole, once its sentences can be read."""


def fixed(text: str, fix: Fix) -> str:
    """Return the text with the fix applied; lines are parted by line feeds."""
    lines = text.split("\n")
    span = fix.span
    before = "\n".join([*lines[: span.line - 1], lines[span.line - 1][: span.column - 1]])
    after = "\n".join([lines[span.end_line - 1][span.end_column - 1 :], *lines[span.end_line :]])
    return before + fix.text + after


def fixes_of(found: Diagnostic) -> tuple[Fix, ...]:
    """List every change that a finding offers."""
    return (found.fix, *found.choices) if found.fix is not None else found.choices


def require_mended(checked: Checked) -> None:
    """Require that each change offered takes its finding away, and brings no other to the lines it touches."""
    for found in checked.diagnostics:
        for fix in fixes_of(found):
            again = check_text(fixed(checked.source.text, fix))
            lines = range(fix.span.line, fix.span.line + fix.text.count("\n") + 1)
            left = [each for each in again.diagnostics if each.span.line in lines and each.code not in _OF_THE_WHOLE]
            assert left == [], (checked.source.text, fix, left)
