"""A journal is decided again from what it records: equal bit by bit, and every change of engine or row is found."""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from attrs import evolve
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from rulekit.cli.main import cli
from rulekit.errors import JournalError
from rulekit.execution.journal import read_journal
from rulekit.execution.journal_schema import FIRST, Entry, body_of, chain, text_of
from rulekit.model.book import BookOrders
from rulekit.model.calendar import default
from rulekit.model.decision import Action, Decision, RuleMemory
from rulekit.model.instant import day_of
from rulekit.model.snapshot import SessionTimes, Snapshot
from rulekit.runtime import verify as verifying
from rulekit.runtime.looks import digest_of, look_at_position, look_of
from rulekit.runtime.policy import Policy
from rulekit.runtime.verify import verify
from rulekit.settings import Settings
from tests.runtime.test_manager import NOON, Account

POLICY = """\
for the whole book
  Guard: stop adding at ₹5,000 day profit

TRAIL: trail stop 1%
HALF: book 50% at 5% profit
SLOW: book 10 shares when price is above ₹1,700 for 20 seconds
MORE: add 25% at 6% profit
"""


def day(folder: Path, *, record: str = "actions") -> Account:
    """A short day with trails, books, an add, a rule for the book, and a reload."""
    journal = evolve(Settings().journal, record=record)
    account = Account(folder, POLICY, settings=evolve(Settings(), journal=journal))
    with account.manager as manager:
        for price in ("1695", "1710", "1720", "1731.35", "1740", "1780", "1800", "1801", "1795", "1790"):
            account.price(price, wait_s=10)
            manager.cycle()
        manager.reload(Policy.from_text("OUT: exit at 0.5% profit"))
        account.price("1791", wait_s=10)
        manager.cycle()
        account.price("1791")
        manager.cycle()
    return account


def entries_of(folder: Path) -> list[Entry]:
    return read_journal(folder / "day.journal")


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("day")
    day(folder)
    return folder


def run(*arguments: str) -> tuple[int, str]:
    outcome = CliRunner().invoke(cli, ["verify", *arguments], standalone_mode=False)
    if outcome.exception is not None:
        raise outcome.exception
    return int(outcome.return_value), outcome.output


def test_every_look_is_decided_again_as_it_was(written: Path) -> None:
    entries = entries_of(written)
    kinds = [entry.body["actions"] for entry in entries if entry.kind == "looked"]
    rules = {row[0] for rows in kinds for row in rows}
    assert rules == {"TRAIL", "HALF", "SLOW", "OUT", "Guard"}
    skipped = [entry.body for entry in entries if entry.kind == "looked" and "MORE" in entry.body.get("skipped", ())]
    assert all(body["orders"][2].startswith("`Guard` has stopped adding") for body in skipped) and skipped
    found = verify(entries)
    assert found.ok and found.looks == len(kinds) >= 6
    code, said = run("--journal", str(written / "day.journal"))
    assert (code, said.splitlines()[0]) == (0, f"{found.looks} looks, {found.looks} equal")


def test_all_looks_are_kept_if_that_is_wished(tmp_path: Path) -> None:
    day(tmp_path, record="all")
    found = verify(entries_of(tmp_path))
    assert found.ok
    looks = [entry for entry in entries_of(tmp_path) if entry.kind == "looked"]
    assert sum(not entry.body["actions"] for entry in looks) >= 2, "those of which nothing came, too"


def changed_by(what: str) -> Any:
    """Plant a change of the engine."""
    real = verifying.decide

    def decide(policy: Any, snapshot: Snapshot, memory: Mapping[str, RuleMemory]) -> Decision:
        decision = real(policy, snapshot, memory)
        if what == "quantity":
            grown = [evolve(one, quantity=one.quantity + 1) if one.kind == "book" else one for one in decision.actions]
            return evolve(decision, actions=tuple(grown))
        if what == "stop":
            moved = [
                evolve(one, stop=math.nextafter(one.stop, 0)) if one.kind == "stop" else one for one in decision.actions
            ]
            return evolve(decision, actions=tuple(moved))
        kept = {
            name: evolve(one, marks=tuple((mark, at + 1) for mark, at in one.marks))
            for name, one in decision.memory.items()
        }
        return evolve(decision, memory=kept)

    return patch.object(verifying, "decide", decide)


@pytest.mark.parametrize(
    ("what", "then", "now"),
    [("quantity", "SELL 10", "SELL 11"), ("stop", "stop ₹", "stop ₹"), ("memory", "SLOW", "1 marks")],
)
def test_a_change_of_the_engine_is_found_and_said(written: Path, what: str, then: str, now: str) -> None:
    with changed_by(what):
        found = verify(entries_of(written))
    assert not found.ok
    assert found.first is not None and found.first.symbol == "KOTAKBANK"
    assert then in found.first.then
    assert now in found.first.now


