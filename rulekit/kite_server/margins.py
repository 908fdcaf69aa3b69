"""Margins and charges as the API shows them, by the same rates that the order desk checks with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rulekit.kite_server.accounts import PositionKey, margin
from rulekit.kite_server.answers import refused
from rulekit.kite_server.clock import day_of
from rulekit.kite_server.listing import Listing
from rulekit.kite_server.money import RUPEE, rupees, units
from rulekit.kite_server.oms import Oms

# Shares of the turnover; a plain model, near what is paid.
TRANSACTION_TAX = {("EQ", "MIS"): 0.00025, ("EQ", "CNC"): 0.001, ("FUT", "NRML"): 0.0002, ("FUT", "MIS"): 0.0002}
OPTION_TAX = 0.001
EXCHANGE_FEE = 0.0000297
REGULATOR_FEE = 0.000001
STAMP_DUTY = 0.00003
BROKERAGE = 20.0
BROKERAGE_SHARE = 0.0003
GST = 0.18


def segment_margins(oms: Oms, at: int) -> dict[str, Any]:
    """Write the money of both segments; everything is kept in `equity`."""
    used = oms.funds.used_margin(at)
    rows = oms.portfolio.rows(oms.trades, day_of(at), oms.lines, {key: line.last for key, line in oms.lines.items()})
    profit = sum(row["pnl"] for row in rows["net"])
    return {
        "equity": _segment(oms.settings.cash, rupees(used), profit),
        "commodity": _segment(0.0, 0.0, 0.0),
    }


def _segment(cash: float, used: float, profit: float) -> dict[str, Any]:
    return {
        "enabled": True,
        "net": round(cash - used + profit, 2),
        "available": {
            "adhoc_margin": 0, "cash": cash, "opening_balance": cash, "live_balance": round(cash - used + profit, 2),
            "collateral": 0, "intraday_payin": 0,
        },
        "utilised": {
            "debits": used, "exposure": 0, "m2m_realised": 0, "m2m_unrealised": profit, "option_premium": 0,
            "payout": 0, "span": 0, "holding_sales": 0, "turnover": 0, "liquid_collateral": 0, "stock_collateral": 0,
            "delivery": 0,
        },
    }  # fmt: skip


def _read(oms: Oms, row: Mapping[str, Any]) -> tuple[Listing, str, int, int, str]:
    listing = oms.listings.find(str(row.get("exchange")), str(row.get("tradingsymbol")))
    if listing is None:
        raise refused("The instrument does not exist.")
    try:
        quantity, price = int(row.get("quantity", 0)), units(row.get("price") or row.get("average_price") or 0)
    except (TypeError, ValueError):
        raise refused("Invalid `quantity` or `price`.") from None
    if not price and listing.key in oms.lines:
        price = oms.lines[listing.key].last
    return listing, str(row.get("transaction_type")), quantity, price, str(row.get("product"))


def charges_of(listing: Listing, side: str, quantity: int, price: int, product: str) -> dict[str, Any]:
    """Write the charges of one order."""
    turnover = rupees(quantity * price * listing.multiplier)
    rate = OPTION_TAX if listing.kind in {"CE", "PE"} else TRANSACTION_TAX.get((listing.kind, product), 0.0)
    tax = turnover * rate if side == "SELL" or product == "CNC" else 0.0
    fee, regulator = turnover * EXCHANGE_FEE, turnover * REGULATOR_FEE
    stamp = turnover * STAMP_DUTY if side == "BUY" else 0.0
    brokerage = 0.0 if product == "CNC" else min(BROKERAGE, turnover * BROKERAGE_SHARE)
    gst = (fee + regulator + brokerage) * GST
    parts = {
        "transaction_tax": tax, "exchange_turnover_charge": fee, "sebi_turnover_charge": regulator,
        "brokerage": brokerage, "stamp_duty": stamp,
    }  # fmt: skip
    return {
        **{name: round(value, 4) for name, value in parts.items()},
        "transaction_tax_type": "ctt" if listing.lots_traded else "stt",
        "gst": {"igst": round(gst, 4), "cgst": 0, "sgst": 0, "total": round(gst, 4)},
        "total": round(sum(parts.values()) + gst, 4),
    }


def margins_of_orders(oms: Oms, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Write the margin of each order by itself."""
    return [_margin_row(*_read(oms, row), {}) for row in rows]


def _margin_row(
    listing: Listing, side: str, quantity: int, price: int, product: str, net: Mapping[PositionKey, int]
) -> dict[str, Any]:
    against = max(0, -net.get((*listing.key, product), 0) * (1 if side == "BUY" else -1))
    total = rupees(margin(listing, side, max(0, quantity - against), price, product))
    option = listing.kind in {"CE", "PE"} and side == "BUY"
    return {
        "type": "equity", "tradingsymbol": listing.symbol, "exchange": listing.exchange,
        "span": 0 if option or listing.kind == "EQ" else total, "exposure": 0,
        "option_premium": total if option else 0, "additional": 0, "bo": 0, "cash": 0,
        "var": total if listing.kind == "EQ" else 0, "pnl": {"realised": 0, "unrealised": 0}, "leverage": 1,
        "charges": charges_of(listing, side, quantity, price, product), "total": total,
    }  # fmt: skip


def basket(oms: Oms, rows: list[dict[str, Any]], at: int, *, consider_positions: bool) -> dict[str, Any]:
    """Write the margin of orders together: an order that leads out of a position of the basket needs none."""
    net = dict(oms.funds.positions(at)) if consider_positions else {}
    each, initial = [], 0.0
    for row in rows:
        read = _read(oms, row)
        alone = _margin_row(*read, {})
        initial += alone["total"]
        each.append(_margin_row(*read, net))
        key = (*read[0].key, read[4])
        net[key] = net.get(key, 0) + read[2] * (1 if read[1] == "BUY" else -1)
    final = sum(row["total"] for row in each)
    return {"initial": {"total": round(initial, 4)}, "final": {"total": round(final, 4)}, "orders": each}


def contract_notes(oms: Oms, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Write the charges of each order."""
    notes = []
    for row in rows:
        listing, side, quantity, price, product = _read(oms, row)
        notes.append(
            {
                "transaction_type": side, "tradingsymbol": listing.symbol, "exchange": listing.exchange,
                "variety": row.get("variety", "regular"), "product": product,
                "order_type": row.get("order_type", "MARKET"), "quantity": quantity, "price": price / RUPEE,
                "charges": charges_of(listing, side, quantity, price, product),
            }
        )  # fmt: skip
    return notes
