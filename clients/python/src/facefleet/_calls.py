"""What is asked of the service, apart from how it is sent: the sync and the async client share it."""

from __future__ import annotations

import base64
import json
import secrets
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, Literal, TypeAlias, TypeVar
from urllib.parse import quote

import httpx

from ._images import Image, MatchSubject, image_of
from ._model import Model
from ._requests import BatchItem, JobOptions
from ._wire import (
    AnalysisResult,
    Batch,
    BatchList,
    FleetAnswer,
    Job,
    JobList,
    ModelsAnswer,
    Upload,
    WebhookAttempts,
    WebhookSecret,
)

T = TypeVar("T")
M = TypeVar("M", bound=Model)

AnalysisTask: TypeAlias = Literal["detect", "embed"]
Priority: TypeAlias = Literal["low", "normal", "high"]
JobOrId: TypeAlias = "str | Job"
BatchOrId: TypeAlias = "str | Batch"

LONG_POLL_SECONDS = 20
"""The longest that one request waits for a job to end. The service allows 30."""


@dataclass(frozen=True)
class Call(Generic[T]):
    """One request, and how its answer is read."""

    method: str
    path: str
    read: Callable[[httpx.Response], T]
    repeatable: bool = True
    """Whether sending it twice does what sending it once does."""
    params: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    files: Mapping[str, tuple[str | None, bytes, str]] | None = None
    is_signed: bool = False
    """Whether `path` is a whole address that carries its own permission, so that it gets no key."""


def submit(
    task: str,
    images: list[Image],
    fields: Mapping[str, Any],
    idempotency_key: str | None,
) -> Call[Job]:
    job = {"task": task, **given(fields)}
    parts = [image_of(image) for image in images]
    headers = idempotency(idempotency_key)
    sent = [part for part in parts if isinstance(part, bytes)]
    if len(sent) == len(parts):
        names = ["image"] if len(sent) == 1 else ["image1", "image2"]
        return Call("POST", "/v1/jobs", reader(Job), headers=headers, files=form(job, names, sent))
    names_of_images = {"image": parts[0]} if len(parts) == 1 else {"images": [in_json(part) for part in parts]}
    return Call("POST", "/v1/jobs", reader(Job), headers=headers | JSON, body=encoded({**job, **names_of_images}))


def submit_match(
    probe: MatchSubject, gallery: Iterable[MatchSubject], fields: Mapping[str, Any], idempotency_key: str | None
) -> Call[Job]:
    subjects = {"probe": in_json(image_of(probe)), "gallery": [in_json(image_of(subject)) for subject in gallery]}
    body = encoded({"task": "match", **subjects, **given(fields)})
    return Call("POST", "/v1/jobs", reader(Job), headers=idempotency(idempotency_key) | JSON, body=body)


def analyse(image: Image, task: AnalysisTask, options: JobOptions | None) -> Call[AnalysisResult]:
    job = given({"task": task, "options": options})
    part = image_of(image)
    if isinstance(part, bytes):
        return Call("POST", "/v1/analyse", reader(AnalysisResult), files=form(job, ["image"], [part]))
    return Call("POST", "/v1/analyse", reader(AnalysisResult), headers=JSON, body=encoded({"image": part, **job}))


def form(job: Mapping[str, Any], names: list[str], images: list[bytes]) -> dict[str, tuple[str | None, bytes, str]]:
    # Under a name of ours: that of a file may tell who is on it.
    files = {name: ("image", image, "application/octet-stream") for name, image in zip(names, images, strict=True)}
    return {"job": (None, encoded(job), "application/json"), **files}


def in_json(part: bytes | dict[str, Any]) -> dict[str, Any]:
    """What JSON has of an image, which may be here."""
    return {"data": base64.b64encode(part).decode()} if isinstance(part, bytes) else part


def job(job: JobOrId) -> Call[Job]:
    return Call("GET", job_path(job), reader(Job))


def wait_for_job(job: JobOrId) -> Call[Job]:
    return Call("GET", job_path(job), reader(Job), params={"wait": str(LONG_POLL_SECONDS)})


def jobs(state: str | None, cursor: str | None) -> Call[JobList]:
    params = given({"limit": "100", "state": state, "cursor": cursor})
    return Call("GET", "/v1/jobs", reader(JobList), params=params)


def cancel(job: JobOrId) -> Call[None]:
    return Call("DELETE", job_path(job), nothing)


def retry(job: JobOrId) -> Call[Job]:
    return Call("POST", f"{job_path(job)}/retry", reader(Job), repeatable=False)


def events_path(job: JobOrId) -> str:
    return f"{job_path(job)}/events"


def ask_for_upload(content_type: str, size: int) -> Call[Upload]:
    body = encoded({"contentType": content_type, "size": size})
    # A place that is asked for twice is one that stays empty.
    return Call("POST", "/v1/uploads", reader(Upload), headers=JSON, body=body)


