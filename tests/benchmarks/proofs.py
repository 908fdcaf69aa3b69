"""How long the proofs take on policies of 20, 40, 100 and 300 rules, beside checking and compiling the same text.

Run with `python -m tests.benchmarks.proofs` from the project's root.
"""

from __future__ import annotations

import gc
import statistics
from random import Random

from rulekit.compile.policy import compile_policy
from rulekit.language.reading import check_text
from rulekit.language.tree import PolicyTree
from rulekit.lint import proofs
from rulekit.lint.proofs import prove
from rulekit.lint.regions import Budget
from rulekit.model.clock import stopwatch
from tests.lint.policies import policy_text

SIZES = (20, 40, 100, 300)
BOUNDS = {40: 1.0, 300: 10.0}
SEEDS = range(5)


def main() -> None:
    """Print for each size the seconds of each step, the findings, and how many stayed within the budget."""
    for size in SIZES:
        rows = [_measured(size, seed) for seed in SEEDS]
        check, compiled, proved = (statistics.median(row[place] for row in rows) for place in range(3))
        worst = max(row[2] for row in rows)
        found = statistics.median(row[3] for row in rows)
        bound = f", bound {BOUNDS[size]:.0f} s" if size in BOUNDS else ""
        print(
            f"{size:4} rules: check {check:6.3f} s, compile {compiled:6.3f} s, proofs {proved:6.3f} s (worst"
            f" {worst:.3f}{bound}), {proved / (check + compiled):4.1f} of check and compile; {found:.0f} findings, "
            f"{sum(row[4] for row in rows)} of {len(rows)} within the budget"
        )


def _measured(size: int, seed: int) -> tuple[float, float, float, int, bool]:
    text = policy_text(Random(seed), size)
    gc.collect()
    begun = stopwatch()
    checked = check_text(text)
    check = stopwatch() - begun
    assert checked.tree is not None, checked.diagnostics[:3]
    begun = stopwatch()
    compile_policy(checked.tree)
    compiled = stopwatch() - begun
    seconds, found = _proved(checked.tree)
    return check, compiled, seconds, len(found), "R209" not in found


def _proved(tree: PolicyTree) -> tuple[float, list[str]]:
    proofs.forget()
    begun = stopwatch()
    found = prove(tree, Budget())
    return stopwatch() - begun, [code for code, _ in found]


if __name__ == "__main__":
    main()
