"""One thing that `rulekit doctor` looked at."""

from __future__ import annotations

from attrs import frozen

OK = "ok"
WARN = "warn"
FAIL = "fail"


@frozen
class Finding:
    """One thing looked at. `remedy` says what to do where it is not ok."""

    state: str
    what: str
    found: str
    remedy: str = ""
