"""Writes the loop over bars or ticks round one look at a position: entries, the path within a bar, fills, memory."""

from __future__ import annotations

import re
from collections.abc import Mapping

from rulekit.compile.layout import (
    FIRED_AT_SLOT,
    FIRED_DAY_SLOT,
    FIRED_DAYS_SLOT,
    FIRED_SLOT,
    NEVER_FIRED,
    NOT_SEEN,
    SIDE_OF,
)
from rulekit.compile.policy import CompiledPolicy
from rulekit.model.cautions import ADD_MAX_SHARE
from rulekit.replay.box import Box
from rulekit.replay.look import Look
from rulekit.replay.passing import OVER_BARS, OVER_BARS_AT_CLOSE, OVER_TICKS, write_passing

FILLED, STOPPED, AIMED, TOLD, UNFILLED = 1, 2, 3, 4, 5
"""What a row of the record tells: a fill, a stop move, a target move, an alert, an order that met no price."""
SQUARED_OFF = -3.0
"""The mark of an exit that the broker makes with what is left of an intraday product."""
OPEN, CLOSED, SKIPPED, NEVER = 0.0, 1.0, 2.0, 3.0
"""How an entry ended: still held, flat, not taken because one of its symbol was held, or no price came after it."""

SETTINGS = (
    "cycle", "stale", "latency", "price_age", "spread", "slippage", "length", "feed_end", "tick", "lot", "scale",
    "multiplier", "s_charges", "s_expiry", "s_equity", "s_bar", "s_day_profit", "s_symbol", "s_exchange", "s_product",
    "s_strategy", "levels", "bars", "day_rows", "room",
)  # fmt: skip
"""Plain numbers that the loop is given, in this order, times in microseconds."""
ARRAYS = (
    "at", "opens", "highs", "lows", "closes", "ups",
    "days", "day_opens", "day_closes", "day_square", "day_counts",
    "e_first", "e_at", "e_side", "e_quantity", "e_price", "e_stop", "e_day", "e_count",
    "o_state", "o_entered", "o_entry", "o_quantity", "o_realised", "o_until",
    "v_entry", "v_at", "v_price", "v_quantity", "v_kind", "v_rule", "v_seen",  # when it was decided
)  # fmt: skip
"""Arrays that the loop reads (bars or ticks, facts, sessions, entries) and writes (outcomes `o_`, the record `v_`)."""


def write_loop(
    policy: CompiledPolicy, look: Look, box: Box | None = None, *, looks: str, path: str, fill: str, gaps: bool
) -> str:
    """Write the function `run(first, last, flat, busy, …)`.

    It returns the entry to go on with, the rows recorded, and until when something is held; `busy` takes that in.

    Args:
        looks: `live`, `path` or `close`. path: `colour`, `stop-first`, `finer` or `ticks`.
        fill: `last`, `open` or `touch`.
        gaps: whether a price may move from one point of a bar to the next through every price between them.
    """
    body = _CLOSE if looks == "close" else _PATH
    text = _HEAD + body + _TAIL
    stop_first = path == "stop-first"
    parts = {
        "POINT": _TICK_POINT if path == "ticks" else _BAR_POINT,
        "ORDER_OF_ENDS": _STOP_FIRST if stop_first else _BY_FINER if path == "finer" else "",
        "TARGET_FIRST": _TARGET_FIRST if path == "finer" else "",
        "OWN_CYCLES": "1" if looks == "live" else "0",
        "FILL_NEXT": "1" if fill == "open" else "0",
        "FILL_TOUCH": "1" if fill == "touch" else "0",
        "CONTINUOUS": "1" if gaps else "0",
        "IS_OPEN_OF_BAR": "True" if path == "ticks" else "(k & 3) == 0",
        "PER_BAR": "1" if path == "ticks" or looks == "close" else "4",
        "BLANK": _blank(policy),
        "READ_FACTS": _read_facts(look),
        "TAKE_LOOK": _take_look(look),
        "AFTER_LOOK": _after_look(policy),
        "BEFORE_LOOK": _before_look(policy),
        "ACT": _ACT_AT_CLOSE if looks == "close" else _ACT,
        "TELL": _tell(look),
        "SEARCH": _SEARCH.replace("LOOK_THERE", _take_look(look, "there")) if fill == "touch" else "pass",
        "LEVELS": _LEVELS,
        "FILL_IT": _FILL,
        "DROP": _DROP,
        "ADD_MAX": repr(ADD_MAX_SHARE),
        "FIRE_ORDER": _fire(policy, "r1", "now"),
        "FIRE_STOP": _fire(policy, "r3", "now"),
        "FIRE_TARGET": _fire(policy, "r6", "now"),
        "FIRE_TOLD": _fire(policy, "told", "now"),
        "SQUARED": repr(SQUARED_OFF),
    }
    if box is None:
        parts |= {"PASSING": "pass", "BEGIN_PASSING": "pass"}
    else:
        over = OVER_BARS_AT_CLOSE if looks == "close" else OVER_TICKS if path == "ticks" else OVER_BARS
        parts |= write_passing(box, _given(), over)
    for _ in range(4):
        text = _insert(text, parts)
    facts = [f"{part}{place}" for part in ("col", "shift") for place in range(len(look.facts))]
    arguments = ", ".join(("first", "last", "flat", "busy", *ARRAYS, *SETTINGS, *facts, *look.numbers))
    return f"def run({arguments}):\n{text}"


