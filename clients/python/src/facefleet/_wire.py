"""Generated from the OpenAPI description by generate.py; change that, not this file."""

from __future__ import annotations

from typing import Literal

from facefleet._model import Model
from pydantic import Field


class S3(Model):
    bucket: str
    prefix: str


class Output(Model):
    s3: S3


class Links(Model):
    self: str
    results: str


class BatchCounts(Model):
    total: int
    """
    While the batch is `queued`: as far as its items have been counted.
    """
    queued: int
    active: int
    succeeded: int
    failed: int
    canceled: int


class Error(Model):
    path: str
    message: str


class Problem(Model):
    type: str
    """
    A URI reference for the kind of problem.
    """
    title: str
    status: int
    code: Literal['invalid_request', 'malformed_json', 'missing_image', 'empty_image', 'invalid_embedding', 'no_face_detected', 'unauthorized', 'tenant_suspended', 'bucket_forbidden', 'url_forbidden', 'host_forbidden', 'site_forbidden', 'upload_url_invalid', 'job_not_found', 'batch_not_found', 'image_not_found', 'upload_not_found', 'route_not_found', 'method_not_allowed', 'request_timeout', 'idempotency_conflict', 'job_canceled', 'job_not_failed', 'job_not_repeatable', 'batch_not_repeatable', 'webhook_absent', 'body_too_large', 'image_too_large', 'unsupported_media_type', 'unsupported_content_encoding', 'unsupported_image_format', 'image_undecodable', 'fingerprint_mismatch', 'batch_too_large', 'batch_source_invalid', 'too_many_jobs', 'too_many_batches', 'too_much_kept', 'too_much_stored', 'too_many_uploads', 'too_many_waits', 'too_many_downloads', 'rate_limited', 'headers_too_large', 'internal_error', 'inference_failed', 'job_timeout', 'worker_lost', 'image_unreachable', 'queue_unavailable', 'submission_unconfirmed', 'store_unavailable', 'shutting_down', 'sync_timeout'] | str
    """
    The stable name of the problem.
    """
    detail: str | None = None
    """
    What was expected and what came.
    """
    retryable: bool
    """
    Whether the same request may succeed later, unchanged.
    """
    errors: list[Error] | None = None
    """
    Each fault of an invalid request.
    """
    job: str | None = None
    """
    The job's URL, where the job goes on.
    """
    idempotency_key: str | None = Field(None, alias='idempotencyKey')
    """
    What to send as `Idempotency-Key` with the same request, to have it done once.
    """
    request_id: str | None = Field(None, alias='requestId')


class WebhookProgress(Model):
    state: Literal['waiting', 'pending', 'delivered', 'failed', 'disabled'] | str
    """
    `waiting` for the end; `pending`: to be sent, or sent again; `failed`: given up; `disabled`: the receiver answered 410.
    """
    attempts: int
    """
    How often it has been sent.
    """


class Links1(Model):
    self: str
    """
    Where the batch is.
    """
    results: str


class BatchSummary(Model):
    id: str
    task: Literal['detect', 'embed'] | str
    state: Literal['finished', 'failed', 'canceled'] | str
    counts: BatchCounts
    metadata: dict[str, str] | None = None
    links: Links1


class S31(Model):
    bucket: str
    key: str
    version_id: str | None = Field(None, alias='versionId')


class S3ImageRef(Model):
    s3: S31


class UploadImageRef(Model):
    upload: str
    """
    The upload's id.
    """


class UrlImageRef(Model):
    url: str


class ImageInfo(Model):
    width: int
    """
    Pixels, upright.
    """
    height: int
    """
    Pixels, upright.
    """
    format: str
    """
    jpeg, png, webp, gif, tiff, avif or heic.
    """
    orientation: int
    """
    The EXIF orientation that was applied; 1 where the format turns images by itself.
    """
    sha256: str
    """
    Of the image's bytes.
    """


