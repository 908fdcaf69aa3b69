"""R201: a rule whose parts cannot hold together."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

from rulekit.language.tree import Rule
from rulekit.lint.book_rules import never_acts
from rulekit.lint.finding import PROVED, WARNING, Code, Finding
from rulekit.lint.meaning import Part
from rulekit.lint.proofs import Proof, Proofs, proofs_of, within_budget
from rulekit.lint.subject import PROOF, Subject
from rulekit.lint.whole_book import BookProofs

CODE = Code("R201", "never-holds", WARNING, "a rule whose parts cannot hold together, so that it never acts")
NEEDS = PROOF
SAID_BY = ("R102", "R105", "T110", "R106", "R103", "T102")


def find(subject: Subject) -> Iterator[Finding]:
    """Yield every rule that no position satisfies."""
    yield from within_budget(proofs_of(subject.tree), _search)


def _search(proofs: Proofs) -> Iterator[Proof]:
    for rule in proofs.tree.rules:
        if not proofs.region(rule) or proofs.impossible(rule):
            yield _proof(proofs, rule)
    yield from never_acts(BookProofs(proofs))


def _proof(proofs: Proofs, rule: Rule) -> Proof:
    guilty = _guilty(proofs, proofs.meaning.parts[rule.name])
    rest = proofs.meaning.all_of(*(part.term for part in proofs.meaning.parts[rule.name] if part is not guilty[-1]))
    near = proofs.find(rest, lambda each: proofs.holds(rule, each) is False)
    lines: tuple[str, ...] = ()
    if near is not None:
        lines = (proofs.text(near), f"`{rule.name}`: {proofs.why_not(rule, near)}")
    texts = " and ".join(f"`{part.text}`" for part in guilty)
    what = "can never hold" if len(guilty) == 1 else f"cannot {'both' if len(guilty) == 2 else 'all'} hold"
    return Proof(
        guilty[0].span if len(guilty) == 1 else rule.span,
        f"{texts} {what}, so this rule never acts",
        "change a number or a direction, or delete the rule",
        tuple((part.span, "this part") for part in guilty if part.span.line != rule.span.line),
        PROVED,
        lines,
        near,
        () if near is None else proofs.decide(near).actions,
        (rule.name,),
    )


def _guilty(proofs: Proofs, parts: tuple[Part, ...]) -> tuple[Part, ...]:
    """Return the fewest parts that cannot hold together; all, where only arithmetic says so."""
    for count in range(1, len(parts)):
        for some in combinations(parts, count):
            if not proofs.meaning.all_of(*(part.term for part in some)):
                return some
    return parts
