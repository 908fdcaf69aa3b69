"""What is looked for: options, settings found above a file, patterns for paths, and what is said of a mistake."""

from __future__ import annotations

from pathlib import Path

import pytest

from rulekit.errors import InputError
from rulekit.lint.catalogue import ALL_CODES, RULES
from rulekit.lint.selection import Selection
from rulekit.lint.settings import LintSettings, SettingsFinder, lint_settings, settings_of
from rulekit.lint.subject import PROOF
from rulekit.lint.wishes import wishes


def run_by(selection: Selection) -> set[str]:
    return {rule.code.code for rule in RULES if selection.runs(rule)}


ALL = {rule.code.code for rule in RULES}
ON_REQUEST = {rule.code.code for rule in RULES if rule.on_request}
PROVEN = {rule.code.code for rule in RULES if rule.needs == PROOF}
ERRORS = {rule.code.code for rule in RULES if rule.code.severity == "error"}
STYLE = {code for code in ALL if code[0] == "F"}


@pytest.mark.parametrize(
    ("selection", "expected"),
    [
        (Selection(), ALL - ON_REQUEST),
        (Selection(select=("all",)), ALL),
        (Selection(select=("F",)), STYLE | ERRORS),
        (Selection(select=("F103",)), {"F103"} | ERRORS),
        (Selection(select=("default", "F103")), ALL - ON_REQUEST | {"F103"}),
        (Selection(ignore=("F",)), ALL - ON_REQUEST - STYLE),
        (Selection(ignore=("F101",)), ALL - ON_REQUEST - {"F101"}),
        (Selection(select=("default", "F101"), ignore=("F",)), ALL - ON_REQUEST - STYLE | {"F101"}),
        (Selection(select=("F101",), ignore=("F101",)), ERRORS),
        (Selection(ignore=("S",)), ALL - ON_REQUEST - {code for code in ALL if code[0] == "S"} | {"S101"}),
        (Selection(ignore=("S101",)), ALL - ON_REQUEST),
        (Selection(proofs=False), ALL - ON_REQUEST - PROVEN),
    ],
)
def test_what_runs(selection: Selection, expected: set[str]) -> None:
    assert run_by(selection) == expected


def test_options_outweigh_settings() -> None:
    settings = LintSettings(Selection(select=("F",), ignore=("T102",), severity={"T104": "error"}))
    wanted = wishes(["N, U"], ["F101,f102"], ["T104=warning", "L101=error"], proofs=False)
    selection = wanted.selection(settings, Path("a.policy"))
    assert selection.select == ("N", "U")
    assert selection.ignore == ("T102", "F101", "F102")
    assert selection.severity == {"T104": "warning", "L101": "error"}
    assert selection.proofs is False
    assert wishes().selection(settings, Path("a.policy")) == settings.selection


def test_a_code_may_be_called_by_its_name() -> None:
    assert wishes(["no-title", "Default"]).select == ("F105", "default")


@pytest.mark.parametrize(
    ("options", "message", "help"),
    [
        ({"select": ["T999"]}, "there is no code `T999`", ""),
        ({"select": ["no-titel"]}, "there is no code `no-titel`", "did you mean `no-title`?"),
        ({"ignore": ["Z"]}, "there is no code `Z`", ""),
        ({"ignore": ["default"]}, "there is no code `default`", ""),
        ({"severity": ["T104=fatal"]}, "`fatal` is no severity", "write error, warning or info"),
        ({"severity": ["loud"]}, "`loud` is no severity", "T104=warning"),
        ({"severity": ["S101=info"]}, "`S101` (stop-beyond-market) is an error and stays one", "# allow S101"),
        ({"severity": ["E101=info"]}, "`E101` (unknown-word) is an error and stays one", "mend what it finds"),
        ({"severity": ["E101=error"]}, "`E101` (unknown-word) is an error and stays one", "mend what it finds"),
    ],
)
def test_a_wrong_option_is_told(options: dict[str, list[str]], message: str, help: str) -> None:
    with pytest.raises(InputError) as caught:
        wishes(**options)  # type: ignore[arg-type]
    assert caught.value.message == message
    assert help in caught.value.help


def test_an_error_may_be_named_as_one() -> None:
    assert wishes(severity=["S101=error"]).severity == {"S101": "error"}


# --- settings ------------------------------------------------------------

LINT = """[lint]
select = ["default", "F103"]
ignore = ["T104"]
strict = true
proofs = false
[lint.severity]
L101 = "error"
"""


def test_settings_are_read(tmp_path: Path) -> None:
    (tmp_path / "rulekit.toml").write_text(LINT, encoding="utf-8")
    found = SettingsFinder().of(tmp_path / "inner" / "a.policy")
    assert found.selection == Selection(("default", "F103"), ("T104",), {"L101": "error"}, proofs=False)
    assert found.strict is True


