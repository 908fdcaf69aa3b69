"""A day in sentences."""

from __future__ import annotations

from attrs import frozen

from rulekit.execution.summary import RuleFigures
from rulekit.report.summary import DaySummary, day_text


@frozen
class RuleSummary:
    rule: str
    fired: int
    filled: int
    refused: int = 0
    slippage: float | None = None
    seconds: float | None = None
    effect: float | None = None
    applied: int = 0


DAY = DaySummary(
    title="Position management",
    began="2026-11-20 09:15",
    ended="2026-11-20 15:30",
    rules=(
        RuleSummary("PARTIAL_PROFIT_BOOKING_50%", 2, 2, 0, 0.025, 0.21, 1200.0),
        RuleSummary("POSITION_SCALING_MOMENTUM", 3, 2, 1, None, None, -80.5),
        RuleSummary("Square off", 1, 1),
        RuleSummary("STOP_LOSS_ADJUSTMENT", 4, 0, applied=4),
    ),
    actions=10,
    without_end=0,
    simulated=True,
)


def test_a_day_to_the_letter() -> None:
    assert day_text(DAY) == (
        "Position management, 2026-11-20 09:15 to 2026-11-20 15:30 (simulated: no order left this machine)\n"
        "\n"
        "10 actions of 4 rules; each of them reached its end.\n"
        "No position is open.\n"
        "\n"
        "PARTIAL_PROFIT_BOOKING_50% fired twice; 2 filled; slippage ₹0.03 a share; 0.2s from decision to fill; "
        "earned ₹1200.00 against not having acted.\n"
        "POSITION_SCALING_MOMENTUM fired 3 times; 2 filled; 1 refused; cost ₹80.50 against not having acted.\n"
        "Square off fired once; 1 filled.\n"
        "STOP_LOSS_ADJUSTMENT fired 4 times; 4 stop moves.\n"
    )


def test_what_needs_a_look_is_said() -> None:
    text = day_text(
        DaySummary("P", "a", "b", actions=1, without_end=1, open_positions=1, alerts=("order 12 is unknown",))
    )
    assert text == (
        "P, a to b\n"
        "\n"
        "1 action of 0 rules; 1 of them without an end: see `rulekit pending`.\n"
        "1 position is still open.\n"
        "\n"
        "No rule fired.\n"
        "\n"
        "Look at this: order 12 is unknown\n"
    )


def test_a_label_is_text_and_never_a_template() -> None:
    label = "{{ 7 * 7 }} {% raw %} <b>&"
    text = day_text(DaySummary("{{ day }}", "a", "b", rules=(RuleSummary(label, 1, 1),), actions=1))
    assert f"{label} fired once" in text
    assert text.startswith("{{ day }}, a to b")


def test_the_figures_of_a_journal_fit() -> None:
    figures = RuleFigures("Take half", fired=1, filled=1, slippage=0.1, seconds=1.0, effect=177.25)
    text = day_text(DaySummary("P", "a", "b", rules=(figures,), actions=1))
    assert "Take half fired once; 1 filled; slippage ₹0.10 a share; 1.0s from decision to fill; earned ₹177.25" in text
