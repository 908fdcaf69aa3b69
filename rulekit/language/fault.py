"""A fault in one sentence: it ends the reading of that sentence, and no other."""

from __future__ import annotations

from collections.abc import Iterable

from attrs import frozen

from rulekit.language.codes import CODES
from rulekit.language.diagnostics import Diagnostic
from rulekit.language.source import Source
from rulekit.language.tree import Span


@frozen
class Edit:
    """A change that may mend a sentence: `text` in place of what stands at `span`. `safe`: spelling or form only."""

    span: Span
    text: str
    safe: bool = False


class FaultError(Exception):
    """What is wrong with a sentence, and where; `edits` are changes that may mend it, to be tried before one is shown.

    Several edits are several meanings, of which a person has to choose.
    """

    def __init__(
        self,
        code: str,
        span: Span,
        message: str,
        help: str = "",
        related: tuple[tuple[Span, str], ...] = (),
        edits: tuple[Edit, ...] = (),
    ) -> None:
        super().__init__(message)
        self.code = CODES[code]
        self.span = span
        self.message = message
        self.help = help
        self.related = related
        self.edits = edits

    def diagnostic(self, source: Source) -> Diagnostic:
        """Return the finding, on the physical line of its first character."""
        line = source.line(self.span.line)
        span = self.span
        if span.end_line != span.line:
            span = Span(span.line, span.column, span.line, len(line.rstrip()) + 1)
        return Diagnostic(
            self.code.code, self.code.name, self.code.severity, self.message, self.help, span, self.related, line
        )


class AlreadyReportedError(Exception):
    """A sentence leans on a name whose own definition is at fault, which has been said there."""


def did_you_mean(word: str, choices: Iterable[str]) -> str:
    """Return the choice that a misspelt word most resembles, or an empty text."""
    from difflib import get_close_matches  # only a misspelt word needs it

    by_lower = {choice.lower(): choice for choice in choices}
    near = get_close_matches(word.lower(), by_lower, n=1, cutoff=0.7)
    return by_lower[near[0]] if near else ""


def one_slip(written: str, near: str) -> bool:
    """Tell whether a word of some length is another but for one letter missing, too many, wrong, or two exchanged.

    So small a slip is one of spelling; what is further away is for a person to say.
    """
    one, other = written.lower(), near.lower()
    if min(len(one), len(other)) < 4 or abs(len(one) - len(other)) > 1:
        return False
    start = 0
    while one[: start + 1] == other[: start + 1] and start < len(one):
        start += 1
    left, right = one[start:], other[start:]
    exchanged = left[:2] == right[:2][::-1] and left[2:] == right[2:]
    return exchanged or left[1:] == right[1:] or left[1:] == right or left == right[1:]