def _insert(text: str, parts: Mapping[str, str]) -> str:
    """Put each part where its name stands, on a line of its own at that line's depth or within a line."""
    lines = []
    for line in text.split("\n"):
        name = line.strip()
        if name.startswith("<") and name[1:-1] in parts:
            depth = line[: len(line) - len(name)]
            lines += [depth + each if each else each for each in parts[name[1:-1]].strip("\n").split("\n")]
        else:
            lines.append(_PLACE.sub(lambda found: parts[found[1]], line) if "<" in line else line)
    return "\n".join(lines)


_PLACE = re.compile(r"<([A-Z_]+)>")


# --- what depends on the policy ----------------------------------------------------------------------------------


def _blank(policy: CompiledPolicy) -> str:
    """Begin an episode: nothing is remembered."""
    lines = [f"m{place} = {float(value)!r}" for place, value in enumerate(policy.layout.blank)]
    lines += [f"d{place} = -1.0" for place in _places(policy, FIRED_DAYS_SLOT)]
    return "\n".join(lines or ["pass"])


def _places(policy: CompiledPolicy, part: str) -> list[int]:
    return [place for place, (_, held) in enumerate(policy.layout.memory) if held.startswith(part)]


def _before_look(policy: CompiledPolicy) -> str:
    """Count the trading days since rules fired; they pass without a look."""
    lines = [
        f"m{place} = {-NEVER_FIRED!r} if d{place} < 0.0 else day_counts[s] - d{place}"
        for place in _places(policy, FIRED_DAYS_SLOT)
    ]
    return "\n".join(lines or ["pass"])


def _after_look(policy: CompiledPolicy) -> str:
    """Keep of a crossing only which side it was on, as a journal does."""
    lines = []
    for place in _places(policy, SIDE_OF):
        lines += [
            f"if m{place} == m{place} and m{place} != {NOT_SEEN!r}:",
            f"    m{place} = 1.0 if m{place} > 0.0 else 0.0",
        ]
    return "\n".join(lines or ["pass"])


def _read_facts(look: Look) -> str:
    """Read the facts of the moment; numba takes no branch within a call of many arguments."""
    lines = [
        f"read{place} = col{place}[column >> shift{place}] if price == price and column >= 0 else NAN"
        for place in range(len(look.facts))
    ]
    return "\n".join(lines or ["pass"])


def _take_look(look: Look, price: str = "price") -> str:
    """Call `look` with the state of the position."""
    names = _given(price)
    given = []
    for name in look.arguments:
        if name.startswith("c"):
            given.append(f"read{name[1:]}")
        elif name in ("s_best", "s_worst") and price == "there":
            given.append(f"there_{name[2:]}")
        else:
            given.append(names.get(name, name))
    answers = [name if price == "price" or name.startswith("r") else "_" for name in look.answers]
    if price == "there":
        answers = [f"t_{name}" if name.startswith("r") else "_" for name in look.answers]
    return f"{', '.join(answers)}, = {'look' if price == 'price' else 'look_elsewhere'}({', '.join(given)})"


def _given(price: str = "price") -> dict[str, str]:
    """Return the loop's names of what a look is given."""
    return {
        "s_price": price, "s_side": "side", "s_stop": "stop", "s_target": "target", "s_quantity": "quantity",
        "s_entry": "entry", "s_initial_stop": "initial_stop", "s_tick": "tick", "s_lot": "lot", "s_scale": "scale",
        "s_multiplier": "multiplier", "s_best": "best", "s_worst": "worst", "s_original": "original",
        "s_booked": "booked", "s_added": "added", "s_realised": "realised", "s_now": "now", "s_opened": "opened",
        "s_closes": "day_closes[s]", "s_in_flight": "in_flight", "s_age_days": "day_counts[s] - opened_count",
    }  # fmt: skip


