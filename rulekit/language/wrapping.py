"""One sentence laid out on lines: joined where it fits, else broken between its parts; comments keep their turn."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from attrs import evolve, frozen

from rulekit.language import tree as t
from rulekit.language.parser import Node
from rulekit.language.sentences import (
    condition_text,
    label_text,
    level_text,
    limit_text,
    times_texts,
    verb_text,
)
from rulekit.language.source import Comment, Sentence

WIDTH = 100
"""Sentences up to this many characters stay on one line; a comment at their end does not count."""
INDENT = "  "


@frozen
class Atom:
    """A part of a sentence that is never broken.

    Args:
        first: the line of the file on which it begins. last: the one on which it ends.
        opens: a sentence that is too long for one line begins a new one here.
    """

    text: str
    first: int
    last: int
    opens: bool = False


# --- parts of a sentence ------------------------------------------------------------


def rule_atoms(rule: t.Rule, node: Node) -> list[Atom]:
    """Return the parts of a rule in canonical wording: action, level, times, each condition, limit."""
    body = node.nodes()[0]
    while body.nodes()[0].rule == "body":
        body = body.nodes()[0]
    label = "" if rule.label is None else f"{label_text(rule.label)}: "
    atoms = [Atom(f"{label}{verb_text(rule.verb)}", node.span.line, body.nodes()[-1].span.end_line)]
    if rule.level is not None:
        atoms.append(_atom(f"at {level_text(rule.level)}", rule.level.span))
    atoms += [_atom(text, when.span) for text, when in zip(times_texts(rule.times), rule.times, strict=True)]
    if rule.when is not None:
        atoms += condition_atoms("when", rule.when)
    if rule.unless is not None:
        atoms += condition_atoms("unless", rule.unless)
    if rule.limit.written:
        atoms[-1] = evolve(atoms[-1], text=f"{atoms[-1].text},")
        atoms.append(Atom(limit_text(rule.limit), rule.limit.span.line, node.span.end_line))
    return atoms


def condition_atoms(opening: str, condition: t.Condition) -> list[Atom]:
    """Return the joined parts of a condition, the first behind `opening`."""
    if not isinstance(condition, t.And | t.Or):
        return [evolve(_atom(f"{opening} {condition_text(condition)}", condition.span), opens=True)]
    joint = "and" if isinstance(condition, t.And) else "or"
    return [
        evolve(_atom(f"{joint if place else opening} {_bracketed(item)}", item.span), opens=not place)
        for place, item in enumerate(condition.items)
    ]


def _atom(text: str, span: t.Span) -> Atom:
    return Atom(text, span.line, span.end_line)


def _bracketed(item: t.Condition) -> str:
    text = condition_text(item)
    return f"({text})" if isinstance(item, t.And | t.Or) else text


# --- lines ------------------------------------------------------------


def comment_text(comment: Comment) -> str:
    """Write a comment as it was written, with a space before a first word that touches the `#`."""
    text = comment.text
    return f"# {text}" if text[:1].isalnum() else f"#{text}"


def laid_out(
    atoms: Sequence[Atom], sentence: Sentence, comments: Sequence[Comment], indent: str = "", width: int = WIDTH
) -> list[str]:
    """Return the lines of a sentence with the comments that stand inside it or at its end.

    A comment between two parts stays between them. If one of them stands inside a part, or two at one end, all but the
    one at the end of the sentence move above it, in their order.
    """
    last = sentence.span.end_line
    inner = [each for each in comments if each.line < last]
    ending = [comment_text(each) for each in comments if each.line == last]
    breaks = _breaks(atoms, inner)
    if breaks is None:
        above = [indent + comment_text(each) for each in inner]
        return above + _ended(_wrapped(atoms, indent, indent, width), ending)
    lines: list[str] = []
    for start, end, closing, below in _segments(atoms, breaks):
        lines += _ended(_wrapped(atoms[start:end], indent if not start else indent + INDENT, indent, width), closing)
        lines += [f"{indent}{INDENT}{each}" for each in below]
    return _ended(lines, ending)


def _ended(lines: list[str], comments: Sequence[str]) -> list[str]:
    return [*lines[:-1], "  ".join((lines[-1], *comments))] if lines else list(comments)


def _breaks(atoms: Sequence[Atom], comments: Sequence[Comment]) -> dict[int, list[Comment]] | None:
    """Find behind which part each comment stands; None if one does not stand between two parts."""
    found: dict[int, list[Comment]] = {}
    for comment in comments:
        before = sum(atom.first <= comment.line for atom in atoms)
        if not 0 < before < len(atoms) or atoms[before - 1].last > comment.line:
            return None
        found.setdefault(before, []).append(comment)
        if len(found[before]) > 1 and not comment.alone:
            return None
    return found


def _segments(
    atoms: Sequence[Atom], breaks: dict[int, list[Comment]]
) -> Iterator[tuple[int, int, list[str], list[str]]]:
    """Part the atoms at the comments: start, end, what closes the line, what stands on lines of its own below."""
    start = 0
    for end in (*sorted(breaks), len(atoms)):
        here = breaks.get(end, [])
        closing = [comment_text(each) for each in here if not each.alone]
        yield start, end, closing, [comment_text(each) for each in here if each.alone]
        start = end


def _wrapped(atoms: Sequence[Atom], first: str, indent: str, width: int) -> list[str]:
    """Join atoms on one line where they fit, else begin lines at conditions and wherever the line is full."""
    whole = first + " ".join(atom.text for atom in atoms)
    if len(whole) <= width:
        return [whole]
    lines: list[str] = []
    for place, atom in enumerate(atoms):
        if place and not atom.opens and len(lines[-1]) + 1 + len(atom.text) <= width:
            lines[-1] += f" {atom.text}"
        else:
            lines.append((indent + INDENT if place else first) + atom.text)
    return lines
