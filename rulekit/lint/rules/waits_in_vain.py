"""R203: a rule that waits for something that the policy's own limits rule out."""

from __future__ import annotations

from collections.abc import Iterator

from rulekit.language.tree import Add, AmountKind, Book, Rule
from rulekit.lint.before import sources
from rulekit.lint.finding import PROVED, WARNING, Code, Finding
from rulekit.lint.history import COUNTS, counts_on, reach
from rulekit.lint.proofs import Proof, Proofs, always_free, proofs_of, within_budget
from rulekit.lint.subject import PROOF, Subject
from rulekit.lint.telling import looks_told, named
from rulekit.lint.world import within_counts

CODE = Code("R203", "waits-in-vain", WARNING, "a rule that waits for more books or adds than the policy can make")
NEEDS = PROOF
SAID_BY = ("Q110",)


def find(subject: Subject) -> Iterator[Finding]:
    """Yield every rule that needs more books or adds than there can be, or books up to what is booked already."""
    yield from within_budget(proofs_of(subject.tree), _search)


def _search(proofs: Proofs) -> Iterator[Proof]:
    can_come = reach(proofs)
    can_be = within_counts(proofs.meaning.axes, can_come.most)
    for rule in proofs.tree.rules:
        region = proofs.region(rule)
        if region and not proofs.meet(region, can_be):
            yield from _counted(proofs, rule, can_come.most)
        elif region and rule.name not in can_come.rules:
            fact = next(fact for fact in COUNTS if counts_on(proofs, rule, fact))
            yield from _too_late(proofs, rule, fact)
        elif region and isinstance(rule.verb, Book) and rule.verb.amount.kind is AmountKind.UP_TO:
            yield from _booked_already(proofs, rule)


def _counted(proofs: Proofs, rule: Rule, most: dict[str, int | None]) -> Iterator[Proof]:
    shown = proofs.find(proofs.region(rule), lambda each: proofs.holds(rule, each) is True)
    if shown is None:
        return
    said = " and ".join(
        f"{'books' if name == 'times booked' else 'adds'} {_times(count)}"
        for name, count in most.items()
        if count is not None and proofs.names(rule, name)
    )
    yield Proof(
        rule.span,
        f"this rule waits for more than can come: the policy {said}",
        "ask for fewer, or let a rule act more often (`up to 3 times`)",
        (),
        PROVED,
        (f"it would need: {proofs.text(shown)}",),
        shown,
        proofs.decide(shown).actions,
        (rule.name,),
    )


def _too_late(proofs: Proofs, rule: Rule, fact: str) -> Iterator[Proof]:
    shown = proofs.example_of(rule)
    if shown is None:
        return
    late = sources(proofs.tree, fact)
    done = "booked" if fact == "times booked" else "added"
    yield Proof(
        rule.span,
        f"this rule waits for what comes too late: before it is over, {named(late, 'or')} cannot have {done} anything",
        "let it hold longer, or let the other begin earlier",
        tuple((source.span, "comes later") for source in late),
        PROVED,
        (f"it would need: {proofs.text(shown)}",),
        shown,
        proofs.decide(shown).actions,
        (rule.name, *(source.name for source in late)),
    )


def _times(count: int) -> str:
    return {0: "nothing before it", 1: "once at most"}.get(count, f"{count} times at most")


def _booked_already(proofs: Proofs, rule: Rule) -> Iterator[Proof]:
    """Find an earlier `book up to` of as much that has always had its turn before."""
    assert isinstance(rule.verb, Book)
    if proofs.of(Add):
        return  # what is added makes the original larger, and the share that is booked smaller
    for other in proofs.of(Book):
        if other is rule:
            return
        amount = other.verb.amount  # type: ignore[union-attr]
        more = amount.kind is AmountKind.UP_TO and amount.value >= rule.verb.amount.value
        if not more or not always_free(other) or proofs.covering(proofs.region(rule), [other]) != [other]:
            continue
        shown = proofs.find(proofs.open(rule), lambda each: proofs.holds(rule, each) is True)
        looks = proofs.play(shown) if shown is not None else ()
        if shown is None or any(one.rule == rule.name for look in looks for one in look.decision.actions):
            continue
        yield Proof(
            rule.span,
            f"`{other.name}` has always booked as much before, so this rule finds nothing left to book",
            "book up to more, or begin earlier",
            ((other.span, "books as much, and holds whenever this one does"),),
            PROVED,
            (proofs.text(shown), *looks_told(looks)),
            shown,
            looks[0].decision.actions,
            (rule.name, other.name),
        )
        return
