"""The command line called in this process: starting one for each call would take most of the time of such tests."""

from __future__ import annotations

import gc
import io
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from rulekit.cli.main import main


def called(*arguments: str, cwd: Path, encoding: str = "utf-8") -> subprocess.CompletedProcess[str]:
    """Call `rulekit` in a folder, with streams of an encoding; return its exit code and what it wrote."""
    out, err = (io.TextIOWrapper(io.BytesIO(), encoding=encoding, write_through=True) for _ in range(2))
    collecting = gc.isenabled()
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(cwd)
        for name in [each for each in os.environ if each.startswith("RULEKIT_")]:
            patch.delenv(name)
        patch.setattr(sys, "argv", ["rulekit", *arguments])
        patch.setattr(sys, "stdout", out)
        patch.setattr(sys, "stderr", err)
        with pytest.raises(SystemExit) as end:
            main()
    if collecting:
        gc.enable()  # some commands do without
    for number, handler in handlers.items():
        signal.signal(number, handler)  # `run` ends in order when it is asked to
    return subprocess.CompletedProcess(arguments, int(end.value.code or 0), *map(_written, (out, err)))


def _written(stream: io.TextIOWrapper) -> str:
    stream.seek(0)
    return stream.read()
