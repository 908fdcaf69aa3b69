"""A policy that is being written: its text as it stands now, and what follows from it, each worked out once a text."""

from __future__ import annotations

from collections import OrderedDict
from datetime import date
from functools import cached_property
from threading import Lock, RLock

from attrs import evolve, field, mutable

from rulekit.compile.policy import CompiledPolicy, compile_policy
from rulekit.language.diagnostics import Diagnostic, has_errors
from rulekit.language.reading import Checked, check_text
from rulekit.language.remembered import Memory
from rulekit.language.vocabulary import STANDARD, Vocabulary
from rulekit.lint.fixing import fixed
from rulekit.lint.linting import lint
from rulekit.lint.selection import Selection
from rulekit.studio.beside import Known
from rulekit.studio.places import Places

KEPT = 32
"""So many drafts are kept at once; one that was let go is read anew when it is next asked for."""


class Reading:
    """One text of a draft, read; what is asked of it first is kept."""

    def __init__(self, text: str, today: date, name: str, selection: Selection, memory: Memory | None) -> None:
        self.text = text
        self.today = today
        self.selection = selection
        self.vocabulary: Vocabulary = STANDARD
        self.checked: Checked = check_text(text, name, STANDARD, memory)

    @cached_property
    def places(self) -> Places:
        """The places of the text as a browser counts them."""
        return Places(self.text)

    @cached_property
    def found(self) -> tuple[Diagnostic, ...]:
        """All that a glance at the text finds: everything but proofs."""
        return lint(self.checked, self.today, evolve(self.selection, proofs=False))

    @property
    def ready(self) -> bool:
        """Tell whether the text has no errors, so that it could decide."""
        return self.checked.tree is not None and not has_errors(self.found)

    @cached_property
    def policy(self) -> CompiledPolicy | None:
        """The policy as the engine decides by it; None while the text has errors."""
        if self.checked.tree is None or not self.ready:
            return None
        return compile_policy(self.checked.tree, self.vocabulary)

    @cached_property
    def mended(self) -> str:
        """The text with every fix of spelling and form."""
        selection = evolve(self.selection, proofs=False)
        return fixed(self.checked, lambda checked: lint(checked, self.today, selection)).text


def read(text: str, today: date, name: str = "policy", selection: Selection | None = None) -> Reading:
    """Read a text that nothing is remembered of; `today` decides what has expired."""
    return Reading(text, today, name, selection or Selection(), None)


@mutable
class Draft:
    """One text while it is typed: sentences that did not change are not read anew. Use it under its lock."""

    name: str = "policy"
    selection: Selection = field(factory=Selection)
    lock: RLock = field(factory=RLock)
    said: Known = field(factory=dict)
    _memory: Memory = field(factory=Memory)
    _reading: Reading | None = None

    def read(self, text: str, today: date) -> Reading:
        """Return a text read; the last one is kept."""
        last = self._reading
        if last is None or last.text != text or last.today != today:
            self._reading = last = Reading(text, today, self.name, self.selection, self._memory)
        return last


class Drafts:
    """The drafts that are open in browsers, by the key that each page draws; the one unused for longest goes first."""

    def __init__(self) -> None:
        self._drafts: OrderedDict[str, Draft] = OrderedDict()
        self._lock = Lock()

    def of(self, key: str, name: str, selection: Selection) -> Draft:
        """Return a page's draft of a policy."""
        with self._lock:
            draft = self._drafts.pop(key, None)
            if draft is None or draft.name != name or draft.selection != selection:
                draft = Draft(name, selection)
            self._drafts[key] = draft
            while len(self._drafts) > KEPT:
                self._drafts.popitem(last=False)
            return draft
