"""The access token: read afresh when it has died, kept in a file that only its owner can read."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import stat
from pathlib import Path

from attrs import field, frozen

from rulekit.broker.kite_folders import state_folder
from rulekit.broker.kite_settings import KiteSettings, Secret
from rulekit.errors import UnreadableFileError, UsageError
from rulekit.model.instant import Instant, iso


@frozen
class KeptToken:
    """What `rulekit login` kept: the token, whose it is, and since when."""

    token: Secret = field(repr=False)
    user: str = ""
    since: Instant = 0


def token_path(settings: KiteSettings) -> Path:
    """Return where the token of these settings' app is kept."""
    if settings.token_file is not None:
        return settings.token_file
    mark = hashlib.sha256(settings.api_key.encode()).hexdigest()[:8]
    return state_folder() / f"kite-token-{mark}.json"


def keep(path: Path, kept: KeptToken) -> None:
    """Write the token; from its first byte on only the owner may read the file.

    Raises:
        UnreadableFileError: the file cannot be written.
    """
    draft = path.with_name(path.name + ".new")
    body = {"access_token": str(kept.token), "user": kept.user, "since": iso(kept.since), "since_us": kept.since}
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        draft.unlink(missing_ok=True)
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(body, file)
        draft.replace(path)
    except OSError as error:
        raise UnreadableFileError(
            f"`{path}` cannot be written: {error.strerror or error}", "give another `token_file` under [kite]"
        ) from None


def kept_token(path: Path) -> KeptToken | None:
    """Read the token file; None if there is none or it is not one."""
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
        body = json.loads(path.read_text(encoding="utf-8"))
        if isinstance(body["access_token"], str) and body["access_token"]:
            return KeptToken(Secret(body["access_token"]), str(body.get("user", "")), int(body.get("since_us", 0)))
    return None


def is_private(path: Path) -> bool:
    """Tell whether nobody but the owner may read a file; on Windows the profile's folder sees to that."""
    return os.name == "nt" or not stat.S_IMODE(path.stat().st_mode) & 0o077


class Tokens:
    """The token in use. One that was refused is never used again; a new one in the file brings sending back.

    Raises:
        UsageError: there is no key, or no token.
    """

    def __init__(self, settings: KiteSettings) -> None:
        if not settings.api_key:
            raise UsageError(
                "there is no Kite api key", "set RULEKIT_KITE_API_KEY, or `api_key` under [kite] in rulekit.toml"
            )
        self.api_key = settings.api_key
        self._path = token_path(settings)
        kept = kept_token(self._path)
        self._token = settings.access_token or (kept.token if kept else Secret())
        self._refused: set[str] = set()
        if not self._token:
            raise UsageError(
                "there is no Kite access token for today", "run `rulekit login`, or set RULEKIT_KITE_ACCESS_TOKEN"
            )

    @property
    def dead(self) -> bool:
        """Tell whether the broker has refused the token, and no new one has come."""
        return self._token in self._refused and not self._renewed()

    @property
    def token(self) -> Secret:
        """The token in use."""
        return self._token

    @property
    def current(self) -> str:
        """The token in use, or the new one if that was refused."""
        if self._token in self._refused:
            self._renewed()
        return str(self._token)

    def refuse(self, token: str) -> bool:
        """Note that the broker refused a token; True if that is news."""
        news = token not in self._refused and token == self._token
        self._refused.add(token)
        return news

    def _renewed(self) -> bool:
        kept = kept_token(self._path)
        if kept is None or kept.token in self._refused:
            return False
        self._token = kept.token
        return True

    def hide(self, text: str) -> str:
        """Take the key and every token of this session out of a text."""
        for secret in {self.api_key, self._token, *self._refused}:
            if len(secret) >= 4:
                text = text.replace(secret, "[secret]")
        return text
