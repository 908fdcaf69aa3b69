"""A text checked again and again while it is typed: sentences that stay as they were are not read anew."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import attrs
from attrs import evolve, field, frozen, mutable

from rulekit.language import headings
from rulekit.language import tree as t
from rulekit.language.checker import Checking, Line
from rulekit.language.diagnostics import Diagnostic
from rulekit.language.parser import Node
from rulekit.language.reader import Names, Word
from rulekit.language.rules import rule
from rulekit.language.scope import Scope
from rulekit.language.source import Sentence, outline
from rulekit.language.tree import Span

Made = TypeVar("Made")
Form = tuple[tuple[int, int, str], ...]
"""A sentence by its pieces: line counted from its first one, column, text."""


@frozen
class _Reading:
    """What reading a sentence gave, with the line on which it stood."""

    line: int
    read: Line
    found: tuple[Diagnostic, ...]


_DEFINING = ("set ", "define ")


@frozen
class _Meaning:
    """What a sentence means, and what the names in it stood for."""

    node: Node
    names: tuple[tuple[bool, str], ...]
    stood_for: tuple[t.SetValue | t.Define, ...]
    made: Any


@mutable
class Memory:
    """The sentences of one text as they were read last; what the text no longer has is forgotten."""

    _raws: dict[Form, tuple[int, tuple[Word, ...]]] = field(factory=dict)
    _readings: dict[Any, _Reading] = field(factory=dict)
    _meanings: dict[int, _Meaning] = field(factory=dict)

    def turn(self) -> tuple[dict[Form, tuple[int, tuple[Word, ...]]], dict[Any, _Reading], dict[int, _Meaning]]:
        """Begin a new check: return what is known, and keep only what is used from now on."""
        known = self._raws, self._readings, self._meanings
        self._raws, self._readings, self._meanings = {}, {}, {}
        return known

    def keep_raw(self, form: Form, line: int, raw: tuple[Word, ...]) -> None:
        """Keep the raw tokens of a sentence."""
        self._raws[form] = (line, raw)

    def keep(self, key: Any, reading: _Reading) -> None:
        """Keep how a sentence was read."""
        self._readings[key] = reading

    def keep_meaning(self, meaning: _Meaning) -> None:
        """Keep what a sentence means."""
        self._meanings[id(meaning.node)] = meaning


@mutable
class RememberedChecking(Checking):
    """A check that asks a memory before it reads a sentence; what it finds is what a fresh check would find."""

    memory: Memory = field(factory=Memory, kw_only=True)
    _raws: Mapping[Form, tuple[int, tuple[Word, ...]]] = field(init=False)
    _readings: Mapping[Any, _Reading] = field(init=False)
    _meanings: Mapping[int, _Meaning] = field(init=False)
    _definitions: tuple[str, ...] = field(init=False)
    _outline: Any = field(init=False)

    def __attrs_post_init__(self) -> None:
        Checking.__attrs_post_init__(self)
        self._raws, self._readings, self._meanings = self.memory.turn()
        self.scope.values.check = lambda node: self._meaning(node, headings.set_value)
        self.scope.conditions.check = lambda node: self._meaning(node, headings.define)
        self._outline = outline(self.source)
        self._definitions = tuple(
            each.text for each in self.source.sentences if each.text.lower().startswith(_DEFINING)
        )

    def _cut(self, sentence: Sentence) -> tuple[Word, ...]:
        form, line = _form(sentence), sentence.span.line
        known = self._raws.get(form)
        if known is None:
            raw = Checking._cut(self, sentence)
        else:
            raw = _words_moved(known[1], line - known[0])
        self.memory.keep_raw(form, line, raw)
        return raw

    def _read(self, sentence: Sentence, raw: tuple[Word, ...]) -> Line:
        form, line = _form(sentence), sentence.span.line
        header = self._header_of(sentence)
        good = (form, header, _names_within(self.naming.names, raw))
        names = frozenset(self.naming.names.items()), self.naming.at_fault(), self._definitions
        bad = (self._physical(sentence), form, header, names, self._outline)
        known = self._readings.get(good) or self._readings.get(bad)
        if known is not None:
            reading = _moved_reading(known, sentence, raw, line)
            self.found += reading.found
        else:
            before = len(self.found)
            read = Checking._read(self, sentence, raw)
            reading = _Reading(line, read, tuple(self.found[before:]))
        # A sentence at fault leans on all names, on comments and indents: one may be what was meant, others in the way.
        self.memory.keep(good if reading.read.node is not None else bad, reading)
        return reading.read

    def _made(self, node: Node) -> t.Rule:
        return self._meaning(node, rule)

    def _meaning(self, node: Node, make: Callable[[Node, Scope], Made]) -> Made:
        """Return what a sentence means: as before, where it and the very meanings of its names are the same."""
        known = self._meanings.get(id(node))
        if known is not None:
            stood_for = self._stand_for(known.names)
            if all(now is then for now, then in zip(stood_for, known.stood_for, strict=True)):
                self.memory.keep_meaning(known)
                made: Made = known.made
                return made
        made = make(node, self.scope)
        named = (word for word in node.words() if word.type in ("VALUE_NAME", "CONDITION_NAME"))
        names = tuple((word.type == "VALUE_NAME", str(word.value)) for word in named)
        self.memory.keep_meaning(_Meaning(node, names, self._stand_for(names), made))
        return made

    def _stand_for(self, names: tuple[tuple[bool, str], ...]) -> tuple[t.SetValue | t.Define, ...]:
        values, conditions = self.scope.values, self.scope.conditions
        return tuple(values.resolve(name) if is_value else conditions.resolve(name) for is_value, name in names)

    def _physical(self, sentence: Sentence) -> tuple[str, ...]:
        """Return the lines of a sentence with their comments."""
        span = sentence.span
        return tuple(self.source.line(number) for number in range(span.line, span.end_line + 1))


def _form(sentence: Sentence) -> Form:
    first = sentence.pieces[0].line
    return tuple((piece.line - first, piece.column, piece.text) for piece in sentence.pieces)


def _names_within(names: Names, raw: Sequence[Word]) -> tuple[Any, ...]:
    """List the names that a sentence may use: those whose first word it has."""
    words = {word.text.lower() for word in raw}
    return tuple(item for item in names.items() if item[0][0] in words)


# --- the same on other lines ------------------------------------------------------------


def _moved_reading(known: _Reading, sentence: Sentence, raw: tuple[Word, ...], line: int) -> _Reading:
    lines = line - known.line
    if not lines:
        return _Reading(line, evolve(known.read, sentence=sentence, raw=raw), known.found)
    words = _words_moved(known.read.words, lines)
    places = {id(old): new for old, new in zip(known.read.words, words, strict=True)}
    node = known.read.node and _node_moved(known.read.node, lines, places)
    return _Reading(line, Line(sentence, raw, words, node), tuple(moved(each, lines) for each in known.found))


def _words_moved(words: tuple[Word, ...], lines: int) -> tuple[Word, ...]:
    if not lines:
        return words
    return tuple(Word(word.type, word.text, moved(word.span, lines), word.value) for word in words)


def _node_moved(node: Node, lines: int, places: Mapping[int, Word]) -> Node:
    children = tuple(
        _node_moved(child, lines, places) if isinstance(child, Node) else places[id(child)] for child in node.children
    )
    return Node(node.rule, children)


def moved(each: Any, lines: int) -> Any:
    """Return a value with every place inside it moved down by some lines."""
    if isinstance(each, Span):
        return Span(each.line + lines, each.column, each.end_line + lines, each.end_column)
    if isinstance(each, tuple):
        return tuple(moved(item, lines) for item in each)
    if attrs.has(type(each)):
        changed = {name.name: moved(getattr(each, name.name), lines) for name in attrs.fields(type(each))}
        return evolve(each, **changed)
    return each
