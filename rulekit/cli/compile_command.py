"""`rulekit compile`: the function that a policy becomes."""

from __future__ import annotations

from pathlib import Path

import click


@click.command("compile", short_help="show the function that a policy becomes")
@click.argument("policy", type=click.Path(path_type=Path))
@click.option("--show", is_flag=True, help="Print the source, each rule's sentence above its lines.")
def command(policy: Path, show: bool) -> int:
    r"""Compile POLICY and say what it became; with --show print the generated function.

    \b
    Examples:
      rulekit compile my.policy --show
    """
    from fractions import Fraction

    from rulekit.language.words import plural
    from rulekit.runtime.policy import load

    def counted(count: int, word: str) -> str:
        return plural(Fraction(count), word)

    loaded = load(policy)
    if show:
        click.echo(loaded.show())
        return 0
    layout = loaded.compiled.layout
    click.echo(
        f"{loaded.title or policy.name}: {counted(len(loaded.rules), 'rule')} over "
        f"{counted(len(layout.slots), 'fact')} and {counted(len(layout.memory), 'number')} of memory; "
        f"digest {loaded.digest}"
    )
    return 0
