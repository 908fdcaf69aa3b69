"""Colours in documentation: the lexer for Pygments loses nothing and knows each word by what it means."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pygments.token import Comment, Keyword, Name, Number, String, Token

from rulekit.editor.pygments_lexer import PolicyLexer

CORPUS = Path(__file__).resolve().parents[1] / "corpus"
TEXTS = sorted((CORPUS / "valid").glob("*.policy")) + sorted((CORPUS / "codes").glob("*.policy"))


def tokens(text: str) -> list[tuple[object, str]]:
    return [(kind, part) for kind, part in PolicyLexer(stripnl=False, ensurenl=False).get_tokens(text) if part.strip()]


def test_nothing_of_the_corpus_is_lost() -> None:
    for path in TEXTS:
        text = path.read_text(encoding="utf-8")
        parts = list(PolicyLexer().get_tokens_unprocessed(text))
        assert "".join(part for _, _, part in parts) == text, path.name
        assert all(text[at : at + len(part)] == part for at, _, part in parts), path.name


@settings(max_examples=60)
@given(st.text(alphabet='book 5%₹😀#"“”:\n\r\t()exit at', max_size=60))
def test_nothing_of_any_text_is_lost(text: str) -> None:
    assert "".join(part for _, _, part in PolicyLexer().get_tokens_unprocessed(text)) == text


def test_words_by_what_they_mean() -> None:
    text = 'set goal to 15%\nHALF: sell half at goal profit # "why"\nexit when side is long'
    assert tokens(text) == [
        (Keyword, "set"),
        (Name.Variable, "goal"),
        (Keyword.Pseudo, "to"),
        (Number, "15"),
        (Keyword.Type, "%"),
        (Name.Label, "HALF:"),
        (Keyword, "sell"),
        (Number, "half"),
        (Keyword.Pseudo, "at"),
        (Name.Variable, "goal"),
        (Name.Builtin, "profit"),
        (Comment.Single, '# "why"'),
        (Keyword, "exit"),
        (Keyword.Pseudo, "when"),
        (Name.Builtin, "side"),
        (Keyword.Pseudo, "is"),
        (Name.Constant, "long"),
    ]


def test_a_phrase_over_two_lines_is_coloured_on_both() -> None:
    text = "exit when profit is at\n    least 5%  # one\n"
    assert [part for kind, part in tokens(text) if kind is Keyword.Pseudo] == ["when", "is at", "least"]


@pytest.mark.parametrize("text", ["boook half", '"not closed', "exit at 25:15", ""])
def test_what_is_broken_is_coloured_as_far_as_it_goes(text: str) -> None:
    assert "".join(part for _, part in PolicyLexer(ensurenl=False).get_tokens(text)) == text


def test_pygments_knows_the_lexer_by_its_words() -> None:
    assert "policy" in PolicyLexer.aliases and "*.policy" in PolicyLexer.filenames
    assert tokens('"a label": exit "x"')[0][0] is Name.Label
    assert String in {kind for kind, _ in tokens('policy "x"')}
    assert Token.Error not in {kind for kind, _ in tokens("☃ exit")}
