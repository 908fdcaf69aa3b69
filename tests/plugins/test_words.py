"""A fact of an installed package is a word of the language everywhere, and costs nothing where it is not said."""

from __future__ import annotations

import sys
import zlib
from datetime import date
from importlib import metadata
from pathlib import Path

import pytest

from rulekit.compile.policy import compile_policy
from rulekit.editor.hover import explained
from rulekit.editor.offers import offers
from rulekit.engine.examples import run_examples
from rulekit.explain.account import account
from rulekit.language.fact_names import fact_phrase
from rulekit.language.plugged import learn_all
from rulekit.language.reading import check_text
from rulekit.language.sentences import policy_text
from rulekit.lint.linting import lint
from rulekit.lint.proofs import prove
from rulekit.model.snapshot import Snapshot
from rulekit.plugins.declared import DeclarationError, FactPlugin
from rulekit.plugins.discovery import EntryPoint, entry_points
from rulekit.plugins.loading import load
from rulekit.runtime.policy import Policy
from tests.plugins.packages import fact, install

TODAY = date(2026, 11, 20)


def ours(site: Path) -> list[EntryPoint]:
    return [each for each in entry_points() if (site / f"{each.package.replace('-', '_')}.py").exists()]


@pytest.fixture
def decay(site: Path) -> Path:
    """A package that adds `premium decay`, also called `time decay`, from 0% to 100%."""
    source = "DECAY = " + fact("premium decay", "[1.0] * len(bars)", low=0, high=100, windowed=True, window=5)
    install(site, "decay-words", source, {"premium_decay": "DECAY", "time_decay": "DECAY"}, version="2.1")
    return site


def test_what_is_found_is_what_the_standard_library_finds(decay: Path) -> None:
    found = {(each.name.replace(" ", "_"), each.target, each.package, each.version) for each in ours(decay)}
    theirs = {
        (each.name, each.value, each.dist.name, each.dist.version)
        for each in metadata.entry_points(group="rulekit.facts")
        if each.dist is not None and each.dist.name == "decay-words"
    }
    assert found == theirs and len(found) == 2


def test_a_policy_that_does_not_say_a_word_never_imports_its_package(decay: Path) -> None:
    assert check_text("exit when premium is above 2%").tree is None
    assert check_text("exit at 5% loss").tree is not None
    assert "decay_words" not in sys.modules
    assert check_text("exit when premium decay is above 2%").tree is not None
    assert "decay_words" in sys.modules


def test_an_alias_a_window_and_the_canonical_form(decay: Path) -> None:
    checked = check_text("exit when Time Decay over 10 bars >= 40%\n")
    assert checked.tree is not None
    assert policy_text(checked.tree) == "exit when premium decay over 10 bars is at least 40%\n"
    assert fact_phrase("time decay over 10 bars") == "premium decay over 10 bars"


@pytest.mark.parametrize(
    ("text", "code", "said"),
    [
        ("exit when premium decay is above 20", "U101", "20 what?"),
        ("exit when premium decay is above 20 minutes", "U102", "percentage"),
        ("exit when premum decay is above 20%", "N101", "premium decay"),
        ("set premium decay to 5%\nexit at premium decay profit", "N102", "a word of the plug-in `decay-words`"),
    ],
)
def test_its_unit_and_its_name_are_checked(decay: Path, text: str, code: str, said: str) -> None:
    found = check_text(text).diagnostics[0]
    assert found.code == code
    assert said in found.message + found.help


def test_its_range_is_known_to_lint_and_to_proofs(decay: Path) -> None:
    checked = check_text("exit at 5% loss\nA: book 50% when premium decay is above 120%")
    assert [each.code for each in lint(checked, TODAY) if each.code in ("R106", "R201")] == ["R106"]
    assert checked.tree is not None
    assert "R201" in [code for code, found in prove(checked.tree) if found.status == "proved"]
    assert checked.tree is not None
    fine = check_text("exit at 5% loss\nA: book 50% when premium decay is above 99%").tree
    assert fine is not None and "R201" not in [code for code, _ in prove(fine)]


def test_an_example_states_it_and_a_host_gives_it(decay: Path) -> None:
    text = """OUT: exit when premium decay over 10 bars is above 40%
exit at 5% loss
example "decayed"
  short 100 NIFTY26NOV24000CE at 200, held 45 minutes
  price 190
  premium decay over 10 bars 41%
  expect exit because OUT
"""
    checked = check_text(text)
    assert checked.tree is not None, checked.diagnostics
    assert [result.missed for result in run_examples(compile_policy(checked.tree)) if not result.passed] == []
    policy = Policy.from_text(text)
    assert policy.market_facts == ("premium decay over 10 bars",)

    def decided(value: float | None) -> list[str]:
        now = "2026-11-20T11:00:00+05:30"
        given = {"premium decay": value}
        look = Snapshot.of("X", "short", 100, entry=200, price=190, now=now, opened=now, facts=given)
        return [action.rule for action in policy.decide(look).actions]

    assert decided(41.0) == ["OUT"] and decided(39.0) == [] and decided(None) == []


