"""The texts of alerts: what they may say, what they refuse, and that nothing gets out of the sandbox."""

from __future__ import annotations

import string

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rulekit.alert.figures import Fact
from rulekit.alert.template import LONGEST, TemplateFault, fill, names

FACTS = {
    "symbol": Fact(None, "KOTAKBANK"),
    "profit": Fact(14.2, "14.2%"),
    "peak_profit": Fact(20.0, "20%"),
    "price": Fact(1998.5, "₹1,998.50"),
    "entry": Fact(1750.0, "₹1,750"),
    "momentum_over_15_minutes": Fact(None),
}

FILLED = {
    "plain words, 100% {x}": "plain words, 100% {x}",
    "{{ symbol }} is up {{ profit }}": "KOTAKBANK is up 14.2%",
    "of {{ peak profit }}": "of 20%",
    "{{ momentum over 15 minutes }}": "unknown",
    "{{ price - entry }}": "248.5",
    "{{ (price - entry) / 3 }}": "82.83",
    "{{ -profit }}": "-14.2",
    "{{ profit | round }} {{ profit | round(1) }}": "14 14.2",
    "{{ symbol | lower }}": "kotakbank",
    "{{ momentum over 15 minutes | default('none') }}": "none",
    "{{ momentum over 15 minutes + 3 }}": "unknown",
    "{{ 3 - momentum over 15 minutes }}": "unknown",
    "{% if profit > 10 and price is known %}big{% else %}small{% endif %}": "big",
    "{% if momentum over 15 minutes > 1 %}up{% elif momentum over 15 minutes < 1 %}down{% else %}?{% endif %}": "?",
    "{% if momentum over 15 minutes is unknown %}blind{% endif %}": "blind",
    "{% if symbol == 'KOTAKBANK' %}ours{% endif %}": "ours",
    "{{ 'a b' ~ symbol }}": "a bKOTAKBANK",
    "{{ profit if profit > 20 else peak profit }}": "20%",
}


@pytest.mark.parametrize("text", FILLED)
def test_a_text_is_filled(text: str) -> None:
    names(text)
    assert fill(text, FACTS) == FILLED[text]


def test_names_come_with_their_places() -> None:
    text = "a {{ peak profit }} {% if volume over 5 bars > 2 and profit %}{{ 'profit peak' }}{% endif %}"
    found = names(text)
    assert [name.word for name in found] == ["peak_profit", "volume_over_5_bars", "profit"]
    assert [text[name.start : name.end] for name in found] == ["peak profit", "volume over 5 bars", "profit"]


REFUSED = [
    "{{ profit.real }}", "{{ profit['x'] }}", "{{ profit[0] }}", "{{ profit() }}", "{{ range(10) }}",
    "{% for x in profit %}{% endfor %}", "{% set x = 1 %}", "{% macro f() %}{% endmacro %}", "{% include 'x' %}",
    "{% import 'x' as y %}", "{% extends 'x' %}", "{% block x %}{% endblock %}", "{% raw %}{{{% endraw %}{{ [1] }}",
    "{{ profit ** 99 }}", "{{ profit % 3 }}", "{{ profit // 3 }}", "{{ 'a' * 3 }}", "{{ 'a' + symbol }}",
    "{{ (symbol ~ symbol) * 3 }}", "{{ [1, 2] }}", "{{ {'a': 1} }}", "{{ (1, 2) }}", "{{ 'a' in symbol }}",
    "{{ symbol | attr('x') }}", "{{ symbol | format(1) }}", "{{ symbol | center(99) }}", "{{ profit is defined }}",
    "{{ profit", "{{ profit }", "{{ }}", "{% if profit %}x", "{% endif %}", "{{ profit + }}", "{# not closed",
    "{{ " + "(" * 400 + "1" + ")" * 400 + " }}", "{{ " + "not " * 200 + "profit }}",
    "{% if profit %}" * 40 + "{% endif %}" * 40, "x" * (LONGEST + 1),
]  # fmt: skip


@pytest.mark.parametrize("text", REFUSED, ids=range(len(REFUSED)))
def test_a_text_is_refused_in_plain_words(text: str) -> None:
    with pytest.raises(TemplateFault) as caught:
        names(text)
    fault = caught.value
    assert fault.message and fault.help and 0 <= fault.start < fault.end <= len(text)
    assert fault.message[0] in string.ascii_lowercase + "`" and not fault.message.endswith(".")
    for jargon in ("template", "jinja", "token", "expected", "getattr", "node", "tag"):
        assert jargon not in f"{fault.message} {fault.help}".lower()


def test_what_slips_past_the_reader_stops_at_the_sandbox() -> None:
    """The reader is the first wall; these texts are filled without asking it."""
    for text in ("{{ symbol.__class__ }}", "{{ ''.join.__globals__ }}", "{{ symbol * 999999999 }}", "{{ profit() }}"):
        said = fill(text, FACTS)
        assert "class" not in said.replace(text, "") and "globals" not in said.replace(text, "")
        assert len(said) <= LONGEST


def test_what_cannot_be_worked_out_is_told_all_the_same() -> None:
    assert fill("{{ profit / 0 }}", FACTS) == "{{ profit / 0 }} (cannot be filled in: ZeroDivisionError)"
    assert fill("{{ symbol > 3 }}", FACTS).endswith("(cannot be filled in: TypeError)")
    assert fill("{{ not_given }}", FACTS) == "unknown"


WORDS = (
    "{{ }} {% %} {# #} if endif else for in profit symbol peak ( ) [ ] . | ~ + - * / ** % == > , ' \" 9 999999 "
    "round( default( upper __class__ range( lambda None self loop a.b 'x' ₹ 😀 over 15 minutes not and"
)
PIECES = st.lists(st.sampled_from(WORDS.split()), max_size=14).map(" ".join)


@settings(deadline=None, max_examples=400, derandomize=True)
@given(PIECES)
def test_any_text_is_refused_or_filled_within_its_bounds(text: str) -> None:
    try:
        found = names(text)
    except TemplateFault as fault:
        assert 0 <= fault.start <= fault.end <= max(len(text), 1)
        return
    said = fill(text, {name.word: Fact(3.0, "3%") for name in found})
    assert len(said) <= LONGEST
