"""The lint rules that prove, in the order in which they are asked."""

from __future__ import annotations

from types import ModuleType

from rulekit.lint.rules import (
    always_true,
    books_and_adds_in_turn,
    books_together,
    churn_without_end,
    exit_comes_first,
    more_than_the_whole,
    never_holds,
    never_in_session,
    not_checked,
    nothing_to_tighten,
    opened_after_exit,
    rounds_to_nothing,
    stop_never_counts,
    stop_never_set,
    superfluous_part,
    superfluous_rule,
    unprotected_loss,
    waits_in_vain,
)

PROVING: tuple[ModuleType, ...] = (
    # quantities
    books_together,
    books_and_adds_in_turn,
    churn_without_end,
    rounds_to_nothing,
    more_than_the_whole,
    # stops
    stop_never_set,
    stop_never_counts,
    nothing_to_tighten,
    # reachability
    never_holds,
    exit_comes_first,
    waits_in_vain,
    always_true,
    superfluous_rule,
    superfluous_part,
    # gaps, and times
    unprotected_loss,
    opened_after_exit,
    never_in_session,
    # the last: it says what the others left open
    not_checked,
)
