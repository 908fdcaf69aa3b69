"""What may happen to a journal's files between two runs: each is a change of what a killed process left behind."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from attrs import frozen

NAME = "day.journal"
MAIN, LOG, HEAD = NAME, f"{NAME}-wal", f"{NAME}-head"

Image = Mapping[str, bytes]
"""The files of a folder by their names."""


def image_of(folder: Path) -> Image:
    """Read the files that outlive their process; shared memory and locks do not."""
    return {
        path.name: path.read_bytes()
        for path in sorted(folder.iterdir())
        if path.is_file() and not path.name.endswith(("-shm", "-lock"))
    }


def put(image: Image, folder: Path) -> None:
    """Write the files of an image into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in image.items():
        (folder / name).write_bytes(content)


def folded(image: Image, scratch: Path) -> Image:
    """Return the image with the log folded into the main file, as an orderly end or SQLite itself does it."""
    put(image, scratch)
    database = sqlite3.connect(scratch / MAIN)
    database.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    database.close()
    return image_of(scratch)


@frozen
class Harm:
    """One thing that happens to the files."""

    kind: str
    what: str
    make: Callable[[], Image]


def _flipped(image: Image, name: str, place: int, bit: int) -> Image:
    content = bytearray(image[name])
    content[place] ^= bit
    return {**image, name: bytes(content)}


def _cut(image: Image, length: int, *, head: bool) -> Image:
    kept = {name: content for name, content in image.items() if head or name != HEAD}
    return {**kept, LOG: image[LOG][:length]}


def _without(image: Image, *names: str) -> Image:
    return {name: content for name, content in image.items() if name not in names}


def _spread(size: int, count: int, stride: int) -> Iterator[int]:
    """Spread places over a file evenly, without drawing lots."""
    for number in range(count):
        yield (number * size // count + (number * stride) % max(1, size // count)) % size


def harms(late: Image, early: Image, scratch: Path, *, cuts: int, flips: int) -> Iterator[Harm]:
    """Name every harm.

    Args:
        late: what the killed process left.
        early: the same folder a while before.
        scratch: a folder that may be written to.
        cuts: places at which the log is cut, with the head file and without it.
        flips: flipped bits in the log, and as many in the main file.
    """
    main = folded(late, scratch)
    log = len(late[LOG])
    yield Harm("nothing happened", "", lambda: late)
    for length in _spread(log, cuts, 37):
        yield Harm("log cut", f"at {length}", lambda length=length: _cut(late, length, head=True))  # type: ignore[misc]
    for length in _spread(log, cuts // 4, 101):
        yield Harm("log cut, head lost", f"at {length}", lambda length=length: _cut(late, length, head=False))  # type: ignore[misc]
    for kind, image, name in (("bit of the log", late, LOG), ("bit of the main file", main, MAIN)):
        for number, place in enumerate(_spread(len(image[name]), flips, 61)):
            yield Harm(
                kind,
                f"{place} bit {number % 8}",
                lambda image=image, name=name, place=place, number=number: (  # type: ignore[misc]
                    _flipped(image, name, place, 1 << number % 8)
                ),
            )
    for place in range(0, len(late[HEAD]), 7):
        yield Harm("byte of the head file", str(place), lambda place=place: _flipped(late, HEAD, place, 1))  # type: ignore[misc]
    yield Harm("head file lost", "", lambda: _without(late, HEAD))
    yield Harm("log deleted", "", lambda: _without(late, LOG))
    yield Harm("journal deleted", "log and head left", lambda: _without(late, MAIN))
    yield Harm("journal deleted", "head left", lambda: _without(main, MAIN, LOG))
    yield Harm("journal deleted", "with all its files", lambda: _without(late, MAIN, LOG, HEAD))
    yield Harm("journal emptied", "head left", lambda: {**_without(late, LOG), MAIN: b""})
    journal = (MAIN, LOG, HEAD)
    old = {name: early[name] for name in journal if name in early}
    yield Harm("old copy put back", "head left", lambda: {**_without(late, LOG), **_without(old, HEAD)})
    yield Harm("old copy put back", "with its head", lambda: {**_without(late, *journal), **old})
