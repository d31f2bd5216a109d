"""The numbers of faces."""

from __future__ import annotations

import base64
import math
import sys
from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ._wire import Face

if TYPE_CHECKING:
    import numpy
    from numpy.typing import NDArray


def embedding_of(face: Face) -> array[float]:
    """The embedding of a face, 512 numbers, whichever `embeddingFormat` it came in.

    Raises ValueError for a face without one: only the task `embed` gives it.
    """
    if face.embedding is None:
        raise ValueError('Expected a face of a job with the task "embed" but it has none')
    if not isinstance(face.embedding, str):
        return array("f", face.embedding)
    numbers = array("f", base64.b64decode(face.embedding, validate=True))
    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers


def embedding_array(face: Face) -> NDArray[numpy.float32]:
    """`embedding_of` as an array of numpy, which has to be installed (`pip install 'facefleet[numpy]'`)."""
    import numpy

    return numpy.frombuffer(embedding_of(face), dtype=numpy.float32)


@dataclass(frozen=True)
class EmbeddingComparison:
    """How near two embeddings are."""

    similarity: float
    """(cosine + 1) / 2: 0 to 1."""
    cosine_similarity: float
    """-1 to 1."""
    euclidean_distance: float
    """Of the two brought to length 1: 0 to 2. The service takes faces below its `threshold` for one person's."""


def compare_embeddings(a: Sequence[float], b: Sequence[float]) -> EmbeddingComparison:
    """Compares two embeddings here, as the service does.

    They have to come from results with the same `model.fingerprint`: those of others are about something else.
    Raises ValueError for two that have not the same number of dimensions, or no direction.
    """
    if len(a) != len(b) or len(a) == 0:
        raise ValueError(f"Expected two embeddings of the same length but received {len(a)} and {len(b)} numbers")
    lengths = math.sqrt(_dot(a, a) * _dot(b, b))
    if not math.isfinite(lengths) or lengths == 0:
        raise ValueError("Expected embeddings of finite numbers that are not all zero")
    cosine = min(1.0, max(-1.0, _dot(a, b) / lengths))
    return EmbeddingComparison((cosine + 1) / 2, cosine, math.sqrt(2 - 2 * cosine))


def _dot(a: Sequence[float], b: Sequence[float]) -> float:
    return float(sum(x * y for x, y in zip(a, b, strict=True)))
