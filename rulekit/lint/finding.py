"""A finding about meaning: what a lint rule yields, before it becomes a diagnostic."""

from __future__ import annotations

from attrs import frozen

from rulekit.language.codes import Code
from rulekit.language.diagnostics import ERROR, INFO, WARNING, Diagnostic
from rulekit.language.source import Source
from rulekit.language.tree import Span

__all__ = ["ERROR", "INFO", "WARNING", "Code", "Finding"]


@frozen
class Finding:
    """One place that a lint rule has found."""

    span: Span
    message: str
    help: str = ""
    related: tuple[tuple[Span, str], ...] = ()

    def diagnostic(self, code: Code, source: Source) -> Diagnostic:
        """Return the finding under its code."""
        line = source.line(self.span.line)
        span = self.span
        if span.end_line != span.line:
            span = Span(span.line, span.column, span.line, len(line.rstrip()) + 1)
        return Diagnostic(code.code, code.name, code.severity, self.message, self.help, span, self.related, line)
