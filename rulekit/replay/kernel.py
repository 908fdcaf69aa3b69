"""Makes a policy's loop, compiled by numba where it is installed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from attrs import frozen

from rulekit.compile.native import compiled_module, has_numba, plain_names
from rulekit.compile.policy import CompiledPolicy
from rulekit.replay.box import write_box
from rulekit.replay.look import Look, write_look
from rulekit.replay.loop import write_loop

_PLAIN = '''"""A policy's loop, written by rulekit; it may be deleted at any time."""
import math

NAN = float("nan")


def floored(a, b):
    return a // b


def unsigned(i):
    return i


'''
_NATIVE = '''"""A policy's loop, written by rulekit; it may be deleted at any time."""
import math

import numpy as np
from numba import njit

NAN = float("nan")
OPEN, CLOSED, SKIPPED, NEVER = 0.0, 1.0, 2.0, 3.0


@njit(cache=True, error_model="numpy")
def slowly(a, b):
    return a // b


@njit(cache=True, error_model="numpy", forceinline=True)
def floored(a, b):
    """Floor division, exact: the quick quotient is proved by its rest, or the slow one is taken."""
    quotient = np.floor(a / b)
    rest = a - quotient * b
    slack = abs(a) * 4.5e-16
    if (slack < rest) & (rest < b - slack):
        return quotient
    if rest == 0.0 and a != 0.0 and abs(a) < 9007199254740992.0 and a == np.floor(a) and b == np.floor(b):
        return quotient
    return slowly(a, b)


@njit(cache=True, forceinline=True)
def unsigned(i):
    """A place that is never negative, so that it is not looked at from the end."""
    return np.uint64(i)


'''


@frozen
class Kernel:
    """A policy's loop, ready to run.

    Args:
        run: the function. look: what it is made of. native: whether numba compiled it.
    """

    run: Callable[..., Any]
    look: Look
    native: bool
    source: str


def build(
    policy: CompiledPolicy, *, looks: str, path: str, fill: str, native: bool | None = None, passing: bool = True
) -> Kernel:
    """Write and compile the loop of a policy.

    Args:
        native: compile it by numba; None: if it is installed.
        passing: pass over prices at which nothing can be decided; the outcome is the same.
    """
    native = has_numba() if native is None else native
    look = write_look(policy)
    box = write_box(policy, look) if passing else None
    loop = write_loop(policy, look, box, looks=looks, path=path, fill=fill, gaps=path != "ticks")
    boxes = [] if box is None else list(box.texts)
    touch = fill == "touch" and looks != "close"
    if not native:
        again = "look_elsewhere = look\n\n\n" if touch else ""
        states = "OPEN, CLOSED, SKIPPED, NEVER = 0.0, 1.0, 2.0, 3.0\n\n\n"
        source = _PLAIN + states + look.text + "\n\n" + again + "\n\n".join([*boxes, loop])
        return Kernel(plain_names(source, {})["run"], look, False, source)
    # one that raises on a division by zero costs twice as much; here every divisor is a tick or a lot
    numpy = "cache=True, error_model='numpy'"
    inlined = f"@njit({numpy}, forceinline=True)\n{look.text}\n\n"
    elsewhere = look.text.replace("def look(", "def look_elsewhere(")
    again = f"@njit({numpy})\n{elsewhere}\n\n" if touch else ""
    inlines = (", forceinline=True", ", forceinline=True", "", "", "")
    searched = "".join(f"@njit({numpy}{way})\n{text}\n\n" for text, way in zip(boxes, inlines, strict=False))
    source = f"{_NATIVE}{inlined}{again}{searched}@njit({numpy}, nogil=True)\n{loop}"
    return Kernel(compiled_module(source, "replay").run, look, True, source)
