"""The table of other wordings: well formed, and no row without a sentence of the corpus that it explains."""

from __future__ import annotations

import re

import pytest

from rulekit.language import phrasings
from rulekit.language.codes import CODES
from rulekit.language.fault import FaultError
from rulekit.language.phrasings import Phrasing, table
from rulekit.language.reading import check_text
from rulekit.language.source import Piece
from tests.language.test_corpus import INVALID, cases

NUMBERS = [row for row in table() if row.code == "E101" and row.instead[0].isdigit()]


def test_every_row_is_well_formed() -> None:
    for row in table():
        row.compiled()
        assert row.code in CODES
        assert row.message in ("", "=") or (row.message[0].islower() or row.message[0] in "`{")
        assert not row.message.endswith(".") and not row.help.endswith(".")
        assert row.instead or row.message
        assert not (row.safe and len(row.instead) > 1)


def test_every_row_explains_a_sentence_of_the_corpus(monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[tuple[Phrasing, FaultError]] = []

    def noting(row: Phrasing, found: re.Match[str], piece: Piece, fault: FaultError) -> FaultError:
        made = explained(row, found, piece, fault)
        tried.append((row, made))
        return made

    explained = phrasings._explained
    monkeypatch.setattr(phrasings, "_explained", noting)
    used = set(NUMBERS)
    for path in INVALID:
        for written, _ in cases(path):
            tried.clear()
            answers = {(each.message, each.span) for each in check_text(written).diagnostics}
            used.update(row for row, made in tried if (made.message, made.span) in answers)
    assert [row.pattern for row in table() if row not in used] == []


@pytest.mark.parametrize("row", NUMBERS, ids=lambda row: row.needs[0])
def test_a_number_in_words_is_written_in_digits(row: Phrasing) -> None:
    (found,) = check_text(f"exit after {row.needs[0]} minutes").diagnostics
    assert found.fix is not None and found.fix.text == row.instead[0]
