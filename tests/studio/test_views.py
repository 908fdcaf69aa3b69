"""The studio at three widths, light and dark: nothing sticks out, and axe finds nothing serious."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from rulekit.studio.routes import STUDIO
from tests.page.axe import beyond_the_edge, serious
from tests.page.worlds import served
from tests.studio.test_studio import says

if TYPE_CHECKING:
    from playwright.sync_api import Page

MINE = """\
policy "mine"
applies to product MIS
A_RULE_WITH_A_VERY_LONG_NAME_THAT_A_TRADER_MAY_WELL_GIVE_TO_IT: book 75% at 10% profit
SECOND: book 50% at 10% profit after 10 minutes when volume is at least 1.5 times normal and momentum is at least 2%
THIRD: add 25% at 5% profit every 30 minutes
boook half at 3% profit
book 10% at 3 profit

example "one that fails because its words expect another thing than what the rules of the policy do"
  long 100 KOTAKBANK at 1690, held 45 minutes
  price 1998.50
  expect exit because SECOND
"""
GOOD = MINE.replace("boook half at 3% profit\nbook 10% at 3 profit\n", "")
BARS = "symbol,time,open,high,low,close,volume\n" + "".join(
    f"INFY,2026-11-20T{9 + (30 + n) // 60:02}:{(30 + n) % 60:02}:00+05:30,"
    f"{1500 + n},{1502 + n},{1499 + n},{1501 + n},{1000 + n}\n"
    for n in range(200)
)
PICTURES = os.environ.get("RULEKIT_TEST_PICTURES", "")
"""A folder for pictures of all views at all widths in both schemes; empty for none, then each width has one scheme."""
EVERY = [(width, scheme) for width in (1400, 820, 390) for scheme in ("light", "dark")]
CHECKED = ((1400, "light"), (390, "dark"))
LOOKS = EVERY if PICTURES else [*CHECKED, (820, "dark")]


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A page over a folder with a policy to be mended."""
    from rulekit.execution.journal import Journal
    from rulekit.model.clock import SimulatedClock
    from tests.studio.engine import OPENS

    folder = tmp_path_factory.mktemp("views")
    Journal.open(folder / "day.journal", clock=SimulatedClock(OPENS)).close()
    for name, text in (
        ("policies/mine.policy", MINE),
        ("policies/running.policy", GOOD),
        ("bars/infy.csv", BARS),
    ):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    with served(folder / "day.journal", rooms=[STUDIO], policies=folder / "policies", bars=folder / "bars") as page:
        yield page.url


def find(page: Page) -> None:
    says(page, "#standing", "2 errors")


def try_it(page: Page) -> None:
    page.fill("#text", GOOD)
    says(page, "#standing", "1 example not as expected")
    page.click("#tab-try")
    says(page, "#legend", "THIRD")


def examples(page: Page) -> None:
    page.click("#tab-examples")
    says(page, "#examples", "fails")


def compare(page: Page) -> None:
    page.click("#tab-compare")
    says(page, "#compare-said", "the published policy has errors")


def replay(page: Page) -> None:
    page.click("#tab-replay")
    says(page, "#replay-said", "from 2026-11-20")
    page.click("#replay-form button")
    says(page, "#replay-done", "entry: buy 100")
    page.wait_for_selector("#replay-chart canvas")


def versions(page: Page) -> None:
    page.click("#tab-versions")


def publish(page: Page) -> None:
    page.click("#publish")
    says(page, "#publishing-said", "It changes")


def offer(page: Page) -> None:
    page.click("#publish-not")
    page.click("#text")
    page.keyboard.press("Control+End")
    page.keyboard.type("move stop to ")
    page.keyboard.press("Control+Space")
    page.wait_for_selector("#offers li")


def difference(page: Page) -> None:
    page.fill("#text", GOOD.replace("book 75% at 10%", "book 75% at 12%"))
    says(page, "#standing", "1 example not as expected")
    page.click("#tab-compare")
    says(page, "#difference", "later book")


def witness(page: Page) -> None:
    page.locator("#difference").get_by_role("button", name="Load into the sliders").first.click()
    says(page, "#fires", "THIRD adds 25")
    says(page, "#legend", "THIRD")


STEPS = (find, try_it, examples, compare, replay, versions, publish, offer)
SLOW = (difference, witness)
"""Two policies are compared: seconds of work, so the suite looks at one width."""
BEGINS = {find: "mine.policy", difference: "running.policy"}
"""Steps that begin with a policy of their own."""


@pytest.mark.parametrize(("width", "scheme"), LOOKS)
def test_every_view_is_whole(url: str, opened: Callable[..., Any], width: int, scheme: str) -> None:
    page = opened(width=width, scheme=scheme)
    page.goto(f"{url}/studio")
    for step in (None, *STEPS, *(SLOW if PICTURES or width == 390 else ())):
        if step in BEGINS:
            page.goto(f"{url}/studio/edit?policy={BEGINS[step]}")
        if step is not None:
            step(page)
        assert beyond_the_edge(page) == [], step
        if (width, scheme) in CHECKED:
            assert serious(page) == [], step
        if PICTURES:
            name = "list" if step is None else step.__name__
            if step not in (publish, offer):
                page.evaluate("scrollTo(0, 0)")  # what sticks to the top would stand in the middle
            page.screenshot(
                path=Path(PICTURES) / f"studio-{name}-{width}-{scheme}.png", full_page=step not in (publish, offer)
            )
    page.complaints[:] = [each for each in page.complaints if "400" not in each]  # what cannot be compared yet
