"""Policies in colour wherever Pygments draws: documentation, slides, terminals."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

from pygments.lexer import Lexer
from pygments.token import Comment, Keyword, Name, Number, Operator, String, Text, Whitespace

from rulekit.editor.colours import Colour, coloured
from rulekit.language.reading import check_text
from rulekit.language.source import line_starts

_TOKENS: dict[Colour, Any] = {
    Colour.COMMENT: Comment.Single,
    Colour.LABEL: Name.Label,
    Colour.ACTION: Keyword,
    Colour.WORD: Keyword.Pseudo,
    Colour.FACT: Name.Builtin,
    Colour.NAME: Name.Variable,
    Colour.NUMBER: Number,
    Colour.UNIT: Keyword.Type,
    Colour.TEXT: String,
    Colour.SIGN: Operator,
    Colour.VALUE: Name.Constant,
}


class PolicyLexer(Lexer):  # type: ignore[misc]
    """Colours a policy by the reader that reads it, so that each word is what it means there."""

    name = "Rulekit policy"
    aliases: ClassVar[list[str]] = ["policy", "rulekit"]
    filenames: ClassVar[list[str]] = ["*.policy"]
    mimetypes: ClassVar[list[str]] = ["text/x-rulekit-policy"]
    url = ""

    def get_tokens_unprocessed(self, text: str) -> Iterator[tuple[int, Any, str]]:
        """Yield the place, kind and text of each stretch; together they are the whole text."""
        starts = line_starts(text)
        at = 0
        for each in coloured(check_text(text)):
            first, last = starts[each.line - 1] + each.column - 1, starts[each.line - 1] + each.end_column - 1
            yield from _between(text, at, first)
            yield first, _TOKENS[each.colour], text[first:last]
            at = last
        yield from _between(text, at, len(text))


def _between(text: str, first: int, last: int) -> Iterator[tuple[int, Any, str]]:
    if first < last:
        yield first, Whitespace if text[first:last].isspace() else Text, text[first:last]
