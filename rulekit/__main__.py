"""`python -m rulekit`: the command where no `rulekit` script is on the path."""

from __future__ import annotations

from rulekit.cli.main import entry

if __name__ == "__main__":
    entry()
