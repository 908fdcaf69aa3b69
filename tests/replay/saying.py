"""What the tables of cases share: the refusal of what can't be expressed, and when two prices are the same."""

from __future__ import annotations

import math


class CannotSayError(Exception):
    """A case needs what neither a policy nor a replay can say."""


def same(ours: float, theirs: float) -> bool:
    """Tell whether two prices are the same within a tick's rounding."""
    return math.isclose(ours, theirs, rel_tol=1e-9, abs_tol=0.0100001)
