"""Cases of bars with stops, targets that depend on the time, trailing stops and exit signals, as policies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pyarrow as pa

from rulekit.model.instant import iso
from rulekit.model.instrument import Instrument
from rulekit.replay import replay
from rulekit.replay.trades import Trade
from rulekit.runtime.policy import Policy
from tests.replay.saying import CannotSayError, same

START = datetime.fromisoformat("2021-01-04T00:00:00+05:30")
BAR = timedelta(minutes=60)


def percent(share: float) -> str:
    """Write a share as a percentage without the noise of binary fractions."""
    return f"{(Decimal(repr(share)) * 100).normalize():f}%"


def table(candles: Sequence[Mapping[str, Any]]) -> pa.Table:
    """Return the candles as bars of an hour."""
    return pa.table(
        {
            "symbol": ["X"] * len(candles),
            "time": [(START + BAR * int(candle["bar"])).isoformat() for candle in candles],
            **{name: [float(candle[name]) for candle in candles] for name in ("open", "high", "low", "close")},
        }
    )


def refuse_what_cannot_be_said(params: Mapping[str, Any]) -> None:
    """Raise for what no policy and no entry can say."""
    for name, why in (
        ("custom_exit_price", "an exit is a market order, and no limit order that rests"),
        ("adjust_entry_price", "the entry is an order that is replaced while it rests; entries are given as made"),
        ("adjust_exit_price", "an exit is a market order, and is not replaced by a limit order"),
        ("adjust_trade_position", "a host's own code grows and shrinks the position"),
    ):
        if params.get(name) is not None:
            raise CannotSayError(why)
    if params["use_custom_stoploss"]:
        raise CannotSayError("the stop is computed by a host's own code")
    if any(ratio == -1 and int(minutes) % 60 for minutes, ratio in params["target_by_minutes"].items()):
        raise CannotSayError("an exit at the bar's worst price, a rule of that engine for exits within a bar")


def policy_text(params: Mapping[str, Any], candles: Sequence[Mapping[str, Any]]) -> str:
    """Write the policy of a case."""
    leverage = params["leverage"]
    loss = abs(params["stop_loss"]) / leverage
    rules = [f"STOP: move stop to {percent(loss)} loss"]
    if params["trailing_stop"]:
        positive, offset = params["trailing_stop_positive"], params["trailing_stop_positive_offset"]
        if not params["trailing_only_offset_is_reached"]:
            rules.append(f"TRAIL: trail stop {percent(loss)}")
        if positive is not None:
            level = f" at {percent(offset / leverage)} profit" if offset else ""
            rules.append(f"TRAIL_CLOSER: trail stop {percent(positive / leverage)}{level}")
    steps = sorted((int(minutes), ratio) for minutes, ratio in params["target_by_minutes"].items())
    for number, (minutes, ratio) in enumerate(steps):
        # that engine asks at the start of a bar how long a position is held
        since = -(-minutes // 60) * 60
        until = -(-steps[number + 1][0] // 60) * 60 if number + 1 < len(steps) else None
        parts = [f"age is at least {since} minutes"] if since else []
        parts += [f"age is below {until} minutes"] if until is not None else []
        if ratio != -1:
            parts.insert(0, f"profit is above {percent(ratio / leverage)}")
        rules.append(f"TARGET_{number}: exit when {' and '.join(parts)}")
    if params["use_exit_signal"]:
        for side in ("long", "short"):
            for candle in candles:
                if candle[f"exit_{side}"]:
                    at = START + BAR * (int(candle["bar"]) + 1)
                    rules.append(
                        f"SIGNAL_{side}_{candle['bar']}: exit between {at:%H:%M} and {at + timedelta(minutes=1):%H:%M} "
                        f"when side is {side}"
                    )
    return "\n".join(rules) + "\n"


def entries(params: Mapping[str, Any], candles: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the entries: a signal on a bar acts at the open of the next; none on the last bar."""
    found = []
    limit = params.get("custom_entry_price")
    for candle, following in pairwise(candles[:-1]):
        for side in ("long", "short"):
            if not candle[f"enter_{side}"]:
                continue
            row = {
                "symbol": "X",
                "side": side,
                "quantity": 100,
                "at": (START + BAR * int(following["bar"])).isoformat(),
            }
            if limit is not None:
                begins = START + BAR * int(following["bar"])
                low, high, opens = (following[name] for name in ("low", "high", "open"))
                if (limit < low) if side == "long" else (limit > high):
                    continue  # the limit is not reached, and the order runs out
                row["price"] = min(limit, high) if side == "long" else max(limit, low)
                if limit != opens:
                    # beyond the open it is made on the way to the better end of the bar, else at the worse one
                    better = (limit > opens) == (side == "long")
                    row["at"] = (begins + BAR * (1 if better else 2) / 3).isoformat()
            found.append(row)
    return found


