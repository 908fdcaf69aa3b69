"""The names that a policy gives by `set` and `define`, learned from raw words before any sentence is read."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from attrs import field, frozen, mutable

from rulekit.language import keywords as k
from rulekit.language.fault import FaultError
from rulekit.language.reader import Word, defined_name, joined, moves_target, name_words
from rulekit.language.tree import Span
from rulekit.language.vocabulary import Vocabulary

_JOINTS = frozenset({"and", "or", "not", "when", "if", "unless", "to", "as"})
_DEFINING = ("set", "define")
_STOPS = ("stop", "sl", "stop loss")


@frozen
class NewName:
    """A name as a definition gives it: the raw words that it takes, and its place."""

    text: str
    terminal: str
    span: Span

    @property
    def is_value(self) -> bool:
        """Tell whether `set` gives it; else `define` does."""
        return self.terminal == "VALUE_NAME"


def new_name(raw: Sequence[Word]) -> NewName | None:
    """Return the name that a sentence defines; None if it defines none."""
    defined = defined_name(raw)
    if defined is None:
        return None
    keyword, first, last = defined
    text = " ".join(name_words(raw[first:last]))
    if not text:
        return None
    terminal = "VALUE_NAME" if keyword == "SET" else "CONDITION_NAME"
    return NewName(text, terminal, joined(raw[first].span, raw[last - 1].span))


@mutable
class Naming:
    """Which names there are, which are given twice, and which were meant but could not be taken."""

    vocabulary: Vocabulary
    names: dict[tuple[str, ...], tuple[str, str]] = field(factory=dict)
    _twice: set[str] = field(factory=set)
    _failed: set[tuple[str, ...]] = field(factory=set)

    def learn(self, sentences: Iterable[Sequence[Word]]) -> None:
        """Take in every definition: one may stand anywhere in the file."""
        for raw in sentences:
            found = new_name(raw)
            if found is None:
                self._failed.update(_meant_names(raw))
                continue
            key = tuple(found.text.lower().split())
            if key in self.names:
                self._twice.add(self.names[key][1].lower())
            elif self.hides_a_word(found.text):
                self._failed.add(key)
            else:
                self.names[key] = (found.terminal, found.text)
        self._failed.difference_update(self.names)

    def hides_a_word(self, name: str) -> bool:
        """Tell whether a name is a word of the language, or would read as one."""
        words = name.lower().split()
        return (
            k.is_word_of_the_language(name, self.vocabulary) or bool(_JOINTS & set(words)) or not words[0][0].isalpha()
        )

    def refuse(self, raw: Sequence[Word]) -> None:
        """Raise if the name that a sentence defines hides a word of the language."""
        defined = defined_name(raw)
        if defined is None or defined[1] == defined[2]:
            return
        taken = raw[defined[1] : defined[2]]
        name = " ".join(name_words(taken)) or taken[0].text
        place = joined(taken[0].span, taken[-1].span)
        if self.hides_a_word(name):
            help = f"choose another name, for example `my {name}`"
            if name.lower() in _STOPS:
                help = "did you mean `move stop to …`?"
            what = "a word of the language"
            fact = self.vocabulary.find(name)
            if fact is not None and fact.plugin:
                what = f"a word of the plug-in `{fact.plugin}`"
            raise FaultError("N102", place, f"`{name}` is {what} and cannot be a name", help)

    def at_fault(self) -> tuple[frozenset[str], frozenset[tuple[str, ...]]]:
        """Return the names that are given twice, and those that could not be taken."""
        return frozenset(self._twice), frozenset(self._failed)

    def said_elsewhere(self, raw: Sequence[Word], words: Sequence[Word], fault: Span) -> bool:
        """Tell whether a sentence fails only because it leans on a name whose own definition is at fault.

        That is a name that is given twice, or one that could not be taken and stands where reading stopped.
        """
        named = (word for word in words if word.type in ("VALUE_NAME", "CONDITION_NAME"))
        return any(word.value.lower() in self._twice for word in named) or self._failed_at(raw, fault)

    def _failed_at(self, raw: Sequence[Word], fault: Span) -> bool:
        defined = defined_name(raw)
        if defined is None and raw and raw[0].text.lower() in _DEFINING:
            return False  # the fault of such a sentence is its own
        body = [word for word in raw[defined[2] if defined else 0 :] if word.text.lower() not in k.NOISE]
        lower = [word.text.lower() for word in body]
        touched = {index for index, word in enumerate(body) if _touch(word.span, fault)}
        return any(
            tuple(lower[start : start + len(name)]) == name and touched & set(range(start - 1, start + len(name) + 1))
            for name in self._failed
            for start in range(len(lower))
        )


def _touch(one: Span, other: Span) -> bool:
    """Tell whether two places share a character, or one ends where the other begins."""
    begin = max((one.line, one.column), (other.line, other.column))
    end = min((one.end_line, one.end_column), (other.end_line, other.end_column))
    return begin <= end


def _meant_names(raw: Sequence[Word]) -> list[tuple[str, ...]]:
    """List what `set` or `define` without its `to` or `as` may have meant to name: `first`, `first target` …."""
    if not raw or raw[0].type != "WORD" or raw[0].text.lower() not in _DEFINING or moves_target(raw):
        return []
    meant: list[str] = []
    for word in raw[1:]:
        lower = word.text.lower()
        if word.type not in ("WORD", "NUMBER") or lower in _JOINTS or lower in ("is", "be"):
            break
        if lower not in k.NOISE:
            meant.append(lower)
    return [tuple(meant[:length]) for length in range(1, len(meant) + 1)]
