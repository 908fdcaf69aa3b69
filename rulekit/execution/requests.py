"""What a person asks of an engine that may be running in another process: small files beside the journal's file.

Only one connection may ever write the journal, so a command drops its request here; the engine that holds the
journal takes it at its next look, and if none does, the command takes the journal and applies it at once.
"""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

from attrs import asdict, frozen

from rulekit.errors import JournalError
from rulekit.model.clock import Clock, fresh_bytes

HALT = "halt"
RESUME = "resume"
SETTLE = "settle"
ADOPT = "adopt"
ACKNOWLEDGE = "acknowledge"
REDUCE = "reduce"
NOTE = "note"


@frozen
class Request:
    """One thing that a person asks for.

    Args:
        kind: `halt`, `reduce`, `resume`, `settle`, `adopt`, `acknowledge`, or `note`, which changes nothing.
        reason: why, in the person's words; to resume or adopt, what was typed; to acknowledge, who the person is; of a
            note, what is noted.
        exit_everything: whether a halt closes all positions.
        action: the id of the action to settle, the broker's number of the order to adopt, or the alert that was seen.
        filled: how much of it was filled; None means not placed.
        by: who asks, where that is known; it then stands in the journal beside what was done.
        through: by what they ask, like `page`.
    """

    kind: str
    reason: str = ""
    exit_everything: bool = False
    action: str = ""
    filled: int | None = None
    by: str = ""
    through: str = ""


def write_request(request: Request) -> str:
    """Write a request as it lies where the engine finds it."""
    return json.dumps(asdict(request))


def read_request(text: str) -> Request | None:
    """Read a request; None if the text is none."""
    try:
        body: dict[str, Any] = json.loads(text)
        return Request(**body)
    except (ValueError, TypeError):
        return None


def folder_of(journal: Path) -> Path:
    """Return where the requests to a journal's engine lie."""
    return Path(f"{journal}-requests")


def drop(journal: Path, request: Request, clock: Clock) -> Path:
    """Put a request where the engine finds it; it is there wholly or not at all."""
    folder = folder_of(journal)
    try:
        folder.mkdir(exist_ok=True)
        # Names sort by the time of asking: the engine's clock may run elsewhere, these are only compared to each other.
        name = f"{clock.now():020d}-{fresh_bytes(4).hex()}"
        draft = folder / f"{name}.draft"
        draft.write_text(write_request(request), encoding="utf-8")
        return draft.rename(folder / f"{name}.json")
    except OSError as error:
        raise JournalError(
            f"`{folder}` cannot be written: {error.strerror}", "check the rights of the folder"
        ) from None


def waiting(journal: Path) -> list[tuple[Path, Request]]:
    """Return the requests that nobody has taken yet, oldest first; a file that is none is left alone."""
    folder = folder_of(journal)
    try:
        # Asked twice a second by every engine, and nearly always there is no such folder.
        paths = sorted(path for path in folder.iterdir() if path.suffix == ".json")
    except OSError:
        return []
    found = []
    for path in paths:
        try:
            request = read_request(path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            continue
        if request is not None:
            found.append((path, request))
    return found


def take(path: Path) -> None:
    """Remove a request that has been applied durably, if the folder allows it."""
    with suppress(OSError):
        path.unlink(missing_ok=True)
