"""Many requests to one server: whether its memory stays flat."""

from __future__ import annotations

import asyncio
import random
import tempfile
import time
from collections.abc import Sequence
from typing import Any

from vit_explorer.bench.browser import running_app
from vit_explorer.bench.load import Asked, asking, noise_upload
from vit_explorer.bench.missing import NotMeasured
from vit_explorer.bench.processes import memory

REQUESTS = 20_000
AT_ONCE = 8  # visitors, who never pause
PARTS = 10  # after each of which the memory is read; in the first one caches fill
UPLOADS = 20  # pictures of the visitors, sent again and again
SENT = 0.01  # of the requests are such pictures: within the limit of uploads a minute

Asks = tuple[str, dict[str, Any]]  # the name of a server function and its request


def next_request(lot: random.Random, pictures: Sequence[str], models: Sequence[str], own: Sequence[str]) -> Asks:
    """What a visitor does next, by chance.

    Args:
        pictures: of the gallery.
        models: with attention among all tokens.
        own: the visitors' pictures that are on the server.
    """
    if lot.random() < SENT:
        return "upload", noise_upload(lot.randrange(UPLOADS))
    about = {
        "picture": lot.choice(own if lot.random() < 0.1 else pictures),
        "model": lot.choice(models),
        "fit": lot.choice(("crop", "letterbox")),
    }
    rollout = {"head_fusion": "mean", "discard_ratio": 0.0, "residual": True, "start_layer": 0, "matrices": False}
    return lot.choices(
        [
            ("analyse", about),
            ("describe", {"model": about["model"]}),
            ("rollout_stack", about | rollout),
            ("similarity", about | {"second": pictures[0], "block": 1}),
            ("classify", {"picture": about["picture"], "fit": about["fit"]}),
            ("lobby", {"owner": f"visitor {lot.randrange(UPLOADS)}"}),
            ("download_status", {}),
        ],
        weights=(40, 5, 5, 5, 1, 4, 40),
    )[0]


def measure_soak(checkpoints: str | None = None, requests: int = REQUESTS) -> dict[str, Any]:
    """Resident memory of the server before and after so many requests, and the number of those that failed.

    AT_ONCE visitors look at pictures of the gallery and at their own in all models, at rollouts and similarities, and
    ask how things are, without a pause.
    """
    processes: list[Any] = []
    flags = ["--checkpoints", checkpoints] if checkpoints else []
    with (
        tempfile.TemporaryDirectory() as runs,
        running_app(*flags, "--runs", runs, processes=processes) as address,
    ):
        return asyncio.run(_measure(address, processes[0].pid, requests))


async def _measure(address: str, pid: int, requests: int) -> dict[str, Any]:
    async with asking(address, AT_ONCE) as asked:
        catalogue = await asked.ask("catalogue", {})
        pictures = [one["name"] for one in catalogue["gallery"]]
        models = [one["name"] for one in catalogue["models"] if one["architecture"] in ("vit", "deit")]
        if not pictures or not models or memory(pid) is None:
            raise NotMeasured("the page has no picture or no ViT, or the system does not tell a process's memory")
        own = [(await asked.ask("upload", noise_upload(number)))["name"] for number in range(UPLOADS)]
        lots = [random.Random(number) for number in range(AT_ONCE)]
        result: dict[str, Any] = {"visitors at once": AT_ONCE, "memory at first, MB": memory(pid)}
        began, done = time.monotonic(), 0
        for part in range(PARTS):
            share = requests * (part + 1) // PARTS - done
            counts = [share // AT_ONCE + (number < share % AT_ONCE) for number in range(AT_ONCE)]
            visits = (_visit(asked, lot, n, pictures, models, own) for lot, n in zip(lots, counts, strict=True))
            await asyncio.gather(*visits)
            done += share
            result[f"memory after {done:,} requests, MB"] = memory(pid)
        taken = asked.taken()
    first, last = (result[f"memory after {n:,} requests, MB"] for n in (requests // PARTS, requests))
    return result | {
        "growth after the first tenth, MB": last - first,
        "requests a second": done / (time.monotonic() - began),
        "errors": taken["errors"],
        **({"first error": taken["first error"]} if taken["errors"] else {}),
    }


async def _visit(
    asked: Asked, lot: random.Random, n: int, pictures: list[str], models: list[str], own: list[str]
) -> None:
    for _ in range(n):
        await asked.ask(*next_request(lot, pictures, models, own))
