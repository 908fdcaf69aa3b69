"""What stands under `[lint]` in `rulekit.toml`, or under `[tool.rulekit.lint]` in `pyproject.toml`."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from attrs import evolve, field, frozen

from rulekit.errors import InputError
from rulekit.lint.selection import ALL, DEFAULT, Selection, codes_and_families, severities

KEYS = ("select", "ignore", "severity", "strict", "proofs", "per-path-ignores")


@frozen
class LintSettings:
    """How a project wants its policies looked at.

    Args:
        selection: what is looked for.
        strict: warnings count as errors.
        per_path_ignores: further codes to ignore, by a pattern for paths relative to `folder`.
        folder: where the settings stand.
    """

    selection: Selection = field(factory=Selection)
    strict: bool = False
    per_path_ignores: Mapping[str, tuple[str, ...]] = field(factory=dict)
    folder: Path | None = None

    def selection_for(self, path: Path) -> Selection:
        """Return what is looked for in one file."""
        if not self.per_path_ignores or self.folder is None:
            return self.selection
        try:
            relative = path.absolute().relative_to(self.folder.absolute()).as_posix()
        except ValueError:
            return self.selection
        further = [codes for pattern, codes in self.per_path_ignores.items() if _pattern(pattern).fullmatch(relative)]
        ignored = tuple(code for codes in further for code in codes)
        return evolve(self.selection, ignore=(*self.selection.ignore, *ignored))


@cache
def _pattern(glob: str) -> re.Pattern[str]:
    """Turn `drafts/**` or `*.policy` into an expression; a pattern without a slash is for files in any folder."""
    parts = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    found = re.split(r"(\*\*/|\*\*|\*|\?)", glob.removeprefix("./"))
    body = "".join(parts.get(part, re.escape(part)) for part in found)
    return re.compile(body if "/" in glob else f"(?:.*/)?{body}")


def lint_settings(table: object, where: str, folder: Path | None = None) -> LintSettings:
    """Read the table of the settings; what is wrong is said with its place.

    Args:
        where: the file and the section, for a person.

    Raises:
        InputError: an unknown key, code or severity, or a value of the wrong kind.
    """
    if not isinstance(table, Mapping):
        raise InputError(f"{where}: a table is meant here", "write [lint], and the keys on lines of their own")
    for key in table:
        if key not in KEYS:
            raise InputError(f"{where}: there is no key `{key}`", _meant(key))
    return LintSettings(
        Selection(
            select=_codes(table.get("select", [DEFAULT]), f"{where}, `select`", (DEFAULT, ALL)),
            ignore=_codes(table.get("ignore", []), f"{where}, `ignore`", ()),
            severity=_severities(table.get("severity", {}), f"{where}, `severity`"),
            proofs=_truth(table.get("proofs", True), f"{where}, `proofs`"),
        ),
        strict=_truth(table.get("strict", False), f"{where}, `strict`"),
        per_path_ignores=_by_path(table.get("per-path-ignores", {}), f"{where}, `per-path-ignores`"),
        folder=folder,
    )


def _meant(key: str) -> str:
    from difflib import get_close_matches

    near = get_close_matches(key.replace("_", "-").lower(), KEYS, n=1)
    return f"did you mean `{near[0]}`?" if near else f"known here: {', '.join(f'`{known}`' for known in KEYS)}"


def _codes(value: object, where: str, also: tuple[str, ...]) -> tuple[str, ...]:
    words = [value] if isinstance(value, str) else value
    if not isinstance(words, Sequence) or not all(isinstance(word, str) for word in words):
        raise InputError(f"{where}: a list of codes is meant here", 'write them in quotes: ["F103", "T"]')
    try:
        return codes_and_families(words, also=also)
    except InputError as error:
        raise InputError(f"{where}: {error.message}", error.help) from None


def _severities(value: object, where: str) -> dict[str, str]:
    if not isinstance(value, Mapping) or not all(isinstance(each, str) for each in value.values()):
        raise InputError(f"{where}: codes with their severities are meant here", 'write T104 = "warning"')
    try:
        return severities(value)
    except InputError as error:
        raise InputError(f"{where}: {error.message}", error.help) from None


def _truth(value: object, where: str) -> bool:
    if not isinstance(value, bool):
        raise InputError(f"{where}: `{value}` is neither true nor false", "write true or false, without quotes")
    return value


def _by_path(value: object, where: str) -> dict[str, tuple[str, ...]]:
    if not isinstance(value, Mapping):
        raise InputError(f"{where}: paths with codes are meant here", 'write "drafts/**" = ["F"]')
    return {pattern: _codes(codes, f'{where}, `"{pattern}"`', ()) for pattern, codes in value.items()}


class SettingsFinder:
    """Finds the settings of each file: the nearest ones in its folder or above."""

    def __init__(self) -> None:
        self._of_folder: dict[Path, LintSettings | None] = {}

    def of(self, path: Path) -> LintSettings:
        """Return the settings of a file; the defaults where no folder above has any.

        Raises:
            InputError: the settings are wrong.
        """
        return self._above(path.absolute().parent) or LintSettings()

    def _above(self, folder: Path) -> LintSettings | None:
        if folder not in self._of_folder:
            found = settings_in(folder)
            if found is None and folder.parent != folder:
                found = self._above(folder.parent)
            self._of_folder[folder] = found
        return self._of_folder[folder]


_PLACES = (("rulekit.toml", ("lint",)), ("pyproject.toml", ("tool", "rulekit", "lint")))
"""The files that may hold settings, the first one first, each with the way to its section."""


def settings_in(folder: Path) -> LintSettings | None:
    """Return the settings that stand in a folder, if any do."""
    for name, way in _PLACES:
        path = folder / name
        if path.is_file() and (found := _settings_of(path, way)) is not None:
            return found
    return None


def settings_of(path: Path) -> LintSettings:
    """Return the settings of one file, which a person has named.

    Raises:
        InputError: it cannot be read, or has no such section.
    """
    way = dict(_PLACES).get(path.name, ("lint",))
    found = _settings_of(path, way)
    if found is None:
        raise InputError(f"`{path}` has no section [{'.'.join(way)}]", f"write [{'.'.join(way)}]")
    return found


def _settings_of(path: Path, way: tuple[str, ...]) -> LintSettings | None:
    table: Any = _toml(path)
    for name in way:
        table = table.get(name) if isinstance(table, Mapping) else None
        if table is None:
            return None
    return lint_settings(table, f"{path}, [{'.'.join(way)}]", path.parent)


def _toml(path: Path) -> dict[str, Any]:
    import tomllib

    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise InputError(f"`{path}` cannot be read: {error.strerror or error}") from None
    except UnicodeDecodeError:
        raise InputError(f"`{path}` is not in UTF-8", "save it as UTF-8 in your editor") from None
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise InputError(
            f"`{path}` is not a TOML file: {error}".replace("\n", " "), 'a line looks like: ignore = ["F103"]'
        ) from None
