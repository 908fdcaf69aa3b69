"""Compiles a policy's loop over columns: by numba where it is installed, else as plain Python."""

from __future__ import annotations

from collections.abc import Callable
from math import floor
from typing import Any

from attrs import frozen

from rulekit.bulk.loop import Loop
from rulekit.bulk.rolled import TIMES_NOTED, RolledLoop
from rulekit.bulk.tiles import CALLED, COMMON, STRIDE, Tiles, write_tiles
from rulekit.compile.layout import FIRST_STATUS
from rulekit.compile.native import FLOORED, compiled_module, plain_names
from rulekit.model.prices import UNKNOWN, to_units

DOUBTS = 64
"""So many rows whose quick division may be off are decided again as plain Python; more by a compiled loop."""

_NATIVE = f'''"""A policy's loop over columns, written by rulekit; it may be deleted at any time."""
import numpy as np
from numba import njit, types
from numba.extending import intrinsic

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


_TILED = '''"""A policy's loop over columns, written by rulekit; it may be deleted at any time."""
import numpy as np
from numba import njit

NAN = float("nan")
floor = np.floor

'''


@frozen
class TiledLoop:
    """A compiled loop over few rows at a time, which takes what the loop row by row takes.

    Args:
        run: the compiled function. tiles: its source. loop: that of the loop row by row, for rows in doubt.
    """

    run: Callable[..., int]
    tiles: Tiles
    loop: Loop

    def __call__(self, first: int, last: int, *given: Any) -> int:
        """Decide on some rows; return the first that holds what it cannot hold, or -1."""
        import numpy as np

        given = _as_compiled(self.loop, given)
        numbers = np.zeros(self.tiles.numbers * STRIDE)
        instants = np.zeros(self.tiles.instants * STRIDE, np.int64)
        doubts = np.zeros(DOUBTS + 1, np.int64)
        wrong = self.run(first, last, *given, numbers, instants, doubts)
        if wrong < 0 and doubts[0]:
            return self._again(first, last, given, doubts)
        return wrong

    def _again(self, first: int, last: int, given: tuple[Any, ...], doubts: Any) -> int:
        """Decide again, by exact divisions, on the rows in doubt."""
        if doubts[0] > DOUBTS:
            return native_loop(self.loop)(first, last, *given)
        plain, rows = plain_loop(self.loop), doubts[1 : doubts[0] + 1]
        for row in rows.tolist():
            parts = [_row_of(values, row, last) for values in given]
            lists = [part.tolist() if hasattr(part, "tolist") else part for part in parts]
            plain(0, 1, *lists)
            for name, part, found in zip(self.loop.parameters, parts, lists, strict=True):
                if name.startswith("o_"):
                    part[:] = found
        return -1


def _as_compiled(loop: Loop, given: tuple[Any, ...]) -> tuple[Any, ...]:
    """Return what a loop is given, its columns not to be written to, as those are that come by way of Arrow.

    numba would compile the loop again for columns that may be written to.
    """
    columns = sum(name.startswith("c_") for name in loop.parameters)
    views = [values.view() for values in given[:columns]]
    for view in views:
        view.flags.writeable = False
    return (*views, *given[columns:])


def _row_of(values: Any, row: int, rows: int) -> Any:
    """Return what belongs to one row: of a column one number, of a result one or several."""
    if not hasattr(values, "__len__"):
        return values
    each = len(values) // rows
    return values[row * each : (row + 1) * each]


def native_tiles(loop: Loop) -> TiledLoop:
    """Return a loop that does for several rows at once what another does row by row, compiled."""
    tiles = write_tiles(loop)
    common = compiled_module(f"{_NATIVE}{COMMON}", "bulk")
    called = {name: getattr(common, name) for name in CALLED}
    run: Callable[..., int] = compiled_module(f"{_TILED}{tiles.text}", "bulk", called).run
    return TiledLoop(run, tiles, loop)


CHUNK = 1024
"""So many rows at a time bring what is remembered of many rules into one array."""


@frozen
class ChunkedLoop:
    """A compiled loop over many rules, which takes what the loop row by row takes.

    Args:
        run: the compiled function. rolled: its source.
    """

    run: Callable[..., int]
    rolled: RolledLoop

    def __call__(self, first: int, last: int, *given: Any) -> int:
        """Decide on some rows; return the first that holds what it cannot hold, or -1."""
        import numpy as np

        rolled = self.rolled
        everything = dict(zip(rolled.parameters, given, strict=True))
        memory = np.empty((rolled.places, min(CHUNK, last - first)))
        statuses = np.zeros(FIRST_STATUS + rolled.rules)
        noted = np.empty(TIMES_NOTED * rolled.rules, np.int64)
        loop = rolled.loop
        taken = _as_compiled(loop, tuple(everything[name] for name in loop.parameters if name in everything))
        table = np.array(rolled.table)
        for start in range(first, last, CHUNK):
            stop = min(start + CHUNK, last)
            for place, value in rolled.same.items():
                memory[place] = value
            for name, place in rolled.memory.items():
                memory[place, : stop - start] = everything[name][start:stop]
            wrong = self.run(start, stop, *taken, table, memory, start, statuses, noted)
            if wrong >= 0:
                return wrong
        return -1


def native_rolled(rolled: RolledLoop) -> ChunkedLoop:
    """Return a loop over many rules, compiled."""
    return ChunkedLoop(_compiled(rolled.loop), rolled)


def native_loop(loop: Loop) -> Callable[..., int]:
    """Return the loop, compiled when it is first called, or before: the machine code is kept in a folder."""
    run = _compiled(loop)
    return lambda first, last, *given: run(first, last, *_as_compiled(loop, given))


def _compiled(loop: Loop) -> Callable[..., int]:
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
