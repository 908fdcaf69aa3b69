"""Alerts on their way to a person: one thread and one bounded queue an address, so that none holds the engine up.

An address carries tokens, so it is never shown: a channel is known by its number and its kind.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from threading import Condition, Thread
from typing import TYPE_CHECKING, Any

from attrs import frozen

from rulekit.errors import InputError, UsageError
from rulekit.model.clock import stopwatch
from rulekit.model.events import Emit, Event
from rulekit.plugins.names import names
from rulekit.report.alert_settings import USUAL, AlertSettings
from rulekit.report.secrets import Redactor

if TYPE_CHECKING:
    from rulekit.plugins.computing import Computing
    from rulekit.plugins.discovery import EntryPoint

LEVELS = ("told", "warning", "critical")
LONGEST_QUEUE = 200
TRIES = 3
_FORGET = 600.0
"""Real seconds for which an alert that the journal does not number is not sent twice."""

_TALKATIVE = ("urllib3.connectionpool", "urllib3.util.retry", "requests", "asyncio", "concurrent.futures", "smtplib")


@frozen
class Message:
    """One alert as a person reads it."""

    level: str
    title: str
    body: str


Send = Callable[[Message], bool]
"""Sends one message; False or an exception when it did not go out."""


class Channel:
    """One address: waits, puts together what comes too fast, tries again, and drops the oldest when too much waits."""

    def __init__(self, name: str, send: Send, *, per_minute: int, pause_s: float = 5.0) -> None:
        self.name = name
        self.dropped = 0
        self.failed = 0
        self._send = send
        self._per_minute = max(1, per_minute)
        self._pause = pause_s
        self._sent: deque[float] = deque()
        self._waiting: deque[Message] = deque()
        self._news = Condition()
        self._ends_at: float | None = None
        self._thread = Thread(target=self._work, name=f"alerts {name}", daemon=True)

    def start(self) -> None:
        """Begin to send."""
        self._thread.start()

    def put(self, message: Message) -> None:
        """Take a message; it never waits. When too much waits, the oldest of the least level goes."""
        with self._news:
            self._waiting.append(message)
            if len(self._waiting) > LONGEST_QUEUE:
                self._waiting.remove(min(self._waiting, key=lambda each: LEVELS.index(each.level)))
                self.dropped += 1
            self._news.notify()

    def stop(self, patience_s: float) -> None:
        """Send what waits, for a bounded time, and end."""
        with self._news:
            self._ends_at = stopwatch() + patience_s
            self._news.notify()
        if self._thread.is_alive():
            self._thread.join(patience_s)

    def send_once(self, message: Message) -> bool:
        """Send one message now, without a thread; tell whether it went out."""
        try:
            return self._send(message)
        except Exception:  # what it says may hold the address, so it is kept from everybody
            return False

    # --- in its thread ----------------------------------------------------------------------------------------

    def _work(self) -> None:
        while (found := self._next()) is not None:
            self._deliver(found)

    def _next(self) -> Message | None:
        """Wait for what may go out now: one message, or all that waits put together; None at the end."""
        with self._news:
            while True:
                now = stopwatch()
                ending = self._ends_at is not None
                if ending and (not self._waiting or now >= (self._ends_at or 0.0)):
                    return None
                while self._sent and self._sent[0] <= now - 60.0:
                    self._sent.popleft()
                room = len(self._sent) < self._per_minute
                if self._waiting and (room or ending):
                    self._sent.append(now)
                    last = len(self._sent) >= self._per_minute or ending
                    return self._together() if last and len(self._waiting) > 1 else self._waiting.popleft()
                self._news.wait(self._sent[0] + 60.0 - now if self._waiting and self._sent else None)

    def _together(self) -> Message:
        """Put all that waits into one message, the gravest first."""
        waiting = sorted(self._waiting, key=lambda each: -LEVELS.index(each.level))
        self._waiting.clear()
        shown = "\n\n".join(f"{each.title}\n{each.body}" for each in waiting[:20])
        more = f"\n\n… and {len(waiting) - 20} more" if len(waiting) > 20 else ""
        return Message(waiting[0].level, f"Rulekit: {len(waiting)} alerts", shown + more)

    def _deliver(self, message: Message) -> None:
        for tried in range(TRIES):
            if self.send_once(message):
                return
            with self._news:
                if self._ends_at is not None or tried + 1 == TRIES:
                    break
                self._news.wait_for(lambda: self._ends_at is not None, self._pause * (tried + 1))
        self.failed += 1


class Channels:
    """Hears every event and hands alerts to all channels; everything goes on to `emit` as before.

    Args:
        channels: where alerts go.
        settings: which of them do.
        redact: takes secrets out of texts.
    """

    def __init__(
        self, channels: Sequence[Channel], settings: AlertSettings, redact: Callable[[str], str] = str
    ) -> None:
        self.channels = tuple(channels)
        self._least = LEVELS.index(settings.level)
        self._silent = frozenset(settings.silent)
        self._redact = redact
        self._before: dict[str, float] = {}
        self._told: dict[str, tuple[int, int]] = {}

    def hearing(self, emit: Emit) -> Emit:
        """Return a listener that sends alerts and passes every event on."""

        def heard(event: Event) -> None:
            emit(event)
            message = self._message(event)
            if message is not None:
                for channel in self.channels:
                    channel.put(message)
            self._tell_trouble(event, emit)

        return heard

    def _tell_trouble(self, event: Event, emit: Emit) -> None:
        """Say of a channel that it fails, by its number and kind."""
        for channel in self.channels:
            counts = (channel.failed, channel.dropped)
            if counts != self._told.get(channel.name, (0, 0)):
                self._told[channel.name] = counts
                text = f"alerts do not go out by {channel.name}: {counts[0]} failed, {counts[1]} dropped"
                emit(Event("alert", event.at, data={"text": text, "level": "warning", "cause": "alerts"}))

    def _message(self, event: Event) -> Message | None:
        if "level" not in event.data or event.data.get("again"):
            return None
        level, text = str(event.data["level"]), str(event.data.get("text") or event.data.get("reason", ""))
        if level not in LEVELS or LEVELS.index(level) < self._least or event.data.get("cause") in self._silent:
            return None
        number = str(event.data.get("alarm") or "")
        if not number and self._was_sent(f"{event.symbol} {text}"):
            return None
        said = {"told": "", "warning": "warning: ", "critical": "CRITICAL: "}[level]
        repeated = "still " if event.name == "alert_repeated" else ""
        title = f"Rulekit {event.strategy} {event.symbol}".strip()
        more = f"\n`rulekit alerts ack {number}` says that you have seen it" if number else ""
        return Message(level, self._redact(title), self._redact(f"{repeated}{said}{text}{more}"))

    def _was_sent(self, text: str) -> bool:
        now = stopwatch()
        self._before = {each: at for each, at in self._before.items() if at > now - _FORGET}
        sent = text in self._before
        self._before.setdefault(text, now)
        return sent

    def __enter__(self) -> Channels:
        for channel in self.channels:
            channel.start()
        return self

    def __exit__(self, *unused: object) -> None:
        for channel in self.channels:
            channel.stop(3.0 / max(1, len(self.channels)))


def open_channels(settings: AlertSettings, environ: Mapping[str, str]) -> Channels:
    """Make the channels that the settings and the environment ask for; none where there is no address.

    Raises:
        InputError: the settings are wrong, or an address is none.
        UsageError: there are addresses, and what sends to them is not installed.
    """
    _check(settings)
    found = [(name, url) for name in _names(settings) for url in environ.get(name, "").split()]
    _refuse_what_is_missing(settings, environ)
    if not found:
        return Channels((), settings)
    redact = Redactor(environ)
    plugged = {} if not any(kind_of(url) in names(GROUP) for _, url in found) else _plugged(found, settings)
    channels = [plugged[url] for _, url in found if url in plugged]
    found = [each for each in found if each[1] not in plugged]
    if not found:
        return Channels(channels, settings, redact)
    try:
        import apprise
    except ImportError:
        raise UsageError(
            f"`{found[0][0]}` names {len(found)} addresses for alerts, and what sends them is not installed",
            "pip install 'rulekit-policy[alerts]', or unset the variable",
        ) from None
    _keep_addresses_out_of_logs(redact)
    for number, (name, url) in enumerate(found, len(channels) + 1):
        service = apprise.Apprise()
        if not service.add(url):
            raise InputError(
                f"address {number} in `{name}` is none that alerts can be sent to",
                "it looks like tgram://TOKEN/CHAT or mailto://USER:PASSWORD@HOST; it is not shown, it may hold a token",
            )
        kind = url.partition(":")[0] if url.partition(":")[0].isalnum() else "?"
        channels.append(Channel(f"channel {number} ({kind})", _by(apprise, service), per_minute=settings.per_minute))
    return Channels(channels, settings, redact)


GROUP = "rulekit.channels"
"""The entry points by which packages add kinds of addresses."""
SEND_S = 10.0
"""Seconds that a channel of a plug-in may take for one message."""


def kind_of(url: str) -> str:
    """Return what an address begins with."""
    return url.partition("://")[0].lower()


def _plugged(found: Sequence[tuple[str, str]], settings: AlertSettings) -> dict[str, Channel]:
    """Make the channels of addresses whose kind a plug-in adds, by their address.

    Raises:
        InputError: the plug-in cannot be used.
    """
    from rulekit.plugins.computing import Computing
    from rulekit.plugins.facts import declared

    computing = Computing()
    channels: dict[str, Channel] = {}
    for number, (name, url) in enumerate(found, 1):
        plugin = declared(kind_of(url), GROUP)
        if plugin is None:
            continue
        if plugin.trouble:
            raise InputError(
                f"address {number} in `{name}` needs the plug-in `{plugin.entry.package}`, which cannot be used: "
                f"{plugin.trouble}",
                "`rulekit plugins` says more",
            )
        send = partial(_send_by_plugin, computing, plugin.entry, url)
        channels[url] = Channel(f"channel {number} ({kind_of(url)})", send, per_minute=settings.per_minute)
    return channels


def _send_by_plugin(computing: Computing, entry: EntryPoint, url: str, message: Message) -> bool:
    said = computing.call(entry, "send", url, message.level, message.title, message.body, within_s=SEND_S).wait()
    return not said.trouble and said.answer is True


def _keep_addresses_out_of_logs(redact: Callable[[str], str]) -> None:
    """Silence what sends, and take the addresses out of what that stands on would log."""

    def hide(record: logging.LogRecord) -> bool:
        record.msg, record.args = redact(record.getMessage()), ()
        return True

    quiet = logging.getLogger("apprise")
    quiet.propagate, quiet.disabled = False, True
    for name in _TALKATIVE:
        logging.getLogger(name).addFilter(hide)


def _by(apprise: Any, service: Any) -> Send:
    types = {"told": apprise.NotifyType.INFO, "warning": apprise.NotifyType.WARNING}

    def send(message: Message) -> bool:
        kind = types.get(message.level, apprise.NotifyType.FAILURE)
        return bool(service.notify(title=message.title, body=message.body, notify_type=kind))

    return send


def _names(settings: AlertSettings) -> list[str]:
    return [url.removeprefix("env:") for url in settings.urls]


def _check(settings: AlertSettings) -> None:
    for url in settings.urls:
        name = url.removeprefix("env:")
        if name == url or not name.startswith("RULEKIT_ALERT"):
            raise InputError(
                "[alerts], `urls`: an address may hold a token, so it stands in the environment",
                f'write urls = ["{USUAL}"] and put the address into that variable; its name begins with RULEKIT_ALERT',
            )
    if settings.level not in LEVELS:
        raise InputError(f"[alerts], `level`: `{settings.level}` is no level", f"write one of {', '.join(LEVELS)}")


def _refuse_what_is_missing(settings: AlertSettings, environ: Mapping[str, str]) -> None:
    """Refuse to start where somebody has asked for alerts that would never come."""
    for name in _names(settings):
        if settings.urls != (USUAL,) and not environ.get(name, "").split():
            raise InputError(f"[alerts], `urls`: the environment has no `{name}`", "set it, or take it out of the list")
