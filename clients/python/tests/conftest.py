from __future__ import annotations

import os
from pathlib import Path

import pytest

PORTRAIT = Path(__file__).parents[3] / "tests" / "assets" / "portrait.png"


@pytest.fixture(scope="session")
def url() -> str:
    """A running service, which may read the objects of `FACEFLEET_PREFIX`."""
    address = os.environ.get("FACEFLEET_URL")
    if not address:
        pytest.skip("FACEFLEET_URL names no running service")
    return address


@pytest.fixture(scope="session")
def prefix() -> str:
    """`s3://bucket/prefix/` with two portraits and a text."""
    return os.environ["FACEFLEET_PREFIX"]


@pytest.fixture(scope="session")
def portrait() -> Path:
    return PORTRAIT
