"""Names of facts as people write them, in the one form by which they are looked up."""

from __future__ import annotations

from functools import cache

from rulekit.language.conditions import fact
from rulekit.language.fault import FaultError
from rulekit.language.keywords import phrases
from rulekit.language.parser import EXAMPLE_LINE, Misread, raw_tokens, read
from rulekit.language.prices import first_word
from rulekit.language.reader import Reader
from rulekit.language.scope import Scope
from rulekit.language.tree import FactRef
from rulekit.language.vocabulary import PRICE_WORDS, STANDARD, Vocabulary

_MOST = 200
"""No fact has a longer name."""


def fact_phrase(name: str) -> str:
    """Return the phrase of a fact: `Momentum over 1 hour` is `momentum over 60 minutes`, `LTP` is `price`.

    A name that is no fact of the language comes back in lower case, with single spaces.
    """
    return _phrase(name, len(STANDARD))


@cache
def _phrase(name: str, size: int) -> str:
    """Read a name once for each size of the vocabulary, which only grows."""
    plain = " ".join(name.lower().split())
    if len(plain) > _MOST:
        return plain
    found = read_fact(plain)
    return plain if found is None else found.phrase


def read_fact(name: str, vocabulary: Vocabulary = STANDARD) -> FactRef | None:
    """Read a fact with its window, if it has one; None for what is no fact."""
    # A line of an example is a fact and its value; any number will do.
    outcome = read(Reader(raw_tokens(f"{name} 1", 1, 1), {}, phrases(vocabulary)).read(), EXAMPLE_LINE)
    if isinstance(outcome, Misread) or outcome.rule != "given":
        return None
    subject = outcome.nodes()[0]
    if subject.rule == "named_price" and str(first_word(subject).value) in PRICE_WORDS:
        return None
    try:
        return fact(subject, Scope(vocabulary))
    except FaultError:
        return None
