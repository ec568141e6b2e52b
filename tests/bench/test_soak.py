"""Many requests in one process: nothing of them stays in memory beyond what is kept within stated limits."""

from __future__ import annotations

import gc
import json
import random
import tracemalloc
from collections import Counter

import pytest
import torch

from tests import apart
from tests.files import save_npz
from vit_explorer.bench.load import noise_upload
from vit_explorer.bench.soak import UPLOADS, next_request
from vit_explorer.models.checkpoint import save_checkpoint
from vit_explorer.models.zoo import create_model
from vit_explorer.training.service.service import TrainingService
from vit_explorer.ui.app import build_app
from vit_explorer.ui.core.gateway import Gateway
from vit_explorer.ui.core.kept import KeptAnswers
from vit_explorer.ui.core.limits import Limits
from vit_explorer.ui.core.session import Session

pytestmark = pytest.mark.slow

FILLING, MORE = 250, 250  # requests
MOST_GROWTH = 500  # bytes a request; one that kept its answer would keep some 10,000
KEPT_MEMORY = 2_000_000  # bytes


@pytest.fixture(scope="module")
def page(tiny, tmp_path_factory):
    """A page with two small networks and own data."""
    root = tmp_path_factory.mktemp("soak")
    for name in ("vit", "deit"):
        sizes = {
            "img_size": 8,
            "n_classes": 3,
            "patch_size": 2,
            "d_model": 8,
            "n_heads": 2,
            "n_layers": 2,
            "d_ff": 8,
        }
        card = {
            "model": name,
            "overrides": sizes,
            "dataset": {"name": "tiny", "classes": list(tiny.names)},
            "normalise": {"mean": [127.0] * 3, "std": [64.0] * 3},
            "recipe": {"epochs": 1},
        }
        save_checkpoint(create_model(name, **sizes), card, f"{name}-tiny", root / "weights")
    session = Session(root / "nowhere", [root / "weights"], [save_npz(tiny, root / "tiny.npz")], offline=True)
    session.traces.memory = 1  # byte: the latest pass alone is kept
    return build_app(session, TrainingService(root / "runs"))


def tensors() -> int:
    gc.collect()
    return sum(issubclass(type(one), torch.Tensor) for one in gc.get_objects())


def test_memory_stays_flat_over_some_hundred_requests(page):
    functions = {one.__name__: one for block in page.blocks.values() for one in getattr(block, "server_fns", ())}
    kept, lot = KeptAnswers(KEPT_MEMORY), random.Random(18)
    gateway, asked = Gateway(Limits(rates={}), kept), Counter[str]()

    async def ask(name: str, request: dict) -> dict:
        answer = json.loads(await gateway.answer(functions[name], request, "1.2.3.4", f"{lot.random()}"))
        assert "error" not in answer, (name, answer)
        asked[name] += 1
        return answer

    async def visits(n: int, own: list[str]) -> None:
        for _ in range(n):
            await ask(*next_request(lot, [f"tiny:{i}" for i in range(9)], ["vit-tiny", "deit-tiny"], own))

    async def grown() -> tuple[int, int]:
        own = [(await ask("upload", noise_upload(number)))["name"] for number in range(UPLOADS)]
        await visits(FILLING, own)
        await ask("analyse", latest := {"picture": own[0], "model": "vit-tiny", "fit": "crop"})
        before, memory = tensors(), tracemalloc.get_traced_memory()[0] - kept.used
        await visits(MORE, own)
        await ask("analyse", latest)
        after = tensors()
        return after - before, tracemalloc.get_traced_memory()[0] - kept.used - memory

    tracemalloc.start()
    try:
        n_tensors, growth = apart.run(grown())
    finally:
        tracemalloc.stop()
    assert growth < MOST_GROWTH * MORE
    assert n_tensors <= 0
    assert 100_000 < kept.used <= KEPT_MEMORY
    assert set(asked) == {
        "upload",
        "analyse",
        "describe",
        "rollout_stack",
        "similarity",
        "classify",
        "lobby",
        "download_status",
    }
    assert gateway._tickets == {} and gateway._under_way == {}
