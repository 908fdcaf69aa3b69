"""What comes out of a replay: effects that add up, R and drawdown, partings in words, shuffled orders, tables."""

from __future__ import annotations

import json
import random
from itertools import permutations
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from rulekit.errors import InputError
from rulekit.replay.chance import shuffle
from rulekit.replay.divergence import done_by
from rulekit.replay.effects import OWN_STOP, effects_of, rule_behind
from rulekit.replay.measures import drawdown, equity
from rulekit.replay.studying import Study, study
from rulekit.replay.tables import write_tables
from rulekit.runtime.policy import Policy
from tests.command_line import called
from tests.replay.test_replay import DAY, EVERYTHING, RISING, entry, table


def walk(seed: int, bars: int = 150, *, step: float = 0.35) -> pa.Table:
    """Return minutes of a price that wanders, with gaps and long wicks."""
    draw = random.Random(seed)
    price, rows = 100.0, []
    for minute in range(bars):
        opens = round((price + draw.choice((0, 0, 0, step, -step))) / 0.05) * 0.05
        close = round((opens + draw.gauss(0, step)) / 0.05) * 0.05
        high = round((max(opens, close) + abs(draw.gauss(0, step / 2))) / 0.05) * 0.05
        low = round((min(opens, close) - abs(draw.gauss(0, step / 2))) / 0.05) * 0.05
        rows.append((f"{9 + (15 + minute) // 60:02}:{(15 + minute) % 60:02}", opens, high, low, close))
        price = close
    return table(*((at, *(round(value, 2) for value in prices)) for at, *prices in rows))


def entries(bars: int = 150, **more: Any) -> list[dict[str, Any]]:
    """Return entries on both sides, some with a stop."""
    found = []
    for place, minute in enumerate(range(3, bars - 20, 14)):
        side = "long" if place % 2 == 0 else "short"
        stop = {"stop": 97.0 if side == "long" else 103.0} if place % 3 == 0 else {}
        found.append(entry(f"{9 + (15 + minute) // 60:02}:{(15 + minute) % 60:02}", side, 400, **stop, **more))
    return found


def studied(text: str, bars: pa.Table, *rows: dict[str, Any], **more: Any) -> Study:
    """Study a policy's text by the plain loop."""
    return study(Policy.from_text(text), bars, list(rows), **{"native": False, "looks": "path", **more})


# --- effects -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("seed", "looks", "fill"), [(1, "live", "last"), (2, "path", "touch"), (3, "close", "open")])
def test_effects_add_up_to_what_management_earned(seed: int, looks: str, fill: str) -> None:
    found = studied(EVERYTHING, walk(seed), *entries(), looks=looks, fill=fill, spread=2.0)
    for trade in found.trades:
        effects = [one.against_holding for one in effects_of(trade, found.left_alone[trade.row])]
        alone = found.left_alone[trade.row]
        assert sum(each for each in effects if each is not None) == pytest.approx(
            trade.profit - alone.profit, abs=0.011
        )
    acted = {rule.rule for rule in found.rules if rule.fills}
    assert {"FIRST", "A"} & acted
    earned = [rule.against_holding for rule in found.rules if rule.against_holding is not None]
    assert sum(earned) == pytest.approx(found.figures["managed_gained"], abs=0.05)


def test_a_book_earns_what_the_price_fell_after_it_and_an_add_what_it_rose() -> None:
    bars = table(
        ("09:15", 100.0, 100.0, 100.0, 100.0), ("09:16", 105.0, 105.0, 105.0, 105.0),
        ("09:17", 110.0, 110.0, 110.0, 110.0), ("09:18", 102.0, 102.0, 102.0, 102.0),
        ("09:19", 101.0, 101.0, 101.0, 101.0),
    )  # fmt: skip
    text = "MORE: add 50% at 5% profit\nHALF: book 50% when price is at least ₹110\nX: exit at 09:18"
    found = studied(text, bars, entry())
    by_name = {rule.rule: rule for rule in found.rules}
    assert by_name["MORE"].effect == 50 * (102 - 105)
    assert by_name["HALF"].effect == 75 * (110 - 102)
    assert by_name["X"].effect is None, "the exit is the end itself"
    # left alone it counts at the last price, 101
    assert [by_name[name].against_holding for name in ("MORE", "HALF", "X")] == [50 * -4, 75 * 9, 75 * 1]
    assert found.figures["left_alone"] == 100.0


