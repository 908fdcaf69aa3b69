"""How long an editor waits after a key: from the change sent to the findings received, over the pipes of `rulekit lsp`.

Run with `python -m tests.benchmarks.editor` from the project's root. The reference is a server built with the same
library that answers each change with an empty list at once: what no server could do without.
"""

from __future__ import annotations

import itertools
import json
import statistics
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil

from rulekit.model.clock import WallClock, stopwatch

PROJECT = Path(__file__).resolve().parents[2]
LINES = 200
KEYS = 150
BETWEEN_KEYS = 0.12
"""Seconds between two keys of somebody who types fast."""
BOUND = 100.0

_ECHO = """
from lsprotocol import types as lsp
from pygls.lsp.server import LanguageServer
server = LanguageServer("echo", "1", lsp.TextDocumentSyncKind.Full)
@server.feature(lsp.TEXT_DOCUMENT_DID_CHANGE)
def changed(params):
    document = params.text_document
    server.text_document_publish_diagnostics(lsp.PublishDiagnosticsParams(document.uri, [], document.version))
server.start_io()
"""
SERVERS = {
    "nothing but the protocol": [sys.executable, "-c", _ECHO],
    "rulekit lsp": [sys.executable, "-m", "rulekit", "lsp"],
}


class Client:
    """Sends changes to one server and waits for findings."""

    def __init__(self, command: list[str]) -> None:
        self.process = subprocess.Popen(command, cwd=PROJECT, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.version = 1
        self.send(1, "initialize", {"processId": None, "capabilities": {}})
        self.until(lambda message: message.get("id") == 1)
        self.send(None, "initialized", {})
        item = {"uri": "file:///a.policy", "languageId": "policy", "version": 1, "text": ""}
        self.send(None, "textDocument/didOpen", {"textDocument": item})

    def send(self, number: int | None, method: str, params: Any) -> None:
        body: dict[str, Any] = {"jsonrpc": "2.0", "method": method, "params": params}
        raw = json.dumps(body if number is None else {**body, "id": number}).encode()
        assert self.process.stdin is not None
        self.process.stdin.write(b"Content-Length: %d\r\n\r\n" % len(raw) + raw)
        self.process.stdin.flush()

    def until(self, wanted: Any) -> Any:
        assert self.process.stdout is not None
        while True:
            length = 0
            while line := self.process.stdout.readline().strip():
                if line.startswith(b"Content-Length:"):
                    length = int(line.split(b":")[1])
            message = json.loads(self.process.stdout.read(length))
            if wanted(message):
                return message

    def key(self, text: str) -> tuple[float, int]:
        """Send a text; return the milliseconds until its findings came, and how many they were."""
        self.version += 1
        document = {"uri": "file:///a.policy", "version": self.version}
        begun = stopwatch()
        params = {"textDocument": document, "contentChanges": [{"text": text}]}
        self.send(None, "textDocument/didChange", params)
        message = self.until(lambda each: each.get("params", {}).get("version") == self.version)
        return (stopwatch() - begun) * 1000, len(message["params"]["diagnostics"])

    def spent(self) -> float:
        """Return the seconds of processor that the server has used, whatever else the machine does."""
        times = psutil.Process(self.process.pid).cpu_times()
        return float(times.user + times.system)

    def end(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait()


def policies() -> dict[str, str]:
    """Return texts of 200 lines: one as people write them, one of long sentences only."""
    real = (PROJECT / "rules" / "position-management.policy").read_text(encoding="utf-8").splitlines()
    head = [line for line in real if line and not line.startswith(("example", " "))]
    examples = [line for line in real if line.startswith(("example", " "))]
    usual = [*head]
    while len(usual) + len(examples) <= LINES:
        usual += [line.replace('example "', f'example "{len(usual)} ') for line in examples]
    usual += ["# a note"] * (LINES - len(usual))
    dense = ["define strong momentum as momentum over 15 minutes is at least 2%"]
    for number in itertools.count(1):
        if len(dense) == LINES:
            break
        dense.append(
            f"RULE_{number}: book {number % 90 + 1}% at {number}% profit after {number} minutes when strong momentum "
            "and (volume is at least 1.5 times normal or volatility is above 2 times normal), up to 3 times"
        )
    return {"as people write": "\n".join(usual), "long sentences only": "\n".join(dense)}


def typed(text: str) -> Iterator[str]:
    """Yield the text after each key of a sentence that is written in its middle; in between it is at fault."""
    lines = text.split("\n")
    sentence = "move stop to break-even + 2% at 10% profit when price is above vwap"
    middle = next(index for index, line in enumerate(lines) if index > 10 and not line.startswith((" ", "example")))
    for length in itertools.cycle(range(1, len(sentence) + 1)):
        yield "\n".join([*lines[:middle], sentence[:length], *lines[middle:]])


def main() -> None:
    """Type into both servers and print how long their answers took."""
    clock = WallClock()
    clients = {name: Client(command) for name, command in SERVERS.items()}
    for kind, text in policies().items():
        base = 0.0
        for name, client in clients.items():
            client.key(text)
            times, found, before = [], 0, client.spent()
            for changed in itertools.islice(typed(text), KEYS):
                took, count = client.key(changed)
                times.append(took)
                found += count
                clock.sleep(BETWEEN_KEYS)
            spent = (client.spent() - before) * 1000 / KEYS
            p50, p99 = statistics.median(times), statistics.quantiles(times, n=100)[98]
            base = base or p50
            print(
                f"{LINES} lines, {kind:20} {name:25} p50 {p50:6.1f} ms, p99 {p99:6.1f} ms, most {max(times):6.1f} ms, "
                f"{p50 / base:5.1f} of the protocol; {spent:5.1f} ms of processor a key; {found} findings; "
                f"bound {BOUND:.0f} ms"
            )
    for client in clients.values():
        client.end()


if __name__ == "__main__":
    main()
