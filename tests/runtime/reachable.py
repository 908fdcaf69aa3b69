"""What an object holds on to: the lengths of all containers that can be reached from it, by the path to them."""

from __future__ import annotations

import types
from collections import Counter, deque
from collections.abc import Iterable, Iterator
from typing import Any

_PLAIN = (str, bytes, int, float, bool, type(None))
_SHARED = (types.ModuleType, type, types.FunctionType, types.BuiltinFunctionType)


def lengths(root: object, *, without: Iterable[object] = ()) -> Counter[str]:
    """Return the sum of the lengths of the containers at each path, for instance `._ledger.actions`.

    Args:
        root: from where to look.
        without: objects that are not looked into.
    """
    seen = {id(one) for one in without}
    found: Counter[str] = Counter()
    waiting: deque[tuple[str, object]] = deque([("", root)])
    while waiting:
        path, one = waiting.popleft()
        if isinstance(one, _PLAIN + _SHARED) or id(one) in seen:
            continue
        seen.add(id(one))
        if isinstance(one, dict | list | tuple | set | frozenset | deque):
            found[path] += len(one)
        waiting.extend((path + step, held) for step, held in _held(one))
    return found


def _held(one: Any) -> Iterator[tuple[str, object]]:
    if isinstance(one, dict):
        yield from (("{}", value) for pair in one.items() for value in pair)
    elif isinstance(one, list | tuple | set | frozenset | deque):
        yield from (("[]", value) for value in one)
    elif isinstance(one, types.MethodType):
        yield "()", one.__self__
    else:
        yield from ((f".{name}", value) for name, value in getattr(one, "__dict__", {}).items())
        for kind in type(one).__mro__:
            names = vars(kind).get("__slots__", ())
            for name in (names,) if isinstance(names, str) else names:
                if not name.startswith("__") and hasattr(one, name):
                    yield f".{name}", getattr(one, name)
        for name in ("func", "args"):  # of a partial
            if hasattr(one, name) and callable(one):
                yield f".{name}", getattr(one, name)
