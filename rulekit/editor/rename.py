"""Labels and defined names given another name, wherever they stand; a name that cannot be one is refused."""

from __future__ import annotations

import re
from collections.abc import Iterator

from attrs import frozen

from rulekit.editor.edits import Change, changed
from rulekit.errors import RulekitError
from rulekit.language import keywords as k
from rulekit.language.checker import Line
from rulekit.language.diagnostics import ERROR
from rulekit.language.naming import Naming
from rulekit.language.reader import Reader, Word
from rulekit.language.reading import Checked, check_text
from rulekit.language.sentences import label_text
from rulekit.language.tree import Span
from rulekit.language.vocabulary import STANDARD, Vocabulary
from rulekit.language.wrapping import comment_text

LABEL = "label"
NAME = "name"
_NAME_WORD = re.compile(r"(?:[^\W\d]|_)\w*(?:[-&'’/][^\W\d]\w*)*|\d+")


class NotRenamedError(RulekitError):
    """Why something cannot be given that name, or any."""


@frozen
class Named:
    """A place where a label or a defined name stands: what it is, its name; `defines` where it is given."""

    kind: str
    name: str
    span: Span
    defines: bool = False


def named_at(checked: Checked, line: int, column: int, vocabulary: Vocabulary = STANDARD) -> Named | None:
    """Find the label or the defined name at a place; None if there is neither."""
    for each in _all_named(checked, vocabulary):
        span = each.span
        if (span.line, span.column) <= (line, column) <= (span.end_line, span.end_column):
            return each
    return None


def mentions(checked: Checked, wanted: Named, vocabulary: Vocabulary = STANDARD) -> list[Named]:
    """List every place of a label or a defined name, in the order of the text."""
    return [
        each
        for each in _all_named(checked, vocabulary)
        if each.kind == wanted.kind and each.name.lower() == wanted.name.lower()
    ]


def _all_named(checked: Checked, vocabulary: Vocabulary) -> Iterator[Named]:
    labels = {str(line.words[0].value).lower() for line in checked.lines if _has_label(line)}
    for line in checked.lines:
        for word in line.words:
            if word.type == "LABEL":
                yield Named(LABEL, str(word.value), _without_colon(word), defines=True)
            elif word.type in ("NEW_NAME", "VALUE_NAME", "CONDITION_NAME"):
                yield Named(NAME, str(word.value), word.span, defines=word.type == "NEW_NAME")
            elif word.type == "RAW" and str(word.value).lower() in labels:
                yield Named(LABEL, str(word.value), word.span)
            elif word.type == "RAW":
                yield from _within_sentence(line, word, checked, vocabulary)


def _has_label(line: Line) -> bool:
    return bool(line.words) and line.words[0].type == "LABEL"


def _without_colon(word: Word) -> Span:
    span = word.span
    return Span(span.line, span.column, span.line, span.column + len(word.text.rstrip(": \t")))


def _within_sentence(line: Line, text: Word, checked: Checked, vocabulary: Vocabulary) -> Iterator[Named]:
    """Find the names in a rule that an example names by its whole sentence."""
    within = [word for word in line.raw if _holds(text.span, word.span)]
    for word in Reader(within, checked.names, k.phrases(vocabulary)).read():
        if word.type in ("VALUE_NAME", "CONDITION_NAME"):
            yield Named(NAME, str(word.value), word.span)


def _holds(outer: Span, inner: Span) -> bool:
    begins = (outer.line, outer.column) <= (inner.line, inner.column)
    return begins and (inner.end_line, inner.end_column) <= (outer.end_line, outer.end_column)


# --- another name ------------------------------------------------------------


def renamed(checked: Checked, wanted: Named, new: str, vocabulary: Vocabulary = STANDARD) -> list[Change]:
    """Return the changes that give something another name.

    Raises:
        NotRenamedError: that cannot be a name, is one already, or the policy would not mean the same.
    """
    name = " ".join(new.split())
    (_check_label if wanted.kind == LABEL else _check_name)(checked, wanted, name, vocabulary)
    text = label_text(name) if wanted.kind == LABEL else name
    changes: list[Change] = [(each.span, text) for each in mentions(checked, wanted, vocabulary)]
    _check_outcome(checked, changes, vocabulary)
    return changes


def _check_label(checked: Checked, wanted: Named, name: str, vocabulary: Vocabulary) -> None:
    if not name or '"' in name or "“" in name or "”" in name:
        raise NotRenamedError(f"`{name}` is no label", "a label is a word, or several without quotes in them")
    others = {str(line.words[0].value).lower() for line in checked.lines if _has_label(line)} - {wanted.name.lower()}
    if name.lower() in others:
        raise NotRenamedError(f"another rule is called `{name}`", "a label belongs to one rule")


def _check_name(checked: Checked, wanted: Named, name: str, vocabulary: Vocabulary) -> None:
    if not name or not all(_NAME_WORD.fullmatch(word) for word in name.split()):
        raise NotRenamedError(f"`{name}` is no name", "a name is made of words, for example `first target`")
    if Naming(vocabulary).hides_a_word(name):
        raise NotRenamedError(
            f"`{name}` is a word of the language and cannot be a name", f"choose another name, for example `my {name}`"
        )
    key = tuple(name.lower().split())
    if key in checked.names and name.lower() != wanted.name.lower():
        raise NotRenamedError(f"`{name}` is defined already", "choose another name")


def _check_outcome(checked: Checked, changes: list[Change], vocabulary: Vocabulary) -> None:
    """Refuse changes after which the policy has other errors, rules or comments than before."""
    after = check_text(changed(checked.source.text, changes), "policy", vocabulary)
    faults = [each for each in after.diagnostics if each.severity == ERROR]
    before = [each for each in checked.diagnostics if each.severity == ERROR]
    if len(faults) > len(before):
        raise NotRenamedError(f"with that name the policy has an error: {faults[0].message}", "choose another name")
    if [comment_text(each) for each in after.source.comments] != [comment_text(e) for e in checked.source.comments]:
        raise NotRenamedError("a comment stands inside this name", "move the comment first")
    if checked.tree is not None and (after.tree is None or _shape(after) != _shape(checked)):
        raise NotRenamedError("with that name the policy would mean something else", "choose another name")


def _shape(checked: Checked) -> list[tuple[str, ...]]:
    """Return the sentences by their kinds of words: what stays when only names change."""
    return [tuple(word.type for word in line.words) for line in checked.lines]
