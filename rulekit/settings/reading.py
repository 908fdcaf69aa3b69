"""Reads `rulekit.toml` and the environment; whatever is wrong is said with its place and a way to mend it."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterator, Mapping
from decimal import Decimal, InvalidOperation
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from attrs import evolve, fields_dict, has

from rulekit.errors import InputError, RulekitError, UnreadableFileError
from rulekit.lint.settings import lint_settings
from rulekit.model.clock import parse_clock
from rulekit.settings.sections import RECORD_ACTIONS, RECORD_ALL, InstrumentsSettings, Settings
from rulekit.settings.strict import WrongValueError, converter, shown

FILE_NAME = "rulekit.toml"

ENVIRONMENT = {
    "RULEKIT_CYCLE_S": ("engine", "cycle_s"),
    "RULEKIT_QUARANTINE_S": ("execution", "quarantine_s"),
    "RULEKIT_PATIENCE_S": ("execution", "patience_s"),
    "RULEKIT_STALE_S": ("execution", "stale_s"),
    "RULEKIT_CLOCK": ("engine", "clock"),
    "RULEKIT_JOURNAL": ("journal", "place"),
    "RULEKIT_KITE_API_KEY": ("kite", "api_key"),
    "RULEKIT_KITE_ACCESS_TOKEN": ("kite", "access_token"),
    "RULEKIT_KITE_API_SECRET": ("kite", "api_secret"),
    "RULEKIT_KITE_ROOT": ("kite", "root"),
    "RULEKIT_KITE_TICKER": ("kite", "ticker"),
    "RULEKIT_OPENALGO_API_KEY": ("openalgo", "api_key"),
    "RULEKIT_OPENALGO_ROOT": ("openalgo", "root"),
}
"""Environment variables that override a key."""

NUMBERS = {"cycle_s", "quarantine_s", "patience_s", "stale_s"}
"""Those of them that are numbers; the others are texts."""

POSITIVE = {
    "cycle_s",
    "lease_s",
    "lot",
    "tick",
    "multiplier",
    "freeze",
    "max_tries",
    "per_second",
    "per_minute",
    "per_day",
}
"""Keys that must be above 0. No other number may be below it, save SIGNED ones."""

SIGNED = {"seed"}

BELOW_ONE = {"reserve", "margin"}
"""Shares that must leave something over."""


def load_settings(path: Path | None = None, environ: Mapping[str, str] | None = None) -> Settings:
    """Read the settings of a file, and let the environment override them.

    Args:
        path: the file; None takes `rulekit.toml` of the current folder, and the defaults where there is none.
        environ: the environment's variables; None takes the process's own.

    Raises:
        UnreadableFileError: the file cannot be read or is not TOML.
        InputError: a section, a key or a value is wrong; only the first one is told.
    """
    environ = os.environ if environ is None else environ
    path = path or find_settings(Path())
    raw = _read(path) if path is not None else {}
    where = str(path) if path is not None else FILE_NAME
    names: dict[tuple[str, ...], str] = {}
    for variable, place in ENVIRONMENT.items():
        text = environ.get(variable, "").strip()
        if text:
            section, key = place
            raw.setdefault(section, {})
            if isinstance(raw[section], dict):
                raw[section][key] = _as_number(variable, text) if key in NUMBERS else text
                names[place] = f"the environment variable `{variable}`"
    return _structure(raw, where, names, path.parent if path is not None else Path())


def find_settings(folder: Path) -> Path | None:
    """Return the settings file of a folder, or None if it has none."""
    path = folder / FILE_NAME
    return path if path.is_file() else None


def _read(path: Path) -> dict[str, Any]:
    """Parse a file; decimal fractions stay exact."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise UnreadableFileError(
            f"there is no settings file `{path}`", "`rulekit init` writes one; without one the defaults hold"
        ) from None
    except IsADirectoryError:
        raise UnreadableFileError(f"`{path}` is a folder, not a settings file", f"try {path / FILE_NAME}") from None
    except UnicodeDecodeError:
        raise UnreadableFileError(f"`{path}` is not in UTF-8", "save it as UTF-8 in your editor") from None
    except OSError as error:
        raise UnreadableFileError(f"`{path}` cannot be read: {error.strerror or error}") from None
    try:
        return tomllib.loads(text, parse_float=Decimal)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise UnreadableFileError(
            f"`{path}` is not a TOML file: {error}".replace("\n", " "),
            'a line looks like: cycle_s = 10, or files = ["my.policy"]',
        ) from None


def _as_number(variable: str, text: str) -> Decimal:
    """Read a number from the environment."""
    try:
        return Decimal(text)
    except InvalidOperation:
        raise InputError(
            f"the environment variable `{variable}` is `{text}`, which is not a number", "write seconds, like 10 or 0.5"
        ) from None


def _structure(raw: dict[str, Any], where: str, names: Mapping[tuple[str, ...], str], folder: Path) -> Settings:
    """Turn plain values into settings."""
    if "lint" in raw:  # of use to `rulekit lint` only, which reads it by itself; a mistake in it is told here too
        lint_settings(raw["lint"], f"{where}, [lint]")
        raw = {section: table for section, table in raw.items() if section != "lint"}
    if isinstance(raw.get("instruments"), dict):
        raw = {**raw, "instruments": _symbols_apart(raw["instruments"])}
    try:
        settings = converter().structure(raw, Settings)
    except Exception as error:  # cattrs wraps whatever a hook raises in groups
        raise _explain(error, raw, where, names) from None
    settings = evolve(
        settings,
        policies=evolve(settings.policies, files=tuple(folder / file for file in settings.policies.files)),
        calendar=evolve(settings.calendar, files=tuple(folder / file for file in settings.calendar.files)),
    )
    _check_values(settings, where, names)
    return settings


