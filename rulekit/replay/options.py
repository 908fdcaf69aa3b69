"""What may be chosen about a replay: when it looks, the path within a bar, how orders fill and what they cost."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attrs import Attribute, field, frozen

from rulekit.errors import InputError
from rulekit.model.instant import SECOND
from rulekit.plugins.settings import PluginSettings

LOOKS = ("live", "path", "close")
PATHS = ("colour", "stop-first")
FILLS = ("last", "open", "touch")
PRICES = ("last", "quote")
SESSIONS = ("exchange", "always")


def _one_of(*words: str) -> Any:
    """Refuse a word that is none of these."""

    def check(instance: object, attribute: Attribute[Any], value: str) -> None:
        if value not in words:
            raise InputError(f"replay option `{attribute.name}` is `{value}`", f"use one of {', '.join(words)}")

    return check


def _not_negative(instance: object, attribute: Attribute[Any], value: float) -> None:
    """Refuse a negative or unknown amount."""
    if not 0 <= value < float("inf"):
        raise InputError(f"replay option `{attribute.name}` is `{value}`", "it must be a number of at least 0")


@frozen(kw_only=True)
class Options:
    """The rules of a replay; docs/replay.md says what each means.

    Args:
        looks: `live` looks at every price and every `cycle_s` seconds as `rulekit run` does, `path` at every price,
            `close` once a bar, at its end.
        path: what comes first in a bar: `colour` (as in a feed made of bars), or `stop-first`.
        fill: an order fills at the `last` price, at the next bar's `open`, or where its rule first held (`touch`).
        cycle_s: seconds between two looks where no price comes.
        looks_at: the `last` price, or the `quote` at which the position could be left: the bid of a long (ticks only).
        latency_s: from a decision until its order is at the exchange (`last` only).
        spread, slippage: in ticks; an order pays half the spread and all of the slippage.
        product: of the positions; MIS is squared off by the broker. Empty: the policy's own, else NRML.
        exchange: of symbols that do not name theirs.
        sessions: `exchange` decides only while it trades, `always` at any time.
        charges: name of a table of charges, or empty.
        skip_bad: leave rows out that cannot be, instead of refusing them.
        one_at_a_time: pass over entries of a symbol while one of it is held.
        marks: tell of every stop and target that was set, too.
        facts: what the bars do not tell, the same all the time, by the names of the language.
        native: use numba; None: if it is installed.
        plugins: how long packages may take to compute their facts.
    """

    looks: str = field(default="live", validator=_one_of(*LOOKS))
    path: str = field(default="colour", validator=_one_of(*PATHS))
    fill: str = field(default="last", validator=_one_of(*FILLS))
    cycle_s: float = field(default=10.0, validator=_not_negative)
    looks_at: str = field(default="last", validator=_one_of(*PRICES))
    latency_s: float = field(default=0.05, validator=_not_negative)
    spread: float = field(default=0.0, validator=_not_negative)
    slippage: float = field(default=0.0, validator=_not_negative)
    product: str = ""
    exchange: str = "NSE"
    strategy: str = ""
    sessions: str = field(default="exchange", validator=_one_of(*SESSIONS))
    charges: str = ""
    skip_bad: bool = False
    one_at_a_time: bool = False
    marks: bool = True
    facts: Mapping[str, float] = field(factory=dict)
    native: bool | None = None
    plugins: PluginSettings = field(factory=PluginSettings)

    def __attrs_post_init__(self) -> None:
        if self.looks == "close" and self.fill == "touch":
            raise InputError(
                "with `looks` at the close an order cannot fill by `touch`",
                "use looks `path`, or fill `last` or `open`",
            )
        if self.looks == "live" and not self.cycle_s > 0:
            raise InputError("replay option `cycle_s` is 0", "use 10, or looks `path` for no cycles at all")

    @property
    def latency(self) -> int:
        """Microseconds until an order is at the exchange; none where it does not wait for a price."""
        return round(self.latency_s * SECOND) if self.fill == "last" and self.looks != "close" else 0
