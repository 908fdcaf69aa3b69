"""A text checked with the memory of its earlier states has the same tree and findings as one that is read afresh."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest

from rulekit.language import checker
from rulekit.language.reading import Checked, check_text
from rulekit.language.remembered import Memory

CORPUS = Path(__file__).resolve().parents[1] / "corpus"
PATHS = [*sorted((CORPUS / "valid").glob("*.policy")), *sorted((CORPUS / "codes").glob("*.policy"))]
TEXTS = [text for path in PATHS if len(text := path.read_text(encoding="utf-8")) < 4_000]
LINES = [line for text in TEXTS for line in text.splitlines() if len(line) < 200]


def same(memory: Memory, text: str) -> Checked:
    remembered, fresh = check_text(text, memory=memory), check_text(text)
    assert remembered.tree == fresh.tree
    assert repr(remembered.tree) == repr(fresh.tree), "the places in it"
    assert remembered.diagnostics == fresh.diagnostics
    assert remembered.lines == fresh.lines
    assert fresh.tree is None or remembered.used_names == fresh.used_names
    spans = [[(word.span, word.value) for word in line.words] for line in remembered.lines]
    assert spans == [[(word.span, word.value) for word in line.words] for line in fresh.lines]
    return remembered


def typed(random: Random, text: str) -> str:
    """Change a text as somebody who writes does: a key, a line more, a line less, lines moved, a comment."""
    lines = text.split("\n")
    place = random.randrange(len(lines))
    at = random.randrange(len(lines[place]) + 1)
    line = lines[place]
    match random.randrange(7):
        case 0:
            lines[place] = line[:at] + random.choice('abk5%₹ #":\t(') + line[at:]
        case 1:
            lines[place] = line[:at] + line[at + 1 :]
        case 2:
            lines.insert(place, random.choice(LINES))
        case 3:
            del lines[place]
        case 4:
            lines.insert(place, random.choice(("", "  ", "# note", "  # note")))
        case 5:
            lines[place] = f"{line[:at]}\n  {line[at:]}"
        case _:
            lines.insert(random.randrange(len(lines)), lines.pop(place))
    return "\n".join(lines)


def test_typing_gives_what_reading_afresh_gives() -> None:
    random = Random(20261122)
    for _ in range(40):
        memory, text = Memory(), random.choice(TEXTS)
        for _ in range(8):
            same(memory, text)
            text = typed(random, text)


def test_sentences_that_stay_are_not_read_again(monkeypatch: pytest.MonkeyPatch) -> None:
    cut = 0
    raw_tokens = checker.raw_tokens

    def counted(*arguments: object) -> object:
        nonlocal cut
        cut += 1
        return raw_tokens(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(checker, "raw_tokens", counted)
    memory = Memory()
    lines = [f"book {number}% at {number}% profit" for number in range(1, 51)]
    check_text("\n".join(lines), memory=memory)
    assert cut == 50
    lines[20] += " after 30 minutes"
    lines.insert(3, "# a line more")
    check_text("\n".join(lines), memory=memory)
    assert cut == 51


def test_a_name_that_appears_changes_how_others_read() -> None:
    memory = Memory()
    text = "exit at first target profit\nexit when high noon\n"
    assert not same(memory, text).ok
    assert same(memory, text + "set first target to 15%\ndefine high noon as time is at least 12:00\n").ok
    assert not same(memory, text + "set first target to 15%\n").ok
    assert not same(memory, text).ok


def test_a_definition_below_that_moves_takes_its_places_along() -> None:
    memory = Memory()
    above, below = "exit at goal profit when calm\n", "set goal to 15%\ndefine calm as volume is below 2 times normal\n"
    same(memory, above + below)
    same(memory, f"{above}# a line more\n{below}")


def test_a_comment_that_comes_into_a_sentence_counts() -> None:
    memory = Memory()
    for text in ("exitt\n  att 15:15\n", "when profit is above 15%\n  book 50%\n", "boook 50%\n  at 10% proffit\n"):
        plain = same(memory, text).diagnostics[0]
        noted = same(memory, text.replace("\n", "  # why\n", 1)).diagnostics[0]
        assert noted.code == plain.code


def test_what_the_text_no_longer_has_is_forgotten() -> None:
    memory = Memory()
    check_text("exit at 15:15\nbook 50% at 10% profit\n", memory=memory)
    check_text("exit at 15:15\n", memory=memory)
    known = memory.turn()
    assert [len(each) for each in known] == [1, 1, 1]