def judge(case: Mapping[str, Any]) -> list[str]:
    """Replay a case; return what is different."""
    params, candles = case["params"], case["candles"]
    refuse_what_cannot_be_said(params)
    policy = Policy.from_text(policy_text(params, candles))
    made = entries(params, candles)
    expected = case.get("observed") or case["expected"]["trades"]
    outcome: tuple[Trade, ...] = ()
    if made:
        outcome = replay(
            policy, table(candles), made, looks="path", path="stop-first", fill="touch", sessions="always",
            one_at_a_time=True, native=False, instruments=lambda key: Instrument(*key, tick=1.0),
        ).trades  # fmt: skip
    wrong = []
    if len(outcome) != len(expected):
        wrong.append(f"{len(outcome)} trades instead of {len(expected)}")
    last_bar = int(candles[-1]["bar"])
    for trade, wanted in zip(outcome, expected, strict=False):
        written = trade.as_json()
        exit_bar = last_bar if trade.exited is None else bar_of(iso(trade.exited))
        reason = reason_of(trade)
        if (reason, wanted["exit_reason"], exit_bar) == ("trailing_stop_loss", "roi", wanted["close_bar"]):
            raise CannotSayError("a target goes before a trailing stop that stood before the bar; here the stop does")
        rate = candles[-1]["open"] if trade.exited is None else written["fills"][-1]["price"]
        for name, ours, theirs in (
            ("side", written["side"], wanted["side"]),
            ("entry bar", bar_of(written["entered"]), wanted["open_bar"]),
            ("exit bar", exit_bar, wanted["close_bar"]),
            ("reason", reason, wanted["exit_reason"]),
        ):
            if ours != theirs:
                wrong.append(f"{name} {ours} instead of {theirs}")
        for name, ours, theirs in (
            ("entry", written["entry"], wanted.get("open_rate", written["entry"])),
            ("exit", rate, wanted.get("close_rate", rate)),
        ):
            if not same(ours, theirs):
                wrong.append(f"{name} {ours} instead of {theirs}")
    total = sum(trade.profit / (trade.entry * trade.quantity / 100) for trade in outcome) * params["leverage"]
    wanted_total, digits = case["expected"]["profit_ratio_sum"], case["expected"]["profit_ratio_round"]
    if not wrong and abs(total - wanted_total) > 0.51 * 10**-digits:
        wrong.append(f"profit {total:.5f} instead of {wanted_total}")
    return wrong


def bar_of(time: str) -> int:
    """Return the bar that a time falls into."""
    return int((datetime.fromisoformat(time) - START) / BAR)


def reason_of(trade: Any) -> str:
    """Say in the words of the table why a trade ended."""
    if trade.exited is None:
        return "force_exit"
    rule = trade.fills[-1].rule
    if rule == "stop":
        stops = [mark for mark in trade.marks if mark.kind == "stop"]
        return "trailing_stop_loss" if stops and stops[-1].rule.startswith("TRAIL") else "stop_loss"
    if rule.startswith("SIGNAL"):
        return "exit_signal"
    return "trailing_stop_loss" if rule.startswith("TRAIL") else "roi"
