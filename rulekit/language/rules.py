"""One sentence of a policy: its action and slots put together, in the order that the language fixes."""

from __future__ import annotations

from attrs import evolve

from rulekit.language import tree as t
from rulekit.language.actions import action
from rulekit.language.fault import Edit, FaultError
from rulekit.language.parser import Node
from rulekit.language.reader import Word
from rulekit.language.scope import Scope
from rulekit.language.sentences import level_text, rule_sentence, rule_text, verb_text
from rulekit.language.slots import Slot, WhenSlot, slot

_ONCE_BY_DEFAULT = (t.Exit, t.Book, t.Add, t.Alert, t.WholeBook)
_RANKS = ("level", "time", "when", "unless", "limit")
_ARTICLES = {"level": "level", "when": "`when`", "unless": "`unless`"}


def rule(node: Node, scope: Scope) -> t.Rule:
    """Read a rule; its parts in another order are a fault that shows them reordered."""
    label = next((child for child in node.children if isinstance(child, Word)), None)
    before, verb_node, after = _parts(node.nodes()[0])
    verb = action(verb_node, scope)
    slots = [slot(each, scope) for each in (*before, *after)]
    made = _assembled(label, verb, slots, node.span)
    ranks = [_RANKS.index(_rank(each)) for each in slots]
    if before or ranks != sorted(ranks):
        first = "put the action first" if before else "put the parts in order"
        odd = before[0] if before else _out_of_order(after, ranks)
        raise FaultError(
            "E105",
            odd.span,
            f"{first}: `{rule_text(made)}`",
            f"the order is action, `at …`, `after …`, `when …`, `unless …`, limit: write `{rule_text(made)}`",
            edits=(Edit(node.span, rule_text(made)),),
        )
    return made


def _parts(body: Node) -> tuple[list[Node], Node, list[Node]]:
    """Return the slots before the action, the action, and the slots after it."""
    after: list[Node] = []
    while body.nodes()[0].rule == "body":
        after.append(body.nodes()[-1])
        body = body.nodes()[0]
    before: list[Node] = []
    *fronted, verb = body.nodes()
    while fronted:
        node = fronted[0]
        inner = [each for each in node.nodes() if each.rule != "comma"]
        before.append(inner[-1])
        fronted = [inner[0]] if inner[0].rule == "fronted" else []
    return before[::-1], verb, after[::-1]


def _rank(each: Slot) -> str:
    if isinstance(each, t.Level | t.PriceLevel):
        return "level"
    if isinstance(each, t.When):
        return "time"
    if isinstance(each, WhenSlot):
        return "unless" if each.unless else "when"
    return "limit"


def _out_of_order(nodes: list[Node], ranks: list[int]) -> Node:
    return next(node for node, rank, high in zip(nodes[1:], ranks[1:], _highest(ranks), strict=False) if rank < high)


def _highest(ranks: list[int]) -> list[int]:
    return [max(ranks[: index + 1]) for index in range(len(ranks))]


def _assembled(label: Word | None, verb: t.Verb, slots: list[Slot], span: t.Span) -> t.Rule:
    made = t.Rule("", label.value if label else None, verb, span=span)
    limits: list[t.Limit] = []
    for each in slots:
        if isinstance(each, t.When):
            made = evolve(made, times=(*made.times, each))
            continue
        if isinstance(each, t.Limit):
            limits.append(each)
            continue
        rank = _rank(each)
        if getattr(made, rank) is not None:
            raise _doubled(rank, each)
        if isinstance(each, t.Level) and each.every and isinstance(verb, t.TrailStop | t.LockIn):
            raise _follows_by_itself(verb, each)
        made = _with(made, each)
    made = evolve(made, limit=_limit(limits, made))
    return evolve(made, name=made.label if made.label is not None else rule_sentence(made))


def _with(made: t.Rule, each: t.Level | t.PriceLevel | WhenSlot) -> t.Rule:
    if not isinstance(each, WhenSlot):
        return evolve(made, level=each)
    return evolve(made, unless=each.condition) if each.unless else evolve(made, when=each.condition)


def _doubled(rank: str, each: Slot) -> FaultError:
    word = _ARTICLES[rank]
    help = "write a sentence for each level" if rank == "level" else f"join the conditions with `and` behind one {word}"
    return FaultError("E106", each.span, f"this sentence has a second {word}", help)


def _follows_by_itself(verb: t.Verb, each: t.Level) -> FaultError:
    at = f"at {level_text(evolve(each, every=False))}"
    what = "`at every` acts again at each step, and this stop follows the price by itself"
    return FaultError("E104", each.span, what, f"write `{verb_text(verb)} {at}`")


def _limit(limits: list[t.Limit], made: t.Rule) -> t.Limit:
    """Join the limits of a sentence: at most one of each kind; a ladder acts once at each of its steps."""
    if not limits:
        once = isinstance(made.verb, _ONCE_BY_DEFAULT) and not made.is_ladder
        return t.Limit(times=1) if once else t.Limit()
    whole = t.Limit(written=True, span=limits[0].span)
    for each in limits:
        for field in ("times", "every", "daily"):
            value = getattr(each, field)
            if value in (None, False):
                continue
            if getattr(whole, field) not in (None, False):
                raise FaultError(
                    "E106",
                    each.span,
                    "this sentence has two limits of one kind",
                    "keep the one that is meant",
                    edits=tuple(Edit(one.span, "") for one in (each, limits[0])),
                )
            whole = evolve(whole, **{field: value})
            if field == "every":
                whole = evolve(whole, every_unit=each.every_unit)
    return whole
