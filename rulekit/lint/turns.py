"""Books and adds that can hold at once: which they are, and a position that shows them in turn."""

from __future__ import annotations

from collections.abc import Iterator

from rulekit.compile.program import times_allowed
from rulekit.language.tree import Add, Book, Rule
from rulekit.lint.finding import PROVED
from rulekit.lint.proofs import Proof, Proofs, closes_all
from rulekit.lint.telling import bought, looks_told, named, sold


def turns(proofs: Proofs, *, endless: bool) -> Iterator[Proof]:
    """Yield each add that takes turns with books; `endless` where nothing bounds how often."""
    books = [rule for rule in proofs.of(Book) if not closes_all(rule) and proofs.acts(rule)]
    for add in proofs.of(Add):
        if not proofs.acts(add):
            continue
        with_it = [
            book
            for book in books
            if (times_allowed(add) is None and times_allowed(book) is None) is endless and proofs.open(add, book)
        ]
        if with_it:
            yield from _proof(proofs, add, with_it, endless=endless)


def _proof(proofs: Proofs, add: Rule, books: list[Rule], *, endless: bool) -> Iterator[Proof]:
    for book in books:
        shown = proofs.find(
            proofs.open(add, book),
            lambda each, book=book: all(proofs.holds(rule, each) is True for rule in (add, book)),  # type: ignore[misc]
        )
        if shown is None:
            continue
        looks = proofs.play(shown)
        if not sold(looks) or not bought(looks):
            continue
        often = "again and again" if endless else "in turn"
        away, back = ("sold", "bought") if shown.side == "long" else ("bought back", "sold short")
        yield Proof(
            add.span,
            f"this add can hold together with {named(books, 'or')}: the position is booked and added to {often}",
            "let one of them ask for what the other rules out, for example `when times booked is 0`",
            tuple((each.span, "books at the same moment, and goes first") for each in books),
            PROVED,
            (
                proofs.text(shown),
                *looks_told(looks, stops=False),
                f"{sold(looks)} {away} and {bought(looks)} {back} at one price",
            ),
            shown,
            looks[0].decision.actions,
            (add.name, book.name, *(each.name for each in books if each is not book)),
        )
        return
