"""When a request is sent again, and after how long; what an answer that is no success says."""

from __future__ import annotations

import random
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from typing import Any

import httpx

from ._calls import Call
from ._errors import FacefleetError

# With these the service says that it has done nothing, so that even what is not repeatable may be sent again.
REFUSALS = (429, 503)
PASSING = (429, 500, 502, 503, 504)
LONGEST_BACKOFF = 30.0
LONGEST_RETRY_AFTER = 300.0


def may_retry(error: FacefleetError, call: Call[Any]) -> bool:
    # Of a request that was answered before its end, the job goes on.
    if not error.retryable or error.code == "sync_timeout":
        return False
    if error.status in REFUSALS:
        return True
    return call.repeatable and (error.status is None or error.status in PASSING)


def delay_before(retry: int, error: FacefleetError, retry_delay: float) -> float:
    """Seconds: at least what the service asked for, or a doubling time.

    A random part keeps the clients that were refused together from coming back together.
    """
    if error.retry_after is not None:
        return error.retry_after + random.random() * retry_delay / 4
    return min(retry_delay * 2.0**retry, LONGEST_BACKOFF) * (0.5 + random.random() / 2)


def error_of(response: httpx.Response) -> FacefleetError:
    """What an answer other than 2xx stands for. Its body has been read."""
    retry_after = retry_after_of(response.headers.get("retry-after"))
    problem = problem_of(response)
    if problem is not None:
        return FacefleetError.from_problem(problem, retry_after=retry_after)
    message = f"Expected an answer of Facefleet but received {response.status_code} {response.reason_phrase}".strip()
    passing = response.status_code in PASSING
    return FacefleetError(
        "unexpected_answer", message, status=response.status_code, retryable=passing, retry_after=retry_after
    )


def problem_of(response: httpx.Response) -> dict[str, Any] | None:
    try:
        body = response.json()
    except ValueError:
        return None
    if not isinstance(body, dict) or not isinstance(body.get("code"), str):
        return None
    return {"retryable": response.status_code in PASSING, **body, "status": response.status_code}


def retry_after_of(header: str | None) -> float | None:
    if not header:
        return None
    try:
        seconds = float(header)
    except ValueError:
        try:
            seconds = (parsedate_to_datetime(header) - datetime.now(timezone.utc)).total_seconds()
        except (TypeError, ValueError):
            return None
    return min(max(seconds, 0.0), LONGEST_RETRY_AFTER)


def job_that_goes_on(error: FacefleetError) -> str | None:
    """The id of the job of a request that was answered before its end."""
    if error.code != "sync_timeout" or error.problem is None:
        return None
    address = error.problem.get("job")
    return address.rsplit("/", 1)[-1] if isinstance(address, str) else None


def unreachable(url: httpx.URL, error: httpx.TransportError) -> FacefleetError:
    place = f"{url.scheme}://{url.netloc.decode()}"
    if isinstance(error, httpx.TimeoutException):
        return FacefleetError("request_timeout", f"Expected an answer of {place} in time but none came", retryable=True)
    return FacefleetError("unreachable", f"Expected an answer of {place} but the connection failed", retryable=True)
