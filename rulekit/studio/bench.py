"""The process that does what takes long: a question is a line, so is its answer; it ends when the page does."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path
from queue import SimpleQueue
from threading import Thread
from typing import IO, Any

from attrs import asdict, evolve

from rulekit.compile.policy import CompiledPolicy
from rulekit.errors import PolicyError, RulekitError
from rulekit.language.reading import check_text
from rulekit.lint.linting import lint_together
from rulekit.lint.selection import Selection
from rulekit.settings.days_text import read_calendar
from rulekit.studio.draft import Reading, read
from rulekit.studio.findings import findings

Asked = Mapping[str, Any]


def prove(asked: Asked) -> Any:
    """Find all there is to find, proofs among it, and what lies between this policy and its neighbours."""
    reading = _reading(asked, "text")
    others = [check_text(text, name) for name, text in asked["neighbours"]]
    alone = evolve(reading.selection, proofs=False)
    # What lies between two policies is shown at the later one: here at the one that is being written.
    found = lint_together([*others, reading.checked], reading.today, [*(alone for _ in others), reading.selection])[-1]
    return [asdict(each) for each in findings(reading.checked, found, reading.places)]


def compare(asked: Asked) -> Any:
    """Compare a text with the running policy."""
    from rulekit.studio.comparing import compared

    return asdict(compared(_policy(asked, "running"), _policy(asked, "text")))


def offer(asked: Asked) -> Any:
    """Tell what a price file holds."""
    from rulekit.studio.replaying import offered

    return asdict(offered(Path(asked["bars"]), asked["file"]))


def replay(asked: Asked) -> Any:
    """Replay a text on chosen bars, beside the running policy where that is wanted."""
    from rulekit.studio.replaying import chosen, replayed

    running = _policy(asked, "running") if asked.get("running") else None
    days = read_calendar(asked["calendar"]).calendar()
    return replayed(_policy(asked, "text"), chosen(asked["chosen"]), Path(asked["bars"]), running, days)


KINDS: dict[str, Callable[[Asked], Any]] = {"prove": prove, "compare": compare, "offer": offer, "replay": replay}


def _reading(asked: Asked, key: str) -> Reading:
    selection = Selection(tuple(asked["select"]), tuple(asked["ignore"]), asked["severity"], asked["proofs"])
    return read(asked[key], date.fromisoformat(asked["today"]), asked["name"], selection)


def _policy(asked: Asked, key: str) -> CompiledPolicy:
    policy = _reading(asked, key).policy
    if policy is None:
        if key == "running":
            raise PolicyError("the published policy has errors", (), "publish a text without any in its place")
        raise PolicyError("this text has errors", (), "mend what the findings show first")
    return policy


def answer(line: str) -> str:
    """Answer one question; what does not go is a sentence."""
    try:
        asked = json.loads(line)
        said: dict[str, Any] = {"found": KINDS[asked["kind"]](asked)}
        return json.dumps(said, allow_nan=False)
    except RulekitError as error:
        return json.dumps({"error": error.message, "help": error.help})
    except Exception as error:
        # A text that breaks a tool must not take the next one with it.
        return json.dumps({"error": f"this could not be worked out ({type(error).__name__}: {error})", "help": ""})


def main() -> None:
    """Answer until the pipe closes; a closed pipe ends even work that is under way."""
    if hasattr(os, "nice"):
        os.nice(10)  # who types comes first, and the engine before both
    out = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # what a plug-in prints is no answer
    questions: SimpleQueue[bytes] = SimpleQueue()
    Thread(target=_listen, args=(sys.stdin.buffer, questions), daemon=True).start()
    while True:
        out.write(f"{answer(questions.get().decode())}\n".encode())
        out.flush()


def _listen(pipe: IO[bytes], questions: SimpleQueue[bytes]) -> None:
    for line in pipe:
        questions.put(line)
    os._exit(0)


if __name__ == "__main__":
    main()
