"""A policy in plain words: what it is for, each rule, how one look goes, what it bounds and what it leaves open."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from attrs import frozen

from rulekit.compile.policy import CompiledPolicy
from rulekit.explain.promises import named, promises
from rulekit.explain.rows import Row, row
from rulekit.explain.worst import worst_cases
from rulekit.language import tree as t
from rulekit.language.sentences import applies_text

WIDTH = 100
"""Text is filled to this many characters; a table may be a little wider."""
_COLUMNS = (("rule", 26), ("when", 34), ("does", 28), ("how often", 18), ("lane", 10))
"""The columns of the table, and the most characters that each may take."""


def account(policy: CompiledPolicy, name: str = "policy", proved: Sequence[Proved] = ()) -> str:
    """Explain a policy.

    Args:
        name: stands where it has no title.
        proved: what has been proved about it, to be told with the positions that show it.
    """
    tree = policy.tree
    rows, book = [row(rule) for rule in tree.rules], [row(rule) for rule in tree.book]
    parts = [f"{tree.title or name}\n{_for(tree.applies)}"]
    if rows:
        parts.append("The rules, in the order of the file\n" + "\n".join(_sentences(rows)))
    if book:
        parts.append("For the whole book\n" + "\n".join(_sentences(book)) + "\n" + _points(_of_the_book(tree.book)))
    parts.append("At every look\n" + _points(_look(tree.rules, tree.book)))
    if rows:
        title = "One position at worst (while its price is known; gaps and refused orders come on top)\n"
        parts.append(title + _points(worst_cases(tree)))
    if proved:
        parts.append("What was proved, each shown on a position that was decided on\n" + _proofs(proved))
    if rows:
        title = "What it bounds, and what it leaves open (read off the sentences, not proved)\n"
        parts.append(title + _points(promises(policy)))
    parts.append("The table\n" + table([*rows, *book]))
    return "\n\n".join(parts)


def _of_the_book(rules: tuple[t.Rule, ...]) -> list[str]:
    """Say what the actions of rules for the whole book mean, each once."""
    taken = {action for rule in rules if isinstance(rule.verb, t.WholeBook) for action in rule.verb.actions}
    return [said for action, said in _BOOK_ACTIONS.items() if action in taken]


_BOOK_ACTIONS = {
    t.BookAction.EXIT_EVERYTHING: "`exit everything` closes every position that a policy manages, and goes on until "
    "all are flat; what is opened after that is not closed, and positions that no policy manages are left alone",
    t.BookAction.STOP_ADDING: "`stop adding` passes over every `add` for the rest of the day, or until a person "
    "resumes",
    t.BookAction.STOP_TRADING: "`stop trading` sends only what makes a position smaller, until a person resumes "
    "(`rulekit resume`), also on later days",
}


@frozen
class Proved:
    """One thing that was proved.

    Args:
        witness: lines that show it on a position.
    """

    text: str
    witness: tuple[str, ...] = ()


def _proofs(proved: Sequence[Proved]) -> str:
    lines = []
    for each in proved:
        lines.append(_points([each.text]))
        for shown in each.witness:
            lines += textwrap.wrap(
                shown, WIDTH, initial_indent="      ", subsequent_indent="        ", break_on_hyphens=False
            )
    return "\n".join(lines)


def _for(applies: t.Applies) -> str:
    if applies == t.Applies():
        return "It is for every position."
    return f"It is for {applies_text(applies).removeprefix('applies to ')}; other positions it leaves alone."


def _points(sentences: Sequence[str]) -> str:
    return "\n".join(
        textwrap.fill(each, WIDTH, initial_indent="  - ", subsequent_indent="    ", break_on_hyphens=False)
        for each in sentences
    )


def _sentences(rows: Sequence[Row]) -> list[str]:
    lines = []
    for number, each in enumerate(rows, 1):
        head = f"{number:>3}. "
        title = each.sentence if each.rule == each.sentence else f"{each.rule}: {each.sentence}"
        lines.append(textwrap.fill(title, WIDTH, initial_indent=head, subsequent_indent="     "))
        when = "At every look" if each.when.startswith("always") else f"When {each.when}"
        unless = each.when.removeprefix("always") if each.when.startswith("always") else ""
        said = f"{when}{unless}: {each.does}; {each.often}."
        lines.append(
            textwrap.fill(said, WIDTH, initial_indent="     ", subsequent_indent="     ", break_on_hyphens=False)
        )
    return lines


# --- how one look goes ------------------------------------------------------------

_STOPS = (t.MoveStop, t.TightenStopBy, t.TrailStop, t.LockIn)


def _look(rules: tuple[t.Rule, ...], book: tuple[t.Rule, ...]) -> list[str]:
    """Say in which order things are considered, with the rules of this policy."""
    found = ["the whole book is looked at first, then each position"] if book else []
    if not rules:
        return [*found, "a position whose stop or target is reached exits; no rule looks at single positions"]
    found += ["a position whose stop or target is reached exits, and nothing else is considered for it"]
    turns = [
        f"{what} ({named(mine, 'then')})"
        for what, verb in (("an exit", t.Exit), ("a book", t.Book), ("an add", t.Add))
        if (mine := [rule for rule in rules if isinstance(rule.verb, verb)])
    ]
    if turns:
        several = sum(isinstance(rule.verb, t.Exit | t.Book | t.Add) for rule in rules) > 1
        others = "; the others wait for the next look, after that order is done" if several else ""
        found.append(f"else at most one order goes: {', else '.join(turns)}{others}")
    stops = [rule for rule in rules if isinstance(rule.verb, _STOPS)]
    if stops:
        which = "the stop of" if len(stops) == 1 else "the tightest of the stops of"
        found.append(f"{which} {named(stops)} is set, if it is a tick or more tighter than the present one")
    follows = [rule for rule in stops if isinstance(rule.verb, t.TrailStop | t.LockIn)]
    if follows:
        found.append(
            f"where the price has already fallen behind the stop of {named(follows, 'or')}, the position exits now"
        )
    moves = [rule for rule in stops if isinstance(rule.verb, t.MoveStop | t.TightenStopBy)]
    if moves:
        found.append(f"a stop of {named(moves, 'or')} that the price has not passed yet is not set")
    found.append("a quantity is rounded down to whole lots, and what comes to nothing is passed over")
    found.append("what a rule remembers, such as having acted once, ends when the position is flat")
    return found


# --- the table ------------------------------------------------------------


def table(rows: Sequence[Row]) -> str:
    """Write the table: rule, when, does, how often, lane; long cells go on below."""
    cells = [[each.rule, each.when, each.does, each.often, each.lane] for each in rows]
    widths = [
        min(most, max(len(title), *(len(line[place]) for line in cells)))
        for place, (title, most) in enumerate(_COLUMNS)
    ]
    lines = [_line([title for title, _ in _COLUMNS], widths), _line(["-" * width for width in widths], widths)]
    for each in cells:
        wrapped = [textwrap.wrap(cell, width) for cell, width in zip(each, widths, strict=True)]
        for place in range(max(len(cell) for cell in wrapped)):
            lines.append(_line([cell[place] if place < len(cell) else "" for cell in wrapped], widths))
    return "\n".join(lines)


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    return "  " + "  ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)).rstrip()
