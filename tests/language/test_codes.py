"""Every code has its page, an example that triggers it and one that does not."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest

from rulekit.language.diagnostics import Diagnostic
from rulekit.language.reading import check_text
from rulekit.language.source import MAX_BYTES
from rulekit.language.vocabulary import Vocabulary
from rulekit.lint.catalogue import ALL_CODES, RULES
from rulekit.lint.linting import lint, lint_together
from rulekit.lint.selection import Selection
from rulekit.lint.subject import FILES, PROOF

PROJECT = Path(__file__).resolve().parents[2]
CORPUS = PROJECT / "tests" / "corpus" / "codes"
PAGES = PROJECT / "docs" / "lints"
TODAY = date(2026, 11, 20)
SHOWN_BESIDE = {"X102": {"T102"}, "X103": {"T102"}}
"""A suppression at fault lets through what it was to allow."""
BLOCK = re.compile(r"```policy (bad|good)\n(.*?)```", re.DOTALL)


ON_REQUEST = {rule.code.code for rule in RULES if rule.on_request}
PROVING = {rule.code.code for rule in RULES if rule.needs == PROOF}
BETWEEN = {rule.code.code for rule in RULES if rule.needs == FILES}
FIRST_POLICY = 'policy "First"\napplies to NSE equity\nexit at 1% loss\n'
"""What a rule over several policies has beside the policy that is looked at."""

LACKING = Vocabulary()
"""The words of the language where a package is installed that cannot be used."""
LACKING.refuse("iv rank", "comes from the plug-in `options-words`, which cannot be used: ImportError: no numpy")


def findings(text: str, code: str) -> list[Diagnostic]:
    """Lint a text by the usual rules, and by this one if it is a matter of taste; one that proves alone."""
    select = ("default", code) if code in ON_REQUEST else ("default",)
    selection = Selection(select=select, proofs=False)
    if code in PROVING:
        selection = Selection(select=(code,))
    if code not in BETWEEN:
        checked = check_text(text, vocabulary=LACKING) if code == "N117" else check_text(text)
        return list(lint(checked, TODAY, selection))
    return list(lint_together([check_text(FIRST_POLICY), check_text(text)], TODAY, [selection, selection])[1])


def found(text: str, code: str) -> set[str]:
    return {each.code for each in findings(text, code)}


def page(code: str) -> Path:
    return PAGES / f"{code}-{ALL_CODES[code].name}.md"


@pytest.mark.parametrize("code", sorted(ALL_CODES))
def test_the_bad_example_triggers_its_code_and_no_other(code: str) -> None:
    if code == "E112":
        text = "# much\n" * (MAX_BYTES // 7 + 1)
    else:
        text = (CORPUS / f"{code}-bad.policy").read_text(encoding="utf-8")
    assert found(text, code) == {code} | SHOWN_BESIDE.get(code, set())


@pytest.mark.parametrize("code", sorted(ALL_CODES))
def test_the_good_example_is_clean(code: str) -> None:
    assert found((CORPUS / f"{code}-good.policy").read_text(encoding="utf-8"), code) == set()


@pytest.mark.parametrize("code", sorted(ALL_CODES.keys() - {"E112"}))  # a text that is too long is not read at all
def test_a_bad_line_gives_one_finding(code: str) -> None:
    places = [each.span.line for each in findings((CORPUS / f"{code}-bad.policy").read_text(encoding="utf-8"), code)]
    assert places
    assert len(places) == len(set(places)) or code in SHOWN_BESIDE


@pytest.mark.parametrize("code", sorted(ALL_CODES))
def test_every_code_has_a_page_whose_blocks_do_what_they_say(code: str) -> None:
    text = page(code).read_text(encoding="utf-8")
    assert text.startswith(f"# {code} {ALL_CODES[code].name}\n\nSeverity: {ALL_CODES[code].severity}\n")
    assert [line for line in text.splitlines() if line.startswith("## ")] == [
        "## What",
        "## Bad",
        "## Good",
        "## Why",
        "## How to allow it",
    ]
    blocks = BLOCK.findall(text)
    assert {kind for kind, _ in blocks} == ({"good"} if code == "E112" else {"bad", "good"})
    for kind, block in blocks:
        assert (code in found(block, code)) is (kind == "bad")


def test_no_page_and_no_example_is_left_over() -> None:
    assert {each.name for each in PAGES.glob("*.md")} == {"README.md", *(page(code).name for code in ALL_CODES)}
    assert {each.name[:4] for each in CORPUS.iterdir()} == set(ALL_CODES)


def test_every_lint_rule_is_a_module_of_its_own() -> None:
    folder = PROJECT / "rulekit" / "lint" / "rules"
    modules = {each.stem for each in folder.glob("*.py")} - {"__init__"}
    assert modules == {rule.code.name.replace("-", "_") for rule in RULES}


def test_codes_and_names_are_unique_and_well_formed() -> None:
    assert len({code.name for code in ALL_CODES.values()}) == len(ALL_CODES)
    for number, code in ALL_CODES.items():
        assert re.fullmatch(r"[ENUQSRCTLDFX]\d{3}", number)
        assert re.fullmatch(r"[a-z]+(-[a-z]+)*", code.name)
