"""What may stand in a rule for the whole book: no fact of one position, and no limit on what is latched anyway."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from rulekit.language import tree as t
from rulekit.language.fault import Edit, FaultError
from rulekit.language.reader import Word, joined
from rulekit.language.sentences import condition_text, level_text, limit_text, rule_text, verb_text, when_text
from rulekit.language.tree import TimeForm
from rulekit.language.vocabulary import Vocabulary

CODE = "E131"
FIGURES = "`day loss`, `day profit`, `open positions`, `exposure` and `margin used`"
_BLOCK = "write it below a line `for the whole book`, indented"
_OF_A_POSITION = frozenset({"days to expiry"})
"""Facts of a moment that still belong to one instrument."""
_TIMES = frozenset(
    {
        TimeForm.FROM_CLOCK,
        TimeForm.BEFORE_CLOCK,
        TimeForm.BETWEEN_CLOCK,
        TimeForm.BEFORE_CLOSE,
        TimeForm.ON_DAY,
    }
)


def check_position_rule(rule: t.Rule, words: Iterable[Word]) -> None:
    """Refuse what belongs to the whole book in a rule that looks at one position.

    Args:
        words: those of the sentence.

    Raises:
        FaultError: it acts on the whole book, or its level is one of the book.
    """
    if isinstance(rule.verb, t.WholeBook):
        own = "; to close the position that is looked at write `exit`" if _exits(rule.verb) else ""
        text = f"`{verb_text(rule.verb)}` acts on the whole book"
        named = [word.span for word in words if word.type == "BOOK_ACTION"]
        span = joined(named[0], named[-1])
        meant = (Edit(span, "exit"),) if rule.verb.actions == (t.BookAction.EXIT_EVERYTHING,) else ()
        raise FaultError(CODE, span, text, f"{_BLOCK}{own}", edits=meant)
    if isinstance(rule.level, t.FactLevel):
        level = rule.level
        raise FaultError(
            CODE,
            level.span,
            f"`at {level_text(level)}` is a level of the whole book, and this sentence looks at one position",
            f"write `when {condition_text(level.comparison)}`",
        )


def check_book_rule(rule: t.Rule, vocabulary: Vocabulary) -> None:
    """Refuse what belongs to one position in a rule for the whole book.

    Raises:
        FaultError: its action, a fact, a time or its limit is not one of the book.
    """
    if not isinstance(rule.verb, t.WholeBook):
        raise FaultError(
            CODE,
            rule.span,
            f"`{verb_text(rule.verb)}` acts on one position, and this block is for the whole book",
            f"here may stand `exit everything`, `stop adding` and `stop trading`; write `{rule_text(rule)}` outside",
        )
    if rule.level is not None and not isinstance(rule.level, t.FactLevel):
        raise _strange(f"at {level_text(rule.level)}", rule.level.span)
    for when in rule.times:
        if when.form not in _TIMES:
            raise _strange(when_text(when), when.span)
    for condition in (rule.when, rule.unless):
        if condition is not None:
            _check(condition, condition.span, vocabulary)
    _check_limit(rule)


def _exits(verb: t.WholeBook) -> bool:
    return t.BookAction.EXIT_EVERYTHING in verb.actions


def _strange(text: str, span: t.Span) -> FaultError:
    return FaultError(
        CODE,
        span,
        f"`{text}` belongs to one position, and this block is for the whole book",
        f"compare a figure of the book: {FIGURES}; or give a time of day",
    )


def _check_limit(rule: t.Rule) -> None:
    """Let `exit everything` repeat; what is stopped stays stopped, so a limit on it would say nothing."""
    assert isinstance(rule.verb, t.WholeBook)
    limit = rule.limit
    latched = [action.value for action in rule.verb.actions if action is not t.BookAction.EXIT_EVERYTHING]
    repeats = limit.written and (limit.every is not None or limit.times not in (None, 1))
    if repeats and latched:
        lasts = "for the day" if latched == ["stop adding"] else "until a person resumes"
        raise FaultError(
            CODE,
            limit.span,
            f"`{latched[-1]}` lasts {lasts}, so `{limit_text(limit)}` says nothing",
            "leave the limit out",
        )
    if limit.written and limit.every is not None and limit.every_unit is not t.Unit.DURATION:
        raise FaultError(CODE, limit.span, "the book is looked at in minutes and hours", "write `every 30 minutes`")


# --- conditions ------------------------------------------------------------------------------------------------


def _check(condition: t.Condition, place: t.Span, vocabulary: Vocabulary) -> None:
    """Walk a condition; what a name stands for is answered at the name."""
    walk = _CONDITIONS.get(type(condition))
    if walk is None:
        text = f"`{condition_text(condition)}` cannot stand in a rule for the whole book"
        raise FaultError(
            CODE, place, text, "compare a figure of the book as it is: `when day loss is at least ₹25,000`"
        )
    for part in walk(condition):
        if isinstance(part, t.FactRef):
            row = vocabulary[part.name]
            if row.origin not in ("book", "time") or row.name in _OF_A_POSITION:
                raise _strange(part.phrase, place if part.span == t.NOWHERE else _nearer(part.span, place))
        elif isinstance(part, t.PriceExpr):
            raise _strange(condition_text(condition), place)
        elif not isinstance(part, t.Number | t.Text):
            _check(part, place if isinstance(condition, t.Named) else part.span, vocabulary)


def _nearer(span: t.Span, place: t.Span) -> t.Span:
    """Return the place of a fact, unless it stands in a definition on another line."""
    inside = place.line <= span.line <= place.end_line and (span.line > place.line or span.column >= place.column)
    return span if inside else place


_CONDITIONS: dict[type, Callable[[Any], tuple[Any, ...]]] = {
    t.Comparison: lambda each: (each.left, each.right),
    t.Between: lambda each: (each.operand, each.low, each.high),
    t.And: lambda each: each.items,
    t.Or: lambda each: each.items,
    t.Not: lambda each: (each.item,),
    t.Named: lambda each: (each.condition,),
}
