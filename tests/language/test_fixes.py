"""Changes that mend a sentence: tried before they are shown, and safe only where spelling or form is at fault."""

from __future__ import annotations

from pathlib import Path

import pytest

from rulekit.errors import UnreadableFileError
from rulekit.language.diagnostics import Diagnostic, Fix, as_json, render
from rulekit.language.fault import one_slip
from rulekit.language.reading import check_text, read_policy
from tests.language.fixing import fixed, fixes_of, require_mended


def only(text: str) -> Diagnostic:
    (found,) = check_text(text).diagnostics
    return found


def fix_of(text: str) -> Fix:
    found = only(text)
    assert found.fix is not None
    return found.fix


@pytest.mark.parametrize(
    ("written", "mended", "safe"),
    [
        ("boook half at 10% profit", "book half at 10% profit", True),
        ("move stop breakeven at 10% profit", "move stop to breakeven at 10% profit", False),
        ("exit, at 15:15,", "exit, at 15:15", True),
        ("Square off: exit at 15:15", '"Square off": exit at 15:15', True),
        ("exit\u200b at 15:15", "exit at 15:15", True),
        ("exit when profit > 5% and (loss < 2%", "exit when profit > 5% and (loss < 2%)", False),
        ("when profit > 15% book 50%", "book 50% when profit is above 15%", False),
        ("boook half at 10% profti", "book half at 10% profti", True),
        ("book 50%\n  at 5% proft\n  once", "book 50%\n  at 5% profit\n  once", True),
        ("  A: exit at 15:15; book 50% at 5% profit", "  A: exit at 15:15\n  book 50% at 5% profit", False),
        ("A: exit at 15:15\nboook half\n  at 10% profit", "A: exit at 15:15\nbook half\n  at 10% profit", True),
    ],
)
def test_a_fix_mends_what_was_written(written: str, mended: str, safe: bool) -> None:
    found = fix_of(written)
    if mended.endswith("profti"):  # a second slip is mended in the same go
        mended = "book half at 10% profit"
    assert fixed(written, found) == mended
    assert found.safe is safe
    assert check_text(mended).ok


def test_a_sentence_with_another_fault_has_no_fix() -> None:
    assert only("boook half at 10 profit").fix is None


def test_what_stands_between_quotes_is_nobodys_wording() -> None:
    assert only('exit when product is "the mis"').code == "N107"


def test_a_line_that_is_there_twice_is_no_matter_of_wording() -> None:
    found = only("applies to NSE equity\napplies to the BSE equity\nexit at 15:15")
    assert found.code == "E115" and found.fix is None


def test_no_fix_takes_a_comment_away() -> None:
    assert only("when profit > 15%  # why\n  book 50%").fix is None
    assert fix_of("when profit > 15%\n  book 50%  # why").text == "book 50% when profit is above 15%"


def test_the_sentence_of_a_fix_is_canonical_and_shown_once() -> None:
    found = only("X: boook half at 10 percent profit")
    assert found.fix is not None and found.fix.sentence == "X: book 50% at 10% profit"
    assert render(found, "x").splitlines()[-2:] == [
        "  help: did you mean `book`?",
        "  write: X: book 50% at 10% profit",
    ]
    assert "write: " not in render(only("move stop breakeven at 10% profit"), "x")


def test_json_has_the_place_and_the_text() -> None:
    assert as_json(only("boook half at 10% profit"), "x")["fix"] == {
        "line": 1,
        "column": 1,
        "end_line": 1,
        "end_column": 6,
        "text": "book",
        "safe": True,
        "sentence": "book 50% at 10% profit",
    }


@pytest.mark.parametrize(
    ("written", "meant", "is_one"),
    [
        ("boook", "book", True),
        ("bokk", "book", True),
        ("boko", "book", True),
        ("bok", "book", False),  # too short to be sure
        ("proft", "profit", True),
        ("prfoit", "profit", True),
        ("prft", "profit", False),
        ("momentun", "momentum", True),
        ("Book", "book", True),
        ("trail", "exit", False),
    ],
)
def test_one_slip_is_one_letter(written: str, meant: str, is_one: bool) -> None:
    assert one_slip(written, meant) is is_one


@pytest.mark.parametrize(
    "written",
    [
        "exit at 5% profit\nkaro exit 15 minutes before close",
        'exit at 5% profit\nis example\n  "x"',
        'exit at 5% profit\nexample "x"\n  long 1 K at 1690\n  expect nothing\nkaro define x as age > 1h',
        "for the whole book\n  exit everything at 15:10\nkaro exit at 15:15\n  once",
    ],
)
def test_no_fix_makes_a_sentence_the_rest_of_another(written: str) -> None:
    checked = check_text(written)
    require_mended(checked)
    assert [found for found in checked.diagnostics if fixes_of(found)]


def test_no_fix_takes_a_name_away_that_others_lean_on() -> None:
    written = "set second target to 6%\n  BOOK-50: exit at 5% profit\n    BOOK-51: book 50% at second target profit\n"
    found = only(written)
    assert (found.code, found.span.line) == ("E115", 2)
    assert found.fix is not None
    assert check_text(fixed(written, found.fix)).ok
    for value, count in (("to 0.3%", 0), ("0.3%", 1)):
        spoilt = f"set step to {value}\n  LADDER: book 25% at every step profit\nexit at step profit"
        offered = [fix.sentence for each in check_text(spoilt).diagnostics for fix in fixes_of(each)]
        assert len(offered) == count
        assert all(text.startswith("set step to 0.3%\nLADDER: book 25%") for text in offered), offered


def test_a_sentence_that_was_not_read_is_always_told() -> None:
    twice = "define good as profit is above 5%\nexit when good\ndefine good as profit is above 6%\n  exit when good"
    assert [(found.code, found.span.line) for found in check_text(twice).diagnostics] == [("N103", 3)]
    target = 'set target to 5% profit\nexample "a"\n  long 1 X at 100\n    expect target 5%'
    assert [(found.code, found.span.line) for found in check_text(target).diagnostics] == [("E104", 4)]


def test_a_line_of_an_example_without_its_indent_is_one_error() -> None:
    text = (
        'exit at 5% profit\nexample "a"\n  long 1 X at 100\nprice 105\n  expect exit\nexample "b"\n  long 1 X at 100\n'
    )
    assert [(found.code, found.span.line) for found in check_text(text).diagnostics] == [("E115", 4), ("E116", 6)]
    inside = text.replace("  long 1 X at 100\nprice", "  long 1 X at 100 points\nprice")
    assert [found.span.line for found in check_text(inside).diagnostics] == [3, 4, 6]


def test_a_policy_that_is_not_there_is_told_with_its_neighbour(tmp_path: Path) -> None:
    (tmp_path / "first.policy").write_text("exit\n", encoding="utf-8")
    for written, near in (
        ("fist.policy", True),
        ("first", True),
        ("other.policy", False),
        ("gone/first.policy", False),
    ):
        with pytest.raises(UnreadableFileError) as found:
            read_policy(tmp_path / written)
        assert ("did you mean" in str(found.value)) is near
        assert not near or f"`{tmp_path / 'first.policy'}`" in str(found.value)
