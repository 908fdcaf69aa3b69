"""The index of the lint codes, made from the catalogue.

`python -m tests.docs.lint_index` writes `docs/lints/README.md` anew.
"""

from __future__ import annotations

from pathlib import Path

from rulekit.language.codes import CODES
from rulekit.lint.catalogue import ALL_CODES, RULES
from rulekit.lint.selection import FAMILIES

INDEX = Path(__file__).resolve().parents[2] / "docs" / "lints" / "README.md"
TITLES = {
    "E": "form",
    "N": "names",
    "U": "units",
    "Q": "quantities",
    "S": "stops and safety",
    "R": "reachability",
    "C": "gaps in protection",
    "T": "time and session",
    "L": "limits and memory",
    "D": "missing data",
    "F": "style",
    "X": "suppressions",
}
HEAD = """# What `rulekit lint` can find

`rulekit lint --explain T102` prints the page of a code. [Ask before it costs money](../lint.md) tells of settings,
forms and fixes.

Errors must be mended; warnings and infos can be allowed, with a reason: `# allow T102 until 2026-12-31: agreed with the
desk`, on the line or the line above. Codes marked *on request* are matters of taste: they are looked for only where
they are selected, `rulekit lint --select default,F109`. Codes marked *proof* are left out by `--no-proofs`, codes
marked *between files* need more than one policy in a run.
"""


def index() -> str:
    """Return the whole page."""
    return "\n".join([HEAD, *(_family(letter) for letter in FAMILIES)])


def _family(letter: str) -> str:
    rows = [_row(code) for code in sorted(ALL_CODES) if code.startswith(letter)]
    title = f"## {letter}: {TITLES[letter]}"
    return "\n".join([title, "", "| code | name | severity | what | |", "|---|---|---|---|---|", *rows, ""])


def _row(number: str) -> str:
    code = ALL_CODES[number]
    return f"| [{number}]({number}-{code.name}.md) | {code.name} | {code.severity} | {code.summary} | {_mark(number)} |"


def _mark(number: str) -> str:
    rule = next((rule for rule in RULES if rule.code.code == number), None)
    if rule is None:
        return "" if number in CODES else "suppressions"
    marks = [] if not rule.on_request else ["on request"]
    return ", ".join(marks + {"proof": ["proof"], "files": ["between files"]}.get(rule.needs, []))


if __name__ == "__main__":
    INDEX.write_text(index(), encoding="utf-8", newline="\n")
