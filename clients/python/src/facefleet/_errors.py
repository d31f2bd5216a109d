"""The ways in which a call fails."""

from __future__ import annotations

from typing import Any


class FacefleetError(Exception):
    """A problem as the service tells it (RFC 9457), or one of the client's own.

    `code` is the stable name of the problem, from the service's table of errors; the client's own are `unreachable`,
    `request_timeout`, `wait_timeout`, `unexpected_answer` and `result_absent`.
    """

    def __init__(
        self,
        code: str,
        message: str,
        *,
        status: int | None = None,
        retryable: bool = False,
        retry_after: float | None = None,
        problem: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.status = status
        """The HTTP status of the answer, where there was one; of a failed job, its problem's."""
        self.retryable = retryable
        """Whether the same call may succeed later, unchanged."""
        self.retry_after = retry_after
        """Seconds that the service asked to wait before that."""
        self.problem = problem
        """The problem as received."""

    @classmethod
    def from_problem(cls, problem: dict[str, Any], *, retry_after: float | None = None) -> FacefleetError:
        code = str(problem["code"])
        message = str(problem.get("detail") or problem.get("title") or code)
        return cls(
            code,
            message,
            status=problem.get("status"),
            retryable=bool(problem.get("retryable", False)),
            retry_after=retry_after,
            problem=problem,
        )


class WebhookVerificationError(Exception):
    """A request is no webhook of the service: answer it with 400."""
