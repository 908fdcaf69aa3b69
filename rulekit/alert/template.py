"""Reads and fills the text of an alert. A template may name facts, compare, compute and choose; nothing else.

What it may hold is a short list of parts, so it has no loops, calls nothing and reaches into nothing; the sandbox
stands behind that as a second wall. Its length and depth are bounded, and so is what it prints.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

from attrs import frozen

from rulekit.alert.figures import UNKNOWN, Fact, Figure, Unknown, plain
from rulekit.alert.words import blocks, joined, places

if TYPE_CHECKING:
    from jinja2 import nodes
    from jinja2.sandbox import ImmutableSandboxedEnvironment

LONGEST = 1_000
"""Characters that a template may have, and that it may print."""
DEEPEST = 30
"""How deep its brackets and choices may nest."""


class TemplateFault(Exception):  # noqa: N818 - named as the language names what is wrong
    """What is wrong with a template, and where in its text."""

    def __init__(self, message: str, help: str, start: int, end: int) -> None:
        super().__init__(message)
        self.message, self.help, self.start, self.end = message, help, start, end


@frozen
class Name:
    """A name that a template uses: as one word, and where it first stands."""

    word: str
    start: int
    end: int


def is_plain(text: str) -> bool:
    """Tell whether nothing in a text is filled in."""
    return "{{" not in text and "{%" not in text and "{#" not in text


def names(text: str) -> tuple[Name, ...]:
    """Check a template and list the names that it uses, each once, in the order in which they stand.

    Raises:
        TemplateFault: it cannot be read, or holds what no alert may.
    """
    if len(text) > LONGEST:
        raise TemplateFault(f"an alert has at most {LONGEST:,} characters", "write a shorter text", 0, len(text))
    if is_plain(text):
        return ()
    one_word = joined(text)
    parsed = _parsed(text, one_word)
    _refuse_what_is_not_allowed(parsed, text, one_word)
    found = []
    for word in dict.fromkeys(node.name for node in _names(parsed)):
        start, end = next(places(one_word, word), (0, len(text)))
        found.append(Name(word, start, end))
    return tuple(sorted(found, key=lambda name: name.start))


def fill(text: str, facts: Mapping[str, Fact]) -> str:
    """Fill a template that was checked with facts by their one-word names; the text comes whatever happens.

    A fact that is not given is unknown. What cannot be worked out (a division by zero) is said in the text.
    """
    if is_plain(text):
        return text[:LONGEST]
    values = {name: fact.value() for name, fact in facts.items()}
    try:
        filled = _template(text).render(values)
    except Exception as error:
        # A trader must be told that the alert fired even where its figures cannot be worked out.
        filled = f"{text} (cannot be filled in: {type(error).__name__})"
    return " ".join(filled.split())[:LONGEST]


# --- reading ---------------------------------------------------------------------------------------------------


def _parsed(text: str, one_word: str) -> nodes.Template:
    from jinja2.exceptions import TemplateSyntaxError

    environment = _environment()
    try:
        return environment.parse(one_word)
    except TemplateSyntaxError as error:
        start, end = _place_of_error(one_word)
        raise TemplateFault(*_said(text, start, end, error.message or ""), start, end) from None
    except RecursionError:
        raise TemplateFault("the text is nested too deep", "write it with fewer brackets", 0, len(text)) from None


def _place_of_error(one_word: str) -> tuple[int, int]:
    """Return the first block that cannot be read by itself, or one that is not closed, else the whole text."""
    from jinja2.exceptions import TemplateSyntaxError

    environment = _environment()
    whole = blocks(one_word)
    for block in whole:
        if one_word.startswith("{{", block.start):
            try:
                environment.parse(one_word[block.start : block.end])
            except TemplateSyntaxError:
                return block.start, block.end
    closed = whole[-1].end if whole else 0
    opened = min((at for mark in ("{{", "{%", "{#") if (at := one_word.find(mark, closed)) >= 0), default=-1)
    return (opened, len(one_word)) if opened >= 0 else (0, len(one_word))


def _said(text: str, start: int, end: int, error: str) -> tuple[str, str]:
    part = text[start:end]
    if part.startswith("{{") and "}}" not in part:
        return "`{{` is not closed", "close it behind the fact: `{{ profit }}`"
    if "{%" in part and "if" in part and "endif" not in part:
        return "`{% if … %}` is not closed", "end it with `{% endif %}`"
    if "No filter named" in error:
        return error_of_filter(error), f"known are {_listed(_FILTERS)}"
    if "unknown tag" in error.lower():
        return "an alert knows `{% if … %}`, `{% else %}` and `{% endif %}` only", "name facts with `{{ profit }}`"
    return f"`{part}` cannot be read", "write a fact between double braces: `{{ profit }}`, `{{ peak profit }}`"


def error_of_filter(error: str) -> str:
    """Say which filter there is none of, from the message of the template language."""
    return f"`{error.split(chr(39))[1]}` is no filter" if error.count("'") > 1 else "there is no such filter"


def _listed(table: Mapping[str, object]) -> str:
    return ", ".join(f"`{name}`" for name in table)


def _names(node: nodes.Node) -> Iterator[Any]:
    from jinja2 import nodes

    yield from node.find_all(nodes.Name)


# --- what an alert may hold ------------------------------------------------------------------------------------

_ALLOWED = {
    *(
        "Template",
        "Output",
        "TemplateData",
        "Name",
        "Const",
        "If",
        "CondExpr",
        "Compare",
        "Operand",
        "And",
        "Or",
        "Not",
    ),
    *("Add", "Sub", "Mul", "Div", "Neg", "Pos", "Concat", "Filter", "Test"),
}
_REFUSED = {
    "Call": ("an alert calls nothing", "take the brackets away: a fact is written by its name alone"),
    "Getattr": ("a fact has no parts", "take away what stands behind the dot"),
    "Getitem": ("a fact has no parts", "take away the square brackets"),
    "For": ("an alert has no loops", "name the facts one by one"),
    "Pow": ("an alert adds, subtracts, multiplies and divides only", "take `**` away"),
    "Mod": ("an alert adds, subtracts, multiplies and divides only", "take the `%` inside the braces away"),
    "FloorDiv": ("an alert adds, subtracts, multiplies and divides only", "take `//` away"),
}
_ELSE = ("an alert names facts, compares and chooses, nothing else", "write `{{ profit }}` or `{% if profit > 10 %}`")
_MARKS = {"Call": "(", "Getattr": ".", "Getitem": "[", "For": "for", "Pow": "**", "Mod": "%", "FloorDiv": "//"}


def _refuse_what_is_not_allowed(parsed: nodes.Node, text: str, one_word: str) -> None:
    pending: list[tuple[Any, int]] = [(parsed, 0)]
    while pending:
        node, depth = pending.pop()
        kind = type(node).__name__
        if depth > DEEPEST:
            raise TemplateFault("the text is nested too deep", "write it with fewer brackets", 0, len(text))
        if kind not in _ALLOWED:
            message, help = _REFUSED.get(kind, _ELSE)
            raise TemplateFault(message, help, *_block_with(one_word, _MARKS.get(kind, "")))
        if kind == "Operand" and node.op in ("in", "notin"):
            raise TemplateFault(*_ELSE, *_block_with(one_word, " in "))
        if kind == "Filter" and node.name not in _FILTERS:
            place = next(places(one_word, node.name), (0, len(text)))
            raise TemplateFault(f"`{node.name}` is no filter", f"known are {_listed(_FILTERS)}", *place)
        if kind == "Test" and node.name not in _TESTS:
            place = next(places(one_word, node.name), (0, len(text)))
            raise TemplateFault(f"`is {node.name}` is no comparison here", "write `>`, `>=`, `<`, `<=`, `==`", *place)
        if kind in ("Mul", "Add", "Sub", "Div") and any(_is_word(side) for side in (node.left, node.right)):
            raise TemplateFault("a text cannot be computed with", "join texts with `~`", *_block_with(one_word, ""))
        pending.extend((child, depth + 1) for child in node.iter_child_nodes())


def _is_word(node: Any) -> bool:
    return type(node).__name__ == "Concat" or isinstance(getattr(node, "value", None), str)


def _block_with(one_word: str, mark: str) -> tuple[int, int]:
    """Return the first block that holds a mark, else the whole text."""
    for block in blocks(one_word):
        if mark and mark in one_word[block.start + 2 : block.end - 2]:
            return block.start, block.end
    return 0, len(one_word)


# --- the sandbox -----------------------------------------------------------------------------------------------


def _rounded(value: Any, places: int = 0) -> Any:
    if isinstance(value, Unknown):
        return value
    return round(float(value), max(-9, min(9, int(places))))


def _or_else(value: Any, other: Any = "") -> Any:
    return other if isinstance(value, Unknown) else value


_FILTERS: dict[str, Callable[..., Any]] = {
    "round": _rounded,
    "abs": abs,
    "upper": lambda value: plain(value).upper(),
    "lower": lambda value: plain(value).lower(),
    "default": _or_else,
}
_TESTS: dict[str, Callable[..., bool]] = {
    "known": lambda value: not isinstance(value, Unknown),
    "unknown": lambda value: isinstance(value, Unknown),
}


@cache
def _environment() -> ImmutableSandboxedEnvironment:
    from jinja2 import Undefined
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    class Missing(Undefined):
        """A fact that was not given: the same as one that is unknown."""

        __slots__ = ()

        def __str__(self) -> str:
            return str(UNKNOWN)

    class Sandbox(ImmutableSandboxedEnvironment):
        """Refuses every attribute, every call and every product that is not of numbers."""

        intercepted_binops = frozenset({"*", "+", "-", "/"})

        def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
            return False

        def is_safe_callable(self, obj: Any) -> bool:
            return False

        def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
            for side in (left, right):
                if not isinstance(side, int | float | Unknown):
                    raise TypeError("only numbers are computed with")
            # As floats: a product of long whole numbers would grow without a bound.
            numbers = [each if isinstance(each, Unknown) else float(each) for each in (left, right)]
            return super().call_binop(context, operator, *numbers)

    made = Sandbox(undefined=Missing, finalize=plain, autoescape=False)
    made.filters = dict(_FILTERS)
    made.tests = dict(_TESTS)
    made.globals = {}
    return made


@cache
def _template(text: str) -> Any:
    return _environment().from_string(joined(text))


__all__ = ["Fact", "Figure", "Name", "TemplateFault", "fill", "is_plain", "names"]
