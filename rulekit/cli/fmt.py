"""`rulekit fmt`: policies in their canonical form."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import click

from rulekit.cli.policy_files import PolicyPath
from rulekit.errors import PolicyError, RulekitError, UnreadableFileError

_SAID = {
    "changed": "{path}: written anew",
    "would change": "{path}: would be written anew",
}


@click.command("fmt", short_help="write policies in their canonical form")
@click.option("--check", is_flag=True, help="Write nothing; exit with 1 if a file would change.")
@click.option("--diff", "show", is_flag=True, help="Write nothing; show what would change.")
@click.argument("paths", nargs=-1, required=True, type=PolicyPath(path_type=Path), metavar="PATH…")
def command(check: bool, show: bool, paths: tuple[Path, ...]) -> int:
    r"""Write policies in their canonical form: files, or folders that are searched for *.policy.

    Wording becomes the one of the language, sentences that fit on a line stand on one, and columns are not aligned.
    Comments keep their turn, a blank line stays one, and the meaning stays what it was: a file with errors, or one
    whose meaning would change, is left as it is.

    \b
    Exit code: 0 done, 1 a file has errors (with --check: or would change), 2 wrong use or an unreadable file.

    \b
    Examples:
      rulekit fmt my.policy
      rulekit fmt --check rules
      rulekit fmt --diff my.policy
    """
    return run(paths, check=check, show=show)


def run(paths: tuple[Path, ...], *, check: bool = False, show: bool = False) -> int:
    """Format the policies and say what became of each; return the exit code."""
    from rulekit.cli.policy_files import policy_files

    unreadable: list[RulekitError] = []
    outcomes: Counter[str] = Counter()
    for path in policy_files(paths, unreadable):
        try:
            outcome = _format(path, check=check, show=show)
        except PolicyError as error:
            outcome = "left"
            click.echo(f"error: `{path}` stays as it is: {error}{_first_fault(error, path)}", err=True)
        except UnreadableFileError as error:
            unreadable.append(error)
            continue
        outcomes[outcome] += 1
        if outcome in _SAID and not show:
            click.echo(_SAID[outcome].format(path=path))
    for failure in unreadable:
        click.echo(f"error: {failure}", err=True)
    if outcomes:
        click.echo(summary(outcomes), err=show)
    if unreadable:
        return 2
    return 1 if outcomes["left"] or (check and outcomes["would change"]) else 0


def _format(path: Path, *, check: bool, show: bool) -> str:
    """Format one file; say what became of it."""
    from rulekit.cli.policy_files import write_whole
    from rulekit.language.formatter import formatted
    from rulekit.language.reading import read_policy

    checked = read_policy(path)
    before, after = checked.source.text, formatted(checked)
    if before == after:
        return "unchanged"
    if show:
        click.echo(difference(before, after, str(path)), nl=False)
    if check or show:
        return "would change"
    write_whole(path, after)
    return "changed"


def difference(before: str, after: str, name: str, made: str = "canonical") -> str:
    """Return a unified diff; a change of line ends or of the last one is said in words, for it cannot be seen."""
    from difflib import unified_diff

    old, new = _visible(before), _visible(after)
    if old == new:
        return f"{name}: only the line ends would change\n"
    lines = unified_diff(old, new, name, f"{name} ({made})", lineterm="", n=2)
    return "\n".join(lines) + "\n"


def _visible(text: str) -> list[str]:
    lines = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return lines[:-1] if lines[-1] == "" else lines


def _first_fault(error: PolicyError, path: Path) -> str:
    """Show the first fault of a policy with its place; `lint` shows them all."""
    from rulekit.language.diagnostics import Diagnostic, render

    first = next((each for each in error.diagnostics if isinstance(each, Diagnostic)), None)
    return "" if first is None else f"\n{render(first, str(path))}"


def summary(outcomes: Counter[str]) -> str:
    """Say in one line how many files changed: `2 policies written anew, 1 in canonical form already`."""
    from rulekit.cli.policy_files import counted

    parts = []
    if outcomes["changed"]:
        parts.append(f"{counted(outcomes['changed'], 'policy', 'policies')} written anew")
    if outcomes["would change"]:
        parts.append(f"{counted(outcomes['would change'], 'policy', 'policies')} would be written anew")
    if outcomes["unchanged"]:
        parts.append(f"{counted(outcomes['unchanged'], 'policy', 'policies')} in canonical form already")
    if outcomes["left"]:
        parts.append(f"{counted(outcomes['left'], 'policy', 'policies')} left as they are")
    return ", ".join(parts).replace("1 policy left as they are", "1 policy left as it is")
