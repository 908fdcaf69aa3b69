"""What may stand at a place, and what stands there: completion and help for a page."""

from __future__ import annotations

import re

from attrs import frozen

from rulekit.editor.hover import explained
from rulekit.editor.offers import offers
from rulekit.studio.draft import Reading

MOST = 60
"""So many offers are shown."""


@frozen
class Choice:
    """Something that may be written: `text` in place of what stands from `start` to `end`, in UTF-16 units."""

    text: str
    kind: str
    detail: str
    help: str
    start: int
    end: int


def choices(reading: Reading, offset: int) -> tuple[Choice, ...]:
    """List what may stand at a place, what fits the word before it first."""
    line, column = reading.places.place(offset)
    text = reading.checked.source.line(line)
    found = []
    for offer in offers(reading.checked, reading.text, line, column, reading.vocabulary):
        typed = text[offer.column - 1 : column - 1].lower() if offer.line == line else ""
        if not offer.text.strip().lower().startswith(typed.strip()) or offer.text.strip().lower() == typed.strip():
            continue
        end = reading.places.offset(line, len(text) + 1) if offer.to_end else offset
        start = reading.places.offset(offer.line, offer.column)
        found.append(Choice(offer.text, offer.kind, offer.detail, offer.help, start, end))
    return tuple(found[:MOST])


@frozen
class Piece:
    """A part of an explanation: a paragraph or a block of code (`kind` is `text`, `code` or `rule`)."""

    kind: str
    text: str


def help_at(reading: Reading, offset: int) -> tuple[Piece, ...]:
    """Explain what stands at a place; empty where there is nothing to say."""
    line, column = reading.places.place(offset)
    found = explained(reading.checked, reading.found, line, column, reading.vocabulary)
    return () if found is None else pieces(found.text)


_FENCE = re.compile(r"^```\w*\n(.*?)^```$", re.DOTALL | re.MULTILINE)


def pieces(markdown: str) -> tuple[Piece, ...]:
    """Take the small Markdown of explanations apart, so that a page can show it without reading HTML."""
    found: list[Piece] = []
    at = 0
    for fence in _FENCE.finditer(markdown):
        found += _paragraphs(markdown[at : fence.start()])
        found.append(Piece("code", fence[1].rstrip()))
        at = fence.end()
    return (*found, *_paragraphs(markdown[at:]))


def _paragraphs(text: str) -> list[Piece]:
    parts = [part.strip() for part in re.split(r"\n\s*\n", text)]
    return [Piece("rule", "") if part == "---" else Piece(*_told(part)) for part in parts if part]


def _told(part: str) -> tuple[str, str]:
    if part.startswith("#"):
        return "head", part.lstrip("# ").strip()
    return "text", part
