"""Prices of a symbol, read once and laid out in a file that all workers of this machine map into their memory."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from attrs import frozen

from rulekit.errors import RulekitError
from rulekit.replay.bars import Bars, Series
from rulekit.replay.soundness import Note
from rulekit.replay.sweep_parts import SeriesPart, read_part


@frozen
class Sharing:
    """What is to be laid out.

    Args:
        path: of the file that is written. facts: names of further columns that are facts.
    """

    part: SeriesPart
    path: str
    exchange: str
    skip_bad: bool
    facts: tuple[str, ...]


def share(sharing: Sharing) -> None:
    """Read a symbol and lay its columns out, whole or not at all.

    What cannot be read is told by the piece of work that reads it, so nothing is raised here.
    """
    import pyarrow as pa

    path = Path(sharing.path)
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    with suppress(RulekitError, OSError):
        found = read_part(
            sharing.part, exchange=sharing.exchange, skip_bad=sharing.skip_bad, facts=sharing.facts
        )  # fmt: skip
        (series,) = found.series.values()
        notes = [[note.where, note.what, note.help, note.serious] for note in found.notes]
        about = {"facts": list(sharing.facts), "length": series.length, "notes": notes}
        table = series.table.replace_schema_metadata({"series": json.dumps(about)})
        with pa.OSFile(str(beside), "wb") as file, pa.ipc.new_file(file, table.schema) as writer:
            writer.write_table(table)
        beside.replace(path)


def shared(part: SeriesPart, path: str, facts: Sequence[str]) -> Bars | None:
    """Map the prices of a symbol as they were laid out; None where they were not, or without one of these facts."""
    import pyarrow as pa

    if not path or not Path(path).exists():
        return None
    try:
        table = pa.ipc.open_file(pa.memory_map(path)).read_all()
    except (pa.ArrowException, OSError):
        return None
    about: dict[str, Any] = json.loads(table.schema.metadata[b"series"])
    if not set(facts) <= set(about["facts"]):
        return None
    series = Series(part.key, table.replace_schema_metadata(None), about["length"])
    return Bars({part.key: series}, tuple(Note(*note) for note in about["notes"]))
