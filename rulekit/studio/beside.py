"""What stands beside each line: what its sentence means in plain words, and the colours of its words."""

from __future__ import annotations

from attrs import frozen

from rulekit.editor.colours import coloured
from rulekit.editor.hover import plain_words, rule_of
from rulekit.language.checker import Line
from rulekit.language.echo import echo
from rulekit.language.reading import Checked
from rulekit.studio.places import units

_HEADS = {
    "policy": "the title",
    "applies": "which positions it is for",
    "book_header": "rules for all positions together",
}


@frozen
class Beside:
    """What is said of one sentence.

    Args:
        line, end_line: where it stands, from 1. canonical: the sentence as the language writes it, empty where it
            stands so already. said: what it means.
    """

    line: int
    end_line: int
    said: str
    canonical: str = ""
    rule: str = ""


Known = dict[tuple[str, tuple[str, ...]], tuple[str, str, str] | None]
"""What was said of sentences, by their text and those that give names; what a text no longer has is forgotten."""


def beside(checked: Checked, known: Known | None = None) -> tuple[Beside, ...]:
    """Say of each sentence that can be read what it means, whatever is wrong with the others.

    Args:
        known: what was said of an earlier state of the text; it is brought up to date.
    """
    before, now = dict(known or {}), {} if known is None else known
    now.clear()
    names = tuple(line.sentence.text for line in checked.lines if line.node is not None and line.node.rule in _NAMING)
    found = []
    for line in checked.lines:
        key = line.sentence.text, names
        said = now[key] = before[key] if key in before else _said(line, checked)
        if said is not None:
            span = line.sentence.span
            found.append(Beside(span.line, span.end_line, *said))
    return tuple(found)


_NAMING = ("set_value", "define")


def _said(line: Line, checked: Checked) -> tuple[str, str, str] | None:
    """Return what a sentence means, its canonical form where it stands otherwise, and its rule."""
    if line.node is None or checked.scope is None:
        return None
    rule = rule_of(line, checked)
    if rule is None:
        said = _HEADS.get(line.node.rule, "")
        return (said, "", "") if said else None
    written = echo(line.words, checked.scope)
    same = " ".join(line.sentence.text.split()) == written
    return plain_words(rule), "" if same else written, rule.name


def colours(checked: Checked) -> dict[int, list[tuple[int, int, str]]]:
    """Return the coloured stretches of each line, from 1: first and last column in UTF-16 units, and the colour."""
    found: dict[int, list[tuple[int, int, str]]] = {}
    for each in coloured(checked):
        text = checked.source.line(each.line)
        first, last = units(text[: each.column - 1]), units(text[: each.end_column - 1])
        found.setdefault(each.line, []).append((first, last, each.colour.name.lower()))
    return found
