"""Takes the pictures of the documentation from the running program: an engine on the demo's prices, the page, a report.

python -m tests.docs.pictures [--browser PLACE] [--only live,studio,report] [--to FOLDER]
"""

from __future__ import annotations

import argparse
import csv
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from attrs import frozen

from rulekit.model.instant import MINUTE, iso
from rulekit.runtime import demo_day
from tests.page.browsing import browser_path
from tests.page.engines import PROJECT, EngineFiles, engine, engine_files

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

PICTURES = PROJECT / "docs" / "pictures"
PATIENCE_MS = 180_000
BEGIN, END, SPEED = "09:35", "15:00", 20
"""What the engine plays of the demo's day, and how many seconds of it pass in one: it must outlast a busy machine."""
PATIENT = """
import sys
from rulekit.cli.main import main
from rulekit.studio import routes

routes.PROOFS_S = routes.COMPARE_S = 600.0
sys.exit(main())
"""
"""The command, with more time for proofs than a person at a browser would give them."""
NEVER = ("take too long", "takes too long", "does not answer", "no engine is running", "has not shown itself")
"""What must stand in no picture."""


@frozen
class Picture:
    """One picture: what it is called, how large a window shows it, and what is done before it is taken."""

    name: str
    do: Callable[[Page, str], None]
    width: int = 1280
    height: int = 900
    scheme: str = "light"


def live(page: Page, url: str) -> None:
    """Wait until half of a position has been booked."""
    page.goto(url)
    page.locator("#log", has_text="Booking 50% profits").wait_for()
    page.locator(".position .near > span").first.wait_for()


def why_not(page: Page, url: str) -> None:
    """Open what each rule says of a position."""
    live(page, url)
    page.get_by_role("button", name="TATASTEEL").press("Enter")
    page.locator("ul.rules").wait_for()


def switch(page: Page, url: str) -> None:
    """Choose to halt, and read what that will do."""
    page.goto(f"{url}/switch")
    page.get_by_role("radio", name="Halted").check()
    page.locator("#plan-list li").first.wait_for()
    page.wait_for_timeout(500)


def studio(page: Page, url: str) -> None:
    """Try a position, and see what fires and why the others do not."""
    page.goto(f"{url}/studio/edit?policy=position-management.policy")
    page.locator("#standing", has_text="no errors").wait_for()
    page.locator("#beside", has_text="closes 50%").wait_for()
    page.locator("#proofs", has_text="looked at").wait_for()
    page.wait_for_timeout(500)


def mistake(page: Page, url: str) -> None:
    """Write a sentence with a mistake in it."""
    studio(page, url)
    text = page.input_value("#text")
    page.fill("#text", text.replace("book 75% at 25% profit", "boook 75% at 25 profit"))
    page.locator("#standing", has_text=re.compile(r"\d error")).wait_for()
    page.press("#text", "Control+Home")
    for _ in range(text[: text.index("PARTIAL_PROFIT_BOOKING_75%:")].count("\n")):
        page.press("#text", "ArrowDown")
    page.locator("#findings", has_text="Write:").wait_for()
    page.wait_for_timeout(1500)


def tried(page: Page, url: str) -> None:
    """Put an example into the sliders."""
    studio(page, url)
    page.click("#tab-examples")
    page.click("#examples >> text=Load into the sliders >> nth=0")
    page.locator("#fires", has_text="books").wait_for()
    page.locator("#picture svg, #picture canvas, #picture img").first.wait_for()
    page.wait_for_timeout(1500)
    page.evaluate("document.querySelector('.tabs').scrollIntoView(); scrollBy(0, -80)")


SERVED = (
    Picture("live", live),
    Picture("live-phone", live, 390, 844, "dark"),
    Picture("why-not", why_not),
    Picture("switch", switch, 900, 760),
    Picture("studio", studio, 1400, 900),
    Picture("studio-mistake", mistake, 1400, 900),
    Picture("studio-try", tried, 1400, 1000),
)


def report(page: Page, url: str) -> None:
    """Open a report, and its first chart."""
    page.goto(url)
    page.wait_for_timeout(2000)


REPORT = Picture("report", report, 1100, 1000)


