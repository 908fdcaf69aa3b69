"""A policy in its canonical form: canonical wording, comments and blank lines kept, the meaning untouched."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from attrs import evolve, field, frozen, mutable

from rulekit.errors import PolicyError
from rulekit.language import tree as t
from rulekit.language.checker import Line
from rulekit.language.diagnostics import ERROR
from rulekit.language.parser import Node
from rulekit.language.reading import Checked, check_text
from rulekit.language.sentences import (
    BOOK_HEADER,
    applies_text,
    example_text,
    expectation_text,
    missing_data_text,
    past_text,
    path_parts,
    quoted,
    set_text,
)
from rulekit.language.source import Comment, Sentence, Source
from rulekit.language.vocabulary import STANDARD, Vocabulary
from rulekit.language.words import duration_text
from rulekit.language.wrapping import INDENT, Atom, comment_text, condition_atoms, laid_out, rule_atoms


def formatted(checked: Checked, vocabulary: Vocabulary = STANDARD) -> str:
    """Return the canonical text of a policy, with the line ends that most of its lines have.

    Raises:
        PolicyError: it has errors, or the text would not mean the same; then nothing may be written.
    """
    if checked.tree is None:
        found = [each for each in checked.diagnostics if each.severity == ERROR]
        count = "an error" if len(found) == 1 else f"{len(found)} errors"
        raise PolicyError(f"it has {count}", tuple(found), "mend it first; `rulekit lint` says how")
    text = "\n".join(_lines(checked, checked.tree)) + "\n"
    again = check_text(text, checked.tree.path, vocabulary)
    if again.tree is None or _meaning(again.tree) != _meaning(checked.tree):
        raise PolicyError("its meaning would change", again.diagnostics, _REPORT)
    if _comments(again.source) != _comments(checked.source):
        raise PolicyError("its comments would change", (), _REPORT)
    return text.replace("\n", line_end(checked.source.text))


_REPORT = "this is a fault of the formatter, please report it with the file"


def _meaning(tree: t.PolicyTree) -> t.PolicyTree:
    return evolve(tree, source="")


def _comments(source: Source) -> list[str]:
    return [comment_text(each) for each in _verbatim(source)]


def _verbatim(source: Source) -> list[Comment]:
    """List the comments with the spaces behind their `#`: what is aligned inside comments stays so."""
    return [evolve(each, text=source.line(each.line)[each.column :].rstrip()) for each in source.comments]


def line_end(text: str) -> str:
    """Return the line end that most lines of a text have: that of Windows or that of the others."""
    windows = text.count("\r\n")
    return "\r\n" if windows > text.count("\n") - windows else "\n"


# --- the lines of a file ------------------------------------------------------------


@frozen
class _Item:
    """A sentence with the comments inside it, or a comment on lines of its own; `first` and `last` are its lines."""

    first: int
    last: int
    comments: tuple[Comment, ...]
    line: Line | None = None


def _items(checked: Checked) -> Iterator[_Item]:
    """List sentences and free comments in the order of the file."""
    comments = _verbatim(checked.source)
    for line in checked.lines:
        span = line.sentence.span
        while comments and comments[0].line < span.line:
            yield _Item(comments[0].line, comments[0].line, (comments.pop(0),))
        inside = [each for each in comments if each.line <= span.end_line]
        del comments[: len(inside)]
        yield _Item(span.line, span.end_line, tuple(inside), line)
    for each in comments:
        yield _Item(each.line, each.line, (each,))


def _lines(checked: Checked, tree: t.PolicyTree) -> list[str]:
    items = list(_items(checked))
    wording = _Wording(tree, checked.lines)
    lines: list[str] = []
    for place, item in enumerate(items):
        if place and item.first - items[place - 1].last > 1:
            lines.append("")
        if item.line is None:
            lines.append(_margin(items, place) + comment_text(item.comments[0]))
        else:
            indent = _block_indent(item.line.sentence)
            lines += laid_out(wording.atoms(item.line), item.line.sentence, item.comments, indent)
    return lines


def _block_indent(sentence: Sentence) -> str:
    return "" if sentence.block is None else INDENT


def _margin(items: Sequence[_Item], place: int) -> str:
    """Return the indent of a comment on its own line: that of the block it stands in.

    Behind the last line of a block it belongs to the block if it is indented.
    """
    after = next((item.line for item in items[place:] if item.line is not None), None)
    before = next((item.line for item in reversed(items[:place]) if item.line is not None), None)
    if after is not None and after.sentence.block is not None:
        return INDENT
    in_block = before is not None and (before.sentence.block is not None or _is_header(before))
    run = [item.comments[0].column for item in _run(items, place)]
    outermost = min((item.line.sentence.span.column for item in items if item.line is not None), default=1)
    return INDENT if in_block and all(column > outermost for column in run) else ""


def _run(items: Sequence[_Item], place: int) -> Iterator[_Item]:
    """List the comments from the last sentence up to this one: a block ends with the first that is not indented."""
    for item in reversed(items[: place + 1]):
        if item.line is not None:
            return
        yield item


def _is_header(line: Line) -> bool:
    return line.node is not None and line.node.rule in ("example", "book_header")


# --- the wording of each sentence ------------------------------------------------------------


@mutable
class _Wording:
    """Walks the tree beside the sentences of the file: each kind in its own order."""

    tree: t.PolicyTree
    lines: Sequence[Line]
    _values: Iterator[t.SetValue] = field(init=False)
    _definitions: Iterator[t.Define] = field(init=False)
    _rules: Iterator[t.Rule] = field(init=False)
    _book: Iterator[t.Rule] = field(init=False)
    _examples: Iterator[t.Example] = field(init=False)
    _facts: Iterator[tuple[str, t.Number | t.Text]] = field(init=False, factory=lambda: iter(()))
    _expectations: Iterator[t.Expectation] = field(init=False, factory=lambda: iter(()))
    _past: Iterator[t.Past] = field(init=False, factory=lambda: iter(()))
    _example: t.Example | None = None

    def __attrs_post_init__(self) -> None:
        self._values = iter(self.tree.values)
        self._definitions = iter(self.tree.definitions)
        self._rules = iter(self.tree.rules)
        self._book = iter(self.tree.book)
        self._examples = iter(self.tree.examples)

    def atoms(self, line: Line) -> list[Atom]:
        """Return the parts of a sentence in canonical wording."""
        assert line.node is not None
        if line.node.rule == "data_missing" and self.tree.missing_data == "exit":
            next(self._rules)
        if line.node.rule == "rule":
            return rule_atoms(next(self._rules if line.sentence.block is None else self._book), line.node)
        if line.node.rule == "define":
            return self._define(line.node)
        if line.node.rule == "path":
            return self._path(line.node)
        span = line.sentence.span
        return [Atom(_WORDINGS[line.node.rule](self, line.node), span.line, span.end_line)]

    def _define(self, node: Node) -> list[Atom]:
        made = next(self._definitions)
        first, *rest = condition_atoms(f"define {made.name} as", made.condition)
        return [evolve(first, first=node.span.line), *rest]

    def _path(self, node: Node) -> list[Atom]:
        assert self._example is not None
        first, *legs = path_parts(self._example)
        _, given, *nodes = node.nodes()
        atoms = [Atom(first, node.span.line, given.span.end_line)]
        return [
            *atoms,
            *(Atom(text, leg.span.line, leg.span.end_line) for text, leg in zip(legs, nodes, strict=True)),
        ]

    def _set(self, node: Node) -> str:
        made = next(self._values)
        return set_text(made)

    def _header(self, node: Node) -> str:
        self._example = next(self._examples)
        self._facts, self._expectations = iter(self._example.facts), iter(self._example.expectations)
        self._past = iter(self._example.past)
        return self._example_lines()[0]

    def _example_lines(self, **given: Any) -> list[str]:
        """Return the header and the position of the present example, and what else is given, as the printer does."""
        assert self._example is not None
        bare: dict[str, Any] = {"price": None, "clock": None, "facts": (), "expectations": (), "path": (), "past": ()}
        bare["every"] = None
        return [each.strip() for each in example_text(evolve(self._example, **{**bare, **given})).split("\n")]

    def _given(self, node: Node) -> str:
        assert self._example is not None
        subject, value = node.nodes()
        if value.rule == "clock":
            return self._clock(node)
        if subject.rule == "named_price" and str(next(subject.words()).value) == "price":
            return self._example_lines(price=self._example.price)[-1]
        return self._example_lines(facts=(next(self._facts),))[-1]

    @property
    def every(self) -> int:
        """The time between looks that the present example states."""
        assert self._example is not None and self._example.every is not None
        return self._example.every

    def _clock(self, node: Node) -> str:
        assert self._example is not None
        return self._example_lines(clock=self._example.clock)[-1]


_WORDINGS: dict[str, Callable[[_Wording, Node], str]] = {
    "policy": lambda wording, node: f"policy {quoted(wording.tree.title or '')}",
    "applies": lambda wording, node: applies_text(wording.tree.applies),
    "data_missing": lambda wording, node: missing_data_text(wording.tree.missing_data),
    "set_value": _Wording._set,
    "example": _Wording._header,
    "book_header": lambda wording, node: BOOK_HEADER,
    "opening": lambda wording, node: wording._example_lines()[1],
    "given": _Wording._given,
    "at_clock": _Wording._clock,
    "look_every": lambda wording, node: f"look every {duration_text(wording.every)}",
    "acted": lambda wording, node: past_text(next(wording._past)),
    "expect": lambda wording, node: expectation_text(next(wording._expectations)),
}
