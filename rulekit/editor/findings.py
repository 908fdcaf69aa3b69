"""Findings as an editor shows them: the place, the sentence with its advice, the code, other places that matter."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from lsprotocol import types as lsp

from rulekit.editor.positions import Places
from rulekit.errors import RulekitError
from rulekit.language.diagnostics import ERROR, INFO, WARNING, Diagnostic, meant
from rulekit.model.shipped import shipped_folder

SOURCE = "rulekit"
_SEVERITIES = {
    ERROR: lsp.DiagnosticSeverity.Error,
    WARNING: lsp.DiagnosticSeverity.Warning,
    INFO: lsp.DiagnosticSeverity.Information,
}
_SUPERFLUOUS = ("N105", "X101")
"""Codes about what may as well be deleted: editors show it faded."""


def shown(found: Diagnostic, uri: str, places: Places) -> lsp.Diagnostic:
    """Return a finding in the form of the protocol."""
    related = [
        lsp.DiagnosticRelatedInformation(lsp.Location(uri, places.range(span)), message)
        for span, message in found.related
    ]
    status = f" ({found.status})" if found.status else ""
    return lsp.Diagnostic(
        range=places.range(found.span),
        message="\n".join((f"{found.message}{status}", *advice(found))),
        severity=_SEVERITIES[found.severity],
        code=found.code,
        code_description=_page(found),
        source=SOURCE,
        tags=[lsp.DiagnosticTag.Unnecessary] if found.code in _SUPERFLUOUS else None,
        related_information=related or None,
        data=found.name,
    )


def _page(found: Diagnostic) -> lsp.CodeDescription | None:
    """Return the way to the page of a code, where it lies in a file of its own."""
    folder = _pages()
    return None if folder is None else lsp.CodeDescription((folder / f"{found.code}-{found.name}.md").as_uri())


@cache
def _pages() -> Path | None:
    try:
        folder = shipped_folder("lints")
    except RulekitError:
        return None
    return folder.resolve() if isinstance(folder, Path) else None


def advice(found: Diagnostic) -> list[str]:
    """List what stands below the sentence of a finding: an example of it, its advice, the sentences that were meant."""
    lines = []
    if found.witness:
        lines += ["for example:", *(f"  {each}" for each in found.witness)]
    if found.help:
        lines.append(f"help: {found.help}")
    return lines + [f"{'or' if place else 'write'}: {sentence}" for place, sentence in enumerate(meant(found))]
