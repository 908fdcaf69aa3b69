"""Every code there is: those of the reader and the checker, those of the lint rules, those about suppressions."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from types import ModuleType
from typing import TYPE_CHECKING, Any

from attrs import frozen

from rulekit.language.codes import CODES, Code
from rulekit.lint import plugged
from rulekit.lint.rules import (
    add_beyond_guard,
    add_without_stop,
    adds_multiply,
    after_broker_square_off,
    after_square_off,
    alert_without_end,
    averaging_down,
    beyond_range,
    book_of_everything,
    break_even_at_once,
    compared_with_itself,
    delivery_squared_off,
    double_negation,
    endless_book,
    endless_suppression,
    exact_number,
    example_not_managed,
    example_twice,
    exit_needs_data,
    exit_repeats,
    expired_contract,
    held_into_expiry,
    hours_for_days,
    label_says_other_action,
    label_says_other_number,
    label_style,
    late_protection,
    long_sentence,
    longer_than_session,
    looser_than_another_stop,
    loss_beyond_all,
    names_alike,
    no_examples,
    no_label,
    no_more_to_book,
    no_time_exit,
    no_title,
    no_trading_day,
    not_formatted,
    nothing_expires,
    number_twice,
    one_time,
    outside_applies,
    outside_session,
    policies_overlap,
    price_for_every_instrument,
    rarer_than_session,
    reached_already,
    repeats_over_everything,
    risk_needs_stop,
    rule_without_example,
    said_twice,
    same_definition,
    same_rule,
    shares_of_a_lot,
    shorter_than_cycle,
    sided_word,
    stop_ahead_of_level,
    stop_beyond_market,
    stop_moves_once,
    stop_within_noise,
    sums_over_everything,
    times_exclude,
    title_twice,
    two_square_offs,
    unbounded_add,
    unless_undoes,
    unlimited_loss,
    unused_name,
    whole_session,
    window_beyond_session,
    window_in_parts_of_a_minute,
)
from rulekit.lint.suppressions import ABOUT

_MODULES = (
    # names
    unused_name,
    names_alike,
    same_definition,
    label_says_other_number,
    label_says_other_action,
    title_twice,
    example_twice,
    example_not_managed,
    # units
    loss_beyond_all,
    hours_for_days,
    price_for_every_instrument,
    # quantities
    shares_of_a_lot,
    repeats_over_everything,
    sums_over_everything,
    no_more_to_book,
    add_beyond_guard,
    book_of_everything,
    # stops and safety
    stop_beyond_market,
    stop_ahead_of_level,
    looser_than_another_stop,
    averaging_down,
    stop_within_noise,
    break_even_at_once,
    reached_already,
    # reachability
    same_rule,
    outside_applies,
    compared_with_itself,
    said_twice,
    unless_undoes,
    beyond_range,
    exact_number,
    policies_overlap,
    # gaps in protection
    unlimited_loss,
    add_without_stop,
    late_protection,
    held_into_expiry,
    # time and session
    outside_session,
    no_time_exit,
    after_broker_square_off,
    longer_than_session,
    no_trading_day,
    expired_contract,
    times_exclude,
    two_square_offs,
    after_square_off,
    whole_session,
    delivery_squared_off,
    # limits and memory
    unbounded_add,
    shorter_than_cycle,
    exit_repeats,
    stop_moves_once,
    endless_book,
    rarer_than_session,
    adds_multiply,
    alert_without_end,
    # missing data
    exit_needs_data,
    window_beyond_session,
    window_in_parts_of_a_minute,
    nothing_expires,
    risk_needs_stop,
    # style
    sided_word,
    one_time,
    number_twice,
    label_style,
    no_title,
    no_examples,
    rule_without_example,
    long_sentence,
    no_label,
    double_negation,
    not_formatted,
    # suppressions
    endless_suppression,
)
"""The lint rules that read; those that prove are listed in `rulekit.lint.proving`. `rulekit.lint.rules` says what a
module declares."""


@frozen
class LintRule:
    """A code with its search.

    Args:
        needs: TEXT, TREE, PROOF or FILES, see `rulekit.lint.subject`.
        find: from a `Subject` to findings, or from all subjects of a run to `(index, finding)`.
        on_request: it is a matter of taste and runs only where it is selected.
        said_by: codes that say as much without a proof: where one stands on the same line, this one is left out.
    """

    code: Code
    needs: str
    find: Callable[[Any], Iterator[Any]]
    on_request: bool = False
    said_by: tuple[str, ...] = ()


def _declared(module: ModuleType) -> LintRule:
    return LintRule(
        module.CODE, module.NEEDS, module.find, getattr(module, "ON_REQUEST", False), getattr(module, "SAID_BY", ())
    )


READING: tuple[LintRule, ...] = tuple(_declared(module) for module in _MODULES)
"""The lint rules that read, in the order of the list."""

if TYPE_CHECKING:
    RULES: tuple[LintRule, ...]
    """All lint rules, those that read and those that prove."""
    ALL_CODES: dict[str, Code]
    """Every code, by its number."""


def rules(*, proofs: bool) -> tuple[LintRule, ...]:
    """Return the lint rules, with or without those that prove."""
    return _all_rules() if proofs else READING


@cache
def _all_rules() -> tuple[LintRule, ...]:
    """Import the rules that prove: with them comes the evaluator, which a look without proofs should not wait for."""
    from rulekit.lint.proving import PROVING

    return (*READING, *(_declared(module) for module in PROVING))


def named(word: str) -> Code | None:
    """Return the code of that number or name, if there is one; those of rules that prove are looked at last."""
    return _named(word, _codes(READING)) or _named(word, plugged.codes()) or _named(word, _all_codes())


def of_number(code: str) -> Code:
    """Return the code of a finding: one of the program's, or of an installed package's."""
    return _all_codes().get(code) or plugged.codes()[code]


def _named(word: str, codes: dict[str, Code]) -> Code | None:
    return codes.get(word.upper()) or next((code for code in codes.values() if code.name == word.lower()), None)


def _codes(rules: tuple[LintRule, ...]) -> dict[str, Code]:
    return {**CODES, **{code.code: code for code in (*(rule.code for rule in rules), *ABOUT)}}


@cache
def _all_codes() -> dict[str, Code]:
    return _codes(_all_rules())


_LATE: dict[str, Callable[[], object]] = {"RULES": _all_rules, "ALL_CODES": _all_codes}


def __getattr__(name: str) -> Any:
    if name in _LATE:
        return _LATE[name]()
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
