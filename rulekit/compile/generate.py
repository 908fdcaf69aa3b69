"""Generates the one function of a policy, as an `ast` tree from a closed vocabulary: registers, numbers, arithmetic.

It reads facts `f`, reads and updates memory `m`, writes results `r`; the same function runs in CPython over lists
and under numba over arrays of float64.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Sequence
from itertools import chain

from attrs import frozen

from rulekit.compile import statements as write
from rulekit.compile.blocks import MANY, Block, blocks_of
from rulekit.compile.expressions import (
    ALWAYS,
    All,
    Compare,
    Const,
    Expr,
    Load,
    Test,
    multiply,
)
from rulekit.compile.layout import (
    BEYOND_MARKET,
    BOOK_KIND,
    CANNOT_JUDGE,
    EXIT_KIND,
    FIRST_STATUS,
    HELD,
    IN_FLIGHT,
    KIND,
    MISSING,
    NO_SUCH_PRICE,
    NOT_HOLDING,
    QUANTITY,
    REACHED,
    ROUNDS_TO_ZERO,
    RULE,
    STOP,
    STOP_HIT,
    STOP_RULE,
    TARGET,
    TARGET_HIT,
    TARGET_RULE,
    Layout,
)
from rulekit.compile.lower import Lasts, Side
from rulekit.compile.program import AlertProgram, OrderProgram, Program, RuleProgram, StopProgram, TargetProgram
from rulekit.compile.registers import Registers, children, compared
from rulekit.compile.slots import may_be_unknown

Vector = list[float]
Generated = Callable[[Vector, Vector, Vector], None]

OFTEN = 8
"""Among many rules what is used so often is computed before them; what is used less may not be used at all."""
SIDE, HELD_QUANTITY, TICK = Load("side"), Load("quantity"), Load("tick")
INCOMPLETE = Compare(">", Load(MISSING), Const(0.0))
PRICE = multiply(SIDE, Load("price"))
CURRENT_STOP = multiply(SIDE, Load("stop"))
CURRENT_TARGET = multiply(SIDE, Load("target"))


@frozen
class Section:
    """Some statements, and the sentence that they stand for."""

    comment: str
    statements: Sequence[ast.stmt]


def generate(program: Program) -> tuple[Generated, tuple[Section, ...]]:
    """Return the policy's function and its sections, from which it can be shown."""
    sections = tuple(Emitter(program).sections())
    body = [statement for section in sections for statement in section.statements]
    module = ast.fix_missing_locations(ast.Module([_function(body)], []))
    names: dict[str, object] = {"__builtins__": {}}
    exec(compile(module, "<policy>", "exec"), names)  # noqa: S102 - a tree from the closed vocabulary above
    function: Generated = names["decide"]  # type: ignore[assignment]
    return function, sections


def shown(sections: Sequence[Section]) -> str:
    """Write the function as source, each section below its sentence."""
    lines = ["def decide(f, m, r):"]
    for section in sections:
        lines.append("")
        lines.extend(f"    # {line}" for line in section.comment.splitlines())
        for statement in section.statements:
            lines.extend(f"    {line}" for line in ast.unparse(ast.fix_missing_locations(statement)).splitlines())
    return "\n".join(lines) + "\n"


def _function(body: list[ast.stmt]) -> ast.FunctionDef:
    empty = ast.arguments([], [ast.arg(name) for name in "fmr"], None, [], [], None, [])
    return ast.FunctionDef("decide", empty, body, [], None)


