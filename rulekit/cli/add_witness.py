"""`rulekit test --add-witness CODE`: what lint shows on a position, kept as an example of the policy."""

from __future__ import annotations

from pathlib import Path

from attrs import evolve

from rulekit.cli.policy_files import write_whole
from rulekit.compile.policy import CompiledPolicy, compile_policy
from rulekit.engine.examples import run_example, run_looks
from rulekit.engine.expectations import Look, said
from rulekit.errors import InputError, RulekitError
from rulekit.language import tree as t
from rulekit.language.formatter import line_end
from rulekit.language.reading import Checked, check_text, read_policy
from rulekit.language.sentences import example_text
from rulekit.lint.proofs import Proof, prove
from rulekit.model.instant import MINUTE

_LOOKS = 5
"""How many looks at one price are shown, where rules take turns."""


def add_witnesses(path: Path, code: str) -> str:
    """Write the witness of every finding with a code behind the policy, as examples that pass; say what was done.

    What follows is the policy as it was, every comment in its place, with the examples at its end.

    Raises:
        InputError: nothing in the policy has that code, or the code is none that is proved.
        RulekitError: the policy has errors, or cannot be written.
    """
    checked = read_policy(path)
    if checked.tree is None:
        raise RulekitError(f"`{path}` has errors", "mend them first; `rulekit lint` says how")
    policy = compile_policy(checked.tree)
    found = _findings(checked.tree, code, path)
    texts = [text for text in (_example(policy, each, code, number) for number, each in enumerate(found, 1)) if text]
    fresh = [text for text in dict.fromkeys(texts) if _body(text) not in _bodies(checked.tree)]
    if not texts:
        raise InputError(f"what {code} shows cannot be said as an example", "it needs a day, or lots of more than one")
    if not fresh:
        return f"{path}: what {code} shows is an example already"
    write_whole(path, _with(checked, fresh, str(path)))
    titles = ", ".join(text.splitlines()[0].removeprefix("example ") for text in fresh)
    return f"{path}: added {titles}"


def _findings(tree: t.PolicyTree, code: str, path: Path) -> list[Proof]:
    every = prove(tree)
    mine = [found for name, found in every if name == code and found.is_shown]
    if mine:
        return mine
    others = sorted({name for name, found in every if found.is_shown})
    known = f"it has {', '.join(others)}" if others else "nothing in it is shown on a position"
    raise InputError(f"`{path}` has no finding {code} with a position that shows it", f"{known}; see `rulekit lint`")


def _example(policy: CompiledPolicy, found: Proof, code: str, number: int) -> str:
    """Write one finding as an example: where rules take turns as a path of a few looks, else as a single moment."""
    title = f"{code} as found" if number == 1 else f"{code} as found, {number}"
    plain = found.as_example(policy, title)
    if found.shown is None or found.path is not None:
        return plain or ""
    if found.shown.lot != 1 or found.shown.day is not None or plain is None:
        return plain or ""
    flat = (t.Leg(t.LegForm.FLAT, None, _LOOKS * MINUTE),)
    example = evolve(found.shown.example(policy.vocabulary, title), path=flat)
    looks = run_looks(policy, example)
    orders = [line for look in looks for line in _orders(look)]
    if len(orders) < 2:
        return plain
    return "\n".join((example_text(example), *(f"  {line}" for line in orders)))


def _orders(look: Look) -> list[str]:
    return [f"expect {said(each, look.snapshot)}" for each in look.decision.actions if each.quantity is not None]


def _body(text: str) -> str:
    return text.partition("\n")[2]


def _bodies(tree: t.PolicyTree) -> set[str]:
    return {_body(example_text(example)) for example in tree.examples}


def _with(checked: Checked, examples: list[str], path: str) -> str:
    """Return the text with examples at its end; checked to mean the same but for them, and to pass."""
    before = checked.source.text
    end = line_end(before)
    text = before.rstrip() + "".join(f"{end}{end}{example.replace(chr(10), end)}" for example in examples) + end
    again = check_text(text, path).tree
    tree = checked.tree
    assert tree is not None
    if again is None or evolve(again, source="", examples=tree.examples) != evolve(tree, source=""):
        raise RulekitError("the policy would not mean the same with the example", "please report it with the file")
    policy = compile_policy(again)
    if not all(run_example(policy, example).passed for example in again.examples[len(tree.examples) :]):
        raise RulekitError("the example would not pass", "please report it with the file")
    return text
