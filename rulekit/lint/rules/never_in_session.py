"""T201: a rule whose conditions on the time of day hold only while the exchange is closed."""

from __future__ import annotations

from collections.abc import Iterator

from rulekit.language.sentences import condition_text
from rulekit.language.words import clock_text, listing
from rulekit.lint.finding import PROVED, WARNING, Code, Finding
from rulekit.lint.hours import session_of
from rulekit.lint.proofs import Proof, Proofs, proofs_of, within_budget
from rulekit.lint.rules import outside_session
from rulekit.lint.subject import PROOF, Subject
from rulekit.lint.world import within_session

CODE = Code("T201", "never-in-session", WARNING, "a rule that holds only while the exchange is closed")
NEEDS = PROOF
SAID_BY = ("T102", "T106", "T112")


def find(subject: Subject) -> Iterator[Finding]:
    """Yield every rule whose triggers and conditions together lie outside the session; one trigger alone is T102."""
    told = {found.span.line for found in outside_session.find(subject)}
    proofs = proofs_of(subject.tree)
    yield from within_budget(proofs, lambda each: _search(each, told))


def _search(proofs: Proofs, told: set[int]) -> Iterator[Proof]:
    exchanges = proofs.tree.applies.exchanges or ("NSE",)
    opens, closes = session_of(exchanges)
    session = within_session(proofs.meaning.axes, opens, closes)
    for rule in proofs.tree.rules:
        region = proofs.region(rule)
        if not region or proofs.meet(region, session) or {when.span.line for when in rule.times} & told:
            continue
        shown = proofs.find(region, lambda each, rule=rule: proofs.holds(rule, each) is True)  # type: ignore[misc]
        if shown is None:
            continue
        span = rule.span if rule.when is None else rule.when.span
        what = "this rule holds" if rule.when is None else f"`{condition_text(rule.when)}` holds"
        yield Proof(
            span,
            f"{what} only while {listing(exchanges)} is closed ({clock_text(opens)} to {clock_text(closes)})",
            f"write a time between {clock_text(opens)} and {clock_text(closes)}",
            (),
            PROVED,
            (f"it would hold here: {proofs.text(shown)}",),
            shown,
            proofs.decide(shown).actions,
            (rule.name,),
        )
