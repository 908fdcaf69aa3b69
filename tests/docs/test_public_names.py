"""The public API and its page say the same: no name that is not documented, nothing documented that does not exist."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import attrs
import pytest

import rulekit

ROW = re.compile(r"^\| `rulekit\.(?P<name>\w+)` \|.*\| (?P<parts>[^|]*)\|$", re.MULTILINE)
OF_INSTANCES = {"Desk": {"policies"}, "RulekitError": {"message", "help"}}
"""Parts that stand in an instance alone."""
OF_PYTHON = set(dir(Exception))


@pytest.fixture(scope="module")
def documented(project: Path) -> dict[str, set[str]]:
    page = (project / "docs" / "embed.md").read_text(encoding="utf-8")
    rows = {hit["name"]: set(re.findall(r"`(\w+)`", hit["parts"])) for hit in ROW.finditer(page)}
    assert len(rows) >= 12
    return rows


def parts_of(name: str, thing: Any) -> set[str]:
    """List the public parts of a class."""
    if not isinstance(thing, type) or name == "Settings":  # its sections have a page of their own
        return set()
    fields = {field.alias or field.name for field in attrs.fields(thing)} if attrs.has(thing) else set()
    found = {part for part in {*dir(thing), *fields} if not part.startswith("_")} | OF_INSTANCES.get(name, set())
    if issubclass(thing, Exception):
        found -= OF_PYTHON
    if name in ("Action", "Decision"):  # their fields for sentences have a property in front
        found -= {"account"}
    return found


def test_every_public_name_is_on_the_page_and_the_other_way_round(documented: dict[str, set[str]]) -> None:
    assert set(documented) == set(rulekit.__all__) - {"__version__"}


@pytest.mark.parametrize("name", [name for name in rulekit.__all__ if name != "__version__"])
def test_every_part_is_on_the_page_and_the_other_way_round(name: str, documented: dict[str, set[str]]) -> None:
    assert documented[name] == parts_of(name, getattr(rulekit, name))


def test_every_public_name_and_part_says_what_it_is() -> None:
    bare = []
    for name in rulekit.__all__:
        thing = getattr(rulekit, name)
        if name == "__version__":
            continue
        if not thing.__doc__:
            bare.append(name)
        bare += [
            f"{name}.{part}"
            for part in parts_of(name, thing)
            if (callable(what := getattr(thing, part, None)) or isinstance(what, property)) and not what.__doc__
        ]
    assert bare == []


def test_names_on_the_page_lead_somewhere(project: Path) -> None:
    page = (project / "docs" / "embed.md").read_text(encoding="utf-8")
    page = page.replace("`rulekit.toml`", "")
    named = {*re.findall(r"\brulekit\.([A-Za-z_]+)\(", page), *re.findall(r"`rulekit\.(\w+)`", page)}
    assert {"Desk", "load", "load_all", "Policy"} <= named
    assert [name for name in sorted(named) if not hasattr(rulekit, name)] == []


def test_importing_the_package_loads_nothing_of_it(project: Path) -> None:
    said = "import sys, rulekit; print(*sorted(name for name in sys.modules if name.startswith('rulekit')))"
    outcome = subprocess.run([sys.executable, "-c", said], cwd=project, capture_output=True, text=True, check=True)
    assert outcome.stdout.split() == ["rulekit", "rulekit.model", "rulekit.model.version"]


def test_a_name_that_does_not_exist_is_refused() -> None:
    with pytest.raises(AttributeError, match="no attribute 'Trader'"):
        rulekit.Trader  # noqa: B018
    assert dir(rulekit) == sorted(rulekit.__all__)
