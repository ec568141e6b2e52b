"""A network from wherever it is: a file, a folder, the catalogue, or an object of another library."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from torch import nn

from vit_explorer.models.checkpoint import Checkpoint, CheckpointError, list_checkpoints, load_checkpoint
from vit_explorer.models.pretrained.catalogue import CATALOGUE
from vit_explorer.models.pretrained.convert import from_state_dict
from vit_explorer.models.pretrained.load import load_pretrained, to_checkpoint

Source = str | os.PathLike[str] | nn.Module | Checkpoint


def open_network(source: Source, labels: Sequence[str] | None = None, name: str | None = None) -> Checkpoint:
    """A network ready to look at.

    Args:
        source: a file or folder of weights (see ``from_state_dict``; a checkpoint of this package keeps its card), a
            name of the catalogue, or a network of timm, torchvision, transformers or this package.
        labels: the names of its classes, where its source does not state them.
        name: in menus and links; the default is the name of the file, folder, catalogue entry or class.
    Raises:
        CheckpointError: for what is not here, or no network that ours can be; the message names the reason.
    """
    if isinstance(source, Checkpoint):
        return source
    if isinstance(source, nn.Module):
        model, report = from_state_dict(source, names=labels)
        return to_checkpoint(name or type(source).__name__, model, report, Path.cwd())
    path = Path(source)
    if not path.exists():
        return _from_catalogue(source)
    stem = path.resolve().name if path.is_dir() else path.stem
    if path.suffix == ".pt" and stem in list_checkpoints([path.parent]) and labels is None:
        return load_checkpoint(stem, [path.parent])
    model, report = from_state_dict(path, names=labels)
    return to_checkpoint(name or stem, model, report, path.parent)


def _from_catalogue(source: str | os.PathLike[str]) -> Checkpoint:
    named = os.fspath(source)
    if named in {entry.name for entry in CATALOGUE}:
        return load_pretrained(named)
    known = ", ".join(entry.name for entry in CATALOGUE)
    raise CheckpointError(f"There is no file or folder {named}, and no pretrained network of this name: {known}.")
