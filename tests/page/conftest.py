"""A running page with its journal, and a browser to look at it; shared with the studio's tests."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.page.browsing import browser_path, why_no_browser
from tests.page.worlds import Served, demo_journal, served

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

Opened = Callable[..., "Page"]
PATIENCE_MS = 40_000
"""For what a test waits for; a busy machine is no fault, and what comes costs nothing of it."""


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a demo's day, run once: `demo.journal` and `policies/`; copy it to change it."""
    return demo_journal(tmp_path_factory.mktemp("demo"))


@pytest.fixture
def serve() -> Iterator[Callable[..., Served]]:
    """Serve a page over a journal for as long as the test runs: `serve(journal, rooms=…, **screen)`."""
    with ExitStack() as stack:
        yield lambda journal, **more: stack.enter_context(served(journal, **more))


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A Chromium for one file of tests: while it lives, its driver's loop runs in this thread, and no other can."""
    if why_no_browser():
        pytest.skip(why_no_browser())
    from playwright.sync_api import expect, sync_playwright

    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as driver:
        program = driver.chromium.launch(executable_path=browser_path(), args=["--no-sandbox", "--disable-gpu"])
        yield program
        program.close()


@pytest.fixture
def opened(browser: Browser) -> Iterator[Opened]:
    """Open a window: `opened(width=390, scheme="dark")`; whatever a script complains of fails the test."""
    with ExitStack() as stack:
        complaints: list[str] = []

        def window(width: int = 1400, height: int = 900, scheme: Any = "light", **more: Any) -> Page:
            context = browser.new_context(
                viewport={"width": width, "height": height}, color_scheme=scheme, locale="en-IN", **more
            )
            stack.callback(context.close)
            page = context.new_page()
            page.set_default_timeout(PATIENCE_MS)
            page.on("pageerror", lambda error: complaints.append(str(error)))
            page.on("console", lambda line: line.type == "error" and complaints.append(line.text))
            page.complaints = complaints  # type: ignore[attr-defined]
            return page

        yield window
        assert complaints == []
