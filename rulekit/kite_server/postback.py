"""Order updates as HTTP posts to an application's own address, as the broker sends them."""

from __future__ import annotations

import contextlib
import json
import threading
import urllib.request
from typing import Any


def post(url: str, row: dict[str, Any]) -> None:
    """Send one update in the background; nobody hears if it does not arrive, and it is not sent again."""
    if not url.startswith(("http://127.0.0.1", "http://localhost")):
        return

    def send() -> None:
        request = urllib.request.Request(  # noqa: S310 - the address was checked above
            url, json.dumps(row).encode(), {"Content-Type": "application/json"}, method="POST"
        )
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with contextlib.suppress(OSError), opener.open(request, timeout=5):
            pass

    threading.Thread(target=send, name="kite-server-postback", daemon=True).start()
