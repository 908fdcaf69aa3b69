"""The last part of a journal, read alone, says what the whole says of it."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest
from click.testing import CliRunner

from rulekit.cli.history import command as history_command
from rulekit.cli.summary import command as summary_command
from rulekit.errors import JournalError
from rulekit.execution import sealing
from rulekit.execution.history import history, pending, pending_of
from rulekit.execution.journal import account_of, open_shelf, read_journal, read_ledger
from rulekit.execution.recent import recent_history
from rulekit.execution.status import status, status_of
from rulekit.execution.summary import summarise, summarise_since
from rulekit.model.instant import Instant, iso, parse_instant
from tests.soak.storage_harms import NAME
from tests.soak.storage_paper import PaperWorld

YESTERDAY, TODAY = "2026-11-19", "2026-11-20"


@pytest.fixture(scope="module")
def journal(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two days with actions on both, sealed every few entries."""
    from tests.execution.test_seals import CARRIED, two_days

    with pytest.MonkeyPatch.context() as patch:
        for name, value in (("EVERY", 15), ("AT_CLOSE", 1), ("PAUSE", 0)):
            patch.setattr(sealing, name, value)
        world = PaperWorld(tmp_path_factory.mktemp("recent"), ticks=two_days(), product="NRML", policy=CARRIED)
    return world.folder / "whole" / NAME


def _morning(day: str) -> Instant:
    return parse_instant(f"{day}T00:00:00+05:30")


def test_the_last_actions_are_the_last_of_all(journal: Path) -> None:
    whole = history(read_journal(journal))
    with open_shelf(journal) as shelf:
        for count in (1, 2, 7, len(whole), len(whole) + 5):
            assert recent_history(shelf, last=count) == whole[-count:]


def test_the_actions_since_a_time_are_those_of_all(journal: Path) -> None:
    whole = history(read_journal(journal))
    moments = [_morning(YESTERDAY), _morning(TODAY), *(parse_instant(row["decided"]) for row in whole), 1 << 61]
    with open_shelf(journal) as shelf:
        for moment in moments:
            expected = [row for row in whole if parse_instant(row["decided"]) >= moment]
            assert recent_history(shelf, since=moment) == expected, iso(moment)
            assert recent_history(shelf, since=moment, last=2) == expected[-2:]
    assert 0 < len([row for row in whole if row["decided"] >= TODAY]) < len(whole)


def test_a_summary_since_a_time_counts_what_was_decided_since(journal: Path) -> None:
    entries = read_journal(journal)
    fired = {rule.rule: rule.fired for rule in summarise(entries)}
    with open_shelf(journal) as shelf:
        assert [one.to_dict() for one in summarise_since(shelf, 0)] == [one.to_dict() for one in summarise(entries)]
        today = {rule.rule: rule.fired for rule in summarise_since(shelf, _morning(TODAY))}
    of_today = [row["rule"] for row in history(entries) if row["decided"] >= TODAY]
    assert today == {rule: of_today.count(rule) for rule in today}
    assert sum(today.values()) == len(of_today) < sum(fired.values())


def test_where_the_account_stands_is_read_from_the_seal(journal: Path) -> None:
    entries = read_journal(journal)
    assert status_of(read_ledger(journal)) == status(entries)
    assert pending_of(read_ledger(journal)) == pending(entries)
    assert account_of(journal) == "paper"


def test_the_commands_take_both(journal: Path) -> None:
    run = CliRunner().invoke
    whole = history(read_journal(journal))
    told = run(history_command, ["--journal", str(journal), "--last", "3", "--format", "json"])
    assert json.loads(told.output) == whole[-3:]
    told = run(history_command, ["--journal", str(journal), "--since", TODAY, "--format", "json"])
    assert json.loads(told.output) == [row for row in whole if row["decided"] >= TODAY]
    told = run(summary_command, ["--journal", str(journal), "--since", TODAY, "--format", "json"])
    assert json.loads(told.output)
    told = run(history_command, ["--journal", str(journal), "--since", "yesterday"])
    assert told.exit_code == 2 and "is no day like 2026-11-20" in told.output


def test_damage_is_found_as_far_as_it_is_read(journal: Path, tmp_path: Path) -> None:
    path = tmp_path / NAME
    path.write_bytes(journal.read_bytes())
    last = len(read_journal(path))
    with sqlite3.connect(path) as database:
        database.execute("UPDATE entry SET at = at + 1 WHERE seq = ?", (last - 3,))
    database.close()
    with open_shelf(path) as shelf, pytest.raises(JournalError, match=f"entry {last - 3} is not what was written"):
        recent_history(shelf, last=5)
    with pytest.raises(JournalError, match=f"entry {last - 3} is not what was written"):
        read_journal(path)
    assert status_of(read_ledger(path)) == status_of(read_ledger(journal)), "the state was sealed after it"
