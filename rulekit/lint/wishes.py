"""What a person asks of one run; it outweighs the settings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from attrs import frozen

from rulekit.errors import InputError
from rulekit.language.diagnostics import SEVERITIES, Diagnostic
from rulekit.lint.selection import ALL, DEFAULT, Selection, codes_and_families, severities
from rulekit.lint.settings import LintSettings, SettingsFinder, settings_of


@frozen
class Wishes:
    """The options of a run.

    Args:
        select: instead of what the settings select; empty for theirs.
        ignore: beside what they ignore.
        severity: instead of theirs, code by code.
        least: the least severity that is shown.
        settings: read from a file that was named; None to look for them beside each policy.
    """

    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    severity: Mapping[str, str] = {}
    least: str = SEVERITIES[-1]
    strict: bool = False
    proofs: bool = True
    settings: LintSettings | None = None

    def settings_for(self, path: Path, finder: SettingsFinder) -> LintSettings:
        """Return the settings of a file."""
        return finder.of(path) if self.settings is None else self.settings

    def selection(self, settings: LintSettings, path: Path) -> Selection:
        """Return what is looked for in a file."""
        usual = settings.selection_for(path)
        return Selection(
            select=self.select or usual.select,
            ignore=(*usual.ignore, *self.ignore),
            severity={**usual.severity, **self.severity},
            proofs=usual.proofs and self.proofs,
        )

    def shown(self, found: Sequence[Diagnostic]) -> tuple[Diagnostic, ...]:
        """Leave out what is less severe than is to be shown."""
        bound = SEVERITIES.index(self.least)
        return tuple(each for each in found if SEVERITIES.index(each.severity) <= bound)


def wishes(
    select: Sequence[str] = (),
    ignore: Sequence[str] = (),
    severity: Sequence[str] = (),
    *,
    strict: bool = False,
    proofs: bool = True,
    config: Path | None = None,
) -> Wishes:
    """Read the options; codes may be joined by commas, a severity is `T104=warning`, or `warning` for the least shown.

    Raises:
        InputError: no such code or severity, or settings that are wrong.
    """
    return Wishes(
        select=codes_and_families(_words(select), also=(DEFAULT, ALL)),
        ignore=codes_and_families(_words(ignore)),
        severity=severities(dict(_pair(word) for word in _words(severity) if "=" in word)),
        least=_least([word for word in _words(severity) if "=" not in word]),
        strict=strict,
        proofs=proofs,
        settings=None if config is None else settings_of(config),
    )


def _words(options: Sequence[str]) -> list[str]:
    return [word.strip() for option in options for word in option.split(",") if word.strip()]


def _pair(word: str) -> tuple[str, str]:
    code, _, severity = word.partition("=")
    return code.strip(), severity.strip().lower()


def _least(words: Sequence[str]) -> str:
    for word in words:
        if word.lower() not in SEVERITIES:
            raise InputError(f"`{word}` is no severity", "write `warning`, or a code with one: `T104=warning`")
    return words[-1].lower() if words else SEVERITIES[-1]
