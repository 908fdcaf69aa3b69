"""The way in: a text or a file to a checked policy with its findings."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from attrs import field, frozen

from rulekit.language.checker import Checking, Line
from rulekit.language.diagnostics import Diagnostic, has_errors
from rulekit.language.fault import FaultError
from rulekit.language.plugged import learn_from, learn_near
from rulekit.language.reader import Names
from rulekit.language.scope import Scope
from rulekit.language.source import (
    MAX_BYTES,
    MAX_SENTENCES,
    TOO_LARGE_HELP,
    Source,
    cut,
    read_text,
    too_large,
    too_many,
)
from rulekit.language.tree import PolicyTree, Span
from rulekit.language.vocabulary import STANDARD, Vocabulary

if TYPE_CHECKING:
    from rulekit.language.remembered import Memory


@frozen
class Checked:
    """What became of a text: the tree if there is no error, and all findings in the order of the file.

    Args:
        lines: every sentence with its words, for lint rules that look at what was typed.
        used_names: `set` and `define` names that a sentence uses, lower-case.
        names: the words of every `set` and `define` name, with its kind; those of a policy with errors too.
        scope: what those names stand for; None for a text that was not looked at.
    """

    tree: PolicyTree | None
    diagnostics: tuple[Diagnostic, ...]
    source: Source
    lines: tuple[Line, ...] = ()
    used_names: frozenset[str] = frozenset()
    names: Names = field(factory=dict, eq=False)
    scope: Scope | None = field(default=None, eq=False)

    @property
    def ok(self) -> bool:
        """Tell whether there is no error."""
        return not has_errors(self.diagnostics)


def check_text(
    text: str, path: str = "policy", vocabulary: Vocabulary = STANDARD, memory: Memory | None = None
) -> Checked:
    """Check the text of a policy; `path` is the name that the tree carries.

    With the `memory` of an earlier check only the sentences that changed are read anew; the outcome is the same.
    """
    size = len(text) if len(text) > MAX_BYTES else len(text.encode("utf-8", "replace"))
    if size > MAX_BYTES:
        return _refused(text, too_large(size))
    if vocabulary is STANDARD:
        learn_from(text)
    source = cut(text)
    if len(source.sentences) > MAX_SENTENCES:
        return _refused(text, too_many(len(source.sentences)))
    checking = _checking(source, vocabulary, memory)
    tree = checking.run(path)
    if tree is None and vocabulary is STANDARD and learn_near(text):
        checking = Checking(source, vocabulary)
        tree = checking.run(path)
    used = checking.scope.values.used | checking.scope.conditions.used
    return Checked(
        tree,
        tuple(checking.found),
        source,
        tuple(checking.lines),
        frozenset(used),
        checking.naming.names,
        checking.scope,
    )


def _refused(text: str, why: str) -> Checked:
    """Return the outcome for a text that is not looked at."""
    source = Source(text[:200], (), (), ())
    return Checked(None, (FaultError("E112", Span(1, 1, 1, 2), why, TOO_LARGE_HELP).diagnostic(source),), source)


def _checking(source: Source, vocabulary: Vocabulary, memory: Memory | None) -> Checking:
    if memory is None:
        return Checking(source, vocabulary)
    from rulekit.language.remembered import RememberedChecking

    return RememberedChecking(source, vocabulary, memory=memory)


def read_policy(path: Path, vocabulary: Vocabulary = STANDARD) -> Checked:
    """Read and check a policy file.

    Raises:
        UnreadableFileError: the file is missing, a folder, too large or not UTF-8.
    """
    return check_text(read_text(path), str(path), vocabulary)
