"""`rulekit plugins`: what installed packages add to the language, and whether it works."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from rulekit.cli.journal_option import format_option, print_json, print_table
from rulekit.errors import UsageError

if TYPE_CHECKING:
    from rulekit.runtime.plugin_trial import Health

WELL = "well"


@click.command(
    "plugins",
    epilog="""\b
Examples:
  rulekit plugins
  rulekit plugins "premium decay"
Exit codes: 0 all of them work, 1 one does not, 2 no plug-in has that name.""",
)
@click.argument("name", nargs=-1)
@format_option
def command(name: tuple[str, ...], form: str) -> int:
    """List what installed packages add, each with its version and whether it works; with NAME all about one word.

    Each is tried on a day of bars that is made up, in a process of its own.
    """
    from rulekit.runtime.plugin_trial import health
    from rulekit.settings import load_settings

    found = health(load_settings(None).plugins)
    wanted = " ".join(" ".join(name).lower().split())
    if wanted:
        found = [each for each in found if wanted in (each.entry.name, *_aliases(each))]
        if not found:
            raise UsageError(f"no plug-in adds `{wanted}`", "`rulekit plugins` lists what there is")
    if form == "json":
        print_json([_row(each) for each in found])
    elif wanted:
        click.echo("\n\n".join(_page(each) for each in found))
    elif not found:
        click.echo("no package adds anything; `rulekit new plugin NAME` begins one")
    else:
        rows = [_shown(each) for each in found]
        print_table("", ("what", "name", "package", "version", "health"), rows)
    return 1 if any(each.trouble for each in found) else 0


def _aliases(each: Health) -> tuple[str, ...]:
    return () if each.declared is None else each.declared.aliases


def _shown(each: Health) -> tuple[str, ...]:
    entry = each.entry
    return entry.kind, entry.name, entry.package, entry.version, each.trouble or WELL


def _row(each: Health) -> dict[str, object]:
    entry = each.entry
    said: dict[str, object] = {
        "what": entry.kind,
        "name": entry.name,
        "package": entry.package,
        "version": entry.version,
        "well": not each.trouble,
        "trouble": each.trouble,
    }
    value = each.declared.value if each.declared else None
    for what in _SHOWN:
        if hasattr(value, what):
            said[what] = getattr(value, what)
    return said


_SHOWN = (
    "unit", "of", "factor", "means", "help", "summary", "severity", "example", "unknown", "low", "high", "signed",
    "windowed", "needs",
)  # fmt: skip
"""What is told of a declaration, where it has it."""


def _page(each: Health) -> str:
    """Tell all about one word."""
    entry, fact = each.entry, each.declared.fact if each.declared else None
    value = each.declared.value if each.declared else None
    lines = [f"{entry.name}: a {entry.kind} of {entry.package} {entry.version}, {each.trouble or WELL}"]
    if fact is not None:
        bounds = (("from", fact.low), ("to", fact.high))
        within = " ".join(f"{word} {bound:g}" for word, bound in bounds if bound is not None)
        lines += [
            f"  {fact.help}",
            f"  measured in  {fact.unit}" + (f", {within}" if within else ""),
            f"  unknown      {fact.unknown}",
            f"  example      {fact.example}",
        ]
        if fact.windowed:
            lines.append(f"  window       `over N minutes` or `over N bars`; {fact.window} bars without")
        if fact.signed:
            lines.append("  sign         positive is in the position's favour")
        if fact.needs:
            lines.append(f"  needs        {', '.join(fact.needs)}")
        if names := _aliases(each):
            lines.append(f"  also called  {', '.join(names)}")
    elif value is not None:
        lines += [f"  {what:<12} {getattr(value, what)}" for what in _SHOWN if getattr(value, what, None)]
    return "\n".join(lines)
