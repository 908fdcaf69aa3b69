"""What is offered can be written there; what would be answered with an error is not offered."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest

from rulekit.editor.offers import Offer, offers
from rulekit.language.keywords import phrases
from rulekit.language.parser import EXAMPLE_LINE, SENTENCE, accepted, raw_tokens
from rulekit.language.reader import Reader
from rulekit.language.reading import check_text
from rulekit.language.tree import Unit
from rulekit.language.vocabulary import STANDARD, Fact

PROJECT = Path(__file__).resolve().parents[2]
HEAD = """set first target to 15%
define strong momentum as momentum over 15 minutes is at least 2%
P_50%: book 50% at 5% profit
"Square off": exit at 15:15
"""


def offered(text: str, head: str = HEAD) -> list[str]:
    return [each.text for each in at_end(head + text)]


def at_end(text: str) -> list[Offer]:
    lines = text.split("\n")
    return offers(check_text(text), text, len(lines), len(lines[-1]) + 1)


@pytest.mark.parametrize(
    ("typed", "some", "never"),
    [
        (
            "",
            {"book", "exit", "move stop to", "tighten stop", "define", "applies to", "example"},
            {"when", "at", "of", "stop trading"},
        ),
        ("book ", {"first target", "50%", "half", "everything", "up to"}, {"30 minutes", "at", "profit"}),
        ("book 15", {"%", " shares", " lots"}, {" minutes", "₹", "at"}),
        ("exit at 15", {"%", "R", " points"}, {" shares"}),
        ("exit after 30", {" minutes", " days"}, {"%", " shares"}),
        ("exit when ", {"strong momentum", "profit", "momentum", "not", "("}, {"first target", "at least"}),
        (
            "exit when profit is ",
            {"15%", "₹5,000", "first target", "is at least"},
            {"30 minutes", "NSE", "long", "age"},
        ),
        ("exit when age is at least ", {"30 minutes", "3 days"}, {"15%", "first target"}),
        ("exit when side is ", {"long", "short", "is not"}, {"NSE", "Friday"}),
        ("exit when day is ", {"Friday"}, {"long"}),
        ("exit at 5% profit ", {"after", "when", "unless", "once a day", ","}, {"at", "profit"}),
        ("exit when strong momentum ", {"and", "or", "unless"}, {"at", "when", "after"}),
        ("exit when strong momentum and price is above entry ", {"and", "unless"}, {"or"}),
        ("exit when (", {"profit"}, {"first target"}),
        ("applies to NSE, product ", {"MIS", "CNC", "NRML", "MTF"}, {"NSE", "equity", "long", "symbol"}),
        ("applies to side ", {"long", "short"}, {"MIS", "strategy"}),
        ("applies to symbol ", set(), {"NSE", "long", "symbol", "everything"}),
        ("applies to ", {"NSE", "equity", "MIS", "long", "symbol"}, {"profit", "and"}),
        ("set my goal ", {"to"}, {"as"}),
        ("define calm ", {"as"}, {"to"}),
        ("trail stop ", {"2R", "1.5 ATR"}, {"25 shares", "30 minutes"}),
        ('example "x"\n  ', {"long", "short", "price", "expect", "momentum", "P_50%"}, {"book", "when"}),
        (
            "for the whole book\n  ",
            {"exit everything", "stop adding", "stop trading"},
            {"book", "move stop to", "set", "example"},
        ),
        ("for the whole book\n  stop adding when ", {"day loss", "open positions", "time"}, {"profit", "momentum"}),
        ("for the whole book\n  exit everything ", {"and", "at", "when", "after"}, {"of"}),
        ('example "x"\n  expect ', {"book", "exit", "nothing", "stop"}, {"profit"}),
    ],
)
def test_words_that_fit_and_words_that_do_not(typed: str, some: set[str], never: set[str]) -> None:
    found = set(offered(typed))
    assert some <= found
    assert not never & found


@pytest.mark.parametrize("typed", ["exit # bo", '"Squ', 'alert "', "exit exit "])
def test_comments_quotes_and_broken_sentences_offer_nothing(typed: str) -> None:
    assert offered(typed) == []


def test_a_phrase_is_found_by_its_first_words() -> None:
    (offer,) = [each for each in at_end(HEAD + "exit when profit is at lea") if each.text == "is at least"]
    assert (offer.line, offer.column) == (5, len("exit when profit ") + 1)
    assert "first target" in offered("exit at first ta")


def test_a_continuation_and_an_indented_line_know_what_is_above() -> None:
    assert "strong momentum" in offered("exit at 5% profit\n  when ")
    assert "is at least" in offered("exit\n  when profit\n  # why\n    ")


def test_labels_behind_because() -> None:
    text = 'example "x"\n  long 1 K at 10\n  expect exit because '
    assert offered(text) == ["P_50%", '"Square off"']
    assert offered(text + '"Squ') == ["P_50%", '"Square off"']


def test_a_fact_of_a_host_is_offered_with_its_help() -> None:
    vocabulary = STANDARD.extended([Fact("open interest", (Unit.COUNT,), "market", "contracts that are open")])
    text = "exit when open in"
    found = offers(check_text(text, vocabulary=vocabulary), text, 1, len(text) + 1, vocabulary)
    (offer,) = [each for each in found if each.text == "open interest"]
    assert offer.help == "contracts that are open"


def test_names_of_a_policy_with_errors_are_offered() -> None:
    assert "first target" in offered("book ", HEAD + "boook half\n")


def test_what_is_offered_can_be_read() -> None:
    """At random places of good policies, each offer can be read on from there."""
    random = Random(20261122)
    lines = [
        line.strip()
        for path in sorted((PROJECT / "tests" / "corpus" / "valid").glob("*.policy"))
        for line in path.read_text(encoding="utf-8").splitlines()
        if line.strip() and "#" not in line and not line.startswith((" ", "example"))
    ]
    seen = 0
    for line in random.sample(lines, 40):
        words = line.split(" ")
        typed = " ".join((*words[: random.randrange(len(words))], ""))
        checked = check_text(typed)
        for offer in offers(checked, typed, 1, len(typed) + 1):
            text = typed[: offer.column - 1] + offer.text
            read = Reader(raw_tokens(text, 1, 1), checked.names, phrases()).read()
            assert accepted(read, SENTENCE) is not None or text.split()[0] in ("set", "define"), text
            seen += 1
    assert seen > 200


def test_what_is_offered_in_an_example_can_be_read() -> None:
    assert at_end('exit\nexample "x"\n  long ') == [], "a number comes next"
    for typed in ("", "price ", "momentum over ", "expect book ", "long 100 K at 10, held "):
        offered = [offer for offer in at_end(f'exit\nexample "x"\n  {typed}') if offer.kind != "label"]
        assert offered, typed
        for offer in offered:
            words = Reader(raw_tokens(typed[: offer.column - 3] + offer.text, 1, 1), {}, phrases()).read()
            assert accepted(words, EXAMPLE_LINE) is not None, (typed, offer)
