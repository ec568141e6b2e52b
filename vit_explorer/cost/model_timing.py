"""Forward passes of whole networks timed in turns: single images and batches."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass

import torch

from vit_explorer.cost.attention_timing import Spread, spread
from vit_explorer.models.network import Network

BATCH = 64  # images, of which the throughput is measured
ROUNDS = {1: 20, BATCH: 5}  # rounds that count; a pass of a batch takes as long as many of one image
WARM_UP = 2  # rounds before them that do not
COLOURS = 3


@dataclass(frozen=True)
class Passed:
    """Progress after one pass: fraction of the expected work, and the network."""

    share: float
    name: str
    batch: int


@dataclass(frozen=True)
class Timed:
    """Time of one network at one batch size."""

    name: str
    batch: int
    seconds: Spread

    @property
    def pictures_per_second(self) -> float:
        """By the median pass."""
        return self.batch / self.seconds.median


@torch.no_grad()
def time_models(
    models: Mapping[str, Network],
    work: Mapping[str, float],
    rounds: Mapping[int, int] | None = None,
    warm_up: int = WARM_UP,
    clock: Callable[[], float] = time.perf_counter,
) -> Iterator[Passed | Timed]:
    """Time plain forward passes of random images in turns.

    Yields a ``Passed`` after each pass, and after each size of batch all its ``Timed``.

    In every round each network makes one pass, and who begins changes from round to round, so that a busy moment of
    the machine falls on all alike. To stop, ask for no more: nothing runs between two of its values.

    Args:
        models: by name, in eval mode, each with an ``img_size``.
        work: by name, about how long an image takes beside the others' (multiply-adds): for the progress alone.
        rounds: by size of batch, how many passes count; ROUNDS by default.
    Raises:
        ValueError: without a model, or for fewer than one round.
    """
    rounds = ROUNDS if rounds is None else rounds
    if not models:
        raise ValueError("there is no model to be timed")
    if min(rounds.values()) < 1:
        raise ValueError(f"there must be at least one round, not {min(rounds.values())}")
    names = list(models)
    total = sum(work[name] * batch * (warm_up + n) for name in names for batch, n in rounds.items()) or 1.0
    done = 0.0
    for batch, counted in rounds.items():
        inputs = {name: torch.randn(batch, COLOURS, model.img_size, model.img_size) for name, model in models.items()}
        seconds: dict[str, list[float]] = {name: [] for name in names}
        for turn in range(warm_up + counted):
            first = turn % len(names)
            for name in names[first:] + names[:first]:
                began = clock()
                models[name](inputs[name])
                seconds[name].append(clock() - began)
                done += work[name] * batch
                yield Passed(min(1.0, done / total), name, batch)
        for name in names:
            yield Timed(name, batch, spread(seconds[name][warm_up:]))


def times_by_model(found: Iterable[Timed]) -> dict[str, dict[str, dict[str, float]]]:
    """ "latency" of one image and "throughput" of a batch, by model.

    A Spread and "per_second" each, where measured.
    """
    models: dict[str, dict[str, dict[str, float]]] = {}
    for timed in found:
        kind = "latency" if timed.batch == 1 else "throughput"
        times = {**asdict(timed.seconds), "batch": timed.batch, "per_second": timed.pictures_per_second}
        models.setdefault(timed.name, {})[kind] = times
    return models
