"""A fix applied to a text, as an editor would."""

from __future__ import annotations

from rulekit.language.diagnostics import Fix


def fixed(text: str, fix: Fix) -> str:
    """Return the text with the fix applied; lines are parted by line feeds."""
    lines = text.split("\n")
    span = fix.span
    before = "\n".join([*lines[: span.line - 1], lines[span.line - 1][: span.column - 1]])
    after = "\n".join([lines[span.end_line - 1][span.end_column - 1 :], *lines[span.end_line :]])
    return before + fix.text + after
