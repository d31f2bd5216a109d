"""Against a running service: the async client, of which the sync one is made."""

from __future__ import annotations

import asyncio
from pathlib import Path

from facefleet import AsyncFacefleetClient, analysis_of


def test_many_at_once(url: str, portrait: Path) -> None:
    async def faces() -> list[int]:
        async with AsyncFacefleetClient(url) as client:
            found = await asyncio.gather(*(client.detect(portrait) for _ in range(4)))
            return [len(result.faces) for result in found]

    assert asyncio.run(faces()) == [1, 1, 1, 1]


def test_events_and_batches(url: str, portrait: Path, prefix: str) -> None:
    async def run() -> tuple[list[str], int, list[str]]:
        async with AsyncFacefleetClient(url) as client:
            job = await client.submit("detect", portrait)
            states = [seen.state async for seen in client.events(job)]
            faces = len(analysis_of(await client.wait(job)).faces)
            batch = await client.wait_for_batch(await client.submit_batch("detect", prefix=prefix), timeout=120)
            return states, faces, [line.state async for line in client.batch_results(batch)]

    states, faces, lines = asyncio.run(run())
    assert (states[-1], faces) == ("succeeded", 1)
    assert lines == ["succeeded", "succeeded", "failed"]


def test_analyses_and_matches(url: str, portrait: Path) -> None:
    async def run() -> tuple[int, str, int]:
        async with AsyncFacefleetClient(url) as client:
            analysed = await client.analyse(portrait)
            matched = await client.match(portrait, [portrait])
            batches = [batch.id async for batch in client.batches()]
            return len(analysed.faces), matched.matches[0].decision, len(batches)

    faces, decision, batches = asyncio.run(run())
    assert (faces, decision) == (1, "match")
    assert batches > 0
