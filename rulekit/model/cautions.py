"""Defaults of caution that are known before anything runs: the execution keeps them, the linter warns by them."""

from __future__ import annotations

SQUARE_OFF_MINUTES = {"NSE": 10, "BSE": 10, "NFO": 5, "BFO": 5, "CDS": 15, "BCD": 15, "MCX": 25}
"""Minutes before the close at which a broker squares off intraday products, by exchange."""

ADD_MAX_SHARE = 1.0
"""Largest add, as a share of the original quantity."""
