"""Webhooks of the service: Standard Webhooks 1.0 (HMAC-SHA256 over id, timestamp and body)."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import time
from collections.abc import Mapping, Sequence
from typing import TypeAlias

from pydantic import TypeAdapter, ValidationError

from ._errors import WebhookVerificationError
from ._wire import BatchEvent, JobEvent

WebhookEvent: TypeAlias = JobEvent | BatchEvent
"""What a webhook tells: the end of a job or of a batch, which is to be looked up for more."""

_event: TypeAdapter[WebhookEvent] = TypeAdapter(WebhookEvent)


def verify_webhook(
    headers: Mapping[str, str],
    body: bytes | str,
    secret: str | Sequence[str],
    *,
    tolerance_seconds: float = 300,
) -> WebhookEvent:
    """Makes sure that a request is a webhook of the service, and returns its event.

    `body` is as it was received, before anything has parsed it. `secret` may be several while one takes the place of
    another. An event can come twice, with the same `webhook-id`.

    Raises WebhookVerificationError when it is none, and ValueError for a secret that is none.
    """
    keys = [_key(one) for one in ([secret] if isinstance(secret, str) else secret)]
    if not keys:
        raise ValueError("Expected at least one webhook secret but received none")
    content = body.encode() if isinstance(body, str) else bytes(body)
    names = {name.lower(): value for name, value in headers.items()}
    identity, timestamp, signatures = (_header(names, f"webhook-{part}") for part in ("id", "timestamp", "signature"))
    _assert_recent(timestamp, tolerance_seconds)
    signed = f"{identity}.{timestamp}.".encode() + content
    expected = [base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode() for key in keys]
    received = [one.removeprefix("v1,") for one in signatures.split(" ") if one.startswith("v1,")]
    if not any([hmac.compare_digest(ours.encode(), theirs.encode()) for ours in expected for theirs in received]):
        raise WebhookVerificationError("Expected a signature made with a given secret")
    try:
        return _event.validate_json(content)
    except ValidationError as error:
        raise WebhookVerificationError("Expected an event but received something else") from error


def _key(secret: str) -> bytes:
    # The secret itself stays out of the message.
    try:
        key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    except binascii.Error:
        key = b""
    if not key:
        raise ValueError("Expected a webhook secret of the form whsec_<base64>")
    return key


def _header(headers: Mapping[str, str], name: str) -> str:
    value = headers.get(name)
    if not value:
        raise WebhookVerificationError(f"Expected a header {name} but received none")
    return value


def _assert_recent(timestamp: str, tolerance_seconds: float) -> None:
    if not timestamp.isascii() or not timestamp.isdigit():
        raise WebhookVerificationError(f"Expected seconds in the header webhook-timestamp but received {timestamp!r}")
    age = time.time() - int(timestamp)
    if abs(age) > tolerance_seconds:
        when = "ago" if age > 0 else "ahead"
        raise WebhookVerificationError(
            f"Expected a webhook of the last {tolerance_seconds:g} s but received one of {abs(age):.0f} s {when}"
        )
