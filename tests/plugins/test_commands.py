"""`rulekit plugins` names what is there and what is broken; `rulekit new plugin` writes a package that is well."""

from __future__ import annotations

import json
import runpy
import shlex
import sys
from pathlib import Path

import pytest

from rulekit.market.market import Market
from rulekit.model.instrument import InstrumentKey
from tests.command_line import called
from tests.plugins.packages import fact, install
from tests.plugins.tutorial import PAGE, steps


def test_all_are_listed_with_version_and_health(site: Path, tmp_path: Path) -> None:
    source = "A = " + fact("mood", "[1.0] * len(bars)", low=0, high=5) + "B = " + fact("gloom", "1 / 0", low=1)
    install(site, "mood-words", source, {"mood": "A", "spirits": "A", "gloom": "B"}, version="3.4")
    install(site, "lost-words", "import not_there_at_all", {"lost_word": "X"})
    install(site, "rsi-words-two", "X = " + fact("rsi", "[]"), {"rsi": "X"})
    outcome = called("plugins", "--format", "json", cwd=tmp_path)
    found = {row["name"]: row for row in json.loads(outcome.stdout)}
    assert outcome.returncode == 1
    assert set(found) == {"mood", "spirits", "gloom", "lost word", "rsi"}
    assert (found["mood"]["package"], found["mood"]["version"], found["mood"]["well"]) == ("mood-words", "3.4", True)
    assert "raised ZeroDivisionError" in found["gloom"]["trouble"]
    assert "No module named 'not_there_at_all'" in found["lost word"]["trouble"]
    assert "is a word of the language" in found["rsi"]["trouble"]
    table = called("plugins", cwd=tmp_path)
    assert "mood-words" in table.stdout and "Traceback" not in table.stdout + table.stderr
    page = called("plugins", "Spirits", cwd=tmp_path)
    assert "from 0 to 5" in page.stdout and "exit when mood is above 50%" in page.stdout
    assert called("plugins", "gloom", cwd=tmp_path).stdout.splitlines()[2].endswith(", from 1")
    assert called("plugins", "nothing", "such", cwd=tmp_path).returncode == 2


def test_where_nothing_is_installed_the_way_on_is_told(site: Path, tmp_path: Path) -> None:
    outcome = called("plugins", cwd=tmp_path)
    assert outcome.returncode == 0 and "rulekit new plugin" in outcome.stdout


@pytest.mark.parametrize(
    ("name", "said"),
    [("Profit", "is a word of the language"), ("9 lives", "is no name"), ("a&b", "is no name"), ("swing or", "choose")],
)
def test_a_name_that_cannot_be_one_is_refused(tmp_path: Path, name: str, said: str) -> None:
    outcome = called("new", "plugin", name, cwd=tmp_path)
    assert outcome.returncode == 2 and said in outcome.stderr
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    assert called("new", "plugin", "swing", cwd=tmp_path).returncode == 0
    (tmp_path / "rulekit-swing" / "README.md").write_text("mine", encoding="utf-8")
    assert called("new", "plugin", "swing", cwd=tmp_path).returncode == 2
    assert (tmp_path / "rulekit-swing" / "README.md").read_text(encoding="utf-8") == "mine"


def test_the_page_is_followed_from_an_empty_folder(
    site: Path, tmp_path: Path, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every command of the page, but for `pip install`, in whose place the package's files are put on the path.

    With a fresh environment and the real `pip` it is `python -m tests.plugins.tutorial`.
    """
    monkeypatch.setitem(sys.modules, "numba", None)  # compiling a loop would take longer than all the rest
    replayed = ""
    for what, text in steps(PAGE.read_text(encoding="utf-8")):
        if what != "$":
            (tmp_path / what).write_text(text, encoding="utf-8")
        elif text.startswith("pip "):
            source = (tmp_path / "rulekit-swing" / "rulekit_swing" / "facts.py").read_text(encoding="utf-8")
            install(
                site, "rulekit-swing", source.replace("from __future__ import annotations\n", ""), {"swing": "FACT"}
            )
        else:
            outcome = called(*shlex.split(text.removeprefix("rulekit ")), cwd=tmp_path)
            assert outcome.returncode == 0, (text, outcome.stdout, outcome.stderr)
            replayed = outcome.stdout
    assert "2026-11-20 09:15 to 2026-11-20 09:21" in replayed and "TOP" in replayed
    assert run_tests_of(tmp_path / "rulekit-swing", monkeypatch) == 3


def run_tests_of(package: Path, monkeypatch: pytest.MonkeyPatch) -> int:
    """Run the tests of a package that was just written, here: a pytest of their own costs two seconds."""
    monkeypatch.syspath_prepend(package)
    for name in [name for name in sys.modules if name.partition(".")[0] == "rulekit_swing"]:
        monkeypatch.delitem(sys.modules, name)
    (file,) = (package / "tests").glob("test_*.py")
    tests = [test for name, test in runpy.run_path(str(file)).items() if name.startswith("test_")]
    for test in tests:
        test()
    return len(tests)


def test_a_live_run_hears_the_underlying_where_a_fact_needs_it(site: Path) -> None:
    source = "A = " + fact("near", "bars.underlying", needs=("underlying",)) + "B = " + fact("far", "bars.close")
    install(site, "near-words", source, {"near": "A", "far": "B"})
    held = [InstrumentKey("NFO", "NIFTY26NOV24500CE"), InstrumentKey("NSE", "INFY")]
    assert Market(["near"]).heard_beside(held) == {InstrumentKey("NSE", "NIFTY 50")}
    assert Market(["far", "momentum"]).heard_beside(held) == set()
