"""`rulekit decide`: what a policy decides for given positions, with its reasons."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import click

from rulekit.cli.settings_option import calendar_in_force


@click.command("decide", short_help="show what a policy decides for given positions")
@click.argument("policy", type=click.Path(path_type=Path))
@click.option(
    "--positions",
    "positions",
    type=click.Path(path_type=Path),
    required=True,
    help="JSON file with `now` and the positions.",
)
def command(policy: Path, positions: Path) -> int:
    r"""Show what POLICY decides for the positions of a file, and why or why not, as JSON.

    Nothing is sent and nothing is remembered.

    \b
    Examples:
      rulekit decide my.policy --positions positions.json
    \b
    A positions file:
      {"now": "2026-11-20T10:00:00+05:30", "positions": [
        {"symbol": "KOTAKBANK", "exchange": "NSE", "product": "MIS", "side": "long", "quantity": 100,
         "entry": 1690, "price": 1998.50, "opened": "2026-11-20T09:20:00+05:30",
         "stop": 1650, "facts": {"momentum": 3.2, "volume": 1.8}, "fired": {}}],
       "book": {"facts": {"day loss": 26000, "open positions": 8}}}
    """
    from attrs import evolve

    from rulekit.engine.book import latched, ordered
    from rulekit.engine.decision_json import decision_json
    from rulekit.engine.positions_file import read_file
    from rulekit.engine.stated_facts import with_counts
    from rulekit.engine.stated_memory import named_memory
    from rulekit.runtime.policy import load

    calendar_in_force()
    loaded = load(policy)
    given = read_file(positions)
    remembered = named_memory(loaded.compiled, given.book.memory)
    book = loaded.decide_book(given.book.book, remembered)
    orders = ordered(book, latched(loaded.compiled, remembered))
    asked = []
    for one in given.positions:
        memory = named_memory(loaded.compiled, one.memory)
        asked.append(evolve(one, snapshot=with_counts(loaded.compiled, one.snapshot, memory), memory=memory))
    answer: dict[str, Any] = {
        "policy": loaded.title or policy.name,
        "digest": loaded.digest,
        "positions": [decision_json(loaded.decide(one.snapshot, one.memory, orders), one.snapshot) for one in asked],
    }
    if loaded.book_rules:
        answer["book"] = decision_json(book, given.book.book.as_snapshot())
    plain = not (getattr(sys.stdout, "encoding", None) or "").lower().startswith("utf")
    click.echo(json.dumps(answer, indent=2, ensure_ascii=plain, allow_nan=False))
    return 0
