"""Breaks every condition of every lint rule, one at a time, and sees whether a case of the corpus notices.

Run with `python -m tests.soak.lint_mutants [MODULE…]` from the project's root. What survives is listed with its line;
the exit code is 1 if one does that EQUIVALENT does not name, or if EQUIVALENT names one that does not.
"""

from __future__ import annotations

import ast
import copy
import importlib
import inspect
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import CodeType, FunctionType, ModuleType

from rulekit.language.reading import check_text
from rulekit.lint.catalogue import RULES, LintRule
from rulekit.lint.subject import FILES, PROOF, Subject
from tests.lint.test_ranges import ranges_hold
from tests.lint.test_rules import NEXT_FILE, PATHS, TODAY, cases

HELPERS = ("parts", "ranges", "protection", "sessions", "square_off")
"""Rooms of the linter that many rules share; they are broken too, against the cases of all rules."""

EQUIVALENT: dict[str, str] = {}
"""Mutants that change nothing that anybody could see, each with its reason, by `module: the line as it stands: change`.

There is none: what changed nothing was taken out of the rules instead.
"""

# --- mutants ------------------------------------------------------------

_OPPOSITES: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
}


def changes(node: ast.AST) -> Iterator[tuple[str, Callable[[ast.AST], ast.AST]]]:
    """Yield what may be broken about a node: a word for it, and the change."""
    if isinstance(node, ast.Compare):
        for place, op in enumerate(node.ops):
            for other in _OPPOSITES[type(op)]:
                yield f"{type(op).__name__} as {other.__name__}", _with_op(place, other)
    if isinstance(node, ast.BoolOp):
        yield "and/or exchanged", _exchanged
        for place in range(len(node.values)):
            yield f"part {place} left out", _without_part(place)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        yield "not left out", lambda broken: broken.operand  # type: ignore[attr-defined]
    if isinstance(node, ast.If | ast.IfExp):
        for held in (True, False):
            yield f"if {held}", _with_test(held)
    if isinstance(node, ast.comprehension) and node.ifs:
        yield "filter left out", _unfiltered
    if isinstance(node, ast.Return) and node.value is not None and _is_truth(node.value):
        for held in (True, False):
            if not (isinstance(node.value, ast.Constant) and node.value.value is held):
                yield f"return {held}", _returning(held)


def _is_truth(node: ast.expr) -> bool:
    if isinstance(node, ast.Constant):
        return isinstance(node.value, bool)
    called = isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("any", "all", "bool")
    return called or isinstance(node, ast.Compare | ast.BoolOp | ast.UnaryOp)


def _with_op(place: int, other: type[ast.cmpop]) -> Callable[[ast.AST], ast.AST]:
    def change(node: ast.AST) -> ast.AST:
        assert isinstance(node, ast.Compare)
        node.ops[place] = other()
        return node

    return change


def _exchanged(node: ast.AST) -> ast.AST:
    assert isinstance(node, ast.BoolOp)
    node.op = ast.Or() if isinstance(node.op, ast.And) else ast.And()
    return node


def _without_part(place: int) -> Callable[[ast.AST], ast.AST]:
    def change(node: ast.AST) -> ast.AST:
        assert isinstance(node, ast.BoolOp)
        rest = [value for index, value in enumerate(node.values) if index != place]
        return rest[0] if len(rest) == 1 else ast.BoolOp(node.op, rest)

    return change


def _with_test(held: bool) -> Callable[[ast.AST], ast.AST]:
    def change(node: ast.AST) -> ast.AST:
        assert isinstance(node, ast.If | ast.IfExp)
        node.test = ast.Constant(held)
        return node

    return change


def _unfiltered(node: ast.AST) -> ast.AST:
    assert isinstance(node, ast.comprehension)
    node.ifs = []
    return node


def _returning(held: bool) -> Callable[[ast.AST], ast.AST]:
    def change(node: ast.AST) -> ast.AST:
        assert isinstance(node, ast.Return)
        node.value = ast.Constant(held)
        return node

    return change


class _Changer(ast.NodeTransformer):
    """Applies one change to the node that stands at one place of a walk."""

    def __init__(self, target: ast.AST, change: Callable[[ast.AST], ast.AST]) -> None:
        self.target, self.change = target, change

    def visit(self, node: ast.AST) -> ast.AST:
        if node is self.target:
            return ast.copy_location(self.change(node), node)
        return self.generic_visit(node)


def mutants(tree: ast.Module) -> Iterator[tuple[int, str, ast.Module]]:
    """Yield every mutant of a module: its line, a word for it, and its tree."""
    for place, node in enumerate(ast.walk(tree)):
        for number, (word, _) in enumerate(changes(node)):
            again = copy.deepcopy(tree)
            target = next(each for index, each in enumerate(ast.walk(again)) if index == place)
            _, change = list(changes(target))[number]
            line = getattr(node, "lineno", 0) or next(
                (inner.lineno for inner in ast.walk(node) if hasattr(inner, "lineno")), 0
            )
            yield line, word, ast.fix_missing_locations(_Changer(target, change).visit(again))


