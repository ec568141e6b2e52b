"""What the Train tab is sent of a run: its events, compacted to a few kB."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from functools import lru_cache
from pathlib import Path
from typing import Any, TypedDict

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from vit_explorer.data.sources import source_name
from vit_explorer.explain.positions import cosine_similarity, position_structure
from vit_explorer.explain.probe import probe_words
from vit_explorer.figures.positions import colour_limit
from vit_explorer.models.zoo import create_model
from vit_explorer.training.loop.events import Epoch, Event, Failed, Finished, Snapshot, Started, Step
from vit_explorer.training.loop.recipe import Recipe
from vit_explorer.training.runs.folder import RunFolder
from vit_explorer.ui.core.arrays import Packed, pack
from vit_explorer.ui.core.datasets import Source
from vit_explorer.ui.train.outcome import Result

COSINE_SCALE = 1 / 127  # int8 over [-1, 1]: the error of a cosine is at most 0.004, less than a colour
MAP_LEVELS = 255
MAPS_ACROSS = 8  # of a larger grid's similarity maps so many a side are shown, evenly spaced
MAX_STRUCTURE = 256  # patches; the 2D score of more takes longer than a poll may
MAX_MAP_BYTES = 400_000  # of one contender's position maps in one answer
MAX_SNAPSHOTS = 48  # of one contender in one answer; of more the first, the last and some between them are drawn
TAIL_BYTES = 131_072  # of events.jsonl, in which the latest accuracy is looked for


class TestPayload(TypedDict):
    """An evaluation on the test images during training."""

    step: int
    images: int
    seconds: float
    accuracy: float


class PlaneReading(TypedDict):
    """How well rows and columns can be read off position embeddings; ``two_d``: the 2D score, the smaller of them."""

    row: float
    column: float
    two_d: float


class PositionMaps(TypedDict):
    """Similarity maps (down, across, rows, cols) of position embeddings; ``of`` patches in all.

    ``spread``: the end of the colour scale; ``plane``: None for a grid that is too large.
    """

    maps: Packed
    of: int
    spread: float
    plane: PlaneReading | None


class SnapshotPayload(TypedDict):
    """A model at one step: its ``map`` on the probe image, prediction, probability and test accuracy."""

    step: int
    epoch: float
    images: int
    seconds: float
    test_accuracy: float | None
    map: Packed
    positions: PositionMaps | None
    answer: int
    probability: float


class ContenderPayload(TypedDict):
    """The news of a contender; ``cursor`` is where they end.

    ``anew``: all events are sent again, since none were known or the run was cut back; then ``info`` (the fields of
    ``Started``), ``recipe`` and ``words`` come too. ``steps`` (n, 5): step, images, seconds, running loss and running
    accuracy. ``now``: the latest step.
    """

    label: str
    cursor: int
    anew: bool
    info: dict[str, Any] | None
    recipe: dict[str, Any] | None
    words: str | None
    lr_changes: list[list[float]]
    steps: Packed | None
    tests: list[TestPayload]
    snapshots: list[SnapshotPayload]
    finished: dict[str, Any] | None
    failed: str | None
    now: Mapping[str, Any] | None


def contender_payload(
    run: RunFolder, label: str, cursor: int, now: Mapping[str, Any] | None, data: str | None = None
) -> ContenderPayload:
    """Pack the events of a contender since ``cursor``, where the last answer ended; ``data`` as recipe_payload."""
    events, cursor = run.read(cursor)
    anew = bool(events) and isinstance(events[0], Started)
    recipe = run.recipe()
    snapshots = [event for event in events if isinstance(event, Snapshot)]
    finished = next((event for event in events if isinstance(event, Finished)), None)
    failed = next((event for event in events if isinstance(event, Failed)), None)
    return {
        "label": label,
        "cursor": cursor,
        "anew": anew,
        "info": asdict(events[0]) if anew else None,
        "recipe": recipe_payload(recipe, data) if anew or cursor == 0 else None,
        "words": reading_words(recipe) if anew else None,
        "lr_changes": [list(change) for change in recipe.lr_changes],
        "steps": _steps(events),
        "tests": _tests(events),
        "snapshots": [snapshot_payload(snapshot) for snapshot in _shown(snapshots)],
        "finished": asdict(finished) if finished else None,
        "failed": failed.reason if failed else None,
        "now": now,
    }


def recipe_payload(recipe: Recipe, data: str | None = None) -> dict[str, Any]:
    """A recipe for the browser: the model with its overrides as one key, data and checkpoints without their path.

    Args:
        data: what the page calls the data, if not by the name of their file.
    """
    values = recipe.to_dict()
    del values["overrides"]
    names = {"teacher": Path(recipe.teacher).name, "start": Path(recipe.start).name}
    names["data"] = data or source_name(recipe.data)
    return values | names | {"model": model_key(recipe.model, recipe.overrides)}


def model_key(model: str, overrides: Mapping[str, Any]) -> str:
    """ "vit", or "vit positions=none": an architecture with its options, as the set-up names it."""
    return " ".join([model, *(f"{name}={value}" for name, value in sorted(overrides.items()))])


def reading_words(recipe: Recipe) -> str:
    """What the map over the probe picture shows for this kind of model."""
    return _reading_words(recipe.model, tuple(sorted(recipe.overrides.items())))


@lru_cache(maxsize=64)
def _reading_words(model: str, overrides: tuple[tuple[str, Any], ...]) -> str:
    return probe_words(create_model(model, **dict(overrides)))


def snapshot_payload(snapshot: Snapshot) -> SnapshotPayload:
    """Pack a snapshot, its maps as bytes."""
    rows, cols = snapshot.probe_map.shape
    highest = float(snapshot.probe_map.max())
    positions = None
    if snapshot.positions is not None:
        table = snapshot.positions.contiguous()
        positions = _positions(table.numpy().tobytes(), tuple(table.shape), (rows, cols))
    return {
        "step": snapshot.step,
        "epoch": snapshot.epoch,
        "images": snapshot.images,
        "seconds": round(snapshot.seconds, 3),
        "test_accuracy": snapshot.test_accuracy,
        "map": pack(snapshot.probe_map, "uint8", highest / MAP_LEVELS or 1.0),
        "positions": positions,
        "answer": snapshot.probe_answer,
        "probability": snapshot.probe_probability,
    }


@lru_cache(maxsize=512)
def _positions(table: bytes, shape: tuple[int, int], grid: tuple[int, int]) -> PositionMaps:
    """Similarity maps of a table of position embeddings, computed once for all visitors."""
    positions = torch.from_numpy(np.frombuffer(table, np.float32).reshape(shape).copy())
    n_prefix = len(positions) - grid[0] * grid[1]
    similarity = cosine_similarity(positions)
    maps = similarity_maps(similarity[n_prefix:, n_prefix:], grid)
    small = grid[0] * grid[1] <= MAX_STRUCTURE
    found = position_structure(similarity, grid) if small else None
    return {
        "maps": pack(maps, "int8", COSINE_SCALE),
        "of": grid[0] * grid[1],
        "spread": colour_limit(similarity[None].numpy(), n_prefix),
        "plane": None if found is None else {"row": found.row, "column": found.column, "two_d": found.two_d},
    }


def similarity_maps(similarity: Tensor, grid: tuple[int, int]) -> Tensor:
    """(N, N) cosines of patches -> (down, across, rows, cols): the maps of at most 8 x 8 places, evenly spaced."""
    rows, cols = grid
    down, across = (_spaced(length) for length in grid)
    return similarity.reshape(rows, cols, rows, cols)[down][:, across]


def _spaced(length: int) -> Tensor:
    """At most MAPS_ACROSS places of a side, the first and the last among them."""
    return torch.linspace(0, length - 1, min(length, MAPS_ACROSS)).round().long()


def _shown(snapshots: Sequence[Snapshot]) -> list[Snapshot]:
    """As many as one answer holds, evenly, never without the first and the last."""
    if not snapshots:
        return []
    rows, cols = snapshots[0].probe_map.shape
    maps = min(rows, MAPS_ACROSS) * min(cols, MAPS_ACROSS) * rows * cols
    affordable = max(2, min(MAX_SNAPSHOTS, MAX_MAP_BYTES // maps))
    if len(snapshots) <= affordable:
        return list(snapshots)
    kept = torch.linspace(0, len(snapshots) - 1, affordable).round().long().tolist()
    return [snapshots[i] for i in kept]


def _steps(events: Sequence[Event]) -> Packed | None:
    rows = [
        (event.step, event.images, event.seconds, event.running_loss, event.running_accuracy)
        for event in events
        if isinstance(event, Step)
    ]
    return pack(np.array(rows, np.float32)) if rows else None


def _tests(events: Sequence[Event]) -> list[TestPayload]:
    """Every evaluation; the end of an epoch and a snapshot of the same step are one."""
    looks: dict[int, TestPayload] = {
        event.step: {
            "step": event.step,
            "images": event.images,
            "seconds": round(event.seconds, 3),
            "accuracy": event.test_accuracy,
        }
        for event in events
        if isinstance(event, Epoch | Snapshot) and event.test_accuracy is not None
    }
    return list(looks.values())


def result(label: str, run: RunFolder) -> Result | None:
    """How a contender ended; None where it did not, or has failed."""
    events = run.events()
    started = next((event for event in events if isinstance(event, Started)), None)
    finished = next((event for event in events if isinstance(event, Finished)), None)
    if started is None or finished is None:
        return None
    return Result(label, finished.test_accuracy, started.n_test, started.n_train, run.recipe())


def latest_accuracy(run: RunFolder) -> float | None:
    """The newest test accuracy of a run, read off the end of its file; None if there is none yet."""
    path = run.path / "events.jsonl"
    return _latest_accuracy(path, path.stat().st_size) if path.is_file() else None


@lru_cache(maxsize=1024)
def _latest_accuracy(path: Path, size: int) -> float | None:
    with path.open("rb") as file:
        file.seek(max(0, size - TAIL_BYTES))
        lines = file.read(min(size, TAIL_BYTES)).split(b"\n")
    for line in reversed(lines):
        if b'"test_accuracy"' not in line:
            continue
        try:
            accuracy = json.loads(line)["test_accuracy"]
        except (ValueError, KeyError, TypeError):
            continue  # the line that the tail begins in, or a damaged one
        if accuracy is not None:
            return float(accuracy)
    return None


class ProbePayload(TypedDict):
    """A test image by its index; ``image`` is a PNG as a data URL."""

    index: int
    label: str
    image: str


def probe_payload(source: Source, index: int) -> ProbePayload:
    """Encode a test image."""
    buffer = io.BytesIO()
    Image.fromarray(source.test.x[index].permute(1, 2, 0).numpy()).save(buffer, "PNG")
    image = "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode()
    return {"index": index, "label": source.names[int(source.test.y[index])], "image": image}


def probe_choice(source: Source, count: int) -> list[int]:
    """``count`` test pictures of as many classes as can be, the first ones of each, class by class in turns."""
    seen: dict[int, int] = {}
    ranked = []
    for index, label in enumerate(source.test.y.tolist()):
        turn = seen.get(label, 0)
        seen[label] = turn + 1
        if turn < count:
            ranked.append((turn, label, index))
    return [index for _, _, index in sorted(ranked)[:count]]
