"""How a trader says or types it otherwise: rows of patterns, each with what the language writes instead."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from functools import cache

from attrs import evolve, frozen

from rulekit.language.fault import Edit, FaultError
from rulekit.language.source import Piece, Sentence
from rulekit.language.tree import Span
from rulekit.model.shipped import shipped_text

_LONGEST = 500
"""Characters of a line that is looked at."""


_KEPT = "="
_NAMED = re.compile(r"\{([A-Z_]+)\}")
_BLANKS = re.compile(r"[ \t]+")
_QUOTED = re.compile(r'("[^"]*"|“[^”]*”)')
_NOT_OF_WORDS = frozenset(
    {"E111", "E112", "E113", "E114", "E115", "E116", "E120", "E130", "N103", "N104", "N108", "N116"}
)
"""Codes of sentences that were read well: what is at fault is no matter of wording."""


@frozen
class Phrasing:
    """One way to say something otherwise.

    Args:
        pattern: what is written; the group `m`, else all of it, is what a message marks.
        instead: what to write there, a template for each meaning that it may have; none if nothing can be offered.
        message: the sentence for a person, `{}` for the marked text; empty for the common one, `=` for the fault's own.
        help: advice beside the sentence that was meant.
        code: the code of the finding.
        safe: spelling or form only.
        needs: lower-case texts of which a line must have one before the pattern is tried; none if any line will do.
        in_blocks: it may also be said in the lines of an example.
    """

    pattern: str
    instead: tuple[str, ...] = ()
    message: str = ""
    help: str = ""
    code: str = "E117"
    safe: bool = False
    needs: tuple[str, ...] = ()
    in_blocks: bool = True

    def compiled(self) -> re.Pattern[str]:
        """Return the pattern, made when it is first needed."""
        return _compiled(self.pattern)


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)


# --- the table ------------------------------------------------------------


@cache
def table() -> tuple[Phrasing, ...]:
    """Read the rows of `grammar/phrasings.txt`, whose head says how they are written."""
    rows: list[Phrasing] = []
    texts: dict[str, str] = {}
    needs: tuple[str, ...] = ()
    in_blocks = True
    for line in shipped_text("grammar", "phrasings.txt").splitlines():
        if line.startswith("let "):
            _, name, text = line.split(" ", 2)
            texts[name] = _filled(text[1:-1], texts)
        elif line.startswith("section "):
            section, _, words = line.removeprefix("section ").partition(":")
            needs, in_blocks = tuple(words.split()), not section.startswith("the whole line")
        elif line.startswith("/"):
            rows.append(Phrasing(_blanks(_filled(line[1:-1], texts)), needs=needs, in_blocks=in_blocks))
        elif line.startswith("number "):
            *_, digits = line.split(" ")
            word = line.removeprefix("number ").removesuffix(f" {digits}")
            pattern = _blanks(rf"\b(?P<m>{word}){texts['COUNTED']}")
            rows.append(Phrasing(pattern, (digits,), code="E101", needs=(word,)))
        elif line.startswith("  "):
            sign, _, text = line.strip().partition(" ")
            rows[-1] = _PARTS[sign](rows[-1], text)
    return tuple(rows)


def _filled(text: str, texts: Mapping[str, str]) -> str:
    return _NAMED.sub(lambda found: texts[found[1]], text)


def _blanks(pattern: str) -> str:
    return pattern.replace(" ?", r"\s*").replace(" ", r"\s+")


def _coded(row: Phrasing, text: str) -> Phrasing:
    code, _, safe = text.partition(" ")
    return evolve(row, code=code, safe=safe == "safe")


_PARTS: dict[str, Callable[[Phrasing, str], Phrasing]] = {
    "->": lambda row, text: evolve(row, instead=(*row.instead, text[1:-1].replace(r"\n", "\n"))),
    "!": lambda row, text: evolve(row, message=text),
    "?": lambda row, text: evolve(row, help=text),
    "=": _coded,
}


# --- what a line says ------------------------------------------------------------


def phrased(fault: FaultError, sentence: Sentence) -> Iterator[FaultError]:
    """Explain a fault by what is written where it is, if that is a known way to say something; the surest first."""
    if fault.code.code in _NOT_OF_WORDS:
        return
    for piece in sentence.pieces:
        if piece.line == fault.span.line and len(piece.text) <= _LONGEST:
            yield from _odd_signs(piece)
            for row in _rows_for(piece.text.lower(), in_block=sentence.block is not None):
                found = _first(row, piece, fault.span)
                if found is not None:
                    yield _explained(row, found, piece, fault)


def _rows_for(lower: str, *, in_block: bool) -> Iterator[Phrasing]:
    for row in table():
        needed = not row.needs or any(each in lower for each in row.needs)
        if needed and (row.in_blocks or not in_block):
            yield row


def _first(row: Phrasing, piece: Piece, place: Span) -> re.Match[str] | None:
    """Find where a row says something else at a place; what stands between quotes is nobody's wording."""
    quoted = [found.span() for found in _QUOTED.finditer(piece.text)]
    for found in row.compiled().finditer(piece.text):
        inside = any(start < found.start() < end for start, end in quoted)
        if not inside and _touches(found, piece, place) and _changes(row, found):
            return found
    return None


