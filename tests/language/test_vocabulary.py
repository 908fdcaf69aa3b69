"""The vocabulary is one table, and a host adds rows to it."""

from __future__ import annotations

import pytest

from rulekit.errors import RulekitError
from rulekit.language import vocabulary as v
from rulekit.language.reading import check_text
from rulekit.language.sentences import policy_text
from rulekit.language.tree import Comparison, FactRef, Unit

SENTIMENT = v.Fact(
    "news sentiment", (Unit.PERCENT,), "market", "mood of the news", ("mood",), signed=True, windowed=True
)
PIVOT = v.Fact("pivot", (Unit.RUPEES,), "market", "the day's pivot", kind=v.PRICE)


def test_every_fact_has_its_help_and_its_origin() -> None:
    for fact in v.STANDARD:
        assert fact.help and fact.origin in ("position", "time", "book", "market")
        assert fact.units and fact.name == fact.name.lower()


@pytest.mark.parametrize("fact", list(v.STANDARD), ids=lambda fact: fact.name)
def test_every_fact_and_alias_can_be_compared(fact: v.Fact) -> None:
    shown = {
        Unit.PERCENT: "2%",
        Unit.RUPEES: "₹2",
        Unit.R: "2R",
        Unit.POINTS: "2 points",
        Unit.TICKS: "2 ticks",
        Unit.ATR: "2 ATR",
        Unit.TIMES: "2 times normal",
        Unit.DURATION: "2 minutes",
        Unit.DAYS: "2 days",
        Unit.BARS: "2 bars",
        Unit.CLOCK: "15:00",
        Unit.COUNT: "2",
    }
    texts = {"side": "long", "exchange": "NSE", "product": "MIS", "day": "Friday"}
    for name in (fact.name, *fact.aliases, fact.name.upper()):
        for unit in fact.units:
            value = texts.get(fact.name, "abc") if unit is Unit.TEXT else shown[unit]
            checked = check_text(f"exit when {name} is {value}")
            assert checked.tree is not None, (name, value, checked.diagnostics)
            condition = checked.tree.rules[0].when
            assert isinstance(condition, Comparison) and isinstance(condition.left, FactRef)
            assert (condition.left.name, condition.left.unit) == (fact.name, unit)


def test_a_host_adds_facts() -> None:
    vocabulary = v.STANDARD.extended([SENTIMENT, PIVOT])
    text = "exit when mood over 5 bars is below 2%\nmove stop to pivot - 1% at 5% profit\n"
    checked = check_text(text, vocabulary=vocabulary)
    assert checked.tree is not None
    assert policy_text(checked.tree) == text.replace("mood", "news sentiment")
    assert check_text(text).tree is None


def test_a_misspelt_fact_of_a_host_is_found() -> None:
    checked = check_text("exit when news sentimant is below 2%", vocabulary=v.STANDARD.extended([SENTIMENT]))
    assert "news sentiment" in checked.diagnostics[0].help


@pytest.mark.parametrize("name", ["profit", "pnl", "Upper", ""])
def test_a_name_that_is_taken_or_ill_formed_is_refused(name: str) -> None:
    with pytest.raises(RulekitError):
        v.STANDARD.extended([v.Fact(name, (Unit.PERCENT,), "market", "x")])
