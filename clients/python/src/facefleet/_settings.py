"""What the sync and the async client have in common besides their calls."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import httpx

from ._calls import Call
from ._errors import FacefleetError

AGAIN_SECONDS = 1.0
"""Before a stream that broke off, or ended before the job, is asked for again."""


@dataclass(frozen=True)
class Settings:
    base_url: str
    api_key: str | None
    max_retries: int
    retry_delay: float
    timeout: float

    @classmethod
    def of(cls, url: str, api_key: str | None, max_retries: int, retry_delay: float, timeout: float) -> Settings:
        parsed = httpx.URL(url)
        if parsed.scheme not in ("http", "https") or not parsed.host:
            raise ValueError(f"Expected an http or https URL for url but received {url!r}")
        if parsed.userinfo:
            raise ValueError("Expected a url without a user name; give a key as api_key")
        base = str(parsed.copy_with(query=None, fragment=None)).rstrip("/")
        return cls(base, api_key, max_retries, retry_delay, timeout)

    def request(self, call: Call[Any]) -> dict[str, Any]:
        """The arguments of httpx' `build_request`."""
        headers = dict(call.headers)
        if self.api_key is not None and not call.is_signed:
            headers["authorization"] = f"Bearer {self.api_key}"
        return {
            "method": call.method,
            "url": call.path if call.is_signed else self.base_url + call.path,
            "params": dict(call.params) or None,
            "headers": headers,
            "content": call.body,
            "files": None if call.files is None else dict(call.files),
        }


def next_interval(interval: float) -> float:
    """Seconds between two looks: growing, from a quarter of a second to ten."""
    return 0.25 if interval == 0 else min(interval * 1.5, 10.0)


def overdue(what: str, timeout: float | None) -> FacefleetError:
    message = f"Expected {what} to end within {timeout} s but it has not"
    return FacefleetError("wait_timeout", message, retryable=True)
