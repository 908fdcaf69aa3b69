"""`rulekit lint`: check policies and say what is wrong with them."""

from __future__ import annotations

import gc
from datetime import date, datetime
from pathlib import Path

import click

from rulekit.cli.policy_files import PolicyPath
from rulekit.errors import InputError, UsageError
from rulekit.lint.forms import FORMS


@click.command()
@click.option("--format", "form", type=click.Choice(list(FORMS)), default="text", help="How to print the findings.")
@click.option("--strict", is_flag=True, help="Warnings count as errors.")
@click.option("--select", multiple=True, metavar="CODES", help="Look for these codes or families; `default`, `all`.")
@click.option("--ignore", multiple=True, metavar="CODES", help="Show none of these codes or families.")
@click.option("--severity", multiple=True, metavar="CODE=LEVEL", help="Make a code an error, a warning or an info.")
@click.option("--no-proofs", is_flag=True, help="Leave out what has to be proved; quicker.")
@click.option("--fix", is_flag=True, help="Mend spelling and form where that is safe, then check again.")
@click.option("--diff", "show", is_flag=True, help="Write nothing; show what --fix would change.")
@click.option("--explain", metavar="CODE", help="Print the page of a code and end.")
@click.option(
    "--config", type=click.Path(path_type=Path), metavar="FILE", help="Settings to use, instead of those found."
)
@click.option("--today", type=click.DateTime(["%Y-%m-%d"]), help="Look as if on that day; tells what has expired.")
@click.argument("paths", nargs=-1, type=PolicyPath(path_type=Path), metavar="PATH…")
def command(
    form: str,
    strict: bool,
    select: tuple[str, ...],
    ignore: tuple[str, ...],
    severity: tuple[str, ...],
    no_proofs: bool,
    fix: bool,
    show: bool,
    explain: str | None,
    config: Path | None,
    today: datetime | None,
    paths: tuple[Path, ...],
) -> int:
    r"""Check policies: files, or folders that are searched for *.policy.

    \b
    Exit code: 0 clean or warnings only, 1 errors (with --strict: warnings too; with --diff: or something to mend),
    2 wrong use or an unreadable file.

    \b
    Examples:
      rulekit lint my.policy
      rulekit lint --strict rules
      rulekit lint --fix my.policy
      rulekit lint --explain T104
      rulekit lint --select default,F --ignore F103 rules
      rulekit lint --format sarif rules > findings.sarif
    """
    gc.disable()  # a check makes little garbage, and collecting it is a tenth of the time it takes
    if explain is not None:
        return _explain(explain)
    if not paths:
        raise click.UsageError("Missing argument 'PATH…'.")
    from rulekit.cli.lint_run import Run
    from rulekit.lint.wishes import wishes

    try:
        wanted = wishes(select, ignore, severity, strict=strict, proofs=not no_proofs, config=config)
        run = Run(paths, wanted, _present_day() if today is None else today.date())
    except InputError as error:  # no policy is at fault: it is the options, or the settings
        raise UsageError(error.message, error.help) from None
    return run.show_fixes() if show else run.report(form, fix=fix)


def _explain(word: str) -> int:
    from rulekit.lint.pages import page
    from rulekit.lint.selection import known_code

    try:
        code = known_code(word)
    except InputError as error:
        raise UsageError(error.message, error.help) from None
    click.echo(page(code), nl=False)
    return 0


def _present_day() -> date:
    from rulekit.model.clock import WallClock
    from rulekit.model.instant import day_of

    return day_of(WallClock().now())
