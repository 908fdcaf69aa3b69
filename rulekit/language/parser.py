"""The only home of lark: raw tokens of a line, and a sentence's words to a plain tree of nodes."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

from attrs import frozen
from lark import Lark, Token, Tree
from lark.exceptions import UnexpectedToken

from rulekit.language.reader import END, Word
from rulekit.language.tree import Span
from rulekit.model.shipped import shipped_text

SENTENCE = "sentence"
EXAMPLE_LINE = "example_line"


@frozen
class Node:
    """A rule of the grammar with what it is made of."""

    rule: str
    children: tuple[Node | Word, ...]

    def words(self) -> Iterator[Word]:
        """List the words under this node, from left to right."""
        for child in self.children:
            if isinstance(child, Word):
                yield child
            else:
                yield from child.words()

    def nodes(self) -> tuple[Node, ...]:
        """List the children that are nodes."""
        return tuple(child for child in self.children if isinstance(child, Node))

    @property
    def span(self) -> Span:
        """From the first word to the last."""
        first: Node | Word = self
        while isinstance(first, Node):
            first = first.children[0]
        last: Node | Word = self
        while isinstance(last, Node):
            last = last.children[-1]
        return Span(first.span.line, first.span.column, last.span.end_line, last.span.end_column)


@frozen
class Misread:
    """Where reading stopped: the number of the word (their count for the end), and what could stand there."""

    index: int
    accepts: frozenset[str]


class _EveryWord:
    """Keeps the terminals that no rule names: words become terminals of the grammar only after the lexer."""

    always_accept = ("WORD", "SYMBOL", "BAD", "LABEL", "NUMBER", "STRING", "CLOCK", "FRACTION", "RUPEE")

    def process(self, stream: Iterable[Any]) -> Iterable[Any]:
        """Pass the tokens on."""
        return stream


def grammar_text() -> str:
    """Return the text of the grammar."""
    return shipped_text("grammar", "policy.lark")


@cache
def _grammar() -> Lark:
    # A test proves the terminals free of collisions; lark would prove it again at each start, for a tenth of a second.
    lexer: Any = import_module("lark.lexer")
    known, lexer.has_interegular = lexer.has_interegular, False
    try:
        return build_grammar()
    finally:
        lexer.has_interegular = known


def _tables() -> str | bool:
    """Return the file in which lark keeps the parser's tables: beside our compiled modules, and as trusted as they are.

    Lark checks that they are of this grammar, its own version and Python's, and builds them anew if not, or if the
    folder cannot be written. Building them takes seven times as long as reading them.
    """
    folder = Path(__file__).parent / "__pycache__"
    return str(folder / f"policy.{sys.implementation.cache_tag}.tables") if folder.is_dir() else False


def build_grammar(*, strict: bool = False) -> Lark:
    """Build the parser; `strict` refuses any conflict that lark would settle by itself."""
    return Lark(
        grammar_text(),
        cache=False if strict else _tables(),
        parser="lalr",
        lexer="basic",
        start=[SENTENCE, EXAMPLE_LINE],
        postlex=_EveryWord(),
        strict=strict,
    )


def raw_tokens(text: str, line: int, column: int) -> list[Word]:
    """Cut one piece of a line into raw tokens, with their places in the file."""
    parser: Any = _grammar().parse_interactive(text, start=SENTENCE)
    words = []
    for token in parser.lexer_thread.lex(parser.parser_state):
        start = column + (token.start_pos or 0)
        words.append(Word(token.type, str(token), Span(line, start, line, start + len(token))))
    return words


def read(words: Sequence[Word], start: str = SENTENCE) -> Node | Misread:
    """Parse the words of one sentence."""
    parser: Any = _grammar().parse_interactive("", start=start)
    index = 0
    try:
        for index, word in enumerate(words):
            parser.feed_token(Token(word.type, str(index)))
        index = len(words)
        tree = parser.feed_token(Token(END, ""))
    except UnexpectedToken:
        return Misread(index, frozenset(parser.accepts()))
    return _plain(tree, words)


def accepted(words: Sequence[Word], start: str = SENTENCE) -> frozenset[str] | None:
    """Return the terminals that may stand after words (END among them); None if the words cannot be read so far."""
    parser: Any = _grammar().parse_interactive("", start=start)
    try:
        for word in words:
            parser.feed_token(Token(word.type, ""))
    except UnexpectedToken:
        return None
    return frozenset(parser.accepts())


def _plain(tree: Any, words: Sequence[Word]) -> Node:
    assert isinstance(tree, Tree)
    children = tuple(words[int(child)] if isinstance(child, Token) else _plain(child, words) for child in tree.children)
    return Node(str(tree.data), children)


def reads(words: Sequence[Word], start: str = SENTENCE) -> int:
    """Return how many words can be read before the first that cannot; their count + 1 if all is a whole sentence."""
    outcome = read(words, start)
    return outcome.index if isinstance(outcome, Misread) else len(words) + 1
