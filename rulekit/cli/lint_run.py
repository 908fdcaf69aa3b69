"""One run of the linter: files to findings, and safe fixes written back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path

import click
from attrs import field, frozen, mutable

from rulekit.cli.policy_files import counted, policy_files, write_whole
from rulekit.errors import RulekitError, UnreadableFileError
from rulekit.language.diagnostics import Diagnostic
from rulekit.language.reading import Checked, check_text, read_policy
from rulekit.lint.forms import written
from rulekit.lint.linted import Linted, Outcome
from rulekit.lint.linting import lint, lint_together
from rulekit.lint.selection import Selection
from rulekit.lint.settings import LintSettings, SettingsFinder
from rulekit.lint.wishes import Wishes


@frozen
class File:
    """A policy that was read, with what is looked for in it."""

    path: Path
    checked: Checked
    settings: LintSettings
    selection: Selection


@mutable
class Run:
    """All files of a run.

    Args:
        today: the day that tells what has expired.
    """

    paths: tuple[Path, ...]
    wishes: Wishes
    today: date
    files: list[File] = field(factory=list)
    failures: list[Linted] = field(factory=list)

    def __attrs_post_init__(self) -> None:
        finder = SettingsFinder()
        for path in self._listed():
            try:
                checked = read_policy(path)
            except UnreadableFileError as error:
                self._failed(path, error)
                continue
            settings = self.wishes.settings_for(path, finder)
            self.files.append(File(path, checked, settings, self.wishes.selection(settings, path)))

    def _listed(self) -> list[Path]:
        files: list[Path] = []
        for path in self.paths:
            unreadable: list[RulekitError] = []
            files += policy_files((path,), unreadable)
            for error in unreadable:
                self._failed(path, error)
        return list(dict.fromkeys(files))

    def _failed(self, path: Path, error: RulekitError) -> None:
        self.failures.append(Linted(str(path), failure=str(error)))
        click.echo(f"error: {error}", err=True)

    def report(self, form: str, *, fix: bool) -> int:
        """Print the findings, after mending what may be mended if that is asked for; return the exit code."""
        if fix:
            self._mend(aside=form != "text")
        outcome = self._outcome()
        click.echo(written(outcome, form), nl=False)
        return outcome.exit_code

    def _outcome(self) -> Outcome:
        found = lint_together(
            [each.checked for each in self.files], self.today, [each.selection for each in self.files]
        )
        linted = [self._linted(file, findings) for file, findings in zip(self.files, found, strict=True)]
        return Outcome((*linted, *self.failures))

    def _linted(self, file: File, found: Sequence[Diagnostic]) -> Linted:
        strict = self.wishes.strict or file.settings.strict
        return Linted(str(file.path), file.checked.source.text, self.wishes.shown(found), strict=strict)

    # --- fixes ------------------------------------------------------------

    def _mend(self, *, aside: bool) -> None:
        """Write what was mended and go on with the new texts; what was done is said, aside where programs read."""
        from rulekit.lint.fixing import fixed

        for index, file in enumerate(self.files):
            done = fixed(file.checked, self._look(file))
            if done.text == file.checked.source.text:
                continue
            try:
                write_whole(file.path, done.text)
            except UnreadableFileError as error:
                self._failed(file.path, error)
                continue
            for each in done.mended:
                click.echo(mended_line(each, str(file.path)), err=aside)
            again = check_text(done.text, str(file.path))
            self.files[index] = File(file.path, again, file.settings, file.selection)
            click.echo(f"{file.path}: {counted(len(done.mended), 'place', 'places')} mended\n", err=aside)

    def show_fixes(self) -> int:
        """Print what fixes would change; 1 if anything would, or if errors are there."""
        from rulekit.cli.fmt import difference
        from rulekit.lint.fixing import fixed

        changed = False
        for file in self.files:
            before = file.checked.source.text
            after = fixed(file.checked, self._look(file)).text
            if before != after:
                changed = True
                click.echo(difference(before, after, str(file.path), "mended"), nl=False)
        code = self._outcome().exit_code
        if self.files and not changed:
            click.echo(
                f"nothing that --fix would change{'; `rulekit lint` says what is left' if code else ''}", err=True
            )
        return max(code, 1 if changed else 0)

    def _look(self, file: File) -> Callable[[Checked], Sequence[Diagnostic]]:
        return lambda checked: lint(checked, self.today, file.selection)


def mended_line(found: Diagnostic, path: str) -> str:
    """Say in one line what was mended: `my.policy:3:1: mended E101 (unknown-word): book 50% at 10% profit`."""
    span = found.span
    now = f": {found.fix.sentence}" if found.fix is not None and found.fix.sentence else ""
    return f"{path}:{span.line}:{span.column}: mended {found.code} ({found.name}){now}"
