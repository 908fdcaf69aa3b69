"""JSON lines: the same events for programs, always valid JSON."""

from __future__ import annotations

import io
import json
import math
from datetime import date
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from rulekit.model.events import Event
from rulekit.model.instant import parse_instant
from rulekit.report.jsonlines import JsonLines, as_json
from rulekit.report.secrets import Redactor

WHEN = parse_instant("2026-11-20T10:00:00.25+05:30")


def test_one_event_to_the_letter() -> None:
    happened = Event("stop_moved", WHEN, "WIPRO", "Swing", "A7", {"rule": "R", "stop": 245.5, "was": math.nan})
    assert as_json(happened) == (
        '{"at": "2026-11-20T10:00:00.250000+05:30", "event": "stop_moved", "symbol": "WIPRO", "strategy": "Swing", '
        '"action": "A7", "data": {"rule": "R", "stop": 245.5, "was": null}}'
    )


def test_every_kind_of_value_has_a_form() -> None:
    data = {
        "a": Decimal("1.05"),
        "b": (1, 2),
        "c": {3},
        "d": date(2026, 11, 20),
        "e": None,
        "f": True,
        "g": {"h": math.inf},
    }
    row = json.loads(as_json(Event("alert", WHEN, data=data)))
    assert row["data"] == {
        "a": 1.05,
        "b": [1, 2],
        "c": [3],
        "d": "2026-11-20",
        "e": None,
        "f": True,
        "g": {"h": None},
    }


@given(st.dictionaries(st.text(), st.one_of(st.text(), st.floats(), st.integers(), st.none(), st.booleans())))
def test_a_line_is_one_line_of_strict_json(data: dict[str, object]) -> None:
    out = io.StringIO(newline="\n")
    JsonLines(out, Redactor({"RULEKIT_KITE_API_KEY": "abcd1234"}))(Event("alert", WHEN, data=data))
    text = out.getvalue()
    assert text.endswith("\n")
    assert text.count("\n") == 1

    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} is not JSON")

    assert set(json.loads(text, parse_constant=refuse)["data"]) == set(data)


def test_any_stream_can_take_any_text() -> None:
    out = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    lines = JsonLines(out)
    lines(Event("alert", WHEN, data={"text": "₹ टाटा \ud800"}))
    assert lines.failed is None
    out.seek(0)
    assert json.loads(out.read())["data"]["text"] == "₹ टाटा \ud800"


def test_a_broken_stream_stops_the_lines_and_nothing_else() -> None:
    out = io.StringIO()
    out.close()
    lines = JsonLines(out)
    lines(Event("alert", WHEN))
    assert lines.failed is not None
