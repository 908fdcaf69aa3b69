"""What becomes of running positions when policies are exchanged: who manages each of them, and what is said of it."""

from __future__ import annotations

from collections.abc import Container, Sequence
from functools import cache

from attrs import evolve, frozen

from rulekit.compile.policy import compile_policy
from rulekit.engine.applies import first_that_applies
from rulekit.model.instrument import PositionKey
from rulekit.model.snapshot import Snapshot
from rulekit.runtime.policy import Policy


@frozen
class PolicyChange:
    """One policy before and after; None where it was added or taken away."""

    old: Policy | None
    new: Policy | None

    @property
    def path(self) -> str:
        """The file of it."""
        policy = self.new or self.old
        assert policy is not None
        return policy.path

    def text(self) -> str:
        """Say in the words of the language what it changes."""
        from rulekit.difference.brief import brief, sentences

        if self.old is None or self.new is None:
            policy = self.new or self.old
            assert policy is not None
            return sentences(policy.compiled.tree)
        return brief(self.old.compiled.tree, self.new.compiled.tree)


def changes(old: Sequence[Policy], new: Sequence[Policy]) -> tuple[PolicyChange, ...]:
    """Pair the policies of two runs by their files and return those that differ."""
    paired = [PolicyChange(before, after) for before, after in _pairs(old, new)]
    return tuple(each for each in paired if (each.old and each.old.digest) != (each.new and each.new.digest))


def successor_of(policy: Policy, old: Sequence[Policy], new: Sequence[Policy]) -> Policy | None:
    """Return what a running policy has become, None if it was taken away."""
    return next((after for before, after in _pairs(old, new) if before is policy), None)


def _pairs(old: Sequence[Policy], new: Sequence[Policy]) -> list[tuple[Policy | None, Policy | None]]:
    if len(old) == len(new) == 1:  # one that a host gave as a text bears no name worth comparing
        return [(old[0], new[0])]
    by_path = {policy.path: policy for policy in new}
    found: list[tuple[Policy | None, Policy | None]] = [(policy, by_path.get(policy.path)) for policy in old]
    taken = {policy.path for policy in old}
    return [*found, *((None, policy) for policy in new if policy.path not in taken)]


@cache
def guard() -> Policy:
    """Return the policy without any rule: it does nothing but exit where the tracked stop or target is reached."""
    from rulekit.language.reading import check_text

    tree = check_text("exit at 5% loss").tree
    assert tree is not None
    return Policy(compile_policy(evolve(tree, rules=(), source="")), "")


Episode = tuple[PositionKey, str]


class Choice:
    """Which policy manages each episode: chosen once, and handed on when policies are exchanged."""

    def __init__(self) -> None:
        self._chosen: dict[Episode, Policy | None] = {}
        self._heirs: dict[Episode, Policy | None] = {}

    def of(self, at: Episode, snapshot: Snapshot, policies: Sequence[Policy], guarded: Container[str]) -> Policy | None:
        """Return an episode's policy, None if no policy is for it.

        The choice is made when it is first asked for and holds for the episode. After an exchange, what the former
        policy has become goes first; where no policy is left for the position, its tracked stop and target are still
        watched, because a stop never loosens.

        Args:
            guarded: names of episodes of which that is known from before a restart.
        """
        if at not in self._chosen:
            self._chosen[at] = self._choose(at, snapshot, policies, guarded)
        return self._chosen[at]

    def _choose(
        self, at: Episode, snapshot: Snapshot, policies: Sequence[Policy], guarded: Container[str]
    ) -> Policy | None:
        heir = self._heirs.get(at)
        if heir is not None and heir.covers(snapshot):
            return heir
        # A policy of rules for the whole book alone leaves the position to one that has rules for it.
        looking = [policy for policy in policies if policy.rules]
        found = first_that_applies(looking, snapshot) or first_that_applies(policies, snapshot)
        return found or (guard() if at in self._heirs or at[1] in guarded else None)

    def keep_only(self, running: Container[Episode]) -> None:
        """Forget the choices for episodes that are over."""
        self._chosen = {at: policy for at, policy in self._chosen.items() if at in running}
        self._heirs = {at: policy for at, policy in self._heirs.items() if at in running}

    def exchange(self, old: Sequence[Policy], new: Sequence[Policy]) -> None:
        """Let every choice be made anew."""
        for at, policy in {**self._heirs, **self._chosen}.items():
            if policy is not None or at in self._heirs:
                self._heirs[at] = None if policy is None else successor_of(policy, old, new)
        self._chosen.clear()
