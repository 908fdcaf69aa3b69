"""The policies of a folder: their texts, who published which version when, and publishing, which loses nothing."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
from collections.abc import Sequence
from pathlib import Path

from attrs import asdict, frozen

from rulekit.errors import InputError, RulekitError, UnreadableFileError, UsageError
from rulekit.language.formatter import line_end
from rulekit.language.source import read_text
from rulekit.model.instant import Instant, iso
from rulekit.studio.turns import turn

KEPT = ".published"
"""The folder beside the policies that keeps the old versions; no file in it ends like a policy, so none is ever run."""
RECORD = "published.jsonl"
ENDING = ".policy"
_NAME = re.compile(r"[^\W_][\w .()+-]{0,90}\.policy")
_RESERVED = frozenset(
    ("con", "prn", "aux", "nul", *(f"{port}{number}" for port in ("com", "lpt") for number in range(1, 10)))
)


def digest_of(text: str) -> str:
    """Return the SHA-256 of a text, in hexadecimal: by it a file is known to be the one that was opened."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def as_shown(text: str) -> str:
    """Return a text as a browser holds it: without a mark at its beginning, its lines ended alike."""
    return text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")


@frozen
class Opened:
    """A policy as it stands in its file: the text for a browser, and the digest of the file itself."""

    name: str
    text: str
    digest: str


@frozen
class Version:
    """One version that was published.

    Args:
        number: counted from 1. at: when. by: who. was: digest of the file before it, empty where there was none.
        said: what it changed, in trading words.
    """

    name: str
    number: int
    at: str
    by: str
    digest: str
    was: str
    said: str


@frozen
class Shelf:
    """A folder of policies."""

    folder: Path

    # --- reading ------------------------------------------------------------

    def names(self) -> list[str]:
        """List the policies by their paths in the folder, those that an engine runs from it."""
        files = (each for each in self.folder.rglob(f"*{ENDING}") if each.is_file())
        return sorted(each.relative_to(self.folder).as_posix() for each in files)

    def open(self, name: str) -> Opened:
        """Read a policy.

        Raises:
            UsageError: there is none of that name in the folder. UnreadableFileError: it cannot be read.
        """
        text = read_text(self.path(name))
        return Opened(name, as_shown(text), digest_of(text))

    def path(self, name: str) -> Path:
        """Return the file of a policy that is there.

        Raises:
            UsageError: there is none of that name.
        """
        if name not in self.names():
            raise UsageError(
                f"there is no policy `{name[:100]}`", "another person may have taken it away: choose again"
            )
        return self.folder / name

    def fresh_path(self, name: str) -> Path:
        """Return the file of a policy that is not there yet.

        Raises:
            UsageError: it is there, or the name is none for a file.
        """
        full = name if name.endswith(ENDING) else f"{name}{ENDING}"
        stem = full.removesuffix(ENDING)
        if not _NAME.fullmatch(full) or stem.lower() in _RESERVED or stem != stem.strip(" ."):
            raise UsageError(
                f"`{name[:100]}` is no name for a policy", "write letters, digits, blanks and `-`: my intraday"
            )
        if full.lower() in (each.lower() for each in self.names()):
            raise UsageError(f"there is a policy `{full}` already", "open it, or choose another name")
        return self.folder / full

    def neighbours(self, name: str) -> list[tuple[str, str]]:
        """Return the names and texts of the other policies; what cannot be read is left out."""
        found = []
        for each in self.names():
            if each != name:
                try:
                    found.append((each, self.open(each).text))
                except RulekitError:
                    continue
        return found

    def versions(self, name: str) -> list[Version]:
        """List what was published of a policy, the newest first."""
        return [each for each in reversed(self._record()) if each.name == name]

    def version(self, name: str, number: int) -> str:
        """Return the text of a version as a browser holds it.

        Raises:
            UsageError: there is none of that number, or it is not kept any longer.
        """
        for each in self.versions(name):
            if each.number == number:
                try:
                    return as_shown(read_text(self._kept(name, each.digest)))
                except UnreadableFileError:
                    break
        raise UsageError(f"version {number} of `{name[:100]}` is not kept", "choose another one of the list")

    def _record(self) -> Sequence[Version]:
        try:
            lines = (self.folder / KEPT / RECORD).read_text(encoding="utf-8").splitlines()
        except OSError:
            return []
        found = []
        for line in lines:
            try:
                found.append(Version(**json.loads(line)))
            except (ValueError, TypeError):
                continue  # a line that was being written when the machine stopped
        return found

    def _kept(self, name: str, digest: str) -> Path:
        return self.folder / KEPT / f"{name.replace('/', '~')}.{digest[:16]}.txt"

    # --- publishing ------------------------------------------------------------

    def publish(self, name: str, text: str, opened: str, *, by: str, at: Instant, said: str) -> Version:
        """Write a policy, and keep the one that stood there.

        Args:
            opened: digest of the file as it was opened; empty for a policy that is new.
            said: what it changes, in trading words.

        Raises:
            ChangedMeanwhileError: the file is not the one that was opened; nothing is written.
            UsageError, UnreadableFileError: there is no such file, or it cannot be written.
        """
        path = self.path(name) if opened else self.fresh_path(name)
        with turn(self.folder / KEPT):
            before = read_text(path) if opened and path.exists() else ""
            if opened and digest_of(before) != opened:
                raise ChangedMeanwhileError(_changed(name, self.versions(name), digest_of(before)))
            if not opened and path.exists():
                raise ChangedMeanwhileError(f"somebody has published a `{path.name}` since you began")
            end = line_end(before) if before else "\n"
            whole = text if text.endswith("\n") else f"{text}\n"
            whole = ("\ufeff" if before.startswith("\ufeff") else "") + whole.replace("\n", end)
            shown = path.relative_to(self.folder).as_posix()
            if before:
                _write(self._kept(shown, digest_of(before)), before)
            _write(self._kept(shown, digest_of(whole)), whole)
            _write(path, whole)
            number = max((each.number for each in self._record()), default=0) + 1
            version = Version(shown, number, iso(at), by, digest_of(whole), digest_of(before) if before else "", said)
            self._note(version)
        return version

    def _note(self, version: Version) -> None:
        with (self.folder / KEPT / RECORD).open("a", encoding="utf-8", newline="\n") as file:
            file.write(json.dumps(asdict(version), ensure_ascii=False) + "\n")
            file.flush()
            os.fsync(file.fileno())


class ChangedMeanwhileError(InputError):
    """The file is not the one that was opened: somebody else has published, or an editor has written."""

    def __init__(self, message: str) -> None:
        super().__init__(message, "your text is still here; look at what stands in the file now, and publish again")


def _changed(name: str, versions: Sequence[Version], now: str) -> str:
    """Say who has changed a file, where that is known."""
    for each in versions:
        if each.digest == now:
            return f"{each.by} has published `{name}` since you opened it, at {each.at[11:16]} on {each.at[:10]}"
    return f"`{name}` has been changed since you opened it, not from here"


def _write(path: Path, text: str) -> None:
    """Replace a text file at once, so that a reader sees the old or the new one; its permissions stay."""
    target = path.resolve()
    beside = target.with_name(f".{target.name}.{os.getpid()}.new")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with beside.open("wb") as file:
            file.write(text.encode("utf-8"))
            file.flush()
            os.fsync(file.fileno())
        if target.exists():
            shutil.copymode(target, beside)
        beside.replace(target)
    except OSError as error:
        beside.unlink(missing_ok=True)
        raise UnreadableFileError(
            f"`{path.name}` cannot be written: {error.strerror or error}", "it was left as it was"
        ) from None
