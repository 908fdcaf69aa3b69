"""Safe fixes: applied all together, written in one go, refused where the meaning would change."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import pytest
from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st

from rulekit.language.diagnostics import INFO, Diagnostic, Fix
from rulekit.language.reading import Checked, check_text
from rulekit.language.tree import Span
from rulekit.lint.fixing import fixed, replaced
from rulekit.lint.linting import lint
from rulekit.lint.selection import Selection

TODAY = date(2026, 11, 20)


def look(checked: Checked) -> Sequence[Diagnostic]:
    return lint(checked, TODAY)


def mended(text: str) -> str:
    return fixed(check_text(text), look).text


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("boook half at 10% profit", "book half at 10% profit"),
        ("add 25% when momentun is at least 2%", "add 25% when momentum is at least 2%"),
        ("sell half at 10% profit up to 1 times", "book half at 10% profit once"),
        (
            "\ufeffsell half at 10% profit\r\nexit at 5% loss\r\n",
            "\ufeffbook half at 10% profit\r\nexit at 5% loss\r\n",
        ),
        ("exit at 5% loss  # allow T102: no longer\n", "exit at 5% loss\n"),
        ("# allow T102: no longer\nexit at 5% loss\n", "exit at 5% loss\n"),
        ("exit at 5% loss\n# allow T102: no longer", "exit at 5% loss\n"),
        ("exit at 15:45  # allow T102, L101: why\n", "exit at 15:45  # allow T102: why\n"),
        (
            "exit at 15:45  # allow L101, T102 until 2026-12-31: why, T1: x",
            "exit at 15:45  # allow T102 until 2026-12-31: why, T1: x",
        ),
        ("₹😀", "₹😀"),
        ("exit 50% at 5% profit", "exit 50% at 5% profit"),
        ("boook half at 10 profit", "boook half at 10 profit"),
    ],
)
def test_what_becomes_of_a_text(before: str, after: str) -> None:
    assert mended(before) == after


def test_many_fixes_of_one_file() -> None:
    text = "😀 sell\nA: boook half at 10% profit # ₹ 😀\nB: exitt at 5% loss\nC: sell 1 share at 15 profit\n"
    done = fixed(check_text(text), look)
    assert done.text == "😀 sell\nA: book half at 10% profit # ₹ 😀\nB: exit at 5% loss\nC: sell 1 share at 15 profit\n"
    assert [each.span.line for each in done.mended] == [2, 3]


def test_a_fix_that_brings_another_to_light_is_followed() -> None:
    done = fixed(check_text("A: boook half at 10% profit up to 1 times"), look)
    assert done.text == "A: book half at 10% profit once"
    assert [each.code for each in done.mended] == ["E101", "F102"]


def suggestion(text: str, span: Span, *, safe: bool = True) -> Diagnostic:
    return Diagnostic("F101", "sided-word", INFO, "", "", span, fix=Fix(span, text, safe, ""))


def only(*found: Diagnostic, first: str) -> object:
    def looking(checked: Checked) -> Sequence[Diagnostic]:
        return found if checked.source.text == first else ()

    return looking


TEXT = "exit at 5% loss\nbook 50% at 5% profit\n"


@pytest.mark.parametrize(
    "found",
    [
        suggestion("6", Span(1, 9, 1, 10)),  # another number
        suggestion("book 40%", Span(1, 1, 1, 5)),  # another action
        suggestion("", Span(2, 1, 3, 1)),  # a rule less
        suggestion("exitt", Span(1, 1, 1, 5)),  # no sentence any more
        suggestion("# ", Span(1, 1, 1, 1)),  # the sentence made a comment
        suggestion("EXIT", Span(1, 1, 1, 5), safe=False),  # not said to be safe
    ],
)
def test_a_fix_that_would_change_the_meaning_is_refused(found: Diagnostic) -> None:
    done = fixed(check_text(TEXT), only(found, first=TEXT))  # type: ignore[arg-type]
    assert done.text == TEXT and done.mended == ()


def test_a_good_fix_is_kept_beside_one_that_is_refused() -> None:
    good, bad = suggestion("EXIT", Span(1, 1, 1, 5)), suggestion("6", Span(2, 13, 2, 14))
    done = fixed(check_text(TEXT), lambda checked: [bad, good] if "EXIT" not in checked.source.text else [bad])
    assert done.text == "EXIT at 5% loss\nbook 50% at 5% profit\n"
    assert done.mended == (good,) and done.refused == (bad,)


def test_a_fix_never_adds_an_error_to_a_line() -> None:
    text = "boook half at 10 profit\n"
    worse = evolve(suggestion("bok", Span(1, 1, 1, 6)), code="E101")
    assert fixed(check_text(text), lambda _: [worse]).text == text


@pytest.mark.parametrize("change", ["# ", "\nexit at 5% loss\n", "book half at 1% profit # "])
def test_a_broken_sentence_stays_one_sentence(change: str) -> None:
    text = "boook half at 10 profit\nexit at 5% loss\n"
    hidden = evolve(suggestion(change, Span(1, 1, 1, 1)), code="E101")
    assert fixed(check_text(text), lambda _: [hidden]).text == text


def test_of_two_that_overlap_one_is_applied() -> None:
    first, second = suggestion("EXIT", Span(1, 1, 1, 5)), suggestion("Exit", Span(1, 3, 1, 5))
    done = fixed(check_text(TEXT), only(first, second, first=TEXT))  # type: ignore[arg-type]
    assert done.text.startswith("EXIT at") and done.mended == (first,)


def test_fixing_ends_though_each_fix_asks_for_another() -> None:
    def restless(checked: Checked) -> Sequence[Diagnostic]:
        word = checked.source.text[:4]
        return [suggestion(word.swapcase(), Span(1, 1, 1, 5))]

    assert fixed(check_text(TEXT), restless).text.lower() == TEXT


def test_the_form_of_the_whole_file_is_mended_where_that_is_selected() -> None:
    selection = Selection(select=("default", "F111"))
    text = "\ufeffBOOK half at 10 percent profit   # why\r\n"
    done = fixed(check_text(text), lambda checked: lint(checked, TODAY, selection))
    assert done.text == "\ufeffbook 50% at 10% profit  # why\r\n"
    assert [each.code for each in done.mended] == ["F111"]


LINES = st.sampled_from(
    ["exit at 5% loss", "# ₹😀", "", "boook half at 5% profit", "sell 10% at 6% profit up to 1 times"]
)


@settings(deadline=None, max_examples=60, derandomize=True)
@given(st.lists(LINES, max_size=6), st.sampled_from(["\n", "\r\n", "\r"]), st.booleans())
def test_fixing_leaves_nothing_safe_to_do_and_other_lines_alone(lines: list[str], end: str, mark: bool) -> None:
    numbered = [f"L{index}: {line}" if line[:1] not in ("#", "") else line for index, line in enumerate(lines)]
    text = ("\ufeff" if mark else "") + end.join(numbered)
    done = fixed(check_text(text), look)
    assert not [each for each in look(check_text(done.text)) if each.fix is not None and each.fix.safe]
    after = done.text.removeprefix("\ufeff").split(end)
    assert len(after) == len(numbered) or not numbered
    for old, new in zip(numbered, after, strict=False):
        assert new == old or "boook" in old or "sell" in old


def test_fixes_are_put_in_from_the_end() -> None:
    text = "ab\r\ncd\nef"
    places = [Fix(Span(1, 2, 1, 3), "BBB", True, ""), Fix(Span(3, 1, 3, 1), "x", True, "")]
    assert replaced(text, [*places, Fix(Span(1, 3, 2, 2), "", True, "")]) == "aBBBd\nxef"
