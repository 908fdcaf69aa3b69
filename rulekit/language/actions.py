"""Actions: what a sentence does, with its amount, price or distance."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

from rulekit.language import tree as t
from rulekit.language.alerts import alert
from rulekit.language.fault import Edit, FaultError
from rulekit.language.measures import LOTS, Measure, missing_unit, plain_measure, shortened, text_of
from rulekit.language.parser import Node
from rulekit.language.prices import bounded_distance, price
from rulekit.language.reader import Word
from rulekit.language.scope import Scope
from rulekit.language.words import number_text, rupee_text

_KINDS = {
    "amount_held": t.AmountKind.PERCENT_HELD,
    "amount_original": t.AmountKind.PERCENT_ORIGINAL,
    "amount_up_to": t.AmountKind.UP_TO,
}
_WHOLE = 100


def action(node: Node, scope: Scope) -> t.Verb:
    """Read an action."""
    return _VERBS[node.rule](node, scope)


def amount(node: Node, scope: Scope) -> t.Amount:
    """Read an amount: a share, shares, lots or rupees' worth."""
    if node.rule == "amount_everything":
        return t.Amount(t.AmountKind.EVERYTHING, span=node.span)
    inner = node.nodes()[0]
    if node.rule == "amount_worth":
        return _worth(inner, node, scope)
    kind = _KINDS[node.rule]
    if inner.rule == "fraction":
        word = next(inner.words())
        return t.Amount(kind, share_of(word) * _WHOLE, span=node.span)
    found = plain_measure(inner, scope, "an amount")
    if found.unit is None:
        digits = number_text(found.value)
        raise missing_unit(found, f"{digits}%", f"{digits} shares")
    if found.counted:
        return _counted(found, kind, node)
    if found.unit is t.Unit.RUPEES:
        raise FaultError(
            "U105",
            found.span,
            f"`{found.shown}` of what?",
            f"write `{rupee_text(found.value)} worth` for shares of that value",
            edits=(Edit(found.span, f"{rupee_text(found.value)} worth"),),
        )
    if found.unit is not t.Unit.PERCENT:
        raise FaultError(
            "U102", found.span, f"`{found.shown}` is no amount to trade", "write `50%`, `25 shares`, `2 lots` or `half`"
        )
    return t.Amount(kind, found.value, found.name, node.span)


def share_of(word: Word) -> Fraction:
    """Return the value of `half`, `a third`, `1/2`; `1/0` is a fault."""
    if not isinstance(word.value, Fraction):
        raise FaultError("Q102", word.span, f"`{shortened(word.text)}` is no share", "write a share such as `1/2`")
    return word.value


def _worth(inner: Node, node: Node, scope: Scope) -> t.Amount:
    found = plain_measure(inner, scope, "an amount of money")
    if found.unit is not t.Unit.RUPEES:
        shown = rupee_text(found.value)
        raise FaultError("U102", found.span, f"`{found.shown}` is no amount of money", f"write `{shown} worth`")
    return t.Amount(t.AmountKind.WORTH, found.value, found.name, node.span)


def _counted(found: Measure, kind: t.AmountKind, node: Node) -> t.Amount:
    if kind is not t.AmountKind.PERCENT_HELD:
        raise FaultError(
            "U102", node.span, f"`{found.shown}` is not a share of anything", f"write `{found.shown}` alone, or `50%`"
        )
    if found.value.denominator != 1:
        raise FaultError(
            "Q105", found.span, f"`{found.shown}`: {found.counted} are traded whole", "write a whole number"
        )
    lots = found.counted == LOTS
    return t.Amount(t.AmountKind.LOTS if lots else t.AmountKind.SHARES, found.value, found.name, node.span)


def _no_nothing(found: t.Amount) -> t.Amount:
    if found.kind is not t.AmountKind.EVERYTHING and found.value == 0:
        raise FaultError(
            "Q102", found.span, "an amount of nothing trades nothing", "write an amount above zero, or delete the line"
        )
    return found


def _book(node: Node, scope: Scope) -> t.Verb:
    found = _no_nothing(amount(node.nodes()[0], scope))
    shares = (t.AmountKind.PERCENT_HELD, t.AmountKind.PERCENT_ORIGINAL, t.AmountKind.UP_TO)
    if found.kind in shares and found.value > _WHOLE:
        raise FaultError(
            "Q101", found.span, "a position can be booked at most 100%", "write a share up to `100%`, or `exit`"
        )
    return t.Book(found)


def _add(node: Node, scope: Scope) -> t.Verb:
    found = _no_nothing(amount(node.nodes()[0], scope))
    if found.kind is t.AmountKind.UP_TO:
        raise FaultError(
            "Q106", found.span, "`up to` counts what was booked; it does not limit adding", "write `add 25%`"
        )
    return t.Add(found)


def _tighten_by(node: Node, scope: Scope) -> t.Verb:
    percent = _share(node.nodes()[0], scope)
    if percent >= _WHOLE:
        raise FaultError(
            "S102", node.nodes()[0].span, "a stop tightened by 100% stands at the price", "write less than `100%`"
        )
    return t.TightenStopBy(percent)


def _lock_in(node: Node, scope: Scope) -> t.Verb:
    percent = _share(node.nodes()[0], scope)
    if percent > _WHOLE:
        raise FaultError(
            "S102", node.nodes()[0].span, "more than 100% of the peak profit cannot be kept", "write `50%`"
        )
    return t.LockIn(percent)


def _share(node: Node, scope: Scope) -> Fraction:
    if node.rule == "fraction":
        percent = share_of(next(node.words())) * _WHOLE
    else:
        found = plain_measure(node, scope, "a percentage")
        if found.unit is None:
            raise missing_unit(found, f"{number_text(found.value)}%")
        if found.unit is not t.Unit.PERCENT:
            raise FaultError("U102", node.span, f"`{found.shown}` is no percentage", "write `50%`")
        percent = found.value
    if percent == 0:
        raise FaultError("S103", node.span, f"`{text_of(node)}` of it is nothing", "write a percentage above zero")
    return percent


def _whole_book(node: Node, scope: Scope) -> t.Verb:
    words = [word for word in node.words() if word.type == "BOOK_ACTION"]
    for place, word in enumerate(words):
        if word.value in [each.value for each in words[:place]]:
            raise FaultError("E106", word.span, f"`{word.text}` stands here twice", "keep one of them")
    return t.WholeBook(tuple(t.BookAction(word.value) for word in words))


_VERBS: dict[str, Callable[[Node, Scope], t.Verb]] = {
    "exit": lambda node, scope: t.Exit(),
    "book": _book,
    "add": _add,
    "move_stop": lambda node, scope: t.MoveStop(price(node.nodes()[0], scope)),
    "tighten_stop": lambda node, scope: t.MoveStop(price(node.nodes()[0], scope), tighten=True),
    "tighten_stop_by": _tighten_by,
    "set_target": lambda node, scope: t.SetTarget(price(node.nodes()[0], scope)),
    "trail_stop": lambda node, scope: t.TrailStop(bounded_distance(node.nodes()[0], scope)),
    "lock_in": _lock_in,
    "alert": alert,
    "whole_book": _whole_book,
}
