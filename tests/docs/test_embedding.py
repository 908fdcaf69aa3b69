"""The page about embedding is run: its blocks in order, each with what it says that it prints."""

from __future__ import annotations

import re
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

BLOCK = re.compile(r"^```(python|text)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def test_the_blocks_run_and_print_what_the_page_shows(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    blocks = BLOCK.findall((project / "docs" / "embed.md").read_text(encoding="utf-8"))
    assert [kind for kind, _ in blocks].count("python") == 8
    names: dict[str, Any] = {"__name__": "embedding"}
    printed = ""
    for kind, body in blocks:
        if kind == "text":
            assert printed == body
            continue
        out = StringIO()
        with redirect_stdout(out):
            exec(compile(body, "embed.md", "exec"), names)
        printed = out.getvalue()
