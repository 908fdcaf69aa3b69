"""The language server: what an editor asks over standard input and output, answered from the open policies."""

from __future__ import annotations

import asyncio
import gc
import logging
from collections.abc import Callable
from datetime import date
from pathlib import Path, PurePath
from typing import Any

from lsprotocol import types as lsp
from pygls.lsp.server import LanguageServer
from pygls.uris import to_fs_path

from rulekit import __version__
from rulekit.editor import answers
from rulekit.editor.documents import Document
from rulekit.editor.findings import shown
from rulekit.editor.offers import offers
from rulekit.editor.parent import outlived
from rulekit.editor.proving import Prover, Question, proves
from rulekit.errors import InputError
from rulekit.language.diagnostics import Diagnostic
from rulekit.lint.selection import Selection
from rulekit.lint.settings import SettingsFinder
from rulekit.model.clock import Clock, WallClock
from rulekit.model.instant import day_of

PAUSE = 0.02
"""Seconds without a keystroke after which the text is looked at."""
LONGEST_PAUSE = 0.06
"""Seconds after which it is looked at even while keys keep coming."""
STILL = 0.4
"""Seconds without a keystroke after which proofs begin."""
REST = 1.0
"""Seconds without a keystroke after which garbage is collected: it takes as long as a look, and nobody waits then."""
_WATCH = 0.5
"""Seconds between two looks at whether the editor still runs."""


class PolicyServer(LanguageServer):
    """The open policies of one editor, and what is to be looked at soon."""

    def __init__(self, clock: Clock, parent: int) -> None:
        # The whole text comes with each change: policies are small, and a change is never applied at a wrong place.
        super().__init__("rulekit", __version__, lsp.TextDocumentSyncKind.Full, max_workers=2)
        self.clock = clock
        self.documents: dict[str, Document] = {}
        self._looks: dict[str, asyncio.TimerHandle] = {}
        self._asked: dict[str, float] = {}
        self._proofs: dict[str, asyncio.TimerHandle] = {}
        self._rest: asyncio.TimerHandle | None = None
        self._prover = Prover(self._proved)
        self._parent = parent
        self._watch: asyncio.Task[None] | None = None

    def report_server_error(self, error: Exception, source: Any) -> None:
        """Keep a request that cannot be understood from being shown to the trader."""
        logging.getLogger(__name__).warning("%s", error)

    @property
    def today(self) -> date:
        """The day by the exchange's clock."""
        return day_of(self.clock.now())

    # --- the texts ------------------------------------------------------------

    def opened(self, item: lsp.TextDocumentItem) -> None:
        """Take in a policy that was opened, and look at it."""
        encoding = str(self.workspace.position_encoding)
        path = to_fs_path(item.uri)
        name = PurePath(path).name if path else "policy"
        document = Document(item.uri, item.text, item.version, encoding, name)
        self.documents[item.uri] = document
        self._select(document, SettingsFinder())
        self._look_soon(item.uri)

    def settings_changed(self) -> None:
        """Read the settings of the linter again, and look at every policy by them."""
        finder = SettingsFinder()
        for document in self.documents.values():
            self._select(document, finder)
            self._look_soon(document.uri)

    def _select(self, document: Document, finder: SettingsFinder) -> None:
        """Look for what `rulekit.toml` asks for; settings at fault are told, and the usual ones count."""
        path = to_fs_path(document.uri)
        try:
            selection = finder.of(Path(path)).selection_for(Path(path)) if path else Selection()
        except InputError as error:
            self.window_show_message(lsp.ShowMessageParams(lsp.MessageType.Warning, str(error)))
            selection = Selection()
        document.select(selection)

    def changed(self, uri: str, version: int) -> None:
        """Take in what was typed, and look at it as soon as the keys rest for a moment."""
        document = self.documents.get(uri)
        if document is not None:
            document.change(self.workspace.get_text_document(uri).source, version)
            self._look_soon(uri)

    def closed(self, uri: str) -> None:
        """Forget a policy and its findings."""
        self.documents.pop(uri, None)
        self._asked.pop(uri, None)
        self._prover.forget(uri)
        for timers in (self._looks, self._proofs):
            if uri in timers:
                timers.pop(uri).cancel()
        self._publish(uri, None, [])

    def watch(self) -> None:
        """End with the editor, even if it cannot say goodbye."""
        self._watch = asyncio.get_running_loop().create_task(outlived(self.process_id, self._parent, _WATCH))

    def stopped(self) -> None:
        """End what still runs."""
        for timer in (*self._looks.values(), *self._proofs.values()):
            timer.cancel()
        self._prover.stop()

    # --- looking at them ------------------------------------------------------------

    def _look_soon(self, uri: str) -> None:
        loop = asyncio.get_running_loop()
        first = self._asked.setdefault(uri, loop.time())
        due = min(loop.time() + PAUSE, first + LONGEST_PAUSE)
        self._again(self._looks, uri, due, self._look)

    def _again(self, timers: dict[str, asyncio.TimerHandle], uri: str, due: float, act: Callable[[str], None]) -> None:
        if uri in timers:
            timers[uri].cancel()
        timers[uri] = asyncio.get_running_loop().call_at(due, act, uri)

    def _look(self, uri: str) -> None:
        self._looks.pop(uri, None)
        self._asked.pop(uri, None)
        document = self.documents.get(uri)
        if document is None:
            return
        self.show(document, document.findings(self.today))
        self._collect_later()
        if document.selection.proofs and proves() and document.checked.tree is not None:
            self._again(self._proofs, uri, asyncio.get_running_loop().time() + STILL, self._prove)

    def _collect_later(self) -> None:
        if self._rest is not None:
            self._rest.cancel()
        self._rest = asyncio.get_running_loop().call_later(REST, gc.collect)

    def _prove(self, uri: str) -> None:
        self._proofs.pop(uri, None)
        document = self.documents.get(uri)
        if document is not None:
            asked = Question(uri, document.version, document.text, document.path, self.today, document.selection)
            self._prover.ask(asked)

    def _proved(self, question: Question, found: tuple[Diagnostic, ...]) -> None:
        """Show what was proved, unless the text has changed meanwhile."""
        document = self.documents.get(question.uri)
        current = document is not None and (document.text, document.selection) == (question.text, question.selection)
        if document is not None and current:
            document.proved(question.today, found)
            self.show(document, found)

    def show(self, document: Document, found: tuple[Diagnostic, ...]) -> None:
        """Send findings to the editor."""
        self._publish(document.uri, document.version, [shown(each, document.uri, document.places) for each in found])

    def _publish(self, uri: str, version: int | None, found: list[lsp.Diagnostic]) -> None:
        self.text_document_publish_diagnostics(lsp.PublishDiagnosticsParams(uri, found, version))


