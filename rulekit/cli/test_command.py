"""`rulekit test`: the examples of policies, run."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click
from attrs import evolve

from rulekit.cli.policy_files import PolicyPath
from rulekit.errors import PolicyError, RulekitError, UnreadableFileError

if TYPE_CHECKING:
    from rulekit.cli.test_report import Tested


@click.command("test", short_help="run the examples that stand in policies")
@click.option(
    "--format", "form", type=click.Choice(["text", "json", "junit"]), default="text", help="How to print the outcome."
)
@click.option(
    "--mutate", is_flag=True, help="Change every number and word a little and say which changes no example notices."
)
@click.option(
    "--add-witness",
    "code",
    default="",
    metavar="CODE",
    help="First write the position on which lint shows CODE behind the policy, as an example.",
)
@click.argument("paths", nargs=-1, required=True, type=PolicyPath(path_type=Path), metavar="PATH…")
def command(form: str, mutate: bool, code: str, paths: tuple[Path, ...]) -> int:
    r"""Run the examples of policies: files, or folders that are searched for *.policy.

    Where an example does not come out as it expects, it says what came instead, and why. It also says what no
    example shows: rules that never act, and conditions that are never seen true or never seen false.

    \b
    Exit code: 0 every example came out, 1 one did not or a policy has errors, 2 wrong use or an unreadable file.

    \b
    Examples:
      rulekit test my.policy
      rulekit test --mutate my.policy
      rulekit test --add-witness Q201 my.policy
      rulekit test --format junit rules
    """
    return run(paths, form=form, mutate=mutate, code=code.upper())


def run(paths: tuple[Path, ...], *, form: str = "text", mutate: bool = False, code: str = "") -> int:
    """Run the examples and print the outcome; return the exit code.

    Args:
        code: of findings whose witnesses are added to the policies first.
    """
    from rulekit.cli import test_report
    from rulekit.cli.policy_files import policy_files

    unreadable: list[RulekitError] = []
    tested = []
    for path in policy_files(paths, unreadable):
        try:
            if code:
                click.echo(_kept(path, code), err=form != "text")
            tested.append(_test(path, mutate=mutate))
        except UnreadableFileError as error:
            unreadable.append(error)
    if tested or form != "text":
        click.echo(test_report.FORMS[form](tested))
    for failure in unreadable:
        click.echo(f"error: {failure}", err=True)
    if unreadable:
        return 2
    return 0 if all(each.passed for each in tested) else 1


def _test(path: Path, *, mutate: bool) -> Tested:
    """Run one policy's examples; one with errors has none that could be run."""
    from rulekit.cli.test_report import Tested
    from rulekit.engine.coverage import coverage
    from rulekit.engine.examples import run_examples
    from rulekit.engine.thresholds import changes
    from rulekit.engine.wordings import rewordings
    from rulekit.runtime.policy import load

    try:
        policy = load(path).compiled
    except PolicyError as error:
        return Tested(str(path), error=str(error))
    results = run_examples(policy)
    tested = Tested(str(path), policy, results, coverage(policy, results))
    return evolve(tested, changes=changes(policy), rewordings=rewordings(policy)) if mutate else tested


def _kept(path: Path, code: str) -> str:
    from rulekit.cli.add_witness import add_witnesses

    return add_witnesses(path, code)
