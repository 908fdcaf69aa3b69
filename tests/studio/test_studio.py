"""The studio in a real browser: a policy is written from nothing, mended, tried, compared, published, and acted on."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from rulekit.execution.journal import read_journal
from rulekit.execution.switch import ACTIVE, HALTED
from rulekit.studio.routes import STUDIO
from rulekit.studio.shelf import Shelf
from tests.studio.engine import engine, ledger_of, prepare, until
from tests.studio.texts import SECTION_ONE

if TYPE_CHECKING:
    from playwright.sync_api import Page

Serve, Opened = Callable[..., Any], Callable[..., "Page"]
PICTURES = os.environ.get("RULEKIT_TEST_PICTURES", "")
"""A folder for pictures of the steps; empty for none."""
WAIT = 90_000
"""Milliseconds that a test waits for work of a process at most; a busy machine is no fault."""


def says(page: Page, place: str, text: str) -> None:
    from playwright.sync_api import expect

    expect(page.locator(place)).to_contain_text(text, timeout=WAIT)


def write(page: Page, text: str) -> None:
    """Type the first line of a text by its keys, and put in the others."""
    page.click("#text")
    first, _, others = text.partition("\n")
    page.keyboard.type(first)
    page.keyboard.press("Enter")
    page.keyboard.insert_text(others)


def write_over(page: Page, line: int, text: str) -> None:
    """Write a line anew by its keys."""
    page.click("#text")
    page.keyboard.press("Control+Home")
    for _ in range(line - 1):
        page.keyboard.press("ArrowDown")
    page.keyboard.press("Home")
    page.keyboard.press("Shift+End")
    page.keyboard.type(text)


def turn(page: Page, to: str, word: str) -> None:
    """Turn the switch as a person does: go there, choose, read, type the word."""
    page.get_by_role("link", name="Switch", exact=True).click()
    page.get_by_role("radio", name=to).check()
    says(page, "#word", word)
    page.click("#typed")
    page.keyboard.type(word)
    page.get_by_role("button", name="Do it").click()
    says(page, "#after-what", f"owner {'halted' if word == 'HALT' else 'let the engine act'}")


def picture(page: Page, name: str) -> None:
    """Take a picture of a step, where pictures are wanted."""
    if PICTURES:
        page.screenshot(path=Path(PICTURES) / f"flow-{name}.png")


def held(journal: Path) -> int:
    return next((abs(book.quantity) for book in ledger_of(journal).books.values() if book.key.symbol == "KOTAKBANK"), 0)


def test_a_policy_from_the_first_letter_to_the_running_engine(tmp_path: Path, serve: Serve, opened: Opened) -> None:
    policies = prepare(tmp_path)
    page = opened(width=1400)
    with engine(tmp_path) as journal:
        served = serve(journal, rooms=[STUDIO], policies=policies)
        page.goto(served.url)
        page.get_by_role("link", name="Studio", exact=True).click()
        page.click("#new")
        page.keyboard.type("mine")
        page.click("text=Write it")
        # two mistakes: a word that is none, and a number without its unit
        write(
            page,
            SECTION_ONE.replace("book 75% at 25% profit", "boook 75% at 25% profit").replace(
                "at 5% profit", "at 5 profit"
            ),
        )
        says(page, "#standing", "2 errors")
        says(page, "#findings", "`boook`".replace("`", ""))
        picture(page, "1-two-mistakes")
        page.click("#findings >> text=Write: PARTIAL_PROFIT_BOOKING_75%: book 75% at 25% profit")
        says(page, "#standing", "1 error")
        says(page, "#findings", "5 what?")
        page.click("#findings >> text=/Write: .*add 25% at 5% profit/")
        says(page, "#count-examples", "1/1")
        assert page.input_value("#text") == SECTION_ONE
        says(page, "#beside", "When profit is at least 25%: closes 75% of what is held then; once.")
        picture(page, "2-mended-and-the-example-passes")
        # a witness goes into the sliders
        says(page, "#proofs", "has been looked at")
        page.locator("#findings > li", has_text="Q201").get_by_role("button", name="Load into the sliders").click()
        says(page, "#position", "price ₹2,112.50 (25% profit), held 30 minutes")
        says(page, "#fires", "books 50 of 100")
        # what it would do to the position that is open now
        says(page, "#open-now", "KOTAKBANK MIS, long 100: books 50 of 100")
        picture(page, "3-a-witness-in-the-sliders")
        page.click("#tab-compare")
        says(page, "#difference", "has not been published yet")
        # it is published, and the engine acts on it
        assert held(journal) == 100
        page.click("#publish")
        says(page, "#publishing-said", "It is new")
        picture(page, "4-before-it-is-published")
        page.click("#publish-now")
        says(page, "#saved", "published; the engine decides by this version")
        picture(page, "5-published")
        assert (policies / "mine.policy").read_text(encoding="utf-8") == SECTION_ONE
        until(lambda: held(journal) == 50, "half is booked")
        # the next version is compared before it is published
        page.click("#tab-findings")
        number, line = next((n, x) for n, x in enumerate(SECTION_ONE.split("\n"), 1) if x.startswith("TIME_BASED"))
        write_over(page, number, line.replace("to 1% from", "to 3% from"))
        assert page.input_value("#text") == SECTION_ONE.replace("stop to 1% from price", "stop to 3% from price")
        says(page, "#standing", "no errors")
        page.click("#tab-compare")
        says(page, "#difference", "looser stop")
        picture(page, "6-compared")
        page.click("#difference >> text=Load into the sliders >> nth=0")
        says(page, "#fires", "TIME_BASED_TIGHTENING")
        page.click("#publish")
        says(page, "#publishing-said", "looser stop")
        page.click("#publish-now")
        says(page, "#saved", "the engine decides by this version")
        assert [each.by for each in Shelf(policies).versions("mine.policy")] == ["owner", "owner"]
        # it is halted, and goes on
        turn(page, "Halted", "HALT")
        until(lambda: ledger_of(journal).mode.name == HALTED, "it is halted")
        picture(page, "7-halted")
        turn(page, "Active", "RESUME")
        until(lambda: ledger_of(journal).mode.name == ACTIVE, "it goes on")
        page.get_by_role("link", name="Live", exact=True).click()
        says(page, "#log", "owner let the engine act again")
        says(page, "#log", "Booking 50% profits")
        picture(page, "8-it-goes-on")
        said = [str(entry.body) for entry in read_journal(journal)]
        assert sum("published mine.policy" in each and "owner" in each for each in said) == 2


def test_a_text_full_of_script_is_a_text(tmp_path: Path, serve: Serve, opened: Opened, journal: Path) -> None:
    evil = (
        'policy "</textarea><script>document.title=1</script><img src=x onerror=alert(1)>"\n'
        '"<b>x</b>": book 50% at 15% profit\n'
        "book 50% at 16% profit unless <svg onload=alert(2)> is at least 3%\n"
        'example "<script>alert(3)</script>"\n  long 100 KOTAKBANK at 1690, held 45 minutes\n  price 1998.50\n'
        '  expect exit because "<b>x</b>"\n'
    )
    policies = tmp_path / "policies"
    policies.mkdir()
    (policies / "evil.policy").write_text(evil, encoding="utf-8")
    page = opened()
    page.on("dialog", lambda dialog: pytest.fail(dialog.message))
    served = serve(journal, rooms=[STUDIO], policies=policies)
    page.goto(f"{served.url}/studio")
    page.goto(f"{served.url}/studio/edit?policy=evil.policy")
    assert page.input_value("#text") == evil
    says(page, "#standing", "error")
    page.fill("#text", evil.replace(" unless <svg onload=alert(2)> is at least 3%", ""))
    says(page, "#examples", "<script>alert(3)</script>")
    says(page, "#beside", "closes 50%")
    page.click("#tab-examples")
    page.click("#examples >> text=Load into the sliders")
    says(page, "#fires", "<b>x</b>")
    assert page.locator("main script, main img, main svg[onload]").count() == 0
    assert page.title() == "evil.policy · Studio"


def test_whoever_publishes_is_told_of_examples_that_are_not_as_expected(
    tmp_path: Path, serve: Serve, opened: Opened, journal: Path
) -> None:
    policies = tmp_path / "policies"
    policies.mkdir()
    (policies / "mine.policy").write_text("exit at 5% loss\n", encoding="utf-8")
    page = opened()
    served = serve(journal, rooms=[STUDIO], policies=policies)
    page.goto(f"{served.url}/studio/edit?policy=mine.policy")
    example = 'example "a deep loss"\n  long 100 KOTAKBANK at 1000\n  price 950\n  expect exit\n'
    page.fill("#text", f"exit at 6% loss\n\n{example}")
    page.click("#publish")
    says(page, "#publishing-said", "1 of 1 examples not as expected: a deep loss")
    page.click("#publish-not")
    page.fill("#text", f"exit at 4% loss\n\n{example}")
    page.click("#publish")
    says(page, "#publishing-said", "It changes")
    says(page, "#publishing-said", "sooner exit")
    assert "not as expected" not in page.inner_text("#publishing-said")


def test_a_policy_with_errors_is_not_published(tmp_path: Path, serve: Serve, opened: Opened, journal: Path) -> None:
    policies = tmp_path / "policies"
    policies.mkdir()
    (policies / "mine.policy").write_text("exit at 5% loss\n", encoding="utf-8")
    page = opened()
    served = serve(journal, rooms=[STUDIO], policies=policies)
    page.goto(f"{served.url}/studio/edit?policy=mine.policy")
    page.fill("#text", "exit when profit > 30 minutes\n")
    page.click("#publish")
    says(page, "#publishing-said", "A policy with errors is not published")
    says(page, "#publishing-said", "line 1: ")
    assert page.is_disabled("#publish-now")
    page.click("#publish-not")
    # what was typed outlives the page
    page.reload()
    says(page, "#restored", "The text that you had not published stands here.")
    assert page.input_value("#text") == "exit when profit > 30 minutes\n"
    page.click("#restored button")
    assert page.input_value("#text") == "exit at 5% loss\n"


def test_of_two_people_the_second_is_told_and_loses_nothing(
    tmp_path: Path, serve: Serve, opened: Opened, journal: Path
) -> None:
    policies = tmp_path / "policies"
    policies.mkdir()
    (policies / "mine.policy").write_text("exit at 5% loss\n", encoding="utf-8")
    served = serve(journal, rooms=[STUDIO], policies=policies)
    first, second = opened(), opened()
    for page, text in ((first, "exit at 4% loss\n"), (second, "exit at 3% loss\n")):
        page.goto(f"{served.url}/studio/edit?policy=mine.policy")
        page.fill("#text", text)
        page.click("#publish")
        says(page, "#publishing-said", "sooner exit")
    first.click("#publish-now")
    says(first, "#saved", "published; ")
    second.click("#publish-now")
    says(second, "#publishing-said", "Nothing was written, and your text is still here.")
    says(second, "#publishing-said", "exit at 4% loss")
    assert (policies / "mine.policy").read_text(encoding="utf-8") == "exit at 4% loss\n"
    assert second.input_value("#text") == "exit at 3% loss\n"
    second.click("text=Take theirs as the beginning")
    says(second, "#publishing-said", "`exit at 4% loss` is now".replace("`", ""))
    second.click("#publish-now")
    says(second, "#saved", "published; ")
    assert (policies / "mine.policy").read_text(encoding="utf-8") == "exit at 3% loss\n"
    second.complaints.clear()  # the browser tells of the answer that refused
