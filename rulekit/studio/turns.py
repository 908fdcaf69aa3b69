"""Taking turns at a folder: two who publish at once, in one server or in two, do it one after the other."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock

from rulekit.errors import UnreadableFileError
from rulekit.model.clock import WallClock, fresh_bytes

PATIENCE_S = 3.0
"""Publishing takes milliseconds: a turn that is held for longer is that of a process which died in it."""
_LOOK_S = 0.02
_NAME = "turn"
_here = Lock()


@contextmanager
def turn(folder: Path) -> Iterator[None]:
    """Have a folder for oneself for as long as the block runs.

    Raises:
        UnreadableFileError: the folder may not be written.
    """
    with _here:
        path = folder / _NAME
        try:
            folder.mkdir(parents=True, exist_ok=True)
            _take(path)
        except OSError as error:
            raise UnreadableFileError(
                f"`{folder}` may not be written: {error.strerror or error}", "give yourself the right to write it"
            ) from None
        try:
            yield
        finally:
            path.unlink(missing_ok=True)


def _take(path: Path) -> None:
    clock = WallClock()
    mine = fresh_bytes(8).hex()
    held_by, looks = "", 0
    while True:
        try:
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            pass
        except PermissionError:
            if not path.exists():  # Windows says so of a file that is going away
                raise
        else:
            os.write(handle, mine.encode())
            os.close(handle)
            return
        holder = _holder(path)
        looks = looks + 1 if holder == held_by else 0
        held_by = holder
        if looks * _LOOK_S > PATIENCE_S:
            path.unlink(missing_ok=True)
            looks = 0
        clock.sleep(_LOOK_S)


def _holder(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError:
        return ""
