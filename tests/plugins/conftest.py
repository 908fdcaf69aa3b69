"""A folder in which packages are installed for one test; what the program learnt of them is forgotten afterwards."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from rulekit.language import keywords, vocabulary
from rulekit.language.fact_names import _phrase
from rulekit.market.requests import read_request


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty folder on the path of imports."""
    folder = tmp_path / "site"
    folder.mkdir()
    monkeypatch.syspath_prepend(folder)
    words = vocabulary.STANDARD
    kept = words._facts, words._names, words.unusable, words.units, words.actions
    _forget()
    yield folder
    words._facts, words._names, words.unusable, words.units, words.actions = kept
    _forget()


def _forget() -> None:
    for cached in (keywords._standard_phrases, _phrase, read_request):
        cached.cache_clear()
