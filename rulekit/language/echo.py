"""The canonical text of words that read as a sentence: what a repair shows, and what an example may name a rule by."""

from __future__ import annotations

from collections.abc import Sequence

from rulekit.language import headings
from rulekit.language.book import check_book_rule, check_position_rule
from rulekit.language.bounds import MAX_WORDS
from rulekit.language.fault import AlreadyReportedError, FaultError
from rulekit.language.parser import Node, read
from rulekit.language.reader import Word
from rulekit.language.rules import rule
from rulekit.language.scope import Scope
from rulekit.language.sentences import (
    BOOK_HEADER,
    applies_text,
    condition_text,
    missing_data_text,
    quoted,
    rule_text,
    set_text,
)


def echo(words: Sequence[Word], scope: Scope) -> str:
    """Return the canonical text of words, or an empty one if they are no sentence."""
    node = read(words) if 0 < len(words) <= MAX_WORDS else None
    if not isinstance(node, Node):
        return ""
    try:
        return canonical(node, scope)
    except (FaultError, AlreadyReportedError):
        return ""


def fault_in(words: Sequence[Word], scope: Scope, *, in_book: bool = False) -> FaultError | None:
    """Return what is wrong with words that read as a whole sentence; None if nothing is, or if they do not read so.

    Args:
        in_book: the sentence stands in a block for the whole book.
    """
    node = read(words) if 0 < len(words) <= MAX_WORDS else None
    if isinstance(node, Node):
        try:
            canonical(node, scope)
            if node.rule == "rule" and in_book:
                check_book_rule(rule(node, scope), scope.vocabulary)
            elif node.rule == "rule":
                check_position_rule(rule(node, scope), node.words())
        except FaultError as found:
            return found
        except AlreadyReportedError:
            return None
    return None


def canonical(node: Node, scope: Scope) -> str:
    """Return the canonical text of a sentence.

    Raises:
        FaultError: it means nothing.
        AlreadyReportedError: it leans on a name whose own definition is at fault.
    """
    if node.rule == "rule":
        return rule_text(rule(node, scope))
    if node.rule == "define":
        made = headings.define(node, scope)
        return f"define {made.name} as {condition_text(made.condition)}"
    if node.rule == "set_value":
        value = headings.set_value(node, scope)
        return set_text(value)
    if node.rule == "applies":
        return applies_text(headings.applies(node))
    if node.rule == "book_header":
        return BOOK_HEADER
    if node.rule == "data_missing":
        return missing_data_text(list(node.words())[-1].type.lower())
    return f"{node.rule} {quoted(str(list(node.words())[-1].value))}"
