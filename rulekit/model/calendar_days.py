"""The dated table of India's exchanges: closed days, special sessions, hours. Only data; `calendar` gives it meaning.

Sources: the yearly holiday circulars of NSE, BSE and MCX and those that changed them.
"""

from __future__ import annotations

EQUITY = "equity"
CURRENCY = "currency"
COMMODITY = "commodity"

MARKETS = {"NSE": EQUITY, "BSE": EQUITY, "NFO": EQUITY, "BFO": EQUITY, "CDS": CURRENCY, "MCX": COMMODITY}
"""The market whose days an exchange keeps."""

KNOWN = {
    EQUITY: ("2019-01-01", "2026-12-31"),
    CURRENCY: ("2024-01-01", "2026-12-31"),
    COMMODITY: ("2024-01-01", "2026-12-31"),
}
"""First and last day that the table answers for."""

FEWEST_CLOSED = {EQUITY: 8, CURRENCY: 8, COMMODITY: 1}
"""Fewer closed weekdays than that no year has; from 2019 on equities had 12 at the least, commodities 4."""

HOURS = {EQUITY: ("09:15", "15:30"), CURRENCY: ("09:00", "17:00"), COMMODITY: ("09:00", "23:30")}
"""An ordinary day. Commodities close at WINTER_CLOSE while New York keeps standard time."""

WINTER_CLOSE = "23:55"

CLOSED = {  # weekdays without an ordinary session
    EQUITY: {
        2019: "03-04 03-21 04-17 04-19 04-29 05-01 06-05 08-12 08-15 09-02 09-10 10-02 10-08 10-21 10-28 11-12 12-25",
        2020: "02-21 03-10 04-02 04-06 04-10 04-14 05-01 05-25 10-02 11-16 11-30 12-25",
        2021: "01-26 03-11 03-29 04-02 04-14 04-21 05-13 07-21 08-19 09-10 10-15 11-04 11-05 11-19",
        2022: "01-26 03-01 03-18 04-14 04-15 05-03 08-09 08-15 08-31 10-05 10-24 10-26 11-08",
        2023: "01-26 03-07 03-30 04-04 04-07 04-14 05-01 06-29 08-15 09-19 10-02 10-24 11-14 11-27 12-25",
        2024: "01-22 01-26 03-08 03-25 03-29 04-11 04-17 05-01 05-20 06-17 07-17 08-15 10-02 11-01 11-15 11-20 12-25",
        2025: "02-26 03-14 03-31 04-10 04-14 04-18 05-01 08-15 08-27 10-02 10-21 10-22 11-05 12-25",
        2026: "01-15 01-26 03-03 03-26 03-31 04-03 04-14 05-01 05-28 06-26 09-14 10-02 10-20 11-10 11-24 12-25",
    },
    CURRENCY: {  # the equity market's, and the days on which banks are closed
        2024: "01-22 01-26 02-19 03-08 03-25 03-29 04-01 04-09 04-11 04-17 05-01 05-20 05-23 06-17 07-17 08-15 09-18 "
        "10-02 11-01 11-15 11-20 12-25",
        2025: "02-19 02-26 03-14 03-31 04-01 04-10 04-14 04-18 05-01 05-12 08-15 08-27 09-08 10-02 10-21 10-22 11-05 "
        "12-25",
        2026: "01-15 01-26 02-19 03-03 03-19 03-26 03-31 04-01 04-03 04-14 05-01 05-28 06-26 08-26 09-14 10-02 10-20 "
        "11-10 11-24 12-25",
    },
    COMMODITY: {  # closed in the morning and in the evening
        2024: "01-26 03-29 08-15 10-02 11-01 12-25",
        2025: "04-18 08-15 10-02 10-21 12-25",
        2026: "01-26 04-03 10-02 12-25",
    },
}

EVENING_ONLY = {  # commodities: 17:00 to the close
    2024: "01-22 03-08 03-25 04-11 04-17 05-01 05-20 06-17 07-17 11-15 11-20",
    2025: "02-26 03-14 03-31 04-10 04-14 05-01 08-27 10-22 11-05",
    2026: "01-15 03-03 03-26 03-31 04-14 05-01 05-28 06-26 09-14 10-20 11-10 11-24",
}
EVENING = "17:00"
MORNING_ONLY = {2024: "01-01", 2025: "01-01", 2026: "01-01"}  # commodities: 09:00 to 17:00

# The Muhurat session of 2026-11-08 was announced without hours: it is not here, and settings can add it.
SPECIAL = {  # sessions on days that are otherwise closed, and ordinary days with other hours
    EQUITY: {
        "2019-10-27": ("18:15", "19:15"),  # Muhurat, a Sunday
        "2020-02-01": ("09:15", "15:30"),  # Budget, a Saturday
        "2020-11-14": ("18:15", "19:15"),  # Muhurat, a Saturday
        "2021-02-24": ("09:15", "17:00"),  # trading stood still after an outage and was extended
        "2021-11-04": ("18:15", "19:15"),  # Muhurat
        "2022-10-24": ("18:15", "19:15"),  # Muhurat
        "2023-11-12": ("18:15", "19:15"),  # Muhurat, a Sunday
        "2024-01-20": ("09:15", "15:30"),  # a Saturday in place of Monday the 22nd
        "2024-03-02": ("09:15", "12:30"),  # a Saturday, partly from the disaster recovery site
        "2024-05-18": ("09:15", "12:30"),  # the same
        "2024-11-01": ("18:00", "19:00"),  # Muhurat
        "2025-02-01": ("09:15", "15:30"),  # Budget, a Saturday
        "2025-10-21": ("13:45", "14:45"),  # Muhurat, in the afternoon
        "2026-02-01": ("09:15", "15:30"),  # Budget, a Sunday
    },
    CURRENCY: {
        "2024-11-01": ("18:00", "19:00"),
        "2025-10-21": ("13:45", "14:45"),
    },
    COMMODITY: {
        "2024-11-01": ("18:00", "19:00"),
        "2025-02-01": ("09:00", "17:00"),
        "2025-10-21": ("13:45", "14:45"),
        "2026-02-01": ("09:00", "17:00"),
    },
    "NFO": {"2024-05-18": ("09:15", "12:40")},
    "BFO": {"2024-05-18": ("09:15", "12:40")},
}
"""By market, or by exchange where one differs."""

BREAKS = {  # within a session: no trading between these times
    "NSE": {"2021-02-24": ("11:40", "15:45"), "2024-03-02": ("10:00", "11:30"), "2024-05-18": ("10:00", "11:30")},
    "BSE": {"2024-03-02": ("10:00", "11:30"), "2024-05-18": ("10:00", "11:30")},
    "NFO": {"2021-02-24": ("11:40", "15:45"), "2024-03-02": ("10:00", "11:30"), "2024-05-18": ("10:00", "11:45")},
    "BFO": {"2024-03-02": ("10:00", "11:30"), "2024-05-18": ("10:00", "11:45")},
}

SQUARE_OFF = {"NSE": "15:20", "BSE": "15:20", "NFO": "15:25", "BFO": "15:25", "CDS": "16:45"}
"""When Zerodha closes what is left in product MIS on an ordinary day."""

SQUARE_OFF_BEFORE_CLOSE_MINUTES = {"NSE": 10, "BSE": 10, "NFO": 5, "BFO": 5, "CDS": 15, "MCX": 25}
"""The same as a distance from the close: for commodities always, for the others on a day with other hours."""
