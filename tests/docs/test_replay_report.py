"""The page about what comes out of a replay: its Python runs over its own files, and prints what it shows."""

from __future__ import annotations

import re
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path

import pytest

from tests.docs.test_docs import blocks


def test_the_python_on_the_page_prints_what_it_shows(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    found = blocks(project / "docs" / "replay-report.md")
    for block in found:
        if block.mark.startswith("file: "):
            (tmp_path / block.mark.removeprefix("file: ")).write_text(block.text, encoding="utf-8")
    code = next(block.text for block in found if block.kind == "python")
    shown = next(block.text for block in found if block.kind == "text")
    out = StringIO()
    with redirect_stdout(out):
        exec(compile(code, "replay-report.md", "exec"), {"__name__": "page"})
    assert out.getvalue() == shown
    assert "<!doctype html>" in (tmp_path / "page.html").read_text(encoding="utf-8")


def test_every_table_and_column_stands_on_the_page(project: Path) -> None:
    from rulekit.replay.tables import COLUMNS

    page = (project / "docs" / "replay-report.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| `(\w+)` \| (.*) \|$", page, re.MULTILINE))
    assert {"trades", "fills", "marks", *COLUMNS} == set(rows)
    known = {"trade", "symbol", "side", "entered", "price", "quantity", "profit", "at"}  # the same everywhere
    for name, columns in COLUMNS.items():
        words = set(re.findall(r"\w+", rows[name]))
        assert {column.partition(":")[0] for column in columns.split()} - known <= words | {"rule"}, name
