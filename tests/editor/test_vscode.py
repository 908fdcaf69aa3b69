"""The extension for VS Code: its grammar has the words of the language, its snippets are good policies."""

from __future__ import annotations

import json
import re
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from rulekit import __version__
from rulekit.editor import textmate
from rulekit.editor.colours import Colour, colour_of_terminal
from rulekit.language.keywords import phrases, verbs
from rulekit.language.reading import check_text
from rulekit.lint.linting import lint
from rulekit.lint.suppressions import read

EXTENSION = Path(__file__).resolve().parents[2] / "editors" / "vscode"


def stored(name: str) -> Any:
    return json.loads((EXTENSION / name).read_text(encoding="utf-8"))


def test_the_grammar_has_the_words_of_the_language() -> None:
    written = (EXTENSION / textmate.PLACE).read_text(encoding="utf-8")
    assert written == textmate.text(), "run `python -m rulekit.editor.textmate editors/vscode` and commit what it wrote"


@cache
def patterns() -> list[tuple[re.Pattern[str], str]]:
    return [(re.compile(each["match"]), each.get("name", "")) for each in textmate.grammar()["patterns"]]


def scope_of(text: str) -> str:
    """Colour the beginning of a text as an editor does: the pattern that begins first, the first of those."""
    found = []
    for place, (pattern, scope) in enumerate(patterns()):
        match = pattern.match(text)
        if match is not None:
            found.append((place, match.end(), scope))
    _, end, scope = min(found)
    assert end == len(text), (text, scope)
    return str(scope)


def test_every_phrase_has_the_colour_of_what_it_is() -> None:
    scopes = {scope: colour for colour, scope in textmate.SCOPES.items()}
    wanted: dict[str, set[Colour]] = {}
    for table in (verbs(), phrases()):
        for spelling, keyword in table.spellings():
            wanted.setdefault(spelling, set()).add(colour_of_terminal(keyword.terminal))
    for spelling, colours in wanted.items():
        for written in (spelling, spelling.upper(), spelling.replace(" ", "  the ")):
            assert scopes.get(scope_of(written)) in colours, written


def test_what_is_named_is_there() -> None:
    package = stored("package.json")
    contributes = package["contributes"]
    named = [
        package["main"],
        *(each["configuration"] for each in contributes["languages"]),
        *(each["path"] for each in (*contributes["grammars"], *contributes["snippets"])),
    ]
    assert [each for each in named if not (EXTENSION / each).is_file()] == []
    assert package["version"] == __version__
    assert contributes["languages"][0]["extensions"] == [".policy"]
    assert re.compile(stored("language-configuration.json")["indentationRules"]["increaseIndentPattern"])


def filled(body: str | list[str]) -> str:
    """Write a snippet with what it proposes."""
    text = "\n".join(body) if isinstance(body, list) else body
    return re.sub(r"\$\{\d+:([^}]*)\}", r"\1", text).replace("$0", "")


@pytest.mark.parametrize("name", sorted(stored("snippets/policy.json")))
def test_a_snippet_is_a_good_sentence(name: str) -> None:
    text = filled(stored("snippets/policy.json")[name]["body"])
    today = date(2026, 11, 20)
    if text.startswith("# allow"):
        allowed, bad = read(check_text(f"{text}\nexit at 15:15").source, {"Q101"})
        assert len(allowed) == 1 and not bad
        return
    found = lint(check_text(text if "policy" in text else f"exit at 15:15\n{text}\n"), today)
    assert {each.code for each in found if each.severity != "info"} <= {"N105"}, found


def test_nothing_of_the_package_manager_is_kept() -> None:
    ignored = (EXTENSION.parents[1] / ".gitignore").read_text(encoding="utf-8").split()
    assert {"node_modules/", "package-lock.json", "*.vsix"} <= set(ignored)
