"""The action `alert "text"`: the template is read at once, and every fact that it names is looked up."""

from __future__ import annotations

from rulekit.language import tree as t
from rulekit.language.fault import Edit, FaultError, did_you_mean
from rulekit.language.parser import Node
from rulekit.language.reader import Word
from rulekit.language.scope import Scope


def alert(node: Node, scope: Scope) -> t.Alert:
    """Read an alert.

    Raises:
        FaultError: its text is empty, cannot be filled in, or names what is no fact; at the place in the text.
    """
    from rulekit.alert.template import TemplateFault, names  # only a policy with an alert needs it
    from rulekit.alert.words import spoken

    word = next(each for each in node.words() if each.type == "STRING")
    text = str(word.value)
    if not text.strip():
        raise FaultError(
            "Q104", word.span, "an alert without words tells nothing", 'write `alert "{{ symbol }} is up {{ profit }}"`'
        )
    try:
        found = names(text)
    except TemplateFault as fault:
        raise FaultError("E130", _place(word, fault.start, fault.end), fault.message, fault.help) from None
    facts = []
    for name in found:
        fact = _fact(spoken(name.word), scope)
        if fact is None:
            raise _unknown(spoken(name.word), _place(word, name.start, name.end), scope)
        facts.append((name.word, fact))
    return t.Alert(text, tuple(facts))


def _fact(phrase: str, scope: Scope) -> t.FactRef | None:
    """Find a fact by what a template calls it: its name, an alias, or its full phrase with a window."""
    from rulekit.language.fact_names import read_fact

    plain = scope.vocabulary.find(phrase)
    if plain is not None:
        return t.FactRef(plain.name, plain.units[0])
    return read_fact(phrase, scope.vocabulary)


def _unknown(phrase: str, place: t.Span, scope: Scope) -> FaultError:
    near = did_you_mean(phrase, [spelling for spelling, _ in scope.vocabulary.spellings()])
    edits: tuple[Edit, ...] = ()
    if near:
        help = f"did you mean `{near}`?"
        edits = (Edit(place, near),)
    elif phrase.lower() in scope.values or phrase.lower() in scope.conditions:
        help = "an alert names facts: write the value itself, or the fact that the condition compares"
    else:
        help = "name a fact such as `profit`, `price` or `symbol`"
    return FaultError("N101", place, f"`{phrase}` is no fact", help, edits=edits)


def _place(word: Word, start: int, end: int) -> t.Span:
    """Return the place in the file of a part of a quoted text, in which a quote is written twice."""
    at = [index for index, _ in _letters(word.text)]
    first = word.span.column + (at[start] if start < len(at) else 1)
    last = word.span.column + (at[end - 1] + 1 if 0 < end <= len(at) else len(word.text) - 1)
    return t.Span(word.span.line, first, word.span.line, max(last, first + 1))


def _letters(written: str) -> list[tuple[int, str]]:
    """List the letters of a quoted text with their places in it."""
    found, index, last = [], 1, len(written) - 1
    while index < last:
        found.append((index, written[index]))
        index += 2 if written.startswith('""', index) and index + 1 < last else 1
    return found
