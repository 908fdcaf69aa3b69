"""Binary ticks as the broker's WebSocket sends them: big-endian, prices as whole numbers."""

from __future__ import annotations

import struct
from collections.abc import Sequence

from rulekit.kite_server.clock import SECOND
from rulekit.kite_server.listing import SEGMENT_CODES
from rulekit.kite_server.market import Line

HEARTBEAT = b"\x00"
INDEX = SEGMENT_CODES["INDICES"]
# Units (1/10,000 rupee) into the wire's whole numbers: multiply, then divide.
SCALES = {SEGMENT_CODES["CDS"]: (1000, 1), SEGMENT_CODES["BCD"]: (1, 1), SEGMENT_CODES["NCO"]: (1, 1)}
PAISE = (1, 100)
MOST = 2**31 - 1


def packet(line: Line, mode: str, now: int) -> bytes:
    """Write one instrument in the mode `ltp`, `quote` or `full`."""
    token = line.listing.token
    times, parts = SCALES.get(token & 0xFF, PAISE)

    def wire(price: int) -> int:
        return min(MOST, price * times // parts)

    last = wire(line.last)
    if mode == "ltp":
        return struct.pack(">Ii", token, last)
    high, low, opened, close = wire(line.high), wire(line.low), wire(line.opened), wire(line.close)
    if token & 0xFF == INDEX:
        body = struct.pack(">I6i", token, last, high, low, opened, close, last - close)
        return body if mode == "quote" else body + struct.pack(">i", now // SECOND)
    depth = line.depth()
    body = struct.pack(
        ">I10i", token, last, min(MOST, line.last_quantity), wire(line.average), min(MOST, line.volume),
        min(MOST, sum(row[0] for row in depth["buy"])), min(MOST, sum(row[0] for row in depth["sell"])),
        opened, high, low, close,
    )  # fmt: skip
    if mode == "quote":
        return body
    body += struct.pack(">5i", line.at // SECOND, line.interest, line.interest, line.interest, now // SECOND)
    for row in depth["buy"] + depth["sell"]:
        body += struct.pack(">iiHxx", min(MOST, row[0]), wire(row[1]), row[2])
    return body


def frame(packets: Sequence[bytes]) -> bytes:
    """Join packets into one message."""
    return struct.pack(">h", len(packets)) + b"".join(struct.pack(">h", len(one)) + one for one in packets)
