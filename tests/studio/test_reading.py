"""A text becomes findings with what mends them, the sentence beside each line, and what may stand next."""

from __future__ import annotations

from itertools import pairwise

from attrs import asdict
from hypothesis import given, settings
from hypothesis import strategies as st

from rulekit.language.reading import check_text
from rulekit.language.source import cut_lines
from rulekit.language.tree import Span
from rulekit.lint.linting import lint
from rulekit.studio.asking import choices, help_at, pieces
from rulekit.studio.beside import Known, beside, colours
from rulekit.studio.draft import KEPT, Draft, Drafts, read
from rulekit.studio.findings import about, findings
from rulekit.studio.places import Places, units
from rulekit.studio.position import read_position
from rulekit.studio.probe import probe
from tests.studio.texts import SECTION_ONE, TODAY, shipped


def in_browser(text: str, start: int, end: int, new: str) -> str:
    """Change a text as a browser does, which counts UTF-16 units."""
    raw = text.encode("utf-16-le")
    return (raw[: 2 * start] + new.encode("utf-16-le") + raw[2 * end :]).decode("utf-16-le")


# --- places ------------------------------------------------------------


@settings(max_examples=60)
@given(st.text(alphabet="ab \n₹𝟛", max_size=30), st.data())
def test_an_offset_and_its_place_are_the_same_spot(text: str, data: st.DataObject) -> None:
    places = Places(text)
    lines = cut_lines(text)
    line = data.draw(st.integers(1, len(lines)))
    column = data.draw(st.integers(1, len(lines[line - 1]) + 1))
    offset = places.offset(line, column)
    assert places.place(offset) == (line, column)
    before = "\n".join([*lines[: line - 1], lines[line - 1][: column - 1]])
    assert offset == units(before) == len(before.encode("utf-16-le")) // 2


def test_what_lies_beyond_a_text_is_its_end() -> None:
    places = Places("ab\nc")
    assert places.offset(9, 9) == 4
    assert places.place(99) == (2, 2)
    assert places.place(-1) == (1, 1)
    assert places.span(Span(1, 2, 2, 1)) == (1, 3)


# --- findings ------------------------------------------------------------


def test_a_mistake_comes_with_the_change_that_mends_it() -> None:
    text = "# 𝟛 targets for ₹\nboook half at 10% profit\n"
    reading = read(text, TODAY)
    (found,) = findings(reading.checked, reading.found, reading.places)
    assert (found.code, found.severity, found.line) == ("E101", "error", 2)
    (mend,) = found.mends
    assert mend.safe and mend.title == "Write: book 50% at 10% profit"
    mended = in_browser(text, mend.start, mend.end, mend.text)
    assert mended == "# 𝟛 targets for ₹\nbook half at 10% profit\n"
    assert check_text(mended).ok


def test_where_two_things_could_be_meant_both_are_offered() -> None:
    text = "book 50% at 15 profit"
    reading = read(text, TODAY)
    (found,) = findings(reading.checked, reading.found, reading.places)
    mended = [in_browser(text, each.start, each.end, each.text) for each in found.mends]
    assert mended == ["book 50% at 15% profit", "book 50% at ₹15 profit"]
    assert not any(each.safe for each in found.mends)


def test_a_proof_brings_the_position_that_shows_it() -> None:
    text = "A: book 75% at 10% profit\nB: book 50% at 10% profit after 10 minutes\n"
    reading = read(text, TODAY)
    assert reading.policy is not None
    shown = [each for each in findings(reading.checked, lint(reading.checked, TODAY), reading.places) if each.position]
    assert any(each.code == "Q201" for each in shown)
    for found in shown:
        assert found.position is not None and found.status == "proved"
        looked = probe(reading.policy, read_position(asdict(found.position)))
        assert looked.position == found.witness[0]


def test_a_finding_of_a_clean_text_can_be_allowed_with_a_reason() -> None:
    text = "SCALE: add 25% at 5% profit every 10 minutes\n"
    reading = read(text, TODAY)
    found = next(each for each in findings(reading.checked, reading.found, reading.places) if each.code == "L101")
    allowed = in_browser(text, found.mends[-1].start, found.mends[-1].end, found.mends[-1].text)
    assert allowed.startswith("# allow L101: the reason\nSCALE")
    assert "L101" not in [each.code for each in read(allowed, TODAY).found]


def test_the_page_of_a_code_tells_what_it_finds() -> None:
    assert about("q201").startswith("# Q201")


# --- beside the lines ------------------------------------------------------------


