"""A share of the simulator's long runs: seeds, points of death, planted bugs, and that a seed is a seed."""

from __future__ import annotations

import pytest

from tests.simulation.bugs import BUGS, seeds_until_caught
from tests.simulation.lives import Job, Summary, live, live_all, lives
from tests.simulation.mix import ALL, FAULTS, HARSH, MILD, NONE

CHUNK = 50
FIRST_SEEDS = tuple(range(1, 1001, CHUNK))


@pytest.mark.parametrize("first", FIRST_SEEDS)
@pytest.mark.parametrize("level", [MILD, HARSH])
def test_no_seed_breaks_an_invariant(level: str, first: int) -> None:
    for life in live_all(Job(seed, level) for seed in range(first, first + CHUNK)):
        assert not life.story, f"seed {life.seed} with {level} faults:\n{life.story}"


ONCE_BROKEN = ((604277, ""), (804032, ""), (1000095, ""), (1063934, ""), (900116, "adopt"))


@pytest.mark.parametrize(("seed", "scenario"), ONCE_BROKEN)
def test_a_seed_that_once_broke_an_invariant_breaks_none(seed: int, scenario: str) -> None:
    life = live(seed, HARSH, scenario=scenario)
    assert not life.story, life.story


@pytest.mark.parametrize("seed", [3, 8])
def test_death_at_points_all_over_a_scenario_loses_nothing(seed: int) -> None:
    points, deaths = live(seed, NONE).points, 0
    assert points > 80
    for point in range(1, points + 1, 11):
        life = live(seed, NONE, frozenset({point, point + point % 9 + 1}))
        assert not life.story, f"seed {seed} dying at {point}:\n{life.story}"
        deaths += life.deaths
    assert deaths >= points // 11


def test_a_seed_always_lives_the_same_life() -> None:
    lives = [live(seed, HARSH) for seed in (5, 6, 7)]
    assert lives == [live(seed, HARSH) for seed in (5, 6, 7)]
    assert len({life.hours for life in lives}) > 1


def test_the_number_of_processes_changes_nothing() -> None:
    jobs = [Job(seed, HARSH) for seed in range(1, 16)]
    alone, together = list(lives(jobs, 1)), list(lives(jobs, 2, chunk=2))
    assert alone == together
    summary = Summary()
    for life in together:
        summary.add(life)
    *_, last = summary.lines()
    assert last.startswith("15 seeds, ") and last.endswith(" faults, 0 violations")


def test_every_fault_of_the_model_strikes_somewhere() -> None:
    struck: set[str] = set()
    for seed in range(1, 120):
        life = live(seed, ALL)
        assert not life.story, life.story
        struck.update(life.faults)
        if len(struck) == len(FAULTS):
            break
    assert {fault.name for fault in FAULTS} == struck


ODD_DAYS = (("other clock", 15), ("unlisted", 15), ("strangers", 15))


@pytest.mark.parametrize(
    ("scenario", "seeds"), [("slices", 25), ("stops", 25), ("adopt", 25), ("nameless", 8), ("flood", 2), *ODD_DAYS]
)
def test_worlds_made_for_one_thing_break_nothing(scenario: str, seeds: int) -> None:
    lived = live_all(Job(seed, level, scenario=scenario) for seed in range(1, seeds + 1) for level in (MILD, HARSH))
    for life in lived:
        assert not life.story, f"seed {life.seed}:\n{life.story}"


@pytest.mark.parametrize("scenario", ["slices", "adopt"])
def test_death_at_points_all_over_a_world_made_for_one_thing_loses_nothing(scenario: str) -> None:
    points = live(2, NONE, scenario=scenario).points
    for point in range(1, points + 1, 7):
        life = live(2, NONE, frozenset({point, point + point % 9 + 1}), scenario)
        assert not life.story, f"dying at {point}:\n{life.story}"


QUICKLY_CAUGHT = (
    "quarantine of 60 s",
    "sent before it is written",
    "an unknown answer is taken for a refusal",
    "an unknown answer is taken for accepted",
    "what a cancelled order filled is lost",
    "a cancellation is taken for an end",
    "regular signals go first",
    "two processes on one journal",
    "a full disk is ignored",
    "the budgets are ignored",
    "standing stops are forgotten at a restart",
    "a stop at the broker does not follow",
    "a change of a stop that got no answer is taken for not made",
    "a change of a stop that got no answer is relied on",
    "slices are not cut",
    "an exit is chased for ever",
    "an adopted order counts for nothing",
    "an order is adopted while it may still fill",
    "an order whose action the halt ended is adopted without its firing",
    "moves of stops are never let go",
    "a flood piles up",
    "the only order that looks like an unknown one is claimed",
    "an order without a tag is never ours",
    "a quarantine is counted by another machine's clock",
    "an order that no list shows is forgotten",
    "an order that cannot be cancelled keeps everything open",
)


@pytest.mark.parametrize("bug", BUGS)
def test_each_bug_can_be_planted(bug: str) -> None:
    """What it breaks may have another name by now."""
    with BUGS[bug]():
        pass


ON_DISK = ("two processes on one journal", "a full disk is ignored")


@pytest.mark.parametrize("bug", QUICKLY_CAUGHT)
def test_planted_bugs_are_caught(bug: str) -> None:
    seeds, said = seeds_until_caught(bug, 120, ALL if bug in ON_DISK else HARSH)
    assert seeds, f"{bug} was not caught"
    assert "invariant" in said, said
