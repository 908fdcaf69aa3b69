"""Changes of a text as an editor applies them: only the lines that differ."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import SequenceMatcher

from lsprotocol import types as lsp

from rulekit.editor.positions import Places
from rulekit.errors import PolicyError
from rulekit.language.formatter import formatted, line_end
from rulekit.language.reading import Checked
from rulekit.language.source import cut_lines, line_starts
from rulekit.language.tree import Span
from rulekit.language.vocabulary import STANDARD, Vocabulary

Change = tuple[Span, str]
"""A place of a text, and what is to stand there."""


def formatting(checked: Checked, places: Places, vocabulary: Vocabulary = STANDARD) -> list[lsp.TextEdit]:
    """Return what brings a policy to its canonical form; nothing while it has errors."""
    try:
        text = formatted(checked, vocabulary)
    except PolicyError:
        return []
    return difference(checked.source.text, text, places)


def difference(before: str, after: str, places: Places) -> list[lsp.TextEdit]:
    """Return the edits of whole lines that turn one text into another, their line ends included."""
    if before == after:
        return []
    end = line_end(before)
    if line_end(after) != end or before.count("\n") != before.count(end) or "\r" in before.replace("\r\n", ""):
        return [lsp.TextEdit(places.whole(), after)]
    if before.startswith("\ufeff"):
        return [lsp.TextEdit(places.whole(), after)]
    old, new = cut_lines(before), cut_lines(after)
    edits = []
    for tag, first, last, start, stop in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag != "equal":
            edits.append(_lines_edit(old, (first, last), new[start:stop], end, places))
    return edits


def _lines_edit(
    old: tuple[str, ...], span: tuple[int, int], new: tuple[str, ...], end: str, places: Places
) -> lsp.TextEdit:
    """Replace the lines from the first up to the last, excluded; at the end of the text the line end before goes."""
    first, last = span
    if last < len(old):
        text = "".join(line + end for line in new)
        return lsp.TextEdit(lsp.Range(lsp.Position(first, 0), lsp.Position(last, 0)), text)
    if first == 0:
        return lsp.TextEdit(places.whole(), end.join(new))
    start = places.position(first, len(old[first - 1]) + 1)
    return lsp.TextEdit(lsp.Range(start, places.whole().end), "".join(end + line for line in new))


def changed(text: str, changes: Iterable[Change]) -> str:
    """Return a text with some places changed; none may overlap another."""
    mark = "\ufeff" if text.startswith("\ufeff") else ""
    bare = text.removeprefix(mark)
    starts = line_starts(bare)
    pieces = sorted(
        (starts[span.line - 1] + span.column - 1, starts[span.end_line - 1] + span.end_column - 1, new)
        for span, new in changes
    )
    done, at = [mark], 0
    for first, last, new in pieces:
        done += [bare[at:first], new]
        at = last
    return "".join([*done, bare[at:]])
