"""What the tools say about the whole of it, so that `pytest` alone shows it."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest


def tool(project: Path, *arguments: str) -> None:
    outcome = subprocess.run(
        [sys.executable, "-m", *arguments], cwd=project, capture_output=True, text=True, encoding="utf-8", check=False
    )
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr


def test_ruff_finds_nothing(project: Path) -> None:
    tool(project, "ruff", "check", "--quiet", "rulekit", "tests")


def test_everything_is_formatted_alike(project: Path) -> None:
    tool(project, "ruff", "format", "--check", "--quiet", "rulekit", "tests")


@pytest.mark.slow
def test_types_hold(project: Path) -> None:
    tool(project, "mypy")


def test_nothing_is_left_for_later(project: Path) -> None:
    # Spelled in two parts, so that this file does not find itself.
    marks = re.compile(
        "|".join(("TO" + "DO", "FIX" + "ME", "XX" + "X", "raise NotImplemented" + "Error", "pragma: no " + "cover"))
    )
    found = [
        f"{path.relative_to(project).as_posix()}: {hit.group()}"
        for folder in ("rulekit", "tests", "grammar", "rules")
        for path in sorted((project / folder).rglob("*"))
        if path.suffix in {".py", ".lark", ".policy", ".toml"}
        for hit in marks.finditer(path.read_text(encoding="utf-8"))
    ]
    assert found == []


def test_every_module_says_what_it_is_for(project: Path) -> None:
    import ast

    bare = [
        path.relative_to(project).as_posix()
        for folder in ("rulekit", "tests")
        for path in sorted((project / folder).rglob("*.py"))
        if path.read_text(encoding="utf-8").strip()
        and not ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
    ]
    assert bare == []
