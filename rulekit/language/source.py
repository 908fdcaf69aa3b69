"""A policy's text cut into sentences: comments set aside, continuations joined, blocks recognised, places kept."""

from __future__ import annotations

import re
from itertools import compress
from pathlib import Path

from attrs import frozen

from rulekit.errors import UnreadableFileError
from rulekit.language.tree import Span

MAX_BYTES = 64 * 1024
"""Largest policy; a file of this size is read in under a second."""
MAX_SENTENCES = 2_000
"""Most sentences of a policy; only one with hardly a word a line has more in so many bytes."""

_LINE_END = re.compile(r"\r\n|\n|\r")
_BLOCK = re.compile(r"(example|for\s+the\s+whole\s+book|for\s+whole\s+book)(?![\w%-]*\s*:)\b", re.IGNORECASE)
BOOK_MEANT = -1
"""The block of a sentence that would stand below a header for the whole book, were it written."""
_QUOTES = {'"': '"', "“": "”"}


@frozen
class Piece:
    """The part of one physical line that belongs to a sentence. `column` is that of its first character, from 1."""

    line: int
    column: int
    text: str

    @property
    def end_column(self) -> int:
        """One past the last character."""
        return self.column + len(self.text)


@frozen
class Comment:
    """A comment without its `#`. `alone`: nothing else stands on its line."""

    line: int
    column: int
    text: str
    alone: bool


@frozen
class Sentence:
    """A sentence with its continuations; `block` is the number of the header it stands under, if any."""

    pieces: tuple[Piece, ...]
    block: int | None = None

    @property
    def span(self) -> Span:
        """From the first character to the last."""
        first, last = self.pieces[0], self.pieces[-1]
        return Span(first.line, first.column, last.line, last.end_column)

    @property
    def text(self) -> str:
        """The words on one line."""
        return " ".join(piece.text for piece in self.pieces)


@frozen
class Source:
    """A whole file, cut up."""

    text: str
    lines: tuple[str, ...]
    sentences: tuple[Sentence, ...]
    comments: tuple[Comment, ...]

    def line(self, number: int) -> str:
        """Return the text of a physical line, counted from 1; empty beyond the end."""
        return self.lines[number - 1] if 0 < number <= len(self.lines) else ""


def is_book_header(text: str) -> bool:
    """Tell whether a line is `for the whole book` and nothing else."""
    found = _BLOCK.fullmatch(text)
    return found is not None and found[1].lower() != "example"


def too_large(size: int) -> str:
    """Say that a policy is too large."""
    return f"the policy has {size:,} bytes, more than the {MAX_BYTES:,} that one file may have"


def too_many(sentences: int) -> str:
    """Say that a policy has too many sentences."""
    return f"the policy has {sentences:,} sentences, more than the {MAX_SENTENCES:,} that one file may have"


TOO_LARGE_HELP = "split it into several policies, one for each kind of position"


def read_text(path: Path) -> str:
    """Read a policy file.

    Raises:
        UnreadableFileError: it is missing, a folder, too large, or not UTF-8; says where and what to do.
    """
    try:
        if path.is_dir():
            raise UnreadableFileError(f"`{path}` is a folder, not a policy", f"name a file: `{path / 'my.policy'}`")
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
        if len(raw) > MAX_BYTES:
            raise UnreadableFileError(f"`{path}`: {too_large(path.stat().st_size)}", TOO_LARGE_HELP)
    except FileNotFoundError:
        raise UnreadableFileError(f"`{path}` does not exist", _near(path)) from None
    except OSError as error:
        raise UnreadableFileError(f"`{path}` cannot be read: {error.strerror or error}") from None
    except ValueError:
        raise UnreadableFileError("the name of the file has a character that no file name may have") from None
    return decode(raw, str(path))


