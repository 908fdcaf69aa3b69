"""The sentence that was probably meant: a fault's edits are tried, and what is shown has been read without an error."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence, Set

from attrs import evolve, frozen, mutable

from rulekit.language.diagnostics import Diagnostic, Fix
from rulekit.language.fault import Edit, FaultError
from rulekit.language.phrasings import phrased
from rulekit.language.source import BOOK_MEANT, Piece, Sentence, Source, cut_again, is_book_header
from rulekit.language.tree import Span

_MOST_STEPS = 6
"""So many faults of one sentence are mended one after the other; with more of them it is another sentence."""
_MOST_READINGS = 30
"""So often a sentence is read again for what could be meant."""
_MOST_MENDED = 60
"""So many sentences of one text are mended; who has more errors than that mends the first ones first."""
_MOST_CHOICES = 4
_LONGEST = 1_000
"""Characters of a sentence that is worth mending."""

Outcome = Callable[[Sentence], FaultError | str]
"""Reads a sentence and returns its first fault, or its canonical text."""


@frozen
class _Mended:
    """The sentences that an edit has led to, with their canonical texts."""

    sentences: tuple[Sentence, ...]
    texts: tuple[str, ...]
    safe: bool

    def followed_by(self, other: _Mended) -> _Mended:
        """Join what two parts of a sentence became."""
        return _Mended((*self.sentences, *other.sentences), (*self.texts, *other.texts), self.safe and other.safe)


@mutable
class Mending:
    """Tries to mend the sentences of one file, each by itself."""

    outcome: Outcome
    source: Source
    names: Callable[[Sentence], Set[str]]
    """Lists the names in force that a sentence gives."""
    _left: int = 0
    _asked: int = 0

    def explained(self, fault: FaultError, sentence: Sentence) -> Diagnostic:
        """Return the finding about a fault, with the changes that mend the sentence wholly."""
        said, fixes = self._explain(fault, sentence)
        found = said.diagnostic(self.source)
        return evolve(found, fix=fixes[0]) if len(fixes) == 1 else evolve(found, choices=fixes)

    def _explain(self, fault: FaultError, sentence: Sentence) -> tuple[FaultError, tuple[Fix, ...]]:
        """Find the explanation that leads to a sentence; if none does, the first."""
        self._asked += 1
        if len(sentence.text) > _LONGEST or self._asked > _MOST_MENDED:
            return fault, ()
        self._left = _MOST_READINGS
        for each in self._explanations(fault, sentence):
            fixes = self._fixes(each, sentence)
            if fixes or (each is not fault and not each.edits):  # a known phrase that has no other wording
                break
        else:
            each, fixes = fault, ()
        return each, fixes

    def _fixes(self, fault: FaultError, sentence: Sentence) -> tuple[Fix, ...]:
        found: dict[tuple[str, ...], Fix] = {}
        for edit in fault.edits:
            for made in self._after(edit, sentence, _MOST_STEPS):
                fix = self._as_fix(edit, made, sentence)
                if fix is not None:
                    found.setdefault(made.texts, fix)
        fixes = tuple(found.values())[:_MOST_CHOICES]
        return fixes if len(fixes) == 1 else tuple(evolve(each, safe=False) for each in fixes)

    def _as_fix(self, edit: Edit, made: _Mended, sentence: Sentence) -> Fix | None:
        """Return the smallest change: the edit itself where it mends the sentence, else the whole sentence anew."""
        if not self.names(sentence) <= {name for each in made.sentences for name in self.names(each)}:
            return None  # other sentences lean on that name
        margin = sentence.pieces[0].column - 1
        lines = [" " * (margin + 2 * (each.block == BOOK_MEANT)) + each.text for each in made.sentences]
        anew = Edit(sentence.span, "\n".join(lines)[margin:])
        itself = [edit] if applied(edit, sentence) == made.sentences and "\n" not in edit.text else []
        edit_that_stands = next((each for each in (*itself, anew) if self._stands(each, sentence, made)), None)
        if edit_that_stands is None:
            return None
        shown = [
            ("  " if each.block == BOOK_MEANT else "") + text
            for each, text in zip(made.sentences, made.texts, strict=True)
        ]
        return Fix(edit_that_stands.span, edit_that_stands.text, made.safe, "\n".join(shown))

    def _stands(self, edit: Edit, sentence: Sentence, made: _Mended) -> bool:
        """Tell whether the file, changed and cut anew, has the mended sentences here, all others as they were.

        An indent that an edit leaves or takes away could make one sentence the rest of another, or of a block.
        """
        if any(edit.span.line <= each.line < edit.span.end_line for each in self.source.comments):
            return False
        old, place = self.source.sentences, self.source.sentences.index(sentence)
        mended = [each for each in made.sentences if not each.text.startswith("#")]
        wanted = [(each.text, _header(each, old)) for each in (*old[:place], *mended, *old[place + 1 :])]
        now = cut_again(self.source, edit.span, edit.text)
        return wanted == [(each.text, _header(each, now)) for each in now]

    def _after(self, edit: Edit, sentence: Sentence, steps: int) -> list[_Mended]:
        """Apply an edit, and mend what is still at fault in what has become of the sentence."""
        parts = applied(edit, sentence) if steps else ()
        made = [_Mended((), (), edit.safe)] if parts else []
        for part in parts:
            ways = self._ways(part, steps)
            made = [one.followed_by(other) for one in made for other in ways]
        return made

    def _ways(self, sentence: Sentence, steps: int) -> list[_Mended]:
        """List the ways to mend a sentence; one that has no fault has one."""
        if self._left <= 0:
            return []
        self._left -= 1
        outcome = self.outcome(sentence)
        if isinstance(outcome, str):
            return [_Mended((sentence,), (outcome,), True)]
        for fault in self._explanations(outcome, sentence):
            if found := [made for edit in fault.edits for made in self._after(edit, sentence, steps - 1)]:
                return found
        return []

    def _explanations(self, fault: FaultError, sentence: Sentence) -> Iterator[FaultError]:
        """List what may be said about a fault, the surest first."""
        margin = min(each.pieces[0].column for each in self.source.sentences)
        if (found := _moved_out(fault, sentence, margin)) is not None:
            yield found
        yield from phrased(fault, sentence)
        yield fault


def _header(sentence: Sentence, among: Sequence[Sentence]) -> str:
    """Name the kind of block that a sentence stands in."""
    if sentence.block is None:
        return ""
    if sentence.block == BOOK_MEANT or is_book_header(among[sentence.block].text):
        return "book"
    return "example"


def applied(edit: Edit, sentence: Sentence) -> tuple[Sentence, ...]:
    """Return what a sentence becomes by an edit: one sentence, or several where the edit begins new lines.

    It becomes nothing if its lines do not hold the edit's place. An edit over several lines makes one line of them.
    """
    if "\n" in edit.text and sentence.block is not None:
        return ()
    if (begins := _piece_moved_out(edit, sentence)) is not None:
        return (evolve(sentence, pieces=sentence.pieces[:begins]), evolve(sentence, pieces=sentence.pieces[begins:]))
    span = edit.span
    first = next((piece for piece in sentence.pieces if _holds(piece, span.line, span.column)), None)
    last = next((piece for piece in sentence.pieces if _holds(piece, span.end_line, span.end_column)), None)
    if first is None or last is None:
        return ()
    text = first.text[: span.column - first.column] + edit.text + last.text[span.end_column - last.column :]
    start, end = sentence.pieces.index(first), sentence.pieces.index(last)
    before, after = sentence.pieces[:start], sentence.pieces[end + 1 :]
    made = [evolve(first, column=_column(first, line), text=line.strip()) for line in text.split("\n")]
    groups = [[piece] if piece.text else [] for piece in made]
    groups[0] = [*before, *groups[0]]
    groups[-1] = [*groups[-1], *after]
    return _in_its_block([evolve(sentence, pieces=tuple(group)) for group in groups if group])


def _in_its_block(parts: list[Sentence]) -> tuple[Sentence, ...]:
    """Put what follows a header for the whole book into its block."""
    if parts and parts[0].block is None and is_book_header(parts[0].pieces[0].text):
        head, *rest = parts[0].pieces
        inner = [evolve(parts[0], pieces=(piece,)) for piece in rest] + parts[1:]
        return (evolve(parts[0], pieces=(head,)), *(evolve(each, block=BOOK_MEANT) for each in inner))
    return tuple(parts)


def _moved_out(fault: FaultError, sentence: Sentence, margin: int) -> FaultError | None:
    """Explain a sentence that is taken for the rest of the one above because it is indented."""
    for piece in sentence.pieces[1:]:
        if (piece.line, piece.column) == (fault.span.line, fault.span.column) and sentence.block is None:
            edit = Edit(Span(piece.line, margin, piece.line, piece.column), "")
            message = "this line is indented, so it belongs to the sentence above"
            help = "a sentence of its own begins where the others do"
            return FaultError("E115", fault.span, message, help, edits=(edit,))
    return None


def _piece_moved_out(edit: Edit, sentence: Sentence) -> int | None:
    """Return which piece an edit moves to the margin, where a sentence of its own begins."""
    for place, piece in enumerate(sentence.pieces):
        at = edit.span.line == piece.line and edit.span.end_column == piece.column
        if place and at and not edit.text and edit.span.column < piece.column:
            return place
    return None


def _column(piece: Piece, text: str) -> int:
    return piece.column + len(text) - len(text.lstrip())


def _holds(piece: Piece, line: int, column: int) -> bool:
    return piece.line == line and piece.column <= column <= piece.end_column
