"""What an alert tells: the figures of its facts, in the words of the language, put into its text."""

from __future__ import annotations

from typing import Any

from rulekit.alert.figures import Fact
from rulekit.alert.template import fill
from rulekit.compile.exact import Reader
from rulekit.compile.policy import CompiledRule
from rulekit.engine.shortfall import shown
from rulekit.engine.why import figures
from rulekit.language.tree import Alert, FactRef, Unit
from rulekit.language.words import DAY_NAMES
from rulekit.model.instant import MINUTE
from rulekit.model.snapshot import Snapshot


def told(rule: CompiledRule, snapshot: Snapshot) -> dict[str, Any]:
    """Return the figures for the log, and the `text` of an alert."""
    verb = rule.action.rule.verb
    assert isinstance(verb, Alert)
    return {**figures(snapshot), "text": alert_text(verb, Reader(snapshot, rule.predicate.vocabulary))}


def alert_text(alert: Alert, reader: Reader) -> str:
    """Fill the text of an alert with what a reader reads; a fact that is not known reads `unknown`.

    Figures are in the first unit of their fact; ages are counted in minutes, prices in rupees.
    """
    return fill(alert.text, {name: _fact(fact, reader) for name, fact in alert.facts})


def _fact(fact: FactRef, reader: Reader) -> Fact:
    if reader.is_text(fact.name):
        return Fact(None, _word(fact.name, reader))
    value = reader.fact(fact)
    if value is None:
        return Fact(None)
    in_minutes = fact.unit in (Unit.DURATION, Unit.CLOCK)
    return Fact(float(value / MINUTE if in_minutes else value), shown(value, fact.unit))


def _word(name: str, reader: Reader) -> str:
    """Return a word as people write it."""
    if name == "day":
        return DAY_NAMES[reader.weekday]
    if name == "side":
        return reader.text(name) or ""
    return str(getattr(reader.snapshot, name))
