"""Cases of stops that follow: whole series with orders, drawdowns from the peak, and single steps of a stop."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from functools import cache
from typing import Any

import pyarrow as pa

from rulekit.model.instant import iso
from rulekit.model.instrument import Instrument
from rulekit.replay import Replay, replay
from rulekit.runtime.policy import Policy
from tests.replay.bar_cases import percent
from tests.replay.saying import CannotSayError

START = datetime.fromisoformat("2021-01-04T00:00:00+05:30")
BAR = timedelta(minutes=1)
SCALED = 1000
"""Series of small prices are multiplied, so that their fractions stand on a tick."""


def bars(
    closes: Sequence[float], opens: Sequence[float], highs: Sequence[float], lows: Sequence[float], first: int = 0
) -> pa.Table:
    """Return bars of a minute."""
    return pa.table(
        {
            "symbol": ["X"] * len(closes),
            "time": [(START + BAR * (first + place)).isoformat() for place in range(len(closes))],
            "open": list(opens),
            "high": list(highs),
            "low": list(lows),
            "close": list(closes),
        }
    )


@cache
def compiled(text: str) -> Policy:
    """Compile a policy once; many cases say the same."""
    return Policy.from_text(text)


def run(text: str, table: pa.Table, entry: Mapping[str, Any], **options: Any) -> Replay:
    """Replay one entry."""
    given: dict[str, Any] = {"looks": "close", "fill": "open", "sessions": "always", "native": False, **options}
    return replay(
        compiled(text), table, [{"symbol": "X", **entry}], instruments=lambda key: Instrument(*key, tick=1.0),
        **given,
    )  # fmt: skip


# --- orders of a whole series ------------------------------------------------------------------------------------


def judge_orders(case: Mapping[str, Any]) -> list[str]:
    """Replay stops and targets over a series; compare the orders."""
    closes = [price * SCALED for price in case["close"]]
    opens, highs, lows = (
        [price * SCALED for price in case[name]] if case.get(name) else closes for name in ("open", "high", "low")
    )
    if any(case.get("exits") or ()):
        raise CannotSayError("exits come from a series of signals")
    orders = case["expected_orders"]
    if True not in case["entries"]:
        return [] if not orders else [f"no order instead of {len(orders)}"]
    if len(orders) > 1 and len({order["side"] for order in orders[:2]}) == 1:
        raise CannotSayError("a second signal enlarges the position; an entry is a position of its own")
    sizes = [order["size"] for order in orders]
    if len(orders) > 2 or (len(sizes) == 2 and sizes[0] < sizes[1]):
        raise CannotSayError("the stop turns the position over; a stop exits it")
    if len(sizes) == 2 and sizes[0] > sizes[1]:
        raise CannotSayError("the cash of the account is too small for the exit; a replay has no account")
    side = "long" if (orders[0]["side"] if orders else case["direction"]) in ("buy", "long", "both") else "short"
    begins = case["entries"].index(True)
    entry = {"side": side, "quantity": 100, "at": (START + BAR * (begins + 1)).isoformat(), "price": closes[begins]}
    # a replay needs a bar after the last one, so that a position entered there may be looked at
    table = bars([*closes, closes[-1]], [*opens, closes[-1]], [*highs, closes[-1]], [*lows, closes[-1]])
    outcome = run(_rules(case, side), table, entry)
    wrong = []
    trade = outcome.trades[0]
    wanted = orders[1] if len(orders) > 1 else None
    exited = None if trade.exited is None else _bar_of(trade.exited)
    if exited is not None and exited >= len(closes):
        exited = None
    if (exited, None if wanted is None else wanted["bar"]) != (exited, exited):
        wrong.append(f"exit in bar {exited} instead of {wanted and wanted['bar']}")
    elif wanted is not None:
        price = trade.fills[-1].price / trade.scale / SCALED
        if not math.isclose(price, wanted["price"], rel_tol=1e-9):
            wrong.append(f"exit at {price} instead of {wanted['price']}")
        if trade.fills[-1].quantity != 100:
            wrong.append(f"exit of {trade.fills[-1].quantity} of 100")
    return wrong


def _rules(case: Mapping[str, Any], side: str) -> str:
    """Write the policy of a case; a distance that no price can reach needs no rule."""
    rules = []
    stop, target = case.get("sl_stop"), case.get("tp_stop")
    if stop is not None and case.get("trailing") and side == "short" and 1 <= float(stop) < math.inf:
        raise CannotSayError("the language refuses a stop that trails by the whole price or more")
    longest = {"long": 1, "short": 100}
    if stop is not None and float(stop) < longest[side]:
        share = percent(float(stop))
        rules.append(f"TRAIL: trail stop {share}" if case.get("trailing") else f"STOP: move stop to {share} loss")
    farthest = {"long": 100, "short": 1}
    if target is not None and float(target) < farthest[side]:
        rules.append(f"TARGET: set target to {percent(float(target))} profit")
    return "\n".join(rules or ["NOTHING: exit at 99999% profit"]) + "\n"


def _bar_of(instant: int) -> int:
    return int((datetime.fromisoformat(iso(instant)) - START) / BAR)


# --- drawdown from the peak --------------------------------------------------------------------------------------


def judge_drawdown(case: Mapping[str, Any]) -> list[str]:
    """Exit when the price has fallen by more than a share from its best; a flip begins anew at the flip's price."""
    share = percent(case["max_drawdown"])
    policy = (
        f"LONG: exit when price is below the best price - {share} and side is long\n"
        f"SHORT: exit when price is above the best price - {share} and side is short\n"
    )
    ours = [False] * len(case["prices"])
    for first, behind, side, cost in _legs(case):
        prices = case["prices"][first:behind]
        at = (START + BAR * first).isoformat()
        outcome = run(policy, bars(prices, prices, prices, prices, first),
                      {"side": side, "quantity": 100, "at": at, "price": cost}, looks="path", fill="last")  # fmt: skip
        exited = outcome.trades[0].exited
        if exited is not None:
            ours[_bar_of(exited)] = True
    return [] if ours == case["expect_exit"] else [f"exits {ours} instead of {case['expect_exit']}"]


