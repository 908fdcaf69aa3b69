"""Code of value classes that is kept between runs: the same classes come of it, and nothing else is believed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from rulekit.cli.kept_code import KeptCode

SCRIPT = (
    "def __hash__(self):\n        return hash((\n                {salt},\n                self.price,\n            ))\n"
)


def test_a_text_is_compiled_once_whatever_its_salt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    first = KeptCode(tmp_path / "values.code")
    code = first.compile(SCRIPT.format(salt=12345), "<values of A>", "exec")
    first.keep()
    again = KeptCode(tmp_path / "values.code")
    assert again.compile(SCRIPT.format(salt=-9), "<values of A>", "exec") == code
    before = (tmp_path / "values.code").stat().st_mtime_ns
    again.keep()
    assert (tmp_path / "values.code").stat().st_mtime_ns == before, "nothing new is not written"


def test_another_text_or_class_is_compiled_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    kept = KeptCode(tmp_path / "values.code")
    for source, name, expected in (("x = 1", "A", 1), ("x = 2", "A", 2), ("x = 3", "B", 3), ("x = 1", "A", 1)):
        scope: dict[str, int] = {}
        exec(kept.compile(source, name, "exec"), scope)
        assert scope["x"] == expected
    assert eval(kept.compile("1 + 1", "<calculated>", "eval")) == 2
    kept.keep()
    assert len(KeptCode(tmp_path / "values.code")._known) == 3


@pytest.mark.parametrize("harm", [b"", b"nothing of the kind", b"i\x01\x00\x00\x00", b"{\xff\xff"])
def test_a_harmed_file_counts_for_nothing(tmp_path: Path, harm: bytes) -> None:
    path = tmp_path / "values.code"
    path.write_bytes(harm)
    assert KeptCode(path)._known == {}


def test_nothing_is_kept_where_python_keeps_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = KeptCode(tmp_path / "missing" / "values.code")
    kept.compile("x = 1", "A", "exec")
    kept.keep()
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    kept = KeptCode(tmp_path / "values.code")
    kept.compile("x = 1", "A", "exec")
    kept.keep()
    assert list(tmp_path.iterdir()) == []


def test_lint_says_the_same_with_and_without(tmp_path: Path, project: Path) -> None:
    """Two runs of the program over its own place: the first keeps, the second takes what was kept."""
    (tmp_path / "my.policy").write_text(
        "book 50% at 15% profit after 30 minutes\nbook 75% at 5% profit\n", encoding="utf-8"
    )
    start = (
        "import sys; from pathlib import Path; import rulekit.cli.kept_code as kept; "
        f"kept.__file__ = {str(tmp_path / 'module.py')!r}; from rulekit.cli.main import entry; entry()"
    )
    (tmp_path / "__pycache__").mkdir()
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    environment |= {"PYTHONPATH": str(project), "PYTHONPYCACHEPREFIX": str(tmp_path / "compiled")}
    runs = [
        subprocess.run(
            [sys.executable, "-c", start, "lint", "my.policy"], cwd=tmp_path, env=environment, capture_output=True,
            text=True, encoding="utf-8", check=False,
        )
        for _ in range(2)
    ]  # fmt: skip
    assert runs[0].returncode == 0, runs[0].stderr
    assert "books" in runs[0].stdout
    assert (runs[0].stdout, runs[0].returncode) == (runs[1].stdout, runs[1].returncode)
    [written] = (tmp_path / "__pycache__").iterdir()
    assert written.stat().st_size > 10_000
