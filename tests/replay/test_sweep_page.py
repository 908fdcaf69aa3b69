"""The command from end to end: what is printed and written, and the page with its heat maps."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pyarrow.csv as pc
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner, Result

from rulekit.cli.main import cli
from rulekit.errors import UsageError
from tests.replay.test_sweep import POLICY, table


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A policy and bars of six days."""
    place = tmp_path_factory.mktemp("sweep")
    (place / "my.policy").write_text(f'policy "A <b>bold</b> one"\n{POLICY}', encoding="utf-8")
    pq.write_table(table("INFY", days=6, minutes=30), place / "bars.parquet")
    return place


def swept(folder: Path, *more: str) -> Result:
    """Call the command in this process."""
    arguments = ["sweep", str(folder / "my.policy"), "--bars", str(folder / "bars.parquet"), "--enter", "every 7 bars"]
    arguments += ["--looks", "close", "--no-numba", "--sessions", "always", "--jobs", "1", "--quiet", *more]
    return CliRunner().invoke(cli, arguments)


TWO = ("--set", "first target=0.5%,1%,2%", "--set", "gap=1%,2%,3%", "--set", "patience=9 minutes,20 minutes")


def test_files_and_page_tell_the_same(folder: Path) -> None:
    told: dict[str, list[dict[str, object]]] = {}
    for ending in ("parquet", "csv", "json"):
        out = folder / f"sweep.{ending}"
        done = swept(folder, *TWO, "--walk-forward", "2", "--out", str(out), "--report", str(folder / "sweep.html"))
        assert done.exit_code == 0, done.output
        assert not out.with_name(f"{out.name}.partial").exists()
    told["parquet"] = pq.read_table(folder / "sweep.parquet").to_pylist()
    told["csv"] = pc.read_csv(folder / "sweep.csv").to_pylist()
    whole = json.loads((folder / "sweep.json").read_text(encoding="utf-8"))
    told["json"] = whole["rows"]
    assert len(told["json"]) == 18
    for ending, rows in told.items():
        assert [(row["profit"], row["trades"]) for row in rows] == [
            (row["profit"], row["trades"]) for row in told["json"]
        ], ending
    best = told["json"][whole["best"]]
    assert best["sharpe"] == max(row["sharpe"] for row in told["json"])  # type: ignore[type-var]
    assert re.search(rf"^  {best['first target']} +{best['gap']} +{best['patience']} ", done.output, re.MULTILINE)
    assert len(whole["walk_forward"]) == 2

    page = (folder / "sweep.html").read_text(encoding="utf-8")
    assert "&lt;b&gt;bold&lt;/b&gt;" in page and "<b>bold" not in page
    assert not re.search(r"(src|href)=|url\(|@import", page), "the page fetches something"
    for warning in whole["warnings"]:
        assert warning in page
    maps = _maps(page)
    assert len(maps) == 6  # three pairs, by Sharpe ratio and by profit
    known = {(row["first target"], row["gap"]): row for row in told["json"] if row["patience"] == best["patience"]}
    head, *rows = maps[3]  # first target and gap, by profit
    assert head[1:] == ["1%", "2%", "3%"]
    shown = {(row[0], gap): cell for row in rows for gap, cell in zip(head[1:], row[1:], strict=True)}
    assert shown == {place: f"{row['profit']:,.0f}" for place, row in known.items()}


class _Tables(HTMLParser):
    """Collects the cells of heat maps."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[list[list[str]]] = []
        self._inside = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "table":
            self._inside = ("class", "heat") in attrs
            if self._inside:
                self.found.append([])
        elif self._inside and tag == "tr":
            self.found[-1].append([])
        elif self._inside and tag in ("td", "th"):
            self.found[-1][-1].append("")

    def handle_endtag(self, tag: str) -> None:
        self._inside = self._inside and tag != "table"

    def handle_data(self, data: str) -> None:
        if self._inside and self.found[-1] and self.found[-1][-1]:
            self.found[-1][-1][-1] += data.strip()


def _maps(page: str) -> list[list[list[str]]]:
    reader = _Tables()
    reader.feed(page)
    return reader.found


def test_json_on_standard_output_is_json_alone(folder: Path) -> None:
    done = swept(folder, "--set", "gap=1%,2%", "--format", "json")
    assert [row["gap"] for row in json.loads(done.stdout)["rows"]] == ["1%", "2%"]


@pytest.mark.parametrize(
    ("more", "what"),
    [
        (("--set", "gap=1 day"), "`1 day` is a number of days, and `gap` is a percentage"),
        (("--set", "gap=1%", "--out", "sweep.xlsx"), "does not say what to write"),
        (("--set", "gap=1%", "--out", "nowhere/sweep.csv"), "there is no folder `nowhere`"),
        (("--set", "gap=1%", "--resume"), "what is to be resumed?"),
        (("--set", "gap=1%,2%", "--walk-forward", "9"), "cover 6 sessions, too few for 9 walk-forward splits"),
    ],
)
def test_what_cannot_be_is_said(folder: Path, more: tuple[str, ...], what: str) -> None:
    done = swept(folder, *more)
    assert isinstance(done.exception, UsageError)
    assert what in done.exception.message
