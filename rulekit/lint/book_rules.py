"""What is proved of rules for the whole book: that one never acts, holds nothing back, or comes after another."""

from __future__ import annotations

from collections.abc import Iterator

from attrs import evolve

from rulekit.language.tree import BookAction, Rule, WholeBook
from rulekit.lint.finding import POSSIBLE, PROVED
from rulekit.lint.parts import is_bare
from rulekit.lint.proofs import Proof
from rulekit.lint.telling import named
from rulekit.lint.whole_book import BookProofs, BookWitness

EXITS, NO_ADDS, NO_TRADES = BookAction.EXIT_EVERYTHING, BookAction.STOP_ADDING, BookAction.STOP_TRADING


def never_acts(book: BookProofs) -> Iterator[Proof]:
    """Yield every rule for the book that no figures and no time satisfy."""
    for rule in book.rules:
        parts = book.meaning.parts[rule.name]
        if book.region(rule):
            continue
        rest = book.meaning.all_of(*(part.term for part in parts[:-1]))
        near = book.find(rest, lambda each, rule=rule: not book.acts(rule, each))  # type: ignore[misc]
        texts = " and ".join(f"`{part.text}`" for part in parts)
        what = "can never hold" if len(parts) == 1 else f"cannot {'both' if len(parts) == 2 else 'all'} hold"
        reason = () if near is None else (book.text(near), _why_not(book, rule, near))
        yield _proof(
            book, rule, f"{texts} {what}, so this rule never acts", "change a number or a direction", near, reason
        )


def always_holds(book: BookProofs) -> Iterator[Proof]:
    """Yield every part of a rule for the book that no figures make false."""
    for rule in book.rules:
        for part in book.meaning.parts[rule.name] if book.region(rule) else ():
            if not part.text or book.meaning.can_fail(part.term):
                continue
            shown = book.find(book.region(rule), lambda each, rule=rule: book.acts(rule, each))  # type: ignore[misc]
            if shown is not None:
                message = f"`{part.text}` is always true wherever its figures are known, so it holds nothing back"
                help = "look at its numbers and directions (`and` or `or`?), or leave it out"
                yield evolve(
                    _proof(book, rule, message, help, shown, (book.text(shown), book.told(shown))), span=part.span
                )


def comes_after(book: BookProofs) -> Iterator[Proof]:
    """Yield every rule for the book that holds only where another orders as much; of two alike the later one."""
    kept = list(book.rules)
    for rule in reversed(book.rules):
        region = book.region(rule)
        for other in kept:
            if not region or other is rule or not _orders_as_much(other, rule):
                continue
            if book.meaning.less(region, book.region(other)):
                continue
            shown = book.find(
                region,
                lambda each, two=(rule, other): all(book.acts(one, each) for one in two),  # type: ignore[misc]
            )
            if shown is not None:
                kept.remove(rule)
                yield _proof(
                    book,
                    rule,
                    f"whenever this rule holds, `{other.name}` has ordered as much: without it the same happens",
                    "delete it, or let it begin earlier",
                    shown,
                    (book.text(shown), book.told(shown)),
                    [other],
                    "orders as much, and holds whenever this one does",
                    POSSIBLE if EXITS in _actions(rule) else PROVED,
                )
                break


def opened_again(book: BookProofs) -> Iterator[Proof]:
    """Yield every exit of everything by a figure of the book after which something may still be opened."""
    stops = [rule for rule in book.rules if {NO_ADDS, NO_TRADES} & _actions(rule)]
    for rule in book.rules:
        region = book.region(rule)
        if EXITS not in _actions(rule) or rule in stops or is_bare(rule) or not region:
            continue
        free = book.meaning.less(region, *(book.region(other) for other in stops))
        shown = book.find(
            free,
            lambda each, rule=rule: book.acts(rule, each) and not any(book.acts(one, each) for one in stops),  # type: ignore[misc]
        )
        if shown is None:
            continue
        later = [other for other in stops if book.meaning.less(book.region(other), region) == ()]
        until = f", until {named(later, 'or')} holds," if later else ""
        yield _proof(
            book,
            rule,
            f"this rule exits everything and nothing stops trading then: what is opened afterwards{until}"
            " is not closed again",
            "write `exit everything and stop trading`",
            shown,
            (book.text(shown), book.told(shown)),
            later,
            "stops it only here",
        )


def _actions(rule: Rule) -> set[BookAction]:
    assert isinstance(rule.verb, WholeBook)
    return set(rule.verb.actions)


def _orders_as_much(other: Rule, rule: Rule) -> bool:
    """Tell whether all that a rule orders stands already where another has fired; exits may be wanted again."""
    theirs, ours = _actions(other), _actions(rule)
    if NO_TRADES in theirs:
        theirs = theirs | {NO_ADDS}
    elif EXITS in ours:
        return False
    return ours <= theirs


def _why_not(book: BookProofs, rule: Rule, near: BookWitness) -> str:
    return next((f"`{rule.name}`: {each.why}" for each in book.decide(near).not_yet if each.rule == rule.name), "")


def _proof(
    book: BookProofs,
    rule: Rule,
    message: str,
    help: str,
    shown: BookWitness | None,
    lines: tuple[str, ...],
    others: list[Rule] | None = None,
    what: str = "",
    status: str = PROVED,
) -> Proof:
    related = tuple((other.span, what) for other in others or ())
    about = (rule.name, *(other.name for other in others or ()))
    decided = () if shown is None else book.decide(shown).actions
    return Proof(rule.span, message, help, related, status, lines, None, decided, about, book=shown)
