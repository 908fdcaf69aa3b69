"""Draws cases in the form of the table of bars: candles, signals and parameters; what comes of them is the engine's."""

from __future__ import annotations

from random import Random
from typing import Any

from tests.replay.bar_engine import Engine

_TARGETS: tuple[dict[str, float], ...] = (
    {"0": 1}, {"0": 0.1}, {"0": 0.02}, {"0": 0.05}, {}, {"0": 0.1, "120": 0.01}, {"0": 0.1, "119": 0.03},
    {"0": 0.1, "61": 0.02, "180": 0}, {"0": 0.1, "120": -1}, {"0": 0.1, "65": -1}, {"60": 0.02},
)  # fmt: skip


def drawn_case(seed: int) -> dict[str, Any]:
    """Return one case with what the engine makes of it."""
    draw = Random(seed)
    candles = _candles(draw)
    params: dict[str, Any] = {
        "stop_loss": draw.choice((-0.01, -0.02, -0.03, -0.05, -0.1)), "target_by_minutes": draw.choice(_TARGETS),
        "trailing_stop": False, "trailing_only_offset_is_reached": False, "trailing_stop_positive": None,
        "trailing_stop_positive_offset": 0.0, "use_exit_signal": draw.random() < 0.4, "use_custom_stoploss": False,
        "custom_entry_price": None, "custom_exit_price": None, "leverage": draw.choice((1.0, 1.0, 1.0, 2.0, 5.0)),
        "timeout": None, "adjust_entry_price": None, "adjust_exit_price": None, "adjust_trade_position": None,
    }  # fmt: skip
    if draw.random() < 0.5:
        params["trailing_stop"] = True
        if draw.random() < 0.7:
            params["trailing_stop_positive"] = draw.choice((0.01, 0.03))
            params["trailing_stop_positive_offset"] = draw.choice((0.0, 0.02, 0.05))
            params["trailing_only_offset_is_reached"] = draw.random() < 0.6
    if draw.random() < 0.2:
        params["custom_entry_price"] = draw.choice((4700, 4950, 5050, 5300, 7200))
        params["timeout"] = draw.choice((None, 60, 1000))
    case = {"case": f"drawn {seed}", "tags": [], "params": params, "candles": candles}
    found = Engine(params, candles).trades()
    total = sum(
        (one["close_rate"] / one["open_rate"] - 1) * (1 if one["side"] == "long" else -1) * params["leverage"]
        for one in found
    )
    expected = {"n_trades": len(found), "profit_ratio_sum": total, "profit_ratio_round": 3, "trades": found}
    return {**case, "expected": expected, "observed": found}


def _candles(draw: Random) -> list[dict[str, Any]]:
    """Draw some candles with gaps and long wicks, and signals, mostly one entry at the first."""
    price, candles = 5000, []
    large = draw.choice((40, 150, 400))
    count, side = draw.randint(4, 8), draw.choice(("long", "long", "short"))
    for bar in range(count):
        opens = price + draw.choice((0, 0, draw.randint(-large, large)))
        price = opens + draw.randint(-large, large)
        high, low = max(opens, price) + draw.randint(0, large), min(opens, price) - draw.randint(0, large)
        signals = dict.fromkeys(("enter_long", "exit_long", "enter_short", "exit_short"), 0)
        if bar == 0 or draw.random() < 0.2:
            signals[f"enter_{side if draw.random() < 0.9 else 'short'}"] = 1
        if bar and draw.random() < 0.25:
            signals[f"exit_{side}"] = 1
        candles.append(
            {"bar": bar, "open": opens, "high": high, "low": low, "close": price, "volume": 6172, **signals,
             "enter_tag": None}
        )  # fmt: skip
    return candles
