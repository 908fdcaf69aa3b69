"""Books and adds that take turns: which they are, and a path that shows it, look by look."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from rulekit.compile.program import times_allowed
from rulekit.language.tree import Add, Book, Rule
from rulekit.lint.finding import PROVED
from rulekit.lint.leading import looks_back
from rulekit.lint.path import Walk
from rulekit.lint.pathfinding import Step
from rulekit.lint.proofs import Proof, Proofs, closes_all
from rulekit.lint.telling import bought, named, sold, walk_told

_MORE = 3
"""So many other books, and pairs that never hold together, are tried for a longer path."""


def turns(proofs: Proofs) -> Iterator[Proof]:
    """Yield each add that can hold together with a book, where something bounds how often."""
    for add, books in _pairs(proofs, endless=False):
        together = [book for book in books if proofs.open(add, book)]
        found = _at_one_price(proofs, add, together)
        if found is not None:
            text = f"this add can hold together with {named(together, 'or')}: the position is booked and added to"
            book, walk = found
            walk = _longer(proofs, walk, _then_another(proofs, add, book, together))
            yield _proof(proofs, add, _first(book, together), walk, f"{text} in turn", _AT_ONCE)


def churns(proofs: Proofs) -> Iterator[Proof]:
    """Yield each add that takes turns with a book, at one price or as the price comes and goes, without a bound."""
    for add, books in _pairs(proofs, endless=True):
        together = [book for book in books if proofs.open(add, book)]
        found = _at_one_price(proofs, add, together)
        if found is not None:
            text = f"this add can hold together with {named(together, 'or')}: the position is booked and added to"
            book, walk = found
            walk = _longer(proofs, walk, [[*_at_once(proofs, add, book), *_swing(proofs, add, book)]])
            yield _proof(proofs, add, _first(book, together), walk, f"{text} again and again", _AT_ONCE)
            continue
        for book in books[:_MORE]:
            swung = proofs.walk(*_swing(proofs, add, book), *_swing(proofs, add, book))
            if swung is not None and sold(swung.looks) and bought(swung.looks):
                text = f"as the price comes and goes, this add and {named([book])} take turns again and again"
                yield _proof(proofs, add, [book], swung, text, "books in between")
                break


_AT_ONCE = "books at the same moment, and goes first"
Plan = list[Step]


def _pairs(proofs: Proofs, *, endless: bool) -> Iterator[tuple[Rule, list[Rule]]]:
    """Yield each add with the books that are, or are not, as unbounded as it is."""
    books = [rule for rule in proofs.of(Book) if not closes_all(rule) and proofs.acts(rule)]
    for add in proofs.of(Add):
        if not proofs.acts(add):
            continue
        ours = [book for book in books if (times_allowed(add) is None and times_allowed(book) is None) is endless]
        if ours:
            yield add, ours


def _at_one_price(proofs: Proofs, add: Rule, books: list[Rule]) -> tuple[Rule, Walk] | None:
    """Return a book and a walk, at one price if there is one, on which it sells what the add buys."""
    for book in books:
        shown = proofs.find(
            proofs.open(add, book),
            lambda each, book=book: all(proofs.holds(rule, each) is True for rule in (add, book)),  # type: ignore[misc]
        )
        if shown is None:
            continue
        walk = proofs.stay(shown)
        if sold(walk.looks) and bought(walk.looks):
            return book, walk
    return _over_looks(proofs, add, books)


def _over_looks(proofs: Proofs, add: Rule, books: list[Rule]) -> tuple[Rule, Walk] | None:
    """Return the same where one of them asks how it was at earlier looks, so that only a path shows it."""
    for book in [each for each in books if looks_back(each) or looks_back(add)][:_MORE]:
        walk = proofs.walk(*_at_once(proofs, add, book))
        if walk is not None and sold(walk.looks) and bought(walk.looks):
            return book, walk
    return None


def _longer(proofs: Proofs, walk: Walk, plans: Iterable[Plan]) -> Walk:
    """Return a walk from the same beginning on which more is done, where one is found."""
    if _orders(walk) > 2:
        return walk
    for plan in plans:
        found = proofs.walk(*plan, starts=iter((walk.path.start,)))
        if found is not None and _orders(found) > _orders(walk) and bought(found.looks):
            return found
    return walk


def _orders(walk: Walk) -> int:
    return sum(look.order is not None for look in walk.looks)


def _at_once(proofs: Proofs, add: Rule, book: Rule) -> Plan:
    """Return the looks at which both hold and the book goes first, and then the add."""
    return [Step(proofs.open(add, book), book), Step(proofs.open(add), add)]


def _then_another(proofs: Proofs, add: Rule, book: Rule, books: list[Rule]) -> Iterator[Plan]:
    """Yield the plans on which a book follows the add."""
    for other in books[:_MORE]:
        if other is not book or times_allowed(book) != 1:
            yield [*_at_once(proofs, add, book), Step(proofs.open(other), other)]


def _swing(proofs: Proofs, add: Rule, book: Rule) -> Plan:
    return [Step(proofs.open(book), book), Step(proofs.open(add), add)]


def _first(book: Rule, books: list[Rule]) -> list[Rule]:
    """Put a book before the others."""
    return [book, *(each for each in books if each is not book)]


def _proof(proofs: Proofs, add: Rule, books: list[Rule], walk: Walk, message: str, related: str) -> Proof:
    start = walk.path.start
    away, back = ("sold", "bought") if start.side == "long" else ("bought back", "sold short")
    left = 0 if walk.held is None else walk.held.quantity
    return Proof(
        add.span,
        message,
        "let one of them ask for what the other rules out, for example `when times booked is 0`",
        tuple((each.span, related) for each in books),
        PROVED,
        (
            proofs.text(start),
            *walk_told(walk, proofs.vocabulary, stops=False),
            f"in all {sold(walk.looks)} {away} and {bought(walk.looks)} {back}; {left} of {start.quantity} left",
        ),
        start,
        walk.looks[0].decision.actions,
        (add.name, *(each.name for each in books)),
        path=walk.path,
    )
