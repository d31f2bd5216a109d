"""The async client, of which generate.py makes the sync one."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from types import TracebackType
from typing import Any, TypeVar

import httpx

from . import _calls as calls
from ._calls import AnalysisTask, BatchOrId, Call, JobOrId, Priority
from ._errors import FacefleetError
from ._events import EventReader
from ._images import Image, MatchSubject, image_of
from ._policy import delay_before, error_of, job_that_goes_on, may_retry, unreachable
from ._requests import BatchItem, ImageRef, JobOptions
from ._results import analysis_of, comparison_of, matches_of
from ._settings import AGAIN_SECONDS, Settings, next_interval, overdue
from ._wire import (
    AnalysisResult,
    Batch,
    BatchLine,
    FleetAnswer,
    Job,
    MatchResult,
    ModelsAnswer,
    VerifyResult,
    WebhookAttempts,
    WebhookSecret,
)

T = TypeVar("T")
E = TypeVar("E", Job, Batch)


class AsyncFacefleetClient:
    """A caller of a Facefleet service.

    Requests are sent again after a lost connection, 429, 503 and passing failures, but only where that can do nothing
    twice; Retry-After is kept to. Every method raises FacefleetError. Close it, or use it in an `async with`.
    """

    def __init__(
        self,
        url: str,
        *,
        api_key: str | None = None,
        max_retries: int = 5,
        retry_delay: float = 1.0,
        timeout: float = 120.0,
        http: httpx.AsyncClient | None = None,
    ) -> None:
        """
        `url`: where the service is, a path included: `https://example.com/faces`. `retry_delay`: seconds before the
        first retry that the service gives no time for; the next ones wait longer. `timeout`: seconds that an answer may
        take. `http`: a client of yours, with its proxies and certificates; it is not closed here.
        """
        self._settings = Settings.of(url, api_key, max_retries, retry_delay, timeout)
        self._http = http or httpx.AsyncClient(timeout=timeout)
        self._owns_http = http is None

    async def __aenter__(self) -> AsyncFacefleetClient:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        if self._owns_http:
            await self._http.aclose()

    async def submit(
        self,
        task: AnalysisTask,
        image: Image,
        *,
        options: JobOptions | None = None,
        priority: Priority | None = None,
        webhook: str | None = None,
        metadata: Mapping[str, str] | None = None,
        result_ttl_seconds: int | None = None,
        idempotency_key: str | None = None,
    ) -> Job:
        """Submits a job; its image is named, or sent along. However often it must be sent, it is one job."""
        fields = calls.submission_fields(
            options=options,
            priority=priority,
            webhook=webhook,
            metadata=metadata,
            result_ttl_seconds=result_ttl_seconds,
        )
        return await self._send(calls.submit(task, [image], fields, idempotency_key))

    async def submit_verify(
        self,
        first: Image,
        second: Image,
        *,
        options: JobOptions | None = None,
        priority: Priority | None = None,
        webhook: str | None = None,
        metadata: Mapping[str, str] | None = None,
        result_ttl_seconds: int | None = None,
        idempotency_key: str | None = None,
    ) -> Job:
        """Submits a job that looks for the first face of one image among those of another."""
        fields = calls.submission_fields(
            options=options,
            priority=priority,
            webhook=webhook,
            metadata=metadata,
            result_ttl_seconds=result_ttl_seconds,
        )
        return await self._send(calls.submit("verify", [first, second], fields, idempotency_key))

    async def submit_match(
        self,
        probe: MatchSubject,
        gallery: Iterable[MatchSubject],
        *,
        options: JobOptions | None = None,
        priority: Priority | None = None,
        webhook: str | None = None,
        metadata: Mapping[str, str] | None = None,
        result_ttl_seconds: int | None = None,
        idempotency_key: str | None = None,
    ) -> Job:
        """Submits a job that holds one image or embedding against up to 100 others; what is here is sent along."""
        fields = calls.submission_fields(
            options=options,
            priority=priority,
            webhook=webhook,
            metadata=metadata,
            result_ttl_seconds=result_ttl_seconds,
        )
        return await self._send(calls.submit_match(probe, gallery, fields, idempotency_key))

    async def analyse(
        self,
        image: Image,
        *,
        task: AnalysisTask = "detect",
        options: JobOptions | None = None,
        timeout: float | None = None,
    ) -> AnalysisResult:
        """The faces of an image, in one request where that is quick enough, else by waiting for the job that goes on.

        With the task `embed` they carry their embeddings.
        """
        try:
            return await self._send(calls.analyse(image, task, options))
        except FacefleetError as error:
            job = job_that_goes_on(error)
            if job is None:
                raise
            return analysis_of(await self.wait(job, timeout=timeout))

    async def detect(
        self, image: Image, *, options: JobOptions | None = None, timeout: float | None = None
    ) -> AnalysisResult:
        """The faces of an image: submits, waits, and returns the result."""
        return analysis_of(await self.wait(await self.submit("detect", image, options=options), timeout=timeout))

    async def embed(
        self, image: Image, *, options: JobOptions | None = None, timeout: float | None = None
    ) -> AnalysisResult:
        """The faces of an image with their embeddings: submits, waits, and returns the result."""
        return analysis_of(await self.wait(await self.submit("embed", image, options=options), timeout=timeout))

    async def verify(
        self, first: Image, second: Image, *, options: JobOptions | None = None, timeout: float | None = None
    ) -> VerifyResult:
        """Compares two images, each named or here: submits, waits, and returns the result."""
        return comparison_of(await self.wait(await self.submit_verify(first, second, options=options), timeout=timeout))

    async def match(
        self,
        probe: MatchSubject,
        gallery: Iterable[MatchSubject],
        *,
        options: JobOptions | None = None,
        timeout: float | None = None,
    ) -> MatchResult:
        """Orders a gallery by its distance from one image or embedding: submits, waits, and returns the result."""
        return matches_of(await self.wait(await self.submit_match(probe, gallery, options=options), timeout=timeout))

    async def job(self, job: JobOrId) -> Job:
        return await self._send(calls.job(job))

    async def wait(
        self, job: JobOrId, *, timeout: float | None = None, on_progress: Callable[[Job], None] | None = None
    ) -> Job:
        """Waits until a job has ended, in whatever way: `result_of` tells a success from the rest.

        `timeout`: seconds, after which `wait_timeout` is raised and the job goes on. `on_progress` is told the job,
        without its result, whenever its state or stage has changed.
        """
        if isinstance(job, Job) and job.finished_at is not None:
            return job
        if on_progress is not None:
            async for seen in self.events(job, timeout=timeout):
                on_progress(seen)
            return await self.job(job)

        async def look() -> Job:
            return await self._send(calls.wait_for_job(job))

        return await self._until_ended(f"the job {calls.id_of(job)}", timeout, look)

    async def events(self, job: JobOrId, *, timeout: float | None = None) -> AsyncIterator[Job]:
        """The job as it is, then each time that its state or stage has changed, until it has ended.

        Without its result. A connection that is lost is made again.
        """
        deadline = None if timeout is None else time.monotonic() + timeout
        events = EventReader()
        seen: str | None = None
        while True:
            try:
                async for line in self._lines(calls.events_path(job), "text/event-stream", events.last_id):
                    data = events.line(line)
                    if deadline is not None and time.monotonic() > deadline:
                        raise overdue(f"the job {calls.id_of(job)}", timeout)
                    # Whoever comes again is told first what was told last.
                    if data is None or events.last_id == seen:
                        continue
                    seen = events.last_id
                    latest = Job.model_validate_json(data)
                    yield latest
                    if latest.finished_at is not None:
                        return
            except _ConnectionLost:
                events = EventReader(last_id=seen)
            await asyncio.sleep(AGAIN_SECONDS)

    async def jobs(self, *, state: str | None = None) -> AsyncIterator[Job]:
        """Every job of the caller, newest first, without results. Pages are fetched as they are needed."""
        cursor: str | None = None
        while True:
            page = await self._send(calls.jobs(state, cursor))
            for job in page.jobs:
                yield job
            cursor = page.cursor
            if cursor is None:
                return

    async def cancel(self, job: JobOrId) -> None:
        """Cancels a job that has not ended; erases the result of one that has."""
        await self._send(calls.cancel(job))

    async def retry(self, job: JobOrId) -> Job:
        """Has a failed job tried again. Sent once only: whether a lost request has arrived, `job` tells."""
        return await self._send(calls.retry(job))

    async def upload(self, image: Image, content_type: str) -> ImageRef:
        """Hands an image over for jobs that name it. Deleted when the last of them ends."""
        content = image_of(image)
        if not isinstance(content, bytes):
            raise ValueError("Expected an image that is here but received the name of one")
        upload = await self._send(calls.ask_for_upload(content_type, len(content)))
        await self._send(calls.put_upload(upload, content))
        return {"upload": upload.id}

    async def submit_batch(
        self,
        task: AnalysisTask,
        *,
        items: list[BatchItem] | None = None,
        manifest: str | None = None,
        prefix: str | None = None,
        output: str | None = None,
        options: JobOptions | None = None,
        priority: Priority | None = None,
        webhook: str | None = None,
        metadata: Mapping[str, str] | None = None,
        result_ttl_seconds: int | None = None,
        idempotency_key: str | None = None,
    ) -> Batch:
        """Submits a batch: up to 1000 listed items, or `s3://bucket/...` of a manifest or a prefix."""
        fields = calls.submission_fields(
            options=options,
            priority=priority,
            webhook=webhook,
            metadata=metadata,
            result_ttl_seconds=result_ttl_seconds,
            output=output,
        )
        return await self._send(
            calls.submit_batch(
                task,
                items=items,
                manifest=manifest,
                prefix=prefix,
                fields=fields,
                idempotency_key=idempotency_key,
            )
        )

    async def batch(self, batch: BatchOrId) -> Batch:
        return await self._send(calls.batch(batch))

    async def batches(self, *, state: str | None = None) -> AsyncIterator[Batch]:
        """Every batch of the caller, newest first. Pages are fetched as they are needed."""
        cursor: str | None = None
        while True:
            page = await self._send(calls.batches(state, cursor))
            for batch in page.batches:
                yield batch
            cursor = page.cursor
            if cursor is None:
                return

    async def retry_batch(self, batch: BatchOrId) -> Batch:
        """Has the failed items of a batch that has finished tried again.

        Sent once only: whether a lost request has arrived, `retries` of the batch tells.
        """
        return await self._send(calls.retry_batch(batch))

    async def wait_for_batch(
        self, batch: BatchOrId, *, timeout: float | None = None, on_progress: Callable[[Batch], None] | None = None
    ) -> Batch:
        """Waits until every item of a batch has ended, or the batch was canceled or could not be read."""

        async def look() -> Batch:
            latest = await self.batch(batch)
            if on_progress is not None:
                on_progress(latest)
            return latest

        return await self._until_ended(f"the batch {calls.id_of(batch)}", timeout, look)

    async def batch_results(self, batch: BatchOrId) -> AsyncIterator[BatchLine]:
        """The results of a batch, line by line as they arrive, failures included.

        A connection that is lost on the way raises `unreachable`: ask again, and skip each `index` that is known.
        """
        try:
            async for line in self._lines(calls.results_path(batch), "application/x-ndjson", None):
                if line:
                    yield BatchLine.model_validate_json(line)
        except _ConnectionLost as lost:
            raise lost.error from lost

    async def cancel_batch(self, batch: BatchOrId) -> None:
        """Cancels what is left of a batch."""
        await self._send(calls.cancel_batch(batch))

    async def webhook_attempts(self, subject: JobOrId | BatchOrId) -> WebhookAttempts:
        """How the announcement of the end of a job or a batch went."""
        return await self._send(calls.webhook_attempts(subject))

    async def resend_webhook(self, subject: JobOrId | BatchOrId) -> WebhookAttempts:
        """Has the end of a job or a batch announced again."""
        return await self._send(calls.resend_webhook(subject))

    async def webhook_secret(self) -> WebhookSecret:
        """What the caller's events are signed with: for `verify_webhook`."""
        return await self._send(calls.webhook_secret())

    async def rotate_webhook_secret(self) -> WebhookSecret:
        """A new secret; for 24 hours the one before it signs as well. Sent once only."""
        return await self._send(calls.rotate_webhook_secret())

    async def models(self) -> ModelsAnswer:
        """The workers that are ready, with their models, engines and devices."""
        return await self._send(calls.models())

    async def fleet(self) -> FleetAnswer:
        """What the ready workers are doing, and what waits for them."""
        return await self._send(calls.fleet())

    async def _until_ended(self, what: str, timeout: float | None, look: Callable[[], Awaitable[E]]) -> E:
        start, interval = time.monotonic(), 0.0
        while True:
            asked = time.monotonic()
            latest = await look()
            if latest.finished_at is not None:
                return latest
            interval = next_interval(interval)
            pause = max(asked + interval - time.monotonic(), 0.0)
            if timeout is not None and time.monotonic() + pause > start + timeout:
                raise overdue(what, timeout)
            await asyncio.sleep(pause)

    async def _send(self, call: Call[T]) -> T:
        return call.read(await self._answer(call))

    async def _answer(self, call: Call[Any], *, stream: bool = False) -> httpx.Response:
        """An answer of 2xx, after as many tries as are allowed."""
        retry = 0
        while True:
            try:
                return await self._answer_once(call, stream)
            except FacefleetError as error:
                if retry >= self._settings.max_retries or not may_retry(error, call):
                    raise
                await asyncio.sleep(delay_before(retry, error, self._settings.retry_delay))
                retry += 1

    async def _answer_once(self, call: Call[Any], stream: bool) -> httpx.Response:
        request = self._http.build_request(**self._settings.request(call))
        try:
            response = await self._http.send(request, stream=stream)
            if not response.is_success:
                await response.aread()
        except httpx.TransportError as error:
            raise unreachable(request.url, error) from error
        if response.is_success:
            return response
        await response.aclose()
        raise error_of(response)

    async def _lines(self, path: str, accept: str, last_id: str | None) -> AsyncIterator[str]:
        response = await self._answer(calls.stream(path, accept, last_id), stream=True)
        try:
            async for line in response.aiter_lines():
                yield line
        except httpx.TransportError as error:
            raise _ConnectionLost(unreachable(response.request.url, error)) from error
        finally:
            await response.aclose()


class _ConnectionLost(Exception):
    """A stream has broken off."""

    def __init__(self, error: FacefleetError) -> None:
        super().__init__(str(error))
        self.error = error
