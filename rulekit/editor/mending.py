"""What can be done about a finding at a press of a key: the sentence that was meant, or a comment that allows it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from attrs import frozen

from rulekit.language.diagnostics import ERROR, Diagnostic, Fix
from rulekit.language.reading import Checked
from rulekit.language.tree import Span

if TYPE_CHECKING:
    from rulekit.editor.edits import Change  # what speaks to editors is not needed for this

_LONGEST_TITLE = 120


@frozen
class Remedy:
    """One thing that can be done.

    Args:
        title: what the menu says. found: what it mends. changes: what it changes.
        safe: spelling and form only, so it may be done without a look.
    """

    title: str
    found: Diagnostic
    changes: tuple[Change, ...]
    safe: bool = False


def remedies(checked: Checked, found: Sequence[Diagnostic]) -> Iterator[Remedy]:
    """Yield what can be done about findings: each its own remedies, the likeliest first."""
    for each in found:
        fixes = each.choices if each.fix is None else (each.fix,)
        for fix in fixes:
            yield Remedy(_title(fix), each, ((fix.span, fix.text),), fix.safe)
        if each.severity != ERROR and not each.code.startswith("X"):
            yield Remedy(f"Allow {each.code} here, with a reason", each, (_allowing(checked, each),))


def _title(fix: Fix) -> str:
    sentence = fix.sentence if len(fix.sentence) <= _LONGEST_TITLE else f"{fix.sentence[: _LONGEST_TITLE - 1]}…"
    return f"Write: {sentence}"


def _allowing(checked: Checked, found: Diagnostic) -> Change:
    """Put a comment above the sentence at fault; its reason is to be written by a person."""
    line = found.span.line
    for sentence in checked.source.sentences:
        if sentence.span.line <= line <= sentence.span.end_line:
            line = sentence.span.line
    text = checked.source.line(line)
    indent = text[: len(text) - len(text.lstrip())]
    end = "\r\n" if "\r\n" in checked.source.text else "\n"
    return Span(line, 1, line, 1), f"{indent}# allow {found.code}: the reason{end}"
