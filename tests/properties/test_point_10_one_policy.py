"""Point 10: one policy a position, the first in the configured order whose `applies to` matches."""

from __future__ import annotations

from attrs import evolve, frozen
from hypothesis import given, settings
from hypothesis import strategies as st

from rulekit.engine.applies import covers, first_that_applies
from rulekit.language.tree import Applies
from tests.compile.policies import position


@frozen
class Named:
    name: str
    applies: Applies


APPLIES = st.builds(
    Applies,
    exchanges=st.sampled_from([(), ("NSE",), ("BSE", "nse"), ("MCX",)]),
    kinds=st.sampled_from([(), ("equity",), ("future",)]),
    products=st.sampled_from([(), ("MIS",), ("CNC", "NRML")]),
    symbols=st.sampled_from([(), ("kotakbank",), ("INFY",)]),
    strategies=st.sampled_from([(), ("Breakout",)]),
    sides=st.sampled_from([(), ("long",), ("short",)]),
)


@settings(max_examples=120, deadline=None)
@given(
    st.lists(APPLIES, max_size=5),
    st.sampled_from([1, -1]),
    st.sampled_from(["MIS", "CNC"]),
    st.sampled_from(["", "breakout"]),
)
def test_the_first_match_is_taken_and_none_before_it_matched(
    applies: list[Applies], side: int, product: str, strategy: str
) -> None:
    asked = position(side=side, product=product, strategy=strategy)
    policies = [Named(str(number), one) for number, one in enumerate(applies)]
    chosen = first_that_applies(policies, asked)
    matching = [one for one in policies if covers(one.applies, asked)]
    assert chosen == (matching[0] if matching else None)


def test_every_part_of_applies_to_must_match() -> None:
    full = Applies(("NSE",), ("equity",), ("MIS",), ("KOTAKBANK",), ("Breakout",), ("long",))
    asked = position(strategy="breakout")
    assert covers(full, asked)
    changes = {"exchange": "BSE", "kind": "future", "product": "CNC", "symbol": "INFY", "strategy": "", "side": -1}
    for name, value in changes.items():
        assert not covers(full, evolve(asked, **{name: value})), name


def test_a_sale_of_holdings_is_reached_only_by_a_policy_that_names_it() -> None:
    sale = position(side=-1, product="CNC")
    assert not covers(Applies(), sale)
    assert not covers(Applies(exchanges=("NSE",)), sale)
    assert covers(Applies(products=("CNC",)), sale) and covers(Applies(symbols=("KOTAKBANK",)), sale)
    assert covers(Applies(), position(side=1, product="CNC"))
