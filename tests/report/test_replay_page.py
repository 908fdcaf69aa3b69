"""The page of a replay: one file that fetches nothing, with each trade's bars, stops and actions; texts are escaped."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from rulekit.errors import InputError
from rulekit.replay.studying import Study, study
from rulekit.report import chart_library as library
from rulekit.report.drawing import HEIGHT, WIDTH, draw
from rulekit.report.page import json_in_page, minutes, rupees, signed, tone
from rulekit.runtime.policy import Policy
from rulekit.runtime.replay_charts import BARS, bars_round, chart_of
from rulekit.runtime.replay_report import _multiples, chosen_trades, report
from tests.command_line import called
from tests.replay.test_replay import DAY, EVERYTHING, RISING, entry, table
from tests.replay.test_study import entries, walk

TEXT = "FIRST: book 50% at 5% profit\nT: trail stop 3%"


class Found(HTMLParser):
    """Collects the elements of a page, and what it would fetch."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))


def studied(text: str = TEXT, bars: pa.Table = RISING, *rows: dict[str, Any], **more: Any) -> Study:
    return study(Policy.from_text(text), bars, list(rows) or [entry(stop=95)], native=False, looks="path", **more)


def charts_of(page: str) -> list[dict[str, Any]]:
    found = re.search(r'<script type="application/json" id="charts">(.*?)</script>', page, re.DOTALL)
    assert found is not None
    charts: list[dict[str, Any]] = json.loads(found[1])
    return charts


@pytest.fixture(scope="module")
def page() -> str:
    other = Policy.from_text("FIRST: book 50% at 11% profit\nT: trail stop 3%")
    return report(studied(TEXT, against=other, monte_carlo=20))


def test_it_is_one_file_that_fetches_nothing(page: str) -> None:
    found = Found(page)
    for tag, attributes in found.tags:
        assert tag not in ("link", "img", "iframe", "object", "embed"), tag
        assert "src" not in attributes
    links = {attributes["href"] for tag, attributes in found.tags if tag == "a"}
    assert links == {"https://www.tradingview.com/"}
    assert "@import" not in page and "url(" not in page.split("</style>")[0]
    names = [tag for tag, _ in found.tags]
    assert names.count("html") == names.count("main") == 1
    assert ("meta", {"name": "viewport", "content": "width=device-width, initial-scale=1"}) in found.tags


def test_the_library_comes_with_its_licence(page: str) -> None:
    assert "@license\n * TradingView Lightweight Charts" in page
    assert "Licensed under Apache License 2.0" in page
    assert "This page contains TradingView Lightweight Charts™, Copyright (c) TradingView, Inc." in page


def test_without_the_library_the_help_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(library, "find_spec", lambda name: None)
    with pytest.raises(InputError, match="lightweight-charts") as fault:
        library.chart_library.__wrapped__()
    assert fault.value.help == "install the extra `replay` of rulekit-policy"


def test_every_bar_stop_and_action_of_a_trade_is_on_its_chart(page: str) -> None:
    (chart,) = charts_of(page)
    assert chart["t"] == [0, 60, 60, 60]
    opens = [(chart["base"] + units) / chart["scale"] for units in chart["o"]]
    highs = [(chart["base"] + units) / chart["scale"] for units in chart["h"]]
    assert (opens, highs) == ([100.0, 100.0, 111.0, 112.0], [100.0, 110.0, 112.0, 112.0])
    # the entry's own stop, then the trail: 97 below 100, 106.70 below 110, 108.60 below 112
    assert chart["stops"] == [[0, 97.0], [1, 106.7], [2, 108.6], [3, 108.6]]
    assert [mark["text"] for mark in chart["marks"]] == ["entry", "1", "≠"]
    assert [row[1:4] for row in chart["done"]] == [
        ["09:15:00", "entry: buy 100", "100.00"],
        ["09:15:00", "T: stop", "97.00"],
        ["09:16:40", "FIRST: book 50", "110.00"],
        ["09:16:40", "T: stop", "106.70"],
        ["09:17:00", "T: stop", "107.65"],
        ["09:17:40", "T: stop", "108.60"],
        ["09:18:59", "still held: 50", "112.00"],
    ]
    assert "profit 10%, needs 5%" in [row[4] for row in chart["done"]]
    assert "not yet: profit 10%, needs 11%" in chart["said"]


def test_texts_of_a_user_cannot_end_a_script_or_open_an_element() -> None:
    bars = RISING.set_column(0, "symbol", pa.array(["<img src=x>"] * RISING.num_rows))
    row = {**entry(), "symbol": "<img src=x>"}
    page = report(studied(f'policy "{"<b>bold</b></script>"}"\n{TEXT}', bars, row))
    assert "<b>bold" not in page and "&lt;b&gt;bold" in page
    assert all(tag != "img" for tag, _ in Found(page).tags)
    assert charts_of(page)[0]["name"].startswith("1. <img src=x> long 100")
    assert str(json_in_page(["</script>", "&"])) == '["\\u003c/script\\u003e","\\u0026"]'