def _symbols_apart(table: dict[str, Any]) -> dict[str, Any]:
    """Move the tables of symbols, which stand beside the defaults in the file, to a key of their own."""
    plain = {key: value for key, value in table.items() if not isinstance(value, dict)}
    return {**plain, "symbols": {key: value for key, value in table.items() if isinstance(value, dict)}}


def _explain(
    error: Exception, raw: Mapping[str, Any], where: str, names: Mapping[tuple[str, ...], str]
) -> RulekitError:
    """Say the first thing that is wrong, with its place."""
    place, cause = next(_causes(error, ()))
    shown_place = _place(place, where, names)
    unknown = getattr(cause, "extra_fields", None)
    if unknown:
        name, known = sorted(unknown)[0], _keys_of(getattr(cause, "cl", None))
        return InputError(
            f"{_place((*place, name), where, names)}: there is no such {_what(place)}", _meant(name, known)
        )
    if isinstance(cause, RulekitError):
        return InputError(f"{shown_place}: {cause.message}", cause.help)
    if isinstance(cause, WrongValueError):
        return InputError(f"{shown_place}: {cause}", cause.help)
    if place and not isinstance(_value_at(raw, place), dict):
        return InputError(
            f"{shown_place}: {shown(_value_at(raw, place))} stands where a table is meant", f"write [{place[0]}]"
        )
    return InputError(f"{shown_place}: {cause}", f"compare with the {FILE_NAME} that `rulekit init` writes")


def _causes(error: BaseException, place: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], BaseException]]:
    """Walk cattrs' groups of errors to the single ones, with the keys on the way."""
    inner = getattr(error, "exceptions", None)
    if not inner:
        yield place, error
        return
    for one in inner:
        key = None
        for note in getattr(one, "__notes__", ()):
            key = getattr(note, "name", getattr(note, "index", None))
        yield from _causes(one, place if key is None else (*place, str(key)))


def _place(place: tuple[str, ...], where: str, names: Mapping[tuple[str, ...], str]) -> str:
    """Name a key: its file, its section, itself; or the environment variable that it came from."""
    place = tuple(part for part in place if part != "symbols")
    if place in names:
        return names[place]
    if not place:
        return where
    section = f"[{place[0]}]"
    return f"{where}, {section}" if len(place) == 1 else f"{where}, {section}, `{'.'.join(place[1:])}`"


def _what(place: tuple[str, ...]) -> str:
    return "key" if place else "section"


def _keys_of(kind: Any) -> list[str]:
    """List the keys that a section knows."""
    return list(fields_dict(kind)) if isinstance(kind, type) and has(kind) else []


def _meant(name: str, known: list[str]) -> str:
    """Suggest the key that was meant: one spelled alike, else one of the same name elsewhere, else all of them."""
    if near := get_close_matches(name, known, n=1):
        return f"did you mean `{near[0]}`?"
    for section, attribute in fields_dict(Settings).items():
        if name in _keys_of(attribute.type if isinstance(attribute.type, type) else None):
            return f"`{name}` belongs into [{section}]"
    return f"known here: {', '.join(f'`{key}`' for key in known if key != 'symbols')}"


def _value_at(raw: Any, place: tuple[str, ...]) -> Any:
    for part in place:
        raw = raw.get(part) if isinstance(raw, Mapping) else None
    return raw


def _check_values(settings: Settings, where: str, names: Mapping[tuple[str, ...], str]) -> None:
    """Refuse what has the right kind and makes no sense."""
    for section in fields_dict(Settings):
        _check_signs(getattr(settings, section), (section,), where, names)
    try:
        if settings.engine.clock:
            parse_clock(settings.engine.clock)
    except RulekitError as error:
        raise InputError(f"{_place(('engine', 'clock'), where, names)}: {error.message}", error.help) from None
    if settings.journal.record not in (RECORD_ACTIONS, RECORD_ALL):
        raise InputError(
            f"{_place(('journal', 'record'), where, names)}: `{settings.journal.record}` is neither",
            f"write {RECORD_ACTIONS} or {RECORD_ALL}",
        )
    try:
        settings.calendar.calendar()
    except RulekitError as error:
        raise InputError(f"{where}, [calendar]: {error.message}", error.help) from None


def _check_signs(part: Any, place: tuple[str, ...], where: str, names: Mapping[tuple[str, ...], str]) -> None:
    """Refuse numbers below zero, lots, ticks and the like that are not above it, and shares of more than all."""
    if isinstance(part, InstrumentsSettings):
        for symbol, own in part.symbols.items():
            _check_signs(own, (*place, symbol), where, names)
    for key in fields_dict(type(part)):
        value = getattr(part, key)
        for number in value if isinstance(value, tuple) else (value,):
            if isinstance(number, (int, float, Decimal)) and (wrong := _wrong_number(key, number)):
                raise InputError(f"{_place((*place, key), where, names)}: `{number}` {wrong[0]}", wrong[1])


def _wrong_number(key: str, number: float | Decimal) -> tuple[str, str] | None:
    """Say what is wrong with a key's number, and what to write."""
    if key in POSITIVE and number <= 0:
        return "must be above 0", "write a positive number"
    if key not in SIGNED and number < 0:
        return "is below 0", "write seconds, like 10" if key.endswith("_s") else "write 0 or more"
    if key in BELOW_ONE and number >= 1:
        return "is a share and must be below 1", "write 0.3 for 30%"
    return None
