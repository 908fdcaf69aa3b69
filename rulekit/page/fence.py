"""What stands round every answer: who the browser is, which names the server answers to, and what a page may load."""

from __future__ import annotations

from http.cookies import CookieError, SimpleCookie

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from rulekit.page.screen import Screen

POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "connect-src 'self'",
        "font-src 'self'",
        "manifest-src 'self'",
        "worker-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
"""No script and no style but the files of this server: what a policy's text holds can never run."""

HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}


PASSED_ON = ("forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-real-ip")
"""Headers of what another program passes on."""


class Fence:
    """Middleware: refuses names that are not the server's own, says who is there, and adds the headers."""

    def __init__(self, app: ASGIApp, screen: Screen) -> None:
        self._app = app
        self._screen = screen

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let one request through."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":
            return
        headers = Headers(scope=scope)
        hosts = self._screen.hosts
        if hosts and headers.get("host", "").lower() not in hosts:
            # Another name that leads here may belong to a page that wants to act in this browser's name.
            text = f"this page answers to {', '.join(sorted(hosts))} only\n"
            await PlainTextResponse(text, 421)(scope, receive, send)
            return
        doors, cookie = self._screen.doors, cookie_of(headers, self._screen)
        visit = doors.visit(cookie)
        fresh = ""
        if visit is None and doors.local is not None and scope["method"] == "GET" and _is_at_the_machine(headers):
            fresh, visit = doors.enter(doors.local)
        scope.setdefault("state", {})["visit"] = visit

        async def sent(message: Message) -> None:
            if message["type"] == "http.response.start":
                found = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    found[name] = value
                found.setdefault("cache-control", "no-store")
                if fresh:
                    found.append("set-cookie", cookie_text(fresh, self._screen))
            await send(message)

        await self._app(scope, receive, sent)


def cookie_of(headers: Headers, screen: Screen) -> str | None:
    """Return the cookie of a visit, None where there is none."""
    try:
        found = SimpleCookie(headers.get("cookie", "")).get(screen.cookie)
    except CookieError:
        return None
    return None if found is None else found.value


def cookie_text(value: str, screen: Screen) -> str:
    """Write a visit's cookie: no script reads it, and no other page makes the browser send it."""
    return f"{screen.cookie}={value}; Path=/; HttpOnly; SameSite=Strict{'; Secure' if screen.secure else ''}"


def _is_at_the_machine(headers: Headers) -> bool:
    """Tell whether a person at this machine opens a page: by themselves, and not by another page's frame.

    What a program between passes on may come from anywhere, and such a program says that it does.
    """
    opens = "text/html" in headers.get("accept", "") and headers.get("sec-fetch-dest", "document") == "document"
    return opens and not any(name in headers for name in PASSED_ON)
