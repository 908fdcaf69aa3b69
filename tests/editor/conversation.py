"""An editor for tests: a real client of the protocol that starts the real command and talks to it over its pipes."""

from __future__ import annotations

import asyncio
import os
import sys
import threading
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypeVar

from lsprotocol import types as lsp
from pygls.lsp.client import LanguageClient

PROJECT = Path(__file__).resolve().parents[2]
COMMAND = (sys.executable, "-m", "rulekit", "lsp")
PATIENCE = 20.0

Result = TypeVar("Result")


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(PROJECT), "PYTHONIOENCODING": "utf-8"}


class Editor:
    """A client with its own loop in a thread, so that tests are plain functions."""

    def __init__(self, encodings: tuple[str, ...] = ("utf-16",), process_id: int | None = None) -> None:
        self.client = LanguageClient("an editor", "1")
        self.found: dict[str, list[tuple[int | None, list[lsp.Diagnostic]]]] = {}
        self.told: list[str] = []
        self._heard = threading.Condition()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._opened = 0

        @self.client.feature(lsp.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)
        def published(params: lsp.PublishDiagnosticsParams) -> None:
            with self._heard:
                self.found.setdefault(params.uri, []).append((params.version, list(params.diagnostics)))
                self._heard.notify_all()

        @self.client.feature(lsp.WINDOW_SHOW_MESSAGE)
        def told(params: lsp.ShowMessageParams) -> None:
            with self._heard:
                self.told.append(params.message)
                self._heard.notify_all()

        self.run(self.client.start_io(*COMMAND, env=environment(), cwd=str(PROJECT)))
        general = lsp.GeneralClientCapabilities(position_encodings=[lsp.PositionEncodingKind(e) for e in encodings])
        self.capabilities = self.run(
            self.client.initialize_async(
                lsp.InitializeParams(
                    capabilities=lsp.ClientCapabilities(general=general),
                    process_id=process_id or os.getpid(),
                )
            )
        ).capabilities
        self.do(lambda: self.client.initialized(lsp.InitializedParams()))

    def run(self, awaitable: Awaitable[Result]) -> Result:
        async def waited() -> Result:
            return await asyncio.wait_for(awaitable, PATIENCE)

        return asyncio.run_coroutine_threadsafe(waited(), self._loop).result()

    def do(self, act: Any) -> None:
        done = threading.Event()
        self._loop.call_soon_threadsafe(lambda: (act(), done.set()))
        assert done.wait(PATIENCE)

    @property
    def process(self) -> asyncio.subprocess.Process:
        return self.client._server  # type: ignore[attr-defined,no-any-return]

    def close(self) -> int:
        """Say goodbye, and return what the server's process ended with."""
        self.run(self.client.shutdown_async(None))
        self.do(lambda: self.client.exit(None))
        code = self.run(self.process.wait())
        self.leave()
        return code

    def leave(self) -> None:
        self.run(self.client.stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(PATIENCE)
        self._loop.close()

    def open(self, text: str, uri: str = "") -> Opened:
        self._opened += 1
        uri = uri or f"file:///policies/{self._opened}.policy"
        item = lsp.TextDocumentItem(uri, "policy", 1, text)
        self.do(lambda: self.client.text_document_did_open(lsp.DidOpenTextDocumentParams(item)))
        return Opened(self, uri, text)


class Opened:
    """A text that is open in the editor; positions are 0-based, in the units that were agreed."""

    def __init__(self, editor: Editor, uri: str, text: str) -> None:
        self.editor = editor
        self.uri = uri
        self.text = text
        self.version = 1

    @property
    def identifier(self) -> lsp.TextDocumentIdentifier:
        return lsp.TextDocumentIdentifier(self.uri)

    def change(self, text: str) -> None:
        self.text = text
        self.version += 1
        params = lsp.DidChangeTextDocumentParams(
            lsp.VersionedTextDocumentIdentifier(self.version, self.uri),
            [lsp.TextDocumentContentChangeWholeDocument(text)],
        )
        self.editor.do(lambda: self.editor.client.text_document_did_change(params))

    def findings(self) -> list[lsp.Diagnostic]:
        """Wait for the findings about the present text."""
        with self.editor._heard:
            assert self.editor._heard.wait_for(lambda: self._latest() is not None, PATIENCE)
            latest = self._latest()
        assert latest is not None
        return latest

    def wait(self, until: Callable[[], bool]) -> None:
        """Wait until something was heard."""
        with self.editor._heard:
            assert self.editor._heard.wait_for(until, PATIENCE)

    def proved(self, code: str) -> lsp.Diagnostic:
        """Wait for a finding that has to be proved."""

        def here() -> list[lsp.Diagnostic]:
            return [each for each in self._latest() or [] if each.code == code]

        with self.editor._heard:
            assert self.editor._heard.wait_for(here, PATIENCE)
            return here()[0]

    def _latest(self) -> list[lsp.Diagnostic] | None:
        heard = self.editor.found.get(self.uri, [])
        return heard[-1][1] if heard and heard[-1][0] == self.version else None

    def at(self, mark: str, after: bool = True) -> lsp.Position:
        """Return the position behind (or before) the first place of a text, in UTF-16."""
        index = self.text.index(mark) + (len(mark) if after else 0)
        before = self.text[:index].replace("\r\n", "\n").split("\n")
        return lsp.Position(len(before) - 1, len(before[-1].encode("utf-16-le")) // 2)

    def ask(self, method: str, params: Any) -> Any:
        return self.editor.run(getattr(self.editor.client, f"text_document_{method}_async")(params))

    def offered(self, mark: str) -> list[str]:
        params = lsp.CompletionParams(self.identifier, self.at(mark))
        return [item.label for item in self.ask("completion", params).items]

    def hover(self, mark: str) -> str:
        answer = self.ask("hover", lsp.HoverParams(self.identifier, self.at(mark, after=False)))
        return "" if answer is None else str(answer.contents.value)

    def actions(self, mark: str, only: list[str] | None = None) -> list[lsp.CodeAction]:
        here = self.at(mark, after=False)
        context = lsp.CodeActionContext([], only=only)
        return list(self.ask("code_action", lsp.CodeActionParams(self.identifier, lsp.Range(here, here), context)))

    def rename(self, mark: str, name: str) -> lsp.WorkspaceEdit:
        return self.ask("rename", lsp.RenameParams(self.identifier, self.at(mark, after=False), name))

    def formatted(self) -> str:
        options = lsp.FormattingOptions(2, True)
        return applied(self.text, self.ask("formatting", lsp.DocumentFormattingParams(self.identifier, options)) or [])

    def apply(self, edit: lsp.WorkspaceEdit | None) -> str:
        assert edit is not None and edit.changes is not None
        return applied(self.text, edit.changes[self.uri])


def applied(text: str, edits: list[lsp.TextEdit]) -> str:
    """Apply edits as an editor that counts in UTF-16 does: slowly, on the encoded text."""
    starts = [0]
    raw = text.encode("utf-16-le")
    at = 0
    while at < len(raw):
        unit = raw[at : at + 2]
        at += 2
        if unit == b"\r\0" and raw[at : at + 2] == b"\n\0":
            at += 2
        if unit in (b"\r\0", b"\n\0"):
            starts.append(at)

    def offset(position: lsp.Position) -> int:
        return starts[position.line] + 2 * position.character

    ordered = sorted(edits, key=lambda each: (offset(each.range.start), offset(each.range.end)), reverse=True)
    ends = len(raw)
    for each in ordered:
        first, last = offset(each.range.start), offset(each.range.end)
        assert first <= last <= ends, "edits overlap"
        ends = first
        raw = raw[:first] + each.new_text.encode("utf-16-le") + raw[last:]
    return raw.decode("utf-16-le")
