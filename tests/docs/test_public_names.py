"""The public API and its page say the same: no name that is not documented, nothing documented that does not exist."""

from __future__ import annotations

import ast
import inspect
import re
import subprocess
import sys
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from pkgutil import resolve_name
from typing import Any

import attrs
import pytest

import rulekit
from rulekit.hosts.bars import BarDesk
from rulekit.plugins.discovery import GROUPS

ROW = re.compile(r"^\| `rulekit\.(?P<name>\w+)` \|.*\| (?P<parts>[^|]*)\|$", re.MULTILINE)
NOT_PROMISED = re.compile(r"^What a manager is made of can be reached \((?P<names>[^)]*)\)", re.MULTILINE)
FILES = {"rulekit.toml", "rulekit.json", "rulekit.exe", "rulekit.path", "rulekit.entry"}
"""Names with a dot that are files, a setting of an editor, a table of a database."""
SAID_OF = re.compile(r"\b(?P<thing>desk|manager|policy|decision|action|event)\.(?P<part>[a-z]\w*)")
OF_PYTHON = set(dir(Exception))


@pytest.fixture(scope="module")
def documented(project: Path) -> dict[str, set[str]]:
    page = (project / "docs" / "embed.md").read_text(encoding="utf-8")
    rows = {hit["name"]: set(re.findall(r"`(\w+)`", hit["parts"])) for hit in ROW.finditer(page)}
    assert len(rows) >= 12
    return rows


def set_in_instances(thing: type) -> set[str]:
    """List the public names that a class or its ancestors give their instances by assignment."""
    found = set()
    for each in thing.__mro__:
        if each.__module__.partition(".")[0] == "rulekit":
            tree = ast.parse(inspect.cleandoc("\n" + inspect.getsource(each)))
            found |= {
                node.attr
                for node in ast.walk(tree)
                if isinstance(node, ast.Attribute)
                and isinstance(node.ctx, ast.Store)
                and ast.unparse(node.value) == "self"
            }
    return {name for name in found if not name.startswith("_")}


def parts_of(name: str, thing: Any) -> set[str]:
    """List the public parts of a class."""
    if not isinstance(thing, type) or name == "Settings":  # its sections have a page of their own
        return set()
    fields = {field.alias or field.name for field in attrs.fields(thing)} if attrs.has(thing) else set()
    found = {part for part in {*dir(thing), *fields} if not part.startswith("_")} | set_in_instances(thing)
    if issubclass(thing, Exception):
        found -= OF_PYTHON
    if name in ("Action", "Decision"):  # their fields for sentences have a property in front
        found -= {"account"}
    return found


def test_every_public_name_is_on_the_page_and_the_other_way_round(documented: dict[str, set[str]]) -> None:
    assert set(documented) == set(rulekit.__all__) - {"__version__"}


@pytest.mark.parametrize("name", [name for name in rulekit.__all__ if name != "__version__"])
def test_every_part_is_on_the_page_and_the_other_way_round(
    project: Path, name: str, documented: dict[str, set[str]]
) -> None:
    said = documented[name]
    if name == "Manager":
        told = NOT_PROMISED.search((project / "docs" / "embed.md").read_text(encoding="utf-8"))
        assert told is not None
        inner = set(re.findall(r"`(\w+)`", told["names"]))
        assert not inner & said
        said = said | inner
    assert said == parts_of(name, getattr(rulekit, name))


def test_nothing_can_be_had_of_the_package_but_its_public_names() -> None:
    public = set(rulekit.__all__) - {"__version__"}
    assert set(rulekit._HOMES) == public
    tree = ast.parse(inspect.getsource(rulekit))
    shown = {
        name.asname for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) for name in node.names if name.asname
    }
    assert shown == public


@pytest.mark.parametrize("name", ["Desk", "Manager"])
def test_every_argument_of_what_is_made_by_a_host_says_what_it_is(name: str) -> None:
    thing = getattr(rulekit, name)
    told = inspect.getdoc(thing) or ""
    said = set(re.findall(r"^    (\w+): ", told.partition("Raises:")[0], re.MULTILINE))
    assert set(inspect.signature(thing).parameters) == said


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


def test_names_on_the_pages_lead_somewhere(project: Path) -> None:
    named = set()
    for page in [project / "README.md", *(project / "docs").glob("*.md"), *(project / "plugins").glob("*/README.md")]:
        named |= set(re.findall(r"\brulekit(?:\.[A-Za-z_]\w*)+", page.read_text(encoding="utf-8")))
    assert {"rulekit.Desk", "rulekit.load", "rulekit.hosts.orchestrator"} <= named
    assert [name for name in sorted(named - FILES - set(GROUPS)) if not leads_somewhere(name)] == []


def leads_somewhere(name: str) -> bool:
    """Tell whether a name with dots is a module (its framework may be missing here), or something in one."""
    with suppress(ModuleNotFoundError):
        if find_spec(name):
            return True
    try:
        resolve_name(name)
    except (AttributeError, ModuleNotFoundError):
        return False
    return True


def test_what_pages_say_of_a_thing_is_a_part_of_it(project: Path) -> None:
    found = []
    for page in [*(project / "docs").glob("host*.md"), *(project / "docs" / name for name in ("embed.md", "bulk.md"))]:
        for hit in SAID_OF.finditer(page.read_text(encoding="utf-8")):
            thing = (
                BarDesk
                if hit["thing"] == "desk" and page.name != "embed.md"
                else getattr(rulekit, hit["thing"].title())
            )
            if hit["part"] not in parts_of(thing.__name__, thing):
                found.append(f"{page.name}: {hit[0]}")
    assert found == []


def test_importing_the_package_loads_nothing_of_it(project: Path) -> None:
    said = "import sys, rulekit; print(*sorted(name for name in sys.modules if name.startswith('rulekit')))"
    outcome = subprocess.run([sys.executable, "-c", said], cwd=project, capture_output=True, text=True, check=True)
    assert outcome.stdout.split() == ["rulekit", "rulekit.model", "rulekit.model.version"]


def test_a_name_that_does_not_exist_is_refused() -> None:
    with pytest.raises(AttributeError, match="no attribute 'Trader'"):
        rulekit.Trader  # noqa: B018
    assert dir(rulekit) == sorted(rulekit.__all__)
