"""Which lint rules run, and how severe their findings are."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping

from attrs import field, frozen

from rulekit.errors import InputError
from rulekit.language.codes import CODES, Code
from rulekit.language.diagnostics import ERROR, SEVERITIES
from rulekit.lint import catalogue, plugged
from rulekit.lint.catalogue import LintRule
from rulekit.lint.subject import PROOF

DEFAULT = "default"
ALL = "all"
OFF = "off"
FAMILIES = "ENUQSRCTLDFX"


@frozen
class Selection:
    """What a person has asked for.

    Args:
        select: codes, families (`F`), `default` or `all`: what is looked for.
        ignore: codes and families of which nothing is shown; what is an error stays.
        severity: another severity by code.
        proofs: whether rules that prove run.
    """

    select: tuple[str, ...] = (DEFAULT,)
    ignore: tuple[str, ...] = ()
    severity: Mapping[str, str] = field(factory=dict)
    proofs: bool = True

    def runs(self, rule: LintRule) -> bool:
        """Tell whether a lint rule is to be run."""
        if rule.needs == PROOF and not self.proofs:
            return False
        return self.wants(rule.code, on_request=rule.on_request)

    def wants(self, code: Code, *, on_request: bool = False) -> bool:
        """Tell whether a code is looked for; one named by itself outweighs its family, `ignore` outweighs `select`."""
        if code.code in self.ignore or (_in_family(code, self.ignore) and code.code not in self.select):
            return code.severity == ERROR
        named = code.code in self.select or _in_family(code, self.select) or ALL in self.select
        return named or code.severity == ERROR or (DEFAULT in self.select and not on_request)

    def severity_of(self, code: Code) -> str:
        """Return how severe a finding of that code is here."""
        return self.severity.get(code.code, code.severity)


def _in_family(code: Code, words: Container[str]) -> bool:
    return code.code[0] in words


def codes_and_families(words: Iterable[str], *, also: tuple[str, ...] = ()) -> tuple[str, ...]:
    """Check what stands where codes are meant; a code's name counts as the code.

    Raises:
        InputError: one is no code; says which might be meant.
    """
    return tuple(_code_or_family(word.strip(), also) for word in words if word.strip())


def _code_or_family(word: str, also: tuple[str, ...]) -> str:
    if word.lower() in also:
        return word.lower()
    if len(word) == 1 and word.upper() in (*FAMILIES, plugged.FAMILY):
        return word.upper()
    return known_code(word).code


def known_code(word: str) -> Code:
    """Return the code of that number or name.

    Raises:
        InputError: there is none; says which might be meant.
    """
    found = catalogue.named(word)
    if found is not None:
        return found
    from difflib import get_close_matches

    codes = catalogue.ALL_CODES
    names = {code.name: code for code in codes.values()}
    near = get_close_matches(word.lower(), names, n=1) or get_close_matches(word.upper(), codes, n=1, cutoff=0.7)
    meant = f"did you mean `{near[0]}`? " if near else ""
    raise InputError(
        f"there is no code `{word}`",
        f"{meant}`rulekit lint --explain CODE` shows a page; the index is docs/lints/README.md",
    )


def severities(pairs: Mapping[str, str]) -> dict[str, str]:
    """Check severities given for codes; what is an error stays one.

    Raises:
        InputError: no such code or severity, or an error that would be lowered.
    """
    checked = {}
    for word, severity in pairs.items():
        code = known_code(word)
        if severity not in SEVERITIES:
            raise InputError(f"`{severity}` is no severity", "write error, warning or info; to hide a code, ignore it")
        if code.code in CODES or (code.severity == ERROR and severity != ERROR):
            raise InputError(
                f"`{code.code}` ({code.name}) is an error and stays one",
                "mend what it finds"
                if code.code in CODES
                else f"allow it where it stands: `# allow {code.code}: the reason`",
            )
        checked[code.code] = severity
    return checked
