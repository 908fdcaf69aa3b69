"""Compiles a policy's loop, by numba where it is installed, and keeps what was compiled in a folder of the user's."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

from attrs import frozen

from rulekit.compile.policy import CompiledPolicy
from rulekit.model.version import VERSION
from rulekit.replay.box import write_box
from rulekit.replay.look import Look, write_look
from rulekit.replay.loop import write_loop

KEPT = 200
"""So many compiled loops are kept; the oldest go first."""

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


def has_numba() -> bool:
    """Tell whether numba is installed."""
    return importlib.util.find_spec("numba") is not None and importlib.util.find_spec("numpy") is not None


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
        names: dict[str, Any] = {}
        exec(compile(source, "<replay>", "exec"), names)  # noqa: S102 - made from the policy's own closed tree
        return Kernel(names["run"], look, False, source)
    # one that raises on a division by zero costs twice as much; here every divisor is a tick or a lot
    numpy = "cache=True, error_model='numpy'"
    inlined = f"@njit({numpy}, forceinline=True)\n{look.text}\n\n"
    elsewhere = look.text.replace("def look(", "def look_elsewhere(")
    again = f"@njit({numpy})\n{elsewhere}\n\n" if touch else ""
    inlines = (", forceinline=True", ", forceinline=True", "", "", "")
    searched = "".join(f"@njit({numpy}{way})\n{text}\n\n" for text, way in zip(boxes, inlines, strict=False))
    source = f"{_NATIVE}{inlined}{again}{searched}@njit({numpy}, nogil=True)\n{loop}"
    return Kernel(_module(source).run, look, True, source)


def cache_folder() -> Path:
    """Return the folder of compiled loops: RULEKIT_CACHE, or where this system keeps what may be thrown away."""
    given = os.environ.get("RULEKIT_CACHE")
    if given:
        return Path(given) / "replay"
    if sys.platform == "win32":
        root = Path(os.environ.get("LOCALAPPDATA", Path.home()))
    elif sys.platform == "darwin":
        root = Path.home() / "Library" / "Caches"
    else:
        root = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return root / "rulekit" / "replay"


_LOADED: dict[str, ModuleType] = {}


def _module(source: str) -> Any:
    """Load a loop from its file, which is written first if it is new; numba keeps its machine code beside it."""
    import numba

    mark = hashlib.sha256(f"{VERSION} {numba.__version__}\n{source}".encode()).hexdigest()[:24]
    if mark in _LOADED:
        return _LOADED[mark]
    folder = cache_folder()
    path = folder / f"loop_{mark}.py"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            beside = path.with_name(f".{path.name}.{os.getpid()}")
            beside.write_text(source, encoding="utf-8", newline="\n")
            beside.replace(path)
            _let_go(folder)
    except OSError:
        source = source.replace("cache=True", "cache=False")
        names: dict[str, Any] = {}
        exec(compile(source, "<replay>", "exec"), names)  # noqa: S102 - as above
        module = ModuleType(f"loop_{mark}")
        module.__dict__.update(names)
        _LOADED[mark] = module
        return module
    spec = importlib.util.spec_from_file_location(f"loop_{mark}", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    _LOADED[mark] = module
    return module


def _let_go(folder: Path) -> None:
    """Delete the oldest loops beyond what is kept."""
    loops = sorted(folder.glob("loop_*.py"), key=lambda path: path.stat().st_mtime)
    for path in loops[:-KEPT]:
        for beside in (*folder.glob(f"__pycache__/{path.stem}*"), path):
            beside.unlink(missing_ok=True)