def warm() -> None:
    """Load what the first look and the first offer need, before anybody waits for it."""
    text = "boook half at 10% profit\nexit when "
    document = Document("", text, 0, "utf-16")
    offers(document.checked, text, 2, len("exit when ") + 1)
    gc.collect()
    gc.freeze()


def server(clock: Clock, parent: int) -> PolicyServer:
    """Build a server that answers all that `rulekit.editor.answers` knows; `parent` is the process that started it."""
    made = PolicyServer(clock, parent)

    @made.feature(lsp.TEXT_DOCUMENT_DID_OPEN)
    def did_open(params: lsp.DidOpenTextDocumentParams) -> None:
        made.opened(params.text_document)

    @made.feature(lsp.TEXT_DOCUMENT_DID_CHANGE)
    def did_change(params: lsp.DidChangeTextDocumentParams) -> None:
        made.changed(params.text_document.uri, params.text_document.version)

    @made.feature(lsp.TEXT_DOCUMENT_DID_CLOSE)
    def did_close(params: lsp.DidCloseTextDocumentParams) -> None:
        made.closed(params.text_document.uri)

    @made.feature(lsp.TEXT_DOCUMENT_DID_SAVE)
    def did_save(_: lsp.DidSaveTextDocumentParams) -> None:
        made.settings_changed()

    @made.feature(lsp.WORKSPACE_DID_CHANGE_WATCHED_FILES)
    def did_change_files(_: lsp.DidChangeWatchedFilesParams) -> None:
        made.settings_changed()

    @made.feature(lsp.INITIALIZED)
    def initialized(_: lsp.InitializedParams) -> None:
        made.watch()
        warm()

    @made.feature(lsp.SHUTDOWN)
    def shut_down(_: None) -> None:
        made.stopped()

    for method, options, answer in answers.ANSWERS:
        made.feature(method, options)(_answering(made, answer))
    return made


def _answering(made: PolicyServer, answer: answers.Answer) -> Callable[[Any], Any]:
    """Answer a request about an open policy; one that is not open has no answer."""

    def reply(params: Any) -> Any:
        document = made.documents.get(params.text_document.uri)
        return None if document is None else answer(document, params, made.today)

    return reply


def run(parent: int) -> None:
    """Serve one editor over standard input and output until it says goodbye or is gone."""
    gc.disable()
    made = server(WallClock(), parent)
    try:
        made.start_io()
    finally:
        made.stopped()
