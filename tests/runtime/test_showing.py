"""What an engine shows beside its journal: nothing where nobody looks, everything once somebody does."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from rulekit.market.market import Market
from rulekit.market.ticks import Tick
from rulekit.model.clock import SimulatedClock
from rulekit.model.events import Event
from rulekit.model.instant import SECOND, parse_instant
from rulekit.model.instrument import InstrumentKey
from rulekit.model.orders import BUY
from rulekit.model.prices import UNKNOWN
from rulekit.runtime import showing
from rulekit.runtime.looks import digest_of
from rulekit.runtime.manager import Manager
from rulekit.runtime.policy import Policy
from rulekit.runtime.shown import (
    BEGIN,
    HEALTH,
    HEARD,
    NOW,
    POLICY,
    POSITION,
    Seen,
    ShownReader,
    position_line,
    read_position,
    shown_path,
    watched_path,
)
from tests.execution.scripted import ScriptedBroker

TEN = parse_instant("2026-11-20T10:00:00+05:30")
INFY = InstrumentKey("NSE", "INFY")
TCS = InstrumentKey("NSE", "TCS")
TEXT = '"Half": book 50% at 9% profit\n"Quick": exit if momentum over 5 minutes is above 40%\n'


@pytest.fixture
def manager(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Manager]:
    for name in ("LOOK_S", "WRITE_S", "HEALTH_S"):
        monkeypatch.setattr(showing, name, 0.0)
    clock = SimulatedClock(TEN)
    broker = ScriptedBroker(clock)
    broker.trade(INFY, "MIS", BUY, 40, 150_000.0)
    broker.trade(TCS, "MIS", BUY, 10, 320_000.0)
    policy = Policy.from_text(TEXT, "my.policy")
    made = Manager(
        policy, broker=broker, journal=tmp_path / "day.journal", clock=clock, market=Market(policy.market_facts)
    )
    made.start()
    made.cycle()
    yield made
    made.close()


def tick(manager: Manager, number: int, price: float) -> None:
    clock = manager.clock
    assert isinstance(clock, SimulatedClock)
    clock.move_to(clock.now() + SECOND)
    manager.on_tick(Tick(number, *INFY, clock.now(), price, 1.0, UNKNOWN, UNKNOWN))


def test_nothing_is_written_where_nobody_looks(manager: Manager, tmp_path: Path) -> None:
    for number in range(5):
        tick(manager, number, 150_100.0)
    assert not shown_path(tmp_path / "day.journal").exists()


def test_everything_is_shown_once_somebody_looks_then_what_moved(manager: Manager, tmp_path: Path) -> None:
    journal = tmp_path / "day.journal"
    reader = ShownReader(shown_path(journal))
    tick(manager, 1, 150_100.0)
    watched_path(journal).touch()
    for _ in range(3):
        manager.publish()
    found = reader.read()
    assert found[0]["k"] == BEGIN
    assert {row["k"] for row in found} == {BEGIN, POLICY, POSITION, NOW, HEALTH, HEARD}
    assert next(row["text"] for row in found if row["k"] == POLICY) == TEXT
    positions = {one.key.symbol: one for one in (read_position(row) for row in found if row["k"] == POSITION)}
    assert set(positions) == {"INFY", "TCS"}
    seen = positions["INFY"]
    assert (seen.key.symbol, seen.last, seen.policy) == ("INFY", 150_100.0, manager.policies[0].digest)
    position = next(one for one in manager.executor.positions() if one.key.symbol == "INFY")
    assert digest_of(seen.snapshot) == digest_of(manager.snapshot(position, seen.snapshot.now))
    manager.cycle()
    assert [row for row in reader.read() if row["k"] == POSITION] == []  # nothing moved
    tick(manager, 2, 150_250.0)
    moved = [read_position(row) for row in reader.read() if row["k"] == POSITION]
    assert [one.last for one in moved] == [150_250.0]


def test_another_policy_is_shown_with_the_positions_that_it_is_for(manager: Manager, tmp_path: Path) -> None:
    journal = tmp_path / "day.journal"
    reader = ShownReader(shown_path(journal))
    tick(manager, 1, 150_100.0)
    watched_path(journal).touch()
    for _ in range(3):
        manager.publish()
    reader.read()
    manager.reload(Policy.from_text('"Half": book 50% at 8% profit\n', "my.policy"))
    for _ in range(4):
        manager.publish()
    found = reader.read()
    assert [row["text"] for row in found if row["k"] == POLICY] == ['"Half": book 50% at 8% profit\n']
    assert [row["policy"] for row in found if row["k"] == POSITION] == [manager.policies[0].digest] * 2
    assert [row["name"] for row in found if row["k"] == HEARD] == ["policy_reloaded"]


def test_a_file_grown_long_is_begun_anew_with_the_latest(
    manager: Manager, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(showing, "LONGEST", 6000)
    journal = tmp_path / "day.journal"
    reader = ShownReader(shown_path(journal))
    watched_path(journal).touch()
    for _ in range(3):
        manager.publish()
    names = set()
    for number in range(60):
        tick(manager, number, 150_000.0 + number * 5)
        found = reader.read()
        names.add(shown_path(journal).read_bytes().splitlines()[0])
    assert len(names) >= 3
    assert [read_position(row).last for row in found if row["k"] == POSITION] == [150_295.0]
    assert shown_path(journal).stat().st_size < 20_000
    whole = [read_position(row) for row in ShownReader(shown_path(journal)).read() if row["k"] == POSITION]
    assert {one.key.symbol for one in whole} == {"INFY", "TCS"}  # TCS has not moved since the file was begun


def test_who_reads_along_is_not_told_everything_again(
    manager: Manager, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A thousand positions read again at once keep every browser waiting."""
    monkeypatch.setattr(showing, "LONGEST", 6000)
    monkeypatch.setattr(showing, "KEPT", 5000)
    journal = tmp_path / "day.journal"
    path = shown_path(journal)
    always, lagging = ShownReader(path), ShownReader(path)
    watched_path(journal).touch()
    for _ in range(3):
        manager.publish()
    always.read()
    lagging.read()
    names, told, told_late = {path.read_bytes().splitlines()[0]}, [], []
    for number in range(60):
        tick(manager, number, 150_000.0 + number * 5)
        told += always.read()
        if number % 3 == 0:
            told_late += lagging.read()
        names.add(path.read_bytes().splitlines()[0])
    told_late += lagging.read()
    assert len(names) >= 4
    prices = [150_000.0 + number * 5 for number in range(60)]
    for rows in (told, told_late):
        assert not [row for row in rows if row["k"] == BEGIN]
        assert [read_position(row).last for row in rows if row["k"] == POSITION] == prices


