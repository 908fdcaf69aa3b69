"""Drives the parser's tables: words are fed one by one, and nodes come out; cuts a line into the lexer's terminals."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TypeAlias

from attrs import field, frozen

from rulekit.language.reader import END, Word
from rulekit.language.tree import Span

Step: TypeAlias = int
"""A state to go to; below zero, its complement is the number of a rule that is complete."""


@frozen
class Node:
    """A rule of the grammar with what it is made of."""

    rule: str
    children: tuple[Node | Word, ...]

    def words(self) -> Iterator[Word]:
        """List the words under this node, from left to right."""
        for child in self.children:
            if isinstance(child, Word):
                yield child
            else:
                yield from child.words()

    def nodes(self) -> tuple[Node, ...]:
        """List the children that are nodes."""
        return tuple(child for child in self.children if isinstance(child, Node))

    @property
    def span(self) -> Span:
        """From the first word to the last."""
        first: Node | Word = self
        while isinstance(first, Node):
            first = first.children[0]
        last: Node | Word = self
        while isinstance(last, Node):
            last = last.children[-1]
        return Span(first.span.line, first.span.column, last.span.end_line, last.span.end_column)


@frozen
class Rule:
    """What is done when a rule of the grammar is complete.

    Args:
        origin: the nonterminal that it makes. name: what its node is called, the alias where it has one.
        size: how many parts it has.
        spliced: the numbers of those whose own parts take their place.
        single: whether one part alone stands for the node.
    """

    origin: str
    name: str
    size: int
    spliced: tuple[int, ...]
    single: bool

    def made(self, parts: Sequence[Node | Word]) -> Node | Word:
        """Return what the parts make."""
        children: list[Node | Word] = list(parts)
        for number in reversed(self.spliced):
            part = children[number]
            assert isinstance(part, Node)
            children[number : number + 1] = part.children
        return children[0] if self.single and len(children) == 1 else Node(self.name, tuple(children))


@frozen
class Tables:
    """The tables of an LALR parser and the terminals of its lexer, as plain values.

    Args:
        states: for each state the step at a terminal, and where a finished nonterminal leads.
        starts: for each start its first state, and that in which it is complete.
        pattern: an expression whose named groups are the terminals. ignored: those that count for nothing.
    """

    states: tuple[dict[str, Step], ...]
    rules: tuple[Rule, ...]
    starts: dict[str, tuple[int, int]]
    pattern: str
    ignored: frozenset[str]
    _lexer: list[re.Pattern[str]] = field(factory=list, eq=False, repr=False)

    def cut(self, text: str) -> Iterator[tuple[str, int, int]]:
        """Yield the terminals of a text, each with where it begins and ends."""
        if not self._lexer:
            self._lexer.append(re.compile(self.pattern))
        at = 0
        while at < len(text):
            found = self._lexer[0].match(text, at)
            assert found is not None and found.lastgroup is not None, "one terminal takes any character"
            at = found.end()
            if found.lastgroup not in self.ignored:
                yield found.lastgroup, found.start(), at


class Automaton:
    """One reading of a sentence."""

    def __init__(self, tables: Tables, start: str) -> None:
        self._tables = tables
        first, self._last = tables.starts[start]
        self._states = [first]
        self._parts: list[Node | Word] = []

    def feed(self, terminal: str, word: Word | None = None) -> bool:
        """Take the next word, END at last; False if it cannot stand there."""
        steps, rules, states, parts = self._tables.states, self._tables.rules, self._states, self._parts
        while True:
            step = steps[states[-1]].get(terminal)
            if step is None:
                return False
            if step >= 0:
                assert word is not None, "the end is never a part"
                states.append(step)
                parts.append(word)
                return True
            rule = rules[~step]
            made = rule.made(parts[-rule.size :])
            del states[-rule.size :], parts[-rule.size :]
            states.append(steps[states[-1]][rule.origin])
            parts.append(made)
            if terminal == END and states[-1] == self._last:
                return True

    @property
    def node(self) -> Node:
        """What was read, once the end was taken."""
        [found] = self._parts
        assert isinstance(found, Node)
        return found

    def accepts(self) -> frozenset[str]:
        """Return the terminals that may stand next, END among them."""
        here = self._tables.states[self._states[-1]]
        return frozenset(terminal for terminal in here if terminal.isupper() and self._takes(terminal))

    def _takes(self, terminal: str) -> bool:
        """Tell whether a terminal can be taken, after all rules that it completes."""
        steps, states = self._tables.states, list(self._states)
        while True:
            step = steps[states[-1]].get(terminal)
            if step is None or step >= 0:
                return step is not None
            rule = self._tables.rules[~step]
            del states[-rule.size :]
            states.append(steps[states[-1]][rule.origin])
            if terminal == END and states[-1] == self._last:
                return True
