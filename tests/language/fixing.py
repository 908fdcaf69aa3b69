"""Fixes applied to a text, and what must hold then."""

from __future__ import annotations

import re
from collections import Counter

from rulekit.language.diagnostics import Diagnostic, Fix
from rulekit.language.reading import Checked, check_text
from rulekit.language.source import Source, cut

_OF_THE_WHOLE = ("E111", "E115", "E116", "E120", "N103", "N104", "N106", "N108")
"""What is said of a sentence among the others, once it can be read by itself."""
_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+\Z|(?<=[\r\n])\Z")
_DEFINES = re.compile(r"^\s*(?:set|define)\b", re.IGNORECASE | re.MULTILINE)


def fixed(text: str, fix: Fix) -> str:
    """Return the text with the fix applied, as an editor would."""
    lines = _LINE.findall(text) or [""]
    span = fix.span
    before = "".join([*lines[: span.line - 1], lines[span.line - 1][: span.column - 1]])
    after = "".join([lines[span.end_line - 1][span.end_column - 1 :], *lines[span.end_line :]])
    return before + fix.text + after


def fixes_of(found: Diagnostic) -> tuple[Fix, ...]:
    """List every change that a finding offers."""
    return (found.fix, *found.choices) if found.fix is not None else found.choices


def require_mended(checked: Checked) -> None:
    """Require that each change offered takes its finding away, and brings no other to the lines it touches.

    Nothing is lost: only the sentence that it mends becomes another, and every comment stays.
    """
    for found in checked.diagnostics:
        for fix in fixes_of(found):
            now = cut(fixed(checked.source.text, fix))
            assert (_said(checked.source) - _said(now)).total() <= 1, (checked.source.text, fix)
            notes = "\n".join(comment.text for comment in now.comments)
            assert all(comment.text in notes for comment in checked.source.comments), (checked.source.text, fix)
            if "\n" in fix.sentence and _DEFINES.search(fix.sentence):
                continue  # what the other sentence leans on is only then known
            again = check_text(now.text)
            lines = range(fix.span.line, fix.span.line + fix.text.count("\n") + 1)
            left = [each for each in again.diagnostics if each.span.line in lines and each.code not in _OF_THE_WHOLE]
            assert left == [], (checked.source.text, fix, left)


def _said(source: Source) -> Counter[str]:
    return Counter(sentence.text for sentence in source.sentences)
