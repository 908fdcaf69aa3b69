"""What must hold of any bytes that are read as a policy."""

from __future__ import annotations

from datetime import date

from rulekit.errors import UnreadableFileError
from rulekit.language.diagnostics import as_json, render
from rulekit.language.formatter import formatted
from rulekit.language.reading import check_text
from rulekit.language.sentences import policy_text
from rulekit.language.source import decode
from rulekit.lint.linting import lint
from rulekit.lint.selection import Selection
from tests.language.fixing import require_mended

_MOST_MENDED = 40
TODAY = date(2026, 11, 20)


def ends_well(raw: bytes) -> str:
    """Read bytes, and require what every answer owes; return `tree`, `findings` or `unreadable`."""
    try:
        text = decode(raw, "x.policy")
    except UnreadableFileError:
        return "unreadable"
    checked = check_text(text)
    assert (checked.tree is None) == bool(checked.diagnostics)
    if len(checked.diagnostics) <= _MOST_MENDED:
        require_mended(checked)
    for found in lint(checked, TODAY, Selection(proofs=False)):
        line = checked.source.line(found.span.line)
        assert 1 <= found.span.column <= found.span.end_column
        assert found.span.end_column <= len(line) + 2
        assert found.message[:1] not in "ABCDEFGHIJKLMNOPQRSTUVWXYZ" and not found.message.endswith(".")
        assert as_json(found, "x")["line"] == found.span.line
        assert render(found, "x", text)
    if checked.tree is None:
        return "findings"
    again = check_text(policy_text(checked.tree))
    assert again.tree is not None, policy_text(checked.tree)
    assert policy_text(again.tree) == policy_text(checked.tree)
    laid_out = formatted(checked)
    assert formatted(check_text(laid_out)) == laid_out
    return "tree"