def put_upload(upload: Upload, content: bytes) -> Call[None]:
    return Call(upload.method, upload.url, nothing, headers=upload.headers, body=content, is_signed=True)


def submit_batch(
    task: AnalysisTask,
    *,
    items: list[BatchItem] | None,
    manifest: str | None,
    prefix: str | None,
    fields: Mapping[str, Any],
    idempotency_key: str | None,
) -> Call[Batch]:
    sources = given({"items": items, "manifest": place(manifest, "key"), "prefix": place(prefix, "prefix")})
    if len(sources) != 1:
        raise ValueError(f"Expected one of items, manifest and prefix but received {' and '.join(sources) or 'none'}")
    body = encoded({"task": task, **sources, **given(fields)})
    return Call("POST", "/v1/batches", reader(Batch), headers=idempotency(idempotency_key) | JSON, body=body)


def place(address: str | None, name: Literal["key", "prefix"]) -> dict[str, Any] | None:
    """`s3://bucket/key` as the service has it."""
    if address is None:
        return None
    bucket, _, below = address.removeprefix("s3://").partition("/")
    if not address.startswith("s3://") or not bucket:
        raise ValueError(f"Expected s3://bucket/{name} but received {address}")
    return {"s3": {"bucket": bucket, name: below}}


def batch(batch: BatchOrId) -> Call[Batch]:
    return Call("GET", batch_path(batch), reader(Batch))


def batches(state: str | None, cursor: str | None) -> Call[BatchList]:
    params = given({"limit": "100", "state": state, "cursor": cursor})
    return Call("GET", "/v1/batches", reader(BatchList), params=params)


def retry_batch(batch: BatchOrId) -> Call[Batch]:
    return Call("POST", f"{batch_path(batch)}/retry", reader(Batch), repeatable=False)


def results_path(batch: BatchOrId) -> str:
    return f"{batch_path(batch)}/results"


def cancel_batch(batch: BatchOrId) -> Call[None]:
    return Call("DELETE", batch_path(batch), nothing)


def webhook_attempts(subject: JobOrId | BatchOrId) -> Call[WebhookAttempts]:
    return Call("GET", f"{subject_path(subject)}/webhook-attempts", reader(WebhookAttempts))


def resend_webhook(subject: JobOrId | BatchOrId) -> Call[WebhookAttempts]:
    return Call("POST", f"{subject_path(subject)}/webhook-attempts", reader(WebhookAttempts), repeatable=False)


def webhook_secret() -> Call[WebhookSecret]:
    return Call("GET", "/v1/webhook-secret", reader(WebhookSecret))


def rotate_webhook_secret() -> Call[WebhookSecret]:
    return Call("POST", "/v1/webhook-secret/rotate", reader(WebhookSecret), repeatable=False)


def models() -> Call[ModelsAnswer]:
    return Call("GET", "/v1/models", reader(ModelsAnswer))


def fleet() -> Call[FleetAnswer]:
    return Call("GET", "/v1/fleet", reader(FleetAnswer))


def stream(path: str, accept: str, last_id: str | None) -> Call[None]:
    """An answer that is read while it comes."""
    seen = {} if last_id is None else {"last-event-id": last_id}
    return Call("GET", path, nothing, headers={"accept": accept, **seen})


def submission_fields(
    *,
    options: JobOptions | None,
    priority: Priority | None,
    webhook: str | None,
    metadata: Mapping[str, str] | None,
    result_ttl_seconds: int | None,
    output: str | None = None,
) -> dict[str, Any]:
    return {
        "options": options,
        "priority": priority,
        "webhook": None if webhook is None else {"url": webhook},
        "metadata": metadata,
        "resultTtlSeconds": result_ttl_seconds,
        "output": place(output, "prefix"),
    }


JSON = {"content-type": "application/json"}


def encoded(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


def given(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}


def idempotency(key: str | None) -> dict[str, str]:
    return {"idempotency-key": key or secrets.token_hex(16)}


def reader(model: type[M]) -> Callable[[httpx.Response], M]:
    return lambda response: model.model_validate_json(response.content)


def nothing(_response: httpx.Response) -> None:
    return None


def job_path(job: JobOrId) -> str:
    return f"/v1/jobs/{quote(id_of(job), safe='')}"


def batch_path(batch: BatchOrId) -> str:
    return f"/v1/batches/{quote(id_of(batch), safe='')}"


def subject_path(subject: JobOrId | BatchOrId) -> str:
    """The ids of batches begin with another letter."""
    name = id_of(subject)
    return batch_path(name) if name.startswith("b") else job_path(name)


def id_of(named: str | Job | Batch) -> str:
    return named if isinstance(named, str) else named.id
