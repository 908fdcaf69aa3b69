"""The `rulekit` command: one module a subcommand, imported only when it is called."""

from __future__ import annotations

import gc
import os
import sys
from contextlib import suppress
from importlib import import_module

import click

from rulekit import __version__
from rulekit.cli.streams import OUTPUT_LOST, lost_output, watch_output
from rulekit.errors import RulekitError

COMMANDS = {
    "lint": "check policies and say what is wrong with them",
    "fmt": "write policies in their canonical form",
    "test": "run the examples that stand in policies",
    "explain": "say in plain words what a policy does, and what it leaves open",
    "lsp": "help an editor: findings, completion, renaming while you type",
    "diff": "say what a changed policy does otherwise",
    "decide": "show what a policy decides for given positions",
    "run": "manage positions by a policy",
    "replay": "what a policy would have done with given entries and prices",
    "sweep": "one policy with many values, and what the best is worth",
    "demo": "a whole simulated session, in seconds",
    "init": "write a first policy and its settings",
    "status": "positions, stops, what waits, what is unknown",
    "page": "positions, history and the switch in a browser",
    "pending": "actions that have not reached an end",
    "history": "every action and its path",
    "login": "get the day's access token from the broker",
    "doctor": "what would fail today with the account",
    "summary": "what each rule did and earned",
    "halt": "stop acting, and exit everything if asked",
    "resume": "act again after a halt",
    "settle": "record what became of an unknown order",
    "alerts": "what a person should look at, and what was seen",
    "verify": "decide every recorded look of a journal again",
    "what-if": "what another policy would have done at the recorded looks",
    "adopt": "take an order that the journal lost back into it",
    "plugins": "what installed packages add, and whether it works",
    "new": "begin a package of new words, or a year of exchange days",
    "compile": "show the function that a policy becomes",
    "kite-server": "start a simulated Kite on this machine",
    "openalgo-server": "start a simulated OpenAlgo on this machine",
}
"""Every subcommand and its line of help; the module is `rulekit.cli.<name>`, its command is `command`."""
_TAKEN = ("compile", "test")
"""Names that a module had better not have: a built-in function, and what test runners look for."""


def _with_lines_kept(help: str | None) -> str | None:
    """Mark the paragraphs that are not to be filled: a raw text has the mark in two letters."""
    return help and help.replace("\\b\n", "\b\n")


class LateCommands(click.Group):
    """Lists the commands without importing them."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Name the commands in the order of the table."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the module of one command."""
        if cmd_name not in COMMANDS:
            return None
        name = cmd_name.replace("-", "_")
        module = import_module(f"rulekit.cli.{name}_command" if name in _TAKEN else f"rulekit.cli.{name}")
        command: click.Command = module.command
        command.help = _with_lines_kept(command.help)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command that is named first; of one that there is not, tell which was probably meant."""
        name = args[0]
        if name in COMMANDS or name.startswith("-"):
            return super().resolve_command(ctx, args)
        from rulekit.language.fault import did_you_mean

        near = did_you_mean(name, COMMANDS)
        raise click.UsageError(
            f"there is no command `{name}`; {f'did you mean `{near}`?' if near else '`rulekit --help` lists them'}", ctx
        )

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the table of commands."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(cls=LateCommands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="rulekit")
def cli() -> None:
    r"""Rulekit: how open positions are to be managed, one sentence a line.

    \b
    Examples:
      rulekit demo
      rulekit init
      rulekit lint my.policy
      rulekit run --policy my.policy --broker paper --feed ticks.csv --positions p.csv --journal day.journal
    """


cli.help = _with_lines_kept(cli.help)


def main() -> None:
    """Run the command line; a user's mistake ends with a sentence and its exit code, never a traceback."""
    watch_output()
    try:
        code = _run()
    except SystemExit:  # the parser ends by itself where nobody reads on
        if not _told_of_loss():
            raise
        code = OUTPUT_LOST
    except OSError as error:
        if not _told_of_loss():
            if error.filename is None:
                raise
            click.echo(f"error: `{_as_text(error.filename)}`: {error.strerror or error}", err=True)
        code = 2
    else:
        code = OUTPUT_LOST if _told_of_loss() else code
    sys.exit(code)


def _as_text(name: object) -> str:
    return os.fsdecode(name) if isinstance(name, str | bytes | os.PathLike) else str(name)


def _told_of_loss() -> bool:
    """Say that not all could be written, if that is so."""
    why = lost_output()
    if why is not None:
        with suppress(OSError):
            click.echo(f"error: {why}", err=True)
    return why is not None


def _run() -> int:
    """Run a command; return its exit code."""
    try:
        code = cli.main(standalone_mode=False)
    except click.exceptions.Abort:
        click.echo("stopped", err=True)
        return 130
    except click.ClickException as error:
        error.show()
        return 2
    except RulekitError as error:
        click.echo(f"error: {error}", err=True)
        return error.exit_code
    return code if isinstance(code, int) else 0


QUICK = frozenset({"lint"})
"""Commands that people and editors call at every change: they neither collect garbage nor tidy up before they end."""


def entry() -> None:
    """Run the command line as a process of its own."""
    if sys.argv[1:2] == [] or sys.argv[1] not in QUICK:
        main()
    gc.set_threshold(200_000)
    from rulekit.cli.kept_code import keep_code_of_values

    kept = keep_code_of_values()
    try:
        main()
    except SystemExit as end:
        kept.keep()
        if isinstance(end.code, int):
            # Taking four hundred modules down one by one would take a tenth of the whole.
            os._exit(end.code)
        raise