def test_a_stop_that_is_reached_is_put_down_to_the_rule_that_set_it() -> None:
    bars = table(
        ("09:15", 100.0, 100.0, 100.0, 100.0), ("09:16", 106.0, 106.0, 106.0, 106.0),
        ("09:17", 106.0, 106.0, 98.0, 98.0), ("09:18", 90.0, 90.0, 90.0, 90.0),
    )  # fmt: skip
    found = studied("BE: move stop to break-even at 5% profit\nNEVER: exit at 50% profit", bars, entry(stop=95))
    rules = {rule.rule: rule for rule in found.rules}
    assert (rules["BE"].stops, rules["BE"].reached, rules["BE"].quantity) == (1, 1, 100)
    assert rules["BE"].against_holding == 1000.0, "out at 100 where the entry's own stop would have been gapped at 90"
    assert rules["NEVER"].trades == 0
    text = "BE: move stop to break-even at 5% profit\nT: move stop to 2% profit when age is at least 90 seconds"
    both = studied(text, bars, entry(stop=95), path="stop-first")
    (fill,) = both.trades[0].fills
    assert (fill.rule, rule_behind(both.trades[0], fill)) == ("stop", "T"), "the latest one stood there"
    plain = studied("NEVER: exit at 50% profit", bars, entry(stop=99))
    own = plain.rules[-1]
    assert (own.rule, own.reached, own.against_holding) == (OWN_STOP, 1, 0.0)


def test_the_very_entries_that_were_taken_are_left_alone_and_replayed_by_the_other() -> None:
    found = study(
        Policy.from_text("X: exit after 12 minutes"), walk(7, 60), enter="every 10 bars", native=False, looks="path",
        against=Policy.from_text("X: exit after 40 minutes"), one_at_a_time=True,
    )  # fmt: skip
    assert found.replay.skipped > 0
    assert len(found.trades) == len(found.alone.trades) == len(found.beside) > 2
    assert all(one.trade.entered == one.other.entered for one in found.beside)
    assert found.beside[0].other.exited is not None and found.beside[0].other.exited > found.trades[1].entered


def test_shares_sold_from_holdings_can_be_left_alone() -> None:
    text = "applies to product CNC\nX: exit at 5% loss"
    found = studied(text, RISING, entry(side="short"), product="CNC")
    assert found.figures["left_alone"] == -1200.0


def test_worth_is_what_is_lost_without_a_rule() -> None:
    text = "FIRST: book 50% at 5% profit\nBE: move stop to 4% profit at 6% profit\nIDLE: exit at 90% profit"
    bars = pa.concat_tables([RISING, table(("09:19", 112.0, 112.0, 101.0, 101.0))])
    found = studied(text, bars, entry(stop=90), without_each=True)
    assert found.without is not None
    worth = {rule.rule: rule.worth for rule in found.rules}
    for name in ("FIRST", "BE", "IDLE"):
        kept = "\n".join(line for line in text.splitlines() if not line.startswith(name))
        assert worth[name] == pytest.approx(found.replay.profit - studied(kept, bars, entry(stop=90)).replay.profit)
    assert worth["IDLE"] == 0 and worth["BE"] == 50 * 3.0
    assert found.tables()["rules"]["worth"].to_pylist()[:3] == list(worth.values())[:3]
    alone = studied("ONLY: book 50% at 5% profit", bars, entry(stop=90), without_each=True)
    assert alone.rules[0].worth == alone.figures["managed_gained"], "without its only rule nothing is managed"
    assert studied(text, bars, entry()).rules[0].worth is None


# --- measures ----------------------------------------------------------------------------------------------------


def test_r_time_and_how_far_price_went() -> None:
    bars = table(
        ("09:15", 100.0, 100.0, 100.0, 100.0), ("09:16", 100.0, 103.0, 97.0, 102.0),
        ("09:17", 102.0, 104.0, 90.0, 101.0), ("09:18", 104.0, 108.0, 92.0, 105.0),
    )  # fmt: skip
    found = studied("X: exit at 4% profit when side is long", bars, entry(stop=95), entry(side="short"))
    long, short = found.measured
    assert (long.risk, long.r, long.best, long.worst) == (500.0, 0.8, 4.0, -3.0), "not what came after it"
    assert short.r != short.r, "without a stop there is no R"
    assert (short.best, short.worst) == (10.0, -8.0), "it is held to the last price of the last bar"
    assert long.minutes == pytest.approx(2.33, abs=0.01)


def test_the_deepest_fall_is_found_with_its_times() -> None:
    def at(*totals: float) -> list[tuple[int, float]]:
        return [(place, total) for place, total in enumerate(totals, 1)]

    fall = drawdown(at(10, 4, 12, 3, 5, 12, 11))
    assert (fall.rupees, fall.began, fall.bottom, fall.recovered) == (9, 3, 4, 6)
    assert drawdown(at(-5, -8)).rupees == 8, "it begins at nothing"
    assert drawdown(at(-5, -8)).recovered is None
    assert drawdown(at(1, 2, 3)).rupees == 0
    assert drawdown([]).rupees == 0


