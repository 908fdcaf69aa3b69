"""Places are the same in every encoding that an editor may count in; a slow oracle encodes the text itself."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lsprotocol import types as lsp

from rulekit.editor.positions import Places
from rulekit.language.tree import Span

ENCODINGS = {
    lsp.PositionEncodingKind.Utf8: ("utf-8", 1),
    lsp.PositionEncodingKind.Utf16: ("utf-16-le", 2),
    lsp.PositionEncodingKind.Utf32: ("utf-32-le", 4),
}
encodings = st.sampled_from(sorted(ENCODINGS))
texts = st.text(alphabet='ab ₹😀é\u0301\u2028\x0b\x85\n\r"#', max_size=40)


def slow_units(text: str, encoding: str) -> int:
    codec, width = ENCODINGS[lsp.PositionEncodingKind(encoding)]
    return len(text.encode(codec)) // width


def slow_lines(text: str) -> list[str]:
    return re.split("\r\n|\n|\r", text)


def slow_position(text: str, index: int, encoding: str) -> lsp.Position:
    """Say where the character at an index of the whole text stands, from what the text before it encodes to."""
    before = slow_lines(text[:index])
    return lsp.Position(len(before) - 1, slow_units(before[-1], encoding))


def at_a_character(text: str, index: int) -> bool:
    return not (text[index - 1 : index] == "\r" and text[index : index + 1] == "\n")


@settings(max_examples=200)
@given(texts, st.data(), encodings)
def test_a_place_and_back(text: str, data: st.DataObject, encoding: str) -> None:
    index = data.draw(st.integers(0, len(text)).filter(lambda each: at_a_character(text, each)))
    places = Places(text, encoding)
    wanted = slow_position(text, index, encoding)
    line, column = places.place(wanted)
    assert slow_lines(text)[line - 1][: column - 1] == slow_lines(text[:index])[-1]
    assert places.position(line, column) == wanted


@settings(max_examples=120)
@given(texts, st.integers(0, 12), st.integers(0, 80), encodings)
def test_any_position_of_an_editor_is_some_place(text: str, line: int, character: int, encoding: str) -> None:
    places = Places(text, encoding)
    number, column = places.place(lsp.Position(line, character))
    lines = slow_lines(text)
    assert 1 <= number <= len(lines) and 1 <= column <= len(lines[number - 1]) + 1
    if line < len(lines):
        before = lines[line][: column - 1]
        assert number == line + 1
        assert slow_units(before, encoding) <= character or not before
        after = lines[line][:column]
        assert after == before or slow_units(after, encoding) > character


@pytest.mark.parametrize(("encoding", "character"), [("utf-8", 10), ("utf-16", 7), ("utf-32", 6)])
def test_behind_rupees_and_an_emoji(encoding: str, character: int) -> None:
    places = Places("x\n😀 ₹15 profit", encoding)
    assert places.position(2, 5).character == {"utf-8": 9, "utf-16": 5, "utf-32": 4}[encoding]
    assert places.range(Span(2, 5, 2, 7)).end == lsp.Position(1, character + 1 if encoding == "utf-8" else character)


@given(encodings)
def test_a_byte_order_mark_is_no_character_of_the_language(encoding: str) -> None:
    places = Places("\ufeffexit\nexit", encoding)
    mark = slow_units("\ufeff", encoding)
    assert places.position(1, 1) == lsp.Position(0, mark)
    assert places.position(2, 1) == lsp.Position(1, 0)
    assert places.place(lsp.Position(0, mark + 2)) == (1, 3)
    assert places.place(lsp.Position(0, 0)) == (1, 1)


def test_beyond_the_text_is_at_its_end() -> None:
    places = Places("exit\nexit at 15:15", "utf-16")
    assert places.position(9, 9) == lsp.Position(1, 13)
    assert places.position(1, 99) == lsp.Position(0, 4)
    assert places.place(lsp.Position(7, 0)) == (2, 14)
    assert places.whole().end == lsp.Position(1, 13)
