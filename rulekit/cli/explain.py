"""`rulekit explain`: a policy in plain words."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from rulekit.errors import UnreadableFileError

if TYPE_CHECKING:
    from rulekit.compile.policy import CompiledPolicy
    from rulekit.explain.account import Proved


@click.command("explain", short_help="say in plain words what a policy does, and what it leaves open")
@click.argument("policy", type=click.Path(path_type=Path), metavar="PATH")
@click.option("--svg", type=click.Path(path_type=Path), help="Write a picture of profit against age to this file.")
@click.option("--no-proofs", is_flag=True, help="Leave out what has to be proved; quicker.")
def command(policy: Path, svg: Path | None, no_proofs: bool) -> int:
    r"""Say in plain words what the policy in PATH does.

    Each rule, the order in which things are considered at every look, what is bounded and what is left open, and a
    table. The picture shows where in profit and age each rule that changes the quantity can act.

    \b
    Exit code: 0 done, 1 the policy has errors, 2 wrong use or an unreadable file.

    \b
    Examples:
      rulekit explain my.policy
      rulekit explain my.policy --svg my.svg
    """
    from rulekit.cli.spared_files import spare
    from rulekit.explain.account import account
    from rulekit.explain.picture import picture
    from rulekit.runtime.policy import load

    if svg is not None:
        spare(svg, (".svg",), "picture")
    loaded = load(policy).compiled
    click.echo(account(loaded, policy.name, () if no_proofs else _proved(loaded)))
    if svg is not None:
        try:
            svg.write_text(picture(loaded.tree, policy.name), encoding="utf-8", newline="\n")
        except OSError as error:
            raise UnreadableFileError(
                f"`{svg}` cannot be written: {error.strerror or error}", "give a file in a folder that you may write to"
            ) from None
        click.echo(f"\nwrote the picture to {svg}")
    return 0


def _proved(policy: CompiledPolicy) -> list[Proved]:
    """Return what has been proved about a policy, with the positions that show it."""
    from rulekit.explain.account import Proved
    from rulekit.language.diagnostics import PROVED
    from rulekit.lint.proofs import prove

    return [
        Proved(f"{found.message} ({code})", found.witness)
        for code, found in prove(policy.tree, vocabulary=policy.vocabulary)
        if found.status == PROVED
    ]
