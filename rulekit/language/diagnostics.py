"""Findings about a policy: code, place, one sentence and advice; and how they are shown to a person."""

from __future__ import annotations

from typing import Any

from attrs import field, frozen

from rulekit.language.tree import Span

ERROR = "error"
WARNING = "warning"
INFO = "info"
SEVERITIES = (ERROR, WARNING, INFO)
PROVED = "proved"
POSSIBLE = "possible"
NOT_CHECKED = "not checked"
_WIDTH = 118
"""Of a longer source line only so much is shown, round the marked place."""


@frozen
class Fix:
    """A change that mends a sentence: `text` in place of what stands at `span`, where the end column is not included.

    Args:
        span: the place to replace; where it begins and ends at one column, `text` is put in there.
        text: what to write there; empty to delete.
        safe: spelling or form only, so that a machine may apply it; else a person says whether it was meant.
        sentence: the canonical text of the whole sentence as it then is; it has been read and has no error. Empty where
            no sentence changes, only a comment or the form of the file.
    """

    span: Span
    text: str
    safe: bool
    sentence: str


@frozen
class Diagnostic:
    """One finding.

    Args:
        code: a letter for the family and three digits, for example `Q101`.
        name: the code's kebab-case name, for example `more-than-everything`.
        severity: `error`, `warning` or `info`.
        message: one sentence, lower-case start, no full stop, the user's text in backticks.
        help: the sentence that was probably meant or other advice; empty if there is none.
        span: the marked place.
        related: other places that matter, each with its message.
        source_line: the text of the marked line.
        status: for a proof `proved`, `possible` or `not checked`; None where nothing had to be proved.
        witness: lines that show an example of it: a position, a price, a minute, and what happens.
        fix: the one change that gives the sentence that was probably meant.
        choices: where several could be meant, the change for each; then there is no `fix`.
        shown: what stands behind the lines of `witness`, for who wants to look at it again; a position of the linter.
    """

    code: str
    name: str
    severity: str
    message: str
    help: str
    span: Span
    related: tuple[tuple[Span, str], ...] = ()
    source_line: str = field(default="", eq=False)
    status: str | None = None
    witness: tuple[str, ...] = ()
    fix: Fix | None = None
    choices: tuple[Fix, ...] = ()
    shown: object = field(default=None, eq=False, repr=False)


def as_json(diagnostic: Diagnostic, file: str) -> dict[str, Any]:
    """Return the finding as the JSON object that `lint --format json` prints."""
    return {
        "file": file,
        "line": diagnostic.span.line,
        "column": diagnostic.span.column,
        "end_line": diagnostic.span.end_line,
        "end_column": diagnostic.span.end_column,
        "code": diagnostic.code,
        "name": diagnostic.name,
        "severity": diagnostic.severity,
        "message": diagnostic.message,
        "help": diagnostic.help,
        "related": [
            {"line": span.line, "column": span.column, "message": message} for span, message in diagnostic.related
        ],
        "status": diagnostic.status,
        "witness": list(diagnostic.witness),
        "fix": None if diagnostic.fix is None else _fix_as_json(diagnostic.fix),
        "choices": [_fix_as_json(each) for each in diagnostic.choices],
    }


def _fix_as_json(fix: Fix) -> dict[str, Any]:
    return {
        "line": fix.span.line,
        "column": fix.span.column,
        "end_line": fix.span.end_line,
        "end_column": fix.span.end_column,
        "text": fix.text,
        "safe": fix.safe,
        "sentence": fix.sentence,
    }


def from_json(found: dict[str, Any]) -> Diagnostic:
    """Return the finding that `as_json` wrote; its source line is not part of that."""
    return Diagnostic(
        found["code"],
        found["name"],
        found["severity"],
        found["message"],
        found["help"],
        _span_of(found),
        tuple((_span_of(each), each["message"]) for each in found["related"]),
        status=found["status"],
        witness=tuple(found["witness"]),
        fix=None if found["fix"] is None else _fix_of(found["fix"]),
        choices=tuple(_fix_of(each) for each in found["choices"]),
    )


