"""What became of one policy in a run of the linter: its path, its text and its findings."""

from __future__ import annotations

from collections.abc import Sequence

from attrs import frozen

from rulekit.language.diagnostics import ERROR, WARNING, Diagnostic


@frozen
class Linted:
    """One policy.

    Args:
        text: its source.
        failure: why it could not be read, or written; empty if all went well.
        strict: its warnings count as errors.
    """

    path: str
    text: str = ""
    findings: tuple[Diagnostic, ...] = ()
    failure: str = ""
    strict: bool = False

    def fails(self, found: Diagnostic) -> bool:
        """Tell whether a finding makes the run fail."""
        return found.severity == ERROR or (self.strict and found.severity == WARNING)


@frozen
class Outcome:
    """A whole run."""

    policies: tuple[Linted, ...]

    @property
    def findings(self) -> Sequence[Diagnostic]:
        """All findings, policy by policy."""
        return [found for each in self.policies for found in each.findings]

    @property
    def exit_code(self) -> int:
        """0 clean or warnings only, 1 errors (strict: warnings too), 2 something could not be read."""
        if any(each.failure for each in self.policies):
            return 2
        return 1 if any(each.fails(found) for each in self.policies for found in each.findings) else 0
