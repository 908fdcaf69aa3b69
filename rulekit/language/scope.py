"""What the names of a policy stand for while it is checked: resolved on first use, circles found, uses counted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

from rulekit.language.fault import AlreadyReportedError, FaultError
from rulekit.language.parser import Node
from rulekit.language.tree import Define, SetValue, Span
from rulekit.language.vocabulary import Vocabulary

Meaning = TypeVar("Meaning", SetValue, Define)


class Names(Generic[Meaning]):
    """Names of one kind (`set` or `define`), each checked once, when it is first needed."""

    def __init__(self) -> None:
        self._nodes: dict[str, tuple[Node | None, Span]] = {}
        self._done: dict[str, Meaning | None] = {}
        self._open: list[str] = []
        self.used: set[str] = set()
        self.check: Callable[[Node], Meaning]

    def declare(self, name: str, node: Node | None, span: Span) -> None:
        """Take in a definition; a node of None is one that could not be read."""
        self._nodes[name.lower()] = (node, span)

    def place(self, name: str) -> Span | None:
        """Return where a name is defined, if it is."""
        found = self._nodes.get(name.lower())
        return found[1] if found else None

    def __contains__(self, name: str) -> bool:
        return name in self._nodes

    def resolve(self, name: str, *, use: bool = True) -> Meaning:
        """Return what a name stands for.

        Raises:
            AlreadyReportedError: its definition has an error of its own.
            FaultError: it is defined by itself.
        """
        key = name.lower()
        if use:
            self.used.add(key)
        if key in self._open:
            raise FaultError(
                "N108", self._nodes[key][1], f"`{name}` is defined by itself", "define it without its own name"
            )
        if key not in self._nodes:
            raise AlreadyReportedError  # a sentence at fault is repaired before every name has been declared
        if key not in self._done:
            node = self._nodes[key][0]
            self._done[key] = None
            if node is not None:
                self._open.append(key)
                try:
                    self._done[key] = self.check(node)
                finally:
                    self._open.pop()
        meaning = self._done[key]
        if meaning is None:
            raise AlreadyReportedError
        return meaning


class Scope:
    """The vocabulary and the names that a sentence may use."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self.vocabulary = vocabulary
        self.values: Names[SetValue] = Names()
        self.conditions: Names[Define] = Names()
