"""`rulekit lint`: check policies and say what is wrong with them."""

from __future__ import annotations

import gc
import json
from pathlib import Path
from typing import Any

import click

from rulekit.cli.policy_files import policy_files
from rulekit.errors import RulekitError, UnreadableFileError


@click.command()
@click.option(
    "--format", "form", type=click.Choice(["text", "json"]), default="text", help="How to print the findings."
)
@click.option("--strict", is_flag=True, help="Warnings count as errors.")
@click.option("--no-proofs", is_flag=True, help="Leave out what has to be proved; quicker.")
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="PATH…")
def command(form: str, strict: bool, no_proofs: bool, paths: tuple[Path, ...]) -> int:
    r"""Check policies: files, or folders that are searched for *.policy.

    \b
    Exit code: 0 clean or warnings only, 1 errors (with --strict: warnings too), 2 wrong use or an unreadable file.

    \b
    Examples:
      rulekit lint my.policy
      rulekit lint --strict rules
      rulekit lint --format json my.policy
    """
    return run(paths, form=form, strict=strict, proofs=not no_proofs)


def run(paths: tuple[Path, ...], *, form: str = "text", strict: bool = False, proofs: bool = True) -> int:
    """Lint the policies and print what was found; return the exit code."""
    gc.disable()  # a check makes little garbage, and collecting it is a tenth of the time it takes
    from rulekit.language.diagnostics import as_json, render
    from rulekit.language.reading import read_policy
    from rulekit.lint.linting import lint
    from rulekit.lint.selection import Selection
    from rulekit.model.clock import WallClock
    from rulekit.model.instant import day_of

    today = day_of(WallClock().now())
    objects: list[dict[str, Any]] = []
    worst = 0
    unreadable: list[RulekitError] = []
    files = 0
    for path in policy_files(paths, unreadable):
        try:
            checked = read_policy(path)
        except UnreadableFileError as error:
            unreadable.append(error)
            continue
        files += 1
        found = lint(checked, today, Selection(proofs=proofs))
        severities = {each.severity for each in found}
        if "error" in severities or (strict and "warning" in severities):
            worst = 1
        objects += [as_json(each, str(path)) for each in found]
        if form == "text":
            for each in found:
                click.echo(render(each, str(path), checked.source.text) + "\n")
    if form == "json":
        click.echo(json.dumps(objects, ensure_ascii=False, indent=1))
    else:
        click.echo(summary(objects, files))
    for failure in unreadable:
        click.echo(f"error: {failure}", err=True)
    return 2 if unreadable else worst


def summary(objects: list[dict[str, Any]], files: int) -> str:
    """Say in one line how many findings there are: `2 errors and 1 warning in 3 policies`."""
    policies = "1 policy" if files == 1 else f"{files} policies"
    counts = []
    for severity, many in (("error", "errors"), ("warning", "warnings"), ("info", "remarks")):
        count = sum(each["severity"] == severity for each in objects)
        if count:
            one = "remark" if severity == "info" else severity
            counts.append(f"1 {one}" if count == 1 else f"{count} {many}")
    if not counts:
        return f"{policies} checked, nothing found"
    return f"{' and '.join([', '.join(counts[:-1]), counts[-1]] if len(counts) > 1 else counts)} in {policies}"
