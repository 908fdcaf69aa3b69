"""Decides on the whole book by a policy's rules for it, and carries what they ordered into the decision of a position.

Both are pure: the same policy, book and memory give the same decision.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from attrs import evolve

from rulekit.compile.exact import Reader
from rulekit.compile.policy import CompiledBookRule, CompiledPolicy
from rulekit.compile.proposal import order_side
from rulekit.engine.reference import may_fire
from rulekit.engine.why import FLYING, figures, stands, why, why_not
from rulekit.language.tree import Add
from rulekit.model.book import NO_ORDERS, BookOrders, BookSnapshot
from rulekit.model.decision import (
    ADD,
    ALERT,
    CRITICAL,
    EXIT,
    EXIT_EVERYTHING,
    STOP_ADDING,
    STOP_TRADING,
    WHOLE_BOOK,
    Account,
    Action,
    Decision,
    Memory,
    NotYet,
    PassedOver,
    RuleMemory,
)
from rulekit.model.later import Later
from rulekit.model.snapshot import Snapshot


def decide_book(policy: CompiledPolicy, book: BookSnapshot, memory: Memory | None = None) -> Decision:
    """Decide on the whole book: every rule that holds and may fire acts, in the order of the file.

    Args:
        memory: what each rule for the book remembers of this day, by its name.

    Returns:
        Actions of the kinds in BOOK_ACTIONS, without side or quantity; `symbol` is WHOLE_BOOK.
    """
    memory = {} if memory is None else memory
    snapshot = book.as_snapshot()
    reader = Reader(snapshot, policy.vocabulary)
    actions: list[Action] = []
    unknown: list[str] = []
    waiting: list[CompiledBookRule] = []
    for rule in policy.book:
        before = memory.get(rule.name, RuleMemory())
        truth = rule.predicate.judge(reader.remembering(before)) if may_fire(rule, reader, before) else False
        if truth:
            reason = Later(why, rule, snapshot, before)
            actions += [Action(rule.name, kind, None, None, None, CRITICAL, reason) for kind in rule.kinds]
            continue
        waiting.append(rule)
        if truth is None:
            unknown.append(rule.name)
    account: Later[Account] = Later(_account, waiting, frozenset(unknown), snapshot, memory)
    return Decision(WHOLE_BOOK, tuple(actions), tuple(unknown), (), memory, account)


def _account(
    waiting: Iterable[CompiledBookRule], unknown: frozenset[str], snapshot: Snapshot, memory: Memory
) -> Account:
    """Say of every rule that did not act why not."""
    found = []
    for rule in waiting:
        before = memory.get(rule.name, RuleMemory())
        if rule.name in unknown:
            missing = stands(rule.predicate.rule, Reader(snapshot, rule.predicate.vocabulary, before))
            texts = [standing.text() for standing in missing if standing.truth is None]
            found.append(NotYet(rule.name, f"cannot be judged: {'; '.join(texts)}", True))
        else:
            found.append(NotYet(rule.name, Later(why_not, rule, snapshot, before)))
    return (), tuple(found)


def ordered(decision: Decision, before: BookOrders) -> BookOrders:
    """Return the orders that stand after a decision about the book; what stood before it keeps its reason."""
    orders = before
    for action in decision.actions:
        if action.kind == EXIT_EVERYTHING and not orders.exit_rule:
            orders = evolve(orders, exit_rule=action.rule, exit_why=action.why)
        elif action.kind in (STOP_ADDING, STOP_TRADING) and not orders.no_adds:
            orders = evolve(orders, no_adds=no_adds(action.kind, action.rule, action.why))
    return orders


def latched(policy: CompiledPolicy, memory: Memory) -> BookOrders:
    """Return what rules that fired earlier this day still order: what was stopped stays stopped."""
    for rule in policy.book:
        for kind in rule.kinds:
            if kind != EXIT_EVERYTHING and memory.get(rule.name, RuleMemory()).fired:
                return BookOrders(no_adds=no_adds(kind, rule.name, "it fired earlier today"))
    return NO_ORDERS


def no_adds(kind: str, rule: str, why: str) -> str:
    """Say why nothing is added: `Guard` has stopped adding (day loss ₹26,000, needs ₹25,000)."""
    stopped = "adding" if kind == STOP_ADDING else "trading"
    return f"`{rule}` has stopped {stopped} ({why})"


def together(book: Decision, position: Decision) -> Decision:
    """Put what was decided about the book before what was decided about a position at the same moment."""
    return evolve(
        position,
        actions=(*book.actions, *position.actions),
        unknown=(*book.unknown, *position.unknown),
        skipped=(*book.skipped, *position.skipped),
        account=Later(_both, book, position),
    )


def _both(book: Decision, position: Decision) -> Account:
    return (*book.passed_over, *position.passed_over), (*book.not_yet, *position.not_yet)


# --- what it means for a position ------------------------------------------------------------------------------


def under_orders(policy: CompiledPolicy, decision: Decision, snapshot: Snapshot, orders: BookOrders) -> Decision:
    """Carry what is ordered for the whole book into the decision of one position.

    `exit everything` closes it, in the critical lane, as soon as nothing of it is in flight; a reached stop or target
    keeps its own name. Where nothing may be added, every add that holds is passed over.
    """
    if orders.exit_rule and snapshot.quantity > 0:
        return _exited(decision, snapshot, orders)
    return _without_adds(policy, decision, orders.no_adds) if orders.no_adds else decision


def _exited(decision: Decision, snapshot: Snapshot, orders: BookOrders) -> Decision:
    if any(action.kind == EXIT and action.lane == CRITICAL for action in decision.actions):
        return decision
    if snapshot.in_flight:
        skipped = tuple(dict.fromkeys((orders.exit_rule, *decision.skipped)))
        waits = Later(_also_passed_over, decision, (PassedOver(orders.exit_rule, FLYING),))
        told = tuple(each for each in decision.actions if each.kind == ALERT)
        return evolve(decision, actions=told, skipped=skipped, account=waits)
    action = Action(
        orders.exit_rule,
        EXIT,
        order_side(EXIT, snapshot.side),
        snapshot.quantity,
        None,
        CRITICAL,
        orders.exit_why,
        Later(figures, snapshot, snapshot.quantity),
    )
    because = f"`{orders.exit_rule}` exits everything first"
    told = tuple(each for each in decision.actions if each.kind == ALERT)
    left = tuple(PassedOver(each.rule, because) for each in decision.actions if each.kind != ALERT)
    return evolve(
        decision,
        actions=(action, *told),
        skipped=tuple(dict.fromkeys((*decision.skipped, *(each.rule for each in left)))),
        account=Later(_also_passed_over, decision, left),
    )


def _also_passed_over(decision: Decision, more: tuple[PassedOver, ...]) -> Account:
    taken = {each.rule for each in more}
    return (*more, *(each for each in decision.passed_over if each.rule not in taken)), decision.not_yet


@lru_cache(maxsize=64)
def _adds(policy: CompiledPolicy) -> frozenset[str]:
    """Name the rules that add."""
    return frozenset(rule.name for rule in policy.rules if isinstance(rule.action.rule.verb, Add))


def _without_adds(policy: CompiledPolicy, decision: Decision, because: str) -> Decision:
    adds = _adds(policy)
    dropped = tuple(action.rule for action in decision.actions if action.kind == ADD)
    if not dropped and adds.isdisjoint(decision.skipped):
        return decision
    return evolve(
        decision,
        actions=tuple(action for action in decision.actions if action.kind != ADD),
        skipped=tuple(dict.fromkeys((*decision.skipped, *dropped))),
        account=Later(_adds_passed_over, decision, adds, dropped, because),
    )


def _adds_passed_over(decision: Decision, adds: frozenset[str], dropped: tuple[str, ...], because: str) -> Account:
    kept = [evolve(each, because=because) if each.rule in adds else each for each in decision.passed_over]
    return (*(PassedOver(rule, because) for rule in dropped), *kept), decision.not_yet
