"""Places in a text as the language counts them and as a browser does: lines and columns, or UTF-16 units from 0."""

from __future__ import annotations

from bisect import bisect_right

from rulekit.language.source import line_starts
from rulekit.language.tree import Span

_WIDE = "\uffff"


class Places:
    """The places of one text. A line and column count from 1 in code points; an offset counts UTF-16 units."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._starts = line_starts(text)
        self._plain = text.isascii() or max(text, default="") <= _WIDE

    def offset(self, line: int, column: int) -> int:
        """Return the offset of a line and column; beyond the text is its end."""
        if line > len(self._starts):
            return self._units(len(self._text))
        last = self._starts[line] if line < len(self._starts) else len(self._text)
        return self._units(min(self._starts[max(line, 1) - 1] + max(column, 1) - 1, last))

    def span(self, span: Span) -> tuple[int, int]:
        """Return where a place begins and ends."""
        return self.offset(span.line, span.column), self.offset(span.end_line, span.end_column)

    def place(self, offset: int) -> tuple[int, int]:
        """Return the line and column of an offset; one inside a character is before it, one beyond the text its end."""
        at = min(max(offset, 0), len(self._text)) if self._plain else self._characters(offset)
        line = bisect_right(self._starts, at)
        return line, at - self._starts[line - 1] + 1

    def _units(self, characters: int) -> int:
        if self._plain:
            return characters
        return characters + sum(char > _WIDE for char in self._text[:characters])

    def _characters(self, offset: int) -> int:
        taken = 0
        for count, char in enumerate(self._text):
            taken += 2 if char > _WIDE else 1
            if taken > offset:
                return count
        return len(self._text)


def units(text: str) -> int:
    """Count the UTF-16 units of a text."""
    return len(text) if text.isascii() else len(text) + sum(char > _WIDE for char in text)