def _odd_signs(piece: Piece) -> Iterator[FaultError]:
    """Explain signs outside quotes that only look like those of the keyboard, all of them in one go."""
    from rulekit.language.look_alikes import PLAIN

    parts = _QUOTED.split(piece.text)
    plain = "".join(part if place % 2 else part.translate(PLAIN) for place, part in enumerate(parts))
    if plain != piece.text:
        at = next(place for place, (old, new) in enumerate(zip(piece.text, plain, strict=False)) if old != new)
        odd = piece.text[at]
        message = f"`{odd}` is not the `{PLAIN[ord(odd)]}` of the keyboard"
        whole = _span(piece, 0, len(piece.text))
        yield FaultError("E109", _span(piece, at, at + 1), message, edits=(Edit(whole, plain, safe=True),))


def _touches(found: re.Match[str], piece: Piece, span: Span) -> bool:
    start, end = piece.column + found.start(), piece.column + found.end()
    last = span.end_column if span.end_line == span.line else piece.end_column
    return start <= last + 1 and span.column <= end + 1  # a blank may stand between


def _changes(row: Phrasing, found: re.Match[str]) -> bool:
    """Tell whether a row has another wording for what is written, or none at all."""
    return not row.instead or all(_even(found.expand(each)) != _even(found[0]) for each in row.instead)


def _even(text: str) -> str:
    return _BLANKS.sub(" ", text).strip(" ").lower()


def _explained(row: Phrasing, found: re.Match[str], piece: Piece, fault: FaultError) -> FaultError:
    group = "m" if "m" in found.re.groupindex and found["m"] is not None else 0
    marked = found[group]
    start = found.start(group) + len(marked) - len(marked.lstrip())
    span = _span(piece, start, max(start + 1, found.start(group) + len(marked.rstrip())))
    edits = tuple(
        Edit(_span(piece, found.start(), found.end()), found.expand(each), row.safe and len(row.instead) == 1)
        for each in row.instead
    )
    if row.message == _KEPT:
        return FaultError(fault.code.code, fault.span, fault.message, fault.help, fault.related, edits)
    return FaultError(row.code, span, _message(row, marked.strip(), found), row.help, edits=edits)


def _message(row: Phrasing, marked: str, found: re.Match[str]) -> str:
    if row.message:
        return row.message.format(f"`{marked}`")
    instead = [text for each in row.instead if (text := found.expand(each).strip())]
    return (
        f"`{marked}` is written {' or '.join(f'`{each}`' for each in instead)}"
        if instead
        else f"`{marked}` is not needed"
    )


def _span(piece: Piece, start: int, end: int) -> Span:
    return Span(piece.line, piece.column + start, piece.line, piece.column + max(end, start))