class Emitter:
    """Writes the statements of a program."""

    def __init__(self, program: Program, least: int | None = None) -> None:
        """Prepare to write.

        Args:
            least: a number that is used so often is computed before the rules.
        """
        self._program = program
        slots = {name: place for place, name in enumerate(program.layout.slots)}
        self._many = len(program.rules) > MANY
        self._registers = Registers(slots, _roots(program), least or (OFTEN if self._many else 2))
        phases = [
            [rule for rule in program.rules if phase(rule) and not rule.rule.is_for_missing_data] for phase in _PHASES
        ]
        self._phases = phases
        last = [rule for rule in program.rules if rule.rule.is_for_missing_data]
        self._rank = {rule.index: float(rank) for rank, rule in enumerate(chain(*phases, last))}
        self._nullable = frozenset(
            name for name in program.layout.judged if name in program.layout.facts or may_be_unknown(name)
        )

    def sections(self) -> Iterator[Section]:
        """Yield the statements in the order in which they run: stop first, exits and stops, books, adds, results."""
        yield Section("what is used more than once", self._registers.shared((PRICE, CURRENT_STOP, CURRENT_TARGET)))
        yield Section("a reached stop or target exits, and nothing else is considered", self._guards())
        yield Section(
            "what the rules share",
            [*self._registers.shared(_roots(self._program)), *_starts(self._program, self._many)],
        )
        noted = self._moments()
        if noted:
            yield Section("since when what must last has held", noted)
        for rules in self._phases:
            yield from self._phase(rules)
        doubts = self._doubts()
        if doubts:
            yield Section("which rules could not be judged, asked only where something is missing", doubts)
        for rule in self._program.rules:
            if rule.rule.is_for_missing_data:
                yield Section(rule.comment, self._missing_data(rule))
        sides = self._sides()
        if sides:
            yield Section("on which side of its crossings a rule was, but where another order goes before it", sides)
        yield Section("the results", self._results())

    def _phase(self, rules: Sequence[RuleProgram]) -> Iterator[Section]:
        """Yield the rules that stand before those of the next phase, many of them in blocks."""
        for part in blocks_of(rules) if self._many else rules:
            if isinstance(part, RuleProgram):
                yield Section(part.comment, self._rule(part))
            else:
                yield Section("\n".join(rule.comment for rule in part.rules), self._block(part))
        late = self._behind(rules)
        if late:
            yield Section("what came to nothing is held back where a rule before it has acted", late)

    @property
    def _flying(self) -> ast.expr:
        return compared(">", self._registers.expr(Load("in_flight")), write.number(0.0))

    # --- statements ----------------------------------------------------------------------------------------

    def _guards(self) -> list[ast.stmt]:
        """Exit at a reached stop or target; while an order is in flight only say so."""
        return [
            ast.If(
                compared(op, self._registers.expr(PRICE), self._registers.expr(level)),
                [
                    ast.If(
                        self._flying,
                        [write.result(REACHED, write.number(mark))],
                        [
                            write.result(KIND, write.number(EXIT_KIND)),
                            write.result(RULE, write.number(mark)),
                            write.result(QUANTITY, self._registers.expr(HELD_QUANTITY)),
                        ],
                    ),
                    ast.Return(None),
                ],
                [],
            )
            for op, level, mark in (("<=", CURRENT_STOP, STOP_HIT), (">=", CURRENT_TARGET, TARGET_HIT))
        ]

    def _rule(self, rule: RuleProgram) -> list[ast.stmt]:
        """Write one rule: its limits, its condition, what it does; `_doubts` says where it could not be judged."""
        effect = rule.effect
        if isinstance(effect, OrderProgram):
            body = self._order(rule, effect)
        elif isinstance(effect, StopProgram):
            body = self._stop(rule, effect)
        elif isinstance(effect, TargetProgram):
            body = self._target(rule, effect)
        else:
            body = [_status(rule, HELD)]
        if rule.holds != ALWAYS:
            otherwise: list[ast.stmt] = []
            if rule.is_doubted_at_once:
                failed = self._registers.test(rule.fails)
                unjudged: list[ast.stmt] = [_status(rule, CANNOT_JUDGE)]
                if isinstance(effect, StopProgram) and effect.since is not None:
                    forgets = [write.remember(effect.since, write.number(NOT_HOLDING))]
                    otherwise = [ast.If(failed, forgets, unjudged)]
                else:
                    otherwise = [ast.If(ast.UnaryOp(ast.Not(), failed), unjudged, [])]
            body = [ast.If(self._registers.test(rule.holds), body, otherwise)]
        if rule.allowed != ALWAYS:
            body = [ast.If(self._registers.test(rule.allowed), body, [])]
        return body

    def _doubts(self) -> list[ast.stmt]:
        """Mark the rules that neither hold nor fail; only those are asked that read something which is missing."""
        groups: dict[tuple[Expr, ...], list[ast.stmt]] = {}
        for rule in self._program.rules:
            if rule.rule.is_for_missing_data or rule.holds == ALWAYS or rule.is_doubted_at_once:
                continue
            read = self._registers.doubtful(rule.holds, self._nullable)
            if not read:
                continue
            tests = [] if rule.allowed == ALWAYS else [self._registers.test(rule.allowed)]
            if not isinstance(rule.holds, Compare):
                tests.append(ast.UnaryOp(ast.Not(), self._registers.test(rule.fails)))
                if not _is_plain_all(rule.holds):
                    tests.append(ast.UnaryOp(ast.Not(), self._registers.test(rule.holds)))
            mark: ast.stmt = _status(rule, CANNOT_JUDGE)
            if tests:
                mark = ast.If(tests[0] if len(tests) == 1 else ast.BoolOp(ast.And(), tests), [mark], [])
            groups.setdefault(read, []).append(mark)
        if not groups:
            return []
        asked: list[ast.stmt] = []
        for read, marks in groups.items():
            lacks = [compared("!=", self._registers.expr(node), self._registers.expr(node)) for node in read]
            asked.append(ast.If(lacks[0] if len(lacks) == 1 else ast.BoolOp(ast.Or(), [*lacks]), marks, []))
        return [ast.If(self._registers.test(INCOMPLETE), asked, [])]

    def _order(self, rule: RuleProgram, effect: OrderProgram) -> list[ast.stmt]:
        """Take the position's one order if nothing took it before and something is left after rounding."""
        everything = self._take(rule, EXIT_KIND, self._registers.expr(HELD_QUANTITY))
        if effect.lots is None:
            chosen: list[ast.stmt] = everything
        else:
            lots = write.name("n")
            chosen = [
                write.assign("n", self._registers.expr(effect.lots)),
                ast.If(
                    compared(">", lots, write.number(0.0)),
                    self._take(rule, effect.kind, lots),
                    [
                        ast.If(
                            compared("<=", lots, write.number(0.0)),
                            [_status(rule, ROUNDS_TO_ZERO)],
                            [_status(rule, CANNOT_JUDGE)],
                        ),
                        *self._came_to_nothing(rule),
                    ],
                ),
            ]
            if effect.whole is not None:
                chosen = [ast.If(self._registers.test(effect.whole), everything, chosen)]
        return [
            ast.If(
                self._flying,
                [_status(rule, IN_FLIGHT)],
                [
                    ast.If(self._is_taken(rule), [_status(rule, HELD)], chosen),
                ],
            )
        ]

    def _is_taken(self, rule: RuleProgram) -> ast.expr:
        """Ask whether a rule before it has taken the one order; in blocks a later one may have come first."""
        if self._many:
            return compared("<", write.name("first"), write.number(self._rank[rule.index]))
        return compared(">", write.name("kind"), write.number(0.0))

    def _came_to_nothing(self, rule: RuleProgram) -> list[ast.stmt]:
        """Note the last rule whose order came to nothing; one that acts before it may yet be met."""
        if not self._many:
            return []
        rank = write.number(self._rank[rule.index])
        return [ast.If(compared("<", write.name("odd"), rank), [write.assign("odd", rank)], [])]

    def _behind(self, rules: Sequence[RuleProgram]) -> list[ast.stmt]:
        """Hold back what came to nothing before a rule was met that stands before it and has acted."""
        sized = [rule for rule in rules if isinstance(rule.effect, OrderProgram) and rule.effect.lots is not None]
        sized = [rule for rule in sized if not rule.is_doubted_at_once]
        if not self._many or len(sized) < 2:
            return []
        held: list[ast.stmt] = []
        for rule in sized:
            status = write.at("r", FIRST_STATUS + rule.index)
            nothing = ast.BoolOp(
                ast.Or(), [compared("==", status, write.number(code)) for code in (ROUNDS_TO_ZERO, CANNOT_JUDGE)]
            )
            held.append(ast.If(ast.BoolOp(ast.And(), [self._is_taken(rule), nothing]), [_status(rule, HELD)], []))
        return [ast.If(compared("<", write.name("first"), write.name("odd")), held, [])]

    def _block(self, block: Block) -> list[ast.stmt]:
        """Write the rules of a block behind its guard, so that those that cannot hold are not looked at."""
        body: list[ast.stmt] = []
        for part in block.parts:
            body += self._rule(part) if isinstance(part, RuleProgram) else self._block(part)
        return body if block.guard is None else [ast.If(self._registers.test(block.guard), body, [])]

    def _take(self, rule: RuleProgram, kind: float, quantity: ast.expr) -> list[ast.stmt]:
        rank = [write.assign("first", write.number(self._rank[rule.index]))] if self._many else []
        return [
            *rank,
            write.assign("kind", write.number(kind)),
            write.assign("rule", write.number(rule.index + 1.0)),
            write.assign("quantity", quantity),
            _status(rule, HELD),
        ]

    def _target(self, rule: RuleProgram, effect: TargetProgram) -> list[ast.stmt]:
        """Keep the nearest target; one that stands already is no news."""
        target, aim, cur = write.name("t"), write.name("aim"), self._registers.expr(CURRENT_TARGET)
        tick = self._registers.expr(TICK)
        real = ast.BinOp(target, ast.Mult(), self._registers.expr(SIDE))
        above, below = ast.BinOp(target, ast.Sub(), cur), ast.BinOp(cur, ast.Sub(), target)
        stands = ast.BoolOp(ast.And(), [compared("<", above, tick), compared("<", below, tick)])
        nearer = compared("<", target, aim)
        keep: list[ast.stmt] = [write.assign("aim", target), write.assign("aimer", write.number(rule.index + 1.0))]
        tie = self._tie(rule, target, "aim", "aimer")
        held: list[ast.stmt] = [ast.If(stands, [ast.Pass()], [_status(rule, HELD)]), ast.If(nearer, keep, tie)]
        return [
            write.assign("t", self._registers.expr(effect.target)),
            write.chain(
                (compared("<=", real, write.number(0.0)), [_status(rule, NO_SUCH_PRICE)]),
                (compared("==", target, target), held),
                (None, [_status(rule, CANNOT_JUDGE)]),
            ),
        ]

    def _stop(self, rule: RuleProgram, effect: StopProgram) -> list[ast.stmt]:
        """Keep the tightest stop that is better by a tick and on the right side of the market."""
        stop, price, best = write.name("c"), self._registers.expr(PRICE), write.name("best")
        beyond: list[ast.stmt] = [_status(rule, BEYOND_MARKET)]
        if effect.gives_back:
            takes = self._take(rule, EXIT_KIND, self._registers.expr(HELD_QUANTITY))
            exits = ast.If(self._is_taken(rule), [_status(rule, HELD)], takes)
            beyond = [ast.If(self._flying, [_status(rule, IN_FLIGHT)], [exits])]
        better = [
            _status(rule, HELD),
            ast.If(
                compared(">", stop, best),
                [write.assign("best", stop), write.assign("mover", write.number(rule.index + 1.0))],
                self._tie(rule, stop, "best", "mover"),
            ),
        ]
        step = ast.BinOp(stop, ast.Sub(), self._registers.expr(CURRENT_STOP))
        real = ast.BinOp(stop, ast.Mult(), self._registers.expr(SIDE))
        return [
            *self._follow(effect),
            write.assign("c", self._registers.expr(effect.stop)),
            write.chain(
                (compared("<=", real, write.number(0.0)), [_status(rule, NO_SUCH_PRICE)]),
                (compared(">=", stop, price), beyond),
                (compared("<", step, self._registers.expr(TICK)), [ast.Pass()]),
                (compared("<", stop, price), better),
                (None, [_status(rule, CANNOT_JUDGE)]),
            ),
        ]

    def _tie(self, rule: RuleProgram, price: ast.expr, best: str, mover: str) -> list[ast.stmt]:
        """Let the first in the file move a price to which several do; outside of blocks it came first anyway."""
        if not self._many:
            return []
        mine = write.number(rule.index + 1.0)
        equal = ast.BoolOp(ast.And(), [compared("==", price, write.name(best)), compared(">", write.name(mover), mine)])
        return [ast.If(equal, [write.assign(mover, mine)], [])]

    def _follow(self, effect: StopProgram) -> list[ast.stmt]:
        """Remember since when the rule holds, and the best price since then."""
        if effect.since is None or effect.best is None:
            return []
        price, best = self._registers.expr(PRICE), write.at("m", effect.best)
        begin = ast.BoolOp(
            ast.Or(),
            [
                compared("<", write.at("m", effect.since), write.number(0.0)),
                ast.UnaryOp(ast.Not(), compared("==", best, best)),
            ],
        )
        started: list[ast.stmt] = [
            ast.If(
                compared("<", write.at("m", effect.since), write.number(0.0)),
                [write.remember(effect.since, self._registers.expr(Load("now")))],
                [],
            ),
            write.remember(effect.best, price),
        ]
        higher = ast.If(compared(">", price, best), [write.remember(effect.best, price)], [])
        return [ast.If(begin, started, [higher])]

    def _missing_data(self, rule: RuleProgram) -> list[ast.stmt]:
        """Exit, before any book or add, if a rule could not be judged and a fact that it reads is missing."""
        causes: list[ast.expr] = []
        for other in self._program.rules:
            places = data_read(other, self._program.layout)
            if isinstance(other.effect, AlertProgram) or not places:
                continue
            unjudged = compared("==", write.at("r", FIRST_STATUS + other.index), write.number(CANNOT_JUDGE))
            unknown = [ast.UnaryOp(ast.Not(), compared("==", write.at("f", p), write.at("f", p))) for p in places]
            any_unknown = unknown[0] if len(unknown) == 1 else ast.BoolOp(ast.Or(), [*unknown])
            causes.append(ast.BoolOp(ast.And(), [unjudged, any_unknown]))
        if not causes:
            return [ast.Pass()]
        exits = self._take(rule, EXIT_KIND, self._registers.expr(HELD_QUANTITY))
        first = compared("==", write.name("kind"), write.number(EXIT_KIND))
        body: ast.stmt = ast.If(self._flying, [_status(rule, IN_FLIGHT)], [ast.If(first, [_status(rule, HELD)], exits)])
        cause = causes[0] if len(causes) == 1 else ast.BoolOp(ast.Or(), causes)
        return [ast.If(ast.BoolOp(ast.And(), [self._registers.test(rule.allowed), cause]), [body], [])]

    def _moments(self) -> list[ast.stmt]:
        """Note since when each condition that must last has held, or that it does not, or is unknown."""
        return [
            ast.If(
                self._registers.test(watch.holds),
                [
                    ast.If(
                        compared("<", write.at("m", watch.slot), write.number(0.0)),
                        [write.remember(watch.slot, self._registers.expr(Load("now")))],
                        [],
                    )
                ],
                [write.remember(watch.slot, write.number(NOT_HOLDING))],
            )
            for rule in self._program.rules
            for watch in rule.watches
            if isinstance(watch, Lasts)
        ]

    def _sides(self) -> list[ast.stmt]:
        """Note where crossings are now; one that was passed over stands until its rule has had its turn."""
        statements: list[ast.stmt] = []
        for rule in self._program.rules:
            sides = [watch for watch in rule.watches if isinstance(watch, Side)]
            if not sides:
                continue
            movers = ("rule", "aimer" if isinstance(rule.effect, TargetProgram) else "mover")
            status, mine = write.at("r", FIRST_STATUS + rule.index), write.number(rule.index + 1.0)
            waits = ast.BoolOp(ast.Or(), [compared("==", status, write.number(code)) for code in (HELD, IN_FLIGHT)])
            acts = ast.BoolOp(ast.Or(), [compared("==", write.name(name), mine) for name in movers])
            turn = ast.BoolOp(ast.Or(), [acts, ast.UnaryOp(ast.Not(), waits)])
            now: list[ast.stmt] = [write.remember(side.slot, self._registers.expr(side.beyond)) for side in sides]
            # an alert has its turn at every look
            statements += now if isinstance(rule.effect, AlertProgram) else [ast.If(turn, now, [])]
        return statements

    def _results(self) -> list[ast.stmt]:
        return [*self._moved(), *self._aimed()]

    def _aimed(self) -> list[ast.stmt]:
        """Set the target to the nearest, unless it stands there already or the position exits."""
        if not any(isinstance(rule.effect, TargetProgram) for rule in self._program.rules):
            return []
        aim, cur, tick = write.name("aim"), self._registers.expr(CURRENT_TARGET), self._registers.expr(TICK)
        stands = ast.BoolOp(
            ast.And(),
            [compared("<", ast.BinOp(aim, ast.Sub(), cur), tick), compared("<", ast.BinOp(cur, ast.Sub(), aim), tick)],
        )
        exits = compared("==", write.name("kind"), write.number(EXIT_KIND))
        aims = compared(">", write.name("aimer"), write.number(0.0))
        new = ast.BoolOp(ast.And(), [aims, ast.UnaryOp(ast.Not(), stands), ast.UnaryOp(ast.Not(), exits)])
        price = ast.BinOp(aim, ast.Mult(), self._registers.expr(SIDE))
        return [ast.If(new, [write.result(TARGET_RULE, write.name("aimer")), write.result(TARGET, price)], [])]

    def _moved(self) -> list[ast.stmt]:
        exits = compared("==", write.name("kind"), write.number(EXIT_KIND))
        moves = compared(">", write.name("mover"), write.number(0.0))
        return [
            ast.If(
                compared(">", write.name("kind"), write.number(0.0)),
                [
                    write.result(KIND, write.name("kind")),
                    write.result(RULE, write.name("rule")),
                    write.result(QUANTITY, write.name("quantity")),
                ],
                [],
            ),
            ast.If(
                ast.BoolOp(ast.And(), [moves, ast.UnaryOp(ast.Not(), exits)]),
                [
                    write.result(STOP_RULE, write.name("mover")),
                    write.result(STOP, ast.BinOp(write.name("best"), ast.Mult(), self._registers.expr(SIDE))),
                ],
                [],
            ),
        ]


