"""Columns laid out in one piece from the beginning: parts of a file are put in their places, and held no longer."""

from __future__ import annotations

from mmap import mmap
from typing import Any

from attrs import define, field

_SOME = 1 << 12
"""Room for so many rows is there at least."""


@define
class Column:
    """One column of numbers while its file is read.

    Its room is the system's own pages, which are taken as they are filled: among what an allocator has, it would keep
    it from giving back what parts of the file took.
    """

    kind: Any
    _bytes: Any = None
    _count: int = 0
    _room: int = 0
    _known: list[tuple[int, Any]] = field(factory=list)

    def put(self, piece: Any, whole: int) -> None:
        """Put the next numbers behind those that are there.

        Args:
            piece: an array of Arrow, of numbers. whole: about how many there will be in all.
        """
        width = self.kind.bit_width // 8
        behind = self._count + len(piece)
        if behind > self._room:
            self._make_room(max(behind + behind // 2 if self._room else behind, whole, _SOME), width)
        if len(piece):
            data = piece.buffers()[1].slice(piece.offset * width, len(piece) * width)
            self._bytes[self._count * width : behind * width] = memoryview(data)
        if piece.null_count:
            self._known.append((self._count, piece.is_valid()))
        self._count = behind

    def _make_room(self, rows: int, width: int) -> None:
        wider = mmap(-1, rows * width)
        if self._count:
            with memoryview(self._bytes) as former:
                wider[: self._count * width] = former[: self._count * width]
            self._bytes.close()
        self._bytes, self._room = wider, rows

    def array(self) -> Any:
        """Return all numbers as one array."""
        import pyarrow as pa

        if self._bytes is None:
            return pa.array([], self.kind)
        return pa.Array.from_buffers(self.kind, self._count, [self._validity(), pa.py_buffer(self._bytes)])

    def _validity(self) -> Any:
        """Return which numbers are known, a bit for each; None where all are."""
        import pyarrow as pa

        if not self._known:
            return None
        pieces, place = [], 0
        for start, known in self._known:
            pieces += [_all_known(start - place), known]
            place = start + len(known)
        return pa.concat_arrays([*pieces, _all_known(self._count - place)]).buffers()[1]


def _all_known(count: int) -> Any:
    import pyarrow as pa

    return pa.repeat(pa.scalar(True), count)
