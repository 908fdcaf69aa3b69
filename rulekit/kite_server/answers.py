"""What the API says: success and error bodies in Kite's shape, and the error that any check may raise."""

from __future__ import annotations

import json
from typing import Any

from attrs import Factory, frozen

JSON = "application/json"


@frozen
class Answer:
    """One HTTP answer; `content_type` None leaves the header out."""

    status: int
    body: bytes
    content_type: str | None = JSON
    headers: tuple[tuple[str, str], ...] = ()


class ApiError(Exception):
    """A refusal, in the words of the broker."""

    def __init__(self, status: int, error_type: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.error_type = error_type
        self.message = message


def refused(message: str, error_type: str = "InputException", status: int = 400) -> ApiError:
    """Make the refusal of a request's content."""
    return ApiError(status, error_type, message)


def success(data: Any, status: int = 200) -> Answer:
    """Wrap data as Kite does."""
    return Answer(status, json.dumps({"status": "success", "data": data}).encode())


def failure(status: int, error_type: str, message: str) -> Answer:
    """Write an error body as Kite does."""
    body = {"status": "error", "message": message, "data": None, "error_type": error_type}
    return Answer(status, json.dumps(body).encode())


@frozen
class Request:
    """One HTTP request as it was read."""

    method: str
    path: str
    query: dict[str, list[str]]
    headers: dict[str, str]
    body: bytes
    form: dict[str, str] = Factory(dict)
    words: dict[str, str] = Factory(dict)
    """Parts of the path that a route names."""

    def one(self, name: str) -> str | None:
        """Return the last value of a query parameter."""
        values = self.query.get(name)
        return values[-1] if values else None
