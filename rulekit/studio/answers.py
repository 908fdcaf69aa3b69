"""The quick answers of the studio, each from the draft of a page: worked out while a person types."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

from attrs import asdict, frozen

from rulekit.errors import InputError, RulekitError
from rulekit.language.diagnostics import ERROR, WARNING
from rulekit.language.formatter import formatted
from rulekit.lint.selection import Selection
from rulekit.studio.asking import choices, help_at
from rulekit.studio.beside import beside, colours
from rulekit.studio.chart import picture
from rulekit.studio.draft import Draft, read
from rulekit.studio.findings import findings
from rulekit.studio.position import read_position
from rulekit.studio.probe import probe
from rulekit.studio.shelf import Shelf, Version
from rulekit.studio.sliders import begin, sliders
from rulekit.studio.trials import trials

Asked = dict[str, Any]
FIRST = ""
"""The text of a new policy: nothing, and the page says how to begin."""


def look(draft: Draft, asked: Asked, today: date) -> Asked:
    """Return what a glance shows: findings, what stands beside each line, colours."""
    reading = draft.read(asked["text"], today)
    return {
        "findings": [asdict(each) for each in findings(reading.checked, reading.found, reading.places)],
        "beside": [asdict(each) for each in beside(reading.checked, draft.said)],
        "colours": colours(reading.checked),
        "ready": reading.ready,
    }


def examples(draft: Draft, asked: Asked, today: date) -> Asked:
    """Run the examples, and tell which sliders the policy has; nothing while the text has errors."""
    policy = draft.read(asked["text"], today).policy
    if policy is None:
        return {"ready": False}
    return {
        "ready": True,
        "trials": [asdict(each) for each in trials(policy)],
        "sliders": [asdict(each) for each in sliders(policy)],
        "begin": asdict(begin(policy)),
        "applies": asdict(policy.applies),
    }


def trying(draft: Draft, asked: Asked, today: date) -> Asked:
    """Hold a position against the policy, and draw the picture round it; nothing while the text has errors."""
    policy = draft.read(asked["text"], today).policy
    if policy is None:
        return {"ready": False}
    witness = read_position(asked.get("position"))
    return {"ready": True, "probe": asdict(probe(policy, witness)), "picture": asdict(picture(policy, witness))}


def offers(draft: Draft, asked: Asked, today: date) -> Asked:
    """List what may stand at the cursor."""
    found = choices(draft.read(asked["text"], today), _offset(asked))
    return {"choices": [asdict(each) for each in found]}


def help(draft: Draft, asked: Asked, today: date) -> Asked:
    """Explain what stands at the cursor."""
    return {"pieces": [asdict(each) for each in help_at(draft.read(asked["text"], today), _offset(asked))]}


def form(draft: Draft, asked: Asked, today: date) -> Asked:
    """Return the canonical form of the text.

    Raises:
        PolicyError: it has errors.
    """
    reading = draft.read(asked["text"], today)
    if reading.policy is None:
        raise InputError("a policy with errors stays as it is", "mend what the findings show first")
    return {"text": formatted(reading.checked, reading.vocabulary)}


def mend(draft: Draft, asked: Asked, today: date) -> Asked:
    """Return the text with every mistake of spelling and form mended."""
    return {"text": draft.read(asked["text"], today).mended}


QUICK: dict[str, Callable[[Draft, Asked, date], Asked]] = {
    "look": look, "examples": examples, "try": trying, "offers": offers, "help": help, "form": form, "mend": mend,
}  # fmt: skip
"""By the last part of their addresses."""


def _offset(asked: Asked) -> int:
    offset = asked.get("offset")
    if not isinstance(offset, int) or isinstance(offset, bool):
        raise InputError("where?", "load the page again")
    return offset


# --- the list of policies ------------------------------------------------------------


@frozen
class Row:
    """One policy of the folder: its title, how many rules, errors and warnings it has, and who published it last."""

    name: str
    title: str
    rules: int = 0
    errors: int = 0
    warnings: int = 0
    trouble: str = ""
    last: Version | None = None


def listed(shelf: Shelf, today: date, selection: Callable[[str], Selection]) -> list[Row]:
    """List the policies of the folder; one that cannot be read says why."""
    return [_row(shelf, name, today, selection) for name in shelf.names()]


def _row(shelf: Shelf, name: str, today: date, selection: Callable[[str], Selection]) -> Row:
    last = next(iter(shelf.versions(name)), None)
    try:
        reading = read(shelf.open(name).text, today, name, selection(name))
    except RulekitError as error:
        return Row(name, "", trouble=error.message, last=last)
    tree = reading.checked.tree
    found = [each.severity for each in reading.found]
    return Row(
        name, "" if tree is None else tree.title or "", 0 if tree is None else len(tree.rules) + len(tree.book),
        found.count(ERROR), found.count(WARNING), last=last,
    )  # fmt: skip
