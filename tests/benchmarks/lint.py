"""How long `rulekit lint` takes from the shell, beside a bare start of Python with the same libraries.

One file, with and without proofs, and a hundred files of twenty rules; in time on the clock and in time of the
processor, which a busy machine stretches less.

Run with `python -m tests.benchmarks.lint` from the project's root.
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
import tempfile
from pathlib import Path

from rulekit.model.clock import stopwatch

PROJECT = Path(__file__).resolve().parents[2]
ROUNDS = 8
FILES, RULES = 100, 20
LIBRARIES = "python with lark, click and attrs"
CALLS = {
    "python alone": ["-c", "pass"],
    LIBRARIES: ["-c", "import lark, click, attrs"],
    "one file": ["-m", "rulekit", "lint", "rules/position-management.policy"],
    "one file, no proofs": ["-m", "rulekit", "lint", "--no-proofs", "rules/position-management.policy"],
    "a hundred files, no proofs": ["-m", "rulekit", "lint", "--no-proofs", "FOLDER"],
}
SENTENCES = (
    "book {share}% at {share}% profit after {minutes} minutes",
    "tighten stop to {share}% from price when busy and age is above {minutes} minutes",
    "add {share}% at {share}% profit when strong and busy, up to 3 times every {minutes} minutes",
    "exit at {share}% loss unless strong",
    "move stop to break-even + {share}% at {share}% profit",
    "exit when loss is above {share}% and (volume is below 1 times normal or day is Friday)",
)


def write_policies(folder: Path) -> None:
    """Write FILES policies of RULES rules, the same ones in each run."""
    for number in range(FILES):
        chance = random.Random(number)
        lines = [f'policy "Number {number}"', f"applies to NSE equity, strategy S{number}"]
        lines += ["define busy as volume is at least 2 times normal", "define strong as momentum is at least 2%"]
        for place in range(RULES):
            sentence = chance.choice(SENTENCES).format(share=chance.randint(1, 90), minutes=chance.randint(5, 300))
            lines.append(f"R{place}: {sentence}")
        (folder / f"p{number:03}.policy").write_text("\n".join(lines) + "\n", encoding="utf-8")


def processor_seconds() -> float:
    """Return the processor's time of all calls so far; not known on Windows."""
    try:
        import resource
    except ImportError:
        return 0.0
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def main() -> None:
    """Take the calls in turn, so that a busy machine is busy for all of them."""
    clock: dict[str, list[float]] = {name: [] for name in CALLS}
    processor: dict[str, list[float]] = {name: [] for name in CALLS}
    with tempfile.TemporaryDirectory() as folder:
        write_policies(Path(folder))
        # As an installed package: with compiled modules, which one call makes.
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        for _ in range(2):
            subprocess.run([sys.executable, *CALLS["one file"]], env=environment, cwd=PROJECT, capture_output=True)
        for _ in range(ROUNDS):
            for name, arguments in CALLS.items():
                call = [sys.executable, *(folder if each == "FOLDER" else each for each in arguments)]
                begun, used = stopwatch(), processor_seconds()
                subprocess.run(call, env=environment, cwd=PROJECT, capture_output=True, check=True)
                clock[name].append((stopwatch() - begun) * 1000)
                processor[name].append((processor_seconds() - used) * 1000)
    base = min(processor[LIBRARIES]) or min(clock[LIBRARIES])
    for name in CALLS:
        best, used = min(clock[name]), min(processor[name])
        print(
            f"{name:36} {best:6.0f} ms, processor {used:6.0f} ms, {(used or best) / base:5.2f} of its libraries' start"
        )
    print("bounds: one file 300 ms, a hundred files 1500 ms")


if __name__ == "__main__":
    main()
