"""What packages may declare beside facts: units, actions, channels, sections of reports, feeds, brokers, lint codes."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any

from attrs import field, frozen

from rulekit.plugins.declared import DeclarationError

MEASURES = ("%", "₹", "points", "ticks", "R", "ATR")
"""Measures of the language of which a unit may be a multiple."""
SEVERITIES = ("error", "warning", "info")
_WORDS = re.compile(r"[a-z][a-z0-9]+(?:[ -][a-z0-9]+)*")
_SCHEME = re.compile(r"[a-z][a-z0-9]+")
_CODE = re.compile(r"P\d{3}")
_KEBAB = re.compile(r"[a-z]+(?:-[a-z]+)*")


def _said(declared: Any, *names: str) -> None:
    """Refuse a declaration without these texts."""
    for name in names:
        text = getattr(declared, name)
        if not isinstance(text, str) or not text.strip():
            raise DeclarationError(f"`{declared.name}` has no {name}", f"give `{name}` a text")


def _named(declared: Any, form: re.Pattern[str], help: str) -> None:
    if not isinstance(declared.name, str) or not form.fullmatch(declared.name):
        raise DeclarationError(f"`{declared.name}` is no name", help)


def _callable(declared: Any, name: str) -> None:
    if not callable(getattr(declared, name)):
        raise DeclarationError(f"`{declared.name}` has no `{name}` to call", f"give `{name}` a function")


@frozen(kw_only=True)
class UnitPlugin:
    """A unit that is so many of one that the language has: `5 pips`, each 0.01 points.

    Args:
        name: the unit in the plural, lower-case: `pips`; another entry point with the singular makes it an alias.
        of: one of `MEASURES`. factor: how many of it make one, written exactly: `0.01`, `1/3`.
        help, example: one line each; the example is a sentence of a policy.
    """

    name: str
    of: str
    factor: str
    help: str
    example: str

    def __attrs_post_init__(self) -> None:
        """Check what was declared."""
        _named(self, _WORDS, "lower-case words with single spaces, in the plural")
        _said(self, "help", "example")
        if self.of not in MEASURES:
            raise DeclarationError(f"`{self.of}` is no measure that a unit may be of", f"one of {', '.join(MEASURES)}")
        try:
            positive = self.exact > 0
        except (ValueError, ZeroDivisionError):
            positive = False
        if not positive:
            raise DeclarationError(f"`{self.factor}` is no factor", "write a number above 0 exactly: `0.01`, `1/3`")

    @property
    def exact(self) -> Fraction:
        """The factor."""
        return Fraction(self.factor)


@frozen(kw_only=True)
class ActionPlugin:
    """Words for an action that the language has: `take the rent` for `book 50% of the original`.

    What it does goes through the same intents, guards and budgets as the action that it stands for: there is no other
    way to send an order.

    Args:
        name: the words, as they stand where a sentence begins.
        means: an action of the language with its amount or price, and nothing more.
        help, example: one line each.
    """

    name: str
    means: str
    help: str
    example: str

    def __attrs_post_init__(self) -> None:
        """Check what was declared."""
        _named(self, _WORDS, "lower-case words with single spaces")
        _said(self, "means", "help", "example")


@frozen(kw_only=True)
class ChannelPlugin:
    """A way to a person for alerts. An address is `NAME://REST`, in the environment as `RULEKIT_ALERT_URLS`.

    Args:
        name: what its addresses begin with.
        send: `send(address, level, title, body)` sends one message, and returns whether it went out. It runs in a
            process of its own, with a time.
        help, example: one line each; the example is an address.
    """

    name: str
    send: Callable[[str, str, str, str], bool]
    help: str
    example: str

    def __attrs_post_init__(self) -> None:
        """Check what was declared."""
        _named(self, _SCHEME, "one lower-case word, as the beginning of an address")
        _said(self, "help", "example")
        _callable(self, "send")


@frozen(kw_only=True)
class ReportPlugin:
    """A section of `rulekit summary`.

    Args:
        name: its title, lower-case.
        section: `section(rules)` returns lines of text; `rules` are mappings, one a rule, as `rulekit summary --format
            json` prints them. It runs in a process of its own, with a time.
        help: one line.
    """

    name: str
    section: Callable[[list[Mapping[str, Any]]], str]
    help: str

    def __attrs_post_init__(self) -> None:
        """Check what was declared."""
        _named(self, _WORDS, "lower-case words with single spaces")
        _said(self, "help")
        _callable(self, "section")


@frozen(kw_only=True)
class FeedPlugin:
    """Prices from elsewhere, for `rulekit run --feed NAME:SOURCE` and `rulekit replay --bars NAME:SOURCE`.

    Args:
        name: what stands before the colon.
        read: `read(source)` returns a frame (pyarrow, pandas, polars) or a list of mappings with the columns of a price
            file: symbol, time with its offset, price or open, high, low, close, and volume where it is known. It runs
            in a process of its own.
        help, example: one line each.
    """

    name: str
    read: Callable[[str], Any]
    help: str
    example: str

    def __attrs_post_init__(self) -> None:
        """Check what was declared."""
        _named(self, _SCHEME, "one lower-case word of two letters or more")
        _said(self, "help", "example")
        _callable(self, "read")


@frozen(kw_only=True)
class BrokerPlugin:
    """An account elsewhere, for `rulekit run --broker NAME`.

    Unlike all others it runs in the engine's own thread: it is what the engine trusts with orders. It must do what
    `rulekit.execution.port.Broker` says; `tests/broker/conformance.py` of the project tries that.

    Args:
        name: one lower-case word.
        connect: `connect(options, clock)` returns the account, a `Broker`; `options` is what `[broker.NAME]` of the
            settings says, as texts and numbers.
        help: one line.
    """

    name: str
    connect: Callable[[Mapping[str, Any], Any], Any]
    help: str

    def __attrs_post_init__(self) -> None:
        """Check what was declared."""
        _named(self, _SCHEME, "one lower-case word of two letters or more")
        _said(self, "help")
        _callable(self, "connect")


@frozen(kw_only=True)
class LintPlugin:
    """A lint code of the family P.

    Args:
        code: `P` and three digits. name: kebab-case. severity: one of `SEVERITIES`.
        summary: one line about it. what, why: a paragraph each of its page, which `rulekit lint --explain` prints.
        bad, good: a policy that triggers it, and one that does not.
        find: `find(tree)` yields `(span, message, help)` for each place in a checked tree (`rulekit.language.tree`).
    """

    code: str
    name: str = field()
    severity: str
    summary: str
    what: str
    why: str
    bad: str
    good: str
    find: Callable[[Any], Any]

    def __attrs_post_init__(self) -> None:
        """Check what was declared."""
        _named(self, _KEBAB, "lower-case words with dashes between them")
        if not isinstance(self.code, str) or not _CODE.fullmatch(self.code):
            raise DeclarationError(f"`{self.code}` is no code of a plug-in", "write P and three digits: `P101`")
        if self.severity not in SEVERITIES:
            raise DeclarationError(f"`{self.severity}` is no severity", f"one of {', '.join(SEVERITIES)}")
        _said(self, "summary", "what", "why", "bad", "good")
        _callable(self, "find")

    @property
    def page(self) -> str:
        """The page, in the form of those of the program's own codes."""
        sections = {
            "What": self.what.strip(),
            "Bad": f"```policy bad\n{self.bad.strip()}\n```",
            "Good": f"```policy good\n{self.good.strip()}\n```",
            "Why": self.why.strip(),
            "How to allow it": f"`# allow {self.code}: the reason` on its line or the line above.",
        }
        body = "\n\n".join(f"## {title}\n\n{text}" for title, text in sections.items())
        return f"# {self.code} {self.name}\n\nSeverity: {self.severity}\n\n{body}\n"
