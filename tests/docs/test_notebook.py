"""What a notebook shows: whole and escaped tables of a policy, a decision and a replay, on light and dark pages."""

from __future__ import annotations

from html.parser import HTMLParser
from types import SimpleNamespace
from typing import Any

import pytest

import rulekit
from rulekit.model.notebook import STYLE
from rulekit.replay import replay

EVIL = "<script>alert(1)</script>"
VOID = {"br"}


class Reader(HTMLParser):
    """Reads a card back: every tag closed, and the text of its cells."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: set[str] = set()
        self.texts: list[str] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.open.append(tag)
        self.tags.add(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open[-1] != "style":
            self.texts.append(data)


def policy() -> rulekit.Policy:
    return rulekit.Policy.from_text(
        f'policy "{EVIL}"\n"{EVIL}": book 50% at 15% profit\nBE: move stop to break-even at 10% profit\n'
        "MOVE: exit when momentum is at least 2%\nLATE: exit at 50% profit\n"
    )


def test_a_policy_shows_its_rules() -> None:
    shown = Reader(policy()._repr_html_())
    assert "script" not in shown.tags
    assert EVIL in shown.texts
    assert "applies to everything" in shown.texts
    assert "move stop to break-even at 10% profit" in shown.texts


def test_a_decision_shows_what_it_does_and_what_waits() -> None:
    position = SimpleNamespace(symbol=EVIL, quantity=100, entry="1690")
    decision = rulekit.Desk(policy()).look(position, price="1998.50", now="2026-11-20T10:30:00+05:30")
    shown = Reader(decision._repr_html_())
    assert "script" not in shown.tags
    for text in (EVIL, "book", "SELL", "50", "1690.00", "not yet", "LATE", "cannot be judged: momentum is unknown"):
        assert text in shown.texts, text
    nothing = rulekit.Desk(policy()).look(position, price="1700", now="2026-11-20T10:30:00+05:30")
    assert "nothing is to be done" in Reader(nothing._repr_html_()).texts


def test_a_replay_shows_its_trades() -> None:
    import pyarrow as pa

    frame = pa.table({"symbol": ["A<b>"] * 3, "time": [f"2026-11-20T10:0{n}:00+05:30" for n in range(3)],
                      **{name: [100.0, 120.0, 121.0] for name in ("open", "high", "low", "close")}})  # fmt: skip
    entries = [{"symbol": "A<b>", "side": "long", "quantity": 10, "at": "2026-11-20T10:00:00+05:30"}] * 25
    shown = Reader(replay(policy(), frame, entries, looks="close", native=False, facts={"momentum": 0.0})._repr_html_())
    assert "b" in shown.tags, "the card's own title"
    assert shown.texts.count("A<b>") == 20
    assert "and 5 trades more: see tables()" in shown.texts


@pytest.mark.parametrize(
    "theme", ["prefers-color-scheme:dark", "[data-jp-theme-light=false]", ".vscode-dark", "[data-jp-theme-light=true]"]
)
def test_light_and_dark(theme: str) -> None:
    assert theme in STYLE


def test_ink_is_readable_on_paper_in_both() -> None:
    """The contrast of each colour of text with its paper is at least 4.5 (WCAG 2.1, AA)."""
    import re

    palettes = [
        dict(re.findall(r"--rk-(\w+):(#\w{6})", part)) for part in re.findall(r"\{([^{}]*--rk-paper[^{}]*)\}", STYLE)
    ]
    assert len(palettes) >= 4
    for palette in palettes:
        for ink in ("ink", "faint", "mark", "warn"):
            assert contrast(palette[ink], palette["paper"]) >= 4.5, (ink, palette)


def contrast(one: str, other: str) -> float:
    def light(colour: str) -> float:
        parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    high, low = sorted((light(one), light(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)
