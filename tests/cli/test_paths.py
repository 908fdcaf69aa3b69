"""Paths that a person may mistype: outcomes never replace what they were made from, and no path ends in a traceback."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.command_line import called

POLICY = "set goal to 1%\nHALF: book 50% at goal profit\nOUT: exit at 15:15\n"
PRICES = "time,symbol,ltp,volume\n2026-11-20T09:20:00+05:30,TCS,3500.00,1000\n2026-11-20T09:21:00+05:30,TCS,3501,2000\n"
ENTRIES = "symbol,side,quantity,at\nTCS,long,10,2026-11-20T09:20:00+05:30\n"


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    for name, text in (("my.policy", POLICY), ("prices.csv", PRICES), ("entries.csv", ENTRIES)):
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


REPLAYED = ["--bars", "prices.csv", "--entries", "entries.csv"]
SWEPT = ["my.policy", "--set", "goal=1%,2%", *REPLAYED]


@pytest.mark.parametrize(
    ("arguments", "target"),
    [
        (["explain", "my.policy", "--no-proofs", "--svg"], "my.policy"),
        (["replay", "my.policy", *REPLAYED, "--report"], "entries.csv"),
        (["sweep", *SWEPT, "--report"], "my.policy"),
        (["sweep", *SWEPT, "--out"], "prices.csv"),
        (["sweep", "my.policy", "--set", "goal=1%", "--bars", ".", "--entries", "entries.csv", "--out"], "prices.csv"),
    ],
)
def test_an_outcome_never_replaces_what_it_is_made_from(desk: Path, arguments: list[str], target: str) -> None:
    before = (desk / target).read_bytes()
    done = called(*arguments, target, cwd=desk)
    assert done.returncode == 2
    assert f"`{target}` is" in done.stderr and "nothing was written" in done.stderr
    assert (desk / target).read_bytes() == before


def test_an_earlier_outcome_is_replaced(desk: Path) -> None:
    (desk / "my.svg").write_text("old", encoding="utf-8")
    assert called("explain", "my.policy", "--no-proofs", "--svg", "my.svg", cwd=desk).returncode == 0
    assert (desk / "my.svg").read_text(encoding="utf-8").startswith("<svg")


@pytest.mark.parametrize("command", ["lint", "fmt", "test"])
def test_an_empty_text_is_not_the_whole_folder(desk: Path, command: str) -> None:
    (desk / "my.policy").write_text("trim half at 15 percent profit\n", encoding="utf-8")
    done = called(command, "", cwd=desk)
    assert (done.returncode, done.stdout) == (2, "")
    assert "an empty text is no path" in done.stderr
    assert (desk / "my.policy").read_text(encoding="utf-8").startswith("trim")


@pytest.mark.parametrize("command", ["lint", "fmt", "test"])
def test_a_name_that_no_file_can_have_is_told(desk: Path, command: str) -> None:
    done = called(command, "x" * 300 + ".policy", cwd=desk)
    assert done.returncode == 2
    assert "cannot be read: File name too long" in done.stderr or "does not exist" in done.stderr


@pytest.mark.parametrize("feed", ["my.policy/prices.csv", "x" * 300 + ".csv"])
def test_a_feed_that_cannot_be_is_told(desk: Path, feed: str) -> None:
    done = called("run", "--policy", "my.policy", "--feed", feed, "--journal", "day.journal", "--fast", cwd=desk)
    assert done.returncode == 2
    assert f"`{feed}`" in done.stderr and "Traceback" not in done.stderr


def test_entries_that_are_no_text_are_told_in_words(desk: Path) -> None:
    (desk / "entries.csv").write_bytes(ENTRIES.encode("utf-16"))
    done = called("replay", "my.policy", *REPLAYED, cwd=desk)
    assert (done.returncode, done.stderr) == (
        2, "error: `entries.csv` is not text in UTF-8\nhelp: save it as CSV in UTF-8\n"
    )  # fmt: skip


def test_a_difference_that_is_empty_is_said(desk: Path) -> None:
    done = called("lint", "--diff", "my.policy", cwd=desk)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "nothing that --fix would change\n")
    (desk / "my.policy").write_text("book 50% at 15 profit\n", encoding="utf-8")
    done = called("lint", "--diff", "my.policy", cwd=desk)
    assert (done.returncode, done.stderr) == (1, "nothing that --fix would change; `rulekit lint` says what is left\n")
