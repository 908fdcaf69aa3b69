"""A finding about meaning: what a lint rule yields, before it becomes a diagnostic."""

from __future__ import annotations

from attrs import field, frozen

from rulekit.language.codes import Code
from rulekit.language.diagnostics import (
    ERROR,
    INFO,
    NOT_CHECKED,
    POSSIBLE,
    PROVED,
    WARNING,
    Diagnostic,
    Fix,
)
from rulekit.language.source import Source
from rulekit.language.tree import Span

__all__ = ["ERROR", "INFO", "NOT_CHECKED", "POSSIBLE", "PROVED", "WARNING", "Code", "Finding", "Fix"]


@frozen
class Finding:
    """One place that a lint rule has found.

    Args:
        span: the marked place.
        message: one sentence, lower-case start, no full stop, the user's text in backticks.
        help: what to write instead, or other advice.
        related: other places that matter, each with its message.
        status: for a proof `PROVED`, `POSSIBLE` or `NOT_CHECKED`; None where nothing had to be proved.
        witness: lines that show an example of it: a position, a price, a minute, and what happens.
        fix: the change that mends it; safe only if the policy means the same after it.
    """

    span: Span
    message: str
    help: str = ""
    related: tuple[tuple[Span, str], ...] = ()
    status: str | None = None
    witness: tuple[str, ...] = ()
    fix: Fix | None = field(default=None, kw_only=True)

    @property
    def behind(self) -> object:
        """What stands behind the lines of `witness`; None where nothing does."""
        return None

    def diagnostic(self, code: Code, source: Source, severity: str | None = None) -> Diagnostic:
        """Return the finding under its code, as severe as the code or as somebody has set it."""
        line = source.line(self.span.line)
        span = self.span
        if span.end_line != span.line:
            span = Span(span.line, span.column, span.line, len(line.rstrip()) + 1)
        return Diagnostic(
            code.code,
            code.name,
            severity or code.severity,
            self.message,
            self.help,
            span,
            self.related,
            line,
            status=self.status,
            witness=self.witness,
            fix=self.fix,
            shown=self.behind,
        )
