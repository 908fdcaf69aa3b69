"""The process dies at every commit and at every call of the broker: nothing is lost, nothing is done twice."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from rulekit.model.instrument import PositionKey
from tests.execution.scripted import Crash, Desk, Failpoints, add, book, exit_all, stop

Story = Callable[[Desk, PositionKey], None]


def plain_exit(desk: Desk, key: PositionKey) -> None:
    """An exit that fills at once, and a stop before it."""
    act(desk, key, lambda: desk.commit(key, stop(168_000.0), book(50), checkpoint={"tick": 1}))
    act(desk, key, lambda: desk.commit(key, exit_all(50), checkpoint={"tick": 2}))


def resting_exit(desk: Desk, key: PositionKey) -> None:
    """An exit that rests, fills in parts, and is placed again wider."""
    desk.broker.fates = desk.broker.fates or ["rest", "part:30"]
    act(desk, key, lambda: desk.commit(key, exit_all(), checkpoint={"tick": 1}))


def lost_answers(desk: Desk, key: PositionKey) -> None:
    """Answers lost before and after acceptance, and one that arrives late."""
    desk.broker.fates = desk.broker.fates or ["lost before", "late:90"]
    act(desk, key, lambda: desk.commit(key, book(50), checkpoint={"tick": 1}))


def refusals(desk: Desk, key: PositionKey) -> None:
    """Refused, not sent, rejected after acceptance, then filled."""
    desk.broker.fates = desk.broker.fates or ["refuse", "not sent", "reject", "fill"]
    act(desk, key, lambda: desk.commit(key, exit_all(), checkpoint={"tick": 1}))


def growing(desk: Desk, key: PositionKey) -> None:
    """An add whose answer is lost, and the exit of what it made."""
    desk.broker.fates = desk.broker.fates or ["lost after"]
    act(desk, key, lambda: desk.commit(key, add(25), checkpoint={"tick": 1}))


STORIES: tuple[Story, ...] = (plain_exit, resting_exit, lost_answers, refusals, growing)


def act(desk: Desk, key: PositionKey, decide: Callable[[], None]) -> None:
    """Decide once as a runtime would: never while something is on its way."""
    if not any(position.key == key for position in desk.executor.positions()):
        return
    if not desk.position(key).in_flight:
        decide()
    desk.come_to_rest(400)


def live_through(folder: Path, story: Story, die_at: int, again_at: int = 0) -> Desk:
    """Play a story, die at one point (and perhaps at another of the recovery), come back, and go on to the end."""
    desk = Desk(folder)
    key = desk.hold()
    desk.points.at = die_at
    try:
        desk.start()
        story(desk, key)
        desk.die()
        return desk
    except Crash:
        desk.die()
    if again_at:
        desk.points = Failpoints(at=again_at)
        desk.broker.points = desk.points
        try:
            desk.start()
            desk.come_to_rest(400)
        except Crash:
            desk.die()
    desk.points = Failpoints()
    desk.broker.points = desk.points
    desk.die()
    desk.start()
    desk.come_to_rest(600)
    check(desk, key)
    # What had not been decided is decided now; the world must allow it.
    desk.broker.fates.clear()
    if any(position.key == key for position in desk.executor.positions()):
        held = desk.position(key).quantity
        desk.commit(key, exit_all(held, rule="last exit"))
        desk.come_to_rest(600)
    assert desk.broker.net(key) == 0
    return desk


def check(desk: Desk, key: PositionKey) -> None:
    """Compare journal and broker: every action one end, every tag one order, fills equal, nothing through zero."""
    rows = desk.rows()
    for row in rows:
        assert row["end"] is not None, row
        ends = [state for state in row["states"] if state["state"] == row["end"]]
        assert len(ends) == 1
        if row["quantity"] is not None:
            assert row["filled"] <= row["quantity"]
    tags = [request.tag for request in desk.broker.requests]
    assert len(tags) == len(set(tags)), "one request per tag, ever"
    ours = {attempt["tag"]: attempt["filled"] for row in rows for attempt in row["attempts"]}
    for order in desk.broker.book:
        assert ours[order.tag] == order.filled
    held = desk.broker.net(key)
    assert 0 <= held <= 125
    tracked = sum(position.quantity for position in desk.executor.positions())
    assert tracked == held


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.__name__)
def test_death_at_every_point(tmp_path: Path, story: Story) -> None:
    (tmp_path / "whole").mkdir()
    whole = live_through(tmp_path / "whole", story, 0)
    points = whole.points.passed
    assert points > 10
    # After the commits and requests come quiet looks at the book; the first points hold all that matters.
    interesting = [n for n, name in enumerate(whole.points.names, 1) if not name.startswith("read")]
    readings = [n for n, name in enumerate(whole.points.names, 1) if name.startswith("read")][:12]
    for n in sorted({*interesting, *readings}):
        folder = tmp_path / str(n)
        folder.mkdir()
        live_through(folder, story, n).die()
        shutil.rmtree(folder)


@pytest.mark.parametrize("story", [plain_exit, lost_answers], ids=lambda story: story.__name__)
def test_death_during_recovery(tmp_path: Path, story: Story) -> None:
    (tmp_path / "whole").mkdir()
    whole = live_through(tmp_path / "whole", story, 0)
    deaths = [n for n, name in enumerate(whole.points.names, 1) if name in ("after commit", "after place")]
    for n in deaths[:6]:
        for again in (1, 2, 3, 4, 6, 8):
            folder = tmp_path / f"{n}-{again}"
            folder.mkdir()
            live_through(folder, story, n, again).die()
            shutil.rmtree(folder)
