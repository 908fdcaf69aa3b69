"""The same policy over the same real bars does the same in every host; each is the real framework, or is left out."""

from __future__ import annotations

from pathlib import Path

import pytest

from rulekit.runtime.policy import Policy
from tests.hosts.scenes import POLICY, Scene, scenes
from tests.hosts.table import FRAMEWORKS, compared, missing

POLICY_OF_ALL = Policy.from_text(POLICY)


@pytest.fixture(scope="module")
def days(shared_data: Path) -> list[Scene]:
    chosen = ("HDFCBANK long 2021-04-28", "INFY short 2021-04-28", "TATAMOTORS long 2021-05-03")
    found = [scene for scene in scenes(shared_data) if scene.name in chosen]
    assert len(found) == len(chosen)
    return found


@pytest.mark.parametrize("name", FRAMEWORKS)
def test_a_host_does_what_a_replay_does(name: str, days: list[Scene]) -> None:
    if reason := missing(name):
        pytest.skip(f"{reason}; see docs/hosts.md for how it is run")
    kinds: set[str] = set()
    for scene in days:
        rows, different = compared([name], scene, POLICY_OF_ALL)
        assert rows and not different, f"{scene.name}\n" + "\n".join(map(str, rows))
        kinds |= {row[0].split()[2] for row in rows if len(row[0].split()) > 2}
    assert {"add", "book", "exit", "stop", "target"} <= kinds, "the scenes must show something"


SCALP = Policy.from_text(
    "S: move stop to 0.25% loss after 1 minute\nT: set target to 0.3% profit after 1 minute\nX: exit at 15:10"
)


@pytest.mark.parametrize("name", FRAMEWORKS)
def test_a_target_that_is_just_touched_is_reached(name: str, shared_data: Path) -> None:
    if reason := missing(name):
        pytest.skip(f"{reason}; see docs/hosts.md for how it is run")
    (scene,) = (one for one in scenes(shared_data) if one.name == "TATAMOTORS short 2021-04-28")
    rows, different = compared([name], scene, SCALP)
    assert rows[-1][0].split()[1:] == ["target", "exit", "100"]
    assert not different, rows