# --- a module with other code ------------------------------------------------------------


def functions(module: ModuleType) -> dict[str, FunctionType]:
    """Return the functions and methods that a module defines itself, by their qualified names."""
    found = {}
    for each in vars(module).values():
        if inspect.isfunction(each) and each.__module__ == module.__name__:
            found[each.__qualname__] = each
        if inspect.isclass(each) and each.__module__ == module.__name__:
            for inner in vars(each).values():
                plain = inner.fget if isinstance(inner, property) else inner
                if inspect.isfunction(plain) and plain.__code__.co_filename == module.__file__:  # not what attrs makes
                    found[plain.__qualname__] = plain
    return found


def codes_of(tree: ast.Module) -> dict[str, CodeType]:
    """Return the code of every function of a module's tree, by qualified name."""
    found: dict[str, CodeType] = {}

    def collect(code: CodeType) -> None:
        for inner in code.co_consts:
            if isinstance(inner, CodeType):
                found[inner.co_qualname] = inner
                collect(inner)

    collect(compile(tree, "<mutant>", "exec"))
    return found


# --- what a rule says of its cases ------------------------------------------------------------


def subjects(code: str) -> list[list[Subject]]:
    """Return the cases of a code, each as its policies without errors."""
    path = next(path for path in PATHS if path.stem == code)
    found = []
    for written, _ in cases(path):
        checked = [check_text(text, f"{place}.policy") for place, text in enumerate(written.split(NEXT_FILE))]
        found.append([Subject(each.tree, each, TODAY) for each in checked if each.tree is not None])
    return found


def said(rule: LintRule, looked_at: list[list[Subject]]) -> list[str] | None:
    """Return all that a rule says of its cases; None if it fails."""
    lines = []
    try:
        for place, each in enumerate(looked_at):
            if rule.needs == FILES:
                lines += [f"{place} {index} {finding}" for index, finding in rule.find(each)]
            else:
                lines += [f"{place} {finding}" for one in each for finding in rule.find(one)]
    except Exception:
        return None
    return lines


def survivors(
    module: ModuleType, rules: list[LintRule], looked_at: dict[str, list[list[Subject]]]
) -> Iterator[tuple[int, str]]:
    """Yield every mutant of a module beside which all rules say what they said before."""
    before = {rule.code.code: said(rule, looked_at[rule.code.code]) for rule in rules}
    kept = functions(module)
    originals = {name: each.__code__ for name, each in kept.items()}
    for line, word, tree in mutants(ast.parse(inspect.getsource(module))):
        broken = codes_of(tree)
        for name, each in kept.items():
            each.__code__ = broken[name]
        try:
            noticed = any(said(rule, looked_at[rule.code.code]) != before[rule.code.code] for rule in rules)
            noticed = noticed or not ranges_hold()
        finally:
            for name, each in kept.items():
                each.__code__ = originals[name]
        if not noticed:
            yield line, word


def main(names: list[str]) -> int:
    """Break the modules that are named, or all; return the exit code."""
    rules = {rule.code.name.replace("-", "_"): rule for rule in RULES if rule.needs != PROOF}
    looked_at = {rule.code.code: subjects(rule.code.code) for rule in rules.values()}
    left = total = 0
    named: set[str] = set()
    for name in names or [*rules, *HELPERS]:
        place = f"rulekit.lint.{name}" if name in HELPERS else f"rulekit.lint.rules.{name}"
        module = importlib.import_module(place)
        against = [rules[name]] if name in rules else list(rules.values())
        total += sum(1 for _ in mutants(ast.parse(inspect.getsource(module))))
        written = inspect.getsource(module).splitlines()
        for line, word in survivors(module, against, looked_at):
            key = f"{name}: {written[line - 1].strip()}: {word}"
            if key in EQUIVALENT:
                named.add(key)
                continue
            left += 1
            print(f"survived: {name}:{line}: {word}\n  {key}")
    looked = names or [*rules, *HELPERS]
    gone = [key for key in EQUIVALENT if key.partition(":")[0] in looked and key not in named]
    for key in gone:
        print(f"named as equivalent, but it does not survive: {key}")
    killed = total - left - len(named)
    print(f"{total} mutants of {len(looked)} modules: {killed} killed, {len(named)} equivalent (named), {left} survive")
    return 1 if left or gone else 0


if __name__ == "__main__":
    assert Path("pyproject.toml").exists(), "run this from the project's root"
    sys.exit(main(sys.argv[1:]))
