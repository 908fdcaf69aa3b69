"""The pages for programs are run: their blocks in order, each with what it says that it prints."""

from __future__ import annotations

import re
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

BLOCK = re.compile(r"^```(python|text)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize(
    ("page", "count"), [("embed.md", 8), ("bulk.md", 1), ("host-asyncio.md", 1), ("host-backtesting.md", 1)]
)
def test_the_blocks_run_and_print_what_the_page_shows(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, page: str, count: int
) -> None:
    monkeypatch.chdir(tmp_path)
    blocks = BLOCK.findall((project / "docs" / page).read_text(encoding="utf-8"))
    assert [kind for kind, _ in blocks].count("python") == count
    names: dict[str, Any] = {"__name__": "embedding"}
    printed = ""
    for kind, body in blocks:
        if kind == "text":
            assert printed == body
            continue
        out = StringIO()
        with redirect_stdout(out):
            exec(compile(body, page, "exec"), names)
        printed = out.getvalue()
