"""The parts of a policy for the list beside the text, and what of it can be folded away."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from lsprotocol import types as lsp

from rulekit.editor.positions import Places
from rulekit.language.checker import Line
from rulekit.language.reading import Checked
from rulekit.language.tree import Span

_KINDS = {
    "policy": lsp.SymbolKind.File,
    "applies": lsp.SymbolKind.Namespace,
    "set_value": lsp.SymbolKind.Constant,
    "define": lsp.SymbolKind.Boolean,
    "rule": lsp.SymbolKind.Function,
    "example": lsp.SymbolKind.Event,
}
_DETAIL = 80


def symbols(checked: Checked, places: Places) -> list[lsp.DocumentSymbol]:
    """List titles, names, rules and blocks; the sentences of a block stand under it. Broken sentences are left out."""
    found: list[lsp.DocumentSymbol] = []
    by_line: dict[int, lsp.DocumentSymbol] = {}
    for number, line in enumerate(checked.lines):
        if line.node is None:
            continue
        symbol = _symbol(line, _ended(checked, number), places)
        by_line[number] = symbol
        above = by_line.get(line.sentence.block) if line.sentence.block is not None else None
        if above is None:
            found.append(symbol)
        else:
            above.children = [*(above.children or []), symbol]
    return found


def _ended(checked: Checked, number: int) -> Span:
    """Return the place of a sentence with the block that it opens."""
    span = checked.lines[number].sentence.span
    for line in checked.lines[number + 1 :]:
        if line.sentence.block != number:
            break
        last = line.sentence.span
        span = Span(span.line, span.column, last.end_line, last.end_column)
    return span


def _symbol(line: Line, span: Span, places: Places) -> lsp.DocumentSymbol:
    assert line.node is not None
    text = line.sentence.text
    name, detail = _named(line, text)
    return lsp.DocumentSymbol(
        name=name,
        detail=detail[:_DETAIL],
        kind=_KINDS.get(line.node.rule, lsp.SymbolKind.Field),
        range=places.range(span),
        selection_range=places.range(line.sentence.span),
    )


def _named(line: Line, text: str) -> tuple[str, str]:
    """Return what a sentence is called, and the rest of it."""
    first = line.words[0]
    if first.type == "LABEL":
        return str(first.value), " ".join(text[len(first.text) :].split())
    named = next((word for word in line.words if word.type == "NEW_NAME"), None)
    if named is not None:
        return str(named.value), text
    if first.type in ("POLICY", "EXAMPLE"):
        return str(line.words[-1].value) or first.text, first.text
    return text, ""


def folds(checked: Checked) -> list[lsp.FoldingRange]:
    """List what can be folded: blocks, sentences that go on below, comments of several lines."""
    found = [
        lsp.FoldingRange(span.line - 1, span.end_line - 1)
        for number in range(len(checked.lines))
        if (span := _ended(checked, number)).end_line > span.line
    ]
    comments = [each.line for each in checked.source.comments if each.alone]
    found += [
        lsp.FoldingRange(first - 1, last - 1, kind=lsp.FoldingRangeKind.Comment) for first, last in _runs(comments)
    ]
    return sorted(found, key=lambda each: (each.start_line, each.end_line))


def _runs(numbers: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Yield the first and last of each run of two or more neighbours."""
    start = numbers[0] if numbers else 0
    for before, after in pairwise([*numbers, -1]):
        if after != before + 1:
            if before > start:
                yield start, before
            start = after
