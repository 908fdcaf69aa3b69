"""The words that installed packages add to the language; a package is asked when a policy says one of its words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING

from rulekit.language import vocabulary as v
from rulekit.language.units import Unit
from rulekit.plugins import names

if TYPE_CHECKING:
    from rulekit.language.fault import FaultError
    from rulekit.language.reader import Word
    from rulekit.plugins.facts import Declared

_UNITS = {
    "%": Unit.PERCENT,
    "₹": Unit.RUPEES,
    "price": Unit.RUPEES,
    "times normal": Unit.TIMES,
    "count": Unit.COUNT,
}


def learn_from(text: str) -> None:
    """Take in the words that a text may mean; what cannot be used is kept with its reason."""
    learn(names.mentioned(text))


def learn_all() -> None:
    """Take in every word that packages declare: for an editor, which offers them."""
    learn(names.words())


def learn_near(text: str) -> bool:
    """Take in the words that a text with a fault may have meant; tell whether any was new."""
    size, kept = len(v.STANDARD), len(v.STANDARD.unusable)
    unsaid = [word for word in names.words() if not v.STANDARD.knows(word[1])]
    if unsaid:
        from difflib import get_close_matches

        said = names.words_of(text)
        learn(word for word in unsaid if all(get_close_matches(part, said, 1, 0.75) for part in word[1].split()))
    return (len(v.STANDARD), len(v.STANDARD.unusable)) != (size, kept)


def learn(words: Iterable[tuple[str, str]]) -> None:
    """Take in these words, given by their group and name, each once."""
    for group, name in words:
        if name in v.STANDARD.unusable or v.STANDARD.find(name) is not None or clash(name, group):
            continue  # known already, or a word of the language, which goes before
        from rulekit.plugins import facts  # only a policy that says such a word needs more than the names

        found = facts.declared(name, group)
        assert found is not None, name
        trouble = refusal(found)
        if trouble:
            v.STANDARD.refuse(name, f"comes from the plug-in `{found.entry.package}`, which cannot be used: {trouble}")
        else:
            _TAKE[group](found)


def refusal(declared: Declared) -> str:
    """Say why a word cannot be taken in; an empty text if it can."""
    if declared.trouble:
        return declared.trouble
    group = declared.entry.group
    clashes = (clash(name, group) for name in spellings(declared) if not v.STANDARD.knows(name))
    return next((said for said in clashes if said), "") or (_not_an_action(declared) if group == names.ACTIONS else "")


def spellings(declared: Declared) -> tuple[str, ...]:
    """List what a policy may call it."""
    return () if declared.value is None else (declared.value.name, *declared.aliases)


def clash(name: str, group: str = names.FACTS) -> str:
    """Say why no plug-in may call a word so; an empty text if it may."""
    from rulekit.language.naming import Naming

    if Naming(v.STANDARD).hides_a_word(name):
        return f"`{name}` is a word of the language"
    if group == names.ACTIONS and " " not in name:
        return f"`{name}` is one word, and an action is said in two or more, so that nothing is taken for it"
    return ""


def _not_an_action(declared: Declared) -> str:
    """Say why what an action stands for is none; it is read with the words of the language alone."""
    from rulekit.language.reading import check_text

    means = declared.value.means
    checked = check_text(means, vocabulary=v.Vocabulary())
    if checked.tree is None:
        return f"it stands for `{means}`, which is no sentence: {checked.diagnostics[0].message}"
    rule = checked.tree.rules[0] if len(checked.tree.rules) == 1 else None
    if rule is None or rule.label or rule.level or rule.times or rule.when or rule.unless or len(checked.lines) > 1:
        return f"it stands for `{means}`, which is more than an action with its amount or price"
    return ""


def _take_fact(declared: Declared) -> None:
    v.STANDARD.learn(row(declared))


def _take_unit(declared: Declared) -> None:
    v.STANDARD.learn_unit(unit_word(declared))


def _take_action(declared: Declared) -> None:
    v.STANDARD.learn_action(action_word(declared))


_TAKE = {names.FACTS: _take_fact, names.UNITS: _take_unit, names.ACTIONS: _take_action}


def with_word(declared: Declared) -> v.Vocabulary:
    """Return the words of the language with this one; the shared table stays as it is."""
    known = v.STANDARD.knows(declared.value.name)
    words = v.STANDARD.extended([] if known or declared.fact is None else [row(declared)])
    if declared.entry.group == names.UNITS:
        words.learn_unit(unit_word(declared))
    elif declared.entry.group == names.ACTIONS:
        words.learn_action(action_word(declared))
    return words


def unit_word(declared: Declared) -> v.UnitWord:
    """Return the unit that a plug-in declares."""
    unit = declared.value
    return v.UnitWord(unit.name, Unit(unit.of), unit.exact, unit.help.strip(), declared.aliases, declared.entry.package)


def action_word(declared: Declared) -> v.ActionWord:
    """Return the action that a plug-in declares."""
    action = declared.value
    return v.ActionWord(action.name, action.means, action.help.strip(), declared.aliases, declared.entry.package)


def row(declared: Declared) -> v.Fact:
    """Return the row of the vocabulary that a plug-in declares."""
    fact = declared.fact
    assert fact is not None
    return v.Fact(
        fact.name,
        (_UNITS[fact.unit],),
        "market",
        fact.help.strip(),
        declared.aliases,
        v.PRICE if fact.unit == "price" else v.NUMBER,
        signed=fact.signed,
        windowed=fact.windowed,
        bare=fact.unit == "count",
        low=None if fact.low is None else Fraction(fact.low),
        high=None if fact.high is None else Fraction(fact.high),
        example=fact.example.strip(),
        unknown=fact.unknown.strip(),
        plugin=declared.entry.package,
    )


def unusable_word(raw: Sequence[Word], vocabulary: v.Vocabulary) -> FaultError | None:
    """Return the fault of a sentence that says a word of a plug-in that cannot be used; None if it says none."""
    if not vocabulary.unusable:
        return None
    from rulekit.language.fault import FaultError
    from rulekit.language.reader import joined

    said = [word.text.lower() for word in raw]
    for name, why in vocabulary.unusable.items():
        words = name.split()
        for place in range(len(said) - len(words) + 1):
            if said[place : place + len(words)] == words:
                span = joined(raw[place].span, raw[place + len(words) - 1].span)
                help = "`rulekit plugins` says more; mend or uninstall the plug-in, or leave the sentence out"
                return FaultError("N117", span, f"`{name}` {why}", help)
    return None
