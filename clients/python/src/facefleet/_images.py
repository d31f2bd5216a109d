"""What stands for an image in a call, and what of it is sent."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any, BinaryIO, TypeAlias, Union, cast

from ._requests import GivenEmbedding, ImageRef

Image: TypeAlias = Union[str, "os.PathLike[str]", bytes, bytearray, memoryview, BinaryIO, ImageRef]
"""A file's path, its bytes, an open file; or where the service finds it: `s3://...`, `https://...`, a reference."""

MatchSubject: TypeAlias = Image | GivenEmbedding
"""What a match holds against each other: images, and embeddings of faces."""


def image_of(image: MatchSubject) -> bytes | dict[str, Any]:
    """The bytes of an image that is here, or the reference of one that is not."""
    if isinstance(image, Mapping):
        return dict(cast("Mapping[str, Any]", image))
    if isinstance(image, (bytes, bytearray, memoryview)):
        return bytes(image)
    if isinstance(image, str):
        return _named(image)
    if isinstance(image, os.PathLike):
        return _file(image)
    return image.read()


def _named(name: str) -> bytes | dict[str, Any]:
    if name.startswith("s3://"):
        bucket, _, key = name.removeprefix("s3://").partition("/")
        if not bucket or not key:
            raise ValueError(f"Expected s3://bucket/key but received {name}")
        return {"s3": {"bucket": bucket, "key": key}}
    if name.startswith(("http://", "https://")):
        return {"url": name}
    return _file(name)


def _file(path: str | os.PathLike[str]) -> bytes:
    with open(path, "rb") as file:
        return file.read()
