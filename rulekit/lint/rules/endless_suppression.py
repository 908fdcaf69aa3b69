"""X104: an allowance for ever."""

from __future__ import annotations

from collections.abc import Iterator

from rulekit.lint.finding import INFO, Code, Finding
from rulekit.lint.subject import TEXT, Subject

CODE = Code("X104", "endless-suppression", INFO, "an `# allow` without a last day")
NEEDS = TEXT
ON_REQUEST = True


def find(subject: Subject) -> Iterator[Finding]:
    """Yield every `# allow` without `until`."""
    from rulekit.lint.catalogue import ALL_CODES
    from rulekit.lint.suppressions import read

    allowed, _ = read(subject.source, ALL_CODES)
    for one in allowed:
        if one.until is None:
            yield Finding(
                one.span,
                "this `# allow` has no last day, so nobody will look at it again",
                f"say until when: `# allow {', '.join(one.codes)} until 2026-12-31: the reason`",
            )
