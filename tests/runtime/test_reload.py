"""Policies that change while they run: checked, exchanged between two cycles, never half, never looser."""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path

import pytest

from rulekit.errors import PolicyError, UsageError
from rulekit.execution.journal import read_journal
from rulekit.model.events import Event
from rulekit.runtime.manager import Manager
from rulekit.runtime.policy import Policy, load
from rulekit.runtime.policy_watch import PolicyWatch, policy_paths
from tests.runtime.test_manager import Account

DAY = date(2026, 11, 20)
LADDER = "HALF: book 50% at 5% profit\nTRAIL: move stop to break-even at 4% profit"


def told(account: Account, name: str) -> list[dict[str, object]]:
    return [dict(event.data) for event in account.events if event.name == name]


class Files:
    """A folder with a policy in it, watched for a manager of an account."""

    def __init__(self, folder: Path, text: str = LADDER, **options: object) -> None:
        self.path = folder / "my.policy"
        self.path.write_text(text, encoding="utf-8")
        self.account = Account(folder, text)
        self.account.manager.policies = (load(self.path),)
        self.manager = self.account.manager
        self.watch = PolicyWatch([self.path], self.manager.policies, today=lambda: DAY, compare=False)
        self.watch.poll()

    def settle(self) -> None:
        """Look twice, and let the manager take what was found."""
        self.watch.poll()
        self.watch.poll()
        self.watch.look(self.manager)

    def reasons(self) -> list[str]:
        return [str(data["reason"]) for data in told(self.account, "policy_refused")]


def test_memory_stays_with_its_label_over_edits_of_others(tmp_path: Path) -> None:
    account = Account(tmp_path, LADDER)
    with account.manager as manager:
        account.price("1780")
        assert [action.rule for action in manager.cycle()[0].actions] == ["HALF", "TRAIL"]
        account.price("1780")
        found = manager.reload(Policy.from_text(LADDER.replace("4%", "3%") + "\nMORE: book 10 shares at 9% profit"))
        assert [change.path for change in found] == ["policy"]
        account.price("1781", wait_s=10)
        assert manager.cycle()[0].actions == (), "HALF has fired in this episode, whatever was written beside it"
        account.price("1850", wait_s=10)
        decision = manager.cycle()[0]
        assert [action.rule for action in decision.actions] == ["MORE"]
    said = told(account, "policy_reloaded")[0]["difference"]
    assert said == (
        "TRAIL: `move stop to break-even at 4% profit` is now `move stop to break-even at 3% profit`; "
        "MORE: `book 10 shares at 9% profit` was added"
    )
    bodies = [entry.body for entry in read_journal(tmp_path / "day.journal") if entry.kind == "decided"]
    digests = {body["rule"]: body["policy_digest"] for body in bodies}
    assert digests["HALF"] != digests["MORE"] == manager.policies[0].digest


def test_what_a_decision_was_made_by_can_be_read_from_the_journal(tmp_path: Path) -> None:
    account = Account(tmp_path, LADDER)
    with account.manager as manager:
        manager.reload(Policy.from_text("OUT: exit at 5% profit"))
        manager.reload(Policy.from_text(LADDER))
    entries = read_journal(tmp_path / "day.journal")
    texts = {entry.subject: entry.body["text"] for entry in entries if entry.kind == "policy text"}
    ran = [entry.body["policies"][0]["digest"] for entry in entries if entry.kind == "policies"]
    assert [texts[digest] for digest in ran] == [LADDER, "OUT: exit at 5% profit", LADDER]
    assert len(texts) == 2, "each text is kept once"


def test_a_stop_never_loosens_over_a_reload(tmp_path: Path) -> None:
    account = Account(tmp_path, "TIGHT: trail stop 1%")
    with account.manager as manager:
        account.price("1800")
        manager.cycle()
        before = manager.executor.positions()[0].stop
        manager.reload(Policy.from_text("WIDE: trail stop 5%"))
        account.price("1805", wait_s=10)
        manager.cycle()
        assert manager.executor.positions()[0].stop == before == 178_200.0


