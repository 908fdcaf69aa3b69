"""The policy that a person writes in these tests, and the day on which they do."""

from __future__ import annotations

from datetime import date

from rulekit.model.shipped import shipped_folder

TODAY = date(2026, 11, 23)

SECTION_ONE = """\
# Take money off the table, protect the rest.
policy "Position management"
applies to NSE equity, product MIS

set first target to 15%

define strong momentum as momentum over 15 minutes is at least 2%
define high volume     as volume is at least 1.5 times normal
define high volatility as volatility is at least 2 times normal

PARTIAL_PROFIT_BOOKING_50%: book 50% at first target profit after 30 minutes
PARTIAL_PROFIT_BOOKING_75%: book 75% at 25% profit
POSITION_SCALING_MOMENTUM:  add 25% at 5% profit when strong momentum and high volume
STOP_LOSS_ADJUSTMENT:       move stop to break-even + 2% at 10% profit
TIME_BASED_TIGHTENING:      tighten stop to 1% from price after 2 hours
VOLATILITY_ADJUSTMENT:      tighten stop to 2% from price when high volatility
"Square off":               exit at 15:15

example "the first target"
  long 100 KOTAKBANK at 1690, held 45 minutes
  price 1998.50
  expect book 50 because PARTIAL_PROFIT_BOOKING_50%
"""
"""What stands at the beginning of the language's description."""


def shipped(name: str) -> str:
    """Return the text of a ready policy."""
    return shipped_folder("rules").joinpath(f"{name}.policy").read_text(encoding="utf-8")
