"""The picture: a region for each rule that changes the quantity, inside its frame, with its number."""

from __future__ import annotations

from fractions import Fraction
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings

from rulekit.explain.picture import picture
from rulekit.explain.regions import Region, region
from rulekit.language import tree as t
from rulekit.language.reading import check_text
from tests.language.trees import policies

SVG = "{http://www.w3.org/2000/svg}"
PLOT = (64.0, 56.0, 704.0, 416.0)
"""Left, top, right and bottom of the plot."""


def tree_of(text: str) -> t.PolicyTree:
    tree = check_text(text).tree
    assert tree is not None
    return tree


def drawn(tree: t.PolicyTree) -> ElementTree.Element:
    return ElementTree.fromstring(picture(tree))


def rects(root: ElementTree.Element) -> list[ElementTree.Element]:
    return [each for each in root.iter(f"{SVG}rect") if (each.get("class") or "").startswith("region")]


def numbers(element: ElementTree.Element) -> tuple[float, float, float, float]:
    x, y, wide, high = (float(element.get(name) or "nan") for name in ("x", "y", "width", "height"))
    return x, y, x + wide, y + high


def test_each_quantity_rule_has_its_region() -> None:
    root = drawn(
        tree_of(
            'policy "A & <B>"\nHALF: book 50% at 15% profit after 30 minutes\nSTOP: trail stop 2%\n'
            "MORE: add 25% at 5% profit when volume > 2x normal\nOUT: exit at 10% loss\n"
        )
    )
    found = rects(root)
    assert [each.findtext(f"{SVG}title") for each in found] == ["HALF", "MORE", "OUT"]
    assert [each.get("class") for each in found] == ["region book", "region add part", "region exit"]
    marks = [each.text for each in root.iter(f"{SVG}text") if (each.get("class") or "").startswith("mark")]
    assert marks == ["1", "3", "4"] * 2
    texts = [each.text for each in root.iter(f"{SVG}text")]
    assert "A & <B>" in texts
    assert "only where volume is above 2 times normal" in texts


def test_the_box_is_where_the_rule_can_act() -> None:
    """The scale is read off the grid's own labels."""
    root = drawn(tree_of("book 50% at 15% profit after 30 minutes\nexit at 10% loss\n"))
    lines = {}
    for label in root.iter(f"{SVG}text"):
        if label.get("text-anchor") == "end":
            lines[Fraction((label.text or "").rstrip("%"))] = float(label.get("y") or 0)
    ages = {
        label.text: float(label.get("x") or 0)
        for label in root.iter(f"{SVG}text")
        if label.get("text-anchor") == "middle"
    }
    (low, at_low), (high, at_high) = min(lines.items()), max(lines.items())
    per_percent = (at_low - at_high) / float(high - low)
    zero = lines[Fraction(0)]
    half, out = (numbers(each) for each in rects(root))
    assert half[0] == pytest.approx(ages["30 min"], abs=0.2)
    assert half[2:1:-1] == pytest.approx((PLOT[2],), abs=0.2)
    assert half[1] == pytest.approx(PLOT[1], abs=0.2)
    assert half[3] == pytest.approx(zero - 15 * per_percent, abs=0.3)
    assert out[1] == pytest.approx(zero + 10 * per_percent, abs=0.3)
    assert out[3] == pytest.approx(PLOT[3], abs=0.2)


def test_a_rule_that_no_profit_fits_has_no_box() -> None:
    root = drawn(tree_of("exit at 5% profit when profit is below 3% and day is Friday\n"))
    assert rects(root) == []
    assert "never: no profit or age fits" in [each.text for each in root.iter(f"{SVG}text")]


def test_a_policy_of_stops_only_says_so() -> None:
    root = drawn(tree_of("trail stop 2%\n"))
    assert "no rule changes the quantity" in [each.text for each in root.iter(f"{SVG}text")]


def test_it_is_made_for_light_and_dark_and_alike_every_time() -> None:
    tree = tree_of("exit at 5% profit\n")
    assert "prefers-color-scheme: dark" in picture(tree)
    assert picture(tree) == picture(tree)


def is_bounded(box: Region) -> bool:
    return any(each is not None for each in (box.least_profit, box.most_profit, box.least_age, box.most_age))


def edges(root: ElementTree.Element) -> list[str]:
    return [each.get("d") or "" for each in root.iter(f"{SVG}path") if (each.get("class") or "").startswith("edge")]


def test_only_what_bounds_a_region_is_a_line() -> None:
    assert len(edges(drawn(tree_of("exit at 10% loss\n")))) == 1
    assert len(edges(drawn(tree_of("book 50% at 15% profit after 30 minutes\n")))) == 2
    box = "exit when profit is between 1% and 2% and age is between 5 minutes and 10 minutes\n"
    assert len(edges(drawn(tree_of(box)))) == 4


def test_a_ladder_has_its_rungs() -> None:
    root = drawn(tree_of("book 10% at every 2% profit, up to 3 times\nexit at 20% profit\n"))
    assert len([each for each in root.iter(f"{SVG}path") if "rung" in (each.get("class") or "")]) == 2


def test_what_neither_profit_nor_age_bounds_stands_below_only() -> None:
    root = drawn(tree_of("exit at 15:15\nexit at 5% profit\n"))
    assert len(rects(root)) == 1
    texts = [each.text for each in root.iter(f"{SVG}text")]
    assert "at any profit and age, where it is 15:15 or later" in texts
    assert [each.text for each in root.iter(f"{SVG}text") if (each.get("class") or "").startswith("mark")] == [
        "2",
        "1",
        "2",
    ]


def test_a_long_sentence_goes_on_below_and_braces_are_text() -> None:
    rule = " and ".join(f"sma over {number} bars is above ₹{number}" for number in range(10, 16))
    root = drawn(tree_of(f'"a {{b}} c": exit when {rule}\n'))
    said = " ".join(each.text or "" for each in root.iter(f"{SVG}text"))
    assert "a {b} c: exit when" in said and "sma over 15 bars is above ₹15" in said


@settings(deadline=None, max_examples=30, derandomize=True)
@given(policies())
def test_every_policy_has_a_picture_that_keeps_inside_its_frame(policy: t.PolicyTree) -> None:
    root = drawn(policy)
    quantity = [rule for rule in policy.rules if isinstance(rule.verb, t.Exit | t.Book | t.Add)]
    full = [rule for rule in quantity if not region(rule).empty and is_bounded(region(rule))]
    found = rects(root)
    assert len(found) == len(full)
    for each in found:
        left, top, right, bottom = numbers(each)
        assert PLOT[0] - 0.1 <= left <= right <= PLOT[2] + 0.1
        assert PLOT[1] - 0.1 <= top <= bottom <= PLOT[3] + 0.1
    _, _, wide, high = (float(each) for each in (root.get("viewBox") or "").split())
    for label in root.iter(f"{SVG}text"):
        assert 0 <= float(label.get("x") or -1) <= wide
        assert 0 <= float(label.get("y") or -1) <= high
