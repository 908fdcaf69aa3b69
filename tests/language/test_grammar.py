"""The grammar has no conflict that the parser would settle by itself, and every word of it can be written."""

from __future__ import annotations

import re

import pytest
from lark.exceptions import GrammarError

from rulekit.language import keywords as k
from rulekit.language import parser
from rulekit.language.tree import Unit

MADE_BY_THE_READER = {"NEW_NAME", "VALUE_NAME", "CONDITION_NAME", "RAW", "DATA_MISSING"}


def test_the_grammar_is_free_of_conflicts() -> None:
    parser.build_grammar(strict=True)


def test_a_conflict_would_be_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    text = parser.grammar_text().replace("?share: measure", "?share: measure | NUMBER")
    monkeypatch.setattr(parser, "grammar_text", lambda: text)
    with pytest.raises(GrammarError):
        parser.build_grammar(strict=True)


def test_every_declared_terminal_has_a_spelling() -> None:
    declared = set(" ".join(re.findall(r"^%declare (.*)$", parser.grammar_text(), re.MULTILINE)).split())
    spelt = {keyword.terminal for table in (k.phrases(), k.verbs()) for _, keyword in table.spellings()}
    spelt |= {keyword.terminal for keyword in k.SYMBOLS.values()}
    spelt |= {found.terminal for word in ("m", "r", "pm", "rupees") if (found := k.after_number(word))}
    assert declared - spelt == MADE_BY_THE_READER


def test_every_spelling_is_a_terminal_of_the_grammar() -> None:
    text = parser.grammar_text()
    for table in (k.phrases(), k.verbs()):
        for spelling, keyword in table.spellings():
            assert re.search(rf"\b{keyword.terminal}\b", text), spelling


def test_no_phrase_hides_another_of_the_same_words() -> None:
    seen: dict[str, list[k.Keyword]] = {}
    for spelling, keyword in k.phrases().spellings():
        seen.setdefault(spelling, []).append(keyword)
    shared = {spelling: [each.terminal for each in found] for spelling, found in seen.items() if len(found) > 1}
    # A unit after a number, a fact elsewhere; `stop` is both a word of actions and a price.
    assert shared == {
        "day": ["TIME_UNIT", "TEXT_FACT"],
        "lots": ["UNIT", "FACT"],
    }


def test_units_read_back_from_their_own_words() -> None:
    words = {spelling for spelling, _ in k.phrases().spellings()}
    for unit in (Unit.POINTS, Unit.TICKS, Unit.TIMES, Unit.BARS, Unit.DAYS):
        assert unit.value in words
