"""Publishing: a text is checked as the engine will check it, written at once, and noted in the journal with who."""

from __future__ import annotations

from datetime import date
from pathlib import Path, PurePath

from attrs import asdict, frozen

from rulekit.compile.policy import compile_policy
from rulekit.difference.brief import brief, sentences
from rulekit.errors import InputError, RulekitError
from rulekit.execution.journal import is_held, read_ledger
from rulekit.execution.journal_place import Place
from rulekit.execution.requests import NOTE, Request
from rulekit.language.diagnostics import Diagnostic
from rulekit.language.reading import check_text
from rulekit.language.tree import PolicyTree
from rulekit.page.acts import act
from rulekit.page.people import Person
from rulekit.page.screen import Screen
from rulekit.runtime.refused import errors_of
from rulekit.studio.shelf import ChangedMeanwhileError, Shelf, Version


@frozen
class Ready:
    """What publishing would do.

    Args:
        errors: of the text, each in a line; with one of them it is refused.
        changed: that the file is not the one that was opened, and who did it; empty if it is.
        said: what the text changes, in trading words. same: it is what stands in the file already.
    """

    errors: tuple[str, ...]
    changed: str
    said: str
    same: bool


@frozen
class Published(Version):
    """A version, as it was just published; `trouble` says why the journal does not have it, empty if it does."""

    trouble: str = ""


def checked(shelf: Shelf, name: str, text: str, opened: str, today: date) -> Ready:
    """Say what publishing a text would do; nothing is written.

    Raises:
        UsageError: there is no such policy in the folder.
    """
    path = shelf.path(name) if opened else shelf.fresh_path(name)
    errors, tree = _errors(path, text, today)
    if not opened:
        return Ready(errors, "", "" if tree is None else sentences(tree), False)
    now = shelf.open(name)
    changed = "" if now.digest == opened else str(_changed(shelf, name, now.digest))
    same = now.text == (text if text.endswith("\n") else f"{text}\n") or now.text == text
    return Ready(errors, changed, _said(now.text, name, tree), same)


def publish(screen: Screen, shelf: Shelf, person: Person, name: str, text: str, opened: str, today: date) -> Published:
    """Publish a text in a person's name; a running engine takes it between two cycles.

    Raises:
        InputError: it has errors, or changes nothing. ChangedMeanwhileError: the file is not the one that was opened.
        UnreadableFileError: it cannot be written.
    """
    ready = checked(shelf, name, text, opened, today)
    if ready.errors:
        count = "an error" if len(ready.errors) == 1 else f"{len(ready.errors)} errors"
        raise InputError(f"a policy with {count} is not published: {ready.errors[0]}", "mend what the findings show")
    if ready.same and not ready.changed:
        raise InputError("this is what stands in the file already", "change something, then publish it")
    done = shelf.publish(name, text, opened, by=person.name, at=screen.clock.now(), said=ready.said)
    return Published(**asdict(done), trouble=_note(screen, person, done))


def _errors(path: Path, text: str, today: date) -> tuple[tuple[str, ...], PolicyTree | None]:
    """Return the errors for which an engine would refuse the text, and its tree."""
    read = check_text(text, path.name)
    found = errors_of(read, path, today)
    if not found and read.tree is not None:
        compile_policy(read.tree)
    return tuple(_in_a_line(each) for each in found), read.tree


def _in_a_line(found: Diagnostic) -> str:
    return f"line {found.span.line}: {found.message}"


def _said(before: str, name: str, tree: PolicyTree | None) -> str:
    old = check_text(before, name).tree
    if tree is None or old is None:
        return "" if tree is None else sentences(tree)
    return brief(old, tree)


def _changed(shelf: Shelf, name: str, now: str) -> RulekitError:
    for each in shelf.versions(name):
        if each.digest == now:
            return ChangedMeanwhileError(f"{each.by} has published this policy since you opened it")
    return ChangedMeanwhileError("the file has been changed since you opened it, not from here")


def _note(screen: Screen, person: Person, done: Version) -> str:
    """Put who published what into the journal; say why where that does not go: it is published all the same."""
    text = f"published {done.name}, version {done.number} ({done.digest[:12]}): {done.said or 'other words'}"
    try:
        act(screen, person, Request(NOTE, reason=text))
    except RulekitError as error:
        return f"the journal does not have it: {error.message}"
    return ""


# --- what the engine runs ------------------------------------------------------------


@frozen
class Running:
    """Whether an engine is there, and whether it decides by a version of a policy."""

    engine: bool
    runs: bool
    said: str


def running(journal: Place, name: str, digest: str) -> Running:
    """Say whether an engine decides by a version.

    Raises:
        RulekitError: the journal cannot be read.
    """
    rows = read_ledger(journal).policies.get("policies", ())
    runs = any(row["digest"] == digest for row in rows)
    named = any(PurePath(row["path"]).name == PurePath(name).name for row in rows)
    if not is_held(journal):
        return Running(False, runs, "no engine is running; the next one takes it when it starts")
    if runs:
        return Running(True, True, "the engine decides by this version")
    if named:
        return Running(True, False, "the engine decides by an earlier version; it takes this one between two looks")
    return Running(True, False, "the engine that runs does not know this file: it was started with other policies")
