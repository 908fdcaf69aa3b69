"""Names of facts in a template: a trader writes `{{ peak profit }}`, and the template language wants one word."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from attrs import frozen

_BLOCK = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)
_PIECE = re.compile(r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"|[^\W\d]\w*(?:\s+\w+)*")
_WORD = re.compile(r"\w+")
KEYWORDS = {"and", "or", "not", "if", "else", "elif", "endif", "is", "in", "for", "set", "true", "false", "none"}
"""Words of the template language: they end a name of several words."""


@frozen
class Block:
    """One `{{ … }}` or `{% … %}`: where it begins and ends in the text."""

    start: int
    end: int


def blocks(text: str) -> list[Block]:
    """List the places of a text that are filled in."""
    return [Block(found.start(), found.end()) for found in _BLOCK.finditer(text)]


def joined(text: str) -> str:
    """Write every name of several words as one, by underscores: the text keeps its length, so places stay true."""
    return _BLOCK.sub(lambda block: _PIECE.sub(_joined_names, block.group()), text)


def _joined_names(piece: re.Match[str]) -> str:
    found = piece.group()
    if found[0] in "'\"":
        return found
    letters = list(found)
    words = list(_WORD.finditer(found))
    for before, after in pairwise(words):
        if not KEYWORDS & {before.group().lower(), after.group().lower()}:
            letters[before.end() : after.start()] = "_" * (after.start() - before.end())
    return "".join(letters)


def spoken(name: str) -> str:
    """Write a joined name as a trader says it: `peak_profit` is `peak profit`."""
    return " ".join(part for part in name.split("_") if part)


def places(text: str, name: str) -> Iterator[tuple[int, int]]:
    """Find a name in the blocks of a joined text, outside its quotes."""
    for block in blocks(text):
        for piece in _PIECE.finditer(text, block.start, block.end):
            if piece.group()[0] in "'\"":
                continue
            for word in _WORD.finditer(piece.group()):
                if word.group() == name:
                    yield piece.start() + word.start(), piece.start() + word.end()
