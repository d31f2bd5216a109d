"""What needs no service."""

from __future__ import annotations

import base64
import json
import struct
from datetime import datetime, timedelta, timezone

import httpx
import pytest
from standardwebhooks.webhooks import Webhook

from facefleet import (
    Face,
    FacefleetClient,
    FacefleetError,
    Job,
    WebhookVerificationError,
    compare_embeddings,
    embedding_of,
    result_of,
    verify_webhook,
)

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
JOB = {
    "id": "j1",
    "task": "detect",
    "state": "queued",
    "createdAt": "2026-01-01T00:00:00Z",
    "attempts": 0,
    "links": {"self": "/v1/jobs/j1", "events": "/v1/jobs/j1/events"},
}


def face(**more: object) -> Face:
    return Face.model_validate({"box": {"x": 0, "y": 0, "width": 1, "height": 1}, "confidence": 1, **more})


def client_of(*answers: httpx.Response | Exception) -> tuple[FacefleetClient, list[httpx.Request]]:
    left, requests = list(answers), []

    def answer(request: httpx.Request) -> httpx.Response:
        requests.append(request)
        given = left.pop(0)
        if isinstance(given, Exception):
            raise given
        return given

    http = httpx.Client(transport=httpx.MockTransport(answer))
    return FacefleetClient("http://faces.test/below", api_key="ff_1", retry_delay=0.001, http=http), requests


def test_embeddings_in_both_formats() -> None:
    numbers = [0.5, -0.25, 0.125]
    packed = base64.b64encode(struct.pack("<3f", *numbers)).decode()
    assert list(embedding_of(face(embedding=packed))) == numbers == list(embedding_of(face(embedding=numbers)))
    with pytest.raises(ValueError, match="it has none"):
        embedding_of(face())


def test_comparison() -> None:
    same = compare_embeddings([3.0, 0.0], [0.5, 0.0])
    assert (same.similarity, same.cosine_similarity, same.euclidean_distance) == (1, 1, 0)
    assert compare_embeddings([1, 0], [0, 1]).euclidean_distance == pytest.approx(2**0.5)
    with pytest.raises(ValueError, match="2 and 3 numbers"):
        compare_embeddings([1, 0], [1, 0, 0])
    with pytest.raises(ValueError, match="not all zero"):
        compare_embeddings([0, 0], [1, 0])


def test_repeats_a_submission_under_one_key() -> None:
    busy = httpx.Response(503, json={"code": "queue_unavailable", "title": "busy", "retryable": True})
    client, requests = client_of(httpx.ConnectError("lost"), busy, httpx.Response(202, json=JOB))
    assert client.submit("detect", b"the bytes of an image").id == "j1"
    assert len(requests) == 3
    assert len({request.headers["idempotency-key"] for request in requests}) == 1
    assert all(b"the bytes of an image" in request.content for request in requests)
    assert requests[0].url == "http://faces.test/below/v1/jobs"
    assert requests[0].headers["authorization"] == "Bearer ff_1"


def test_repeats_nothing_that_might_be_done_twice() -> None:
    client, requests = client_of(httpx.ConnectError("lost"))
    with pytest.raises(FacefleetError) as error:
        client.retry("j1")
    assert (error.value.code, len(requests)) == ("unreachable", 1)


def test_keeps_what_a_newer_service_says() -> None:
    job = Job.model_validate({**JOB, "state": "paused", "mood": "fine"})
    assert (job.state, job.model_extra) == ("paused", {"mood": "fine"})
    failed = Job.model_validate(
        {
            **JOB,
            "state": "failed",
            "error": {"type": "", "title": "new", "status": 422, "code": "new_one", "retryable": False},
        }
    )
    with pytest.raises(FacefleetError, match="new") as error:
        result_of(failed)
    assert error.value.code == "new_one"


