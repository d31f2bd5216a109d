"""What is taken out of answers."""

from __future__ import annotations

from ._errors import FacefleetError
from ._wire import AnalysisResult, Job, MatchResult, VerifyResult


def result_of(job: Job) -> AnalysisResult | VerifyResult | MatchResult:
    """The result of a job that has succeeded.

    Raises FacefleetError with the job's own problem when it has failed, `job_canceled`, or `result_absent`.
    """
    if job.result is not None:
        return job.result
    if job.error is not None:
        raise FacefleetError.from_problem(job.error.model_dump(by_alias=True, exclude_none=True))
    code = "job_canceled" if job.state == "canceled" else "result_absent"
    raise FacefleetError(code, f"Expected a result in the job {job.id}, which is {job.state}, but there is none")


def analysis_of(job: Job) -> AnalysisResult:
    """The result of a job with the task `detect` or `embed`, as `result_of`."""
    result = result_of(job)
    if isinstance(result, AnalysisResult):
        return result
    raise TypeError(f"Expected a job about one image but received one with the task {job.task}")


def comparison_of(job: Job) -> VerifyResult:
    """The result of a job with the task `verify`, as `result_of`."""
    result = result_of(job)
    if isinstance(result, VerifyResult):
        return result
    raise TypeError(f"Expected a job about two images but received one with the task {job.task}")


def matches_of(job: Job) -> MatchResult:
    """The result of a job with the task `match`, as `result_of`."""
    result = result_of(job)
    if isinstance(result, MatchResult):
        return result
    raise TypeError(f"Expected a job about one and many but received one with the task {job.task}")
