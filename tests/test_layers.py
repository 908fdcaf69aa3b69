"""The house keeps its arrows: layers, homes of libraries, and nothing heavy on the way to `rulekit lint`."""

from __future__ import annotations

import ast
import os
import shutil
import subprocess
import sys
import tomllib
from fnmatch import fnmatch
from pathlib import Path

import pytest

HOMES = {
    "lark": ("rulekit/language/parser.py",),
    "jinja2": ("rulekit/report/*", "rulekit/alert/*", "rulekit/page/layout.py"),
    "sqlite3": ("rulekit/execution/journal_sqlite.py", "rulekit/broker/paper*"),
    "psycopg": ("rulekit/execution/journal_postgres*",),
    "kiteconnect": ("rulekit/broker/kite_calls.py",),
    "cattrs": ("rulekit/settings/*", "rulekit/execution/journal*"),
    "numba": ("rulekit/compile/*", "rulekit/replay/*"),
    "talipp": ("rulekit/market/*",),
    "pygls": ("rulekit/editor/*", "rulekit/cli/lsp.py"),
    "lsprotocol": ("rulekit/editor/*",),
    "pygments": ("rulekit/editor/pygments_lexer.py",),
    "starlette": ("rulekit/page/*", "rulekit/studio/*"),
    "uvicorn": ("rulekit/page/serving.py",),
    "prometheus_client": ("rulekit/metrics/*",),
    "backtesting": ("rulekit/hosts/backtesting_py.py",),
    "freqtrade": ("rulekit/hosts/freqtrade_host.py",),
    "nautilus_trader": ("rulekit/hosts/nautilus.py",),
}
"""Where a library may be imported at all."""

LATE = ("pyarrow", "numpy", "numba", "rich", "cattrs", "jinja2", "kiteconnect", "psycopg", "prometheus_client")
"""Libraries that are imported inside functions only, because they are slow to load."""

BANNED_NAMES = {"utils", "util", "helper", "helpers", "base", "common", "misc", "tools"}
"""Module names that say nothing about what is in them."""


def modules(project: Path) -> list[Path]:
    found = sorted((project / "rulekit").rglob("*.py"))
    assert len(found) > 50
    return found


def imported(tree: ast.AST, *, at_load: bool) -> set[str]:
    """Collect the top-level names of imported packages, everywhere or only where loading the module runs them."""
    names: set[str] = set()
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            names.add(node.module.split(".")[0])
        elif not (at_load and runs_later(node)):
            names |= imported(node, at_load=at_load)
    return names


def runs_later(node: ast.AST) -> bool:
    """Tell whether loading a module passes a part over: bodies of functions, and what only a type checker reads."""
    if isinstance(node, ast.If):
        return "TYPE_CHECKING" in ast.dump(node.test)
    return isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda))


def test_libraries_stay_in_their_homes(project: Path) -> None:
    strays = [
        f"{path.relative_to(project).as_posix()} imports {library}"
        for path in modules(project)
        for library in imported(ast.parse(path.read_text(encoding="utf-8")), at_load=False) & set(HOMES)
        if not any(fnmatch(path.relative_to(project).as_posix(), home) for home in HOMES[library])
    ]
    assert strays == []


def test_heavy_libraries_are_imported_late(project: Path) -> None:
    early = [
        f"{path.relative_to(project).as_posix()} imports {library} when it is loaded"
        for path in modules(project)
        for library in sorted(imported(ast.parse(path.read_text(encoding="utf-8")), at_load=True) & set(LATE))
    ]
    assert early == []


@pytest.mark.parametrize("code", ["import rulekit.cli.lint", "import rulekit; rulekit.load", "import rulekit.cli.init"])
def test_the_way_to_lint_loads_nothing_heavy(project: Path, code: str) -> None:
    ask = f"{code}\nimport sys; print(*sorted(set(sys.modules) & {set(LATE) | {'sqlite3', 'asyncio', 'talipp'}!r}))"
    outcome = subprocess.run(
        [sys.executable, "-c", ask], cwd=project, capture_output=True, text=True, encoding="utf-8", check=True
    )
    assert outcome.stdout.strip() == ""


def test_names_of_modules_say_what_is_in_them(project: Path) -> None:
    assert [path.name for path in modules(project) if path.stem in BANNED_NAMES] == []


def test_every_room_has_its_layer(project: Path) -> None:
    contracts = tomllib.loads((project / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"][
        "contracts"
    ]
    layers = next(contract["layers"] for contract in contracts if contract["id"] == "layers")
    listed = {name.strip().removeprefix("rulekit.") for layer in layers for name in layer.split("|")}
    rooms = {
        path.stem
        for path in (project / "rulekit").iterdir()
        if not path.name.startswith("__") and (path.suffix == ".py" or (path / "__init__.py").is_file())
    }
    assert rooms == listed


def lint_imports(folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", "from importlinter.cli import lint_imports_command as c; c()", "--no-cache"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder), "PYTHONIOENCODING": "utf-8"},
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )


def test_arrows_point_one_way(project: Path) -> None:
    outcome = lint_imports(project)
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr


@pytest.mark.parametrize(
    ("module", "line", "contract"),
    [
        ("model/prices.py", "from rulekit.engine import decide", "every arrow points one way"),
        ("execution/port.py", "import rulekit.language.tree", "what touches a broker never knows the language"),
        ("engine/__init__.py", "import lark", "lark only in the parser"),
        ("market/__init__.py", "import rulekit.compile", "indicators know prices only"),
    ],
)
def test_an_arrow_the_wrong_way_is_caught(project: Path, tmp_path: Path, module: str, line: str, contract: str) -> None:
    shutil.copytree(project / "rulekit", tmp_path / "rulekit", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(project / "pyproject.toml", tmp_path)
    planted = tmp_path / "rulekit" / module
    planted.write_text(planted.read_text(encoding="utf-8") + f"\n{line}\n", encoding="utf-8")
    outcome = lint_imports(tmp_path)
    assert outcome.returncode != 0
    assert f"{contract} BROKEN" in outcome.stdout
