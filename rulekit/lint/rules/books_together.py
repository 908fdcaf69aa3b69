"""Q201: books that hold at once and wait for each other, and what they close in all."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from itertools import pairwise

from rulekit.language.tree import Add, AmountKind, Book, Rule
from rulekit.language.words import number_text
from rulekit.lint.finding import INFO, PROVED, Code, Finding
from rulekit.lint.leading import looks_back
from rulekit.lint.path import Walk
from rulekit.lint.proofs import Proof, Proofs, closes_all, proofs_of, within_budget
from rulekit.lint.subject import PROOF, Subject
from rulekit.lint.telling import bought, looks_told, named, sold, walk_told
from rulekit.lint.witness import price_told
from rulekit.model.decision import ADD

CODE = Code("Q201", "books-together", INFO, "books that can hold at once: they wait for each other, and close less")
NEEDS = PROOF
_ADDS, _GROUP = 2, 4
"""So many adds before so many books are tried for a longer path."""
_HELP = "each share is of what is held then; `up to 75%` counts from the original and always means the same"
_SHARES = (AmountKind.PERCENT_HELD, AmountKind.PERCENT_ORIGINAL)


def find(subject: Subject) -> Iterator[Finding]:
    """Yield books that can hold at once, unless they are steps that come in the order of the file."""
    yield from within_budget(proofs_of(subject.tree), _search)


def _search(proofs: Proofs) -> Iterator[Proof]:
    books = [rule for rule in proofs.of(Book) if not closes_all(rule) and proofs.acts(rule)]
    told: set[str] = set()
    for place, rule in enumerate(books):
        if rule.name in told:
            continue
        group = [rule]
        for other in books[place + 1 :]:
            if proofs.open(*group, other):
                group.append(other)
        if len(group) > 1 and not _from_original(group) and (_written(group) > 100 or not _in_steps(proofs, group)):
            found = list(_proof(proofs, group))
            yield from found
            told.update(other.name for other in group if found)


def _written(group: list[Rule]) -> Fraction:
    """Add up the shares as they are written."""
    amounts = [rule.verb.amount for rule in group if isinstance(rule.verb, Book)]
    return sum((amount.value for amount in amounts if amount.kind in _SHARES), Fraction(0))


def _from_original(group: list[Rule]) -> bool:
    """Tell whether all count from the original: then they close the same in any order."""
    return all(isinstance(rule.verb, Book) and rule.verb.amount.kind is AmountKind.UP_TO for rule in group)


def _in_steps(proofs: Proofs, group: list[Rule]) -> bool:
    """Tell whether each holds only where the one before it holds: then they act in the order of the file."""
    return all(proofs.covering(proofs.region(later), [before]) for before, later in pairwise(group))


def _proof(proofs: Proofs, group: list[Rule]) -> Iterator[Proof]:
    shown = proofs.find(proofs.open(*group), lambda each: all(proofs.holds(rule, each) is True for rule in group))
    if shown is None:
        yield from _over_looks(proofs, group)
        return
    looks = proofs.play(shown)
    if not any(look.decision.skipped for look in looks):
        return
    written, all_sold = _written(group), sold(looks)
    share = Fraction(100 * all_sold, shown.quantity)
    instead = f", not {number_text(written)}%" if written > 100 else ""
    others = "the other waits" if len(group) == 2 else "the others wait"
    closed = "sold" if shown.side == "long" else "bought back"
    more = _with_adds(proofs, group)
    yield Proof(
        group[0].span,
        f"{named(group)} can hold at once: the first in the file goes and {others} for the next look; "
        f"in all {number_text(share)}% is closed{instead}",
        _HELP,
        tuple((rule.span, "waits for it") for rule in group[1:]),
        PROVED,
        (
            proofs.text(shown),
            *looks_told(looks, stops=False),
            f"in all {all_sold} of {shown.quantity} are {closed}",
            *([] if more is None else [_more_told(more, closed)]),
        ),
        shown,
        looks[0].decision.actions,
        tuple(rule.name for rule in group),
        further=None if more is None else more.path,
    )


def _over_looks(proofs: Proofs, group: list[Rule]) -> Iterator[Proof]:
    """Yield the same for books of which one asks how it was at earlier looks, so that only a path shows it."""
    if len(group) > _GROUP or not any(looks_back(rule) for rule in group):
        return
    walk = proofs.walk(*group)
    if walk is None:
        return
    start, closed = walk.path.start, "sold" if walk.path.start.side == "long" else "bought back"
    yield Proof(
        group[0].span,
        f"{named(group)} can act one after another: each takes its share of what is left then; in all"
        f" {number_text(Fraction(100 * sold(walk.looks), start.quantity))}% is closed",
        _HELP,
        tuple((rule.span, "follows it") for rule in group[1:]),
        PROVED,
        (
            proofs.text(start),
            *walk_told(walk, proofs.vocabulary, stops=False),
            f"in all {sold(walk.looks)} of {start.quantity} are {closed}",
        ),
        start,
        walk.looks[0].decision.actions,
        tuple(rule.name for rule in group),
        path=walk.path,
    )


def _with_adds(proofs: Proofs, group: list[Rule]) -> Walk | None:
    """Return a path on which the first add that can comes before the books, so that they sell more."""
    for add in proofs.of(Add)[:_ADDS]:
        walk = proofs.walk(add, *group) if len(group) <= _GROUP else None
        if walk is not None and bought(walk.looks):
            return walk
    return None


def _more_told(walk: Walk, closed: str) -> str:
    """Say what is sold where something is added first: `if `A` adds 25 first, 109 of 125 are sold`."""
    place, added = next(
        (place, look.order)
        for place, look in enumerate(walk.looks)
        if look.order is not None and look.order.kind == ADD
    )
    seen, total = walk.looks[place].snapshot, walk.path.start.quantity + bought(walk.looks)
    where = price_told(walk.path.moment(place).price, Fraction(seen.entry) / seen.scale, seen.side)
    return f"if `{added.rule}` adds {added.quantity} first, at {where}: {sold(walk.looks)} of {total} are {closed}"
