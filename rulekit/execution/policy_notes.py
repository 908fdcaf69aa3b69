"""Which policies decide, written down: their texts once, and the episodes whose policy was taken away."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from rulekit.execution.chronicle import Chronicle
from rulekit.execution.ledger import GUARDED, POLICIES, POLICY_TEXT
from rulekit.model.instrument import PositionKey
from rulekit.model.version import VERSION

Noted = tuple[str, str, str, str, Mapping[str, str]]
"""A policy's path, title, digest and text, and the kind of order of each rule by name."""


class PolicyNotes:
    """Keeps in the journal what a decision was made by."""

    def __init__(self, chronicle: Chronicle) -> None:
        self._chronicle = chronicle

    def record(self, policies: Sequence[Noted]) -> None:
        """Note the running policies where they differ from those that were noted last."""
        ledger = self._chronicle.ledger
        for _, _, digest, text, _ in policies:
            if digest not in ledger.policy_texts:
                self._chronicle.note(POLICY_TEXT, {"text": text}, digest)
        body = {
            "program": VERSION,
            "policies": [
                {"path": path, "title": title, "digest": digest, "rules": dict(rules)}
                for path, title, digest, _, rules in policies
            ],
        }
        if body != ledger.policies:
            self._chronicle.note(POLICIES, body)

    @property
    def guarded(self) -> Collection[str]:
        """Episodes that no policy is for any longer, whose tracked stops and targets are still watched."""
        return self._chronicle.ledger.guarded

    def guard(self, key: PositionKey, episode: str) -> None:
        """Note such an episode, and tell a person."""
        self._chronicle.note(GUARDED, {"key": list(key), "episode": episode})
        text = f"no policy is for {key.symbol} {key.product} any longer: only its stop and target are watched"
        self._chronicle.alert(text, symbol=key.symbol)