def test_who_lacks_a_part_of_one_file_only_is_told_everything(
    manager: Manager, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(showing, "LONGEST", 6000)
    monkeypatch.setattr(showing, "KEPT", 1500)
    path = shown_path(tmp_path / "day.journal")
    slow = ShownReader(path)
    watched_path(tmp_path / "day.journal").touch()
    for _ in range(3):
        manager.publish()
    slow.read()
    first, number = path.read_bytes().splitlines()[0], 0
    while path.read_bytes().splitlines()[0] == first:
        number += 1
        tick(manager, number, 150_000.0 + number * 5)
    found = slow.read()
    assert found[0]["k"] == BEGIN
    assert [read_position(row).last for row in found if row["k"] == POSITION][-1] == 150_000.0 + number * 5


def test_many_positions_do_not_begin_a_file_at_every_writing(
    manager: Manager, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a file begins with counts for nothing: only what has been added since makes it long."""
    monkeypatch.setattr(showing, "LONGEST", 1500)
    path = shown_path(tmp_path / "day.journal")
    watched_path(tmp_path / "day.journal").touch()
    names = set()
    for number in range(30):
        tick(manager, number, 150_000.0 + number * 5)
        names.add(path.read_bytes().splitlines()[0])
    assert 2 <= len(names) <= 20


@pytest.mark.parametrize("kept", [0, 3000])
def test_who_read_too_little_or_comes_anew_is_told_everything_once(
    manager: Manager, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kept: int
) -> None:
    monkeypatch.setattr(showing, "LONGEST", 6000)
    monkeypatch.setattr(showing, "KEPT", kept)
    journal = tmp_path / "day.journal"
    path = shown_path(journal)
    slow = ShownReader(path)
    watched_path(journal).touch()
    for _ in range(3):
        manager.publish()
    slow.read()
    for number in range(50):
        manager._showing.heard(Event("price_stale", TEN + number, "INFY"))
        tick(manager, number, 150_000.0 + number * 5)
    for reader in (slow, ShownReader(path)):
        found = reader.read()
        assert [row["k"] for row in found].count(BEGIN) == 1
        events = [(row["name"], row["at"]) for row in found if row["k"] == HEARD]
        assert ("price_stale", TEN + 49) in events
        assert len(events) == len(set(events))
        last = {one.key.symbol: one.last for one in (read_position(row) for row in found if row["k"] == POSITION)}
        assert last["INFY"] == 150_245.0
        assert "TCS" in last
        assert reader.read() == []


def test_it_ends_some_time_after_the_last_sign(
    manager: Manager, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = tmp_path / "day.journal"
    watched_path(journal).touch()
    tick(manager, 1, 150_100.0)
    assert manager._showing.watched
    monkeypatch.setattr(showing, "WATCHED_S", 0.0)
    time.sleep(0.002)
    tick(manager, 2, 150_200.0)
    assert not manager._showing.watched
    size = shown_path(journal).stat().st_size
    tick(manager, 3, 150_300.0)
    assert shown_path(journal).stat().st_size == size


def test_a_place_that_cannot_be_written_harms_nothing(manager: Manager, tmp_path: Path) -> None:
    journal = tmp_path / "day.journal"
    shown_path(journal).mkdir()
    watched_path(journal).touch()
    for number in range(5):
        tick(manager, number, 150_100.0 + number)
    manager.cycle()
    assert manager.executor.mode == "active"


def test_values_that_are_unknown_or_without_bound_come_back_the_same(manager: Manager) -> None:
    import json

    tick(manager, 1, 150_100.0)
    position = manager.executor.positions()[0]
    from attrs import evolve

    snapshot = evolve(
        manager.snapshot(position, manager.clock.now()), facts={"volume": float("inf"), "rsi": None, "vix": UNKNOWN}
    )
    seen = Seen(position.key, position.episode, "", UNKNOWN, None, snapshot, {})
    text = position_line(seen)
    back = read_position(json.loads(text))
    assert back.snapshot.facts["volume"] == float("inf")
    assert back.snapshot.facts["rsi"] is None
    assert back.snapshot.facts["vix"] != back.snapshot.facts["vix"]
    assert back.snapshot.session == snapshot.session


def test_what_is_half_written_is_read_when_it_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "half"
    reader = ShownReader(path)
    assert reader.read() == []
    path.write_bytes(b'{"k":"begin"')
    assert reader.read() == []
    path.write_bytes(b'{"k":"begin"}\n{"k":"now","now":1}\n{"k":"no')
    assert [row["k"] for row in reader.read()] == ["begin", "now"]
    with path.open("ab") as file:
        file.write(b'w","now":2}\n')
    assert [row.get("now") for row in reader.read()] == [2]
