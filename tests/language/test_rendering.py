"""Findings as a person reads them: a long line is cut round the marked place, and the marks stay under their words."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rulekit.language.diagnostics import clipped, render
from rulekit.language.reading import check_text


def shown(text: str) -> list[str]:
    (found,) = check_text(text).diagnostics
    return render(found, "my.policy", text).splitlines()


@pytest.mark.parametrize("before", [0, 1, 30, 400])
@pytest.mark.parametrize("after", [0, 1, 30, 400])
def test_a_long_line_is_cut_round_the_marked_place(before: int, after: int) -> None:
    names = [f"S{number:03}" for number in range(before + after)]
    symbols = [*names[:before], "5%", *names[before:]]
    _, _, source, marks, *_ = shown(f"applies to symbol {', '.join(symbols)}\nexit at 15:15\n")
    assert len(source) <= 126
    start = marks.index("^")
    assert source[start : start + marks.count("^")] == "5"


def test_a_short_line_is_shown_whole() -> None:
    assert shown("boook half")[2:4] == ["  1 | boook half", "    | ^^^^^"]


def test_a_related_line_is_cut_too() -> None:
    long = f'exit when symbol is "{"x" * 300}"'
    lines = shown(f"A: {long}\nA: exit at 15:15\n")
    assert max(map(len, lines)) <= 130
    assert any(line.startswith("    1 | A: exit when") for line in lines)


@settings(deadline=None, max_examples=300, derandomize=True)
@given(st.text(st.sampled_from("ab ₹😀"), min_size=1, max_size=400), st.data())
def test_what_is_marked_stays_marked(line: str, data: st.DataObject) -> None:
    column = data.draw(st.integers(1, len(line)))
    end = data.draw(st.integers(column + 1, len(line) + 1))
    text, start, stop = clipped(line, column, end)
    assert len(text) <= 120
    kept = text[start - 1 : stop - 1]
    assert kept and line[column - 1 : end - 1].startswith(kept)
    if end - column <= 100:
        assert kept == line[column - 1 : end - 1]
