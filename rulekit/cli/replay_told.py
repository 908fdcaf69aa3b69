"""What `rulekit replay` prints for people: one line a trade, the sums, the rules, a second policy, shuffled orders."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import click

from rulekit.cli.journal_option import money, print_table

if TYPE_CHECKING:
    from rulekit.replay.chance import Chance
    from rulekit.replay.studying import Study
    from rulekit.replay.trades import Replay

_TOLD = 10
"""So many partings of two policies are printed; `--out` writes all."""


def print_trades(outcome: Replay) -> None:
    """Write one line a trade, and the sums."""
    from rulekit.model.instant import iso

    for trade in outcome.trades:
        side = "long" if trade.side > 0 else "short"
        rules = ", ".join(dict.fromkeys(fill.rule for fill in trade.fills)) or "nothing"
        ended = "still held" if trade.exited is None else f"to {iso(trade.exited)[:16].replace('T', ' ')}"
        entered = iso(trade.entered)[:16].replace("T", " ")
        click.echo(
            f"{trade.key.symbol:<14} {side:<5} {trade.quantity:>6} at {trade.entry / trade.scale:>10,.2f}  "
            f"{entered} {ended:<20}  {trade.profit:>14,.2f}  {rules}"
        )
    won = sum(trade.profit > 0 for trade in outcome.trades)
    click.echo(
        f"{len(outcome.trades):,} trades, {won:,} with a profit, {outcome.profit:,.2f} rupees in all"
        + (f"; {outcome.skipped:,} entries passed over while one was held" if outcome.skipped else "")
    )


def print_study(study: Study, given: Mapping[str, Any]) -> None:
    """Write what was asked for beyond the trades."""
    for line in figure_lines(study):
        click.echo(line)
    if given["rules"] or given["without_each"]:
        _print_rules(study)
    if study.other is not None:
        _print_beside(study)
    if study.chance is not None:
        for line in chance_lines(study.chance):
            click.echo(line)


def figure_lines(study: Study) -> list[str]:
    """Say the sums: left alone, drawdown, R, time in trade."""
    found = study.figures
    lines = [f"left alone: {found['left_alone']:,.2f}; the policy earned {found['managed_gained']:,.2f} beside that"]
    fall = study.drawdown
    if fall.rupees and fall.began is not None and fall.bottom is not None:
        again = "not made good" if fall.recovered is None else f"made good on {_moment(fall.recovered)}"
        lines.append(f"drawdown: {fall.rupees:,.2f} from {_moment(fall.began)} to {_moment(fall.bottom)}, {again}")
    if found["with_r"]:
        lines.append(
            f"R: {found['average_r']:.2f} on average, median {found['median_r']:.2f} ({found['with_r']:,} with a stop)"
        )
    if found["trades"]:
        lines.append(
            f"time in trade: {found['median_minutes']:,.0f} minutes (median), {found['longest_minutes']:,.0f} at most"
        )
    return lines


def _moment(at: int) -> str:
    from rulekit.model.instant import iso

    return iso(at)[:16].replace("T", " ")


def _print_rules(study: Study) -> None:
    rows = [
        (
            rule.rule,
            str(rule.trades),
            str(rule.fills),
            str(rule.stops + rule.targets),
            str(rule.reached),
            f"{rule.quantity:,}",
            money(rule.effect),
            money(rule.against_holding),
            *([] if study.without is None else [money(rule.worth)]),
        )
        for rule in study.rules
    ]
    columns = ("rule", "trades", "orders", "levels set", "reached", "shares", "earned to the end ₹", "earned in all ₹")
    print_table("", columns if study.without is None else (*columns, "worth ₹"), rows)


def _print_beside(study: Study) -> None:
    other = study.other
    assert other is not None
    click.echo(
        f"against {study.other_title}: {other.profit:,.2f} rupees, {study.figures['other_gained']:+,.2f} beside this"
    )
    parted = [(one, one.parted) for one in study.beside if one.parted is not None]
    for one, where in sorted(parted, key=lambda pair: -abs(pair[0].gained))[:_TOLD]:
        click.echo(f"  {one.trade.key.symbol} {_moment(one.trade.entered)}: {one.gained:+,.2f}")
        click.echo(f"    {_moment(where.at)}: this {where.here}{_because(where.why_here)}")
        click.echo(f"    {' ' * 16}  that {where.there}{_because(where.why_there)}")
    same = sum(one.gained == 0 for one in study.beside)
    if len(parted) > _TOLD:
        click.echo(f"  … {len(parted) - _TOLD:,} more: --out writes them")
    click.echo(f"  {same:,} of {len(study.beside):,} trades earned the same")


def _because(why: str) -> str:
    return f" ({why})" if why else ""


def chance_lines(chance: Chance) -> list[str]:
    """Say how much is the order of the trades, and how much may be luck."""
    falls, sums = chance.drawdowns, chance.profits
    return [
        f"{chance.runs:,} other orders of the {chance.trades:,} trades (seed {chance.seed}): "
        f"drawdown {falls[5]:,.2f} to {falls[95]:,.2f}, median {falls[50]:,.2f}; deeper than it was in "
        f"{chance.deeper:.0%} of them",
        f"as many trades drawn anew: profit {sums[5]:,.2f} to {sums[95]:,.2f}, median {sums[50]:,.2f}; a loss in "
        f"{chance.loses:.0%} of the draws",
    ]
