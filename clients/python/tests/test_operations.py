"""What the service describes, the client has."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from facefleet import AsyncFacefleetClient, FacefleetClient

OPENAPI = Path(__file__).parents[3] / "docs" / "openapi.json"

# What a client has no need of: what monitors ask, and the simple endpoints, which do less than `analyse` and `verify`.
FOR_OTHERS = {
    *("get /health", "get /livez", "get /metrics", "get /readyz"),
    *("post /compare-faces", "post /detect-face", "post /extract-embedding"),
}

CALLS: list[Callable[[FacefleetClient], object]] = [
    lambda client: client.analyse(b"image"),
    lambda client: client.submit("detect", b"image"),
    lambda client: client.job("j1"),
    lambda client: next(client.jobs()),
    lambda client: client.cancel("j1"),
    lambda client: client.retry("j1"),
    lambda client: next(client.events("j1")),
    lambda client: client.upload(b"image", "image/png"),
    lambda client: client.submit_batch("detect", prefix="s3://photos/"),
    lambda client: client.batch("b1"),
    lambda client: next(client.batches()),
    lambda client: next(client.batch_results("b1")),
    lambda client: client.retry_batch("b1"),
    lambda client: client.cancel_batch("b1"),
    lambda client: client.webhook_attempts("j1"),
    lambda client: client.resend_webhook("j1"),
    lambda client: client.webhook_attempts("b1"),
    lambda client: client.resend_webhook("b1"),
    lambda client: client.webhook_secret(),
    lambda client: client.rotate_webhook_secret(),
    lambda client: client.models(),
    lambda client: client.fleet(),
]


class Asked(Exception):
    """Instead of an answer."""


def test_has_a_method_for_every_operation() -> None:
    asked: set[str] = set()

    def note(request: httpx.Request) -> httpx.Response:
        path = request.url.path.replace("/j1", "/{id}").replace("/b1", "/{id}")
        asked.add(f"{request.method.lower()} {path}")
        raise Asked

    client = FacefleetClient("http://faces.test", http=httpx.Client(transport=httpx.MockTransport(note)))
    for call in CALLS:
        with pytest.raises(Asked):
            call(client)
    paths = json.loads(OPENAPI.read_text())["paths"]
    operations = {f"{method} {path}" for path, methods in paths.items() for method in methods}
    assert asked | FOR_OTHERS == operations


def test_the_async_client_has_the_same_methods() -> None:
    def methods(kind: type) -> set[str]:
        return {name for name in dir(kind) if not name.startswith("_")}

    assert methods(AsyncFacefleetClient) - {"aclose"} == methods(FacefleetClient) - {"close"}
