"""The errors a person may see: one sentence, and one line of advice; never a traceback."""

from __future__ import annotations


class RulekitError(Exception):
    """A failure that a person can act on.

    Args:
        message: what is wrong, lower-case, no full stop, the user's text in backticks.
        help: how to mend it, or an empty text.
        exit_code: what the command line ends with: 1 the input is wrong, 2 usage or an unreadable file.
    """

    exit_code = 1

    def __init__(self, message: str, help: str = "", *, exit_code: int | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.help = help
        if exit_code is not None:
            self.exit_code = exit_code

    def __str__(self) -> str:
        return f"{self.message}\nhelp: {self.help}" if self.help else self.message


class UnreadableFileError(RulekitError):
    """A file is missing, cannot be opened, or is not what it should be."""

    exit_code = 2


class UsageError(RulekitError):
    """A command was called with arguments that do not fit together."""

    exit_code = 2


class InputError(RulekitError):
    """A file that the user wrote (positions, prices, settings) has a wrong value in it."""


class PolicyError(RulekitError):
    """A policy has errors; `diagnostics` holds each of them, in the order of the file."""

    def __init__(self, message: str, diagnostics: tuple[object, ...], help: str = "") -> None:
        super().__init__(message, help)
        self.diagnostics = diagnostics


class JournalError(RulekitError):
    """The journal cannot be trusted, written or shared; nothing may be sent."""


class JournalAwayError(JournalError):
    """The server that keeps the journal does not answer; nothing is lost, and nothing may be sent until it does."""


class JournalTakenError(JournalError):
    """Another process has taken the account over; this one may never send or write again."""


class ReadFailedError(RulekitError):
    """A reading from the broker failed; it is not an empty list."""
