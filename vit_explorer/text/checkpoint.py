"""Trained networks on disk: NAME.pt (weights), NAME.snapshots.pt (weights at earlier epochs), NAME.json (the card)."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from vit_explorer.text.model import TextTransformer
from vit_explorer.text.tasks import SequenceTask

PACKAGE = Path(__file__).resolve().parents[1]
INSTALLED = PACKAGE / "checkpoints"  # in an installed package; in a checkout they lie beside the package
TEXT_FOLDER = (INSTALLED if INSTALLED.is_dir() else PACKAGE.parent / "checkpoints") / "text"  # weights that ship

Weights = Mapping[str, Tensor]


class TextCheckpointError(ValueError):
    """A checkpoint is missing or damaged; the message is a sentence that names the file."""


@dataclass(frozen=True)
class TextCheckpoint:
    """A trained network with its card.

    Attributes:
        name: as in :func:`list_text_checkpoints`.
        card: "model" (sizes), "task", "recipe", "test" (accuracies), "history", "hardware", ...
        task: that it was trained on.
        folder: where it was found.
    """

    name: str
    model: TextTransformer
    card: dict[str, Any]
    task: SequenceTask
    folder: Path

    def snapshots(self) -> dict[int, TextTransformer]:
        """Load the network as it was during the training, by epoch; 0 is untrained, the last one is ``model``.

        Raises:
            TextCheckpointError: if the snapshots are damaged; without a file there is only the last one.
        """
        path = self.folder / f"{self.name}.snapshots.pt"
        kept = _read(path) if path.is_file() else {}
        earlier = {epoch: _network(self.card["model"], weights, path) for epoch, weights in sorted(kept.items())}
        return earlier | {self.card["recipe"]["epochs"]: self.model}


def list_text_checkpoints(folder: str | os.PathLike[str] = TEXT_FOLDER) -> list[str]:
    """Names of the checkpoints in a folder, in alphabetical order."""
    return sorted(card.stem for card in Path(folder).glob("*.json"))


def save_text_checkpoint(
    weights: Weights,
    snapshots: Mapping[int, Weights],
    card: dict[str, Any],
    name: str,
    folder: str | os.PathLike[str] = TEXT_FOLDER,
) -> Path:
    """Write weights as float16, then the card; returns the path of NAME.pt.

    Args:
        snapshots: weights at earlier epochs.
        card: must hold "model" (see :attr:`TextTransformer.sizes`), "task" and "recipe" with "epochs".
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    for ending in ("json", "snapshots.pt"):  # of the checkpoint that is replaced; one with a card is whole
        (folder / f"{name}.{ending}").unlink(missing_ok=True)
    torch.save(half(weights), folder / f"{name}.pt")
    if snapshots:
        torch.save({epoch: half(kept) for epoch, kept in snapshots.items()}, folder / f"{name}.snapshots.pt")
    (folder / f"{name}.json").write_text(json.dumps(card, indent=2) + "\n", encoding="utf-8")
    return folder / f"{name}.pt"


def load_text_checkpoint(name: str = "reverse", folder: str | os.PathLike[str] = TEXT_FOLDER) -> TextCheckpoint:
    """Load a trained network.

    Raises:
        TextCheckpointError: if it is not there, damaged, or its weights do not fit its card.
    """
    folder = Path(folder)
    path = folder / f"{name}.json"
    if not path.is_file():
        raise TextCheckpointError(f"There is no text checkpoint {name!r} in {folder}.")
    try:
        card = json.loads(path.read_text(encoding="utf-8"))
        task = SequenceTask(**card["task"])
        int(card["recipe"]["epochs"])
        dict(card["model"])
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise TextCheckpointError(f"The card {path} is damaged: {type(error).__name__}: {error}.") from error
    weights_path = folder / f"{name}.pt"
    return TextCheckpoint(name, _network(card["model"], _read(weights_path), weights_path), card, task, folder)


def half(weights: Weights) -> dict[str, Tensor]:
    """Weights as they are stored: float16."""
    return {key: value.detach().cpu().half() for key, value in weights.items()}


def _network(sizes: dict[str, int], weights: Weights, path: Path) -> TextTransformer:
    try:
        with torch.random.fork_rng(devices=[]):  # fresh weights are drawn and replaced
            model = TextTransformer(**sizes)
        model.load_state_dict(weights)
    except (RuntimeError, ValueError, TypeError, AttributeError) as error:
        raise TextCheckpointError(f"The weights {path} do not fit their card.") from error
    return model.eval()


def _read(path: Path) -> dict[Any, Any]:
    try:
        found = torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError as error:
        raise TextCheckpointError(f"The weights {path} are missing beside their card.") from error
    except Exception as error:  # a damaged archive can make the unpickler raise anything
        raise TextCheckpointError(f"The weights {path} are damaged.") from error
    if not isinstance(found, dict):
        raise TextCheckpointError(f"The weights {path} are damaged.")
    return found
