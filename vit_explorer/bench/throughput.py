"""Images per second of a training step: our models, timm's and vit-pytorch's."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import replace
from itertools import count
from typing import Any, Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from vit_explorer.bench.missing import NotMeasured
from vit_explorer.data.dataset import Dataset, Split
from vit_explorer.models.zoo import MODELS, create_model
from vit_explorer.training.loop.batches import BatchSource
from vit_explorer.training.loop.events import Step
from vit_explorer.training.loop.precision import fast_precision
from vit_explorer.training.loop.trainer import Trainer
from vit_explorer.training.studies.presets import EXERCISE_VIT, FAST_VIT

BATCH = 128
ROUNDS, WARM_UP = 15, 3  # in each round everybody makes one step; the first ones are not counted
SIZE_TOLERANCE = 0.005  # of the parameter count: vit-pytorch has two more norms and no bias in its q, k and v
N_PICTURES = 50_000  # resident ones that batches are drawn from, as many as CIFAR-10 has
PIPELINE_BUDGET = 5.0  # per cent of a step
THEIRS = ("timm", "vit-pytorch")

Precision = Literal["float32", "bfloat16"]


def measure_throughput(checkpoints: str | None = None) -> dict[str, Any]:
    """Images per second of full training steps, and the data pipeline's part.

    All have batches of 128 images of 32 x 32 pixels, the same fused Adam, and channels_last. bfloat16 is autocast.
    ``checkpoints`` is not used: the weights are fresh.

    Raises:
        NotMeasured: if timm or vit-pytorch is not installed.
    """
    rivals = _rivals()
    networks = {"ViT": create_model("vit")} | rivals
    _check_sizes(networks)
    result: dict[str, Any] = {"threads": torch.get_num_threads(), "batch": BATCH, "rounds": ROUNDS}
    result |= {f"{name}: parameters": _count(network) for name, network in networks.items()}
    precisions: tuple[Precision, ...] = ("float32", "bfloat16")
    for precision in precisions:
        others = {name: create_model(name) for name in MODELS if name != "vit"}
        steps = {name: _step(network, precision) for name, network in (networks | others).items()}
        seconds = in_turns(steps, ROUNDS)
        for name in steps:
            result[f"{name}, {precision}: images/s"] = BATCH / statistics.median(seconds[name])
        for name in rivals:
            ratios = [theirs / ours for theirs, ours in zip(seconds[name], seconds["ViT"], strict=True)]
            result[f"{precision}: our ViT's images/s as a multiple of {name}'s (median)"] = statistics.median(ratios)
    return result | _pipeline()


def in_turns(jobs: dict[str, Callable[[], object]], rounds: int) -> dict[str, list[float]]:
    """Seconds of each job in each round, warm-up left out.

    The first job changes from round to round.
    """
    seconds: dict[str, list[float]] = {name: [] for name in jobs}
    names = list(jobs)
    for turn in range(WARM_UP + rounds):
        first = turn % len(names)
        for name in names[first:] + names[:first]:
            began = time.perf_counter()
            jobs[name]()
            seconds[name].append(time.perf_counter() - began)
    return {name: taken[WARM_UP:] for name, taken in seconds.items()}


def _rivals() -> dict[str, nn.Module]:
    """The plain ViT by timm and by vit-pytorch."""
    try:
        from timm.models import VisionTransformer
        from vit_pytorch import ViT
    except ImportError as error:
        raise NotMeasured(f"{error.name} is not installed (it is in requirements-dev.txt)") from error
    timm = VisionTransformer(img_size=32, patch_size=4, embed_dim=128, depth=4, num_heads=4, num_classes=10)
    lucidrains = ViT(image_size=32, patch_size=4, num_classes=10, dim=128, depth=4, heads=4, dim_head=32, mlp_dim=512)
    return dict(zip(THEIRS, (timm, lucidrains), strict=True))


def _check_sizes(networks: dict[str, nn.Module]) -> None:
    ours = _count(networks["ViT"])
    for name, network in networks.items():
        if abs(_count(network) - ours) > SIZE_TOLERANCE * ours:
            raise AssertionError(f"{name} has {_count(network):,} parameters, not about {ours:,}: no fair comparison")


def _count(network: nn.Module) -> int:
    return sum(parameter.numel() for parameter in network.parameters())


def _step(network: nn.Module, precision: Precision) -> Callable[[], None]:
    """One training step of a network on a constant batch."""
    network = network.train().to(memory_format=torch.channels_last)
    optimizer = torch.optim.Adam(network.parameters(), 1e-3, fused=True)
    generator = torch.Generator().manual_seed(0)
    images = torch.randn(BATCH, 3, 32, 32, generator=generator).contiguous(memory_format=torch.channels_last)
    labels = torch.randint(0, 10, (BATCH,), generator=generator)

    def step() -> None:
        with torch.autocast("cpu", torch.bfloat16, enabled=precision == "bfloat16"):
            loss = F.cross_entropy(network(images), labels)
        loss.backward()
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)

    return step


def _pipeline() -> dict[str, Any]:
    """Time of the engine's steps, and of making a batch within them."""
    dataset, precision = _noise(), fast_precision()
    result: dict[str, Any] = {}
    for name, recipe in {"plain ViT": replace(EXERCISE_VIT, augment="crop-flip"), "default ViT": FAST_VIT}.items():
        trainer = Trainer(replace(recipe, precision=precision, test_each_epoch=False, snapshots=2), dataset)
        seconds = in_turns({"step": _engine_step(trainer), "batch": _batch(trainer.source)}, ROUNDS)
        step, batch = (statistics.median(seconds[job]) for job in ("step", "batch"))
        result[f"engine, {name} with crop-flip, {precision}: images/s"] = BATCH / step
        result[f"engine, {name}: share of the data pipeline in a step, %"] = 100 * batch / step
    return result | {"budget, share of the data pipeline, %": PIPELINE_BUDGET}


def _engine_step(trainer: Trainer) -> Callable[[], Step]:
    steps = (event for event in trainer.events() if isinstance(event, Step))
    return lambda: next(steps)


def _batch(source: BatchSource) -> Callable[[], Tensor]:
    numbers = count()

    def batch() -> Tensor:
        return source.normalised(source.batch(next(numbers)).images)

    return batch


def _noise() -> Dataset:
    """Random images, as many as in CIFAR-10, so that gathering touches all memory."""
    generator = torch.Generator().manual_seed(0)

    def split(n: int) -> Split:
        x = torch.randint(0, 256, (n, 3, 32, 32), generator=generator, dtype=torch.uint8)
        return Split(x, torch.arange(n) % 10)

    names = tuple(str(label) for label in range(10))
    return Dataset("noise", split(N_PICTURES), split(BATCH), names, "drawn here", "drawn apart")
