"""The index of the lint codes is the catalogue's, and every page leads on."""

from __future__ import annotations

from rulekit.lint.selection import FAMILIES
from tests.docs.lint_index import INDEX, TITLES, index


def test_the_index_is_up_to_date() -> None:
    assert INDEX.read_text(encoding="utf-8") == index(), "run `python -m tests.docs.lint_index`"


def test_every_family_has_a_title() -> None:
    assert set(TITLES) == set(FAMILIES)
