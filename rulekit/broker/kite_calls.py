"""The broker's own client, set up so that one call is one request; the only place that knows it."""

from __future__ import annotations

import logging
import threading
import warnings
from functools import partial
from typing import Any

from rulekit.broker.calls import Calls
from rulekit.broker.kite_settings import KiteSettings

_import_lock = threading.Lock()


def import_kiteconnect() -> Any:
    """Import the client; its own dependencies warn about their age, and log to nobody's surprise."""
    with _import_lock, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import kiteconnect
        import kiteconnect.ticker  # takes the Twisted reactor in

        # Without a handler of its own, Python would print the client's errors on the console.
        for name in ("kiteconnect", "kiteconnect.connect", "kiteconnect.ticker"):
            logger = logging.getLogger(name)
            if not logger.handlers:
                logger.addHandler(logging.NullHandler())
        return kiteconnect


def make_client(settings: KiteSettings) -> Any:
    """Return the unmodified client, set up so that one call is one request to the very host that was meant."""
    kiteconnect = import_kiteconnect()
    client = kiteconnect.KiteConnect(
        api_key=str(settings.api_key),
        root=settings.root,
        debug=False,  # its debug log prints the access token
        timeout=(settings.connect_s, settings.deadline_s),
    )
    client.reqsession.trust_env = False  # no proxy, and no netrc that would replace the token
    client.reqsession.max_redirects = 0  # a redirected order would be posted twice, or become a reading
    return client


def kite_calls(settings: KiteSettings, speed: float = 1.0) -> Calls:
    """Return what makes calls of the client, at the speed of a clock."""
    return Calls(settings, partial(make_client, settings), "kite", speed)
