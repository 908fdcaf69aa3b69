"""The table of position slots: how each number of the flat vector is read from a snapshot, and what must be read first.

Every line here is fixed text of ours; `{n}` is the slot, `{miss}` marks the vector as incomplete.
"""

from __future__ import annotations

from attrs import frozen

from rulekit.model.instant import DAY, HOUR, MINUTE

BOUND = 1e15
"""A number beyond it is no measurement: it is unknown, and products of three stay finite."""
FAR = 1e14
"""Longer, in microseconds, than any age that a policy may compare an overnight position with."""
IST_OFFSET = 5 * HOUR + 30 * MINUTE
EPOCH_ORDINAL = 719_163
"""`date(1970, 1, 1).toordinal()`."""


@frozen
class Slot:
    """How one number is read: lines of code over the snapshot `s`, and the slots they read."""

    lines: tuple[str, ...]
    needs: tuple[str, ...] = ()
    label: str = ""
    """What a person calls it when it is missing; empty for what is always there."""


def _price(attribute: str, label: str) -> Slot:
    return Slot((f"{{n}} = s.{attribute}", "if not 0.0 < {n} < BOUND:", "    {n} = NAN{miss}"), (), label)


def _extreme(attribute: str, sign: str, label: str) -> Slot:
    return Slot(
        (
            f"{{n}} = s.{attribute}",
            "if not 0.0 < {n} < BOUND:",
            "    {n} = price",
            f"if (price - {{n}}) * side {sign} 0.0:",
            "    {n} = price",
            f"if (entry - {{n}}) * side {sign} 0.0:",
            "    {n} = entry",
            "if {n} != {n}:",
            "    pass{miss}",
        ),
        ("side", "price", "entry"),
        label,
    )


def _text(attribute: str) -> Slot:
    return Slot(
        (
            f"{{n}} = TEXTS.get(s.{attribute}.casefold(), 0.0) if s.{attribute} else NAN",
            "if {n} != {n}:",
            "    pass{miss}",
        ),
        (),
        attribute,
    )


