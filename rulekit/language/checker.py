"""A whole file checked: every sentence read by itself, names resolved, one finding for each bad line."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

from attrs import evolve, field, frozen, mutable

from rulekit.language import examples, headings
from rulekit.language import keywords as k
from rulekit.language import tree as t
from rulekit.language.book import check_book_rule, check_position_rule
from rulekit.language.bounds import bound_depth, bound_length
from rulekit.language.diagnostics import Diagnostic, in_order
from rulekit.language.echo import canonical, echo
from rulekit.language.fault import AlreadyReportedError, Edit, FaultError, did_you_mean
from rulekit.language.naming import Naming, new_name
from rulekit.language.parser import EXAMPLE_LINE, SENTENCE, Misread, Node, raw_tokens, read
from rulekit.language.plugged import unusable_word
from rulekit.language.reader import Reader, Word
from rulekit.language.rules import rule
from rulekit.language.scope import Scope
from rulekit.language.source import BOOK_MEANT, Sentence, Source
from rulekit.language.vocabulary import Vocabulary
from rulekit.model.decision import EXIT_EVERYTHING, MISSING_DATA, STOP_REACHED, TARGET_REACHED

if TYPE_CHECKING:
    from rulekit.language.mending import Mending

_RESERVED_LABELS = (STOP_REACHED, TARGET_REACHED, EXIT_EVERYTHING)


@frozen
class Line:
    """One sentence with its words, and its node if it could be read."""

    sentence: Sentence
    raw: tuple[Word, ...]
    words: tuple[Word, ...] = ()
    node: Node | None = None


@mutable
class Checking:
    """The state of one check, from the cut source to the tree."""

    source: Source
    vocabulary: Vocabulary
    scope: Scope = field(init=False)
    phrases: k.Phrases = field(init=False)
    naming: Naming = field(init=False)
    found: list[Diagnostic] = field(factory=list)
    lines: list[Line] = field(factory=list)
    title: str | None = None
    applies: t.Applies | None = None
    rules: list[t.Rule] = field(factory=list)
    book: list[t.Rule] = field(factory=list)
    examples: list[t.Example] = field(factory=list)
    broken_labels: set[str] = field(factory=set)
    missing_data: str = ""
    _titled: t.Span | None = None
    _on_missing: t.Span | None = None
    _mending: Mending | None = None

    def __attrs_post_init__(self) -> None:
        self.scope = Scope(self.vocabulary)
        self.naming = Naming(self.vocabulary)
        self.phrases = k.phrases(self.vocabulary)
        self.scope.values.check = lambda node: headings.set_value(node, self.scope)
        self.scope.conditions.check = lambda node: headings.define(node, self.scope)

    # --- the passes ------------------------------------------------------------

    def run(self, path: str) -> t.PolicyTree | None:
        """Check the whole file; the findings are in `found`."""
        raws = [self._cut(sentence) for sentence in self.source.sentences]
        sentences = zip(raws, self.source.sentences, strict=True)
        self.naming.learn(raw for raw, sentence in sentences if sentence.block is None)
        self._read_all(raws)
        for line in self.lines:
            if line.node is not None and line.sentence.block is None:
                self._guard(line, self._check_line)
            elif line.node is not None and self._header_of(line.sentence) is None:
                self._guard(line, self._check_book_line)
        self._check_examples()
        self._check_labels()
        if not self.found:
            self._say_unread(raws)
        if not self.rules and not self.book and not self.found:
            self._say_empty()
        self.found = list(in_order(self.found))
        if self.found:
            return None
        return self._tree(path)

    def _read_all(self, raws: Sequence[tuple[Word, ...]]) -> None:
        """Read every sentence, those that give a name first: what mends the others may lean on them."""
        sentences = self.source.sentences
        lines: dict[int, Line] = {}
        for defining in (True, False):
            for place, (sentence, raw) in enumerate(zip(sentences, raws, strict=True)):
                if (sentence.block is None and new_name(raw) is not None) is defining:
                    lines[place] = self._read(sentence, raw)
                    self._declare(lines[place])
        self.lines = [lines[place] for place in range(len(sentences))]

    def _cut(self, sentence: Sentence) -> tuple[Word, ...]:
        return tuple(word for piece in sentence.pieces for word in raw_tokens(piece.text, piece.line, piece.column))

    def _report(self, fault: FaultError, sentence: Sentence) -> None:
        """Keep a finding about a sentence, with what was probably meant."""
        if self._mending is None:
            from rulekit.language.mending import Mending  # only a file at fault needs it

            self._mending = Mending(self._outcome, self.source, self._names_in_force)
        self.found.append(self._mending.explained(fault, sentence))

    def _outcome(self, sentence: Sentence) -> FaultError | str:
        """Return the first fault of a sentence that stands in the place of another, or its canonical text."""
        if sentence.pieces[0].text.startswith("#"):
            return sentence.text  # it was meant as a comment
        header = self._header_of(sentence)
        try:
            node = self._node(self._words(self._cut(sentence), header), header)
            if header is None:
                self._check_kind(node, sentence)
                return canonical(node, self.scope)
            examples.line(examples.Draft("", node.span), node, self.scope)
        except FaultError as found:
            return found
        except AlreadyReportedError:
            pass
        return " ".join(sentence.text.split())

    def _names_in_force(self, sentence: Sentence) -> frozenset[str]:
        """Return the name that a sentence gives, if other sentences may lean on it."""
        name = new_name(self._cut(sentence)) if sentence.block is None else None
        known = name is not None and tuple(name.text.lower().split()) in self.naming.names
        return frozenset({name.text.lower()} if name is not None and known else ())

    def _read(self, sentence: Sentence, raw: tuple[Word, ...]) -> Line:
        header = self._header_of(sentence)
        words: tuple[Word, ...] = ()
        try:
            words = self._words(raw, header)
            return Line(sentence, raw, words, self._node(words, header))
        except FaultError as found:
            unusable = unusable_word(raw, self.vocabulary)
            if unusable is not None:
                self.found.append(unusable.diagnostic(self.source))
            elif not self.naming.said_elsewhere(raw, words, found.span):
                self._report(found, sentence)
        return Line(sentence, raw, words)

    def _words(self, raw: tuple[Word, ...], header: str | None) -> tuple[Word, ...]:
        bound_length(raw)
        if header is None:
            self.naming.refuse(raw)
        words = tuple(Reader(raw, self.naming.names, self.phrases).read())
        if not words:
            raise FaultError("E108", raw[0].span, f"`{raw[0].text}` alone says nothing", "write a sentence")
        return words

    def _node(self, words: tuple[Word, ...], header: str | None) -> Node:
        bound_depth(words)
        start = SENTENCE if header is None else EXAMPLE_LINE
        outcome = read(words, start)
        if isinstance(outcome, Misread):
            from rulekit.language.expected import Reading  # only a line at fault needs these
            from rulekit.language.misread import fault

            raise fault(Reading(words, outcome, start, self.naming.names, self.phrases), self._echo)
        _refuse_reserved(words[0])
        return outcome

    def _header_of(self, sentence: Sentence) -> str | None:
        """Return the header of the example that a sentence belongs to; in a block for the whole book stand rules."""
        if sentence.block == BOOK_MEANT:
            return None
        header = None if sentence.block is None else self.source.sentences[sentence.block].text
        return header if header is None or header.lower().startswith("example") else None

    def _guard(self, line: Line, check: Callable[[Line], None]) -> None:
        """Run a check; a fault becomes one finding, a name at fault elsewhere becomes none."""
        try:
            check(line)
            return
        except FaultError as found:
            self._report(found, line.sentence)
        except AlreadyReportedError:
            pass
        self._remember_label(line)

    def _remember_label(self, line: Line) -> None:
        if line.raw and line.raw[0].type == "LABEL":
            self.broken_labels.add(line.raw[0].text.rstrip(": \t").strip('"').lower())

    # --- names ------------------------------------------------------------

    def _declare(self, line: Line) -> None:
        name = new_name(line.raw) if line.sentence.block is None else None
        if name is None:
            if line.node is None:
                self._remember_label(line)
            return
        earlier = self.scope.values.place(name.text) or self.scope.conditions.place(name.text)
        if earlier is not None:
            if line.node is not None or not self._said_of(line):
                twice = f"`{name.text}` is defined twice"
                help = "give one of them another name"
                again = FaultError("N103", name.span, twice, help, ((earlier, "the first definition"),))
                self.found.append(again.diagnostic(self.source))
        elif not self.naming.hides_a_word(name.text):
            names = self.scope.values if name.is_value else self.scope.conditions
            names.declare(name.text, line.node, name.span)

    def _said_of(self, line: Line) -> bool:
        span = line.sentence.span
        return any(span.line <= each.span.line <= span.end_line for each in self.found)

    # --- sentences ------------------------------------------------------------

    def _check_line(self, line: Line) -> None:
        assert line.node is not None
        _CHECKS[line.node.rule](self, line.node)

    def _policy(self, node: Node) -> None:
        if self._titled is not None:
            raise FaultError(
                "E115",
                node.span,
                "this policy has a second title",
                "one file is one policy",
                ((self._titled, "the first title"),),
            )
        self._titled = node.span
        self.title = str(list(node.words())[-1].value)

    def _applies(self, node: Node) -> None:
        if self.applies is not None:
            raise FaultError(
                "E115",
                node.span,
                "this policy has a second `applies to`",
                "put everything on one line: `applies to NSE equity, product MIS`",
                ((self.applies.span, "the first one"),),
            )
        self.applies = headings.applies(node)

    def _data_missing(self, node: Node) -> None:
        if self._on_missing is not None:
            raise FaultError(
                "E115",
                node.span,
                "this policy says twice what to do when data is missing",
                "keep the line that is meant",
                ((self._on_missing, "the first line"),),
            )
        self._on_missing = node.span
        self.missing_data = "exit" if any(word.type == "EXIT" for word in node.words()) else "hold"
        if self.missing_data == "exit":
            when = t.DataMissing(node.span)
            made = t.Rule(MISSING_DATA, None, t.Exit(), when=when, limit=t.Limit(times=1), span=node.span)
            self._refuse_taken_name(made, node)
            self.rules.append(made)

    def _set(self, node: Node) -> None:
        self._resolve(node, self.scope.values.resolve, self.scope.values.place)

    def _define(self, node: Node) -> None:
        self._resolve(node, self.scope.conditions.resolve, self.scope.conditions.place)

    def _resolve(self, node: Node, resolve: Callable[..., object], place: Callable[[str], t.Span | None]) -> None:
        word = next(word for word in node.words() if word.type == "NEW_NAME")
        if place(word.value) == word.span:  # else it is a second definition, which has been reported
            resolve(word.value, use=False)

    def _made(self, node: Node) -> t.Rule:
        """Read a rule by itself."""
        return rule(node, self.scope)

    def _rule(self, node: Node) -> None:
        made = self._made(node)
        check_position_rule(made, node.words())
        self._refuse_taken_name(made, node)
        self.rules.append(made)

    def _check_kind(self, node: Node, sentence: Sentence) -> None:
        """Refuse a rule that does not belong where it stands: of one position, or of the whole book."""
        if sentence.block is not None:
            _only_rules(node)
            check_book_rule(rule(node, self.scope), self.vocabulary)
        elif node.rule == "rule":
            check_position_rule(rule(node, self.scope), node.words())

    def _check_book_line(self, line: Line) -> None:
        assert line.node is not None
        _only_rules(line.node)
        made = self._made(line.node)
        check_book_rule(made, self.vocabulary)
        self._refuse_taken_name(made, line.node)
        self.book.append(made)

    def _refuse_taken_name(self, made: t.Rule, node: Node) -> None:
        name = made.name.lower()
        for other in (*self.rules, *self.book):
            if other.name.lower() == name:
                what = f"two rules are called `{made.name}`" if made.label else "this sentence stands here twice"
                help = "give one of them another label" if made.label else "delete one of them"
                raise FaultError("N104", node.span, what, help, ((other.span, "the first one"),))

    def _book_header(self, node: Node) -> None:
        """Refuse a block without a line; its lines are checked by `_check_book_line`."""
        index = next(place for place, line in enumerate(self.lines) if line.node is node)
        if not any(line.sentence.block == index for line in self.lines):
            help = "write rules below it, indented: `exit everything and stop trading at ₹25,000 day loss`"
            raise FaultError("E111", node.span, "this block has no rule", help)

    def _example_header(self, node: Node) -> None:
        """Titles need no check; the block is read by `_check_examples`."""

    def _check_examples(self) -> None:
        for index, line in enumerate(self.lines):
            if line.node is None or line.node.rule != "example" or line.sentence.block is not None:
                continue
            body = [each for each in self.lines if each.sentence.block == index]
            cut_off = self._is_cut_off(index + len(body) + 1)
            self._guard(line, partial(self._example, body=body, cut_off=cut_off))

    def _is_cut_off(self, place: int) -> bool:
        """Tell whether the sentence below an example could not be read: it may be a line of it, without its indent."""
        below = self.lines[place : place + 1]
        return any(line.node is None and line.sentence.block is None for line in below)

    def _example(self, header: Line, *, body: list[Line], cut_off: bool) -> None:
        assert header.node is not None
        title = str(list(header.node.words())[-1].value)
        draft = examples.Draft(title, header.node.span)
        broken = cut_off
        for line in body:
            if line.node is None:
                broken = True
                continue
            try:
                draft = examples.line(draft, line.node, self.scope)
            except FaultError as found:
                broken = True
                self._report(found, line.sentence)
        if not broken:
            self.examples.append(examples.finished(draft, self.scope))

    def _check_labels(self) -> None:
        """Find the rule that each expectation names."""
        known = {name: name for name in _RESERVED_LABELS}
        known |= {made.name.lower(): made.name for made in (*self.rules, *self.book)}
        for index, example in enumerate(self.examples):
            expectations = tuple(
                evolve(each, because=each.because and self._known_rule(each.because, each.span, known))
                for each in example.expectations
            )
            past = tuple(evolve(each, rule=self._known_rule(each.rule, each.span, known)) for each in example.past)
            self.examples[index] = evolve(example, expectations=expectations, past=past)

    def _known_rule(self, name: str, span: t.Span, known: Mapping[str, str]) -> str:
        """Return the rule that a label or a sentence names; one that is unknown is a finding."""
        found = known.get(name.lower()) or known.get(self._canonical(name).lower())
        if found is None and name.lower() not in self.broken_labels:
            self._unknown_label(name, span, known.values())
        return found or name

    def _unknown_label(self, written: str, span: t.Span, known: Iterable[str]) -> None:
        name, _, moment = written.rpartition(" at ")
        near = did_you_mean(written, [made.name for made in (*self.rules, *self.book)])
        help = f"did you mean `{near}`?" if near else "write the label of a rule, or its whole sentence"
        if name.lower() in [label.lower() for label in known]:
            help = f"the moment stands before `because`: write `at {moment} because {name}`"
        unknown = FaultError("N106", span, f"no rule is called `{written}`", help)
        self.found.append(unknown.diagnostic(self.source))

    def _canonical(self, sentence: str) -> str:
        words = Reader(raw_tokens(sentence, 1, 1), self.naming.names, self.phrases).read()
        return self._echo(words)

    def _echo(self, words: Sequence[Word]) -> str:
        return echo(words, self.scope)

    # --- the whole ------------------------------------------------------------

    def _say_unread(self, raws: Sequence[tuple[Word, ...]]) -> None:
        """Tell of a sentence that was not read and for which no name turned out to be at fault: none is dropped."""
        for line, raw in zip(self.lines, raws, strict=True):
            if line.node is None:
                try:
                    header = self._header_of(line.sentence)
                    self._node(self._words(raw, header), header)
                except FaultError as found:
                    self._report(found, line.sentence)

    def _say_empty(self) -> None:
        number = next((i for i, line in enumerate(self.source.lines, 1) if line.strip()), 1)
        span = t.Span(number, 1, number, max(2, len(self.source.line(number)) + 1))
        empty = FaultError(
            "E111",
            span,
            "there is no rule in this policy",
            "write one sentence: `book 50% at 15% profit after 30 minutes`",
        )
        self.found.append(empty.diagnostic(self.source))

    def _tree(self, path: str) -> t.PolicyTree:
        values, definitions = [], []
        for line in self.lines:
            if line.node is None or line.node.rule not in ("set_value", "define"):
                continue
            name = next(word for word in line.node.words() if word.type == "NEW_NAME").value
            if line.node.rule == "set_value":
                values.append(self.scope.values.resolve(name, use=False))
            else:
                definitions.append(self.scope.conditions.resolve(name, use=False))
        return t.PolicyTree(
            self.title,
            self.applies or t.Applies(),
            tuple(values),
            tuple(definitions),
            tuple(self.rules),
            tuple(self.examples),
            self.source.text,
            path,
            tuple(self.book),
            missing_data=self.missing_data,
        )


def _only_rules(node: Node) -> None:
    """Raise if a line of a block for the whole book is no rule."""
    if node.rule != "rule":
        help = "take away the blanks before it, and put it above or below the block"
        raise FaultError("E115", node.span, "only rules stand in a block for the whole book", help)


def _refuse_reserved(label: Word) -> None:
    """Raise if a label is a name that the log gives."""
    if label.type == "LABEL" and label.value in _RESERVED_LABELS:
        what = f"an exit because the {label.value} was reached"
        if label.value == EXIT_EVERYTHING:
            what = "an exit that `rulekit halt` ordered"
        said = f"`{label.value}` is what the log calls {what}"
        edit = Edit(label.span, f'"my {label.value}":')
        help = f'choose another label, for example `"my {label.value}"`'
        raise FaultError("N102", label.span, said, help, edits=(edit,))


_CHECKS: dict[str, Callable[[Checking, Node], None]] = {
    "policy": Checking._policy,
    "applies": Checking._applies,
    "set_value": Checking._set,
    "define": Checking._define,
    "data_missing": Checking._data_missing,
    "rule": Checking._rule,
    "example": Checking._example_header,
    "book_header": Checking._book_header,
}