_PHASES: tuple[Callable[[RuleProgram], bool], ...] = (
    lambda rule: (
        isinstance(rule.effect, StopProgram | TargetProgram)
        or (isinstance(rule.effect, OrderProgram) and rule.effect.kind == EXIT_KIND)
    ),
    lambda rule: isinstance(rule.effect, OrderProgram) and rule.effect.kind == BOOK_KIND,
    lambda rule: isinstance(rule.effect, OrderProgram) and rule.effect.kind not in (EXIT_KIND, BOOK_KIND),
    lambda rule: isinstance(rule.effect, AlertProgram),
)
"""Exit before book before add; a stop that was given back is an exit, so stops stand among them in file order."""


def _roots(program: Program) -> list[Expr | Test]:
    """List every expression of the function as often as it is written; the fails are asked too seldom to be shared."""
    roots: list[Expr | Test] = [PRICE, PRICE, CURRENT_STOP, CURRENT_TARGET, SIDE, HELD_QUANTITY]
    for rule in program.rules:
        roots.extend((rule.allowed, rule.holds))
        roots.extend(watch.holds if isinstance(watch, Lasts) else watch.beyond for watch in rule.watches)
        effect = rule.effect
        if isinstance(effect, StopProgram):
            roots.extend((effect.stop, CURRENT_STOP, PRICE, PRICE, SIDE, TICK))
        elif isinstance(effect, TargetProgram):
            roots.extend((effect.target, SIDE, CURRENT_TARGET, CURRENT_TARGET, TICK, TICK))
        elif isinstance(effect, OrderProgram):
            roots.extend(root for root in (effect.lots, effect.whole) if root is not None)
    return roots


