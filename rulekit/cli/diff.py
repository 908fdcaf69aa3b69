"""`rulekit diff`: what another version of a policy does otherwise."""

from __future__ import annotations

import textwrap
from pathlib import Path

import click


def _names() -> str:
    """List the names that `--fail-on` knows; they are imported only for the help and where they are used."""
    from rulekit.difference.verdicts import NAMES

    return ", ".join(NAMES)


class _Command(click.Command):
    """Writes the names of all differences at the end of its help."""

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Names for --fail-on"):
            for line in textwrap.wrap(_names(), formatter.width - 4, break_on_hyphens=False):
                formatter.write(f"  {line}\n")


@click.command("diff", cls=_Command, short_help="say what a changed policy does otherwise")
@click.option(
    "--format", "form", type=click.Choice(["text", "json"]), default="text", help="How to print the differences."
)
@click.option(
    "--fail-on", default="", metavar="NAMES", help="Exit with 1 if one of these differences is found, comma-separated."
)
@click.option("--examples", is_flag=True, help="Print each witness as an example of the new policy, too.")
@click.argument("old", type=click.Path(path_type=Path))
@click.argument("new", type=click.Path(path_type=Path))
def command(form: str, fail_on: str, examples: bool, old: Path, new: Path) -> int:
    r"""Say what the policy NEW does otherwise than OLD: rule by rule, then as a whole.

    Exits, books and adds come sooner or later, more or less is closed or added, stops are tighter or looser. Each
    difference has a witness: a position on which both policies were run. Other words for the same are the same.

    \b
    Exit code: 0 done, 1 a difference of --fail-on was found or a policy has errors, 2 wrong use or an unreadable file.

    \b
    Examples:
      rulekit diff old.policy new.policy
      rulekit diff --fail-on looser-stop,later-exit,removed-stop old.policy new.policy
    """
    return run(old, new, form=form, fail_on=fail_on, examples=examples)


def run(old: Path, new: Path, *, form: str = "text", fail_on: str = "", examples: bool = False) -> int:
    """Compare two policies and print the differences; return the exit code."""
    wanted = _wanted(fail_on)
    from rulekit.cli import diff_report
    from rulekit.difference.compare import compare
    from rulekit.runtime.policy import load

    difference = compare(load(old).compiled, load(new).compiled)
    failing = sorted(wanted & difference.names)
    if form == "json":
        click.echo(diff_report.as_json(difference, str(old), str(new), failing))
    else:
        click.echo(diff_report.text(difference, str(old), str(new), examples=examples))
        if failing:
            click.echo(f"found, and not allowed: {', '.join(failing)}")
    return 1 if failing else 0


def _wanted(fail_on: str) -> frozenset[str]:
    """Read the names of `--fail-on`.

    Raises:
        click.BadParameter: one of them is no difference.
    """
    from rulekit.difference.verdicts import NAMES
    from rulekit.language.fault import did_you_mean

    wanted = [name.strip().lower() for name in fail_on.split(",") if name.strip()]
    for name in wanted:
        if name not in NAMES:
            near = did_you_mean(name, NAMES)
            help = f"did you mean `{near}`?" if near else "`rulekit diff --help` lists them"
            raise click.BadParameter(f"`{name}` is no difference; {help}", param_hint="--fail-on")
    return frozenset(wanted)
