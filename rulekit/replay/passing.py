"""Writes how a loop passes over bars or ticks that lie within a box: nothing can be decided there, so none is asked."""

from __future__ import annotations

from collections.abc import Mapping

from rulekit.replay.box import Box

FAR_OFF = 4611686018427387904
"""Later than any moment."""
LONGEST_WAIT = 31
"""So many looks at most are taken before a box is looked for again, where the last ones held nothing."""

BEGIN = """
waits = 0
patience = 0
"""

_BOUNDS = """
if <MID_BAR>:
    pass
elif waits > 0:
    waits -= 1
elif pend == 0.0 and price == price and day_opens[s] <= now < day_closes[s]:
    near = stop + 0.25 * tick * side if stop == stop else price - 0.1 * price * side
    far = price + 0.1 * price * side
    if target == target and (far - target) * side >= 0.0:
        far = target - 0.25 * tick * side
    <EXTREMES>
    s_until = min(day_closes[s], day_square[s], days[s + 1] if s + 1 < day_rows else <FAR_OFF>) - 1
    s_until = min(s_until, now + int(next_moment(<ARGUMENTS>)) - 1)
    if (price - near) * side >= 0.0 and (far - price) * side >= 0.0 and s_until > now:
        lowest, highest = (near, far) if side > 0.0 else (far, near)
        if not calm(lowest, highest, <ARGUMENTS>):
            lowest, highest = box(near, far, <ARGUMENTS>)
    else:
        lowest, highest = NAN, NAN
    passed = 0
    if lowest == lowest:
        <PASS>
    if passed > 1:
        patience = 0
    else:
        patience = min(2 * patience + 1, <LONGEST>)
        waits = patience
"""
_EXTREMES = {
    "best": ("if (far - best) * side > 0.0:", "    far = best"),
    "worst": ("if (near - worst) * side < 0.0:", "    near = worst"),
}

OVER_BARS_AT_CLOSE = """
latest = s_until - length
behind = i + 1
while behind < size:
    bar = unsigned(behind)
    if not (lowest <= lows[bar] and highs[bar] <= highest and at[bar] <= latest):
        break
    behind += 1
passed = behind - i - 1
if passed > 0:
    i = behind - 1
    last_at = at[i] + length
    last_price = closes[i]
"""
OVER_BARS = """
closing = length - min(1000000, length // 10)
latest = s_until - closing
place = k >> 2
behind = place
while behind < bars:
    bar = unsigned(behind)
    if not (lowest <= lows[bar] and highs[bar] <= highest and at[bar] <= latest):
        break
    if not last_at <= at[bar] <= last_at + stale:
        break
    last_at = at[bar] + closing
    behind += 1
passed = behind - place
if passed > 0:
    k = behind * 4
    last_price = closes[behind - 1]
    cycle_at = max(cycle_at, (last_at // cycle + 1) * cycle)
"""
OVER_TICKS = """
begin = k
while k < bars:
    if not (lowest <= closes[k] <= highest and last_at <= at[k] <= s_until and at[k] <= last_at + stale):
        break
    last_at = at[k]
    k += 1
passed = k - begin
if passed > 0:
    last_price = closes[k - 1]
    cycle_at = max(cycle_at, (last_at // cycle + 1) * cycle)
"""


def write_passing(box: Box, names: Mapping[str, str], over: str) -> dict[str, str]:
    """Return the parts of the loop's text.

    Args:
        names: of what a look is given, by its parameters. over: one of the three ways to pass over prices.
    """
    extremes = [line for name, lines in _EXTREMES.items() if box.reads & _READ_BY[name] for line in lines]
    arguments = ", ".join(names.get(name, name) for name in box.arguments)
    return {
        "PASSING": _BOUNDS,
        "EXTREMES": "\n".join(extremes or ["pass"]),
        "ARGUMENTS": arguments,
        "PASS": over,
        "MID_BAR": "(k & 3) != 0" if over is OVER_BARS else "False",
        "BEGIN_PASSING": BEGIN,
        "FAR_OFF": repr(FAR_OFF),
        "LONGEST": repr(LONGEST_WAIT),
    }


_READ_BY = {
    "best": frozenset({"best", "high", "low", "peak"}),
    "worst": frozenset({"worst", "high", "low"}),
}
