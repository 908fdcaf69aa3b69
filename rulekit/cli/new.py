"""`rulekit new`: begin a package that adds a fact, or a year of exchange days; nothing is ever overwritten."""

from __future__ import annotations

import re
from importlib.resources import files
from pathlib import Path

import click

from rulekit.errors import UnreadableFileError, UsageError

TEMPLATES = {
    "pyproject.toml.txt": "pyproject.toml",
    "README.md.txt": "README.md",
    "init.py.txt": "rulekit_@underscored@/__init__.py",
    "facts.py.txt": "rulekit_@underscored@/facts.py",
    "test_facts.py.txt": "tests/test_facts.py",
}
"""The files of a package, by the template of each."""
_NAME = re.compile(r"[a-z][a-z0-9]+(?: [a-z0-9]+)*")


@click.group("new")
def command() -> None:
    r"""Begin something new.

    \b
    Examples:
      rulekit new plugin "premium decay"
      rulekit new holidays 2027
    """


@command.command("plugin")
@click.argument("name", nargs=-1, required=True)
@click.option(
    "--folder", type=click.Path(path_type=Path), help="where to write it [default: rulekit-NAME in this folder]"
)
def plugin(name: tuple[str, ...], folder: Path | None) -> None:
    """Write a package that adds the fact NAME to policies: declaration, computation, tests.

    Exit codes: 0 done, 2 the name cannot be one, or the folder is there already.
    """
    from rulekit.language.plugged import clash

    spoken = " ".join(" ".join(name).lower().replace("-", " ").replace("_", " ").split())
    if not _NAME.fullmatch(spoken):
        raise UsageError(f"`{' '.join(name)}` is no name of a fact", "lower-case words, like `premium decay`")
    if why := clash(spoken):
        raise UsageError(f"a fact cannot be called so: {why}", f"choose another name, for example `my {spoken}`")
    target = folder or Path(f"rulekit-{spoken.replace(' ', '-')}")
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise UsageError(f"`{target}` is there already", "give another --folder; nothing is overwritten")
    words = {"@spoken@": spoken, "@dashed@": spoken.replace(" ", "-"), "@underscored@": spoken.replace(" ", "_")}
    for template, path in TEMPLATES.items():
        _write(target / _filled(path, words), _filled(_template("plugin", template), words))
    click.echo(f"wrote {target}: a package that adds `{spoken}`")
    shown = f'"{target}"' if " " in str(target) else str(target)
    click.echo(f"next: pip install -e {shown}, then rulekit plugins {spoken}")


@command.command("holidays")
@click.argument("year", type=click.IntRange(2019, 2100))
@click.option("--file", "path", type=click.Path(path_type=Path), help="[default: holidays-YEAR.toml in this folder]")
def holidays(year: int, path: Path | None) -> None:
    """Write a file for the exchanges' days of YEAR, to be filled in from their circulars.

    Exit codes: 0 done, 2 the file is there already or cannot be written.
    """
    from rulekit.model.calendar_year import national_holidays

    target = path or Path(f"holidays-{year}.toml")
    if target.exists():
        raise UsageError(f"`{target}` is there already", "give another --file; nothing is overwritten")
    national = "".join(f"    {day.isoformat()}, # {name}\n" for day, name in national_holidays(year))
    words = {"@year@": str(year), "@file@": target.name, "@national@": national}
    _write(target, _filled(_template("holidays.toml"), words))
    click.echo(f"wrote {target}: copy the days of {year} from the exchanges' circulars into it")
    click.echo(f'next: files = ["{target.name}"] under [calendar] in rulekit.toml, then rulekit doctor')


def _template(*name: str) -> str:
    return files("rulekit.cli").joinpath("starter", *name).read_text(encoding="utf-8")


def _filled(text: str, words: dict[str, str]) -> str:
    for mark, word in words.items():
        text = text.replace(mark, word)
    return text


def _write(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8", newline="\n") as file:
            file.write(text)
    except OSError as error:
        raise UnreadableFileError(
            f"`{path}` cannot be written: {error.strerror or error}", "give a folder that you may write to"
        ) from None
