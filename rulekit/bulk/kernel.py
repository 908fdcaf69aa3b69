"""Compiles a policy's loop over columns: by numba where it is installed, else as plain Python."""

from __future__ import annotations

from collections.abc import Callable
from math import floor

from rulekit.bulk.loop import Loop
from rulekit.compile.native import FLOORED, compiled_module, plain_names
from rulekit.model.prices import UNKNOWN, to_units

_NATIVE = f'''"""A policy's loop over columns, written by rulekit; it may be deleted at any time."""
import numpy as np
from numba import njit

NAN = float("nan")
floor = np.floor

{FLOORED}

@njit(cache=True, error_model="numpy")
def rounded(value):
    """Round to six decimals as a decimal would: the product's error, known exactly, breaks the ties."""
    if not abs(value) < np.inf:
        return np.nan
    if abs(value) >= 8589934592.0:
        return value
    product = value * 1e6
    high = value * 134217729.0
    high = high - (high - value)
    low = value - high
    # 1e6 has a short mantissa, so both partial products are exact
    error = (high * 1e6 - product) + low * 1e6
    whole = np.rint(product)
    rest = product - whole
    if abs(rest) == 0.5:
        if rest > 0.0 and error > 0.0:
            whole += 1.0
        elif rest < 0.0 and error < 0.0:
            whole -= 1.0
    elif rest == 0.0 and abs(error) == 0.5 and whole % 2.0 != 0.0:
        whole += 2.0 * error
    near = whole / 1e6
    nearest = np.rint(near)
    return nearest if abs(near - nearest) < 1e-6 else near


@njit(cache=True, error_model="numpy", forceinline=True)
def units(price, scale):
    """Return rupees in smallest units, as `rulekit.model.prices.to_units` does."""
    value = price * scale
    nearest = np.rint(value)
    if abs(value - nearest) < 4e-7 and abs(value) < 4294967296.0:
        return nearest
    return rounded(value)


'''


def native_loop(loop: Loop) -> Callable[..., int]:
    """Return the loop, compiled when it is first called, or before: the machine code is kept in a folder."""
    # one that raises on a division by zero costs twice as much; here every divisor is a tick, a lot or a scale
    source = f'{_NATIVE}@njit(cache=True, error_model="numpy", nogil=True)\n{loop.text}'
    run: Callable[..., int] = compiled_module(source, "bulk").run
    return run


def plain_loop(loop: Loop) -> Callable[..., int]:
    """Return the loop as plain Python over lists."""
    names = {"NAN": UNKNOWN, "floor": floor, "floored": _floored, "units": to_units}
    run: Callable[..., int] = plain_names(loop.text, names)["run"]
    return run


def _floored(a: float, b: float) -> float:
    return a // b
