"""Every code there is: those of the reader and the checker, those of the lint rules, those about suppressions."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

from attrs import frozen

from rulekit.language.codes import CODES, Code
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

_MODULES = (
    # names
    unused_name,
    # stops and safety
    stop_ahead_of_level,
    stop_beyond_market,
    # reachability
    same_rule,
    # time and session
    no_time_exit,
    outside_session,
    # limits and memory
    unbounded_add,
    # style
    sided_word,
)
"""The one list of lint rules; `rulekit.lint.rules` says what a module declares."""


@frozen
class LintRule:
    """A code with its search.

    Args:
        needs: TEXT, TREE, PROOF or FILES, see `rulekit.lint.subject`.
        find: from a `Subject` to findings, or from all subjects of a run to `(index, finding)`.
        on_request: it is a matter of taste and runs only where it is selected.
    """

    code: Code
    needs: str
    find: Callable[[Any], Iterator[Any]]
    on_request: bool = False


def _declared(module: ModuleType) -> LintRule:
    return LintRule(module.CODE, module.NEEDS, module.find, getattr(module, "ON_REQUEST", False))


RULES: tuple[LintRule, ...] = tuple(_declared(module) for module in _MODULES)
"""The lint rules in the order of the list."""

ALL_CODES: dict[str, Code] = {
    **CODES,
    **{rule.code.code: rule.code for rule in RULES},
    **{code.code: code for code in (UNUSED, BAD, EXPIRED)},
}
"""Every code, by its number."""
