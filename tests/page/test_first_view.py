"""The page in a real browser: it comes up, and says how the account stands."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any


def test_the_first_page_names_the_account(demo: Path, serve: Callable[..., Any], opened: Callable[..., Any]) -> None:
    page = opened()
    page.goto(serve(demo / "demo.journal").url)
    assert "paper" in page.inner_text("h1")
