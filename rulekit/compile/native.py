"""Loads loops that were written as source: compiled by numba, which keeps its machine code beside them, or plain."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import sys
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

from rulekit.model.version import VERSION

KEPT = 200
"""So many compiled loops of a kind are kept; the oldest go first."""

FLOORED = '''
@njit(cache=True, error_model="numpy")
def slowly(a, b):
    """Floor division, exact: the quick quotient is proved by its rest, or numba's own is taken."""
    quotient = np.floor(a / b)
    rest = a - quotient * b
    slack = abs(a) * 4.5e-16
    if (slack < rest) & (rest < b - slack):
        return quotient
    return a // b


@njit(cache=True, error_model="numpy", forceinline=True)
def floored(a, b):
    """Floor division, exact: for whole numbers below 2**52 the rounded quotient has the right floor."""
    quotient = np.floor(a / b)
    if ((abs(a) < 4503599627370496.0) & (a == np.floor(a)) & (b == np.floor(b))) | (a != a):
        return quotient
    return slowly(a, b)
'''
"""numba's own floor division costs a call; this one costs it only where a quotient is in doubt."""


@cache
def has_numba() -> bool:
    """Tell whether numba is installed."""
    return importlib.util.find_spec("numba") is not None and importlib.util.find_spec("numpy") is not None


def cache_folder(kind: str) -> Path:
    """Return the folder of compiled loops: RULEKIT_CACHE, or where this system keeps what may be thrown away."""
    given = os.environ.get("RULEKIT_CACHE")
    if given:
        return Path(given) / kind
    if sys.platform == "win32":
        root = Path(os.environ.get("LOCALAPPDATA", Path.home()))
    elif sys.platform == "darwin":
        root = Path.home() / "Library" / "Caches"
    else:
        root = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return root / "rulekit" / kind


def plain_names(source: str, given: dict[str, Any]) -> dict[str, Any]:
    """Run a source that was made from a policy's closed tree, and return what it defines."""
    names = dict(given)
    exec(compile(source, "<loop>", "exec"), names)  # noqa: S102 - never a text of a policy
    return names


_LOADED: dict[str, ModuleType] = {}


def compiled_module(source: str, kind: str, given: Mapping[str, Any] | None = None) -> Any:
    """Load a source that numba compiles from its file, which is written first if it is new.

    Args:
        kind: names the folder. given: functions of other such sources that it calls, by name.
    """
    import numba

    given = given or {}
    called = " ".join(f"{name}={function.__module__}" for name, function in sorted(given.items()))
    mark = hashlib.sha256(f"{VERSION} {numba.__version__} {called}\n{source}".encode()).hexdigest()[:24]
    name = f"{kind}_{mark}"
    if name in _LOADED:
        return _LOADED[name]
    path = cache_folder(kind) / f"{name}.py"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            beside = path.with_name(f".{path.name}.{os.getpid()}")
            beside.write_text(source, encoding="utf-8", newline="\n")
            beside.replace(path)
            _let_go(path.parent)
    except OSError:
        module = ModuleType(name)
        module.__dict__.update(plain_names(source.replace("cache=True", "cache=False"), {"__name__": name, **given}))
        _LOADED[name] = module
        return module
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    module.__dict__.update(given)
    spec.loader.exec_module(module)
    _LOADED[name] = module
    return module


def _let_go(folder: Path) -> None:
    """Delete the oldest loops beyond what is kept."""
    loops = sorted(folder.glob("*.py"), key=lambda path: path.stat().st_mtime)
    for path in loops[:-KEPT]:
        for beside in (*folder.glob(f"__pycache__/{path.stem}*"), path):
            beside.unlink(missing_ok=True)
