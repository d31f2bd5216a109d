"""A typed client of a Facefleet service: faces and embeddings of images, sync and async."""

from ._async_client import AsyncFacefleetClient
from ._client import FacefleetClient
from ._embeddings import EmbeddingComparison, compare_embeddings, embedding_array, embedding_of
from ._errors import FacefleetError, WebhookVerificationError
from ._images import Image, MatchSubject
from ._requests import BatchItem, GivenEmbedding, ImageRef, JobOptions
from ._results import analysis_of, comparison_of, matches_of, result_of
from ._webhooks import WebhookEvent, verify_webhook
from ._wire import (
    AnalysisResult,
    Batch,
    BatchEvent,
    BatchLine,
    Face,
    FleetAnswer,
    Job,
    JobEvent,
    MatchResult,
    ModelsAnswer,
    VerifyResult,
    WebhookAttempts,
    WebhookSecret,
)

__all__ = [
    "AnalysisResult",
    "AsyncFacefleetClient",
    "Batch",
    "BatchEvent",
    "BatchItem",
    "BatchLine",
    "EmbeddingComparison",
    "Face",
    "FacefleetClient",
    "FacefleetError",
    "FleetAnswer",
    "GivenEmbedding",
    "Image",
    "ImageRef",
    "Job",
    "JobEvent",
    "JobOptions",
    "MatchResult",
    "MatchSubject",
    "ModelsAnswer",
    "VerifyResult",
    "WebhookAttempts",
    "WebhookEvent",
    "WebhookSecret",
    "WebhookVerificationError",
    "analysis_of",
    "compare_embeddings",
    "comparison_of",
    "embedding_array",
    "embedding_of",
    "matches_of",
    "result_of",
    "verify_webhook",
]
