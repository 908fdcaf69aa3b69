"""The codes of what can be wrong with a sentence or a name: each with its name and severity."""

from __future__ import annotations

from attrs import frozen

from rulekit.language.diagnostics import ERROR


@frozen
class Code:
    """One kind of finding: its number, its kebab-case name, how grave it is, and one line about it."""

    code: str
    name: str
    severity: str
    summary: str


_ROWS = (
    ("E101", "unknown-word", "a word that the language does not have"),
    ("E102", "missing-word", "a word is missing"),
    ("E103", "extra-word", "a word too many"),
    ("E104", "out-of-place", "a word that cannot stand there"),
    ("E105", "slot-order", "the parts of a sentence stand in another order"),
    ("E106", "doubled-slot", "a part of the sentence stands there twice"),
    ("E107", "mixed-and-or", "`and` mixed with `or` without brackets"),
    ("E108", "unfinished-sentence", "the sentence stops too early"),
    ("E109", "stray-character", "a character that the language does not use, or a quote that is not closed"),
    ("E111", "empty-policy", "a policy without a rule"),
    ("E112", "too-large", "a policy that is too large"),
    ("E113", "too-deep", "brackets nested too deep"),
    ("E114", "sentence-too-long", "a sentence that is too long"),
    ("E115", "misplaced-line", "a line that cannot stand there, or stands there twice"),
    ("E116", "incomplete-example", "an example without its position or its expectation"),
    ("E117", "other-words", "said in other words than those of the language"),
    ("E118", "two-sentences", "two sentences on one line"),
    ("E120", "impossible-path", "a price path that cannot be walked, or a moment that is not on it"),
    ("E130", "alert-text", "the text of an alert cannot be filled in"),
    ("E131", "not-of-the-book", "what belongs to one position in a rule for the whole book, or the other way round"),
    ("N101", "unknown-name", "a fact or a name that nobody has defined"),
    ("N102", "name-of-the-language", "a name that hides a word of the language"),
    ("N103", "name-twice", "a name that is defined twice"),
    ("N104", "rule-twice", "two rules with one label"),
    ("N106", "unknown-rule", "an example that speaks of a rule that is not there"),
    ("N107", "unknown-value", "no such exchange, product, side or day"),
    ("N108", "circular-name", "a name that is defined by itself"),
    ("N116", "unquoted-name", "a symbol or a strategy of several words without its quotes"),
    ("N117", "plug-in-unusable", "a word of a plug-in that cannot be used"),
    ("U101", "missing-unit", "a number without its unit"),
    ("U102", "unit-mismatch", "two things that cannot be compared or used together"),
    ("U103", "bad-grouping", "commas in a number where no grouping has them"),
    ("U104", "window-not-possible", "a window on a fact that has none, or of the wrong kind"),
    ("U105", "share-of-what", "a percentage or a number that does not say of what"),
    ("U106", "text-compared", "a text compared as if it were a number"),
    ("U107", "number-too-long", "a number with too many digits"),
    ("Q101", "more-than-everything", "more than all of a position"),
    ("Q102", "amount-of-nothing", "an amount of zero"),
    ("Q103", "exit-with-amount", "`exit` with an amount"),
    ("Q104", "missing-amount", "an action without its amount, price or distance"),
    ("Q105", "part-of-a-share", "shares, lots or times that are not whole"),
    ("Q106", "up-to-adds", "`add up to`"),
    ("S102", "more-than-there-is", "a stop rule that keeps or takes more than all"),
    ("S103", "impossible-distance", "a distance of nothing, or of the whole price"),
    ("T101", "no-such-time", "a time of day that does not exist"),
    ("T103", "reversed-times", "a time span that ends before it begins"),
    ("T105", "no-duration", "a duration of nothing, or one that cannot be"),
)

CODES: dict[str, Code] = {code: Code(code, name, ERROR, summary) for code, name, summary in _ROWS}
"""Every code of the reader and the checker; the lint rules add theirs in `rulekit.lint.catalogue`."""
