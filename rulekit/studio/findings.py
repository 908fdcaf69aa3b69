"""What is wrong with a text, or dangerous about it, as a page shows it: places, sentences, and what mends it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache

from attrs import frozen

from rulekit.editor.mending import remedies
from rulekit.errors import InputError, RulekitError
from rulekit.language.diagnostics import Diagnostic
from rulekit.language.reading import Checked
from rulekit.lint.catalogue import of_number
from rulekit.lint.pages import page
from rulekit.lint.witness import Witness
from rulekit.studio.places import Places
from rulekit.studio.position import Position, position_of


@frozen
class Mend:
    """A change that a person may take: `text` in place of what stands from `start` to `end`, in UTF-16 units.

    Args:
        safe: spelling and form only.
    """

    title: str
    start: int
    end: int
    text: str
    safe: bool


@frozen
class Other:
    """Another place that matters."""

    line: int
    start: int
    end: int
    message: str


@frozen
class Finding:
    """One finding.

    Args:
        start, end: the marked place in UTF-16 units; line: counted from 1.
        status: of a proof `proved`, `possible` or `not checked`, else empty.
        witness: lines that show an example of it. position: the position behind them, to be looked at again.
    """

    code: str
    name: str
    severity: str
    message: str
    help: str
    status: str
    line: int
    start: int
    end: int
    mends: tuple[Mend, ...] = ()
    others: tuple[Other, ...] = ()
    witness: tuple[str, ...] = ()
    position: Position | None = None


def findings(checked: Checked, found: Sequence[Diagnostic], places: Places) -> tuple[Finding, ...]:
    """Return the findings about a text for a page, in the order of the text."""
    return tuple(_shown(each, checked, places) for each in found)


def _shown(found: Diagnostic, checked: Checked, places: Places) -> Finding:
    start, end = places.span(found.span)
    return Finding(
        found.code,
        found.name,
        found.severity,
        found.message,
        found.help,
        found.status or "",
        found.span.line,
        start,
        max(end, start),
        tuple(_mends(found, checked, places)),
        tuple(Other(span.line, *places.span(span), message) for span, message in found.related),
        found.witness,
        position_of(found.shown) if isinstance(found.shown, Witness) else None,
    )


def _mends(found: Diagnostic, checked: Checked, places: Places) -> Iterator[Mend]:
    for remedy in remedies(checked, [found]):
        for span, text in remedy.changes:
            yield Mend(remedy.title, *places.span(span), text, remedy.safe)


@lru_cache(maxsize=256)
def about(code: str) -> str:
    """Return the page of a code, as Markdown; its one line where there is no page.

    Raises:
        InputError: there is no such code.
    """
    try:
        known = of_number(code.upper())
    except KeyError:
        raise InputError(f"there is no code `{code}`", "a code is a letter and three digits, like Q101") from None
    try:
        return page(known)
    except RulekitError:
        return known.summary
