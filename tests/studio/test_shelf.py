"""Publishing writes a policy at once, keeps what stood there, and loses nothing when two do it."""

from __future__ import annotations

from pathlib import Path
from threading import Barrier, Thread

import pytest

from rulekit.errors import RulekitError, UsageError
from rulekit.model.instant import parse_instant
from rulekit.runtime.sources import policy_paths
from rulekit.studio.shelf import KEPT, ChangedMeanwhileError, Shelf, digest_of
from rulekit.studio.turns import turn

AT = parse_instant("2026-11-23T10:15:00+05:30")
OLD, NEW = "exit at 5% loss\n", "exit at 4% loss\n"


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    (tmp_path / "mine.policy").write_text(OLD, encoding="utf-8")
    return Shelf(tmp_path)


def test_the_old_version_is_kept_with_who_and_when(shelf: Shelf) -> None:
    opened = shelf.open("mine.policy")
    done = shelf.publish("mine.policy", NEW, opened.digest, by="owner", at=AT, said="sooner exit")
    assert shelf.open("mine.policy").text == NEW
    assert (done.number, done.by, done.at, done.was) == (1, "owner", "2026-11-23T10:15:00+05:30", digest_of(OLD))
    again = shelf.publish("mine.policy", OLD, done.digest, by="watcher", at=AT, said="back")
    assert [each.by for each in shelf.versions("mine.policy")] == ["watcher", "owner"]
    assert shelf.version("mine.policy", 1) == NEW and shelf.version("mine.policy", again.number) == OLD
    kept = [each for each in (shelf.folder / KEPT).iterdir() if each.suffix == ".txt"]
    assert sorted(each.read_text(encoding="utf-8") for each in kept) == [NEW, OLD]


def test_nothing_that_is_kept_is_ever_run(shelf: Shelf) -> None:
    shelf.publish("mine.policy", NEW, digest_of(OLD), by="owner", at=AT, said="")
    assert policy_paths([shelf.folder]) == [shelf.folder / "mine.policy"]
    assert shelf.names() == ["mine.policy"]


def test_a_file_that_changed_since_it_was_opened_is_left_as_it_is(shelf: Shelf) -> None:
    opened = shelf.open("mine.policy")
    shelf.publish("mine.policy", NEW, opened.digest, by="watcher", at=AT, said="sooner exit")
    with pytest.raises(ChangedMeanwhileError) as refused:
        shelf.publish("mine.policy", "exit at 1% loss\n", opened.digest, by="owner", at=AT, said="")
    assert refused.value.message == "watcher has published `mine.policy` since you opened it, at 10:15 on 2026-11-23"
    assert shelf.open("mine.policy").text == NEW
    (shelf.folder / "mine.policy").write_text("exit at 3% loss\n", encoding="utf-8")
    with pytest.raises(ChangedMeanwhileError, match="changed since you opened it, not from here"):
        shelf.publish("mine.policy", OLD, digest_of(NEW), by="owner", at=AT, said="")


def test_of_two_who_publish_at_once_one_is_told(shelf: Shelf) -> None:
    texts = [f"exit at {percent}% loss\n" for percent in (1, 2, 3, 4)]
    start, told = Barrier(len(texts)), []

    def publish(text: str) -> None:
        start.wait()
        try:
            shelf.publish("mine.policy", text, digest_of(OLD), by=text, at=AT, said="")
        except ChangedMeanwhileError as error:
            told.append(error.message)

    threads = [Thread(target=publish, args=(text,)) for text in texts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (winner,) = shelf.versions("mine.policy")
    assert shelf.open("mine.policy").text == winner.by
    assert len(told) == 3


def test_ends_of_lines_stay_those_of_the_file(shelf: Shelf) -> None:
    path = shelf.folder / "mine.policy"
    path.write_bytes(b"\xef\xbb\xbfexit at 5% loss\r\nbook half at 5% profit\r\n")
    opened = shelf.open("mine.policy")
    assert opened.text == "exit at 5% loss\nbook half at 5% profit\n"
    shelf.publish("mine.policy", opened.text.replace("5% loss", "4% loss"), opened.digest, by="P", at=AT, said="")
    assert path.read_bytes() == b"\xef\xbb\xbfexit at 4% loss\r\nbook half at 5% profit\r\n"


def test_a_new_policy_gets_a_file_of_its_own(shelf: Shelf) -> None:
    done = shelf.publish("my intraday", NEW, "", by="owner", at=AT, said="")
    assert done.name == "my intraday.policy" and shelf.open("my intraday.policy").text == NEW
    with pytest.raises(UsageError, match="already"):
        shelf.publish("MINE", NEW, "", by="owner", at=AT, said="")


@pytest.mark.parametrize(
    "name", ["../out", "a/b", "", ".hidden", "con", "a\0b", "a\\b", "x" * 120, "end.", "/etc/passwd", "<b>", "a:b"]
)
def test_a_name_never_leads_out_of_the_folder(shelf: Shelf, name: str) -> None:
    with pytest.raises(UsageError):
        shelf.publish(name, NEW, "", by="owner", at=AT, said="")
    with pytest.raises(RulekitError):
        shelf.open(f"{name}.policy")
    assert shelf.names() == ["mine.policy"]


def test_a_torn_record_costs_only_its_own_line(shelf: Shelf) -> None:
    shelf.publish("mine.policy", NEW, digest_of(OLD), by="owner", at=AT, said="")
    with (shelf.folder / KEPT / "published.jsonl").open("a", encoding="utf-8") as file:
        file.write('{"name": "mine.pol')
    assert [each.by for each in shelf.versions("mine.policy")] == ["owner"]


def test_the_turn_of_a_process_that_died_is_taken_over(tmp_path: Path) -> None:
    (tmp_path / "turn").write_text("dead", encoding="utf-8")
    with turn(tmp_path):
        assert (tmp_path / "turn").read_text(encoding="utf-8") != "dead"
    assert not (tmp_path / "turn").exists()
