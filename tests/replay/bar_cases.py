"""Cases of bars with stops, targets that depend on the time, trailing stops and exit signals, as policies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pyarrow as pa

from rulekit.model.instant import instant_of, iso
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
    if params.get("use_custom_stoploss"):
        raise CannotSayError("the stop is computed by a host's own code")
    if any(ratio == -1 and int(minutes) % 60 for minutes, ratio in params["target_by_minutes"].items()):
        raise CannotSayError("an exit at the bar's worst price, a rule of that engine for exits within a bar")


def leverage_of(params: Mapping[str, Any]) -> float:
    """Return by how much profits are multiplied."""
    return float(params.get("leverage") or 1.0)


def policy_text(params: Mapping[str, Any], candles: Sequence[Mapping[str, Any]]) -> str:
    """Write the policy of a case."""
    leverage = leverage_of(params)
    loss = abs(params["stop_loss"]) / leverage
    rules = [f"STOP: move stop to {percent(loss)} loss"]
    if params.get("trailing_stop"):
        positive, offset = params.get("trailing_stop_positive"), params.get("trailing_stop_positive_offset") or 0.0
        level = f" at {percent(offset / leverage)} profit" if offset else ""
        only = params.get("trailing_only_offset_is_reached")
        if positive is None:
            rules.append(f"TRAIL: trail stop {percent(loss)}{level if only else ''}")
        elif offset and not only:
            until = f" when profit is at most {percent(offset / leverage)}" if positive / leverage > loss else ""
            rules.append(f"TRAIL: trail stop {percent(loss)}{until}")
        if positive is not None:
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
    return "\n".join([*_signals(params, candles), *rules]) + "\n"


def _signals(params: Mapping[str, Any], candles: Sequence[Mapping[str, Any]]) -> list[str]:
    """Write the exits by signal; one that stands beside an entry of its side is none."""
    rules = []
    for side in ("long", "short"):
        for candle in candles if params.get("use_exit_signal") else ():
            if candle.get(f"exit_{side}") and not candle.get(f"enter_{side}"):
                at = START + BAR * (int(candle["bar"]) + 1)
                rules.append(
                    f"SIGNAL_{side}_{candle['bar']}: exit between {at:%H:%M} and {at + timedelta(minutes=1):%H:%M} "
                    f"when side is {side}"
                )
    return rules


def ordered_side(candles: Sequence[Mapping[str, Any]], bar: int) -> str | None:
    """Return the side of the entry that is ordered at a bar's open: what the candle before signals, uncontradicted."""
    before = candles[bar - 1]
    for side, other in (("long", "short"), ("short", "long")):
        if before.get(f"enter_{side}") and not before.get(f"exit_{side}") and not before.get(f"enter_{other}"):
            return side
    return None


def patience(params: Mapping[str, Any]) -> int:
    """Return for how many bars behind its own an entry order rests."""
    return int(params.get("timeout") or 10) // 60


def entry(
    params: Mapping[str, Any], candles: Sequence[Mapping[str, Any]], bar: int, side: str
) -> dict[str, Any] | None:
    """Return the entry that is ordered at a bar's open, None if its limit is not reached before the order runs out."""
    row = {"symbol": "X", "side": side, "quantity": 100, "at": (START + BAR * bar).isoformat()}
    limit = params.get("custom_entry_price")
    if limit is None:
        return row
    first = candles[bar]
    limit = min(limit, first["high"]) if side == "long" else max(limit, first["low"])
    for place in range(bar, min(bar + patience(params), len(candles) - 1) + 1):
        low, high, opens = (candles[place][name] for name in ("low", "high", "open"))
        if not low <= limit <= high:
            continue
        begins = START + BAR * place
        row |= {"price": limit, "at": begins.isoformat()}
        if limit != opens:
            # beyond the open it is made on the way to the better end of the bar, else at the worse one
            better = (limit > opens) == (side == "long")
            row["at"] = (begins + BAR * (1 if better else 2) / 3).isoformat()
        return row
    return None


def entries(case: Mapping[str, Any], policy: Policy) -> list[dict[str, Any]]:
    """Return the entries, one position after the other; none is ordered while another rests or is held."""
    params, candles = case["params"], case["candles"]
    made: list[dict[str, Any]] = []
    bar, last = 1, len(candles) - 1
    while bar < last:
        side = ordered_side(candles, bar)
        if side is None:
            bar += 1
            continue
        row = entry(params, candles, bar, side)
        if row is None:
            bar += 1 + patience(params)
            continue
        made.append(row)
        left = played(policy, candles, [row])[0].exited if any(map(_enters, candles[bar:])) else None
        if left is None:
            break
        bar = bar_of(iso(left))
        if bar >= last or ordered_side(candles, bar) in (None, side):
            bar += 1  # a position is not entered anew in the bar in which it is left
        elif left != instant_of(START + BAR * bar):
            raise CannotSayError("the position is turned over at an open that came before its exit within the bar")
    return made


def _enters(candle: Mapping[str, Any]) -> bool:
    return bool(candle.get("enter_long") or candle.get("enter_short"))


