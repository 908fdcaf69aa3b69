"""A share of the simulator's long runs: seeds, points of death, planted bugs, and that a seed is a seed."""

from __future__ import annotations

import pytest

from tests.simulation.__main__ import live
from tests.simulation.bugs import seeds_until_caught
from tests.simulation.mix import FAULTS, HARSH, MILD, NONE

CHUNK = 40
FIRST_SEEDS = tuple(range(1, 401, CHUNK))


@pytest.mark.parametrize("first", FIRST_SEEDS)
@pytest.mark.parametrize("level", [MILD, HARSH])
def test_no_seed_breaks_an_invariant(level: str, first: int) -> None:
    for seed in range(first, first + CHUNK):
        life = live(seed, level)
        assert not life.story, f"seed {seed} with {level} faults:\n{life.story}"


@pytest.mark.parametrize("seed", [3, 8])
def test_death_at_points_all_over_a_scenario_loses_nothing(seed: int) -> None:
    points, deaths = live(seed, NONE).points, 0
    assert points > 200
    for point in range(1, points + 1, 11):
        life = live(seed, NONE, frozenset({point, point + point % 9 + 1}))
        assert not life.story, f"seed {seed} dying at {point}:\n{life.story}"
        deaths += life.deaths
    assert deaths >= points // 11


def test_a_seed_always_lives_the_same_life() -> None:
    lives = [live(seed, HARSH) for seed in (5, 6, 7)]
    assert lives == [live(seed, HARSH) for seed in (5, 6, 7)]
    assert len({life.hours for life in lives}) > 1


def test_every_fault_of_the_model_strikes_somewhere() -> None:
    struck: set[str] = set()
    for seed in range(1, 200):
        struck.update(live(seed, HARSH).faults)
        if len(struck) == len(FAULTS):
            break
    assert {fault.name for fault in FAULTS} - struck <= {"square-off"}


QUICKLY_CAUGHT = {
    "quarantine of 60 s": 6,
    "sent before it is written": 1,
    "an unknown answer is taken for a refusal": 6,
    "an unknown answer is taken for accepted": 1,
    "an add is sent again": 2,
    "what a cancelled order filled is lost": 1,
    "a cancellation is taken for an end": 2,
    "regular signals go first": 5,
    "two processes on one journal": 9,
    "a full disk is ignored": 1,
    "the budgets are ignored": 7,
}


@pytest.mark.parametrize(("bug", "invariant"), QUICKLY_CAUGHT.items())
def test_planted_bugs_are_caught(bug: str, invariant: int) -> None:
    seeds, said = seeds_until_caught(bug, 40)
    assert seeds, f"{bug} was not caught"
    assert f"invariant {invariant} " in said or "JournalError" in said, said
