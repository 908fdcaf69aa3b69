"""The history with its filters, and the rules' figures: the same as the commands tell."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from rulekit.execution.history import history
from rulekit.execution.journal import read_journal
from rulekit.execution.summary import summarise
from tests.page.worlds import served

PAGE = {"accept": "text/html"}


@pytest.fixture(scope="module")
def client(demo: Path) -> Iterator[httpx.Client]:
    with served(demo / "demo.journal") as page, httpx.Client(base_url=page.url, headers=PAGE, timeout=30.0) as client:
        client.get("/")
        yield client


def rows_of(demo: Path) -> list[dict[str, object]]:
    return history(read_journal(demo / "demo.journal"))


def shown(client: httpx.Client, query: str) -> tuple[str, str]:
    """The number that fits, and the page."""
    text = client.get(f"/history?{query}").text
    return text.split("<main")[1].split('<p class="soft small">')[1].split(" ")[0], text


@pytest.mark.parametrize(
    ("query", "name", "value"),
    [
        ("symbol=kotak", "symbol", "KOTAKBANK"),
        ("rule=square off", "rule", "Square off"),
        ("kind=book", "kind", "book"),
        ("end=filled", "end", "filled"),
    ],
)
def test_each_filter_leaves_what_fits(demo: Path, client: httpx.Client, query: str, name: str, value: str) -> None:
    count, _ = shown(client, query)
    assert int(count) == sum(row[name] == value for row in rows_of(demo)) > 0


def test_filters_go_together_and_pages_follow_each_other(demo: Path, client: httpx.Client) -> None:
    rows = rows_of(demo)
    count, text = shown(client, "")
    assert int(count) == len(rows) > 200
    assert text.count("<tr ") == 201
    assert "from=200" in text
    _, later = shown(client, "from=600")
    assert later.count("<tr ") == 1 + len(rows) - 600
    count, _ = shown(client, "symbol=ITC&end=applied&kind=stop")
    assert int(count) == sum((r["symbol"], r["end"], r["kind"]) == ("ITC", "applied", "stop") for r in rows)
    assert "No action fits" in client.get("/history?since=2027-01-01").text
    assert "<code>soon</code> is no day" in client.get("/history?since=soon").text


def test_an_action_is_shown_with_its_path(client: httpx.Client) -> None:
    _, text = shown(client, "kind=book&symbol=KOTAKBANK")
    assert "accepted" in text
    assert "tag RK" in text
    assert "profit 15" in text


def test_the_figures_of_the_rules_are_those_of_the_summary(demo: Path, client: httpx.Client) -> None:
    text = client.get("/rules?period=all").text
    for rule in summarise(read_journal(demo / "demo.journal")):
        row = text.split(f'class="text">{rule.rule.replace("_", "_<wbr>")}</th>')[1].split("</tr>")[0]
        cells = [cell.split("</td>")[0] for cell in re.split(r"<td[^>]*>", row)[1:]]
        figures = [rule.fired, rule.filled, rule.applied, rule.refused, rule.superseded, rule.open, rule.quantity]
        assert [int(cell) for cell in cells[:7]] == figures
    assert "<code>yesterday</code> is no period" in client.get("/rules?period=yesterday").text
