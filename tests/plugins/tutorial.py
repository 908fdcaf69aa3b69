"""Follows `docs/plugins.md` as a new user: a fresh environment, an empty folder, every command as it stands.

python -m tests.plugins.tutorial [FOLDER]
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

from rulekit.model.clock import stopwatch

PROJECT = Path(__file__).resolve().parents[2]
PAGE = PROJECT / "docs" / "plugins.md"
_BLOCK = re.compile(r"`(?P<file>[\w.]+)`:\n\n```\w+\n(?P<text>.*?)```|```\n(?P<lines>.*?)```", re.DOTALL)
_COMMANDS = ("rulekit ", "pip ", "python ")


def steps(page: str) -> list[tuple[str, str]]:
    """List what the page's first part has a reader do: `("$", command)`, or a file and what stands in it."""
    found: list[tuple[str, str]] = []
    part = page.split("## From an empty folder to a policy")[1].split("\n## ")[0]
    for block in _BLOCK.finditer(part):
        if block["file"]:
            found.append((block["file"], block["text"]))
        else:
            found += [("$", line) for line in block["lines"].splitlines() if line.startswith(_COMMANDS)]
    return found


def main() -> int:
    """Make the environment, follow the page, and say how long each step took; 1 if a command fails."""
    began = stopwatch()
    root = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(tempfile.mkdtemp(prefix="rulekit-plugin-"))
    work = root / "work"
    work.mkdir(parents=True)
    venv.create(root / "venv", with_pip=True)
    tools = root / "venv" / ("Scripts" if os.name == "nt" else "bin")
    environment = {**os.environ, "PATH": f"{tools}{os.pathsep}{os.environ['PATH']}", "VIRTUAL_ENV": str(root / "venv")}
    environment.pop("PYTHONPATH", None)
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    first = [("$", f"pip install -q {PROJECT}"), ("$", "pip install -q pytest")]
    for what, text in [*first, *steps(PAGE.read_text(encoding="utf-8")), ("$", "python -m pytest -q rulekit-swing")]:
        if what != "$":
            (work / what).write_text(text, encoding="utf-8", newline="\n")
            continue
        step = stopwatch()
        done = subprocess.run(shlex.split(text), cwd=work, env=environment, check=False)
        print(f"--- {stopwatch() - step:5.1f} s, exit {done.returncode}: {text}", flush=True)
        if done.returncode:
            return 1
    print(f"{stopwatch() - began:.0f} s in all, in {root}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