def places_read(rule: RuleProgram, layout: Layout) -> tuple[int, ...]:
    """Return the places of the fact slots that a rule reads; a stop is also held against the market."""
    effect = rule.effect
    roots: list[Expr | Test] = [rule.allowed, rule.holds]
    if isinstance(effect, StopProgram):
        roots += [effect.stop, PRICE]
    elif isinstance(effect, TargetProgram):
        roots.append(effect.target)
    elif isinstance(effect, OrderProgram):
        roots += [root for root in (effect.lots, effect.whole) if root is not None]
    found = dict.fromkeys(slot for root in roots for slot in _slots_of(root))
    return tuple(layout.slots.index(slot) for slot in found)


_PRICED = frozenset({"best", "worst", "high", "low", "peak"})
_DATA = frozenset({"price", "day_profit"})


def data_read(rule: RuleProgram, layout: Layout) -> tuple[int, ...]:
    """Return the places of the price and of the facts of market and book that a rule reads."""
    read = [layout.slots[place] for place in places_read(rule, layout)]
    names = dict.fromkeys("price" if name in _PRICED else name for name in read)
    return tuple(layout.slots.index(name) for name in names if name in _DATA or name in layout.facts)


def _slots_of(node: Expr | Test) -> Iterator[str]:
    """Yield the fact slots of an expression in the order in which they are read."""
    if isinstance(node, Load):
        yield node.slot
    for child in children(node):
        yield from _slots_of(child)


def _is_plain_all(test: Test) -> bool:
    """Tell whether a test is comparisons of which each must hold: with something unknown in it, it does not."""
    return isinstance(test, All) and all(isinstance(item, Compare) for item in test.items)


def _starts(program: Program, many: bool) -> list[ast.stmt]:
    names, far = ["kind", "rule", "quantity", "mover"], [write.assign("best", write.number(-1e18))]
    if any(isinstance(rule.effect, TargetProgram) for rule in program.rules):
        names.append("aimer")
        far.append(write.assign("aim", write.number(1e18)))
    if many:
        far += [write.assign("first", write.number(1e18)), write.assign("odd", write.number(-1.0))]
    return [*(write.assign(name, write.number(0.0)) for name in names), *far]


def _status(rule: RuleProgram, code: float) -> ast.stmt:
    return write.result(FIRST_STATUS + rule.index, write.number(code))
