"""Whatever the input, it ends in a tree or in findings; never in a traceback. The long trial is `tests.soak.fuzz`."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.language.ending import ends_well
from tests.soak.fuzz_inputs import KINDS, made, words

SEED = 20261120
INPUTS = 200


@settings(max_examples=80, deadline=None)
@given(st.binary(max_size=200))
def test_random_bytes(raw: bytes) -> None:
    ends_well(raw)


@settings(max_examples=80, deadline=None)
@given(st.text(max_size=120))
def test_random_text(text: str) -> None:
    ends_well(text.encode("utf-8", "replace"))


@settings(max_examples=150, deadline=None)
@given(st.lists(st.sampled_from(words()), min_size=1, max_size=14), st.sampled_from(("", "book 50% at ", "exit when ")))
def test_random_words_of_the_language(said: list[str], head: str) -> None:
    ends_well((head + " ".join(said)).encode())


@pytest.mark.parametrize("part", range(10))
def test_inputs_of_the_long_trial(part: int) -> None:
    kinds = set()
    for number in range(part, INPUTS, 10):
        kind, raw = made(SEED, number)
        kinds.add(kind)
        ends_well(raw)
    assert len(kinds) > 3


def test_an_input_is_made_of_its_seed_and_number_alone() -> None:
    assert made(SEED, 17) == made(SEED, 17)
    assert made(SEED, 17) != made(SEED + 1, 17)
    assert {made(SEED, number)[0] for number in range(500)} == set(KINDS)


def test_what_fails_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    from tests.soak import fuzz

    outcome = fuzz.read_one(SEED, 0)
    assert outcome.ended in ("tree", "findings", "unreadable") and not outcome.failed and outcome.memory_mb > 1
    monkeypatch.setattr("tests.language.ending.check_text", lambda text: 1 / 0)
    number = next(each for each in range(INPUTS) if made(SEED, each)[0] == "words")
    outcome = fuzz.read_one(SEED, number)
    assert outcome.failed and "ZeroDivisionError" in outcome.ended
