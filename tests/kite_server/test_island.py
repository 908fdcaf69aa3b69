"""The localhost Kite shares nothing with what it tests."""

from __future__ import annotations

import ast
import shutil
import subprocess
import sys
from pathlib import Path

import pytest


def imports(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0
            found.add(str(node.module))
    return found


def test_it_imports_nothing_of_the_rest_nor_the_official_client(project: Path) -> None:
    files = sorted((project / "rulekit" / "kite_server").glob("*.py"))
    assert len(files) > 20
    strays = {
        f"{file.name}: {name}"
        for file in files
        for name in imports(file)
        if (name.split(".")[0] == "rulekit" and not name.startswith("rulekit.kite_server"))
        or name.split(".")[0] in {"kiteconnect", "twisted", "autobahn"}
    }
    assert strays == set()


def test_the_localhost_openalgo_knows_only_the_broker_behind_it(project: Path) -> None:
    files = sorted((project / "rulekit" / "openalgo_server").glob("*.py"))
    assert len(files) > 5
    strays = {
        f"{file.name}: {name}"
        for file in files
        for name in imports(file)
        if (name.split(".")[0] == "rulekit" and not name.startswith(("rulekit.kite_server", "rulekit.openalgo_server")))
        or name.split(".")[0] in {"requests", "httpx"}
    }
    assert strays == set()


def test_only_its_command_knows_it(project: Path) -> None:
    knowing = {
        file.relative_to(project).as_posix()
        for file in (project / "rulekit").rglob("*.py")
        if "kite_server" not in file.parent.name
        and any(name.startswith("rulekit.kite_server") for name in imports(file))
    }
    before_it = {name for name in knowing if name.startswith("rulekit/openalgo_server/")}
    assert knowing - before_it == {"rulekit/cli/kite_server.py", "rulekit/cli/openalgo_server.py"}
    assert before_it


@pytest.mark.parametrize(
    ("module", "line", "contract"),
    [
        ("kite_server/limits.py", "import rulekit.model.orders", "the localhost brokers share nothing with the rest"),
        ("broker/paper.py", "import rulekit.kite_server.server", "every arrow points one way"),
        ("cli/lint.py", "import rulekit.kite_server.oms", "only their commands start the localhost brokers"),
    ],
)
def test_a_bridge_is_caught(project: Path, tmp_path: Path, module: str, line: str, contract: str) -> None:
    shutil.copytree(project / "rulekit", tmp_path / "rulekit", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(project / "pyproject.toml", tmp_path)
    planted = tmp_path / "rulekit" / module
    planted.write_text(planted.read_text(encoding="utf-8") + f"\n{line}\n", encoding="utf-8")
    outcome = subprocess.run(
        [sys.executable, "-c", "from importlinter.cli import lint_imports_command as c; c()", "--no-cache"],
        cwd=tmp_path, env={"PYTHONPATH": str(tmp_path), "PYTHONIOENCODING": "utf-8", "PATH": ""},
        capture_output=True, text=True, encoding="utf-8", check=False,
    )  # fmt: skip
    assert f"{contract} BROKEN" in outcome.stdout, outcome.stdout + outcome.stderr
