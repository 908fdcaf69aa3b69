"""The policies of which a journal holds the texts, by their digests, compiled when they are first asked for."""

from __future__ import annotations

from rulekit.compile.policy import compile_policy
from rulekit.execution.journal_schema import Entry
from rulekit.execution.ledger import POLICIES, POLICY_TEXT
from rulekit.language.reading import check_text
from rulekit.runtime.policy import Policy
from rulekit.runtime.reloading import guard


class RecordedPolicies:
    """Gathers texts and files as the entries of a journal go by."""

    def __init__(self) -> None:
        self._texts: dict[str, str] = {}
        self._paths: dict[str, str] = {}
        self._compiled: dict[str, Policy | None] = {}

    def note(self, entry: Entry) -> None:
        """Take what an entry says of policies, if it does."""
        if entry.kind == POLICY_TEXT:
            self._texts[entry.subject] = entry.body["text"]
        elif entry.kind == POLICIES:
            for row in entry.body["policies"]:
                self._paths[row["digest"]] = row["path"]

    def path(self, digest: str) -> str | None:
        """Return the file that a policy was read from, None if no entry says it."""
        return self._paths.get(digest)

    def find(self, digest: str) -> Policy | None:
        """Return the policy with a digest, None if its text is not in the journal or can no longer be read."""
        if digest not in self._compiled:
            self._compiled[digest] = self._compile(digest)
        return self._compiled[digest]

    def _compile(self, digest: str) -> Policy | None:
        if digest == guard().digest:
            return guard()
        path, text = self._paths.get(digest) or "policy", self._texts.get(digest)
        tree = None if text is None else check_text(text, path).tree
        return None if tree is None else Policy(compile_policy(tree), path)
