"""The asyncio host over a scene, as in the example of its page."""

from __future__ import annotations

from rulekit.hosts.bars import Done
from rulekit.runtime.policy import Policy
from tests.hosts.examples import example
from tests.hosts.scenes import ENTRY, QUANTITY, Scene


def run(policy: Policy, scene: Scene) -> list[Done]:
    """Return the actions of a day."""
    found: list[Done] = example("asyncio_offline").run(
        policy, scene.bars, entry=ENTRY - 1, quantity=QUANTITY * scene.side
    )
    return found