def _near(path: Path) -> str:
    """Return the policy of the folder whose name is nearly that of one that is not there."""
    from rulekit.language.fault import did_you_mean

    there = [each.name for each in path.parent.glob("*.policy")] if path.parent.is_dir() else []
    near = did_you_mean(path.name, there) or did_you_mean(f"{path.name}.policy", there)
    return f"did you mean `{path.with_name(near)}`?" if near else "check the name and the folder"


def decode(raw: bytes, where: str) -> str:
    """Decode UTF-8; a byte that is not says its line."""
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        before = raw[: error.start]
        line = len(_LINE_END.findall(before.decode("latin-1"))) + 1
        raise UnreadableFileError(
            f"`{where}` is not UTF-8: line {line} has the byte 0x{raw[error.start]:02x}",
            "save it again as UTF-8; most editors offer that under `save with encoding`",
        ) from None


def _comment_start(line: str) -> int:
    """Return where the comment of a line begins, or its length; a `#` between quotes is text."""
    closing = ""
    for index, char in enumerate(line):
        if closing:
            if char == closing:
                closing = ""
        elif char in _QUOTES and _QUOTES[char] in line[index + 1 :]:
            closing = _QUOTES[char]
        elif char == "#":
            return index
    return len(line)


def cut_lines(text: str) -> tuple[str, ...]:
    """Cut a text into physical lines, without their ends: those of Windows, of the others, and of old Macs."""
    return tuple(_LINE_END.split(text))


def line_starts(text: str) -> list[int]:
    """List where each physical line begins, in characters from 0."""
    return [0, *(end.end() for end in _LINE_END.finditer(text))]


def cut(text: str) -> Source:
    """Cut a text into sentences."""
    lines = cut_lines(text.removeprefix("\ufeff"))
    comments = []
    pieces: list[Piece] = []
    for number, line in enumerate(lines, 1):
        end = _comment_start(line)
        code = line[:end].rstrip()
        if end < len(line):
            comments.append(Comment(number, end + 1, line[end + 1 :].strip(), not code))
        pieces += _piece(code, number)
    return Source(text, lines, _sentences(pieces), tuple(comments))


def _piece(code: str, number: int) -> list[Piece]:
    """Return what a line without its comment says: nothing, or one piece."""
    said = code.lstrip()
    return [Piece(number, len(code) - len(said) + 1, said)] if said else []


def outline(source: Source) -> tuple[tuple[int, int, bool], ...]:
    """Return all that decides where sentences begin: the column of each line, and which lines are headers."""
    return tuple(
        (piece.line, piece.column, _BLOCK.match(piece.text) is not None)
        for sentence in source.sentences
        for piece in sentence.pieces
    )


def cut_again(source: Source, place: Span, text: str) -> tuple[Sentence, ...]:
    """Cut a source as it would be with another text at a place; lines below it keep the numbers that they had."""
    head, tail = source.line(place.line)[: place.column - 1], source.line(place.end_line)[place.end_column - 1 :]
    written = f"{head}{text}{tail}".split("\n")
    changed = [piece for line in written for piece in _piece(line[: _comment_start(line)].rstrip(), place.line)]
    old = [piece for sentence in source.sentences for piece in sentence.pieces]
    before, after = (each.line < place.line for each in old), (each.line > place.end_line for each in old)
    return _sentences([*compress(old, before), *changed, *compress(old, after)])


def _sentences(pieces: list[Piece]) -> tuple[Sentence, ...]:
    """Join continuations; an indented line under a block's header is a sentence of its own."""
    outermost = min((piece.column for piece in pieces), default=1)
    done: list[list[Piece]] = []
    blocks: list[int | None] = []
    header: int | None = None
    body_column = 0
    for piece in pieces:
        if piece.column <= outermost or not done:
            header = len(done) if _BLOCK.match(piece.text) else None
            body_column = 0
            done.append([piece])
            blocks.append(None)
        elif header is not None and piece.column <= (body_column or piece.column):
            body_column = piece.column
            done.append([piece])
            blocks.append(header)
        else:
            done[-1].append(piece)
    return tuple(Sentence(tuple(each), block) for each, block in zip(done, blocks, strict=True))