class Box(Model):
    """
    In pixels of the upright image; `x` and `y` are its top left corner. It may reach past the image's edges: they may be negative.
    """

    x: float
    y: float
    width: float
    height: float


class Point(Model):
    """
    In pixels of the upright image, from its top left corner.
    """

    x: float
    y: float


class Pose(Model):
    yaw: float
    """
    Above 0: the face looks to the viewer's right.
    """
    pitch: float
    """
    Above 0: it looks up.
    """
    roll: float
    """
    Above 0: it is tilted clockwise, as the viewer sees it. The eye line's slope.
    """


class DroppedFace(Model):
    box: Box
    cut: bool | None = None
    """
    That the picture's border cuts the box, which reaches past it. Absent where it does not.
    """
    confidence: float
    reason: Literal['low_confidence', 'too_small', 'turned_away', 'tilted', 'too_dark', 'too_bright', 'too_blurred', 'over_limit'] | str
    """
    The first that applies, in this order.
    """


class ModelInfo(Model):
    pack: str
    detector: str
    """
    `mtcnn`, `yunet`, or `none` where no face was looked for.
    """
    embedder: str
    dimensions: int
    fingerprint: str
    """
    Of the weights and every step of preprocessing.
    """


class Timings(Model):
    queue_ms: float = Field(..., alias='queueMs')
    """
    From submission until a worker took the job.
    """
    fetch_ms: float = Field(..., alias='fetchMs')
    decode_ms: float = Field(..., alias='decodeMs')
    detect_ms: float = Field(..., alias='detectMs')
    embed_ms: float = Field(..., alias='embedMs')
    batch_size: int = Field(..., alias='batchSize')
    """
    Images that shared the first run of the detector with this one, itself included; 0 when the result of an earlier job was used.
    """


class Interactive(Model):
    jobs: int
    oldest_seconds: float = Field(..., alias='oldestSeconds')
    """
    How long ago the job was submitted that is next; 0 when none waits.
    """


class High(Model):
    jobs: int
    oldest_seconds: float = Field(..., alias='oldestSeconds')
    """
    How long ago the job was submitted that is next; 0 when none waits.
    """


class Normal(Model):
    jobs: int
    oldest_seconds: float = Field(..., alias='oldestSeconds')
    """
    How long ago the job was submitted that is next; 0 when none waits.
    """


class Low(Model):
    jobs: int
    oldest_seconds: float = Field(..., alias='oldestSeconds')
    """
    How long ago the job was submitted that is next; 0 when none waits.
    """


class Waiting(Model):
    """
    Jobs that wait for a worker, by priority.
    """

    interactive: Interactive
    high: High
    normal: Normal
    low: Low


class Undelivered(Model):
    """
    Webhooks that are to be sent, those that wait for their next attempt included.
    """

    events: int
    oldest_seconds: float = Field(..., alias='oldestSeconds')
    """
    How long ago the first of them happened; 0 when there is none.
    """


class WorkerLoad(Model):
    jobs_in_flight: int = Field(..., alias='jobsInFlight')
    jobs_per_minute: int = Field(..., alias='jobsPerMinute')
    """
    Jobs that it ended within the last minute.
    """


class Progress(Model):
    stage: str


class Links2(Model):
    self: str
    events: str


class UncertainBand(Model):
    """
    Distances below `from` are a `match`, from `to` on a `no_match`.
    """

    from_: float = Field(..., alias='from')
    to: float


class FailedItem(Model):
    index: int
    error: Problem


class Links3(Model):
    self: str
    """
    Where the result is.
    """
    events: str


class JobSummary(Model):
    id: str
    task: Literal['detect', 'embed', 'verify', 'match'] | str
    """
    `detect` finds faces; `embed` also computes their embeddings; `verify` compares the faces of two images; `match` one with many.
    """
    state: Literal['succeeded', 'failed', 'canceled'] | str
    faces: int
    """
    How many faces the result has; of a match, how many of its gallery were compared.
    """
    metadata: dict[str, str] | None = None
    links: Links3


