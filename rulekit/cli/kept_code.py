"""Keeps what attrs compiles for each value class, as Python keeps compiled modules, for commands in a hurry."""

from __future__ import annotations

import builtins
import marshal
import os
import re
import sys
from contextlib import suppress
from pathlib import Path
from types import CodeType
from typing import Any

_SALT = re.compile(r"hash\(\(\s*-?[0-9]+")
"""A number that attrs draws anew in each process, to tell the hashes of one class from another's; any one does."""


class KeptCode:
    """Compiles texts, or returns what came of the very same text before.

    Args:
        path: where it is kept; what cannot be read there counts for nothing.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._known: dict[tuple[str, str], CodeType] = {}
        self._grown = False
        with suppress(OSError, ValueError, EOFError, TypeError):
            found = marshal.loads(path.read_bytes())  # noqa: S302 - it lies among our compiled modules, and is as trusted
            self._known = found if isinstance(found, dict) else {}

    def compile(self, source: Any, filename: Any, mode: str, *more: Any, **options: Any) -> Any:
        """Do what the built-in function does."""
        if mode != "exec" or not isinstance(source, str) or more or options:
            return builtins.compile(source, filename, mode, *more, **options)
        key = filename, _SALT.sub("hash((", source)
        code = self._known.get(key)
        if code is None:
            code = self._known[key] = builtins.compile(source, filename, mode)
            self._grown = True
        return code

    def keep(self) -> None:
        """Write what is new, unless Python keeps nothing here either."""
        if not self._grown or sys.dont_write_bytecode or not self._path.parent.is_dir():
            return
        fresh = self._path.with_suffix(f".{os.getpid()}")  # another process may be reading or writing
        with suppress(OSError):
            fresh.write_bytes(marshal.dumps(self._known))
            fresh.replace(self._path)


def keep_code_of_values() -> KeptCode:
    """Let attrs compile through what was kept from now on; a third of such a command's time goes into nothing else."""
    import attr._make as writing

    kept = KeptCode(Path(__file__).parent / "__pycache__" / f"values.{sys.implementation.cache_tag}.code")
    writing.compile = kept.compile  # type: ignore[attr-defined]
    return kept
