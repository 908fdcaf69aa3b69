"""How long `rulekit lint` takes on one file from the shell, beside a bare start of Python with the same libraries.

Run with `python -m tests.benchmarks.lint` from the project's root.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
from pathlib import Path

from rulekit.model.clock import stopwatch

PROJECT = Path(__file__).resolve().parents[2]
ROUNDS = 15
CALLS = {
    "python alone": ["-c", "pass"],
    "python with lark, click and attrs": ["-c", "import lark, click, attrs"],
    "rulekit lint, one file": ["-m", "rulekit", "lint", "rules/position-management.policy"],
}


def main() -> None:
    """Take the calls in turn, so that a busy machine is busy for all of them."""
    times: dict[str, list[float]] = {name: [] for name in CALLS}
    for _ in range(ROUNDS):
        for name, arguments in CALLS.items():
            begun = stopwatch()
            subprocess.run([sys.executable, *arguments], cwd=PROJECT, capture_output=True, check=True)
            times[name].append((stopwatch() - begun) * 1000)
    base = min(times["python with lark, click and attrs"])
    for name, each in times.items():
        best, middle = min(each), statistics.median(each)
        print(f"{name:36} best {best:6.0f} ms, median {middle:6.0f} ms, {best / base:4.2f} of its libraries' start")
    print(f"bound: 300 ms; best {min(times['rulekit lint, one file']):.0f} ms")


if __name__ == "__main__":
    main()
