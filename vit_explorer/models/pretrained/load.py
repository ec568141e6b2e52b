"""Pretrained networks as checkpoints that the rest of the package can look at."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from threading import Event
from typing import Any

import torch

from vit_explorer.models.checkpoint import Checkpoint, CheckpointError
from vit_explorer.models.network import Network
from vit_explorer.models.pretrained.catalogue import PretrainedModel, find_pretrained
from vit_explorer.models.pretrained.convert import from_state_dict
from vit_explorer.models.pretrained.download import Progress, check_sha256, fetch
from vit_explorer.models.pretrained.files import read_tensors
from vit_explorer.models.pretrained.labels import N_IMAGENET, imagenet_names
from vit_explorer.models.pretrained.partial import part_path, size_of
from vit_explorer.models.pretrained.report import FitReport

COMMAND = "python -m vit_explorer.models.pretrained get"
PIXEL = 255  # the largest value of a pixel, 1 in the mean and std of a Preprocessing


def weights_folder() -> Path:
    """The folder where torch.hub keeps weights, so that other tools' downloads are found."""
    return Path(torch.hub.get_dir()) / "checkpoints"


def weights_path(entry: PretrainedModel, folder: str | os.PathLike[str] | None = None) -> Path:
    """Where the file of a network is, or will be."""
    return (weights_folder() if folder is None else Path(folder)) / entry.filename


def received_bytes(entry: PretrainedModel, folder: str | os.PathLike[str] | None = None) -> int:
    """Bytes of a network's file that a stopped or broken download has left on this machine."""
    return size_of(part_path(weights_path(entry, folder)))


def get_weights(
    entry: PretrainedModel,
    folder: str | os.PathLike[str] | None = None,
    *,
    progress: Callable[[Progress], None] | None = None,
    stop: Event | None = None,
) -> Path:
    """The file of a network, downloaded unless it is here. Raises as :func:`find_weights` and ``download.fetch``."""
    path = weights_path(entry, folder)
    if not path.is_file():
        fetch(entry.url, path, sha256_prefix=entry.sha256_prefix, progress=progress, stop=stop)
    return find_weights(entry, folder)


def find_weights(entry: PretrainedModel, folder: str | os.PathLike[str] | None = None) -> Path:
    """The file of a network on this machine, its hash checked.

    Raises:
        CheckpointError: if it is not here, or another file lies in its place.
    """
    path = weights_path(entry, folder)
    if not path.is_file():
        raise CheckpointError(
            f"{entry.title} is not on this machine: {COMMAND} {entry.name} downloads it to {path.parent} "
            f"({entry.megabytes:.0f} MB)."
        )
    if not check_sha256(path, entry.sha256_prefix):
        raise CheckpointError(
            f"The file {path} is damaged or another one: its SHA-256 does not begin with {entry.sha256_prefix}. "
            f"Delete it, then {COMMAND} {entry.name} downloads it again."
        )
    return path


def load_pretrained(
    name: str,
    download: bool = False,
    folder: str | os.PathLike[str] | None = None,
    *,
    progress: Callable[[Progress], None] | None = None,
    stop: Event | None = None,
) -> Checkpoint:
    """A network of the catalogue, ready to look at.

    Args:
        name: see ``pretrained_models``.
        download: fetch its file if it is not on this machine.
        folder: of the file; the default is torch.hub's.
        progress, stop: of the download, see ``download.fetch``.
    Raises:
        CheckpointError: for an unknown name, a file that is not here, damaged, or another one.
        DownloadError: where the download fails.
    """
    entry = find_pretrained(name)
    path = get_weights(entry, folder, progress=progress, stop=stop) if download else find_weights(entry, folder)
    model, report = from_state_dict(read_tensors(path), img_size=entry.img_size)
    if model.n_classes != entry.n_classes:
        raise CheckpointError(f"The file {path} has {model.n_classes} classes; {entry.title} has {entry.n_classes}.")
    facts = {
        "title": entry.title,
        "short": entry.title,
        "preprocessing": vars(entry.preprocessing),
        "dataset": {"name": entry.data, "classes": list(report.names)},
        "test_accuracy": entry.top1,
        "epochs_trained": entry.epochs,
        "pretrained": {"source": entry.source, "url": entry.url, "licence": entry.licence, "format": report.format},
    }
    return to_checkpoint(entry.name, model, report, path.parent, facts)


def to_checkpoint(
    name: str, model: Network, report: FitReport, folder: Path, facts: dict[str, Any] | None = None
) -> Checkpoint:
    """A converted network with the card that the report gives it.

    Args:
        folder: where its weights are.
        facts: further entries of the card, in place of those of the report.
    """
    facts = facts or {}
    preprocessing = {**vars(report.preprocessing), **facts.get("preprocessing", {})}
    on_imagenet = len(report.names) == N_IMAGENET and report.names == imagenet_names()
    card: dict[str, Any] = {
        "model": report.model,
        "overrides": dict(report.options),
        "dataset": {"name": "ImageNet-1k" if on_imagenet else "unknown", "classes": list(report.names)},
        "normalise": {key: [PIXEL * value for value in preprocessing[key]] for key in ("mean", "std")},
        "pretrained": {"format": report.format},
        "title": name,
        "short": name,
        **facts,
        "preprocessing": preprocessing,
    }
    return Checkpoint(name, model, card, folder)