POSITION_SLOTS: dict[str, Slot] = {
    "side": Slot(("{n} = s.side",)),
    "quantity": Slot(("{n} = s.quantity",)),
    "price": _price("price", "the price"),
    "entry": _price("entry", "the entry price"),
    "stop": _price("stop", "the stop (there is none)"),
    "target": _price("target", "the target (there is none)"),
    "initial_stop": _price("initial_stop", "the initial stop"),
    "tick": _price("tick", "the tick"),
    "lot": _price("lot", "the lot size"),
    "scale": Slot(("{n} = s.scale",)),
    "multiplier": _price("multiplier", "the multiplier"),
    "in_flight": Slot(("{n} = 1.0 if s.in_flight else 0.0",)),
    "original": Slot(("{n} = s.original", "if {n} < quantity:", "    {n} = quantity"), ("quantity",)),
    "booked": Slot(("{n} = s.booked",)),
    "added": Slot(("{n} = s.added",)),
    "realised": Slot(
        ("{n} = s.realised", "if not -BOUND < {n} < BOUND:", "    {n} = NAN{miss}"), (), "the realised profit"
    ),
    "best": _extreme("best", ">", "the best price"),
    "worst": _extreme("worst", "<", "the worst price"),
    "high": Slot(("{n} = best if side > 0 else worst",), ("side", "best", "worst"), "the high since entry"),
    "low": Slot(("{n} = worst if side > 0 else best",), ("side", "best", "worst"), "the low since entry"),
    "peak": Slot(
        ("{n} = (best - entry) * side", "if not {n} > 0.0:", "    {n} = NAN{miss}"),
        ("side", "best", "entry"),
        "the peak profit (there has been none yet)",
    ),
    "risk": Slot(
        ("{n} = (entry - initial_stop) * side", "if not {n} > 0.0:", "    {n} = NAN{miss}"),
        ("side", "entry", "initial_stop"),
        "the initial risk (it needs an initial stop on the losing side of entry)",
    ),
    "now": Slot(("{n} = s.now",)),
    "age": Slot(("opened = s.opened", "{n} = FAR if opened is None else s.now - opened"), (), "the age"),
    "age_beyond_a_day": Slot(
        ("opened = s.opened", "if opened is None:", "    {n} = NAN{miss}", "else:", "    {n} = s.now - opened"),
        (),
        "the age (an overnight position is known only to be older than a day)",
    ),
    "age_days": Slot(
        (
            "{n} = s.age_days",
            "if s.opened is None and not {n} > 1.0:",
            "    {n} = FAR",
            "if not -BOUND < {n} < BOUND:",
            "    {n} = NAN{miss}",
        ),
        (),
        "the age in trading days",
    ),
    "age_days_beyond_one": Slot(
        (
            "{n} = s.age_days",
            "if s.opened is None and not {n} > 1.0 or not -BOUND < {n} < BOUND:",
            "    {n} = NAN{miss}",
        ),
        (),
        "the age in trading days",
    ),
    "bar": Slot(
        (
            "{n} = facts.get('bar minutes', 1.0)",
            "{n} = NAN if {n} is None or not 0.0 < {n} < BOUND else {n} * MINUTE",
            "if {n} != {n}:",
            "    pass{miss}",
        ),
        (),
        "the length of a bar",
    ),
    "time": Slot(("{n} = (s.now + IST_OFFSET) % DAY",)),
    "today": Slot(("{n} = (s.now + IST_OFFSET) // DAY",)),
    "weekday": Slot(("{n} = ((s.now + IST_OFFSET) // DAY + 3) % 7",)),
    "to_close": Slot(
        (
            "session = s.session",
            "if session is None:",
            "    {n} = NAN{miss}",
            "else:",
            "    {n} = session.closes - s.now",
        ),
        (),
        "the session's close",
    ),
    "to_expiry": Slot(
        (
            "expiry = s.expiry",
            "if expiry is None:",
            "    {n} = NAN{miss}",
            "else:",
            "    {n} = expiry.toordinal() - EPOCH_ORDINAL - today",
        ),
        ("today",),
        "the expiry",
    ),
    "expires_today": Slot(
        (
            "expiry = s.expiry",
            "{n} = 1.0 if expiry and expiry.toordinal() - EPOCH_ORDINAL == today else 0.0",
            "if expiry is None and s.kind != 'equity':",
            "    {n} = NAN{miss}",
        ),
        ("today",),
        "the expiry",
    ),
    "charges": Slot(
        (
            "{n} = facts.get('charges')",
            "{n} = to_units({n}, s.scale) if {n} is not None and 0.0 < {n} < BOUND else 0.0",
        )
    ),
    "day_profit": Slot(
        (
            "{n} = facts.get('day profit')",
            "if {n} is None:",
            "    {n} = facts.get('day loss')",
            "    {n} = NAN if {n} is None else -{n}",
            "if not -BOUND < {n} < BOUND:",
            "    {n} = NAN{miss}",
        ),
        (),
        "the day's profit",
    ),
    "symbol": _text("symbol"),
    "exchange": _text("exchange"),
    "product": _text("product"),
    "strategy": _text("strategy"),
}
"""Slots that are read from the position and the moment; market and book facts get slots of their own by phrase."""


def may_be_unknown(slot: str) -> bool:
    """Tell whether a position slot, or one that it is made from, may be unknown."""
    entry = POSITION_SLOTS[slot]
    return any("{miss}" in line for line in entry.lines) or any(map(may_be_unknown, entry.needs))


NUMBERS = {
    "BOUND": BOUND,
    "FAR": FAR,
    "EPOCH_ORDINAL": EPOCH_ORDINAL,
    "IST_OFFSET": IST_OFFSET,
    "MINUTE": float(MINUTE),
    "DAY": DAY,
}
"""The constants that the lines speak of; longer names first, so that none is mistaken for a part of another."""
