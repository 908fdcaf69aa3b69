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
    learn(names.names())


def learn_near(text: str) -> bool:
    """Take in the words that a text with a fault may have meant; tell whether any was new."""
    size, kept = len(v.STANDARD), len(v.STANDARD.unusable)
    unsaid = [name for name in names.names() if v.STANDARD.find(name) is None]
    if unsaid:
        from difflib import get_close_matches

        said = names.words_of(text)
        learn(name for name in unsaid if all(get_close_matches(word, said, 1, 0.75) for word in name.split()))
    return (len(v.STANDARD), len(v.STANDARD.unusable)) != (size, kept)


def learn(spoken: Iterable[str]) -> None:
    """Take in these names of facts, each once."""
    for name in spoken:
        if name in v.STANDARD.unusable or v.STANDARD.find(name) is not None or clash(name):
            continue  # known already, or a word of the language, which goes before
        from rulekit.plugins import facts  # only a policy that says such a word needs more than the names

        found = facts.declared(name)
        assert found is not None, name
        trouble = found.trouble or next((said for each in spellings(found) if (said := clash(each))), "")
        if found.fact is None or trouble:
            v.STANDARD.refuse(name, f"comes from the plug-in `{found.entry.package}`, which cannot be used: {trouble}")
        else:
            v.STANDARD.learn(row(found))


def spellings(declared: Declared) -> tuple[str, ...]:
    """List what a policy may call a fact."""
    return () if declared.fact is None else (declared.fact.name, *declared.aliases)


def clash(name: str) -> str:
    """Say why no plug-in may call a fact so; an empty text if it may."""
    from rulekit.language.naming import Naming

    if Naming(v.STANDARD).hides_a_word(name):
        return f"`{name}` is a word of the language"
    return ""


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
