"""The process that proves: questions come in by a line each, answers go out; it ends when the server does."""

from __future__ import annotations

import json
import os
import sys
from queue import SimpleQueue
from threading import Thread

from rulekit.editor.proving import answered


def main() -> None:
    """Answer until the pipe closes; a closed pipe ends even a proof that is under way."""
    if hasattr(os, "nice"):
        os.nice(10)  # who types comes first
    questions: SimpleQueue[bytes] = SimpleQueue()
    Thread(target=_listen, args=(questions,), daemon=True).start()
    while True:
        reply = json.dumps(answered(questions.get().decode()))
        sys.stdout.buffer.write(f"{reply}\n".encode())
        sys.stdout.buffer.flush()


def _listen(questions: SimpleQueue[bytes]) -> None:
    for line in sys.stdin.buffer:
        questions.put(line)
    os._exit(0)


if __name__ == "__main__":
    main()