def test_watches_over_lost_connections(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("facefleet._client.AGAIN_SECONDS", 0)

    def event(name: str, **more: object) -> bytes:
        return f"id: {name}\nevent: job\ndata: {json.dumps({**JOB, **more})}\n\n".encode()

    done = event("1-succeeded", state="succeeded", finishedAt="2026-01-01T00:00:01Z")
    first = httpx.Response(200, content=event("0-queued"))
    second = httpx.Response(200, content=event("0-queued") + done)
    client, requests = client_of(first, second)
    assert [job.state for job in client.events("j1")] == ["queued", "succeeded"]
    assert [request.headers.get("last-event-id") for request in requests] == [None, "0-queued"]


def test_names_images_in_all_forms() -> None:
    client, requests = client_of(*(httpx.Response(202, json=JOB) for _ in range(3)))
    for image in ("s3://photos/a/b.jpg", "https://example.com/a.jpg", {"upload": "0" * 32}):
        client.submit("embed", image)  # type: ignore[arg-type]
    assert [json.loads(request.content)["image"] for request in requests] == [
        {"s3": {"bucket": "photos", "key": "a/b.jpg"}},
        {"url": "https://example.com/a.jpg"},
        {"upload": "0" * 32},
    ]


def test_sends_along_what_is_here() -> None:
    client, requests = client_of(*(httpx.Response(202, json=JOB) for _ in range(3)))
    client.submit_verify(b"bytes", "s3://photos/a.jpg")
    client.submit_match(b"bytes", [{"embedding": "AAAA", "fingerprint": "f"}, "https://example.com/a.jpg", b"more"])
    assert json.loads(requests[0].content)["images"] == [
        {"data": "Ynl0ZXM="},
        {"s3": {"bucket": "photos", "key": "a.jpg"}},
    ]
    assert json.loads(requests[1].content) == {
        "task": "match",
        "probe": {"data": "Ynl0ZXM="},
        "gallery": [
            {"embedding": "AAAA", "fingerprint": "f"},
            {"url": "https://example.com/a.jpg"},
            {"data": "bW9yZQ=="},
        ],
    }
    client.submit_verify(b"bytes", b"more")
    assert b"multipart/form-data" in requests[2].headers["content-type"].encode()


def test_waits_for_a_job_that_goes_on() -> None:
    late = {"code": "sync_timeout", "title": "late", "retryable": True, "job": "http://faces.test/below/v1/jobs/j1"}
    problem = {"type": "", "title": "none", "status": 422, "code": "image_undecodable", "retryable": False}
    failed = {**JOB, "state": "failed", "finishedAt": "2026-01-01T00:00:01Z", "error": problem}
    client, requests = client_of(httpx.Response(504, json=late), httpx.Response(200, json=failed))
    with pytest.raises(FacefleetError) as error:
        client.analyse(b"bytes", task="embed")
    assert error.value.code == "image_undecodable"
    assert [request.url.path for request in requests] == ["/below/v1/analyse", "/below/v1/jobs/j1"]


def signed(body: str, at: datetime) -> dict[str, str]:
    return {
        "Webhook-Id": "e1",
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": Webhook(SECRET).sign("e1", at, body),
    }


def test_webhooks() -> None:
    now = datetime.now(timezone.utc)
    data = {"id": "j1", "task": "detect", "state": "succeeded", "faces": 2, "links": {"self": "", "events": ""}}
    body = json.dumps({"type": "job.succeeded", "timestamp": "2026-01-01T00:00:00Z", "data": data})
    event = verify_webhook(signed(body, now), body.encode(), [SECRET, "whsec_AAAA"])
    assert (event.type, event.data.id) == ("job.succeeded", "j1")
    for headers, received in [
        (signed(body, now), f"{body} "),
        (signed(body, now - timedelta(hours=1)), body),
        ({}, body),
        (signed("[]", now), "[]"),
    ]:
        with pytest.raises(WebhookVerificationError):
            verify_webhook(headers, received, SECRET)
    with pytest.raises(ValueError, match="whsec_"):
        verify_webhook(signed(body, now), body, "no secret")
