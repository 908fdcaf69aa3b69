"""What an answer of the studio costs while somebody types in a long policy, beside a whole new reading of it."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import date
from functools import partial
from statistics import median
from typing import Any

from attrs import asdict

from rulekit.studio import answers
from rulekit.studio.draft import Draft, read
from rulekit.studio.sliders import begin

TODAY = date(2026, 11, 23)


def policy(lines: int) -> str:
    """Return a policy of so many rules."""
    head = 'policy "long"\napplies to NSE equity, product MIS\ndefine lively as volume is at least 1.5 times normal\n'
    rules = (
        f"R{n}: book 1% at {n % 40 + 1}% profit after {n} minutes when lively and momentum over 15 minutes is "
        f"at least {n % 5}%\n"
        for n in range(lines - 3)
    )
    return head + "".join(rules)


def cost(work: Callable[[], Any], times: int = 7) -> float:
    """Return milliseconds of processor time, the median of several."""
    found = []
    for _ in range(times):
        began = time.process_time()
        work()
        found.append(1000 * (time.process_time() - began))
    return median(found)


class Typing:
    """A draft in which one sentence is another after every key."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.draft = Draft()
        self.keys = 0
        self.draft.read(text, TODAY)

    def answered(self, name: str, more: dict[str, Any]) -> Callable[[], Any]:
        """Return what types a key and asks for an answer; a glance came before any other."""

        def work() -> Any:
            return answers.QUICK[name](self.draft, {"text": self.changed(), **more}, TODAY)

        return work

    def changed(self) -> str:
        self.keys += 1
        return self.text + f"Z: exit at {self.keys % 90 + 1}% loss\n"


def main() -> None:
    """Print what each answer costs after one key."""
    for lines in (20, 200):
        text = policy(lines)
        compiled = read(text, TODAY).policy
        assert compiled is not None
        position = asdict(begin(compiled))
        whole = cost(partial(lambda text: read(text, TODAY).found, text), 3)
        print(f"{lines} lines: a whole new reading {whole:.0f} ms")
        more = {"look": {}, "examples": {}, "try": {"position": position}, "offers": {"offset": 0}}
        for name, given in more.items():
            took = cost(Typing(text).answered(name, given))
            print(f"  {name:<9} after a key {took:6.1f} ms, {took / whole:.2f} of that")
        still = Typing(text)
        asked = {"text": text, "position": position}
        moved = cost(partial(answers.trying, still.draft, asked, TODAY))
        print(f"  try    after a slider {moved:6.1f} ms")


if __name__ == "__main__":
    main()