def test_a_chart_of_a_long_trade_has_fewer_bars_and_misses_no_price() -> None:
    days = [f"2021-01-{day:02}" for day in (4, 5, 6, 7)]
    parts = []
    for place, day in enumerate(days):
        part = walk(place, 370)
        times = pa.array([text.as_py().replace("2021-01-04", day) for text in part["time"]])
        parts.append(part.set_column(1, "time", times))
    bars = pa.concat_tables(parts)
    found = studied("X: exit at 90% profit", bars, {**entry(), "stop": 1.0})
    trade = found.trades[0]
    series = found.prepared.plan.bars.series[trade.key]
    drawn = bars_round(series, trade.entered, trade.last)
    assert len(drawn.starts) <= BARS < series.rows
    assert max(drawn.highs) == max(series.table["high"].to_pylist())
    assert min(drawn.lows) == min(series.table["low"].to_pylist())
    assert drawn.opens[0] == series.table["open"][0].as_py()
    assert drawn.closes[-1] == series.table["close"][-1].as_py()
    chart = chart_of(found, 0, None, None, reasons=False)
    assert len(chart["t"]) == len(chart["c"]) == len(drawn.starts)


def test_the_worst_the_best_and_the_widest_partings_are_drawn() -> None:
    found = studied(EVERYTHING, walk(4), *entries(), against=Policy.from_text(TEXT))
    chosen = chosen_trades(found, 3)
    profits = [trade.profit for trade in found.trades]
    gains = [abs(one.gained) for one in found.beside]
    wanted = {gains.index(max(gains)), profits.index(min(profits)), profits.index(max(profits))}
    assert len(profits) > 3 and wanted <= set(chosen) and len(chosen) == 3
    page = report(found, drawn=3, told=0)
    assert [chart["name"].split(".")[0] for chart in charts_of(page)] == [str(place + 1) for place in chosen]
    assert page.count('class="pick"') >= 3


def test_worth_stands_on_the_page_where_it_was_asked() -> None:
    assert "<th>worth</th>" in report(studied(without_each=True))
    assert "<th>worth</th>" not in report(studied())


def test_a_page_without_trades_is_a_page() -> None:
    bars = table(("09:15", 100.0, 100.0, 100.0, 100.0), ("09:16", 100.0, 100.0, 100.0, 100.0))
    found = study(Policy.from_text(TEXT), bars, [], native=False, looks="path", monte_carlo=10)
    assert "No trade is drawn." in report(found)
    assert found.chance is None and found.tables()["measures"].num_rows == 0


def test_drawings_keep_every_point_inside_and_the_line_of_nothing_in_place() -> None:
    found = draw(
        [("curve", [(0, 0.0), (1, -250.0), (2, 900.0)])], [("band", [(0, -300.0), (2, 0.0)], [(0, 0), (2, 950.0)])]
    )
    points = [point for _, points in (*found.curves, *found.bands) for point in points]
    assert all(0 <= x <= WIDTH and 0 <= y <= HEIGHT for x, y in points)
    nothing = next(tick.place for tick in found.up if tick.text == "0")
    assert found.zero == nothing == found.curves[0][1][0][1]
    assert [tick.text for tick in found.across] == ["0", "1", "2"]
    assert "6 lakh" in [tick.text for tick in draw([("curve", [(0, 0.0), (1, 900_000.0)])]).up]
    flat = draw([("curve", [(0, 0.0)])])
    assert flat.zero is not None


@pytest.mark.parametrize(
    ("made", "text"),
    [
        (rupees(-1234.6), "−₹1,235"), (rupees(None), "–"), (rupees(float("nan")), "–"), (signed(12.0), "+₹12"),
        (signed(-12.0), "−₹12"), (signed(0.0), "₹0"), (rupees(-0.2), "₹0"), (minutes(45.0), "45 min"),
        (minutes(130.0), "2 h 10"), (minutes(4320.0), "3.0 days"), (tone(-0.001), ""), (tone(3.0), "gain"),
    ],
)  # fmt: skip
def test_figures_are_written_as_traders_write_them(made: str, text: str) -> None:
    assert made == text


def test_the_command_writes_it(tmp_path: Path) -> None:
    pq.write_table(RISING, tmp_path / "bars.parquet")
    (tmp_path / "a.policy").write_text(TEXT, encoding="utf-8")
    (tmp_path / "e.csv").write_text(f"symbol,side,quantity,at\nINFY,long,100,{DAY}09:15:00+05:30\n", encoding="utf-8")
    asked = ("replay", "a.policy", "--bars", "bars.parquet", "--entries", "e.csv", "--looks", "path", "--no-numba")
    outcome = called(*asked, "--report", "page.html", cwd=tmp_path)
    assert outcome.returncode == 0, outcome.stderr
    assert len(charts_of((tmp_path / "page.html").read_text(encoding="utf-8"))) == 1
    nowhere = called(*asked, "--report", "no/folder.html", cwd=tmp_path)
    assert nowhere.returncode == 2 and "cannot be written" in nowhere.stderr


def test_r_multiples_are_drawn_in_steps_of_a_half() -> None:
    rows = [entry(stop=95), entry("09:16", stop=99), entry(side="short", stop=104)]
    found = studied("X: exit at 11% profit", RISING, *rows)
    assert [one.r for one in found.measured] == [2.2, 11.0, -1.0]
    drawn = _multiples(found)
    assert drawn is not None
    assert [name for name, _ in drawn.bands] == ["lost", "won", "won"]
    assert {round(drawn.zero - min(y for _, y in points), 6) for _, points in drawn.bands} == {216.0}, "one trade each"
    assert [tick.text for tick in drawn.across] == ["0", "2", "4", "6", "8"]
    assert "R-multiples" in report(found)
    assert _multiples(studied("X: exit at 11% profit", RISING, entry())) is None
