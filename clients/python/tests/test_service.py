"""Against a running service: the sync client."""

from __future__ import annotations

from pathlib import Path

import numpy
import pytest

from facefleet import (
    FacefleetClient,
    FacefleetError,
    GivenEmbedding,
    analysis_of,
    compare_embeddings,
    embedding_array,
    embedding_of,
    matches_of,
    result_of,
)


@pytest.fixture
def client(url: str) -> FacefleetClient:
    return FacefleetClient(url)


def test_finds_the_faces_of_a_file(client: FacefleetClient, portrait: Path) -> None:
    (face,) = client.detect(portrait).faces
    assert face.confidence > 0.99
    assert face.landmarks is not None
    assert face.landmarks.left_eye.x < face.landmarks.right_eye.x
    assert client.detect(portrait.read_bytes()).faces[0].box == face.box
    with portrait.open("rb") as file:
        assert client.detect(file).faces[0].box == face.box


def test_embeds_in_both_formats(client: FacefleetClient, portrait: Path) -> None:
    (plain,) = client.embed(portrait).faces
    (packed,) = client.embed(str(portrait), options={"embeddingFormat": "base64", "maxFaces": 1}).faces
    assert isinstance(packed.embedding, str)
    numbers = embedding_array(packed)
    assert numbers.shape == (512,)
    assert numbers.dtype == numpy.float32
    assert numpy.linalg.norm(numbers) == pytest.approx(1, abs=1e-5)
    assert compare_embeddings(embedding_of(plain), embedding_of(packed)).euclidean_distance == pytest.approx(
        0, abs=1e-3
    )


def test_compares_two_files(client: FacefleetClient, portrait: Path) -> None:
    result = client.verify(portrait, portrait)
    assert result.decision == "match"
    assert result.euclidean_distance == pytest.approx(0, abs=1e-3)


def test_analyses_in_one_request(client: FacefleetClient, portrait: Path) -> None:
    (face,) = client.analyse(portrait).faces
    assert face.embedding is None
    (embedded,) = client.analyse(portrait, task="embed", options={"maxFaces": 1}).faces
    assert len(embedding_of(embedded)) == 512
    uploaded = client.analyse(client.upload(portrait, "image/png"))
    assert uploaded.faces[0].box == face.box


def test_holds_one_against_many(client: FacefleetClient, portrait: Path) -> None:
    result = client.embed(portrait)
    embedding = list(embedding_of(result.faces[0]))
    given: GivenEmbedding = {"embedding": embedding, "fingerprint": result.model.fingerprint}
    matched = client.match(portrait, [portrait, given, b"not an image"], timeout=60)
    assert sorted(match.index for match in matched.matches) == [0, 1]
    assert all(match.decision == "match" for match in matched.matches)
    assert [(failed.index, failed.error.code) for failed in matched.failed] == [(2, "unsupported_image_format")]
    assert matches_of(client.wait(client.submit_match(given, [portrait]))).matches[0].face is not None


def test_has_a_secret_for_webhooks(client: FacefleetClient) -> None:
    before = client.webhook_secret()
    after = client.rotate_webhook_secret()
    assert before.secret.startswith("whsec_")
    assert (after.secret != before.secret, after.previous_until is not None) == (True, True)


def test_watches_a_job_and_finds_it_again(client: FacefleetClient, portrait: Path) -> None:
    job = client.submit("detect", portrait, metadata={"album": "summer"})
    seen: list[str] = []
    done = client.wait(job, timeout=60, on_progress=lambda latest: seen.append(latest.state))
    assert seen[-1] == "succeeded"
    assert len(analysis_of(done).faces) == 1
    assert job.id in [listed.id for listed in client.jobs(state="succeeded")]
    assert client.job(job.id).metadata == {"album": "summer"}
    client.cancel(job)
    with pytest.raises(FacefleetError) as erased:
        result_of(client.job(job))
    assert erased.value.code in ("result_absent", "job_not_found")


def test_hands_an_image_over_beforehand(client: FacefleetClient, portrait: Path) -> None:
    image = client.upload(portrait, "image/png")
    assert len(client.detect(image).faces) == 1


def test_makes_one_job_of_a_key(client: FacefleetClient, portrait: Path) -> None:
    first = client.submit("detect", portrait, idempotency_key="the same")
    assert client.submit("detect", portrait, idempotency_key="the same").id == first.id


def test_says_what_is_wrong(client: FacefleetClient, portrait: Path) -> None:
    with pytest.raises(FacefleetError) as invalid:
        client.submit("detect", portrait, options={"maxFaces": 0})
    assert (invalid.value.code, invalid.value.status) == ("invalid_request", 400)
    assert invalid.value.problem is not None
    with pytest.raises(FacefleetError) as unreadable:
        client.detect(b"not an image")
    assert unreadable.value.code == "unsupported_image_format"
    with pytest.raises(FacefleetError) as unknown:
        client.job("j-unknown")
    assert unknown.value.status == 404


def test_runs_a_batch(client: FacefleetClient, prefix: str) -> None:
    progress: list[float] = []
    batch = client.submit_batch("embed", prefix=prefix, options={"embeddingFormat": "base64"})
    done = client.wait_for_batch(batch, timeout=120, on_progress=lambda latest: progress.append(latest.progress))
    assert (done.state, done.counts.succeeded, done.counts.failed) == ("finished", 2, 1)
    assert progress[-1] == 1
    lines = list(client.batch_results(done))
    assert [line.state for line in lines] == ["succeeded", "succeeded", "failed"]
    assert lines[2].error is not None
    assert lines[2].error.code == "unsupported_image_format"
    again = client.wait_for_batch(client.retry_batch(done), timeout=120)
    assert (again.retries, again.counts.succeeded, again.counts.failed) == (1, 2, 1)
    assert again.id in [listed.id for listed in client.batches(state="finished")]


def test_says_what_the_fleet_is_doing(client: FacefleetClient) -> None:
    assert client.models().workers[0].model.dimensions == 512
    assert client.fleet().workers[0].engine


def test_nobody_there() -> None:
    client = FacefleetClient("http://127.0.0.1:9", max_retries=1, retry_delay=0.01)
    with pytest.raises(FacefleetError) as error:
        client.models()
    assert (error.value.code, error.value.retryable) == ("unreachable", True)
