"""One position that two `applies to` both cover, confirmed by the test that gives positions to policies."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

from rulekit.engine.applies import covers
from rulekit.language.tree import Applies
from rulekit.language.vocabulary import EXCHANGES, KINDS, PRODUCTS, SIDES
from rulekit.model.snapshot import Snapshot

TRADED = {
    "NSE": ("equity",),
    "BSE": ("equity",),
    "NFO": ("future", "option"),
    "BFO": ("future", "option"),
    "CDS": ("currency", "future", "option"),
    "MCX": ("commodity", "future", "option"),
}
"""The kinds of instrument that an exchange trades."""
_LISTS = ("exchanges", "kinds", "products", "symbols", "strategies", "sides")
_SYMBOLS = {"equity": "KOTAKBANK", "future": "NIFTY25NOVFUT", "option": "NIFTY25NOV24000CE"}
_A_SYMBOL, _A_DAY = "GOLDPETAL25NOVFUT", 1749623400000000


def shared_position(left: Applies, right: Applies) -> Snapshot | None:
    """Return a position that both cover; None proves that there is none, for every kind of position is tried."""
    if not all(_share(getattr(left, name), getattr(right, name)) for name in _LISTS):
        return None
    return next((each for each in _positions(left, right) if covers(left, each) and covers(right, each)), None)


def _share(left: tuple[str, ...], right: tuple[str, ...]) -> bool:
    return not left or not right or bool({each.lower() for each in left} & {each.lower() for each in right})


def told(position: Snapshot) -> str:
    """Write the position in one line: `long KOTAKBANK on NSE (equity), product MIS`."""
    side = "long" if position.side > 0 else "short"
    text = f"{side} {position.symbol} on {position.exchange} ({position.kind}), product {position.product}"
    return text + (f", strategy {position.strategy}" if position.strategy else "")


def _positions(left: Applies, right: Applies) -> Iterator[Snapshot]:
    """List a position of every kind that either names, and of those that neither does."""
    strategies = ("", *left.strategies, *right.strategies)
    symbols = (*left.symbols, *right.symbols)
    for exchange, item, side, strategy in product(EXCHANGES, PRODUCTS, SIDES, strategies):
        for kind in (kind for kind in KINDS if kind in TRADED[exchange]):
            for symbol in symbols or (_SYMBOLS.get(kind, _A_SYMBOL),):
                yield Snapshot(
                    symbol=symbol,
                    side=1 if side == "long" else -1,
                    quantity=1,
                    entry=100_00.0,
                    price=100_00.0,
                    now=_A_DAY,
                    exchange=exchange,
                    product=item,
                    strategy=strategy,
                    kind=kind,
                )