def test_the_nearest_settings_count(tmp_path: Path) -> None:
    near = tmp_path / "far" / "near"
    near.mkdir(parents=True)
    (tmp_path / "pyproject.toml").write_text('[tool.rulekit.lint]\nignore = ["T"]\n', encoding="utf-8")
    (tmp_path / "far" / "rulekit.toml").write_text("[engine]\ncycle_s = 5\n", encoding="utf-8")  # says nothing of lint
    finder = SettingsFinder()
    assert finder.of(near / "a.policy").selection.ignore == ("T",)
    (near / "pyproject.toml").write_text('[tool.rulekit.lint]\nignore = ["F"]\n', encoding="utf-8")
    assert SettingsFinder().of(near / "a.policy").selection.ignore == ("F",)
    (near / "rulekit.toml").write_text('\ufeff[lint]\nignore = ["L"]\n', encoding="utf-8")
    assert SettingsFinder().of(near / "a.policy").selection.ignore == ("L",)
    assert finder.of(tmp_path / "far" / "b.policy").selection.ignore == ("T",)
    assert finder.of(near / "a.policy").selection.ignore == ("T",)  # read once in a run


@pytest.mark.parametrize(
    ("pattern", "path", "matches"),
    [
        ("*.policy", "a.policy", True),
        ("*.policy", "inner/a.policy", True),
        ("a.policy", "inner/a.policy", True),
        ("a.policy", "ba.policy", False),
        ("inner/*.policy", "inner/a.policy", True),
        ("inner/*.policy", "inner/deep/a.policy", False),
        ("inner/**", "inner/deep/a.policy", True),
        ("**/deep/*", "inner/deep/a.policy", True),
        ("**/deep/*", "deep/a.policy", True),
        ("./inner/*", "inner/a.policy", True),
        ("inner/?.policy", "inner/a.policy", True),
        ("inner/?.policy", "inner/ab.policy", False),
        ("inner/?.policy", "inner//.policy", False),
    ],
)
def test_ignores_by_path(tmp_path: Path, pattern: str, path: str, matches: bool) -> None:
    settings = lint_settings({"ignore": ["T"], "per-path-ignores": {pattern: ["F"]}}, "here", tmp_path)
    assert settings.selection_for(tmp_path / path).ignore == (("T", "F") if matches else ("T",))


def test_ignores_by_path_are_for_files_below(tmp_path: Path) -> None:
    settings = lint_settings({"per-path-ignores": {"**": ["F"]}}, "here", tmp_path / "inner")
    assert settings.selection_for(tmp_path / "a.policy").ignore == ()


@pytest.mark.parametrize(
    ("text", "message", "help"),
    [
        ("[lint]\nselct = []", "[lint]: there is no key `selct`", "did you mean `select`?"),
        ("[lint]\nper_path_ignores = {}", "there is no key `per_path_ignores`", "did you mean `per-path-ignores`?"),
        ("[lint]\nxyz = 1", "there is no key `xyz`", "known here: `select`"),
        ("lint = 3", "a table is meant here", "[lint]"),
        ("[lint]\nselect = 3", "`select`: a list of codes is meant here", '["F103", "T"]'),
        ("[lint]\nselect = [3]", "`select`: a list of codes is meant here", '["F103", "T"]'),
        ('[lint]\nignore = ["unused-nmae"]', "`ignore`: there is no code `unused-nmae`", "did you mean `unused-name`?"),
        ('[lint]\nstrict = "yes"', "`strict`: `yes` is neither true nor false", "without quotes"),
        ("[lint]\nproofs = 1", "`proofs`: `1` is neither true nor false", "without quotes"),
        ('[lint]\nseverity = "error"', "`severity`: codes with their severities", 'T104 = "warning"'),
        ("[lint.severity]\nT104 = 1", "`severity`: codes with their severities", 'T104 = "warning"'),
        ('[lint.severity]\nS101 = "info"', "`severity`: `S101` (stop-beyond-market) is an error", "# allow S101"),
        ('[lint]\nper-path-ignores = ["F"]', "`per-path-ignores`: paths with codes", '"drafts/**" = ["F"]'),
        ('[lint.per-path-ignores]\n"a/*" = ["Z9"]', '`per-path-ignores`, `"a/*"`: there is no code `Z9`', "index"),
        ("[lint", "is not a TOML file", 'ignore = ["F103"]'),
    ],
)
def test_wrong_settings_are_told_with_their_place(tmp_path: Path, text: str, message: str, help: str) -> None:
    (tmp_path / "rulekit.toml").write_text(text, encoding="utf-8")
    with pytest.raises(InputError) as caught:
        SettingsFinder().of(tmp_path / "a.policy")
    assert str(tmp_path / "rulekit.toml") in caught.value.message
    assert message in caught.value.message and help in caught.value.help


def test_settings_that_are_named_must_be_there(tmp_path: Path) -> None:
    other = tmp_path / "desk.toml"
    with pytest.raises(InputError, match="cannot be read"):
        settings_of(other)
    other.write_text("[engine]\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"has no section \[lint\]"):
        settings_of(other)
    other.write_text('[lint]\nignore = ["F"]\n', encoding="utf-8")
    assert settings_of(other).selection.ignore == ("F",)
    other.write_bytes(b"\xff")
    with pytest.raises(InputError, match="not in UTF-8"):
        settings_of(other)


def test_every_code_has_a_family_that_can_be_selected() -> None:
    for code in ALL_CODES:
        assert wishes([code[0]]).select == (code[0],)
