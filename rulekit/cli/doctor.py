"""`rulekit doctor`: what would fail today, and what to do about it."""

from __future__ import annotations

from pathlib import Path

import click

from rulekit.cli.settings_option import settings_option


@click.command(
    "doctor",
    epilog="""\b
Examples:
  rulekit doctor
  rulekit doctor --broker openalgo --folder /srv/journals
Nothing is sent: it only reads. Exit codes: 0 nothing fails (warnings may stand), 1 something would fail today.""",
)
@click.option(
    "--broker", metavar="paper|kite|openalgo|NAME", default="",
    help="the account that is meant, as `run` calls it; paper for none [default: those that a key is set for]",
)  # fmt: skip
@settings_option
@click.option(
    "--folder", type=click.Path(path_type=Path), default=Path(), show_default=True, help="where the journal is to stand"
)
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
def command(broker: str, settings_path: Path | None, folder: Path, form: str) -> int:
    """Look at everything that a day with the account needs: token, clock, calendar, instruments, permissions, disk."""
    import os

    from attrs import asdict

    from rulekit.cli.journal_option import print_json
    from rulekit.model.clock import WallClock, parse_clock
    from rulekit.report.secrets import Redactor
    from rulekit.runtime.doctor import examine
    from rulekit.runtime.finding import FAIL, OK
    from rulekit.settings import load_settings

    settings = load_settings(settings_path)
    clock = parse_clock(settings.engine.clock) if settings.engine.clock else WallClock()
    redact = Redactor(os.environ)
    findings = []
    for finding in examine(settings, clock, folder, broker):
        findings.append(finding)
        if form == "text":
            remedy = f" -> {finding.remedy}" if finding.remedy and finding.state != OK else ""
            click.echo(redact(f"{finding.state:<5} {finding.what}: {finding.found}{remedy}"))
    if form == "json":
        print_json([{name: redact(text) for name, text in asdict(finding).items()} for finding in findings])
    return int(any(finding.state == FAIL for finding in findings))
