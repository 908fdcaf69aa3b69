"""Places in a text as the language counts them and as an editor does: code points from 1, or code units from 0."""

from __future__ import annotations

from lsprotocol import types as lsp

from rulekit.language.source import cut_lines
from rulekit.language.tree import Span

_BOM = "\ufeff"


def units(text: str, encoding: str) -> int:
    """Count the code units of a text in `utf-8`, `utf-16` or `utf-32`."""
    if encoding == lsp.PositionEncodingKind.Utf8:
        return len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))
    if encoding == lsp.PositionEncodingKind.Utf16:
        return len(text) + sum(char > "\uffff" for char in text)
    return len(text)


class Places:
    """The lines of one text, and how an editor counts in them.

    A byte-order mark at the beginning is a character to the editor and none to the language.
    """

    def __init__(self, text: str, encoding: str) -> None:
        self.encoding = encoding
        self.lines = cut_lines(text)
        self._marked = text.startswith(_BOM)

    def position(self, line: int, column: int) -> lsp.Position:
        """Return where a line and column of the language are for the editor; beyond the text is at its end."""
        number = min(max(line, 1), len(self.lines))
        text = self.lines[number - 1]
        before = len(text) if line > number else self._skipped(number) + column - 1
        return lsp.Position(number - 1, units(text[: max(0, before)], self.encoding))

    def range(self, span: Span) -> lsp.Range:
        """Return a place of the language for the editor."""
        return lsp.Range(self.position(span.line, span.column), self.position(span.end_line, span.end_column))

    def line_range(self, first: int, last: int) -> lsp.Range:
        """Return the whole of some lines, the last without its line end."""
        return lsp.Range(self.position(first, 1), self.position(last, len(self.lines[last - 1]) + 1))

    def whole(self) -> lsp.Range:
        """Return the whole text."""
        last = len(self.lines)
        return lsp.Range(lsp.Position(0, 0), self.position(last, len(self.lines[-1]) + 1))

    def place(self, position: lsp.Position) -> tuple[int, int]:
        """Return the line and column of an editor's position.

        Inside a character is before it; beyond the end of a line or of the text is there.
        """
        if position.line >= len(self.lines):
            return len(self.lines), len(self.lines[-1]) + 1 - self._skipped(len(self.lines))
        number = max(position.line, 0) + 1
        text = self.lines[number - 1]
        return number, max(1, self._characters(text, position.character) + 1 - self._skipped(number))

    def _skipped(self, number: int) -> int:
        return 1 if self._marked and number == 1 else 0

    def _characters(self, text: str, wanted: int) -> int:
        """Count the characters that end within the first so many code units."""
        if text.isascii() or self.encoding == lsp.PositionEncodingKind.Utf32:
            return min(wanted, len(text))
        count = taken = 0
        for char in text:
            taken += units(char, self.encoding)
            if taken > wanted:
                break
            count += 1
        return count