class WorkerInfo(Model):
    id: str
    engine: str
    """
    onnx-cpu, tfjs-wasm, ...
    """
    device: str
    """
    The device that the engine really got.
    """
    arithmetic: str | None = None
    """
    What FaceNet is computed by: `int8`, or `int8-widened` or `float32` where kernels for 8 bits would overflow or are not to be had. The embeddings are the same.
    """
    model: ModelInfo
    started_at: str = Field(..., alias='startedAt')


class Upload(Model):
    id: str
    url: str
    method: Literal['PUT']
    headers: dict[str, str]
    expires_at: str = Field(..., alias='expiresAt')


class WebhookAttempt(Model):
    at: str
    duration_ms: int = Field(..., alias='durationMs')
    outcome: Literal['delivered', 'refused', 'redirected', 'gone', 'timeout', 'unreachable', 'forbidden'] | str
    """
    `delivered`: answered 2xx; `redirected`: 3xx, which is not followed; `gone`: 410, nothing more is sent there; `refused`: another status; `timeout`: no whole answer in time; `unreachable`: no such host, no connection, or one that broke; `forbidden`: the host is at an address that may not be connected to.
    """
    cause: Literal['dns', 'refused', 'no_route', 'tls', 'closed', 'timeout', 'malformed', 'forbidden', 'status'] | str | None = (
        None
    )
    """
    Why it was not delivered. `dns`: its host's name leads nowhere; `refused`: the connection; `no_route`: there is no way to the host; `tls`: a certificate or a handshake that cannot be trusted; `closed`: the connection, before the answer; `timeout`; `malformed`: the answer is not HTTP; `forbidden`: as the outcome; `status`: the answer's.
    """
    status: int | None = None
    """
    What the receiver answered.
    """
    next_attempt_at: str | None = Field(None, alias='nextAttemptAt')
    """
    When it was to be sent again, not before.
    """


class WebhookSecret(Model):
    secret: str
    """
    What the tenant's events are signed with: `whsec_`, then base64.
    """
    created_at: str = Field(..., alias='createdAt')
    previous_until: str | None = Field(None, alias='previousUntil')
    """
    Until when the secret before this one signs as well.
    """


class Batch(Model):
    id: str
    task: Literal['detect', 'embed'] | str
    state: Literal['queued', 'active', 'finished', 'failed', 'canceled'] | str
    """
    `queued`: its items are being counted; `finished`: each has ended, in whatever way; `failed`: its items could not be read, `error` says why. A batch that cannot go on for now says why in `heldUpBy`, and is tried again.
    """
    counts: BatchCounts
    progress: float
    """
    The share of its items that have ended.
    """
    retries: int | None = None
    """
    How often its failed items were tried again.
    """
    output: Output | None = None
    created_at: str = Field(..., alias='createdAt')
    finished_at: str | None = Field(None, alias='finishedAt')
    expires_at: str | None = Field(None, alias='expiresAt')
    """
    When the batch and its results are forgotten.
    """
    metadata: dict[str, str] | None = None
    """
    Echoed back.
    """
    links: Links
    error: Problem | None = None
    held_up_by: Problem | None = Field(None, alias='heldUpBy')
    webhook: WebhookProgress | None = None


class BatchEvent(Model):
    type: Literal['batch.finished']
    timestamp: str
    """
    When it ended.
    """
    data: BatchSummary


class Landmarks(Model):
    """
    Five points of a face. Left and right are the picture's, as its viewer sees them: `leftEye` is the one further left, the person's right eye.
    """

    left_eye: Point = Field(..., alias='leftEye')
    right_eye: Point = Field(..., alias='rightEye')
    nose: Point
    mouth_left: Point = Field(..., alias='mouthLeft')
    mouth_right: Point = Field(..., alias='mouthRight')


