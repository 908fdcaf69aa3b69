"""Every code there is: those of the reader and the checker, those of the lint rules, those about suppressions."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from rulekit.language.codes import CODES, Code
from rulekit.language.reading import Checked
from rulekit.language.tree import PolicyTree
from rulekit.lint.finding import Finding
from rulekit.lint.rules import (
    no_time_exit,
    outside_session,
    same_rule,
    sided_word,
    stop_ahead_of_level,
    stop_beyond_market,
    unbounded_add,
    unused_name,
)
from rulekit.lint.suppressions import BAD, EXPIRED, UNUSED

Find = Callable[[PolicyTree, Checked], Iterator[Finding]]

RULES: tuple[tuple[Code, Find], ...] = tuple(
    (module.CODE, module.find)
    for module in (
        unused_name,
        stop_beyond_market,
        stop_ahead_of_level,
        outside_session,
        no_time_exit,
        unbounded_add,
        same_rule,
        sided_word,
    )
)
"""The lint rules: each its code and its search."""

ALL_CODES: dict[str, Code] = {
    **CODES,
    **{code.code: code for code, _ in RULES},
    **{code.code: code for code in (UNUSED, BAD, EXPIRED)},
}
"""Every code, by its number."""
