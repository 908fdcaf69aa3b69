"""The pages tell the truth: policies in them lint clean, and commands in them do what the page shows.

A block ```policy is linted. After `<!-- run -->` a block ```console is run, in a folder of its own that all blocks of
the page share: `$ rulekit …` lines are called, and the lines under them must come in their output, in that order (`…`
skips some). After `<!-- file: NAME -->` a block is written to that file of the folder.
"""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.command_line import called

PROJECT = Path(__file__).resolve().parents[2]
PAGES = [PROJECT / "README.md", PROJECT / "CHANGELOG.md", *sorted((PROJECT / "docs").glob("*.md"))]
_BLOCK = re.compile(r"^(?:<!-- (?P<mark>[^>]+?) -->\n+)?```(?P<kind>\w*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\]\((?!https?://|#)(?P<target>[^)#]+)(?:#[^)]*)?\)")


class Block(NamedTuple):
    kind: str
    mark: str
    text: str
    line: int


def blocks(page: Path) -> list[Block]:
    text = page.read_text(encoding="utf-8")
    return [
        Block(hit["kind"], hit["mark"] or "", hit["text"], text.count("\n", 0, hit.start("kind")) + 1)
        for hit in _BLOCK.finditer(text)
    ]


POLICIES = {
    f"{page.stem}-{block.line}": block
    for page in PAGES
    if page.name != "language.md"  # its fragments are held by the tests of the language
    for block in blocks(page)
    if block.kind == "policy"
}


def test_every_policy_on_a_page_lints_clean(tmp_path: Path) -> None:
    names = []
    for name, block in POLICIES.items():
        names.append(f"{name}.policy")
        (tmp_path / names[-1]).write_text(block.text, encoding="utf-8")
    outcome = called("lint", "--ignore", "policies-overlap,title-twice", *names, cwd=tmp_path)
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr
    assert f" {len(POLICIES)} policies" in f" {outcome.stdout.splitlines()[-1]}"


RUNNABLE = [page for page in PAGES if any(block.mark == "run" for block in blocks(page))]


def test_some_page_is_run_and_some_policy_is_linted() -> None:
    assert {"README.md", "tutorial.md"} <= {page.name for page in RUNNABLE}
    assert len(POLICIES) >= 2


@pytest.mark.parametrize("page", RUNNABLE, ids=lambda page: page.name)
def test_commands_on_a_page_do_what_it_shows(page: Path, tmp_path: Path) -> None:
    for block in blocks(page):
        if block.mark.startswith("file: "):
            (tmp_path / block.mark.removeprefix("file: ")).write_text(block.text, encoding="utf-8")
        elif block.mark == "run":
            _run_block(page, block, tmp_path)


def _run_block(page: Path, block: Block, folder: Path) -> None:
    steps = re.split(r"^\$ ", block.text, flags=re.MULTILINE)
    assert len(steps) > 1, f"{page.name}:{block.line} has no command"
    for step in steps[1:]:
        command, _, shown = step.partition("\n")
        name, *arguments = shlex.split(command)
        assert name == "rulekit", f"{page.name}:{block.line}: only rulekit is run here"
        outcome = called(*arguments, cwd=folder)
        assert outcome.returncode in (0, 1), outcome.stderr
        assert "Traceback" not in outcome.stderr
        _compare(f"{page.name}:{block.line}: {command}", shown, outcome.stdout + outcome.stderr)


def _compare(where: str, shown: str, printed: str) -> None:
    lines = iter(line.strip() for line in printed.splitlines())
    for expected in filter(None, (line.strip() for line in shown.splitlines())):
        if expected != "…":
            assert any(line == expected for line in lines), f"{where}\nnot printed: {expected}\nprinted:\n{printed}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    missing = [
        hit["target"]
        for hit in _LINK.finditer(page.read_text(encoding="utf-8"))
        if not (page.parent / hit["target"]).exists()
    ]
    assert missing == []


def test_decisions_are_numbered_once_and_have_their_parts() -> None:
    records = sorted((PROJECT / "docs" / "decisions").glob("[0-9]*.md"))
    assert len(records) >= 5
    numbers = [record.name[:4] for record in records]
    assert all(number.isdigit() for number in numbers)
    assert len(numbers) == len(set(numbers))
    for record in records:
        text = record.read_text(encoding="utf-8").lower()
        assert all(part in text for part in ("context", "decision", "consequence")), record.name


def test_every_page_is_in_the_navigation_of_the_site_once() -> None:
    first = PROJECT / "docs" / "index.md"
    listed = re.findall(r"^- \[[^]]+\]\(([^)]+\.md)\)", first.read_text(encoding="utf-8"), re.MULTILINE)
    pages = {*(PROJECT / "docs").glob("*.md"), *(PROJECT / "plugins").glob("*/README.md"), PROJECT / "README.md"}
    pages |= {PROJECT / "CHANGELOG.md", *(PROJECT / "docs").glob("*/README.md")} - {first}
    assert sorted((first.parent / target).resolve() for target in listed) == sorted(pages - {first})
