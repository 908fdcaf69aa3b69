"""What an editor should not do and some do: leave without a word, send what cannot be understood, count in bytes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from random import Random
from typing import Any

import psutil
import pytest

from tests.editor.conversation import COMMAND, PATIENCE, PROJECT, environment


@contextmanager
def a_server() -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(
        COMMAND,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd=PROJECT,
        env=environment(),
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                pipe.close()


def send(process: subprocess.Popen[bytes], body: Any) -> None:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    assert process.stdin is not None
    process.stdin.write(b"Content-Length: %d\r\n\r\n" % len(raw) + raw)
    process.stdin.flush()


def receive(process: subprocess.Popen[bytes]) -> Any:
    assert process.stdout is not None
    length = 0
    while (line := process.stdout.readline().strip()) or not length:
        assert process.poll() is None or line, "the server is gone"
        if line.lower().startswith(b"content-length:"):
            length = int(line.split(b":")[1])
    return json.loads(process.stdout.read(length))


def answer(process: subprocess.Popen[bytes], number: int) -> Any:
    while True:
        message = receive(process)
        if message.get("id") == number:
            return message


def initialize(process: subprocess.Popen[bytes], *encodings: str) -> str:
    """Begin, and return how positions are counted."""
    capabilities = {"general": {"positionEncodings": list(encodings)}} if encodings else {}
    params = {"processId": None, "rootUri": None, "capabilities": capabilities}
    send(process, {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": params})
    agreed = answer(process, 1)["result"]["capabilities"]["positionEncoding"]
    send(process, {"jsonrpc": "2.0", "method": "initialized", "params": {}})
    return str(agreed)


def open_policy(process: subprocess.Popen[bytes], text: str) -> None:
    item = {"uri": "file:///a.policy", "languageId": "policy", "version": 1, "text": text}
    send(process, {"jsonrpc": "2.0", "method": "textDocument/didOpen", "params": {"textDocument": item}})


def findings(process: subprocess.Popen[bytes]) -> list[Any]:
    while True:
        message = receive(process)
        if message.get("method") == "textDocument/publishDiagnostics":
            return list(message["params"]["diagnostics"])


def goodbye(process: subprocess.Popen[bytes]) -> int:
    send(process, {"jsonrpc": "2.0", "id": 99, "method": "shutdown"})
    assert answer(process, 99)["result"] is None
    send(process, {"jsonrpc": "2.0", "method": "exit"})
    return process.wait(PATIENCE)


GARBAGE = [
    b"{",
    b"",
    b"[]",
    b'"exit"',
    b"null",
    b"{}",
    b'{"jsonrpc": "1.0", "method": "exit"}',
    b'{"jsonrpc": "2.0", "method": 7}',
    b'{"jsonrpc": "2.0", "id": {}, "method": "shutdown"}',
    b'{"jsonrpc": "2.0", "id": 5, "result": 7}',
    b'{"jsonrpc": "2.0", "id": 6, "error": {"code": 1, "message": "x"}}',
    b'{"jsonrpc": "2.0", "id": 7, "method": "no/such"}',
    b'{"jsonrpc": "2.0", "method": "$/cancelRequest", "params": {"id": 77}}',
    b'{"jsonrpc": "2.0", "id": 8, "method": "textDocument/hover", "params": []}',
    b'{"jsonrpc": "2.0", "id": 8, "method": "textDocument/hover", "params": {"textDocument": {"uri": "file:///no"}, '
    b'"position": {"line": 0, "character": 0}}}',
    b'{"jsonrpc": "2.0", "id": 9, "method": "textDocument/hover", "params": {"textDocument": {"uri": '
    b'"file:///a.policy"}, "position": {"line": 99999, "character": 99999}}}',
    b'{"jsonrpc": "2.0", "method": "textDocument/didChange", "params": {"textDocument": {"uri": "file:///b", '
    b'"version": 1}, "contentChanges": [{"text": "x"}]}}',
    b'{"jsonrpc": "2.0", "method": "textDocument/didChange", "params": {"textDocument": {"uri": "file:///a.policy", '
    b'"version": null}, "contentChanges": "x"}}',
    b'{"jsonrpc": "2.0", "method": "textDocument/didClose", "params": {"textDocument": {"uri": "file:///b"}}}',
    "\ud800".encode("utf-8", "surrogatepass"),
    b"[" * 5000,
]


def test_garbage_does_not_stop_it() -> None:
    with a_server() as process:
        assert initialize(process, "utf-8", "utf-16") == "utf-8"
        open_policy(process, '"😀₹": boook half at 10% profit\n')
        (found,) = findings(process)
        assert (found["code"], found["range"]["start"]["character"]) == ("E101", len('"😀₹": '.encode()))
        random = Random(20261122)
        assert process.stdin is not None
        for body in [*GARBAGE, *(random.randbytes(random.randrange(1, 60)) for _ in range(60))]:
            send(process, body)
        process.stdin.write(b"Content-Size: 7\r\nHello\r\n\r\n")
        position = {"line": 0, "character": found["range"]["start"]["character"] + 2}
        params = {"textDocument": {"uri": "file:///a.policy"}, "position": position}
        send(process, {"jsonrpc": "2.0", "id": 40, "method": "textDocument/hover", "params": params})
        assert "unknown-word" in answer(process, 40)["result"]["contents"]["value"]
        change = {"textDocument": {"uri": "file:///a.policy", "version": 2}, "contentChanges": [{"text": "exit\ud800"}]}
        send(process, {"jsonrpc": "2.0", "method": "textDocument/didChange", "params": change})
        assert findings(process)
        assert goodbye(process) == 0


TWO_BOOKS = "book 50% at 15% profit\nbook 75% at 15% profit\n"


def gone(pid: int) -> bool:
    return not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


def test_a_closed_pipe_ends_it() -> None:
    with a_server() as process:
        assert initialize(process, "utf-32") == "utf-32"
        open_policy(process, '"😀₹": boook half at 10% profit\n')
        assert findings(process)[0]["range"]["start"]["character"] == 6
        change = {"textDocument": {"uri": "file:///a.policy", "version": 2}, "contentChanges": [{"text": TWO_BOOKS}]}
        send(process, {"jsonrpc": "2.0", "method": "textDocument/didChange", "params": change})
        while not any(each["code"] == "Q201" for each in findings(process)):
            pass
        children = psutil.Process(process.pid).children(recursive=True)
        assert children, "a process of its own proves"
        assert process.stdin is not None
        process.stdin.close()
        process.wait(PATIENCE)
        _, left = psutil.wait_procs(children, PATIENCE)
        assert not left


_EDITOR_THAT_HOLDS_ON = """
import subprocess, sys, time
server = subprocess.Popen(sys.argv[1:], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
body = b'{"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {"processId": %d, "capabilities": {}}}'
import os
body = body % os.getpid()
done = b'{"jsonrpc": "2.0", "method": "initialized", "params": {}}'
for each in (body, done):
    server.stdin.write(b"Content-Length: %d\\r\\n\\r\\n" % len(each) + each)
server.stdin.flush()
server.stdout.readline()
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"], stdin=server.stdin,
    stdout=subprocess.DEVNULL)
print(server.pid, child.pid, flush=True)
time.sleep(60)
"""


@pytest.mark.skipif(os.name == "nt", reason="on Windows the closed pipe alone ends the server")
def test_a_killed_editor_leaves_no_server_even_where_its_pipe_is_held_open() -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", _EDITOR_THAT_HOLDS_ON, *COMMAND], stdout=subprocess.PIPE, cwd=PROJECT, env=environment()
    )
    assert process.stdout is not None
    server, holder = (int(word) for word in process.stdout.readline().split())
    watched = psutil.Process(server)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    try:
        assert watched.wait(PATIENCE) is None or gone(server)
        assert psutil.pid_exists(holder)
    finally:
        psutil.Process(holder).kill()


def test_without_the_extra_a_sentence_says_so() -> None:
    code = "import sys; sys.modules['pygls'] = None; sys.argv = ['', 'lsp']; from rulekit.cli.main import main; main()"
    outcome = subprocess.run(
        [sys.executable, "-c", code], cwd=PROJECT, env=environment(), capture_output=True, check=False
    )
    assert outcome.returncode == 2
    assert outcome.stderr.decode().startswith("error: what serves editors is not installed\nhelp: ")