def _fire(policy: CompiledPolicy, rule: str, moment: str) -> str:
    """Count a firing of the rule whose number stands in a variable."""
    lines: list[str] = []
    words = {
        FIRED_SLOT: "m{0} += 1.0",
        FIRED_AT_SLOT: f"m{{0}} = float({moment})",
        FIRED_DAY_SLOT: f"m{{0}} = float(({moment} + 19800000000) // 86400000000)",
        FIRED_DAYS_SLOT: "d{0} = day_counts[s]",
    }
    for index in dict.fromkeys(owner for owner, part in policy.layout.memory if part in words):
        lines.append(f"{'if' if not lines else 'elif'} {rule} == {index + 1.0!r}:")
        for place, (owner, part) in enumerate(policy.layout.memory):
            if owner == index and part in words:
                lines.append(f"    {words[part].format(place)}")
    return "\n".join(lines or ["pass"])


def _tell(look: Look) -> str:
    """Note the alerts that are to be told."""
    lines: list[str] = []
    for index in look.alerts:
        lines += [
            f"if told{index} == 1.0:",
            f"    told = {index + 1.0!r}",
            "    <FIRE_TOLD>",
            "    v_entry[n], v_at[n], v_price[n], v_quantity[n] = e, now, price, 0.0",
            f"    v_kind[n], v_rule[n], v_seen[n] = {TOLD}, told, now",
            "    n += 1",
        ]
    return "\n".join(lines or ["pass"])


# --- the loop ----------------------------------------------------------------------------------------------------

_HEAD = """
    n = 0
    size = bars * <PER_BAR>
    for e in range(first, last):
        begun = n
        k = e_first[e]
        s = e_day[e]
        side = e_side[e]
        quantity = e_quantity[e]
        original = quantity
        entry = e_price[e]
        opened = e_at[e]
        stop = e_stop[e]
        initial_stop = stop
        target = NAN
        opened_count = e_count[e]
        booked = 0.0
        added = 0.0
        realised = 0.0
        if flat > 0 and opened < busy:
            o_state[e] = SKIPPED
            continue
        pend = 0.0
        pend_rule = 0.0
        pend_quantity = 0.0
        pend_price = NAN
        pend_at = opened
        pend_live = opened
        until = opened
        <BLANK>
        last_price = NAN
        last_at = 0
        up_first = False
"""

_PATH = """
        if k > 0:
            k -= 1
            <POINT>
            last_at = here_at
            last_price = here
            k += 1
        if entry != entry:
            if k >= size:
                o_state[e] = NEVER
                continue
            <POINT>
            entry = here
            opened = here_at
        o_entered[e] = opened
        o_entry[e] = entry
        best = entry
        worst = entry
        cycle_at = -(-opened // cycle) * cycle
        column = k - 1
        <BEGIN_PASSING>
        while quantity > 0.0:
            if n > room:
                break
            is_tick = False
            gap = True
            before = last_price
            if k >= size:
                if <OWN_CYCLES> == 0 or cycle_at > feed_end:
                    break
                here_at = feed_end
            else:
                <POINT>
                if here_at < last_at:
                    k += 1
                    continue
                is_tick = <OWN_CYCLES> == 0 or cycle_at > here_at
            if is_tick:
                now = here_at
            else:
                now = cycle_at
            while s + 1 < day_rows and now >= days[s + 1]:
                s += 1
            is_open = day_opens[s] <= now < day_closes[s]
            if not is_tick:
                if not is_open:
                    later = max(here_at, cycle_at + 1)
                    cycle_at = -(-later // cycle) * cycle
                    continue
                cycle_at += cycle
            if now >= day_square[s] and day_opens[s] > 0:
                <DROP>
                pend, pend_rule, pend_quantity, pend_price, pend_at, pend_live = (
                    1.0, <SQUARED>, quantity, last_price, day_square[s], day_square[s])
                if pend_price != pend_price and is_tick:
                    pend_price = here
            if pend > 0.0 and pend_live <= now:
                paid, paid_at = pend_price, pend_at
                if paid != paid:
                    if <FILL_NEXT> == 0 and pend_live - last_at <= price_age:
                        paid = last_price
                    elif is_tick and (<FILL_NEXT> == 0 or <IS_OPEN_OF_BAR>):
                        paid, paid_at = here, now
                if paid == paid:
                    <FILL_IT>
                    if quantity <= 0.0:
                        until = paid_at
                        break
            if is_tick:
                column = k
                gap = <IS_OPEN_OF_BAR>
                price = here
                last_price = here
                last_at = now
                k += 1
                former_best = best
                former_worst = worst
                if side > 0.0:
                    if not price <= best:
                        best = price
                    if not price >= worst:
                        worst = price
                else:
                    if not price >= best:
                        best = price
                    if not price <= worst:
                        worst = price
                if not is_open:
                    continue
            else:
                price = last_price if now - last_at <= stale else NAN
            in_flight = 1.0 if pend > 0.0 else 0.0
            <READ_FACTS>
            <SEARCH>
            <BEFORE_LOOK>
            <TAKE_LOOK>
            <AFTER_LOOK>
            <LEVELS>
            <ACT>
            <TELL>
            <PASSING>
"""