def played(policy: Policy, candles: Sequence[Mapping[str, Any]], made: list[dict[str, Any]]) -> tuple[Trade, ...]:
    """Replay entries over candles."""
    if not made:
        return ()
    return replay(
        policy, table(candles), made, looks="path", path="stop-first", fill="touch", sessions="always",
        one_at_a_time=True, native=False, instruments=lambda key: Instrument(*key, tick=1.0),
    ).trades  # fmt: skip


def judge(case: Mapping[str, Any]) -> list[str]:
    """Replay a case; return what is different in the first trade that is."""
    params, candles = case["params"], case["candles"]
    refuse_what_cannot_be_said(params)
    policy = Policy.from_text(policy_text(params, candles))
    wanted = case.get("observed") or case["expected"]["trades"]
    outcome = played(policy, candles, entries(case, policy))
    for trade, one in zip(outcome, wanted, strict=False):
        ours = told(trade, candles)
        if wrong := _differences(ours, one):
            refuse_what_that_engine_sees_otherwise(case, ours, one)
            return wrong
    if len(outcome) != len(wanted):
        return [f"{len(outcome)} trades instead of {len(wanted)}"]
    total = sum(_share(told(trade, candles)) for trade in outcome) * leverage_of(params)
    wanted_total, digits = case["expected"]["profit_ratio_sum"], case["expected"]["profit_ratio_round"]
    return [] if abs(total - wanted_total) <= 0.51 * 10**-digits else [f"profit {total:.5f} instead of {wanted_total}"]


def told(trade: Trade, candles: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Tell a trade in the words of the table; what is still held leaves at the last bar's open."""
    written, last = trade.as_json(), len(candles) - 1
    return {
        "side": written["side"], "entry bar": bar_of(written["entered"]), "entry": written["entry"],
        "exit bar": last if trade.exited is None else bar_of(iso(trade.exited)), "reason": reason_of(trade),
        "exit": candles[last]["open"] if trade.exited is None else written["fills"][-1]["price"],
        "stop set": max((iso(mark.at) for mark in trade.marks if mark.kind == "stop"), default=""),
    }  # fmt: skip


def _share(ours: Mapping[str, Any]) -> float:
    return float((ours["exit"] / ours["entry"] - 1) * (1 if ours["side"] == "long" else -1))


def _differences(ours: Mapping[str, Any], wanted: Mapping[str, Any]) -> list[str]:
    """Compare a trade with the table's."""
    theirs = {
        "side": wanted["side"], "entry bar": _filled_bar(wanted), "exit bar": wanted["close_bar"],
        "reason": wanted["exit_reason"],
    }  # fmt: skip
    prices = {"entry": wanted.get("open_rate", ours["entry"]), "exit": wanted.get("close_rate", ours["exit"])}
    wrong = [f"{name} {ours[name]} instead of {value}" for name, value in theirs.items() if ours[name] != value]
    return wrong + [
        f"{name} {ours[name]} instead of {value}" for name, value in prices.items() if not same(ours[name], value)
    ]


def refuse_what_that_engine_sees_otherwise(
    case: Mapping[str, Any], ours: Mapping[str, Any], wanted: Mapping[str, Any]
) -> None:
    """Raise where a trade differs by what that engine makes of one bar, in an order that no price can have gone."""
    params, candles, theirs = case["params"], case["candles"], wanted["exit_reason"]
    together = ours["exit bar"] == wanted["close_bar"]
    if together and (ours["reason"], theirs) == ("trailing_stop_loss", "roi"):
        raise CannotSayError("a target goes before a trailing stop that stood before the bar; here the stop does")
    at_open = together and same(ours["exit"], candles[ours["exit bar"]]["open"])
    if at_open and ours["reason"] == "roi" and "stop_loss" in theirs:
        raise CannotSayError("that engine tests a bar's stop before a target that is due at its open")
    if at_open and "stop" in ours["reason"] and "stop" in theirs:
        raise CannotSayError(
            "a bar that opened beyond the stop and came back fills there at the stop, here at its open"
        )
    if at_open and ours["reason"] == theirs == "roi":
        raise CannotSayError("a bar that opened beyond a target of an odd minute fills there at the target")
    if together and ours["reason"] == theirs == "trailing_stop_loss" and ours["stop set"]:
        begun = START + BAR * ours["exit bar"]
        if ours["entry bar"] < ours["exit bar"] and instant_of(datetime.fromisoformat(ours["stop set"])) == instant_of(
            begun
        ):
            raise CannotSayError("a stop that is raised at a bar's open stands before its ends; there it does not")
    if ours["entry bar"] != _filled_bar(wanted) or ours["entry bar"] not in (ours["exit bar"], wanted["close_bar"]):
        return
    if not same(ours["entry"], candles[ours["entry bar"]]["open"]):
        raise CannotSayError("that engine tests the whole bar of an entry within it, also what came before the entry")
    if params.get("trailing_stop") and ("stop" in ours["reason"] or "stop" in theirs):
        raise CannotSayError(
            "in an entry's own bar that engine lets the price rise just so far that a trailing stop is reached, "
            "and not at all where the first stop is reached"
        )


def _filled_bar(wanted: Mapping[str, Any]) -> int:
    """Return the bar in which an entry was filled; its order may have rested."""
    fills = [fill["bar"] for fill in wanted.get("fills", ()) if fill["entry"]]
    return int(fills[0] if fills else wanted["open_bar"])


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