def _ended(place: dict[str, Any]) -> tuple[int, int]:
    return place.get("end_line", place["line"]), place.get("end_column", place["column"] + 1)


def _span_of(place: dict[str, Any]) -> Span:
    return Span(place["line"], place["column"], *_ended(place))


def _fix_of(fix: dict[str, Any]) -> Fix:
    return Fix(_span_of(fix), fix["text"], fix["safe"], fix["sentence"])


def mark(line: str, column: int, end_column: int) -> str:
    """Return a line of carets under columns `column` to `end_column` of `line`; tabs stay tabs so that it aligns."""
    before = "".join("\t" if char == "\t" else " " for char in line[: column - 1])
    return before + "^" * max(1, end_column - column)


def clipped(line: str, column: int, end_column: int) -> tuple[str, int, int]:
    """Cut a long line round columns `column` to `end_column`; return the text that is left and its new columns."""
    if len(line) <= _WIDTH:
        return line, column, end_column
    wanted = min(end_column, column + _WIDTH)
    first = min(max(0, (column + wanted) // 2 - 1 - _WIDTH // 2), len(line) - _WIDTH)
    first = min(first, column - 1)
    last = first + _WIDTH
    before, after = ("…" if first > 0 else ""), ("…" if last < len(line) else "")
    moved = len(before) - first
    return before + line[first:last] + after, column + moved, max(column, min(end_column, last + 1)) + moved


def render(diagnostic: Diagnostic, path: str, source: str = "") -> str:
    """Show one finding for a person: place, sentence, the source line with its mark, help and related places."""
    span = diagnostic.span
    head = f"{path}:{span.line}:{span.column}: {diagnostic.severity} {diagnostic.code} ({diagnostic.name})"
    parts = [f"{head}\n  {diagnostic.message}{f' ({diagnostic.status})' if diagnostic.status else ''}"]
    line = diagnostic.source_line
    if line.strip():
        end = span.end_column if span.end_line == span.line else len(line) + 1
        number = str(span.line)
        shown, column, end = clipped(line, span.column, end)
        parts.append(f"  {number} | {shown}\n  {' ' * len(number)} | {mark(shown, column, end)}")
    if diagnostic.witness:
        parts.append("  for example:\n" + "\n".join(f"    {each}" for each in diagnostic.witness))
    if diagnostic.help:
        parts.append(f"  help: {diagnostic.help}")
    parts += [f"  {'or' if place else 'write'}: {sentence}" for place, sentence in enumerate(meant(diagnostic))]
    lines = source.splitlines()
    for place, message in diagnostic.related:
        parts.append(f"  see {path}:{place.line}:{place.column}: {message}")
        if place.line <= len(lines):
            shown, _, _ = clipped(lines[place.line - 1], place.column, place.column + 1)
            parts.append(f"    {place.line} | {shown.strip()}")
    return "\n".join(parts)


def meant(diagnostic: Diagnostic) -> list[str]:
    """List the sentences that were probably meant, but for one that the help shows already."""
    fixes = diagnostic.choices if diagnostic.fix is None else (diagnostic.fix,)
    sentences = dict.fromkeys(fix.sentence for fix in fixes if fix.sentence)
    return [each for each in sentences if f"`{each}`" not in diagnostic.help and each.isprintable()]


def has_errors(diagnostics: tuple[Diagnostic, ...]) -> bool:
    """Tell whether any finding is an error."""
    return any(found.severity == ERROR for found in diagnostics)


def in_order(found: list[Diagnostic]) -> tuple[Diagnostic, ...]:
    """Sort findings by place, then code."""
    return tuple(sorted(found, key=lambda each: (each.span.line, each.span.column, each.code, each.message)))
