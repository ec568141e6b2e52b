"""Many visitors at once: how long each waits for an answer, and what the server needs of memory."""

from __future__ import annotations

import asyncio
import base64
import io
import random
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
import numpy as np
from PIL import Image

from vit_explorer.bench.browser import running_app
from vit_explorer.bench.missing import NotMeasured
from vit_explorer.bench.processes import Processor, memory

VISITORS = 100
PAUSE = 5.0  # seconds between two questions of a visitor
SECONDS = 30.0  # of each phase
GALLERY_BUDGET, OWN_BUDGET = 0.3, 1.0  # seconds, 95th percentile

Act = Callable[[random.Random], Awaitable[None]]  # what a visitor does, with a source of chance of its own


@dataclass
class Asked:
    """The server under load, as its visitors meet it: seconds of each answer, and the faults."""

    client: httpx.AsyncClient
    components: dict[str, int]
    seconds: list[float] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    async def ask(self, name: str, request: dict[str, Any]) -> dict[str, Any]:
        """The answer of a server function; an error is noted."""
        body = {"data": request, "fn_name": name, "component_id": self.components[name], "session_hash": "load"}
        began = time.perf_counter()
        try:
            answer = await self.client.post("gradio_api/component_server/", json=body)
            found = answer.json() if answer.status_code == 200 else {"error": f"status {answer.status_code}"}
        except httpx.HTTPError as error:
            found = {"error": f"{type(error).__name__}: {error}"}
        self.seconds.append(time.perf_counter() - began)
        if "error" in found:
            self.faults.append(found["error"])
        return found

    def taken(self) -> dict[str, Any]:
        """What was measured since the last call."""
        seconds, faults = sorted(self.seconds), list(self.faults)
        self.seconds.clear()
        self.faults.clear()
        return {
            "answers": len(seconds),
            "errors": len(faults),
            "s (median)": statistics.median(seconds),
            "s (95th percentile)": seconds[int(0.95 * (len(seconds) - 1))],
            "s (longest)": seconds[-1],
            **({"first error": faults[0]} if faults else {}),
        }


def measure_load(checkpoints: str | None = None, visitors: int = VISITORS, seconds: float = SECONDS) -> dict[str, Any]:
    """Seconds until an answer while so many visitors ask every PAUSE seconds, in three phases.

    Phases: pictures of the gallery in all models; an own picture of each visitor; the gallery while a race trains.
    The visitors run on the same machine as the server and take some of its time.
    """
    processes: list[Any] = []
    flags = ["--checkpoints", checkpoints] if checkpoints else []
    with (
        tempfile.TemporaryDirectory() as runs,
        running_app(*flags, "--runs", runs, processes=processes) as address,
    ):
        return asyncio.run(_measure(address, processes[0].pid, visitors, seconds))


async def _measure(address: str, pid: int, visitors: int, seconds: float) -> dict[str, Any]:
    async with asking(address, visitors) as asked:
        catalogue = await asked.ask("catalogue", {})
        pictures = [one["name"] for one in catalogue["gallery"]]
        models = [one["name"] for one in catalogue["models"]]
        if not pictures or not models:
            raise NotMeasured("the page has no picture or no model")
        asked.seconds.clear()
        result: dict[str, Any] = {
            "visitors": visitors,
            "pause of a visitor, s": PAUSE,
            "memory at first, MB": memory(pid),
        }

        async def gallery(lot: random.Random) -> None:
            await asked.ask("analyse", {"picture": lot.choice(pictures), "model": lot.choice(models), "fit": "crop"})

        async def phase(words: str, act: Act) -> None:
            before = Processor.of(pid)
            await _visits(visitors, seconds, act)
            after, taken = Processor.of(pid), asked.taken()
            if before and after:
                taken |= after.since(before, taken["answers"])
            result.update({f"{words}: {name}": value for name, value in taken.items()})
            result[f"{words}: memory, MB"] = memory(pid)

        await phase("gallery", gallery)
        sent = [await asked.ask("upload", noise_upload(number)) for number in range(visitors)]
        own = [answer["name"] for answer in sent if "name" in answer]
        if not own:
            raise NotMeasured(f"no picture was taken: {sent[0]['error']}")
        result |= {f"upload: {name}": value for name, value in asked.taken().items()}

        async def mine(lot: random.Random) -> None:
            await asked.ask("analyse", {"picture": lot.choice(own), "model": lot.choice(models), "fit": "crop"})

        await phase("own pictures", mine)
        await _start_race(asked)
        asked.taken()
        await phase("gallery while a race trains", gallery)
    return result | {"budget, s (gallery)": GALLERY_BUDGET, "budget, s (own pictures)": OWN_BUDGET}


@asynccontextmanager
async def asking(address: str, connections: int) -> AsyncIterator[Asked]:
    """A client of the page at this address."""
    limits = httpx.Limits(max_connections=connections, max_keepalive_connections=connections)
    async with httpx.AsyncClient(base_url=address, trust_env=False, timeout=120, limits=limits) as client:
        config = (await client.get("config")).json()
        components = {
            name: one["id"] for one in config["components"] for name in one.get("props", {}).get("server_fns", ())
        }
        yield Asked(client, components)


async def _visits(visitors: int, seconds: float, act: Act) -> None:
    """Each visitor acts every PAUSE seconds, or later if the last answer is late, beginning at a time of their own."""

    async def visit(number: int) -> None:
        lot = random.Random(number)
        await asyncio.sleep(lot.uniform(0, PAUSE))
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            began = time.monotonic()
            await act(lot)
            await asyncio.sleep(max(0.0, PAUSE - (time.monotonic() - began)))

    await asyncio.gather(*(visit(number) for number in range(visitors)))


async def _start_race(asked: Asked) -> None:
    """Start the race that the set-up offers first, and wait until it trains."""
    lobby = await asked.ask("lobby", {"owner": "load"})
    data, preset = lobby["datasets"][0]["name"], lobby["presets"][0]["name"]
    plan = await asked.ask("planned", {"owner": "load", "data": data, "preset": preset, "subset": None, "epochs": 50})
    contenders = [{"label": one["label"], **one["recipe"]} for one in plan["contenders"]]
    race = await asked.ask(
        "start",
        {"owner": "load", "title": "Load", "data": data, "preset": preset, "probe": 0, "contenders": contenders},
    )
    for _ in range(120):
        status = await asked.ask("follow", {"owner": "load", "race": race.get("race", ""), "cursors": {}})
        if status.get("state") == "training":
            return
        await asyncio.sleep(1)
    raise NotMeasured("no race began within two minutes")


def noise_upload(number: int) -> dict[str, str]:
    """A picture of noise, another one for each number."""
    noise = np.random.default_rng(number).integers(0, 256, (150, 200, 3), dtype=np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(noise).save(buffer, "JPEG")
    return {"title": f"{number}.jpg", "data": base64.b64encode(buffer.getvalue()).decode()}
