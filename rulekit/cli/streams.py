"""Where a command writes to: consoles of few letters, streams that are closed, and disks that are full."""

from __future__ import annotations

import codecs
import errno
import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any, TextIO, cast

OUTPUT_LOST = 2
"""The exit code where not all could be written: whoever reads the output must not take it for the whole."""

_NAMES = ("stdout", "stderr")
_SUBSTITUTED = "rulekit-substituted"
_PLAIN = {"₹": "Rs ", "…": "...", "×": "x", "−": "-", "–": "-", "—": "-", "≥": ">=", "≤": "<=", "≠": "!=", "→": "->"}
_PLAIN |= dict.fromkeys("“”", '"') | dict.fromkeys("‘’", "'")
_WHY = {errno.ENOSPC: "the disk is full", errno.EPIPE: "whoever read it has stopped reading"}


class Watched:
    """A stream that remembers whether writing to it has failed."""

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream
        self.failure: OSError | None = None

    def write(self, text: str) -> int:
        """Write a text."""
        try:
            return self.stream.write(text)
        except OSError as error:
            self.failure = error
            raise

    def flush(self) -> None:
        """Write out what is left."""
        try:
            self.stream.flush()
        except OSError as error:
            self.failure = error
            raise

    def __getattr__(self, name: str) -> Any:
        return getattr(self.stream, name)

    def let_go(self) -> None:
        """Send all that follows to nowhere, else the interpreter tries again at its end, and complains its own way."""
        with suppress(OSError, ValueError):
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, self.stream.fileno())
            os.close(nowhere)


def _in_plain_letters(error: UnicodeError) -> tuple[str, int]:
    """Write what the stream's letters lack in others: a price must stay a price."""
    assert isinstance(error, UnicodeEncodeError)
    return "".join(_PLAIN.get(each, "?") for each in error.object[error.start : error.end]), error.end


codecs.register_error(_SUBSTITUTED, _in_plain_letters)


def watch_output() -> None:
    """Watch both output streams, and let a console that cannot print ₹ or emoji show a substitute instead of failing.

    A missing stream gets an end that takes all: a program without one would open its first file in that place.
    """
    for name in _NAMES:
        stream = getattr(sys, name)
        if stream is None:
            stream = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors=_SUBSTITUTED)
        setattr(sys, name, cast(TextIO, Watched(stream)))


def lost_output() -> str | None:
    """Write out what is left; return why not all could be written, or None."""
    failures = []
    for name in _NAMES:
        stream = getattr(sys, name)
        with suppress(OSError, ValueError):  # a failure is remembered, and who closes a stream wants no more of it
            stream.flush()
        if getattr(stream, "failure", None) is not None:
            failures.append(stream.failure)
            stream.let_go()
    if not failures:
        return None
    why = _WHY.get(failures[0].errno or 0) or failures[0].strerror or str(failures[0])
    return f"not all of the output could be written: {why}"