@contextmanager
def page_of(files: EngineFiles) -> Iterator[str]:
    """Serve the page in a process of its own, as a person would; yield where it is."""
    process = subprocess.Popen(
        [
            sys.executable, "-c", PATIENT, "page", "--journal", str(files.journal), "--policies", str(files.policies),
            "--listen", "0", "--as", "owner",
        ],
        cwd=PROJECT, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    try:
        said = process.stdout.readline()
        assert said.startswith("the page is at "), said or "the page has ended"
        yield said.removeprefix("the page is at ").strip()
    finally:
        process.terminate()
        process.wait()


def report_of(files: EngineFiles) -> str:
    """Replay the demo's policy over its prices as minutes; return where the report is."""
    bars, entries, made = (files.folder / name for name in ("minutes.csv", "entries.csv", "report.html"))
    minutes: dict[tuple[str, int], list[tuple[float, float]]] = {}
    for tick in demo_day.ticks():
        minutes.setdefault((tick.symbol, tick.at // MINUTE * MINUTE), []).append((tick.price / 100, tick.volume))
    day_so_far: dict[str, float] = {}
    with bars.open("w", encoding="utf-8", newline="") as out:
        rows = csv.writer(out)
        rows.writerow(("symbol", "time", "open", "high", "low", "close", "volume"))
        for (symbol, at), ticks in sorted(minutes.items(), key=lambda one: one[0][::-1]):
            prices = [price for price, _ in ticks]
            path = (prices[0], max(prices), min(prices), prices[-1])
            volume = ticks[-1][1] - day_so_far.get(symbol, 0.0)
            day_so_far[symbol] = ticks[-1][1]
            rows.writerow((symbol, iso(at), *(f"{price:.2f}" for price in path), int(volume)))
    with entries.open("w", encoding="utf-8", newline="") as out:
        rows = csv.writer(out)
        rows.writerow(("symbol", "side", "quantity", "at", "price", "stop"))
        for one in demo_day.entries():
            side, levels = "long" if one.side > 0 else "short", (one.entry, one.stop)
            rows.writerow((one.instrument.symbol, side, one.quantity, f"2026-11-20T{BEGIN}:00+05:30",
                           *(f"{level / 100:.2f}" for level in levels)))  # fmt: skip
    subprocess.run(
        [
            sys.executable, "-m", "rulekit", "replay", str(files.policies / "position-management.policy"), "--bars",
            str(bars), "--entries", str(entries), "--product", "MIS", "--no-numba", "--rules", "--report", str(made),
        ],
        check=True, stdout=subprocess.DEVNULL,
    )  # fmt: skip
    return made.as_uri()


def take(browser: Browser, picture: Picture, url: str, folder: Path) -> None:
    """Take one picture."""
    context = browser.new_context(
        viewport={"width": picture.width, "height": picture.height},
        color_scheme=picture.scheme,  # type: ignore[arg-type]
        locale="en-IN",
    )
    page = context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    picture.do(page, url)
    text = page.inner_text("body")
    if found := [words for words in NEVER if words in text]:
        raise SystemExit(f"{picture.name}: `{found[0]}` stands in it, so it is not taken")
    place = folder / f"{picture.name}.png"
    page.screenshot(path=place, animations="disabled")
    context.close()
    print(f"{place}: {place.stat().st_size // 1000} kB", flush=True)


def main() -> None:
    """Run the engine, the page and a replay, and take what is asked for."""
    from playwright.sync_api import sync_playwright

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--browser", default=browser_path(), help="a Chromium  [default: the system's, or Playwright's]"
    )
    parser.add_argument("--only", default="", help="names of pictures, with commas between them")
    parser.add_argument("--to", type=Path, default=PICTURES)
    given = parser.parse_args()
    wanted = set(given.only.split(",")) - {""}
    given.to.mkdir(parents=True, exist_ok=True)
    os.environ.setdefault("PYTHONPATH", str(PROJECT))
    with sync_playwright() as driver, TemporaryDirectory() as folder:
        browser = driver.chromium.launch(executable_path=given.browser or None, args=["--no-sandbox", "--disable-gpu"])
        files = engine_files(Path(folder), BEGIN, END)
        asked = [picture for picture in SERVED if not wanted or picture.name in wanted]
        if asked:
            with engine(files, begin=BEGIN, speed=SPEED), page_of(files) as url:
                for picture in asked:
                    take(browser, picture, url, given.to)
        if not wanted or REPORT.name in wanted:
            take(browser, REPORT, report_of(files), given.to)
        browser.close()


if __name__ == "__main__":
    main()
