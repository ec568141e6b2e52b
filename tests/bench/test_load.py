"""The load bench: what it counts, and the visitors' times."""

from __future__ import annotations

import base64
import io

import httpx
from PIL import Image

from tests import apart
from vit_explorer.bench import load
from vit_explorer.bench.load import Asked


def test_answers_and_faults_are_counted_and_begun_anew():
    def answer(request: httpx.Request) -> httpx.Response:
        broken = b"broken" in request.content
        return (
            httpx.Response(500)
            if broken
            else httpx.Response(200, json={"error": "No."} if b"no" in request.content else {})
        )

    async def visit() -> tuple[dict, dict]:
        transport = httpx.MockTransport(answer)
        async with httpx.AsyncClient(base_url="http://here/", transport=transport) as client:
            asked = Asked(client, {"analyse": 7})
            for word in ("yes", "yes", "no", "broken"):
                await asked.ask("analyse", {"word": word})
            first = asked.taken()
            await asked.ask("analyse", {})
            return first, asked.taken()

    first, second = apart.run(visit())
    assert (first["answers"], first["errors"], first["first error"]) == (4, 2, "No.")
    assert 0 < first["s (median)"] <= first["s (95th percentile)"] <= first["s (longest)"]
    assert (second["answers"], second["errors"]) == (1, 0) and "first error" not in second


def test_each_visitor_acts_again_after_its_pause(monkeypatch):
    monkeypatch.setattr(load, "PAUSE", 0.02)
    acts: list[float] = []

    async def act(lot) -> None:
        acts.append(lot.random())

    apart.run(load._visits(5, 0.1, act))
    assert len(set(acts)) >= 10  # each of five at least twice, each with chances of its own


def test_pictures_of_the_visitors_differ():
    uploads = [load.noise_upload(number) for number in (1, 2)]
    sizes = [Image.open(io.BytesIO(base64.b64decode(one["data"]))).size for one in uploads]
    assert sizes == [(200, 150)] * 2 and uploads[0]["data"] != uploads[1]["data"]
