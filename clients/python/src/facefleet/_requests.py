"""Generated from the OpenAPI description by generate.py; change that, not this file."""

from __future__ import annotations

from typing import Literal, TypeAlias, TypedDict

from typing_extensions import NotRequired


class S3(TypedDict):
    bucket: str
    key: str
    versionId: NotRequired[str]


class S3ImageRef(TypedDict):
    s3: S3


class UploadImageRef(TypedDict):
    upload: str
    """
    The upload's id.
    """


class UrlImageRef(TypedDict):
    url: str


ImageRef: TypeAlias = S3ImageRef | UploadImageRef | UrlImageRef


FloatEmbedding: TypeAlias = list[float]
"""
512 numbers, L2-normalised: the sum of their squares is 1.
"""


Base64Embedding: TypeAlias = str
"""
The same numbers as base64 (RFC 4648) of 2048 bytes: 512 little-endian IEEE 754 float32, in their order.
"""


class JobOptions(TypedDict):
    """
    All of them may be left out.
    """

    detector: NotRequired[Literal['mtcnn', 'yunet']]
    """
    What finds faces: `yunet` takes less of a CPU than `mtcnn`. Embeddings of the two have different fingerprints. By default what the fleet is set to, `mtcnn` unless told.
    """
    minFaceSize: NotRequired[int]
    """
    Smallest face, in pixels. By default 20.
    """
    minConfidence: NotRequired[float]
    """
    Faces below are dropped. By default 0.9 with `mtcnn`, 0.7 with `yunet`.
    """
    maxFaces: NotRequired[int]
    """
    Faces past it are dropped. By default 100.
    """
    order: NotRequired[Literal['prominence', 'confidence', 'left-to-right']]
    """
    Which face comes first, and so which ones `maxFaces` keeps. `prominence`: the largest area less twice the squared distance of its centre from the image's; `confidence`: the detector's; `left-to-right`: by the box's left edge. By default "prominence".
    """
    landmarks: NotRequired[bool]
    """
    Whether faces carry their landmarks. By default true.
    """
    crops: NotRequired[bool]
    """
    Whether faces carry their crop. By default false.
    """
    quality: NotRequired[bool]
    """
    Whether faces carry their sharpness, brightness and pose. By default true.
    """
    embedding: NotRequired[Literal['standard', 'high']]
    """
    How faces are embedded. `high` also embeds each face turned upright by its landmarks, at twice the cost. The kinds cannot be compared with each other: they have different fingerprints. By default "standard".
    """
    embeddingFormat: NotRequired[Literal['float', 'base64']]
    """
    How embeddings are written: as numbers, or as base64 of little-endian float32, a third as long. By default "float".
    """
    detection: NotRequired[Literal['faces', 'none']]
    """
    `none`: no face is looked for; the whole picture is the crop of one, as of a detector of your own. Its embeddings have a fingerprint of their own. Neither `high` embeddings, `orientations`, nor limits of faces go with it, nor the task `detect`. By default "faces".
    """
    orientations: NotRequired[list[Literal[0, 90, 180, 270]]]
    """
    How far the picture is turned, in degrees clockwise, for faces to be looked for: one after the other, until one is found that stands, and that no limit leaves out. Boxes and landmarks are in pixels of the picture as it came, and such a face says in `turned` how far. By default [0].
    """
    minBoxSize: NotRequired[float]
    """
    Shorter side of a face's box, in pixels; `too_small`.
    """
    maxYaw: NotRequired[float]
    """
    Degrees to either side; `turned_away`.
    """
    maxPitch: NotRequired[float]
    """
    Degrees up or down; `turned_away`.
    """
    maxRoll: NotRequired[float]
    """
    Degrees either way; `tilted`.
    """
    minBrightness: NotRequired[float]
    """
    `too_dark`.
    """
    maxBrightness: NotRequired[float]
    """
    `too_bright`.
    """
    minSharpness: NotRequired[float]
    """
    `too_blurred`.
    """


class LabelledImage(TypedDict):
    image: ImageRef
    id: NotRequired[str]
    """
    Echoed back. Those of listed items have to differ; those of a manifest may be anything, and `index` tells its items apart.
    """
    metadata: NotRequired[dict[str, str]]
    """
    Echoed back.
    """


Embedding: TypeAlias = FloatEmbedding | Base64Embedding
"""
As the option `embeddingFormat` asks: numbers by default.
"""


BatchItem: TypeAlias = S3ImageRef | UploadImageRef | UrlImageRef | LabelledImage


class GivenEmbedding(TypedDict):
    """
    Its fingerprint, where it is given, must be that of the embeddings that the job makes.
    """

    embedding: Embedding
    fingerprint: NotRequired[str]
    """
    Of the model that made the embedding. Two different ones are refused.
    """
