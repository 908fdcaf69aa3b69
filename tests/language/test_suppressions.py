"""`# allow CODE until DATE: reason`: where it counts, how long, and what is said about one that does not."""

from __future__ import annotations

from datetime import date

import pytest

from rulekit.language.reading import check_text
from rulekit.lint.linting import lint

LATE = "exit at 15:45"
TODAY = date(2026, 11, 20)


def codes(text: str, today: date = TODAY) -> list[str]:
    return [each.code for each in lint(check_text(text), today)]


@pytest.mark.parametrize(
    "text",
    [
        f"{LATE}  # allow T102: agreed",
        f"# allow T102: agreed\n{LATE}",
        f"# allow T102: agreed\n# and why\n{LATE}",
        "# allow T102, L101: agreed\nadd 10% at 5% profit after 15:45, every 5 minutes",
        "exit\n  at 15:45  # allow T102: agreed",
        "# allow T102: agreed\nexit\n  at 15:45",
        f"{LATE}  # Allow t102 until 2026-11-20: the last day counts",
    ],
)
def test_a_suppression_allows_its_code_on_its_sentence(text: str) -> None:
    assert codes(text) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"# allow T102: agreed\n\n{LATE}", ["X101", "T102"]),
        (f"# allow T102: agreed\nexit at 5% loss\nA: {LATE}", ["X101", "T102"]),
        (f"# allow L101: agreed\n{LATE}", ["X101", "T102"]),
        (f"# allow T102, L101: agreed\n{LATE}", ["X101"]),
        (f"{LATE}  # allow T102 until 2026-11-19: agreed", ["T102", "X103"]),
        (f"{LATE}  # allow T102", ["T102", "X102"]),
        (f"{LATE}  # allow T102:", ["T102", "X102"]),
        (f"{LATE}  # allow T102 until tomorrow: agreed", ["T102", "X102"]),
        (f"{LATE}  # allow T102 until 2026-02-30: agreed", ["T102", "X102"]),
        (f"{LATE}  # allow T999: agreed", ["T102", "X102"]),
        (f"{LATE}  # allow: agreed", ["T102", "X102"]),
        ("exit at 15:15  # allow E101: an error cannot be allowed", ["X101"]),
    ],
)
def test_what_does_not_count_is_said(text: str, expected: list[str]) -> None:
    assert codes(text) == expected


def test_a_comment_that_only_begins_alike_is_a_comment() -> None:
    assert codes("# allow some slippage here\nexit at 15:15") == []


def test_an_error_in_the_policy_leaves_suppressions_alone() -> None:
    assert codes(f"boook half\n{LATE}  # allow T102: agreed") == ["E101"]
