"""A symbol and a strategy are taken as they are written."""

from __future__ import annotations

import pytest

from rulekit.language.reading import check_text
from rulekit.language.sentences import applies_text, rule_text


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("strategy a", 'strategy "a"'),
        ("strategies a, b or the", 'strategy "a", "b" or "the"'),
        ("the NSE, strategy the, the BSE", 'NSE or BSE, strategy "the"'),
        ("symbol A and side long", 'symbol "A", side long'),
        ("symbol ALL", 'symbol "ALL"'),
        ("symbols IDEA, BOOK or OR", 'symbol IDEA, "BOOK" or "OR"'),
        ("symbol long, TCS, shorts", "symbol long or TCS, side short"),
        ("strategy in", 'strategy "in"'),
        ("strategy edge-1 side long", 'strategy "edge-1", side long'),
        ("symbol 3MINDIA, 500325", 'symbol "3MINDIA" or "500325"'),
        ("symbol MIS, product MIS", "product MIS, symbol MIS"),
        ("strategy NSE NSE options positions", 'NSE option, strategy "NSE"'),
    ],
)
def test_applies_to(written: str, read: str) -> None:
    tree = check_text(f"applies to {written}\nexit at 15:15").tree
    assert tree is not None
    assert applies_text(tree.applies) == f"applies to {read}"
    again = check_text(f"{applies_text(tree.applies)}\nexit at 15:15").tree
    assert again is not None and applies_text(again.applies) == applies_text(tree.applies)


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("strategy is a", 'strategy is "a"'),
        ("strategy is not the", 'strategy is not "the"'),
        ("symbol is A and side is a long", 'symbol is "A" and side is long'),
        ("(symbol = ALL or symbol is AND)", 'symbol is "ALL" or symbol is "AND"'),
        ("symbol is long, once", "symbol is long, once"),
        ("the strategy is open for 5 minutes", 'strategy is "open" for 5 minutes'),
    ],
)
def test_conditions(written: str, read: str) -> None:
    (rule,) = check_text(f"exit when {written}").tree.rules  # type: ignore[union-attr]
    assert rule_text(rule).removeprefix("exit when ").strip("()") == read


def test_examples() -> None:
    text = (
        'exit when strategy is a\nexample "x"\n  long 100 A at 1690\n  price 1690\n  strategy a\n  expect exit\n'
        'example "y"\n  long 100 A at 1690\n  price 1690\n  strategy is the\n  expect nothing\n'
    )
    tree = check_text(text).tree
    assert tree is not None
    assert [example.symbol for example in tree.examples] == ["A", "A"]
    assert [value.value for example in tree.examples for _, value in example.facts] == ["a", "the"]


@pytest.mark.parametrize(
    ("written", "code", "offered"),
    [
        ("applies to strategy the open", "N116", ['applies to strategy "the open"', 'applies to strategy "open"']),
        ("applies to symbol TCS INFY", "N116", ['applies to symbol "TCS INFY"', "applies to symbol TCS or INFY"]),
        ("applies to product MIS, symbol", "E108", []),
        ("applies to strategy, NSE", "E108", []),
        ("applies to product a", "E108", []),
        (
            "exit when strategy is the open",
            "N116",
            ['exit when strategy is "the open"', 'exit when strategy is "open"'],
        ),
        ("applies to NSE options, expiry this week", "N107", []),
        ("applies to weekly options", "N107", []),
        ("applies to NFO options, days to expiry is at most 7", "N107", []),
    ],
)
def test_what_is_no_name_is_told(written: str, code: str, offered: list[str]) -> None:
    rule = "" if written.startswith("exit") else "\nexit at 15:15"
    (found,) = check_text(written + rule).diagnostics
    assert found.code == code
    assert [fix.sentence for fix in ((found.fix,) if found.fix else found.choices)] == offered
    if code == "N107":
        assert "settled when they are opened" in found.message and "days to expiry" in found.help
