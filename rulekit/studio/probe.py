"""One position held against a policy: which rule acts, and of every other why it does not."""

from __future__ import annotations

from collections.abc import Callable

from attrs import frozen

from rulekit.compile.policy import CompiledPolicy
from rulekit.engine.applies import covers
from rulekit.engine.examples import look_at
from rulekit.language.sentences import applies_text
from rulekit.lint.witness import Witness
from rulekit.model.book import NO_ORDERS
from rulekit.model.decision import (
    ADD,
    ALERT,
    BOOK,
    EXIT,
    EXIT_EVERYTHING,
    STOP,
    STOP_ADDING,
    STOP_REACHED,
    STOP_TRADING,
    TARGET,
    TARGET_REACHED,
    Action,
    Decision,
)
from rulekit.model.prices import rupees
from rulekit.model.snapshot import Snapshot

FIRES, PASSED_OVER, NOT_YET, UNKNOWN = "fires", "passed over", "not yet", "unknown"
_WITHOUT_A_LINE = {STOP_REACHED: "the stop of the position", TARGET_REACHED: "the target of the position"}


@frozen
class Verdict:
    """What one rule does with the position.

    Args:
        line: of its sentence, 0 where it has none. state: `fires`, `passed over`, `not yet` or `unknown`.
        does: what it does, where it fires. why: why, or why not.
    """

    rule: str
    line: int
    state: str
    why: str
    does: str = ""
    kind: str = ""
    lane: str = ""


@frozen
class Probe:
    """What a policy does with a position.

    Args:
        position: in words. outside: why the policy is not for it, empty if it is.
        verdicts: what fires first, then every other rule in the order of the file.
        example: the position and what comes of it as an example of the policy; empty where that cannot be said.
    """

    position: str
    outside: str
    verdicts: tuple[Verdict, ...]
    example: str = ""

    @property
    def fires(self) -> tuple[Verdict, ...]:
        """The rules that act."""
        return tuple(each for each in self.verdicts if each.state == FIRES)


def probe(policy: CompiledPolicy, witness: Witness) -> Probe:
    """Decide on a position, and say of each rule why it acts or does not.

    Raises:
        RulekitError: the position lies beyond what the calendar knows.
    """
    snapshot = witness.snapshot(policy)
    decision = look_at(policy, snapshot, witness.memory, NO_ORDERS)[0]
    outside = ""
    if not covers(policy.applies, snapshot):
        outside = f"this policy is not for it: it {applies_text(policy.applies)}"
    kept = witness.as_example(policy, "from the sliders", decision.actions) if not outside else None
    return Probe(witness.text(policy.vocabulary), outside, _verdicts(policy, snapshot, decision), kept or "")


def _verdicts(policy: CompiledPolicy, snapshot: Snapshot, decision: Decision) -> tuple[Verdict, ...]:
    lines = {rule.name: rule.span.line for rule in (*policy.tree.rules, *policy.tree.book)}
    fires = [
        Verdict(
            action.rule, lines.get(action.rule, 0), FIRES, action.why, done(action, snapshot), action.kind, action.lane
        )
        for action in decision.actions
    ]
    others = [Verdict(each.rule, lines.get(each.rule, 0), PASSED_OVER, each.because) for each in decision.passed_over]
    others += [
        Verdict(each.rule, lines.get(each.rule, 0), UNKNOWN if each.unknown else NOT_YET, _bare(each.why))
        for each in decision.not_yet
    ]
    return (*fires, *sorted(others, key=lambda each: each.line))


def _bare(why: str) -> str:
    """Leave out the words that the state of a verdict says already."""
    return why.removeprefix("not yet: ")


_DONE: dict[str, Callable[[Action, int, int], str]] = {
    EXIT: lambda action, held, scale: f"exits all {held:,}",
    BOOK: lambda action, held, scale: f"books {action.quantity:,} of {held:,}",
    ADD: lambda action, held, scale: f"adds {action.quantity:,} to {held:,}",
    STOP: lambda action, held, scale: f"moves the stop to {rupees(action.stop or 0.0, scale)}",
    TARGET: lambda action, held, scale: f"sets the target to {rupees(action.stop or 0.0, scale)}",
    ALERT: lambda action, held, scale: f"tells you: {action.detail.get('text', '')}",
    EXIT_EVERYTHING: lambda action, held, scale: "exits everything",
    STOP_ADDING: lambda action, held, scale: "stops adding",
    STOP_TRADING: lambda action, held, scale: "stops trading",
}


def done(action: Action, snapshot: Snapshot) -> str:
    """Say what an action does to a position."""
    return _DONE[action.kind](action, snapshot.quantity, snapshot.scale)


def named(rule: str) -> str:
    """Name what acts: a rule, or the stop or target of the position."""
    return _WITHOUT_A_LINE.get(rule, rule)
