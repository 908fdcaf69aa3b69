"""The end of an editor that could not say goodbye."""

from __future__ import annotations

import asyncio
import os


async def outlived(editor: int | None, parent: int, seconds: float) -> None:
    """Look every so many seconds whether the editor still runs, and end with it.

    Its closed pipe ends the server already; this is for a pipe that some other process holds open. `editor` is the
    number of its process as it told it, `parent` that of the process that started this one. On Windows the pipe alone
    decides, for there a look at a process may end it.
    """
    if os.name == "nt":
        return
    # The number of an editor outside this container means nothing here.
    known = editor is not None and runs(editor)
    while os.getppid() == parent and not (known and editor is not None and not runs(editor)):
        await asyncio.sleep(seconds)
    os._exit(1)


def runs(process: int) -> bool:
    """Tell whether a process of that number is there."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        return True
    return True
