"""Tries plug-ins on a day of bars that is made up: what `rulekit plugins` shows, and what an author's tests ask."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from attrs import frozen

from rulekit.language.diagnostics import has_errors
from rulekit.language.plugged import refusal, with_word
from rulekit.language.reading import check_text
from rulekit.plugins.computing import Computing, Question
from rulekit.plugins.day_bars import DayBars, sample_day
from rulekit.plugins.declared import FactPlugin
from rulekit.plugins.discovery import EntryPoint
from rulekit.plugins.facts import Declared, every
from rulekit.plugins.kinds import LintPlugin
from rulekit.plugins.names import WORDS
from rulekit.plugins.settings import PluginSettings
from rulekit.plugins.worker import WrongValues, checked

EARLIER = 60
"""So many bars of the sample are tried as well: what comes later may not change what was known then."""
OPTION = ("NFO", "NIFTY26NOV24000CE")
"""The instrument of the sample where a fact needs an underlying."""


@frozen
class Health:
    """One thing that a package declares, and why it cannot be used; an empty text if it can."""

    entry: EntryPoint
    declared: Declared | None
    trouble: str


def health(settings: PluginSettings | None = None) -> list[Health]:
    """Load everything that packages declare and try it, each package in a process of its own."""
    computing = Computing(settings)
    try:
        asked = [(found, _asked(found, computing) if not _refused(found) else ()) for found in every()]
        return [Health(found.entry, found, _refused(found) or _trouble(found, asks)) for found, asks in asked]
    finally:
        computing.close()


def _refused(found: Declared) -> str:
    """Say why a declaration is not even tried."""
    return refusal(found) if found.entry.group in WORDS else found.trouble


def _asked(found: Declared, computing: Computing) -> tuple[Question, ...]:
    """Ask for a fact over all days; what is no fact is not asked, for it would act."""
    if found.fact is None:
        return ()
    return tuple(computing.ask(found.entry, bars, _window(found.fact), last=False) for bars in _days(found.fact))


def _trouble(found: Declared, asks: Sequence[Question]) -> str:
    """Return the first thing that is wrong with what a fact gave, or with its example."""
    if found.fact is None:
        return _lint_examples(found.value) if isinstance(found.value, LintPlugin) else _example(found)
    outcomes = [ask.wait() for ask in asks]
    said = next((outcome.trouble for outcome in outcomes if outcome.trouble), "")
    return said or _unlike([list(outcome.values) for outcome in outcomes]) or _example(found)


def _days(fact: FactPlugin) -> tuple[DayBars, ...]:
    """Return the whole day twice, its beginning, and a day without a bar."""
    whole = sample_day(exchange=OPTION[0], symbol=OPTION[1]) if "underlying" in fact.needs else sample_day()
    return whole, whole, whole.first(EARLIER), whole.first(0)


def _window(fact: FactPlugin) -> int:
    return fact.window if fact.windowed else 0


def _unlike(found: Sequence[Sequence[float]]) -> str:
    """Say whether the same bars gave other values, or later bars changed what was known before."""
    whole, again, earlier, _ = ([repr(value) for value in values] for values in found)
    if whole != again:
        return "gives other values for the same bars: it is not pure"
    if whole[:EARLIER] != earlier:
        place = next(index for index, pair in enumerate(zip(whole, earlier, strict=False)) if pair[0] != pair[1])
        return f"looks ahead: its value of bar {place + 1} is another once later bars are there"
    return ""


def _example(found: Declared) -> str:
    """Say what is wrong with the example of a word."""
    if found.entry.group not in WORDS:
        return ""
    name, example = found.value.name, found.value.example
    told = check_text(example, vocabulary=with_word(found))
    if has_errors(told.diagnostics):
        return f"its example `{example}` is no sentence: {told.diagnostics[0].message}"
    if name not in " ".join(example.lower().split()):
        return f"its example `{example}` does not speak of `{name}`"
    return ""


def _lint_examples(lint: LintPlugin) -> str:
    """Say what is wrong with the two policies of a lint code."""
    from rulekit.lint.plugged import places

    for policy, wanted in ((lint.bad, True), (lint.good, False)):
        checked = check_text(policy)
        if checked.tree is None:
            return f"a policy of its page has an error: {checked.diagnostics[0].message}"
        found, trouble = places(lint, checked.tree)
        if trouble or bool(found) is not wanted:
            return trouble or f"it finds {'nothing in its bad' if wanted else 'something in its good'} policy"
    return ""


def faults_of(fact: FactPlugin) -> list[str]:
    """Return what is wrong with a fact that need not be installed: for the tests of its package.

    It is tried in this process: what it raises comes through.
    """
    entry = EntryPoint("rulekit.facts", fact.name, "", "this package", "")
    found = Declared(entry, fact)
    return [said for said in _faults(found, fact) if said]


def _faults(found: Declared, fact: FactPlugin) -> Iterator[str]:
    yield _refused(found)
    try:
        yield _unlike([checked(fact, fact.compute(bars, _window(fact)), len(bars)) for bars in _days(fact)])
    except WrongValues as wrong:
        yield str(wrong)
    yield _example(found)
