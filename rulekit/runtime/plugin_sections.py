"""Sections that installed packages add to reports, each written in a process of its own, within a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from rulekit.plugins.computing import Computing
from rulekit.plugins.facts import every
from rulekit.plugins.settings import PluginSettings

GROUP = "rulekit.reports"
LONGEST = 20_000
"""Characters of a section that are shown."""


def sections(rules: Sequence[dict[str, Any]], settings: PluginSettings | None = None) -> Iterator[tuple[str, str, str]]:
    """Yield title, text and trouble of each section.

    Args:
        rules: what each rule did, as `rulekit summary --format json` prints it.
    """
    computing = Computing(settings)
    try:
        asked = [
            (each, None if each.trouble else computing.call(each.entry, "section", list(rules)))
            for each in every(GROUP)
        ]
        for each, question in asked:
            outcome = None if question is None else question.wait()
            trouble = each.trouble if outcome is None else outcome.trouble
            answer = None if outcome is None else outcome.answer
            if not trouble and not isinstance(answer, str):
                trouble = f"returned a {type(answer).__name__} and no text"
            who = f"the section `{each.entry.name}` of the plug-in `{each.entry.package}` "
            yield each.entry.name, "" if trouble else str(answer)[:LONGEST].rstrip(), trouble and who + trouble
    finally:
        computing.close()
