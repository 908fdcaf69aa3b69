"""R205: an exit that holds only where other rules close the position anyway."""

from __future__ import annotations

from collections.abc import Iterator

from rulekit.language.sentences import rule_sentence
from rulekit.language.tree import Book, Exit, Rule
from rulekit.lint.book_rules import comes_after
from rulekit.lint.finding import WARNING, Code, Finding
from rulekit.lint.outdone import outdone
from rulekit.lint.proofs import Proof, Proofs, closes_all, proofs_of, within_budget
from rulekit.lint.subject import PROOF, Subject
from rulekit.lint.telling import named
from rulekit.lint.whole_book import BookProofs

CODE = Code("R205", "superfluous-rule", WARNING, "an exit that holds only where others close the position anyway")
NEEDS = PROOF
SAID_BY = ("T111",)


def find(subject: Subject) -> Iterator[Finding]:
    """Yield every closing rule without which the same would happen; of two that cover each other the later one."""
    yield from within_budget(proofs_of(subject.tree), _search)


def _search(proofs: Proofs) -> Iterator[Proof]:
    kept = list(proofs.closing)
    sentences = [rule_sentence(rule) for rule in proofs.tree.rules]
    for rule in reversed(proofs.tree.rules):
        if not closes_all(rule) or sentences.count(rule_sentence(rule)) > 1:
            continue
        others = [other for other in kept if other is not rule and _stands_in(proofs, other, rule)]
        region = proofs.region(rule)
        makes_so = proofs.covering(region, others)
        if region and makes_so:
            kept = [other for other in kept if other is not rule]
            yield from outdone(
                proofs,
                rule,
                makes_so,
                lambda each, alone=makes_so: len(alone) > 1 or proofs.holds(alone[0], each) is True,  # type: ignore[misc]
                message=f"whenever this rule holds, {named(makes_so, 'or')} closes the position anyway:"
                " without it the same happens",
                help="delete it, or let it begin earlier",
                what="closes the position anyway",
            )
    yield from comes_after(BookProofs(proofs))


def _stands_in(proofs: Proofs, other: Rule, rule: Rule) -> bool:
    """Tell whether no partial book can come between where one closing rule takes the place of another."""
    return isinstance(other.verb, Exit) or (isinstance(rule.verb, Book) and other in proofs.goes_first(rule))