def rechained(folder: Path, target: Path, seq: int, change: Any) -> Path:
    """Write a journal in which one body is another and every digest is right again."""
    (target / "day.journal").write_bytes((folder / "day.journal").read_bytes())
    with closing(sqlite3.connect(target / "day.journal")) as database:
        rows = database.execute("SELECT seq, at, kind, subject, token, body FROM entry ORDER BY seq").fetchall()
        digest = FIRST
        for number, at, kind, subject, token, text in rows:
            if number == seq:
                body = dict(body_of(text))
                change(body)
                text = text_of(body)
            digest = chain(digest, number, at, kind, subject, token, text)
            database.execute("UPDATE entry SET body = ?, digest = ? WHERE seq = ?", (text, digest, number))
        database.commit()
    return target / "day.journal"


def first(folder: Path, kind: str, **with_body: Any) -> int:
    return next(
        entry.seq
        for entry in entries_of(folder)
        if entry.kind == kind and all(entry.body.get(name) == value for name, value in with_body.items())
    )


def test_a_tampered_row_is_found_by_the_chain_and_a_rechained_one_by_deciding_again(
    written: Path, tmp_path: Path
) -> None:
    def price(body: dict[str, Any]) -> None:
        body["snapshot"] = {**body["snapshot"], "price": body["snapshot"]["price"] + 5.0}

    def quantity(body: dict[str, Any]) -> None:
        body["quantity"] += 1

    look = first(written, "looked")
    path = rechained(written, tmp_path, look, price)
    code, said = run("--journal", str(path))
    assert code == 1 and f"first difference: entry {look}, " in said and "it was changed" in said
    action = first(written, "decided", rule="HALF")
    path = rechained(written, tmp_path, action, quantity)
    code, said = run("--journal", str(path))
    assert code == 1 and f"entry {action}, " in said and "SELL 46" in said
    (tmp_path / "day.journal").write_bytes((written / "day.journal").read_bytes())
    with closing(sqlite3.connect(tmp_path / "day.journal")) as database:
        database.execute("UPDATE entry SET body = replace(body, 'HALF', 'HALL') WHERE seq = ?", (action,))
        database.commit()
    with pytest.raises(JournalError, match=f"entry {action} is not what was written"):
        run("--journal", str(tmp_path / "day.journal"))


def test_another_policy_and_another_program_are_said(written: Path, tmp_path: Path) -> None:
    edited = tmp_path / "edited.policy"
    edited.write_text(POLICY.replace("50%", "40%"), encoding="utf-8")
    code, said = run("--journal", str(written / "day.journal"), "--policy", str(edited))
    assert code == 1
    assert "decides in place of the text of then" in said
    assert "SELL 45" in said and "SELL 36" in said
    entries = [
        entry._replace(body={**entry.body, "program": "0.0.9"}) if entry.kind == "policies" else entry
        for entry in entries_of(written)
    ]
    assert any("the program was 0.0.9" in note for note in verify(entries).notes)


def test_a_journal_from_before_looks_verifies_nothing_and_says_so(written: Path) -> None:
    old = [entry for entry in entries_of(written) if entry.kind not in ("looked", "policies", "policy text")]
    found = verify(old)
    assert (found.looks, found.ok) == (0, False)
    assert found.unrecorded >= 6


NUMBERS = st.floats(allow_nan=True, allow_infinity=False, width=64)


MARKS = st.lists(st.tuples(st.text(max_size=9), NUMBERS))
FACTS = st.dictionaries(st.sampled_from(["momentum", "vwap", "rsi"]), st.none() | st.floats() | st.integers(-9, 9))


@settings(max_examples=60)
@given(NUMBERS, NUMBERS, st.sampled_from([5, 5.0, 0.25]), FACTS, st.booleans(), NUMBERS, st.integers(0, 3), MARKS)
def test_a_look_comes_back_as_it_was(
    price: float, stop: float, tick: float, facts: dict[str, Any], in_flight: bool, best: float, fired: int, marks: Any
) -> None:
    session = default().session("NSE", day_of(NOON))
    assert isinstance(session, SessionTimes)
    snapshot = Snapshot(
        "KOTAKBANK", -1, 7, 169_000.0, price, NOON, stop=stop, tick=tick, facts=facts, in_flight=in_flight,
        session=session, expiry=session.day,
    )  # fmt: skip
    memory = {"R": RuleMemory(fired, None, NOON, best, tuple(marks))}
    decision = Decision("KOTAKBANK", (Action("R", "exit", "BUY", 7, None, "immediate", "why"),), memory=memory)
    orders = BookOrders("Guard", "it is time", "")
    digest = digest_of(snapshot)
    look = look_of(body_of(text_of(look_at_position("p", digest, snapshot, memory, orders, decision))))
    assert isinstance(look.snapshot, Snapshot)
    assert digest_of(look.snapshot) == digest
    assert repr(look.memory) == repr(memory)
    assert look.orders == orders
