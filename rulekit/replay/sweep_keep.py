"""What is done of a sweep, kept in a folder: one file a piece, written beside and moved into its place."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

from attrs import define, field

from rulekit.errors import UsageError
from rulekit.replay.soundness import Note
from rulekit.replay.sweep_work import COLUMNS, Outcome

_PLAN = "plan.json"


@define
class Keep:
    """The folder of a sweep that is not finished; `known` are the pieces that it holds."""

    folder: Path
    known: dict[int, Outcome] = field(factory=dict)

    @classmethod
    def open(cls, folder: Path, about: dict[str, str], *, resume: bool) -> Keep:
        """Open or make the folder.

        Args:
            about: what the outcome rests on; each entry must be what it was when the sweep began.

        Raises:
            UsageError: it holds another sweep, or one that nobody asked to resume.
        """
        plan = folder / _PLAN
        try:
            if plan.exists():
                if not resume:
                    raise UsageError(
                        f"`{folder}` holds a sweep that was not finished",
                        "go on with it: --resume; or delete that folder",
                    )
                _refuse_changed(folder, json.loads(plan.read_text(encoding="utf-8")), about)
            else:
                folder.mkdir(parents=True, exist_ok=True)
                _write(plan, json.dumps(about, indent=1).encode())
            return cls(
                folder, {one.number: one for path in sorted(folder.glob("piece-*.arrow")) for one in [_read(path)]}
            )
        except OSError as error:
            raise UsageError(
                f"`{folder}` cannot be used: {error.strerror or error}", "give another place by --out"
            ) from None

    def add(self, outcome: Outcome) -> None:
        """Keep the outcome of a piece."""
        import pyarrow as pa

        notes = [[note.where, note.what, note.help, note.serious] for note in outcome.notes]
        about = {"number": outcome.number, "native": outcome.native, "notes": notes}
        table = pa.table({name: pa.array(outcome.columns[name], pa.int64()) for name in COLUMNS})
        table = table.replace_schema_metadata({"piece": json.dumps(about)})
        sink = pa.BufferOutputStream()
        with pa.ipc.new_file(sink, table.schema) as writer:
            writer.write_table(table)
        _write(self.folder / f"piece-{outcome.number:06}.arrow", sink.getvalue().to_pybytes())

    def remove(self) -> None:
        """Delete the folder."""
        shutil.rmtree(self.folder, ignore_errors=True)


def _refuse_changed(folder: Path, begun: dict[str, str], about: dict[str, str]) -> None:
    changed = [name for name in about if begun.get(name) != about[name]]
    if changed:
        raise UsageError(
            f"the sweep in `{folder}` was begun with {' and '.join(f'other {name}' for name in changed)}",
            "give what it was begun with, or delete that folder and start again",
        )


def _read(path: Path) -> Outcome:
    import pyarrow as pa

    with pa.memory_map(str(path)) as source:
        table = pa.ipc.open_file(source).read_all()
    about: dict[str, Any] = json.loads(table.schema.metadata[b"piece"])
    notes = tuple(Note(*note) for note in about["notes"])
    return Outcome(about["number"], table.to_pydict(), notes, about["native"])


def _write(path: Path, content: bytes) -> None:
    """Write a file whole or not at all."""
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    with beside.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)
