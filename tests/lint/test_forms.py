"""The forms of a report: what code scanning, workflows and build servers are told, and how it is escaped."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from attrs import evolve

from rulekit.language.diagnostics import ERROR, INFO, PROVED, WARNING, Diagnostic, Fix
from rulekit.language.tree import Span
from rulekit.lint.forms import FORMS, written
from rulekit.lint.linted import Linted, Outcome

FOUND = Diagnostic(
    "E101",
    "unknown-word",
    ERROR,
    "`boook` is no word, of 100%: none\nat all",
    "did you mean `book`?",
    Span(3, 1, 3, 6),
    ((Span(1, 2, 1, 4), "first seen here"),),
    "boook half  at 10% profit",
    fix=Fix(Span(3, 1, 3, 6), "book", True, "book 50% at 10% profit"),
)
WARNED = Diagnostic("T102", "outside-session", WARNING, "late ₹😀", "", Span(5, 6, 6, 3), source_line="exit at")
REMARKED = Diagnostic("T104", "no-time-exit", INFO, "a\x00b", "", Span(1, 1, 1, 2), source_line="applies to NSE")


@pytest.fixture
def outcome(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Outcome:
    monkeypatch.chdir(tmp_path)
    return Outcome(
        (
            Linted(str(Path("in,ner") / "a b.policy"), "text", (FOUND, WARNED)),
            Linted(str(tmp_path / "c.policy"), "text", (REMARKED,)),
            Linted("clean.policy", "text"),
            Linted("gone.policy", failure="`gone.policy` does not exist\nhelp: check the name"),
        )
    )


def sarif(outcome: Outcome) -> dict[str, Any]:
    log = json.loads(written(outcome, "sarif"))
    assert log["version"] == "2.1.0" and len(log["runs"]) == 1
    run: dict[str, Any] = log["runs"][0]
    return run


def test_there_are_five_forms() -> None:
    assert list(FORMS) == ["text", "json", "sarif", "github", "junit"]


# --- SARIF ------------------------------------------------------------


def test_sarif_names_the_rule_by_its_stable_id_and_by_its_place(outcome: Outcome) -> None:
    run = sarif(outcome)
    rules = run["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == ["E101", "T102", "T104"]
    assert [rule["defaultConfiguration"]["level"] for rule in rules] == ["error", "warning", "note"]
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
    assert [result["level"] for result in run["results"]] == ["error", "warning", "note"]


def test_sarif_rules_have_help(outcome: Outcome) -> None:
    rule = sarif(outcome)["tool"]["driver"]["rules"][0]
    assert rule["shortDescription"]["text"] == "a word that the language does not have"
    assert rule["fullDescription"]["text"].startswith("A word stands where")
    assert "```policy bad" in rule["help"]["markdown"] and rule["help"]["text"]


def test_sarif_places_are_relative_with_forward_slashes(outcome: Outcome) -> None:
    first, _, third = sarif(outcome)["results"]
    place = first["locations"][0]["physicalLocation"]
    assert place["artifactLocation"] == {"uri": "in%2Cner/a%20b.policy", "uriBaseId": "%SRCROOT%"}
    assert place["region"] == {
        "startLine": 3,
        "startColumn": 1,
        "endLine": 3,
        "endColumn": 6,
        "snippet": {"text": "boook half  at 10% profit"},
    }
    assert third["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "c.policy"
    assert sarif(outcome)["columnKind"] == "unicodeCodePoints"


def test_sarif_places_outside_the_folder_are_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "inner").mkdir()
    monkeypatch.chdir(tmp_path / "inner")
    run = sarif(Outcome((Linted(str(tmp_path / "a.policy"), "", (FOUND,)),)))
    uri = run["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]
    assert uri == {"uri": (tmp_path / "a.policy").as_uri()}


def test_sarif_shows_the_other_places_and_the_fix(outcome: Outcome) -> None:
    first, second, _ = sarif(outcome)["results"]
    (other,) = first["relatedLocations"]
    assert other["message"]["text"] == "first seen here"
    assert other["physicalLocation"]["region"]["startColumn"] == 2
    (fix,) = first["fixes"]
    (change,) = fix["artifactChanges"]
    assert change["artifactLocation"]["uri"] == "in%2Cner/a%20b.policy"
    assert change["replacements"] == [
        {
            "deletedRegion": {"startLine": 3, "startColumn": 1, "endLine": 3, "endColumn": 6},
            "insertedContent": {"text": "book"},
        }
    ]
    assert "fixes" not in second and "relatedLocations" not in second


def marks(*found: Diagnostic) -> list[str]:
    run = sarif(Outcome((Linted("a.policy", "", found),)))
    return [each["partialFingerprints"]["primaryLocationLineHash"] for each in run["results"]]


def test_a_fingerprint_outlives_lines_that_come_and_go() -> None:
    moved = evolve(FOUND, span=Span(9, 1, 9, 6))
    spaced = evolve(FOUND, source_line="  boook  half at 10% profit ")
    assert marks(FOUND) == marks(moved) == marks(spaced)
    assert marks(FOUND) != marks(evolve(FOUND, code="E102"))
    assert marks(FOUND) != marks(evolve(FOUND, source_line="boook half at 11% profit"))


def test_two_alike_findings_have_two_fingerprints() -> None:
    first, second = marks(FOUND, FOUND)
    assert first.endswith(":1") and second.endswith(":2") and first[:16] == second[:16]


def test_sarif_carries_proof_and_witness() -> None:
    proved = evolve(WARNED, status=PROVED, witness=("long 100 X at 100", "price 115"))
    result = sarif(Outcome((Linted("a.policy", "", (proved,)),)))["results"][0]
    assert result["properties"] == {"status": "proved", "witness": ["long 100 X at 100", "price 115"]}
    assert result["message"]["text"] == "late ₹😀\nlong 100 X at 100\nprice 115"


def test_sarif_says_what_could_not_be_read(outcome: Outcome) -> None:
    (invocation,) = sarif(outcome)["invocations"]
    assert invocation["executionSuccessful"] is False
    (note,) = invocation["toolExecutionNotifications"]
    assert note["message"]["text"].startswith("`gone.policy` does not exist")
    clean = sarif(Outcome((Linted("a.policy"),)))
    assert clean["invocations"][0]["executionSuccessful"] is True
    assert clean["results"] == [] and clean["tool"]["driver"]["rules"] == []


# --- GitHub ------------------------------------------------------------


def test_github_commands_are_escaped(outcome: Outcome) -> None:
    first, second, third, failure = written(outcome, "github").splitlines()
    assert first == (
        "::error file=in%2Cner/a b.policy,line=3,endLine=3,col=1,endColumn=6,title=E101 unknown-word::"
        "`boook` is no word, of 100%25: none%0Aat all%0Adid you mean `book`?"
    )
    assert second == "::warning file=in%2Cner/a b.policy,line=5,endLine=6,title=T102 outside-session::late ₹😀"
    assert third.startswith("::notice file=c.policy,line=1,")
    assert failure == ("::error file=gone.policy,title=unreadable::`gone.policy` does not exist%0Ahelp: check the name")


def test_github_escapes_a_carriage_return_and_a_colon_in_a_name() -> None:
    found = evolve(REMARKED, message="a\rb:c")
    line = written(Outcome((Linted("x:y.policy", "", (found,)),)), "github")
    assert "file=x%3Ay.policy," in line and line.endswith("::a%0Db:c\n")


# --- JUnit ------------------------------------------------------------


def test_junit_counts_what_fails(outcome: Outcome) -> None:
    root = ElementTree.fromstring(written(outcome, "junit"))
    assert {name: root.get(name) for name in ("tests", "failures", "errors")} == {
        "tests": "5",
        "failures": "1",
        "errors": "1",
    }
    first, second, clean, gone = root
    assert first.get("name") == "in,ner/a b.policy" and first.get("failures") == "1" and first.get("tests") == "2"
    failure = first.find("testcase/failure")
    assert failure is not None and failure.get("type") == "error"
    assert failure.get("message") == "`boook` is no word, of 100%: none\nat all"
    assert failure.text is not None and failure.text.endswith("did you mean `book`?")
    assert [case.get("name") for case in first] == ["E101 unknown-word at 3:1", "T102 outside-session at 5:6"]
    output = second.find("testcase/system-out")
    assert output is not None and output.text == "info: a?b"
    assert [case.get("name") for case in clean] == ["nothing found"]
    error = gone.find("testcase/error")
    assert error is not None and str(error.get("message")).startswith("`gone.policy` does not exist")


def test_junit_is_plain_ascii(outcome: Outcome) -> None:
    assert written(outcome, "junit").isascii()


def test_a_warning_fails_where_it_is_to_count_as_an_error() -> None:
    root = ElementTree.fromstring(written(Outcome((Linted("a", "", (WARNED, REMARKED), strict=True),)), "junit"))
    assert root.get("failures") == "1"


# --- exit codes ------------------------------------------------------------


@pytest.mark.parametrize(
    ("linted", "code"),
    [
        (Linted("a"), 0),
        (Linted("a", "", (WARNED, REMARKED)), 0),
        (Linted("a", "", (WARNED,), strict=True), 1),
        (Linted("a", "", (REMARKED,), strict=True), 0),
        (Linted("a", "", (FOUND,)), 1),
        (Linted("a", failure="gone"), 2),
    ],
)
def test_the_exit_code(linted: Linted, code: int) -> None:
    assert Outcome((linted,)).exit_code == code
    assert Outcome((Linted("b", "", (FOUND,)), linted)).exit_code == max(code, 1)
