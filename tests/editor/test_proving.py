"""Proofs beside the typing: what the process answers, when it ends, and that late answers are dropped."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import date

import pytest

from rulekit.editor.documents import Document
from rulekit.editor.proving import Question, answered
from rulekit.editor.server import PolicyServer
from rulekit.language.diagnostics import Diagnostic, as_json, from_json
from rulekit.language.reading import check_text
from rulekit.lint.linting import lint
from rulekit.lint.selection import Selection
from rulekit.model.clock import WallClock
from tests.editor.conversation import PATIENCE, PROJECT, environment

TODAY = date(2026, 11, 20)
TWO_BOOKS = "book 50% at 15% profit\nbook 75% at 15% profit\n"
ASKED = {
    "text": TWO_BOOKS,
    "path": "a.policy",
    "today": "2026-11-20",
    "select": ["default"],
    "ignore": [],
    "severity": {},
}


def test_a_finding_survives_the_way_through_the_pipe() -> None:
    seen = set()
    for path in sorted((PROJECT / "tests" / "corpus" / "codes").glob("*-bad.policy")):
        for found in lint(check_text(path.read_text(encoding="utf-8")), TODAY, Selection(proofs=False)):
            again = from_json(json.loads(json.dumps(as_json(found, "x"))))
            starts = [(span.line, span.column, message) for span, message in found.related]
            assert [(span.line, span.column, message) for span, message in again.related] == starts
            assert as_json(again, "x") == as_json(found, "x")
            seen.add((found.fix is not None, bool(found.choices), bool(found.related)))
    assert len(seen) >= 4


def test_it_answers_what_the_linter_finds_as_it_is_asked_to() -> None:
    codes = {each["code"] for each in answered(json.dumps(ASKED))}
    assert codes == {each.code for each in lint(check_text(TWO_BOOKS), TODAY)} and "Q201" in codes
    assert "Q201" not in {each["code"] for each in answered(json.dumps({**ASKED, "ignore": ["Q201"]}))}


def test_the_process_ends_when_its_pipe_closes() -> None:
    command = [sys.executable, "-m", "rulekit.editor.prove"]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, cwd=PROJECT, env=environment()) as process:
        assert process.stdin is not None and process.stdout is not None
        process.stdin.write(f"{json.dumps(ASKED)}\n".encode())
        process.stdin.flush()
        assert "Q201" in {each["code"] for each in json.loads(process.stdout.readline())}
        process.stdin.write(f"{json.dumps(ASKED)}\n".encode() * 50)
        process.stdin.close()
        assert process.wait(PATIENCE) == 0


class Listening(PolicyServer):
    """A server whose findings stay here."""

    def __init__(self) -> None:
        super().__init__(WallClock(), os.getppid())
        self.shown: list[tuple[Diagnostic, ...]] = []

    def show(self, document: Document, found: tuple[Diagnostic, ...]) -> None:
        self.shown.append(found)


@pytest.fixture
def server() -> Iterator[Listening]:
    made = Listening()
    yield made
    made.stopped()
    made.shutdown()


def test_an_answer_about_another_text_or_other_settings_is_dropped(server: Listening) -> None:
    document = server.documents["u"] = Document("u", TWO_BOOKS, 1, "utf-16")
    found = lint(document.checked, TODAY)
    asked = Question("u", 1, TWO_BOOKS, "a.policy", TODAY)
    server._proved(asked, found)
    assert server.shown == [found] and document.findings(TODAY) == found
    document.change("exit\n", 2)
    server._proved(asked, found)
    assert len(server.shown) == 1 and document.findings(TODAY) != found
    document.change(TWO_BOOKS, 3)
    server._proved(asked, found)
    assert len(server.shown) == 2
    document.select(Selection(ignore=("Q201",)))
    server._proved(asked, found)
    server._proved(Question("closed", 1, TWO_BOOKS, "a.policy", TODAY), found)
    assert len(server.shown) == 2
