"""Every view at three widths, light and dark: nothing sticks out, nothing serious for who cannot see or point."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("playwright.sync_api", reason="the package playwright is not installed")
from playwright.sync_api import expect

from rulekit.page.people import ACT, Doors, with_link
from tests.page.axe import assert_nothing_serious, beyond_the_edge
from tests.page.scenes import SCENE_ALERT, scene
from tests.page.worlds import Served, served

Opened = Callable[..., Any]
WIDTHS = (390, 820, 1400)
VIEWS = ("/", "/history", "/rules?period=all", "/switch", "/nothing-here")
PICTURES = os.environ.get("RULEKIT_TEST_PICTURES", "")
"""A folder for the pictures, to be looked at; empty for none."""
EVERY = [(width, scheme) for width in WIDTHS for scheme in ("light", "dark")]
LOOKS = EVERY if PICTURES else [(390, "dark"), (820, "light"), (1400, "light")]
"""Each width and each scheme; all of their pairs only where pictures are wanted."""


@pytest.fixture(scope="module")
def everything(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A journal with an open alert, an order of unknown fate, positions, and an engine that shows prices."""
    with scene(tmp_path_factory.mktemp("scene")) as journal, served(journal) as page:
        yield page


@pytest.mark.parametrize(("width", "scheme"), LOOKS)
def test_every_view_reads_well(everything: Served, opened: Opened, width: int, scheme: str) -> None:
    page = opened(width=width, height=850, scheme=scheme)
    for view in VIEWS:
        page.goto(f"{everything.url}{view}")
        if view == "/":
            expect(page.locator(".order")).to_have_count(1)
            expect(page.locator(".alert")).not_to_have_count(0)
            page.locator("button.opener").first.click()
            page.locator("ul.rules").first.wait_for()
        elif view == "/switch":
            page.get_by_role("radio", name="Halted").check()
            page.locator("#plan-list li").first.wait_for()
        name = view.strip("/").partition("?")[0] or "live"
        if PICTURES:
            page.evaluate("scrollTo(0, 0)")  # what sticks to the top would stand in the middle
            page.screenshot(path=Path(PICTURES) / f"{name}-{width}-{scheme}.png", full_page=True)
        assert beyond_the_edge(page) == [], view
        if width != 820:
            assert_nothing_serious(page)
        if view == "/nothing-here":
            page.complaints.clear()  # the browser tells of each 404


def test_coming_in_reads_well(everything: Served, opened: Opened, tmp_path: Path) -> None:
    guest = with_link("writer", ACT, "long enough a word")
    with served(everything.screen.journal, doors=Doors((guest,), None)) as page:
        window = opened(width=390)
        window.goto(page.url)
        window.get_by_role("heading", name="Who is there?").wait_for()
        assert_nothing_serious(window)
        window.goto(f"{page.url}/enter/{guest.secret}")
        assert_nothing_serious(window)
        window.get_by_role("button", name="Come in").click()
        expect(window.locator("h1")).to_have_text("paper")
        window.get_by_label("writer: settings of this page").click()
        window.get_by_role("button", name="Leave").click()
        window.get_by_role("heading", name="Who is there?").wait_for()


def test_the_keyboard_alone_is_enough(everything: Served, opened: Opened) -> None:
    page = opened()
    page.goto(everything.url)
    expect(page.locator("button.opener").first).to_be_visible()
    page.keyboard.press("Tab")
    expect(page.get_by_text("Skip to the content")).to_be_focused()
    reached = set()
    for _ in range(40):
        page.keyboard.press("Tab")
        reached.add(
            page.evaluate("document.activeElement.textContent.trim().slice(0, 12) || document.activeElement.id")
        )
    assert {"Live", "History", "Switch", "Seen", "It was place", "find"} <= reached
    page.goto(f"{everything.url}/switch")
    page.get_by_role("radio", name="Active").focus()
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("radio", name="Reducing")).to_be_checked()
    page.keyboard.press("ArrowDown")
    page.locator("#plan-list li").first.wait_for()
    page.keyboard.press("Tab")
    expect(page.get_by_label("Close every position, too")).to_be_focused()


def test_a_new_alert_is_read_out(everything: Served, opened: Opened) -> None:
    page = opened()
    page.goto(everything.url)
    expect(page.locator("#alert-list")).to_contain_text(SCENE_ALERT)
    assert page.locator("#alerted").get_attribute("aria-live") == "assertive"
    assert page.locator("#troubles").get_attribute("role") == "alert"
