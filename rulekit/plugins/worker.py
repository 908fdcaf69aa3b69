"""The process in which a package computes its facts: a question a line on standard input, an answer a line back.

Nothing that a plug-in does here reaches the engine but the line that this module writes.
"""

from __future__ import annotations

import json
import math
import os
import sys
from collections.abc import Iterator, Sequence
from importlib import import_module
from queue import SimpleQueue
from threading import Thread
from typing import Any, TextIO

from rulekit.plugins.day_bars import DayBars
from rulekit.plugins.declared import FactPlugin, Measured
from rulekit.plugins.loading import one_line

READY = "ready"


def main() -> None:
    """Answer until nobody asks any more."""
    # What a plug-in prints goes to standard error: the answers have a pipe that only this function knows.
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8", newline="\n")
    os.dup2(2, 1)
    questions = os.fdopen(os.dup(0), "r", encoding="utf-8")
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    _answer(answers, {"ready": READY})
    for line in _lines(questions):
        _answer(answers, _answered(json.loads(line)))


def _lines(questions: TextIO) -> Iterator[str]:
    """Yield questions; the process ends when the engine has gone, though a plug-in may be computing."""
    queue: SimpleQueue[str] = SimpleQueue()

    def listen() -> None:
        for line in questions:
            queue.put(line)
        os._exit(0)

    Thread(target=listen, name="questions", daemon=True).start()
    while True:
        yield queue.get()


def _answer(answers: TextIO, said: dict[str, Any]) -> None:
    answers.write(json.dumps(said) + "\n")
    answers.flush()


def _answered(question: dict[str, Any]) -> dict[str, Any]:
    """Compute one fact over one day; whatever goes wrong is said in one line."""
    try:
        if "method" in question:
            return {"answer": _called(_named(question["target"]), question["method"], question["arguments"])}
        if "bars" not in question:
            _named(question["target"])
            return {"ready": READY}
        fact = _fact(question["target"])
        bars = DayBars.of_row(question["bars"])
        values = checked(fact, fact.compute(bars, question["window"]), len(bars))
    except BaseException as error:  # other people's code may raise anything, SystemExit included
        return {"trouble": f"raised {one_line(error)}" if not isinstance(error, WrongValues) else str(error)}
    return {"values": values[-1:] if question["last"] else values}


def _named(target: str) -> Any:
    module, _, attribute = target.partition(":")
    value: Any = import_module(module)
    for part in attribute.split("."):
        value = getattr(value, part)
    return value


def _called(declared: Any, method: str, arguments: list[Any]) -> Any:
    """Call a function of a declaration; what it returns must be plain values."""
    if method == READ:
        source, target = arguments
        return written(declared.read(source), target)
    answer = getattr(declared, method)(*arguments)
    try:
        json.dumps(answer)
    except (TypeError, ValueError):
        raise WrongValues(f"returned a {type(answer).__name__}, which is no plain value") from None
    return answer


READ = "read"
"""The function of a feed: what it returns is written to a file instead of a line."""


def written(prices: Any, target: str) -> int:
    """Write what a feed has read to an Arrow file; return the number of rows.

    Raises:
        WrongValues: it is no table.
    """
    import pyarrow as pa
    import pyarrow.feather as feather

    if isinstance(prices, list | tuple):
        prices = pa.Table.from_pylist(list(prices))
    elif hasattr(prices, "to_arrow"):
        prices = prices.to_arrow()
    elif hasattr(prices, "iloc"):
        prices = pa.Table.from_pandas(prices, preserve_index=False)
    if not isinstance(prices, pa.Table):
        raise WrongValues(f"returned a {type(prices).__name__} and no table of prices")
    feather.write_feather(prices, target, compression="uncompressed")
    return int(prices.num_rows)


def _fact(target: str) -> FactPlugin:
    value = _named(target)
    if not isinstance(value, FactPlugin):
        raise WrongValues(f"`{target}` is a {type(value).__name__} and no FactPlugin")
    return value


class WrongValues(Exception):  # noqa: N818 - it is a sentence, not a failure of ours
    """What a plug-in returned is not what it declares."""


def checked(fact: FactPlugin, values: Any, count: int) -> list[float]:
    """Return what a plug-in computed as plain numbers, one a bar.

    Raises:
        WrongValues: another unit, another number of values, no numbers, or values that it says there cannot be.
    """
    if isinstance(values, Measured):
        if values.unit != fact.unit:
            raise WrongValues(f"returned {values.unit} and declares {fact.unit}")
        values = values.values
    values = _sequence(values)
    if len(values) != count:
        raise WrongValues(f"returned {len(values):,} values for {count:,} bars")
    return [_number(fact, value) for value in values]


def _sequence(values: Any) -> Sequence[Any]:
    try:
        if isinstance(values, str | bytes | dict | set):
            raise TypeError
        length = len(values)
    except TypeError:
        raise WrongValues(f"returned a {type(values).__name__} and no list of numbers") from None
    if length <= MOST and hasattr(values, "tolist"):
        values = values.tolist()
    found: Sequence[Any] = values
    return found


MOST = 100_000
"""No day has more bars; what is longer is counted and not looked at."""


def _number(fact: FactPlugin, value: Any) -> float:
    if value is None:
        return math.nan
    if isinstance(value, bool) or not hasattr(value, "__float__") or isinstance(value, str):
        raise WrongValues(f"returned a {type(value).__name__} among its values, which is no number")
    number = float(value)
    if number != number:
        return number
    if math.isinf(number):
        raise WrongValues("returned an infinite value")
    if (fact.low is not None and number < fact.low) or (fact.high is not None and number > fact.high):
        low = "no bound" if fact.low is None else f"{fact.low:g}"
        high = "no bound" if fact.high is None else f"{fact.high:g}"
        raise WrongValues(f"returned {number:g}, and declares values from {low} to {high} ({fact.unit})")
    return number


if __name__ == "__main__":
    sys.setrecursionlimit(10_000)
    main()
