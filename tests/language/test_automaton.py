"""Our reading by tables against lark's own: the same nodes, and the same place and offers at a fault."""

from __future__ import annotations

import random
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from lark import Token, Tree
from lark.exceptions import UnexpectedToken

from rulekit.language import parser
from rulekit.language.parser import EXAMPLE_LINE, SENTENCE, Misread, Node, accepted, raw_tokens, read
from rulekit.language.reader import END, Word
from rulekit.language.reading import check_text

CORPUS = Path(__file__).parent.parent / "corpus"


@cache
def lark_grammar() -> Any:
    return parser.build_grammar()


def by_lark(words: tuple[Word, ...], start: str) -> Node | Misread:
    reading = lark_grammar().parse_interactive("", start=start)
    index = 0
    try:
        for index, word in enumerate(words):
            reading.feed_token(Token(word.type, str(index)))
        index = len(words)
        tree = reading.feed_token(Token(END, ""))
    except UnexpectedToken:
        return Misread(index, frozenset(reading.accepts()))
    return as_node(tree, words)


def as_node(tree: Any, words: tuple[Word, ...]) -> Node:
    assert isinstance(tree, Tree)
    return Node(
        str(tree.data),
        tuple(words[int(child)] if isinstance(child, Token) else as_node(child, words) for child in tree.children),
    )


@pytest.fixture(scope="module")
def sentences() -> list[tuple[tuple[Word, ...], str]]:
    """Words of sentences as the checker hands them over, of whole policies and of the corpus of mistakes."""
    seen: dict[tuple[tuple[str, ...], str], tuple[Word, ...]] = {}

    def note(words: Any, start: str = SENTENCE) -> Node | Misread:
        seen.setdefault((tuple(word.type for word in words), start), tuple(words))
        return read(words, start)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("rulekit.language.checker.read", note)
        for path in [*sorted(CORPUS.glob("valid/*.policy")), *sorted(CORPUS.glob("codes/E*.policy"))]:
            check_text(path.read_text(encoding="utf-8"))
        check_text('exit\nexample "x"\n  long 100 INFY 1690 at\n  price 5 6\n  expect exit exit because\n')
        for path in sorted(CORPUS.glob("invalid/*.txt"))[::6]:
            for case in path.read_text(encoding="utf-8").split("\n-----\n"):
                check_text(case.partition("\n=>\n")[0])
    return [(words, start) for (_, start), words in seen.items()]


def test_nodes_and_faults_are_larks(sentences: list[tuple[tuple[Word, ...], str]]) -> None:
    assert len(sentences) > 300
    outcomes = set()
    for words, start in sentences:
        ours = read(words, start)
        assert ours == by_lark(words, start), [word.type for word in words]
        outcomes.add((type(ours), start))
    assert outcomes == {(Node, SENTENCE), (Misread, SENTENCE), (Node, EXAMPLE_LINE), (Misread, EXAMPLE_LINE)}


def test_torn_sentences_are_read_alike(sentences: list[tuple[tuple[Word, ...], str]]) -> None:
    """Words left out, doubled and exchanged; the fault's place and what may stand there are lark's."""
    draw = random.Random(7)
    for words, start in draw.sample(sentences, 150):
        torn = list(words)
        for _ in range(draw.randint(1, 2)):
            place = draw.randrange(len(torn))
            torn[place : place + 1] = draw.choice(([], [torn[place]] * 2, [draw.choice(words)]))
            torn = torn or [words[0]]
        assert read(torn, start) == by_lark(tuple(torn), start), [word.type for word in torn]


def test_what_may_stand_next_is_larks(sentences: list[tuple[tuple[Word, ...], str]]) -> None:
    for words, start in random.Random(3).sample(sentences, 40):
        for length in range(len(words) + 1):
            part = words[:length]
            expected = by_lark((*part, Word("NOTHING_SUCH", "?", words[0].span)), start)
            assert isinstance(expected, Misread)
            found = accepted(part, start)
            if expected.index < length:
                assert found is None
            else:
                assert found == expected.accepts


@pytest.mark.parametrize(
    "text", ['book 50% at "first" ₹1,990.50 3:15 pm # x', "a_b-c%: 1/2 ½ \t\u00a0\u200b\x00;'", "", "।१ 5k−"]
)
def test_a_line_is_cut_as_lark_cuts_it(text: str) -> None:
    lexing = lark_grammar().parse_interactive(text, start=SENTENCE)
    tokens = lexing.lexer_thread.lex(lexing.parser_state)
    expected = [(token.type, str(token), 4 + (token.start_pos or 0)) for token in tokens]
    assert [(word.type, word.text, word.span.column) for word in raw_tokens(text, 1, 4)] == expected


def test_kept_tables_are_those_that_were_built(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    words = raw_tokens("exit", 1, 1)
    words = [Word("EXIT", word.text, word.span) for word in words]
    (tmp_path / "__pycache__").mkdir()
    with monkeypatch.context() as patch:
        patch.setattr(parser, "__file__", str(tmp_path / "parser.py"))
        parser._tables.cache_clear()
        built = parser._tables()
        [kept] = (tmp_path / "__pycache__").iterdir()
        whole = kept.read_text(encoding="utf-8")
        parser._tables.cache_clear()
        with patch.context() as inner:
            inner.setattr(parser, "build_grammar", lambda: pytest.fail("they were built again"))
            assert parser._tables() == built
        for harm in ("", "[", "[1, 2]", whole.replace("?share: measure", "?share: FACT")):
            assert harm != whole
            kept.write_text(harm, encoding="utf-8")
            parser._tables.cache_clear()
            assert isinstance(read(words), Node)
            assert kept.read_text(encoding="utf-8") != harm, "a harmed file is written anew"
    parser._tables.cache_clear()
