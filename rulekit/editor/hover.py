"""What a word, a rule or a code means, for a person who points at it."""

from __future__ import annotations

import re

from attrs import frozen

from rulekit.editor.meanings import MEANINGS
from rulekit.errors import RulekitError
from rulekit.language.checker import Line
from rulekit.language.codes import Code
from rulekit.language.diagnostics import Diagnostic
from rulekit.language.echo import echo
from rulekit.language.fault import AlreadyReportedError, FaultError
from rulekit.language.reader import Word
from rulekit.language.reading import Checked
from rulekit.language.rules import rule
from rulekit.language.sentences import condition_text, value_text
from rulekit.language.tree import Rule, Span
from rulekit.language.vocabulary import STANDARD, Fact, Vocabulary
from rulekit.language.words import number_text
from rulekit.lint.catalogue import of_number
from rulekit.lint.pages import page

_NAMES = ("VALUE_NAME", "CONDITION_NAME", "NEW_NAME")
_FACTS = ("FACT", "TEXT_FACT", "PRICE_NAME", "PROFIT", "LOSS", "PEAK_PROFIT", "ATR", "STOP")


@frozen
class Explanation:
    """What is said about a place, as Markdown, and the place that it is about."""

    text: str
    span: Span


def explained(
    checked: Checked, found: tuple[Diagnostic, ...], line: int, column: int, vocabulary: Vocabulary = STANDARD
) -> Explanation | None:
    """Explain the place at a line and column: what was found there, the word, and the sentence it stands in."""
    here = next((each for each in checked.lines if _within(each.sentence.span, line, column)), None)
    word = next((each for each in here.words if _within(each.span, line, column)), None) if here else None
    parts = [_code(each) for each in found if _within(each.span, line, column)]
    if word is not None:
        parts.append(_word(word, checked, vocabulary))
    if here is not None:
        parts.append(_sentence(here, checked))
    text = "\n\n---\n\n".join(part for part in parts if part)
    if not text:
        return None
    span = word.span if word is not None else here.sentence.span if here is not None else Span(line, 1, line, 1)
    return Explanation(text, span)


def _within(span: Span, line: int, column: int) -> bool:
    return (span.line, span.column) <= (line, column) < (span.end_line, max(span.end_column, span.column + 1))


def _code(found: Diagnostic) -> str:
    witness = "".join(f"\n- {each}" for each in found.witness)
    status = f" ({found.status})" if found.status else ""
    return f"**{found.code} {found.name}**{status}{witness}\n\n{_page(of_number(found.code))}".rstrip()


def _page(code: Code) -> str:
    """Return what the page of a code says it finds, and why."""
    try:
        parts = re.split(r"^## (.+)$", page(code), flags=re.MULTILINE)
    except RulekitError:
        return code.summary
    sections = dict(zip(parts[1::2], (each.strip() for each in parts[2::2]), strict=False))
    return "\n\n".join(sections[title] for title in ("What", "Why") if title in sections) or code.summary


# --- words ------------------------------------------------------------


def _word(word: Word, checked: Checked, vocabulary: Vocabulary) -> str:
    if word.type in _NAMES:
        return _defined(str(word.value), checked)
    fact = vocabulary.find(str(word.value)) if word.type in _FACTS else None
    if fact is not None:
        units = ", ".join(unit.value for unit in fact.units)
        window = "; may be followed by `over 15 minutes` or `over 5 bars`" if fact.windowed else ""
        origin = f"from the plug-in `{fact.plugin}`" if fact.plugin else f"from the {fact.origin}"
        return f"**{fact.name}**: {fact.help}\n\ncompared in {units}; {origin}{window}{_declared(fact)}"
    meaning = MEANINGS.get(word.type)
    return f"**{word.value}**: {meaning}" if meaning else ""


def _declared(fact: Fact) -> str:
    """Say what a plug-in declares of its fact: its bounds, when it is unknown, and an example."""
    if not fact.plugin:
        return ""
    low, high = (None if bound is None else number_text(bound) for bound in (fact.low, fact.high))
    bounds = "; " + " ".join(f"{word} {bound}" for word, bound in (("from", low), ("to", high)) if bound is not None)
    said = bounds if low or high else ""
    return f"{said}\n\nunknown: {fact.unknown}\n\n```policy\n{fact.example}\n```"


def _defined(name: str, checked: Checked) -> str:
    """Say what a name stands for; nothing while its definition is at fault."""
    scope = checked.scope
    if scope is None:
        return ""
    try:
        if scope.values.place(name) is not None:
            return f"**{name}** is {value_text(scope.values.resolve(name, use=False).value)}"
        if scope.conditions.place(name) is not None:
            return f"**{name}**: {condition_text(scope.conditions.resolve(name, use=False).condition)}"
    except (FaultError, AlreadyReportedError):
        pass
    return ""


# --- sentences ------------------------------------------------------------


def _sentence(line: Line, checked: Checked) -> str:
    """Give the canonical sentence, and of a rule what it does in plain words."""
    if line.node is None or checked.scope is None or line.sentence.block is not None:
        return ""
    text = echo(line.words, checked.scope)
    if not text:
        return ""
    made = rule_of(line, checked)
    said = "" if made is None else f"\n\n{plain_words(made)}"
    return f"```policy\n{text}\n```{said}"


def rule_of(line: Line, checked: Checked) -> Rule | None:
    """Return the rule that a line is; None for another sentence, or one that means nothing."""
    if line.node is None or checked.scope is None or line.node.rule != "rule":
        return None
    try:
        return rule(line.node, checked.scope)
    except (FaultError, AlreadyReportedError):
        return None


def plain_words(made: Rule) -> str:
    """Say in plain words when a rule acts, what it does and how often."""
    from rulekit.explain.rows import row

    each = row(made)
    always = each.when.startswith("always")
    when = f"At every look{each.when.removeprefix('always')}" if always else f"When {each.when}"
    return f"{when}: {each.does}; {each.often}."
