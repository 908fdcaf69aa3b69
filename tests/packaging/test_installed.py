"""The built packages, installed elsewhere: the command works, and the grammar and the ready policies are found."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import tarfile
import venv
import zipfile
from pathlib import Path

import pytest

MUST_SHIP = (
    "rulekit/py.typed",
    "rulekit/grammar/policy.lark",
    "rulekit/rules/position-management.policy",
    "rulekit/lints/T104-no-time-exit.md",
    "rulekit/report/templates/day.txt",
    "rulekit/cli/starter/my.policy",
    "rulekit/cli/starter/rulekit.toml",
    "rulekit/cli/starter/positions.csv",
)


def run(*command: str | Path, cwd: Path) -> str:
    environ = {name: text for name, text in os.environ.items() if not name.startswith("PYTHON")}
    outcome = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env={**environ, "PYTHONIOENCODING": "utf-8"},
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr
    return outcome.stdout


@pytest.fixture(scope="module")
def built(project: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the sdist, and the wheel from it, as an index would get them."""
    folder = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "build", "--no-isolation", "--outdir", folder, project, cwd=folder)
    return folder


@pytest.fixture(scope="module")
def wheel(built: Path) -> Path:
    return next(built.glob("*.whl"))


@pytest.fixture(scope="module")
def python(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A new environment that holds the wheel; what it depends on is lent by this one, so that no network is needed."""
    folder = tmp_path_factory.mktemp("elsewhere") / "venv"
    venv.create(folder, with_pip=False)
    scripts = folder / ("Scripts" if os.name == "nt" else "bin")
    python = scripts / ("python.exe" if os.name == "nt" else "python")
    run(
        sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", "--python", python,
        "install", "--no-deps", "--no-index", wheel,
        cwd=folder,
    )  # fmt: skip
    site = Path(run(python, "-c", "import sysconfig; print(sysconfig.get_paths()['purelib'])", cwd=folder).strip())
    (site / "lent.pth").write_text(sysconfig.get_paths()["purelib"], encoding="utf-8")
    return python


def test_the_wheel_holds_what_must_ship_and_no_tests(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    assert set(MUST_SHIP) <= names
    assert {name.split("/")[0] for name in names if ".dist-info" not in name} == {"rulekit"}
    assert any(name.endswith("/LICENSE") for name in names)
    assert not [name for name in names if "__pycache__" in name]


def test_the_sdist_holds_the_tests_and_the_pages(built: Path) -> None:
    with tarfile.open(next(built.glob("*.tar.gz"))) as archive:
        names = {name.split("/", 1)[1] for name in archive.getnames() if "/" in name}
    assert {"grammar/policy.lark", "tests/conftest.py", "docs/architecture.md", "README.md", "LICENSE"} <= names


def test_every_policy_of_the_checkout_ships(wheel: Path, project: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    policies = [path.name for path in (project / "rules").glob("*.policy")]
    assert policies
    assert {f"rulekit/rules/{name}" for name in policies} <= names


def test_the_installed_package_is_the_one_that_runs(python: Path, tmp_path: Path) -> None:
    place = run(python, "-c", "import rulekit; print(rulekit.__file__)", cwd=tmp_path)
    assert str(python.parent.parent) in place


def test_grammar_and_policies_are_found_when_installed(python: Path, tmp_path: Path) -> None:
    code = (
        "from rulekit.model.shipped import shipped_folder, shipped_text\n"
        "print(shipped_folder('grammar')); print(len(shipped_text('rules', 'position-management.policy')))"
    )
    folder, length = run(python, "-c", code, cwd=tmp_path).split("\n")[:2]
    assert str(python.parent.parent) in folder
    assert int(length) > 100


def test_the_command_works_in_another_folder(python: Path, tmp_path: Path) -> None:
    command = python.with_name("rulekit.exe" if os.name == "nt" else "rulekit")
    assert "wrote" in run(command, "init", cwd=tmp_path)
    run(command, "lint", "my.policy", cwd=tmp_path)
    assert run(command, "lint", "--explain", "T104", cwd=tmp_path).startswith("# T104 no-time-exit")
    assert run(command, "--version", cwd=tmp_path) == run(python, "-m", "rulekit", "--version", cwd=tmp_path)


def test_a_plain_checkout_finds_its_own_folders(project: Path) -> None:
    from rulekit.model.shipped import shipped_folder

    assert str(shipped_folder("grammar")) == str(project / "grammar")


def test_a_broken_installation_is_told() -> None:
    from rulekit.errors import UnreadableFileError
    from rulekit.model.shipped import shipped_folder, shipped_text

    with pytest.raises(UnreadableFileError, match="the folder `nothing` of this installation is missing"):
        shipped_folder("nothing")
    with pytest.raises(UnreadableFileError, match=r"`nothing\.lark` of this installation cannot be read"):
        shipped_text("grammar", "nothing.lark")


def test_names_and_versions_agree(wheel: Path) -> None:
    import rulekit

    assert wheel.name.startswith(f"rulekit_policy-{rulekit.__version__}-py3-none-any")