def test_profits_are_summed_in_the_order_in_which_trades_end() -> None:
    found = studied("X: exit after 5 minutes\nY: exit at 5% profit", RISING, entry("09:15"), entry("09:16"))
    curve = equity(found.trades)
    assert [at for at, _ in curve] == sorted(at for at, _ in curve)
    assert curve[-1][1] == pytest.approx(found.replay.profit)


# --- looks again -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("seed", "looks", "path", "fill"),
    [(4, "live", "colour", "last"), (5, "path", "stop-first", "touch"), (6, "close", "colour", "open")],
)
def test_a_look_that_is_told_again_decides_what_was_recorded(seed: int, looks: str, path: str, fill: str) -> None:
    found = studied(EVERYTHING, walk(seed), *entries(), looks=looks, path=path, fill=fill)
    told = 0
    for trade in found.trades:
        teller = found.teller(trade.row)
        done = [one for one in done_by(trade) if looks != "close" or one.rule not in ("stop", "target")]
        seen = teller.looks(trade.row, {one.at for one in done})
        decided = {
            (int(look.state["s_now"]), action.rule, action.kind, action.quantity or 0, action.stop or 0.0)
            for look in seen
            for action in teller.decision(look, trade)[1].actions
        }
        for one in done:
            assert (one.at, one.rule, one.kind, one.quantity, one.price) in decided
            told += 1
    assert told > 40


def test_two_policies_part_where_one_acts_and_the_other_says_why_not() -> None:
    found = studied(
        "FIRST: book 50% at 5% profit", RISING, entry(), against=Policy.from_text("FIRST: book 50% at 11% profit")
    )
    one = found.beside[0]
    assert one.parted is not None
    assert one.parted.here == "`FIRST` book 50"
    assert one.parted.why_here == "profit 10%, needs 5%"
    assert one.parted.there == "nothing"
    assert one.parted.why_there == "`FIRST` not yet: profit 10%, needs 11% (1 point short, at ₹111.00)"
    assert one.gained == 50.0
    assert found.figures["other_gained"] == 50.0


def test_what_both_do_is_no_parting_and_a_tighter_stop_is_one() -> None:
    text = "HALF: book 50% at 5% profit\nT: trail stop 3%"
    same = studied(text, RISING, entry(), against=Policy.from_text(text.replace("HALF", "PART")))
    assert [one.parted for one in same.beside] == [None]
    tighter = studied(text, RISING, entry(), against=Policy.from_text(text.replace("3%", "2%")))
    parted = tighter.beside[0].parted
    assert parted is not None and parted.here.startswith("`T` stop to ₹97")
    assert parted.there.startswith("`T` stop to ₹98")


def test_a_rule_that_the_other_lacks_is_named() -> None:
    found = studied("FIRST: book 50% at 5% profit", RISING, entry(), against=Policy.from_text("T: trail stop 50%"))
    parted = found.beside[0].parted
    assert parted is not None
    assert (parted.here, parted.there) == ("nothing", "`T` stop to ₹50.00")
    assert parted.why_here == "it has no rule `T`"


# --- shuffled orders ---------------------------------------------------------------------------------------------


def test_shuffled_orders_are_what_all_orders_are() -> None:
    profits = [100.0, -70.0, -20.0, 50.0]
    found = shuffle(profits, 4000, seed=5)

    def fall(order: tuple[float, ...]) -> float:
        high = total = deepest = 0.0
        for one in order:
            total += one
            high = max(high, total)
            deepest = max(deepest, high - total)
        return deepest

    falls = [fall(order) for order in permutations(profits)]
    assert set(found.drawdowns.values()) <= set(falls)
    assert found.drawdown == fall(tuple(profits)) == 90.0
    assert found.deeper == pytest.approx(sum(one > 90 for one in falls) / len(falls), abs=0.03)
    assert found.at == (1, 2, 3, 4)
    assert all(band[-1] == 60.0 for band in found.bands.values()), "another order ends where this one ends"
    assert found.bands[5][0] == -70.0 and found.bands[95][0] == 100.0
    assert found.profits[5] < 60 < found.profits[95], "drawn anew it does not"


def test_the_same_seed_gives_the_same_and_another_does_not() -> None:
    profits = [float((place * 37) % 23 - 9) for place in range(60)]
    one, again, other = (shuffle(profits, 50, seed) for seed in (1, 1, 2))
    assert one.bands == again.bands and one.figures() == again.figures()
    assert one.bands != other.bands
    with pytest.raises(InputError, match="no trades"):
        shuffle([], 10)
    with pytest.raises(InputError, match="0 runs"):
        shuffle(profits, 0)


