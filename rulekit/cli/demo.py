"""`rulekit demo`: a whole simulated session through the live engine."""

from __future__ import annotations

import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

import click


@click.command(
    "demo",
    epilog="""\b
Examples:
  rulekit demo
  rulekit demo --keep my-demo     then: rulekit history --journal my-demo/demo.journal""",
)
@click.option("--keep", type=click.Path(path_type=Path), help="keep policy, journal and paper book in this new folder")
@click.option("--seed", type=int, default=1, show_default=True, help="another number draws other prices")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
def command(keep: Path | None, seed: int, form: str) -> None:
    """Manage six made-up positions over a made-up day by the seven sentences, with the real engine.

    The prices are drawn by a computer and the broker is simulated: nothing is sent anywhere. The journal, the lanes,
    the guards and the decisions are those of a live run; only the wait for the disk at each entry is left out.
    """
    from rulekit.cli.console import log_to, progress_over
    from rulekit.cli.told import print_told
    from rulekit.errors import UsageError
    from rulekit.model.shipped import shipped_folder
    from rulekit.runtime import demo_day
    from rulekit.runtime.paper import paper_day
    from rulekit.runtime.policy import Policy
    from rulekit.settings import Settings

    if keep is not None and keep.exists():
        raise UsageError(f"`{keep}` is already there", "name a folder that does not exist yet; nothing is overwritten")
    text = shipped_folder("rules").joinpath("position-management.policy").read_text(encoding="utf-8")
    policy = Policy.from_text(text, "position-management.policy")
    with ExitStack() as stack:
        if keep is not None:
            keep.mkdir(parents=True)
            (keep / "position-management.policy").write_text(text, encoding="utf-8")
        folder = keep or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="rulekit-demo-")))
        journal = folder / "demo.journal"
        if form == "text":
            click.echo(
                "A SIMULATED session: made-up prices of one day, a simulated broker, nothing is sent anywhere.\n"
                "Six positions are managed by these sentences:\n"
            )
            click.echo("".join(f"  {line}\n" for line in text.splitlines() if ": " in line or '":' in line))
        emit = log_to(sys.stdout, form=form, quiet=False, title=policy.title, calm=True)
        entries = demo_day.entries()
        with paper_day(
            [policy], demo_day.ticks(seed), entries[0].opened, entries, journal,
            settings=Settings(), fast=True, emit=emit, durable=False,
        ) as day:  # fmt: skip
            with progress_over(demo_day.COUNT, "simulated prices", quiet=form == "json") as advance:
                day.progress = advance
                day.run()
            left = day.left_open()
        if form == "text":
            click.echo()
            print_told(journal, policy.title, simulated=True)
            said = "nothing is left without an end" if not left else f"{len(left)} actions have no end yet: {left}"
            click.echo(f"\nEvery action is in the journal with its path; {said}.")
            if keep is not None:
                click.echo(f"Kept in {keep}: try  rulekit history --journal {journal}")
            click.echo("Next: rulekit init writes a policy of your own to change.")
