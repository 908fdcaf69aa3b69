"""Policies of worlds: real habits, scaled to what minutes move, with everything that keeps a memory."""

from __future__ import annotations

SEVEN = """\
policy "Seven"
define strong momentum as momentum over 15 minutes is at least 0.1%
define high volume as volume is at least 1.5 times normal
FIRST: book 50% at 0.6% profit after 2 minutes
SECOND: book 75% at 1% profit
MORE: add 25% at 0.2% profit when strong momentum and high volume
BE: move stop to break-even + 0.05% at 0.4% profit
TIME: tighten stop to 0.5% from price after 4 minutes
VOLA: tighten stop to 0.6% from price when volatility is at least 2 times normal
OUT: exit at 2% loss
"""
SLICES = """\
policy "Slices"
SLICE: book 20% at 0.1% profit every 1 minutes up to 6 times
AGAIN: add 25% at 0.15% profit every 2 minutes up to 3 times
TRAIL: trail stop 0.6%
LOCK: lock in 50% of peak profit when peak profit is at least 0.5%
LATE: exit after 8 minutes
"""
HASTY = """\
policy "Hasty"
HALF: book half at 0.1% profit
"Half again": book half at 0.2% loss
REST: exit after 3 minutes when volume is at least 1 times normal
STOP: move stop to entry - 0.4% after 1 minutes
GONE: exit after 6 minutes
"""
BIG = """\
policy "Big"
UP: add 100% of the original at 0.1% profit
TO75: book up to 75% at 0.3% profit
TO75_LOSS: book up to 75% at 0.3% loss
ALL: exit at 0.5% loss
TRAIL: trail stop 0.4% when peak profit is at least 0.3%
"""
BOOKS = (SEVEN, SLICES, HASTY, BIG)