_CLOSE = """
        if entry != entry:
            if k >= size:
                o_state[e] = NEVER
                continue
            entry = opens[k]
            opened = at[k]
        o_entered[e] = opened
        o_entry[e] = entry
        best = entry
        worst = entry
        next_day = 0
        opens_at, closes_at, square_at = day_opens[s], day_closes[s], day_square[s]
        i = k - 2
        <BEGIN_PASSING>
        while i + 1 < size:
            i += 1
            if n > room:
                break
            if i < k:
                # the first look is at the entry itself
                now = opened
                price = entry
            else:
                bar = unsigned(i)
                began = at[bar]
                now = began
                if began >= next_day:
                    while s + 1 < day_rows and began >= days[s + 1]:
                        s += 1
                    next_day = days[s + 1] if s + 1 < day_rows else 4611686018427387904
                    opens_at, closes_at, square_at = day_opens[s], day_closes[s], day_square[s]
                if began >= square_at and opens_at > 0:
                    <DROP>
                    pend, pend_rule, pend_quantity, pend_at = 1.0, <SQUARED>, quantity, began
                if pend > 0.0:
                    paid, paid_at = opens[bar], began
                    <FILL_IT>
                    if quantity <= 0.0:
                        until = paid_at
                        break
                low, high = (lows[bar], highs[bar]) if side > 0.0 else (highs[bar], lows[bar])
                level = NAN
                if side * opens[bar] <= side * stop:
                    pend_rule, level = -1.0, opens[bar]
                elif side * opens[bar] >= side * target:
                    pend_rule, level = -2.0, opens[bar]
                <TARGET_FIRST>
                elif side * low <= side * stop:
                    pend_rule, level = -1.0, stop
                elif side * high >= side * target:
                    pend_rule, level = -2.0, target
                if level == level:
                    pend, pend_quantity, pend_at = 1.0, quantity, began
                    paid, paid_at = level, began
                    until = began if level == opens[bar] else began + 1  # within the bar is behind its open
                    <FILL_IT>
                    break
                if side * high > side * best:
                    best = high
                if side * low < side * worst:
                    worst = low
                now = began + length
                if now >= closes_at > began:
                    now = closes_at - 1000000
                price = closes[bar]
            last_at = now
            last_price = price
            if not opens_at <= now < closes_at:
                continue
            in_flight = 0.0
            column = i
            <READ_FACTS>
            <BEFORE_LOOK>
            <TAKE_LOOK>
            <AFTER_LOOK>
            <LEVELS>
            <ACT>
            <TELL>
            if quantity <= 0.0:
                until = now
                break
            <PASSING>
"""

_TAIL = """
        if n > room:
            return e, begun, busy
        if quantity > 0.0 and pend > 0.0 and <FILL_NEXT> == 0 and pend_live - last_at <= price_age:
            paid, paid_at = last_price, pend_at
            if pend_price == pend_price:
                paid = pend_price
            <FILL_IT>
            until = paid_at
        <DROP>
        busy = until if quantity <= 0.0 else 4611686018427387904
        o_state[e] = CLOSED if quantity <= 0.0 else OPEN
        o_quantity[e] = quantity
        o_realised[e] = realised
        o_until[e] = until
        if quantity > 0.0:
            o_realised[e] = realised + (last_price - entry) * quantity * side
            o_until[e] = last_at
    return last, n, busy
"""

_BAR_POINT = """
i = k >> 2
j = k & 3
if j == 0:
    here_at = at[i]
    here = opens[i]
elif j == 3:
    here_at = at[i] + length - min(1000000, length // 10)
    here = closes[i]
else:
    if j == 1:
        up_first = closes[i] < opens[i]
        <ORDER_OF_ENDS>
        here_at = at[i] + length // 3
    else:
        here_at = at[i] + 2 * length // 3
    here = highs[i] if (j == 1) == up_first else lows[i]
"""