class FaceQuality(Model):
    sharpness: float
    """
    Variance of the Laplacian over the variance of luma, of the box at 64 x 64 pixels.
    """
    brightness: float
    """
    Mean luma of the box.
    """
    pose: Pose


class BatchList(Model):
    batches: list[Batch]
    """
    Newest first.
    """
    cursor: str | None = None
    """
    Where the next page starts. Absent on the last page.
    """


class FleetWorker(Model):
    id: str
    engine: str
    """
    onnx-cpu, tfjs-wasm, ...
    """
    device: str
    """
    The device that the engine really got.
    """
    arithmetic: str | None = None
    """
    What FaceNet is computed by: `int8`, or `int8-widened` or `float32` where kernels for 8 bits would overflow or are not to be had. The embeddings are the same.
    """
    model: ModelInfo
    started_at: str = Field(..., alias='startedAt')
    load: WorkerLoad


class JobEvent(Model):
    type: Literal['job.succeeded', 'job.failed', 'job.canceled'] | str
    timestamp: str
    """
    When it ended.
    """
    data: JobSummary


class ModelsAnswer(Model):
    workers: list[WorkerInfo]


class WebhookAttempts(Model):
    id: str | None = None
    """
    The event's `webhook-id`, the same in each attempt. Absent before the end.
    """
    state: Literal['waiting', 'pending', 'delivered', 'failed', 'disabled'] | str
    """
    `waiting` for the end; `pending`: to be sent, or sent again; `failed`: given up; `disabled`: the receiver answered 410.
    """
    attempts: list[WebhookAttempt]
    """
    Oldest first; the last 100.
    """


class Face(Model):
    box: Box
    cut: bool | None = None
    """
    That the picture's border cuts the box, which reaches past it. Absent where it does not.
    """
    turned: Literal[90, 180, 270] | str | None = None
    """
    How far the picture had to be turned, in degrees clockwise, for the face to be found. Its quality, its crop and its embedding are of the picture so turned. Absent where it was not.
    """
    confidence: float
    """
    The detector's score; 1 where nothing was looked for.
    """
    landmarks: Landmarks | None = None
    quality: FaceQuality | None = None
    embedding: list[float] | str | None = None
    """
    As the option `embeddingFormat` asks: numbers by default.
    """
    crop: str | None = Field(None, json_schema_extra={'contentMediaType': 'image/jpeg'})
    """
    What of the image is embedded: the box with a margin, scaled to 160 x 160 pixels, as a JPEG.
    """


class FleetAnswer(Model):
    workers: list[FleetWorker]
    waiting: Waiting
    """
    Jobs that wait for a worker, by priority.
    """
    paused: bool
    """
    Whether somebody has paused the queue: no worker takes a job.
    """
    active: int
    """
    Jobs in the hands of workers.
    """
    delayed: int
    """
    Jobs that wait for their next attempt.
    """
    batches: int
    """
    Batches that have not ended.
    """
    undelivered: Undelivered
    """
    Webhooks that are to be sent, those that wait for their next attempt included.
    """


class Candidate(Model):
    match: bool
    similarity: float
    """
    (cosine + 1) / 2.
    """
    cosine_similarity: float = Field(..., alias='cosineSimilarity')
    euclidean_distance: float = Field(..., alias='euclideanDistance')
    decision: Literal['match', 'no_match', 'uncertain'] | str
    """
    `uncertain` within the band of distances that both the same and different people reach.
    """
    face: Face


class Probe(Model):
    """
    Of an image the first face, by `order`, which the gallery is compared with.
    """

    face: Face | None = None
    face_count: int | None = Field(None, alias='faceCount')
    """
    How many faces the image has that no limit but `maxFaces` leaves out.
    """


