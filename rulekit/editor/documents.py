"""One policy that is open in an editor: its text, what is known of it so far, and the places in it."""

from __future__ import annotations

from datetime import date

from attrs import evolve, field, mutable

from rulekit.editor.positions import Places
from rulekit.language.diagnostics import Diagnostic
from rulekit.language.reading import Checked, check_text
from rulekit.language.remembered import Memory
from rulekit.language.vocabulary import STANDARD, Vocabulary
from rulekit.lint.fixing import fixed
from rulekit.lint.linting import lint
from rulekit.lint.selection import Selection


@mutable
class Document:
    """An open policy. What follows from its text is worked out when it is first asked for, once a text."""

    uri: str
    text: str
    version: int
    encoding: str
    path: str = "policy"
    selection: Selection = field(factory=Selection)
    vocabulary: Vocabulary = STANDARD
    _memory: Memory = field(factory=Memory)
    _checked: Checked | None = None
    _places: Places | None = None
    _found: tuple[date, tuple[Diagnostic, ...]] | None = None

    def change(self, text: str, version: int) -> None:
        """Take in a new text."""
        self.version = version
        if text != self.text:
            self.text = text
            self._checked = self._places = self._found = None

    def select(self, selection: Selection) -> None:
        """Look for other findings from now on."""
        if selection != self.selection:
            self.selection = selection
            self._found = None

    @property
    def checked(self) -> Checked:
        """The text read and checked; sentences that did not change are not read anew."""
        if self._checked is None:
            self._checked = check_text(self.text, self.path, self.vocabulary, self._memory)
        return self._checked

    @property
    def places(self) -> Places:
        """The places of the text as the editor counts them."""
        if self._places is None:
            self._places = Places(self.text, self.encoding)
        return self._places

    def findings(self, today: date) -> tuple[Diagnostic, ...]:
        """Return all that a glance at the text finds: everything but proofs."""
        if self._found is None or self._found[0] != today:
            self._found = (today, lint(self.checked, today, evolve(self.selection, proofs=False)))
        return self._found[1]

    def mended(self, today: date) -> str:
        """Return the text with every fix of spelling and form, as `rulekit lint --fix` writes it."""
        selection = evolve(self.selection, proofs=False)
        return fixed(self.checked, lambda checked: lint(checked, today, selection)).text

    def proved(self, today: date, found: tuple[Diagnostic, ...]) -> None:
        """Take in what was found with proofs, in place of what a glance found."""
        self._found = (today, found)