@pytest.mark.parametrize("restarted", [False, True])
def test_a_position_that_no_policy_is_for_keeps_its_stop(tmp_path: Path, restarted: bool) -> None:
    account = Account(tmp_path, "TRAIL: trail stop 1%")
    other = Policy.from_text("applies to NFO options\nOUT: exit at 1% profit")
    manager = account.manager
    manager.start()
    account.price("1800")
    manager.cycle()
    manager.reload(other)
    account.price("1799", wait_s=10)
    assert manager.cycle()[0].actions == ()
    if restarted:
        manager.close()
        manager = Manager(
            other,
            broker=account.broker,
            journal=tmp_path / "day.journal",
            clock=account.clock,
            emit=account.events.append,
        )
        manager.start()
    account.price("1780", wait_s=10)
    assert [(action.rule, action.kind) for action in manager.cycle()[0].actions] == [("stop", "exit")]
    manager.close()
    alerts = [str(data["text"]) for data in told(account, "alert")]
    assert alerts == ["no policy is for KOTAKBANK MIS any longer: only its stop and target are watched"]


def test_errors_leave_the_running_policy_alone(tmp_path: Path) -> None:
    account = Account(tmp_path, LADDER)
    (tmp_path / "bad.policy").write_text("HALF: boook 50% at 5% profit\n", encoding="utf-8")
    with account.manager as manager:
        running = manager.policies
        with pytest.raises(PolicyError, match="boook"):
            manager.reload(tmp_path / "bad.policy")
        with pytest.raises(UsageError, match="no policy is left"):
            manager.reload([])
        assert manager.policies is running
        account.price("1780")
        assert [action.rule for action in manager.cycle()[0].actions] == ["HALF", "TRAIL"]


def test_a_changed_file_is_taken_once_it_stands_still(tmp_path: Path) -> None:
    files = Files(tmp_path)
    with files.manager:
        files.path.write_text("HALF: book 5", encoding="utf-8")  # half-written
        files.watch.poll()
        files.path.write_text("HALF: book 50% at 7% profit", encoding="utf-8")
        files.watch.poll()
        files.watch.look(files.manager)
        assert files.manager.policies[0].text == LADDER, "it changed since the last look"
        assert files.reasons() == []
        files.watch.poll()
        assert files.manager.policies[0].text == LADDER, "nothing is exchanged but between two cycles"
        files.watch.look(files.manager)
        assert files.manager.policies[0].text == "HALF: book 50% at 7% profit"


def test_an_editor_that_writes_by_renaming_is_followed(tmp_path: Path) -> None:
    files = Files(tmp_path)
    with files.manager:
        beside = tmp_path / "my.policy~"
        beside.write_text("HALF: book 50% at 8% profit", encoding="utf-8")
        stamp = files.path.stat()
        files.path.unlink()
        files.watch.poll()  # for a moment there is none
        beside.rename(files.path)
        os.utime(files.path, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))  # the content tells, not the time
        files.settle()
        assert files.manager.policies[0].text == "HALF: book 50% at 8% profit"
        assert files.reasons() == []


def test_a_file_with_errors_is_named_with_line_and_sentence_and_once(tmp_path: Path) -> None:
    files = Files(tmp_path)
    with files.manager:
        files.path.write_text(LADDER.replace("move stop to", "moove stop to"), encoding="utf-8")
        files.settle()
        files.settle()
        assert len(files.reasons()) == 1
        assert files.reasons()[0].startswith(f"{files.path}:2: ")
        assert "`TRAIL: moove stop to break-even at 4% profit`" in files.reasons()[0]
        assert files.manager.policies[0].text == LADDER
        files.path.unlink()
        files.settle()
        assert "does not exist" in files.reasons()[-1]
        assert files.manager.policies[0].text == LADDER
        files.path.write_text(LADDER, encoding="utf-8")
        files.settle()
        assert len(files.reasons()) == 2
        assert told(files.account, "policy_reloaded") == []