def test_each_rule_is_told_in_plain_words_whatever_is_wrong_elsewhere() -> None:
    text = SECTION_ONE.replace("book 75% at 25% profit", "boook 75% at 25% profit").replace(
        "book 50% at first", "trim 50% at first"
    )
    said = {each.line: each for each in beside(read(text, TODAY).checked)}
    assert said[11].said == (
        "When profit is at least 15% and the position is at least 30 minutes old: "
        "closes 50% of what is held then; once."
    )
    assert said[11].canonical == "PARTIAL_PROFIT_BOOKING_50%: book 50% at first target profit after 30 minutes"
    assert said[17].said == "When it is 15:15 or later: closes the whole position; once."
    assert 12 not in said


def test_rules_for_the_whole_book_are_told_too() -> None:
    said = beside(read("for the whole book\n  GUARD: exit everything at ₹25,000 day loss\n", TODAY).checked)
    assert [each.line for each in said] == [1, 2]
    assert said[1].said.startswith("When day loss is at least ₹25,000")


def test_what_is_remembered_of_a_sentence_never_outlives_what_it_meant() -> None:
    known: Known = {}
    for text in (
        SECTION_ONE,
        SECTION_ONE.replace("target to 15%", "target to 16%"),
        SECTION_ONE.replace("is at least 2%", "is at least 3%"),
        SECTION_ONE.replace("set first target to 15%\n", ""),
        f"# moved\n{SECTION_ONE}",
    ):
        checked = read(text, TODAY).checked
        assert beside(checked, known) == beside(checked)
    assert len(known) == len({line.sentence.text for line in checked.lines})


def test_colours_do_not_overlap_and_count_as_a_browser_does() -> None:
    text = '"𝟛": book 50% at 15% profit # take it\n'
    stretches = colours(read(text, TODAY).checked)[1]
    assert stretches[0] == (0, 5, "label")
    assert stretches[-1][2] == "comment"
    raw = text.encode("utf-16-le")
    words = [raw[2 * first : 2 * last].decode("utf-16-le") for first, last, _ in stretches]
    assert words[1] == "book" and words[-1] == "# take it"
    assert all(before[1] <= after[0] for before, after in pairwise(stretches))


# --- what may stand next ------------------------------------------------------------


def test_offers_narrow_down_with_what_is_typed() -> None:
    text = "A: move"
    found = choices(read(text, TODAY), len(text))
    assert [each.text for each in found] == ["move stop to"]
    assert in_browser(text, found[0].start, found[0].end, found[0].text) == "A: move stop to"
    assert not choices(read("# move", TODAY), 6)


def test_a_place_is_explained() -> None:
    at = SECTION_ONE.index("book 50%") + 1
    found = help_at(read(SECTION_ONE, TODAY), at)
    assert found[0].text.startswith("**book**: closes part of the position")
    assert any(each.kind == "code" and each.text.startswith("PARTIAL_PROFIT_BOOKING_50%:") for each in found)
    assert help_at(read(SECTION_ONE, TODAY), len(SECTION_ONE)) == ()


def test_explanations_are_taken_apart_and_never_html() -> None:
    found = pieces("# Title\n\na <b>bold</b> claim\n\n```policy\nexit at 15:15\n```\n\n---\n\nend")
    assert [each.kind for each in found] == ["head", "text", "code", "rule", "text"]
    assert found[1].text == "a <b>bold</b> claim" and found[2].text == "exit at 15:15"


# --- drafts ------------------------------------------------------------


def test_a_draft_says_the_same_as_a_fresh_reading_after_each_edit() -> None:
    draft = Draft()
    for text in (SECTION_ONE, SECTION_ONE.replace("25%", "26%"), SECTION_ONE.replace("book", "boook"), "", SECTION_ONE):
        typed, fresh = draft.read(text, TODAY), read(text, TODAY)
        assert typed.found == fresh.found
        assert (typed.policy is None) == (fresh.policy is None)
    assert draft.read(SECTION_ONE, TODAY) is draft.read(SECTION_ONE, TODAY)


def test_the_draft_that_was_unused_for_longest_is_let_go() -> None:
    drafts = Drafts()
    first = drafts.of("first", "policy", read("", TODAY).selection)
    for number in range(KEPT):
        assert drafts.of("first", "policy", first.selection) is first or number >= KEPT
        drafts.of(str(number), "policy", first.selection)
    for number in range(KEPT):
        drafts.of(f"again {number}", "policy", first.selection)
    assert drafts.of("first", "policy", first.selection) is not first


def test_a_text_with_errors_decides_nothing() -> None:
    assert read("exit when profit > 30 minutes", TODAY).policy is None
    assert read("exit at 15:15\nadd 25% at 5% profit every 10 minutes", TODAY).policy is not None


def test_all_mistakes_of_form_are_mended_at_once() -> None:
    assert read("trim half at 10% profit\n", TODAY).mended == "trim half at 10% profit\n"
    assert read("boook half at 10% profit\n", TODAY).mended == "book half at 10% profit\n"
    assert read(shipped("intraday"), TODAY).mended == shipped("intraday")
