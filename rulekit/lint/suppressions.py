"""`# allow Q101 until 2026-12-31: reason`: findings that a person has decided to live with, and for how long."""

from __future__ import annotations

import re
from collections.abc import Container
from datetime import date

from attrs import frozen

from rulekit.language.codes import Code
from rulekit.language.diagnostics import WARNING, Diagnostic, Fix
from rulekit.language.source import Comment, Source
from rulekit.language.tree import Span
from rulekit.lint.finding import Finding

UNUSED = Code("X101", "unused-suppression", WARNING, "an `# allow` that allows nothing")
BAD = Code("X102", "bad-suppression", WARNING, "an `# allow` that cannot be read")
EXPIRED = Code("X103", "expired-suppression", WARNING, "an `# allow` whose day has passed")
ABOUT = (UNUSED, BAD, EXPIRED)

_FORM = re.compile(
    r"allow\s+(?P<codes>[A-Z]\d{3}(?:\s*,\s*[A-Z]\d{3})*)(?:\s+until\s+(?P<until>[^\s:]+))?\s*:\s*(?P<reason>\S.*)",
    re.IGNORECASE,
)
_MEANT = re.compile(r"allow\s+[A-Z]\d{2,4}\b|allow\s*:|allow\s+until\b", re.IGNORECASE)
_HOW = "write `# allow Q101: the reason`, or `# allow Q101 until 2026-12-31: the reason`"


@frozen
class Suppression:
    """One `# allow`: its codes, the lines that it covers, and its last day."""

    codes: tuple[str, ...]
    lines: range
    until: date | None
    comment: Comment

    @property
    def span(self) -> Span:
        """The comment with its `#`."""
        return _span(self.comment)

    def covers(self, found: Diagnostic, today: date) -> bool:
        """Tell whether it allows a finding on that day; the last day counts."""
        in_time = self.until is None or today <= self.until
        return in_time and found.code in self.codes and found.span.line in self.lines


def _span(comment: Comment) -> Span:
    return Span(comment.line, comment.column, comment.line, comment.column + len(comment.text) + 2)


def _covered(comment: Comment, source: Source) -> range:
    """Return the lines a comment speaks of: its own sentence's, or where it stands alone, the next sentence's."""
    line = comment.line
    if not comment.alone:
        below = [each for each in source.sentences if each.span.line <= line <= each.span.end_line]
    else:
        below = [each for each in source.sentences if each.span.line > line][:1]
        between = range(line + 1, below[0].span.line) if below else range(0)
        if any(not source.line(number).lstrip().startswith("#") for number in between):
            below = []
    return range(below[0].span.line, below[0].span.end_line + 1) if below else range(line, line + 1)


def mentioned(source: Source) -> bool:
    """Tell whether any comment looks like an `# allow`."""
    return any(_MEANT.match(comment.text) for comment in source.comments)


def read(source: Source, known: Container[str]) -> tuple[list[Suppression], list[Diagnostic]]:
    """Read the `# allow` comments of a policy; those that cannot be read are findings."""
    good, bad = [], []
    for comment in source.comments:
        form = _FORM.fullmatch(comment.text)
        if form is None:
            if _MEANT.match(comment.text):
                bad.append(_bad(comment, source, "this `# allow` cannot be read: it needs codes, a colon and a reason"))
            continue
        codes = tuple(code.strip().upper() for code in form["codes"].split(","))
        unknown = [code for code in codes if code not in known]
        if unknown:
            bad.append(_bad(comment, source, f"there is no code `{unknown[0]}`"))
            continue
        try:
            until = date.fromisoformat(form["until"]) if form["until"] else None
        except ValueError:
            bad.append(_bad(comment, source, f"`{form['until']}` is no date"))
            continue
        good.append(Suppression(codes, _covered(comment, source), until, comment))
    return good, bad


def _bad(comment: Comment, source: Source, message: str) -> Diagnostic:
    return Finding(_span(comment), message, _HOW).diagnostic(BAD, source)


def apply(
    found: list[Diagnostic], allowed: list[Suppression], source: Source, today: date, left_out: Container[str] = ()
) -> list[Diagnostic]:
    """Take away what is allowed; an `# allow` that allows nothing, or no longer, is itself a finding.

    Of a code in `left_out`, for which nobody has looked, it is not known whether there is anything to allow.
    """
    kept = [each for each in found if not any(one.covers(each, today) for one in allowed)]
    for one in allowed:
        if one.until is not None and today > one.until:
            message = f"this `# allow` ended on {one.until.isoformat()}"
            kept.append(
                Finding(one.span, message, "mend what it allowed, or agree on a new day").diagnostic(EXPIRED, source)
            )
            continue
        hit = {each.code for each in found if one.covers(each, today)}
        for code in one.codes:
            if code not in hit and code not in left_out:
                message = f"`# allow {code}` allows nothing: there is no such finding here"
                found_unused = Finding(one.span, message, "delete it", fix=_without(one, code, source))
                kept.append(found_unused.diagnostic(UNUSED, source))
    return kept


def _without(one: Suppression, code: str, source: Source) -> Fix:
    """Take a code out of an `# allow`; with its last code the comment goes, and its line if it stands alone."""
    comment, span = one.comment, one.span
    codes = [each for each in one.codes if each != code]
    if codes:
        until = f" until {one.until.isoformat()}" if one.until else ""
        reason = comment.text.partition(":")[2].strip()
        return Fix(span, f"# allow {', '.join(codes)}{until}: {reason}", True, "")
    line = source.line(comment.line)
    if comment.alone and comment.line < len(source.lines):
        return Fix(Span(comment.line, 1, comment.line + 1, 1), "", True, "")
    kept = len(line[: comment.column - 1].rstrip())
    return Fix(Span(comment.line, kept + 1, comment.line, len(line) + 1), "", True, "")
