"""Examples in a policy are run, and say what came instead."""

from __future__ import annotations

from pathlib import Path

import pytest

from rulekit.engine.examples import run_examples
from rulekit.runtime.policy import Policy, load

RULES = """HALF: book 50% at 15% profit after 30 minutes
PROTECT: move stop to break-even + 2% at 10% profit
RIDE: add 25% at 5% profit when momentum is at least 2%
OUT: exit at 15:15
"""


def missed(*lines: str) -> tuple[str, ...]:
    body = "\n".join(f"  {line}" for line in lines)
    (result,) = run_examples(Policy.from_text(f'{RULES}\nexample "it"\n{body}\n').compiled)
    assert result.passed is not bool(result.missed)
    return result.missed


LONG = "long 100 KOTAKBANK at 1690, held 45 minutes"
SHORT = "short 200 KOTAKBANK at 1690, held 45 minutes"


@pytest.mark.parametrize(
    "lines",
    [
        (LONG, "price 1998.50", "expect book 50 because HALF"),
        (LONG, "price 1998.50", "expect stop 1723.80 because PROTECT"),
        (LONG, "price 1700", "expect nothing"),
        (LONG, "price 1700", "time 15:15", "expect exit because OUT"),
        (SHORT, "price 1400", "expect book 50"),
        (SHORT, "price 1600", "momentum 2.5%", "expect add 25 because RIDE"),
    ],
)
def test_expectations_that_are_met(lines: tuple[str, ...]) -> None:
    assert missed(*lines) == ()


def test_expectations_that_are_not_met_say_what_came() -> None:
    assert missed(LONG, "price 1998.50", "expect book 75 because HALF") == (
        "`expect book 75 because HALF`: came book 50 because HALF and stop ₹1723.80 because PROTECT",
    )
    (text,) = missed(LONG, "price 1900", "expect book 50 because HALF")
    assert text == (
        "`expect book 50 because HALF`: came stop ₹1723.80 because PROTECT; `HALF`: not yet: profit 12.4%, needs 15% "
        "(2.6 points short, at ₹1,943.50); age 45 minutes, enough"
    )
    assert missed(LONG, "price 1998.50", "expect nothing")
    assert missed(SHORT, "price 1600", "momentum -2.5%", "expect add 25")


def test_the_shipped_policies_keep_their_examples(project: Path) -> None:
    shipped = sorted((project / "rules").glob("*.policy"))
    assert shipped
    for path in shipped:
        for result in run_examples(load(path).compiled):
            assert result.missed == (), (path.name, result.example.title)