# --- tables, frames, the command line ----------------------------------------------------------------------------


def test_tables_are_written_as_parquet_and_as_json(tmp_path: Path) -> None:
    found = studied(
        "FIRST: book 50% at 5% profit", RISING, entry(), entry("09:16", "short", stop=120),
        against=Policy.from_text("FIRST: book 50% at 11% profit"), monte_carlo=20,
    )  # fmt: skip
    tables = found.tables()
    write_tables(tables, tmp_path / "out")
    assert set(tables) == {
        "trades", "fills", "marks", "measures", "effects", "rules", "figures", "equity", "compared", "monte_carlo",
        "monte_carlo_figures",
    }  # fmt: skip
    for name, made in tables.items():
        assert pq.read_table(tmp_path / "out" / f"{name}.parquet").equals(made), name
        assert json.loads((tmp_path / "out" / f"{name}.json").read_text(encoding="utf-8")) == made.to_pylist(), name
    assert tables["measures"]["r"].to_pylist()[0] is None
    assert tables["measures"]["risk"].to_pylist()[1] == 2000.0
    assert tables["compared"]["other_why"].to_pylist()[0].startswith("`FIRST` not yet")
    assert {"compared", "monte_carlo"}.isdisjoint(studied("X: exit at 5% profit", RISING, entry()).tables())


def test_frames_of_all_kinds_go_in_and_come_out() -> None:
    import pandas as pd
    import polars as pl

    rows = [entry(), entry("09:16", "short")]
    wanted = studied("FIRST: book 50% at 5% profit", RISING, *rows).tables()
    pandas_bars = RISING.to_pandas()
    pandas_bars["time"] = pd.to_datetime(pandas_bars["time"])
    for bars, given in (
        (pl.from_arrow(RISING), pl.DataFrame(rows)),
        (pl.from_arrow(RISING).lazy(), pa.Table.from_pylist(rows)),
        (RISING.to_pandas(), pd.DataFrame(rows)),
        (pandas_bars.set_index("time"), rows),
    ):
        found = study(Policy.from_text("FIRST: book 50% at 5% profit"), bars, given, native=False, looks="path")
        assert {name: made.to_pylist() for name, made in found.tables().items()} == {
            name: made.to_pylist() for name, made in wanted.items()
        }
    assert pl.from_arrow(wanted["trades"])["profit"].sum() == wanted["trades"].to_pandas()["profit"].sum()


def test_a_notebook_shows_the_sums_and_the_rules() -> None:
    found = studied(
        "FIRST: book 50% at 5% profit", RISING, entry(), against=Policy.from_text('policy "<b>"\nX: exit at 11% profit')
    )
    shown = found._repr_html_()
    assert "FIRST" in shown and "1,100.00" in shown and "&lt;b&gt;: ₹1,100.00" in shown


def test_the_command_tells_all_of_it(tmp_path: Path) -> None:
    pq.write_table(RISING, tmp_path / "bars.parquet")
    (tmp_path / "a.policy").write_text("FIRST: book 50% at 5% profit\n", encoding="utf-8")
    (tmp_path / "b.policy").write_text('policy "later"\nFIRST: book 50% at 11% profit\n', encoding="utf-8")
    (tmp_path / "e.csv").write_text(f"symbol,side,quantity,at\nINFY,long,100,{DAY}09:15:00+05:30\n", encoding="utf-8")
    outcome = called(
        "replay", "a.policy", "--bars", "bars.parquet", "--entries", "e.csv", "--looks", "path", "--no-numba",
        "--rules", "--against", "b.policy", "--monte-carlo", "10", "--out", "out", cwd=tmp_path,
    )  # fmt: skip
    assert outcome.returncode == 0, outcome.stderr
    said = outcome.stdout
    for line in (
        "left alone: 1,200.00; the policy earned -100.00 beside that",
        "against later: 1,150.00 rupees, +50.00 beside this",
        "2021-01-04 09:16: this `FIRST` book 50 (profit 10%, needs 5%)",
        "that nothing (`FIRST` not yet: profit 10%, needs 11% (1 point short, at ₹111.00))",
        "0 of 1 trades earned the same",
        "10 other orders of the 1 trades (seed 0): drawdown 0.00 to 0.00",
    ):
        assert line in said
    assert (tmp_path / "out" / "rules.json").exists()
    spoiled = called(
        "replay", "a.policy", "--bars", "bars.parquet", "--entries", "e.csv", "--out", "e.csv", "--no-numba",
        cwd=tmp_path,
    )  # fmt: skip
    assert spoiled.returncode == 2 and "`e.csv` cannot be written: it is a file" in spoiled.stderr
