"""A compiled policy: its rules as objects, its one function, and the shape of the vectors between them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

from attrs import field, frozen

from rulekit.compile.generate import Generated, Section, generate, places_read, shown
from rulekit.compile.layout import FIRST_STATUS, Layout
from rulekit.compile.predicate import Predicate
from rulekit.compile.program import AlertProgram, OrderProgram, Program, RuleProgram, lower_policy
from rulekit.compile.proposal import LANES, Proposal
from rulekit.language.sentences import rule_sentence
from rulekit.language.tree import Applies, Limit, PolicyTree, Rule, WholeBook
from rulekit.language.vocabulary import STANDARD, Vocabulary
from rulekit.model.decision import Memory
from rulekit.model.snapshot import Snapshot

Core = tuple[
    Callable[[Snapshot], list[float]],
    Callable[[Memory, Snapshot], list[float]],
    tuple[float, ...],
    list[float],
    Generated,
    bool,
    tuple[int, ...],
]
"""Both encoders, the memory of a new episode, the result of doing nothing, the function, whether it follows, alerts."""


@frozen
class CompiledRule:
    """One rule: when it holds (`predicate`), what it does (`action`) and how often (`limit`).

    Both are callable on a snapshot, alone, by a host: `rule.predicate(snapshot)` is true, false or None for unknown;
    `rule.action(snapshot)` is the proposed action, or a skip with its reason.
    """

    name: str
    sentence: str
    predicate: Predicate
    action: Proposal
    limit: Limit
    program: RuleProgram = field(repr=False)
    lane: str = field(repr=False, init=False)
    """Where its action waits to be sent."""
    is_for_missing_data: bool = field(repr=False, init=False)
    """Whether it is the exit for when data is missing."""
    is_alert: bool = field(repr=False, init=False)
    """Whether all it does is to tell."""

    # Asked at every decision that acts, so they are looked up once.
    @lane.default
    def _lane(self) -> str:
        return LANES[type(self.program.rule.verb)]

    @is_for_missing_data.default
    def _is_for_missing_data(self) -> bool:
        return self.program.rule.is_for_missing_data

    @is_alert.default
    def _is_alert(self) -> bool:
        return isinstance(self.program.effect, AlertProgram)

    @property
    def is_order(self) -> bool:
        """Tell whether it exits, books or adds; else it moves the stop, or tells something."""
        return isinstance(self.program.effect, OrderProgram)


@frozen
class CompiledBookRule:
    """One rule for the whole book: when it holds, what it does, and how often in a day.

    `rule.predicate(book.as_snapshot())` is true, false or None for unknown.
    """

    name: str
    sentence: str
    predicate: Predicate
    limit: Limit
    kinds: tuple[str, ...]


@frozen(eq=False)
class CompiledPolicy:
    """A whole policy, ready to decide.

    Args:
        digest: SHA-256 of the text, in hexadecimal.
        function: the generated function over the vectors that `layout` describes.
        needs: for each rule the places of the fact slots that it reads.
        idle: a store of the engine: what a result without an action says of the rules.
    """

    tree: PolicyTree = field(repr=False)
    title: str
    digest: str
    rules: tuple[CompiledRule, ...]
    function: Generated = field(repr=False)
    layout: Layout = field(repr=False)
    applies: Applies
    sections: tuple[Section, ...] = field(repr=False)
    needs: tuple[tuple[int, ...], ...] = field(repr=False)
    vocabulary: Vocabulary = field(default=STANDARD, repr=False)
    book: tuple[CompiledBookRule, ...] = ()
    last: list[tuple[list[float], tuple[str, ...], tuple[str, ...]]] = field(
        factory=lambda: [([], (), ())], repr=False, init=False
    )
    """A store of the engine: the last result without an action, and what it said of the rules."""
    silence: list[float] = field(repr=False, init=False)
    idle: dict[tuple[float, ...], tuple[tuple[str, ...], tuple[str, ...]]] = field(factory=dict, repr=False, init=False)
    alerts: tuple[int, ...] = field(repr=False, init=False)

    @silence.default
    def _silence(self) -> list[float]:
        """Return the result vector of a decision to do nothing."""
        return [0.0] * self.layout.results

    @alerts.default
    def _alerts(self) -> tuple[int, ...]:
        """Return the places of the rules that are alerts."""
        return tuple(place for place, rule in enumerate(self.rules) if rule.is_alert)

    names: tuple[tuple[int, str, bool], ...] = field(repr=False, init=False)
    """Of each rule the place of its status in the result vector, its name, and whether it is an alert."""

    @names.default
    def _names(self) -> tuple[tuple[int, str, bool], ...]:
        return tuple((place, rule.name, rule.is_alert) for place, rule in enumerate(self.rules, start=FIRST_STATUS))

    core: Core = field(repr=False, init=False)
    """What every decision needs of the policy, in one place: it is asked millions of times."""

    @core.default
    def _core(self) -> Core:
        layout = self.layout
        return layout.encode, layout.fill_memory, layout.blank, self.silence, self.function, layout.follows, self.alerts

    def show(self) -> str:
        """Return the generated function as source, with each rule's sentence above its lines, and its slots."""
        slots = "".join(f"#   f[{place}]  {name}\n" for place, name in enumerate(self.layout.slots))
        memory = "".join(
            f"#   m[{place}]  {self.layout.rules[rule]}: {part}\n"
            for place, (rule, part) in enumerate(self.layout.memory)
        )
        return f"# facts\n{slots}" + (f"# memory\n{memory}" if memory else "") + "\n" + shown(self.sections)


def compile_policy(policy: PolicyTree, vocabulary: Vocabulary = STANDARD) -> CompiledPolicy:
    """Compile a checked policy."""
    program: Program = lower_policy(policy, vocabulary)
    function, sections = generate(program)
    rules = tuple(
        CompiledRule(
            one.rule.name,
            rule_sentence(one.rule),
            Predicate(one.rule, vocabulary),
            Proposal(one.rule, vocabulary),
            one.rule.limit,
            one,
        )
        for one in program.rules
    )
    return CompiledPolicy(
        policy,
        policy.title or "",
        hashlib.sha256(policy.source.encode()).hexdigest(),
        rules,
        function,
        program.layout,
        policy.applies,
        sections,
        tuple(places_read(one, program.layout) for one in program.rules),
        vocabulary,
        tuple(_book_rule(rule, vocabulary) for rule in policy.book),
    )


def _book_rule(rule: Rule, vocabulary: Vocabulary) -> CompiledBookRule:
    assert isinstance(rule.verb, WholeBook)
    kinds = tuple(action.value for action in rule.verb.actions)
    return CompiledBookRule(rule.name, rule_sentence(rule), Predicate(rule, vocabulary), rule.limit, kinds)
