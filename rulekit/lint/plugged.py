"""Lint codes of installed packages: their own family, looked for after those of the program, each within a time."""

from __future__ import annotations

from collections.abc import Iterator
from threading import Thread
from typing import TYPE_CHECKING

from rulekit.language.tree import PolicyTree, Span
from rulekit.lint.finding import Code, Finding
from rulekit.lint.subject import Subject
from rulekit.plugins.names import entries, names

if TYPE_CHECKING:
    from rulekit.plugins.facts import Declared
    from rulekit.plugins.kinds import LintPlugin

GROUP = "rulekit.lints"
FAMILY = "P"
BUDGET_S = 1.0
"""Seconds that one code may take for one policy."""
FAILED = Code("P000", "plug-in-failed", "warning", "a lint code of a plug-in that could not look")
_START = Span(1, 1, 1, 2)

Place = tuple[Span, str, str]
"""Where, what and how to mend it."""


def codes() -> dict[str, Code]:
    """Return the codes that packages add, by their number; those that cannot be used are left out."""
    if not entries(GROUP):
        return {}
    return {FAILED.code: FAILED, **{plugin.code: code_of(plugin) for plugin in _plugins()}}


def code_of(plugin: LintPlugin) -> Code:
    """Return a code as the catalogue has them."""
    return Code(plugin.code, plugin.name, plugin.severity, plugin.summary)


def page_of(code: str) -> str | None:
    """Return the page of a plug-in's code; None if none has it."""
    return next((plugin.page for plugin in _plugins() if plugin.code == code), None) if entries(GROUP) else None


def found_by_plugins(subject: Subject) -> Iterator[tuple[Code, Finding]]:
    """Yield what the codes of packages find in a policy; one that fails is itself a finding, and stops no other."""
    for each in _declared() if entries(GROUP) else ():
        if each.trouble:
            yield FAILED, _failure(each, f"cannot be used: {each.trouble}")
            continue
        places_found, trouble = places(each.value, subject.tree)
        for span, message, help in places_found:
            yield code_of(each.value), Finding(span, message, help)
        if trouble:
            yield FAILED, _failure(each, trouble)


def _failure(each: Declared, trouble: str) -> Finding:
    what = f"the lint code `{each.entry.name.upper()}` of the plug-in `{each.entry.package}` {trouble}"
    return Finding(_START, what, "`rulekit plugins` says more; uninstall it, or leave P out: `--ignore P`")


def places(plugin: LintPlugin, tree: PolicyTree) -> tuple[list[Place], str]:
    """Let a code look at a policy, in a thread of its own; return what it found, and what went wrong."""
    from rulekit.plugins.loading import one_line

    found: list[Place] = []
    trouble = [f"did not come back within {BUDGET_S:g} second"]

    def look() -> None:
        try:
            for span, message, help in plugin.find(tree):
                if not isinstance(span, Span) or not isinstance(message, str) or not isinstance(help, str):
                    raise TypeError("find yields a span, a message and a help")
                found.append((span, message, help))
            trouble[0] = ""
        except BaseException as error:  # other people's code may raise anything, SystemExit included
            trouble[0] = f"raised {one_line(error)}"

    worker = Thread(target=look, name=f"lint {plugin.code}", daemon=True)
    worker.start()
    worker.join(BUDGET_S)
    return list(found), trouble[0]


def _declared() -> Iterator[Declared]:
    from rulekit.plugins.facts import declared

    for name in names(GROUP):
        found = declared(name, GROUP)
        assert found is not None
        yield found


def _plugins() -> Iterator[LintPlugin]:
    return (each.value for each in _declared() if not each.trouble)