_TICK_POINT = """
here_at = at[k]
here = closes[k]
"""

_STOP_FIRST = """
up_first = (side < 0.0) == (side * (lows[i] if side > 0.0 else highs[i]) <= side * stop)
"""

_BY_FINER = """
up_first = ups[i] > 0.0 if ups[i] == ups[i] else up_first
"""

_TARGET_FIRST = """
elif side * high >= side * target and (ups[bar] - 0.5) * side > 0.0:
    pend_rule, level = -2.0, target
"""

_FILL = """
sign = side if pend == 3.0 else -side
steps = (paid + sign * spread * tick / 2.0) / tick
if sign > 0.0:
    steps = math.ceil(steps - 1e-9)
else:
    steps = math.floor(steps + 1e-9)
paid = max(tick, max(1.0, float(steps)) * tick + sign * slippage * tick)
if pend == 3.0:
    moved = pend_quantity
    entry = (entry * quantity + paid * moved) / (quantity + moved)
    quantity += moved
    original = max(original, quantity)
    added += 1.0
else:
    moved = min(pend_quantity, quantity)
    realised += (paid - entry) * moved * side
    quantity -= moved
    if pend == 2.0:
        booked += 1.0
v_entry[n], v_at[n], v_price[n], v_quantity[n] = e, paid_at, paid, sign * moved
v_kind[n], v_rule[n], v_seen[n] = 1, pend_rule, pend_at
n += 1
pend = 0.0
"""

_DROP = """
if pend > 0.0:
    v_entry[n], v_at[n], v_price[n], v_quantity[n] = e, pend_at, NAN, pend_quantity
    v_kind[n], v_rule[n], v_seen[n] = 5, pend_rule, pend_at
    n += 1
"""

_ACT = """
if r0 > 0.0 and not (r0 == 3.0 and r2 > <ADD_MAX> * original):
    <FIRE_ORDER>
    pend, pend_rule, pend_quantity, pend_price = r0, r1, r2, NAN
    pend_at = now
    pend_live = now + latency
    if <CONTINUOUS> == 1 and is_tick and not gap:
        if r1 == -1.0 and side * before > side * stop:
            pend_price = stop
        elif r1 == -2.0 and side * before < side * target:
            pend_price = target
"""

_ACT_AT_CLOSE = """
if r0 > 0.0 and not (r0 == 3.0 and r2 > <ADD_MAX> * original):
    <FIRE_ORDER>
    pend, pend_rule, pend_quantity, pend_at = r0, r1, r2, now
    pend_live = now
    if <FILL_NEXT> == 0:
        paid, paid_at = price, now
        <FILL_IT>
"""

_LEVELS = """
if r3 > 0.0 and (stop != stop or (r4 - stop) * side > 0.0):
    stop = r4
    if initial_stop != initial_stop and (entry - r4) * side > 0.0:
        initial_stop = r4
    <FIRE_STOP>
    if levels > 0:
        v_entry[n], v_at[n], v_price[n], v_quantity[n] = e, now, stop, 0.0
        v_kind[n], v_rule[n], v_seen[n] = 2, r3, now
        n += 1
if r6 > 0.0:
    target = r7
    <FIRE_TARGET>
    if levels > 0:
        v_entry[n], v_at[n], v_price[n], v_quantity[n] = e, now, target, 0.0
        v_kind[n], v_rule[n], v_seen[n] = 3, r6, now
        n += 1
"""

_SEARCH = """
if is_tick and not gap and pend == 0.0 and before == before and before != price:
    there = price
    there_best = best
    there_worst = worst
    LOOK_THERE
    if t_r0 > 0.0:
        up = 1.0 if price > before else -1.0
        base = math.floor(before / tick) if up > 0.0 else math.ceil(before / tick)
        near = 0
        far = int(abs(price / tick - base)) + 1
        whole = far
        while far - near > 1:
            middle = (near + far) // 2
            there = (base + up * middle) * tick
            if (there - price) * up > 0.0:
                there = price
            there_best = former_best if side * there <= side * former_best else there
            there_worst = former_worst if side * there >= side * former_worst else there
            LOOK_THERE
            if t_r0 > 0.0:
                far = middle
            else:
                near = middle
        there = (base + up * far) * tick
        if far < whole and (price - there) * up > 0.0:
            price = there
            last_price = there
            best = former_best if side * there <= side * former_best else there
            worst = former_worst if side * there >= side * former_worst else there
            k -= 1
"""
