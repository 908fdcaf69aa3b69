"""Files that cannot be read, are too large, nested too deep or empty: each a clear sentence, at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from rulekit.errors import UnreadableFileError
from rulekit.language.bounds import MAX_DEPTH
from rulekit.language.reading import check_text, read_policy
from rulekit.language.source import MAX_BYTES, MAX_SENTENCES

RULE = "book 50% at 15% profit\n"


def codes(text: str) -> list[str]:
    return [each.code for each in check_text(text).diagnostics]


def test_a_missing_file_says_so(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFileError, match=r"missing\.policy` does not exist"):
        read_policy(tmp_path / "missing.policy")


def test_a_folder_is_no_policy(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFileError, match="is a folder"):
        read_policy(tmp_path)


def test_latin_1_is_refused_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "old.policy"
    path.write_bytes("# one\n# two\n# caf\xe9\n".encode("latin-1"))
    with pytest.raises(UnreadableFileError, match="line 3 has the byte 0xe9") as caught:
        read_policy(path)
    assert "UTF-8" in caught.value.help
    assert caught.value.exit_code == 2


def test_a_name_with_a_null_character_is_refused() -> None:
    with pytest.raises(UnreadableFileError):
        read_policy(Path("a\0b"))


def test_ten_megabytes_are_refused_without_reading_them(tmp_path: Path) -> None:
    path = tmp_path / "large.policy"
    path.write_bytes(b"# much\n" * 1_500_000)
    with pytest.raises(UnreadableFileError, match=r"10,500,000 bytes, more than the 65,536"):
        read_policy(path)


def test_a_large_text_is_one_error() -> None:
    assert codes("# much\n" * 1_500_000) == ["E112"]
    assert codes("₹" * (MAX_BYTES // 3 + 1)) == ["E112"]
    assert codes(")\n" * (MAX_SENTENCES + 1)) == ["E112"]


def test_the_largest_file_is_read() -> None:
    text = RULE + "#" * (MAX_BYTES - len(RULE))
    assert codes(text) == []


@pytest.mark.parametrize("opening", ["(", "not (", "not "])
def test_ten_thousand_levels_are_refused(opening: str) -> None:
    text = "exit when " + opening * 10_000 + "profit is above 5%" + ")" * 10_000 * ("(" in opening)
    assert codes(text) == ["E113"]


@pytest.mark.parametrize("opening", ["(", "not ("])
def test_nesting_is_read_up_to_its_bound(opening: str) -> None:
    depth = MAX_DEPTH  # `not (` is one step, as `not` alone is: it is written with its brackets
    sentence = "exit when {}profit is above 5%{}"
    assert codes(sentence.format(opening * depth, ")" * depth)) == []
    assert codes(sentence.format(opening * (depth + 1), ")" * (depth + 1))) == ["E113"]


def test_a_sentence_without_end_is_refused() -> None:
    assert codes("exit" + ", once" * 10_000) == ["E114"]
    assert codes("exit when " + " and ".join(["profit is above 5%"] * 2_000)) == ["E114"]


def test_the_longest_sentences_are_read() -> None:
    assert codes("exit when " + " and ".join(["profit is above 5%"] * 41)) == []
    assert codes("exit " + "after 30 minutes " * 80) == []


def test_a_long_list_of_symbols_is_no_long_sentence() -> None:
    symbols = ", ".join(f"S{number}A" for number in range(2_000))
    assert codes(f"applies to symbol {symbols}\nexit at 15:15") == []


@pytest.mark.parametrize("text", ["", "\n\n", "\ufeff", "# only a comment", "   \t\n", 'policy "x"', "set x to 5%"])
def test_an_empty_policy_says_that_it_has_no_rule(text: str) -> None:
    assert codes(text) == ["E111"]


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_line_ends_of_every_system_are_read(ending: str) -> None:
    text = ending.join(["# head", "A: book 50%", "  at 15% profit", "B: exit at 25:15", ""])
    (found,) = check_text(text).diagnostics
    assert (found.span.line, found.span.column, found.source_line) == (4, 12, "B: exit at 25:15")


def test_a_byte_order_mark_moves_no_column() -> None:
    (found,) = check_text("\ufeffbook 50% at 15 profit").diagnostics
    assert (found.span.line, found.span.column, found.span.end_column) == (1, 13, 15)


def test_a_text_indented_as_a_whole_is_read() -> None:
    checked = check_text("    A: exit at 15:15\n      on Friday\n    B: exit at 15:10\n")
    assert checked.tree is not None
    assert [rule.name for rule in checked.tree.rules] == ["A", "B"]


def test_endless_words_and_numbers_are_answered_at_once() -> None:
    assert codes("b" * 60_000) == ["E101"]
    assert codes("exit at " + "9" * 60_000 + "% profit") == ["U107"]
    assert codes('"' + "x" * 60_000) == ["E109"]
    found = check_text("exit when " + "x" * 60_000).diagnostics
    assert len(found[0].message) < 200


def test_a_deeper_line_in_a_block_continues_the_line_above() -> None:
    text = 'exit at 15:15\nexample "x"\n  long 100 KOTAKBANK at 1690,\n      held 45 minutes\n  expect nothing\n'
    tree = check_text(text).tree
    assert tree is not None
    assert tree.examples[0].held == 45 * 60 * 1_000_000


def test_a_block_ends_where_the_indentation_ends() -> None:
    text = 'example "x"\n  long 100 KOTAKBANK at 1690\n  expect nothing\nA: exit at 15:15\n  on Friday\n'
    tree = check_text(text).tree
    assert tree is not None
    assert [(rule.name, len(rule.times)) for rule in tree.rules] == [("A", 2)]