def test_explain_hover_and_completion_know_it(decay: Path) -> None:
    text = "OUT: exit when premium decay is above 40%\nexit at 5% loss"
    checked = check_text(text)
    assert checked.tree is not None
    assert "premium decay is above 40%" in account(compile_policy(checked.tree), "x.policy", ())
    shown = explained(checked, (), 1, text.index("premium") + 1)
    assert shown is not None
    for part in ("what premium decay says", "from 0 to 100", "never", "exit when premium decay", "decay-words"):
        assert part in shown.text
    begun = "exit when premi"
    assert "premium decay" in [offer.text for offer in offers(check_text(begun), begun, 1, len(begun) + 1)]


def test_completion_offers_words_that_no_policy_has_said(decay: Path) -> None:
    learn_all()
    begun = "exit when prem"
    assert "premium decay" in [offer.text for offer in offers(check_text(begun), begun, 1, len(begun) + 1)]


# --- what cannot be used ---------------------------------------------------------------------------------------


def test_a_package_that_cannot_be_imported_is_named_at_its_word(site: Path) -> None:
    install(site, "no-words", "import nowhere_at_all", {"mood_index": "X"})
    checked = check_text("exit at 5% loss\nA: exit when mood index is above 2 or profit is above 9%")
    (found,) = checked.diagnostics
    assert (found.code, found.span.column, found.span.end_column) == ("N117", 14, 24)
    assert "`no-words`" in found.message and "No module named 'nowhere_at_all'" in found.message
    assert "rulekit plugins" in found.help


def test_two_packages_that_claim_one_name_are_both_refused(site: Path) -> None:
    for name in ("left-words", "right-words"):
        install(site, name, "MOOD = " + fact("mood", "[1.0] * len(bars)"), {"mood": "MOOD"})
    (found,) = check_text("exit when mood is above 2%").diagnostics
    assert found.code == "N117"
    assert "`left-words` and `right-words` call a fact `mood`" in found.message
    assert "left_words" not in sys.modules


def test_a_word_of_the_language_stays_what_it_is(site: Path) -> None:
    install(site, "rsi-words", "RSI = " + fact("rsi", "[1.0] * len(bars)"), {"rsi": "RSI"})
    assert check_text("exit when rsi is above 70").tree is not None
    assert "rsi_words" not in sys.modules


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("import sys; sys.exit(3)", "SystemExit"),
        ("X = 5", "is a int and no FactPlugin"),
        ("X = " + fact("other name", "[]"), "calls itself `other name`"),
        ("X = " + fact("mood", "[]", unit="furlongs"), "`furlongs` is no unit of a fact"),
    ],
)
def test_what_is_declared_wrongly_is_said_and_raises_nothing(site: Path, source: str, said: str) -> None:
    name = f"odd-{zlib.crc32(source.encode())}"
    install(site, name, source, {"mood": "X"})
    (found,) = check_text("exit when mood is above 2%").diagnostics
    assert found.code == "N117" and said in found.message


def test_an_import_that_never_ends_costs_its_time_and_no_more(site: Path) -> None:
    install(site, "slow-words", "import threading; threading.Event().wait(30)", {"mood": "X"})
    (entry,) = ours(site)
    assert "not imported within" in load(entry, 0.1).trouble


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("name", "Mood", "no name"),
        ("name", "r", "no name"),
        ("unit", "pips", "no unit"),
        ("help", " ", "no help"),
        ("example", "", "no example"),
        ("unknown", "", "no unknown"),
        ("compute", 5, "nothing that computes it"),
        ("low", float("nan"), "no bound"),
        ("low", 100, "wrong way round"),
        ("window", 0, "no window"),
        ("needs", ("news",), "cannot have"),
    ],
)
def test_a_declaration_says_what_would_do(field: str, value: object, said: str) -> None:
    good = {"name": "mood", "unit": "%", "help": "h", "example": "e", "unknown": "u", "compute": len, "high": 100}
    FactPlugin(**good)  # type: ignore[arg-type]
    with pytest.raises(DeclarationError, match=said) as refused:
        FactPlugin(**(good | {field: value}))  # type: ignore[arg-type]
    assert refused.value.help
