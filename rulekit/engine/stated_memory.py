"""What rules remember, when a person states it: under a rule's name in any case, or under its sentence as it stands."""

from __future__ import annotations

from rulekit.compile.policy import CompiledPolicy
from rulekit.language.source import cut
from rulekit.model.decision import Memory, RuleMemory


def named_memory(policy: CompiledPolicy, stated: Memory) -> Memory:
    """Return the memory under the rules' own names; what belongs to no rule of the policy stays as it is.

    A name that is exact counts before one that is written otherwise.
    """
    names = {_folded(sentence): name for sentence, name in _sentences(policy)}
    known = {rule.name for rule in (*policy.tree.rules, *policy.tree.book)}
    names |= {_folded(name): name for name in known}
    found: dict[str, RuleMemory] = {name: memory for name, memory in stated.items() if name in known}
    for name, memory in stated.items():
        found.setdefault(names.get(_folded(name), name), memory)
    return found


def _sentences(policy: CompiledPolicy) -> list[tuple[str, str]]:
    """List each rule's sentence as it stands in the file, without its comment, with the rule's name."""
    by_line = {sentence.pieces[0].line: sentence for sentence in cut(policy.tree.source).sentences}
    return [
        (" ".join(piece.text for piece in by_line[rule.span.line].pieces), rule.name)
        for rule in (*policy.tree.rules, *policy.tree.book)
        if rule.span.line in by_line
    ]


def _folded(name: str) -> str:
    return " ".join(name.casefold().split())