class GalleryMatch(Model):
    index: int
    """
    Which of the gallery it is, from 0.
    """
    match: bool
    similarity: float
    """
    (cosine + 1) / 2.
    """
    cosine_similarity: float = Field(..., alias='cosineSimilarity')
    euclidean_distance: float = Field(..., alias='euclideanDistance')
    decision: Literal['match', 'no_match', 'uncertain'] | str
    """
    `uncertain` within the band of distances that both the same and different people reach.
    """
    face: Face | None = None
    face_count: int | None = Field(None, alias='faceCount')
    """
    How many faces the image has that no limit but `maxFaces` leaves out.
    """


class AnalysisResult(Model):
    image: ImageInfo
    faces: list[Face]
    dropped: list[DroppedFace]
    model: ModelInfo
    timings: Timings


class VerifyResult(Model):
    match: bool
    similarity: float
    """
    (cosine + 1) / 2.
    """
    cosine_similarity: float = Field(..., alias='cosineSimilarity')
    euclidean_distance: float = Field(..., alias='euclideanDistance')
    threshold: float
    """
    Distances below it match.
    """
    decision: Literal['match', 'no_match', 'uncertain'] | str
    """
    `uncertain` within the band of distances that both the same and different people reach.
    """
    uncertain_band: UncertainBand = Field(..., alias='uncertainBand')
    """
    Distances below `from` are a `match`, from `to` on a `no_match`.
    """
    faces: list[Face]
    """
    The first face of the first image, by `order`, and the face of the second that is nearest to it.
    """
    face_counts: list[int] | None = Field(None, alias='faceCounts')
    """
    How many faces each image has that no limit but `maxFaces` leaves out.
    """
    candidates: list[Candidate] | None = None
    """
    The other faces of the second image, up to `maxFaces`, the nearest first; without embeddings.
    """
    model: ModelInfo


class MatchResult(Model):
    probe: Probe
    """
    Of an image the first face, by `order`, which the gallery is compared with.
    """
    matches: list[GalleryMatch]
    """
    The nearest first. Of an image with its nearest face, without that one's embedding.
    """
    failed: list[FailedItem]
    """
    Images of the gallery that have no face, or could not be had or read.
    """
    threshold: float
    """
    Distances below it match.
    """
    uncertain_band: UncertainBand = Field(..., alias='uncertainBand')
    """
    Distances below `from` are a `match`, from `to` on a `no_match`.
    """
    model: ModelInfo


class BatchLine(Model):
    index: int
    """
    Which item it is, from 0.
    """
    id: str | None = None
    """
    The item's own, where it has one.
    """
    image: S3ImageRef | UploadImageRef | UrlImageRef | None = None
    metadata: dict[str, str] | None = None
    """
    Echoed back.
    """
    state: Literal['succeeded', 'failed', 'canceled'] | str
    """
    An item of a canceled batch that was never queued has a line without image and label.
    """
    result: AnalysisResult | None = None
    error: Problem | None = None


class Job(Model):
    id: str
    task: Literal['detect', 'embed', 'verify', 'match'] | str
    """
    `detect` finds faces; `embed` also computes their embeddings; `verify` compares the faces of two images; `match` one with many.
    """
    state: Literal['queued', 'active', 'succeeded', 'failed', 'canceled'] | str
    progress: Progress | None = None
    created_at: str = Field(..., alias='createdAt')
    started_at: str | None = Field(None, alias='startedAt')
    finished_at: str | None = Field(None, alias='finishedAt')
    expires_at: str | None = Field(None, alias='expiresAt')
    """
    When the job and its result are forgotten.
    """
    attempts: int
    metadata: dict[str, str] | None = None
    links: Links2
    result: AnalysisResult | VerifyResult | MatchResult | None = None
    error: Problem | None = None
    webhook: WebhookProgress | None = None


class JobList(Model):
    jobs: list[Job]
    """
    Newest first. Without their results: look a job up to get its result.
    """
    cursor: str | None = None
    """
    Where the next page starts. Absent on the last page.
    """
