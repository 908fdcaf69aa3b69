"""Facts of the position that a positions file or an example states: they are used where nothing else tells them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from rulekit.engine.examples import run_examples
from rulekit.engine.positions_file import parse_positions
from rulekit.engine.stated_facts import with_counts
from rulekit.language.fact_names import fact_phrase
from rulekit.runtime.policy import Policy

LONG = {
    "symbol": "KOTAKBANK",
    "exchange": "NSE",
    "product": "MIS",
    "side": "long",
    "quantity": 100,
    "entry": 1000,
    "price": 1150,
    "opened": "2025-06-11T10:00:00+05:30",
}
SHORT = {**LONG, "side": "short", "price": 850}


def acts(sentence: str, position: dict[str, Any], **more: Any) -> list[str]:
    policy = Policy.from_text(sentence)
    text = json.dumps({"now": "2025-06-11T11:00:00+05:30", "positions": [{**position, **more}]})
    (asked,) = parse_positions(text)
    snapshot = with_counts(policy.compiled, asked.snapshot, asked.memory)
    return [action.rule for action in policy.decide(snapshot, asked.memory).actions]


@pytest.mark.parametrize(
    ("sentence", "position", "name", "holds", "fails"),
    [
        ("exit when times booked is at least 2", LONG, "times booked", 2, 1),
        ("exit when times added is at least 2", LONG, "Times  Added", 2, 1),
        ("exit when days to expiry is at most 1", LONG, "days to expiry", 1, 2),
        ("exit on expiry day", LONG, "days to expiry", 0, 1),
        ("exit when worst price is below ₹990", LONG, "worst price", 989.95, 990),
        ("exit when low since entry is below ₹990", LONG, "low since entry", 989.95, 990),
        ("exit when high since entry is above ₹1,010", SHORT, "high since entry", 1010.05, 1010),
        ("exit when best price is at least ₹1,200", LONG, "best price", 1200, 1199.95),
        ("exit when total profit is above ₹16,000", LONG, "total profit", 16000.01, 16000),
        ("exit when initial risk is at most ₹20", LONG, "initial stop", 980, 979.95),
    ],
)
def test_a_stated_fact_is_used_exactly(
    sentence: str, position: dict[str, Any], name: str, holds: float, fails: float
) -> None:
    assert acts(sentence, position, facts={name: holds}) == [sentence]
    assert acts(sentence, position, facts={name: fails}) == []


@pytest.mark.parametrize(
    ("written", "phrase"),
    [
        ("momentum", "momentum"),
        ("  Momentum   Over 15 Minutes ", "momentum over 15 minutes"),
        ("momentum over 15m", "momentum over 15 minutes"),
        ("momentum over 1 hour", "momentum over 60 minutes"),
        ("momentum over 1 hour 30 minutes", "momentum over 90 minutes"),
        ("moving average over 20 candles", "sma over 20 bars"),
        ("Average True Range over 14 bars", "atr over 14 bars"),
        ("high of the day", "day high"),
        ("the day's low", "day low"),
        ("LTP", "price"),
        ("initial stop", "initial stop"),
        ("break-even", "break-even"),
        ("charges", "charges"),
        ("bar minutes", "bar minutes"),
        ("price over 5 minutes", "price over 5 minutes"),
        ("momentun", "momentun"),
        ("expect exit", "expect exit"),
        ("", ""),
        ("(", "("),
        ("x" * 500, "x" * 500),
    ],
)
def test_a_fact_is_known_by_every_name_that_a_policy_may_give_it(written: str, phrase: str) -> None:
    assert fact_phrase(written) == phrase


def test_a_window_may_be_written_as_in_the_policy() -> None:
    sentence = "exit when momentum over 60 minutes is at least 2%"
    for name in ("momentum over 1 hour", "momentum over 60m", "momentum"):
        assert acts("exit when momentum over 1 hour is at least 2%", LONG, facts={name: 2}) == [sentence]
    both = {"Momentum Over 1 Hour": 3, "momentum over 60 minutes": 1}
    assert acts(sentence, LONG, facts=both) == []


def test_a_stated_target_exits_when_it_is_reached() -> None:
    assert acts("book 50%", LONG, facts={"target": 1150}) == ["target"]
    assert acts("book 50%", SHORT, facts={"target": 850.05}) == ["target"]
    assert acts("book 50%", LONG, facts={"target": 1150.05}) == ["book 50%"]


def test_a_field_of_the_position_counts_before_a_stated_fact() -> None:
    sentence = "exit when best price is at least ₹1,200"
    assert acts(sentence, LONG, best_price=1160, facts={"best price": 1200}) == []


def test_books_and_adds_are_counted_from_what_fired() -> None:
    policy = "B: book 10% at 5% profit\nA: add 10% at 5% profit\nX: exit when times booked is at least 2\n"
    policy += "Y: exit when times added is at least 3\n"
    assert acts(policy, LONG, fired={"B": 2}) == ["X"]
    assert acts(policy, LONG, fired={"A": 3}) == ["Y"]
    assert acts(policy, LONG, fired={"B": 2}, facts={"times booked": 0}) == ["A"]


@pytest.mark.parametrize(
    ("exchange", "symbol", "kind"),
    [
        ("NSE", "RELIANCE", "equity"),
        ("BSE", "SENSEXFUT", "equity"),
        ("NFO", "NIFTY25JUNFUT", "futures"),
        ("NFO", "NIFTY2561925000CE", "options"),
        ("BFO", "SENSEX25JUN80000PE", "options"),
        ("CDS", "USDINR25JUNFUT", "currency"),
        ("MCX", "GOLD25AUGFUT", "commodity"),
    ],
)
def test_the_kind_is_told_by_exchange_and_symbol(exchange: str, symbol: str, kind: str) -> None:
    row = {**LONG, "exchange": exchange, "symbol": symbol, "product": "NRML"}
    for asked in ("equity", "futures", "options", "currency", "commodity"):
        assert bool(acts(f"applies to {asked}\nexit", row)) is (asked == kind), asked


def test_the_expiry_of_a_future_is_unknown_until_it_is_stated() -> None:
    future = {**LONG, "exchange": "NFO", "symbol": "NIFTY25JUNFUT", "product": "NRML"}
    assert acts("exit on expiry day", future) == []
    assert acts("exit on expiry day", future, facts={"days to expiry": 0}) == ["exit on expiry day"]
    policy = Policy.from_text("exit on expiry day")
    text = json.dumps({"now": "2025-06-11T11:00:00+05:30", "positions": [future, LONG]})
    unknown, never = [policy.decide(asked.snapshot) for asked in parse_positions(text)]
    assert [waiting.why for waiting in unknown.not_yet] == ["cannot be judged: the expiry is unknown"]
    assert [waiting.why for waiting in never.not_yet] == ["not yet: expiry none, needs today"]


def test_an_example_states_the_expiry_and_what_was_booked() -> None:
    policy = Policy.from_text(
        "X: exit when days to expiry is at most 1 and times booked is at least 1\n"
        'example "the day before"\n  long 100 KOTAKBANK at 1690\n  days to expiry 1\n  times booked 1\n'
        "  expect exit because X\n"
        'example "two days before"\n  long 100 KOTAKBANK at 1690\n  days to expiry 2\n  times booked 1\n'
        "  expect nothing\n"
    )
    assert [result.missed for result in run_examples(policy.compiled)] == [(), ()]