def test_policies_come_to_a_folder_and_go(tmp_path: Path) -> None:
    folder = tmp_path / "policies"
    folder.mkdir()
    (folder / "b.policy").write_text("OUT: exit at 9% profit", encoding="utf-8")
    account = Account(tmp_path, LADDER)
    account.manager.policies = tuple(load(path) for path in policy_paths([folder]))
    watch = PolicyWatch([folder], account.manager.policies, today=lambda: DAY, compare=False)

    def settle() -> list[str]:
        for _ in range(2):
            watch.poll()
        watch.look(account.manager)
        return [Path(policy.path).name for policy in account.manager.policies]

    with account.manager:
        (folder / "a.policy").write_text("applies to NFO futures\nFUT: exit at 1% proft", encoding="utf-8")
        assert settle() == ["b.policy"], "it has an error"
        (folder / "a.policy").write_text("applies to NFO futures\nFUT: exit at 1% profit", encoding="utf-8")
        assert settle() == ["a.policy", "b.policy"]
        (folder / "a.policy").unlink()
        assert settle() == ["b.policy"]
        (folder / "b.policy").unlink()
        assert settle() == ["b.policy"], "with no policy left the last one stays"
    events = [event for event in account.events if event.name == "policy_reloaded"]
    assert [(bool(event.data["was"]), bool(event.data["digest"])) for event in events] == [(False, True), (True, False)]


def test_what_an_edit_does_otherwise_is_told_with_positions(tmp_path: Path) -> None:
    files = Files(tmp_path, "HALF: book 50% at 5% profit")
    files.watch = PolicyWatch([files.path], files.manager.policies, today=lambda: DAY)
    with files.manager:
        files.path.write_text("HALF: book 50% at 7% profit", encoding="utf-8")
        files.watch.poll()
        files.settle()
        files.watch.poll()
        files.watch.look(files.manager)
    lines = [str(data["difference"]) for data in told(files.account, "policy_compared")]
    assert "  later book: " in "\n".join(lines)
    assert any("old books 50" in line for line in lines)


def test_new_facts_are_made_of_prices_that_were_heard_before(tmp_path: Path) -> None:
    from rulekit.market.market import Market
    from rulekit.market.ticks import Tick
    from rulekit.model.instrument import InstrumentKey
    from tests.runtime.test_manager import NOON

    market = Market(["momentum over 1 minute"])
    for second in range(0, 601, 10):
        market.update(Tick(second, "NSE", "KOTAKBANK", NOON + second * 1_000_000, 169_000.0 + second, 1.0))
    market.want(["momentum over 5 minutes"])
    facts = market.facts(InstrumentKey("NSE", "KOTAKBANK"))
    assert facts["momentum over 5 minutes"] == pytest.approx(300 / 169_300 * 100)
    assert set(facts) == {"momentum over 1 minute", "momentum over 5 minutes"}


BEYOND = "UP: move stop to price + 1%"


def test_what_lint_calls_an_error_is_refused_wherever_it_is_loaded(tmp_path: Path) -> None:
    path = tmp_path / "my.policy"
    path.write_text(BEYOND, encoding="utf-8")
    with pytest.raises(PolicyError, match="S101"):
        load(path)
    with pytest.raises(PolicyError, match="S101"):
        Policy.from_text(BEYOND)
    files = Files(tmp_path)
    with files.manager:
        files.path.write_text(BEYOND, encoding="utf-8")
        files.settle()
        assert f"{files.path}:1: a stop at `price + 1%` is at the market or beyond it" in files.reasons()[0]
    path.write_text(BEYOND + "  # allow S101: a drill", encoding="utf-8")
    assert load(path).rules


def test_what_the_project_has_made_an_error_is_one_for_a_run_too(tmp_path: Path) -> None:
    path = tmp_path / "my.policy"
    path.write_text("exit at 5% loss\nadd 25% at 2% profit every 5 minutes", encoding="utf-8")
    assert load(path).rules
    (tmp_path / "rulekit.toml").write_text('[lint]\nseverity = { L101 = "error" }\n', encoding="utf-8")
    with pytest.raises(PolicyError, match="L101"):
        load(path)
    (tmp_path / "rulekit.toml").write_text(
        '[lint]\nseverity = { L101 = "error" }\nignore = ["L101"]\n', encoding="utf-8"
    )
    assert load(path).rules


def test_events_of_a_reload_carry_both_digests(tmp_path: Path) -> None:
    account = Account(tmp_path, LADDER)
    with account.manager as manager:
        was = manager.policies[0].digest
        manager.reload(Policy.from_text("OUT: exit at 5% profit"))
        event: Event = next(event for event in account.events if event.name == "policy_reloaded")
        assert (event.data["was"], event.data["digest"]) == (was, manager.policies[0].digest)
