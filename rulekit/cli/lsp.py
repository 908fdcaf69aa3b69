"""`rulekit lsp`: what an editor starts to help with writing a policy."""

from __future__ import annotations

import os

import click

from rulekit.errors import UsageError


@click.command("lsp", short_help="help an editor: findings, completion, renaming while you type")
@click.option("--stdio", is_flag=True, help="Speak over standard input and output; it always does.")
def command(stdio: bool) -> int:
    r"""Serve an editor that speaks the Language Server Protocol, over standard input and output.

    An editor starts this by itself; docs/editor.md says how to set it up.

    \b
    Exit code: 0 the editor said goodbye, 1 it was gone without a word, 2 the extra `editor` is not installed.

    \b
    Examples:
      rulekit lsp
    """
    parent = os.getppid()  # before the slow imports, in which the editor may be gone already
    try:
        import pygls.lsp.server  # noqa: F401
    except ImportError:
        raise UsageError(
            "what serves editors is not installed",
            "install it with `python -m pip install '.[editor]'` in the project's folder",
        ) from None
    from rulekit.editor.server import run

    run(parent)
    return 0
