"""What each part of a text is, for colouring: by the reader that reads policies, so that it cannot be wrong."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from enum import Enum

from attrs import frozen

from rulekit.language.checker import Line
from rulekit.language.keywords import verbs
from rulekit.language.reader import Word
from rulekit.language.reading import Checked


class Colour(Enum):
    """Kinds of text. The value is the type of token that editors know."""

    COMMENT = "comment"
    LABEL = "function"
    ACTION = "keyword"
    WORD = "modifier"
    FACT = "property"
    NAME = "variable"
    NUMBER = "number"
    UNIT = "type"
    TEXT = "string"
    SIGN = "operator"
    VALUE = "enumMember"


@frozen
class Stretch:
    """A stretch of one line: columns from 1 in code points, the end excluded; `defines` where a name is given."""

    line: int
    column: int
    end_column: int
    colour: Colour
    defines: bool = False


_BY_TERMINAL: dict[str, Colour] = {
    **{keyword.terminal: Colour.ACTION for _, keyword in verbs().spellings()},
    **dict.fromkeys(
        ("POLICY", "APPLIES_TO", "SET", "DEFINE", "EXAMPLE", "EXPECT", "BECAUSE", "NOTHING"), Colour.ACTION
    ),
    **dict.fromkeys(
        ("FACT", "TEXT_FACT", "PRICE_NAME", "PROFIT", "LOSS", "PEAK_PROFIT", "ATR", "STOP", "ORIGINAL"), Colour.FACT
    ),
    **dict.fromkeys(("VALUE_NAME", "CONDITION_NAME", "NEW_NAME"), Colour.NAME),
    **dict.fromkeys(("NUMBER", "FRACTION", "CLOCK"), Colour.NUMBER),
    **dict.fromkeys(("UNIT", "TIME_UNIT", "RUPEE", "RUPEES", "TIMES"), Colour.UNIT),
    **dict.fromkeys(("EXCHANGE", "KIND", "PRODUCT", "SIDE", "WEEKDAY", "WORD", "EXPIRY_DAY"), Colour.VALUE),
    **dict.fromkeys(("PLUS", "MINUS", "LPAR", "RPAR", "COMMA", "SYMBOL"), Colour.SIGN),
    "STRING": Colour.TEXT,
    "RAW": Colour.LABEL,
    "LABEL": Colour.LABEL,
}
"""Every other terminal is a word that joins the parts of a sentence."""


def coloured(checked: Checked) -> list[Stretch]:
    """List the coloured stretches of a text from its beginning to its end; none overlaps another."""
    found = [*_comments(checked), *_sentences(checked.lines, checked)]
    found.sort(key=lambda each: (each.line, each.column))
    kept: list[Stretch] = []
    for each in found:
        overlaps = kept and kept[-1].line == each.line and each.column < kept[-1].end_column
        if each.column < each.end_column and not overlaps:
            kept.append(each)
    return kept


def _comments(checked: Checked) -> Iterator[Stretch]:
    for comment in checked.source.comments:
        end = len(checked.source.line(comment.line)) + 1
        yield Stretch(comment.line, comment.column, end, Colour.COMMENT)


def _sentences(lines: Iterable[Line], checked: Checked) -> Iterator[Stretch]:
    for line in lines:
        for word in line.words or line.raw:
            if word.type != "BAD":
                yield from _stretches(word, checked)


def _stretches(word: Word, checked: Checked) -> Iterator[Stretch]:
    """Cut a word at the ends of lines: a phrase may go on below."""
    span, colour = word.span, colour_of(word)
    for number in range(span.line, span.end_line + 1):
        text = checked.source.line(number)
        indent = len(text) - len(text.lstrip())
        first = span.column if number == span.line else indent + 1
        last = span.end_column if number == span.end_line else len(text.split("#")[0].rstrip()) + 1
        yield Stretch(number, first, last, colour, word.type in ("LABEL", "NEW_NAME"))


def colour_of(word: Word) -> Colour:
    """Return the colour of a word of the grammar."""
    return colour_of_terminal(word.type)


def colour_of_terminal(terminal: str) -> Colour:
    """Return the colour of the words of a terminal."""
    return _BY_TERMINAL.get(terminal, Colour.WORD)