def _legs(case: Mapping[str, Any]) -> list[tuple[int, int, str, float]]:
    """Return the stretches on one side: first bar, the bar behind, side, cost."""
    side = 1 if case["quantity"] > 0 else -1
    cost, legs = case["entry_price"], []
    first: int | None = None
    for place, invested in enumerate(case["invested"]):
        if invested and first is None:
            first = place
        if first is not None and (case["flip_after"][place] or not invested or place == len(case["invested"]) - 1):
            legs.append((first, place + (1 if invested else 0), "long" if side > 0 else "short", cost))
            first = None
            if case["flip_after"][place]:
                side, cost = -side, case["prices"][place]
    return legs


# --- one step of a stop ------------------------------------------------------------------------------------------


def judge_step(case: Mapping[str, Any]) -> list[str]:
    """Let a stop follow one price; compare where it stands."""
    side = "short" if case["side"].lower() == "buy" else "long"
    last = case.get("last_price", case.get("last", case.get("basis")))
    quote = case.get("ask" if side == "short" else "bid")
    reached = [_followed(case, side, last, quoted) for quoted in _followed_prices(case, last, quote)]
    known = [stop for stop in reached if stop is not None]
    # a stop that follows both stands at the tighter one
    ours = (min if side == "short" else max)(known) if known else None
    wanted = case.get("expected_trigger", case.get("expected"))
    if (ours is None) != (wanted is None) or (ours is not None and not math.isclose(ours, wanted, abs_tol=1e-9)):
        return [f"the stop stands at {ours} instead of {wanted}"]
    return []


def _followed_prices(case: Mapping[str, Any], last: float | None, quote: float | None) -> list[bool]:
    """Return what the stop follows, True for the quote and False for the last price: what the case says, else all."""
    told = f"{case.get('trigger_type', '')} {case.get('test', '')}".lower().replace("_", "")
    follows = {"lastorbidask": [False, True], "bidask": [True], "default": [True], "lastprice": [False]}
    chosen = next((prices for name, prices in follows.items() if name in told), [False, True])
    found = [quoted for quoted in chosen if (quote if quoted else last) is not None]
    if not found:
        raise CannotSayError("there is no price at all that the stop could follow")
    return found


def _followed(case: Mapping[str, Any], side: str, last: float | None, quoted: bool) -> float | None:
    """Return where a stop stands that has followed the quote, or the last price; None where it was not moved."""
    bid, ask = (case.get(name, last) for name in ("bid", "ask"))
    price = last if not quoted else ask if side == "short" else bid
    entry: dict[str, Any] = {"side": side, "quantity": 100, "at": START.isoformat(), "price": price}
    if "initial_trigger" in case:
        entry["stop"] = case["initial_trigger"]
    rule = f"FOLLOW: trail stop {_distance(case)}\n"
    if quoted:
        outcome = run(rule, ticks(bid, ask, last), entry, looks_at="quote", looks="path", fill="last")
    else:
        outcome = run(rule, bars([price] * 2, [price] * 2, [price] * 2, [price] * 2), entry)
    stops = [mark.price / 100 for mark in outcome.trades[0].marks if mark.kind == "stop"]
    return stops[0] if stops else None


def ticks(bid: float | None, ask: float | None, last: float | None) -> pa.Table:
    """Return two ticks with a quote; where no price is told it lies between, and is not looked at."""
    known = [each for each in (bid, ask) if each is not None]
    price = sum(known) / len(known) if last is None else last
    times = [(START + BAR * place).isoformat() for place in range(2)]
    columns = {"price": price, "bid": bid, "ask": ask}
    return pa.table(
        {"symbol": ["X"] * 2, "time": times, "volume": [0.0, 1.0],
         **{name: pa.array([each] * 2, pa.float64()) for name, each in columns.items()}}
    )  # fmt: skip


def _distance(case: Mapping[str, Any]) -> str:
    """Write how far behind a stop follows."""
    kind = case.get("trailing_offset_type", "price").lower().replace("_", "").replace(" ", "")
    offset = Decimal(str(case.get("offset", case.get("basis_points", case.get("ticks")))))
    if "basis_points" in case or kind == "basispoints":
        return f"{(offset / 100).normalize():f}%"
    if "ticks" in case or kind == "ticks":
        return f"₹{(offset * Decimal('0.01')).normalize():f}"
    return f"₹{offset.normalize():f}"
