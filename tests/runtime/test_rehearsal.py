"""A dry run reads and decides; nothing that it writes is believed by a real run, and nothing is sent."""

from __future__ import annotations

from pathlib import Path

import pytest

from rulekit.errors import UsageError
from rulekit.execution.history import history
from rulekit.execution.journal import read_journal
from rulekit.runtime.manager import Manager
from rulekit.runtime.policy import Policy
from tests.runtime.test_manager import Account

POLICY = "TRAIL: trail stop 1%\nHALF: book 50% at 5% profit"


def manager_of(account: Account, journal: Path, *, dry_run: bool = False) -> Manager:
    return Manager(
        Policy.from_text(POLICY), broker=account.broker, journal=journal, clock=account.clock,
        emit=account.events.append, dry_run=dry_run,
    )  # fmt: skip


def test_a_dry_run_beside_a_real_journal_begins_with_what_that_says_and_leaves_it_alone(tmp_path: Path) -> None:
    account = Account(tmp_path, POLICY)
    path = tmp_path / "day.journal"
    with account.manager as manager:
        account.price("1700")
        manager.cycle()
        stop = manager.executor.positions()[0].stop
    before = list(read_journal(path))
    account.price("1780")
    with manager_of(account, path, dry_run=True) as rehearsal:
        assert rehearsal.executor.positions()[0].stop == stop, "it begins where the real run stands"
        account.price("1781")
        assert {action.rule for action in rehearsal.cycle()[0].actions} == {"TRAIL", "HALF"}
        assert rehearsal.executor.positions()[0].stop > stop
    assert [order for order in account.broker.true_orders() if order.tag] == []
    assert list(read_journal(path)) == before
    copy = tmp_path / "day.journal.dry"
    assert [row["rule"] for row in history(read_journal(copy)) if row["reason"] == "dry run: not sent"] == ["HALF"]
    with manager_of(account, path) as real:
        account.price("1782")
        assert [action.rule for action in real.cycle()[0].actions if action.kind == "book"] == ["HALF"], "not done yet"
        account.price("1782")
        real.cycle()
    assert len([order for order in account.broker.true_orders() if order.tag]) == 1
    with manager_of(account, path, dry_run=True) as again:
        assert again.executor.positions()[0].quantity == 50, "each dry run begins with the real journal of then"


def test_what_a_dry_run_wrote_is_refused_by_a_real_run_and_the_other_way_round(tmp_path: Path) -> None:
    account = Account(tmp_path, POLICY)
    account.manager.close()
    dry = tmp_path / "dry.journal"
    with manager_of(account, dry, dry_run=True) as rehearsal:
        account.price("1780")
        rehearsal.cycle()
    with manager_of(account, dry, dry_run=True):
        pass  # it may go on with its own
    with pytest.raises(UsageError, match="is the journal of a dry run"):
        manager_of(account, dry)
    from rulekit.execution.journal import Journal

    real = tmp_path / "real.journal"
    with manager_of(account, real):
        pass
    policy, clock = Policy.from_text(POLICY), account.clock
    with Journal.open(real, account="paper", clock=clock) as journal, pytest.raises(UsageError, match="real run"):
        Manager(policy, broker=account.broker, journal=journal, clock=clock, dry_run=True)
