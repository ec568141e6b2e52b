"""Checkpoints: NAME.pt (a state_dict) beside NAME.json (the card), and positions during training."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from vit_explorer.models.folders import EXPORTED, KEPT, runs_folder, shipped_checkpoints
from vit_explorer.models.network import Network
from vit_explorer.models.zoo import create_model

CHECKPOINT_FOLDER = shipped_checkpoints()
EXPORT_FOLDER = runs_folder() / EXPORTED  # weights exported from runs
MODEL_FOLDERS = (CHECKPOINT_FOLDER, EXPORT_FOLDER, runs_folder() / KEPT)

STAMPED = 256  # numbers of a tensor, evenly spaced, by which weights are told from others


class CheckpointError(ValueError):
    """Weights or card missing or damaged; the message names file and fault."""


@dataclass(frozen=True)
class Checkpoint:
    """A trained network ready to look at.

    Attributes:
        name: as in :func:`list_checkpoints`.
        model: in eval mode.
        card: what is known about it: model, dataset, recipe, accuracy, hardware (see ``training.card``); of weights
            that others trained also "title", "preprocessing" and "pretrained" with their source and licence.
        folder: where it was found.
    """

    name: str
    model: Network
    card: dict[str, Any]
    folder: Path

    @cached_property
    def stamp(self) -> str:
        """A word for these weights: others have another one, the same that are written anew have the same."""
        found = hashlib.sha256(json.dumps([self.card["model"], self.class_names]).encode())
        for name, tensor in self.model.state_dict().items():
            flat = tensor.flatten()
            some = flat[:: max(1, len(flat) // STAMPED)].double().cpu()
            found.update(name.encode() + some.numpy().tobytes())
        return found.hexdigest()[:12]

    def preprocess(self, images: Tensor) -> Tensor:
        """Normalise uint8 images (B, 3, H, W) to float32 per channel."""
        mean, std = (torch.tensor(self.card["normalise"][key], device=images.device) for key in ("mean", "std"))
        return (images.float() - mean[:, None, None]) / std[:, None, None]

    @property
    def class_names(self) -> list[str]:
        return self.card["dataset"]["classes"]

    def position_snapshots(self) -> tuple[list[float | None], Tensor]:
        """Position embeddings during training, the untrained ones first.

        Returns:
            The epochs (0 is untrained) and (S, n_prefix + N, D) float32. They are kept as float16 in
            NAME.positions.npz; the last entry is always the model's own table, and the only one where no file is kept.
        Raises:
            CheckpointError: if the file is damaged or its tables have another shape than the model's.
            ValueError: if the model has no learned position embeddings.
        """
        epoch, own = self.trained_positions()
        path = self.folder / f"{self.name}.positions.npz"
        if not path.is_file():
            return [epoch], own
        try:
            with np.load(path, allow_pickle=False) as kept:
                epochs, tables = kept["epochs"].ravel().tolist(), torch.from_numpy(kept["positions"].astype(np.float32))
        except Exception as error:  # as with the weights
            raise CheckpointError(f"The position snapshots {path} are damaged.") from error
        finite = bool(np.isfinite(epochs).all()) and bool(tables.isfinite().all())
        if not epochs or len(epochs) != len(tables) or tables.shape[1:] != own.shape[1:] or not finite:
            raise CheckpointError(f"The position snapshots {path} do not fit the model beside them.")
        return [float(epoch) for epoch in epochs], torch.cat([tables[:-1], own])

    def trained_positions(self) -> tuple[float | None, Tensor]:
        """Trained epochs and the model's own position table, read from no file.

        The epochs are None for weights of others who do not state them.

        Raises:
            ValueError: if the model has no learned position embeddings.
        """
        table = self.model.position_table
        if table is None:
            raise ValueError(f"a {type(self.model).__name__} has no learned position embeddings")
        trained = self.card.get("recipe", {}).get("epochs")
        epochs = self.card.get("epochs_trained", trained)  # fewer in a run that was stopped
        return None if epochs is None else float(epochs), table.detach()


def save_checkpoint(
    model: Network,
    card: dict[str, Any],
    name: str,
    folder: str | os.PathLike[str] = CHECKPOINT_FOLDER,
    dtype: torch.dtype = torch.float32,
    positions: tuple[Sequence[float], Tensor] | None = None,
) -> Path:
    """Write NAME.pt, NAME.positions.npz and NAME.json, the card last.

    Args:
        card: must hold at least "model", "overrides", "dataset" with "name" and "classes", and "normalise" with "mean"
            and "std"; of a model with learned position embeddings also "recipe" with "epochs", or "pretrained".
        dtype: in which floating-point weights are stored; they are float32 again when loaded.
        positions: the epochs and (S, n_prefix + N, D) that :meth:`Checkpoint.position_snapshots` gives back.
    Returns:
        The path of NAME.pt.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    for ending in ("json", "positions.npz"):  # of the weights that are about to be replaced
        (folder / f"{name}.{ending}").unlink(missing_ok=True)
    stored = {
        key: value.detach().cpu().contiguous().to(dtype if value.is_floating_point() else value.dtype)
        for key, value in model.state_dict().items()
    }
    torch.save(stored, folder / f"{name}.pt")
    if positions is not None:
        np.savez_compressed(
            folder / f"{name}.positions.npz",
            epochs=np.array(positions[0], np.float32),
            positions=positions[1].numpy().astype(np.float16),
        )
    (folder / f"{name}.json").write_text(json.dumps(card, indent=2) + "\n", encoding="utf-8")
    return folder / f"{name}.pt"


def list_checkpoints(folders: Sequence[str | os.PathLike[str]] = MODEL_FOLDERS) -> list[str]:
    """The names for which some folder holds a card, in alphabetical order."""
    cards = (card for folder in folders for card in Path(folder).glob("*.json"))
    return sorted({card.stem for card in cards if not card.name.startswith(".")})  # as macOS puts beside a file


def list_cards(
    folders: Sequence[str | os.PathLike[str]] = MODEL_FOLDERS,
) -> tuple[dict[str, dict[str, Any]], list[str]]:
    """The cards that can be read, by name, and a sentence for each that cannot."""
    cards, problems = {}, []
    for name in list_checkpoints(folders):
        try:
            cards[name] = _read_card(find_card(name, folders))
        except CheckpointError as error:
            problems.append(str(error))
    return cards, problems


def find_card(name: str, folders: Sequence[str | os.PathLike[str]] = MODEL_FOLDERS) -> Path:
    """Path of NAME.json in the first folder that has one. Raises CheckpointError."""
    for folder in folders:
        if name in list_checkpoints([folder]):
            return Path(folder) / f"{name}.json"
    looked = ", ".join(str(folder) for folder in folders)
    raise CheckpointError(f"There is no checkpoint {name!r} in {looked}.")


def load_checkpoint(name: str, folders: Sequence[str | os.PathLike[str]] = MODEL_FOLDERS) -> Checkpoint:
    """Load NAME from the first folder that has such a checkpoint.

    Raises:
        CheckpointError: if it is not there, damaged, or its weights do not have the shapes its card speaks of.
    """
    path = find_card(name, folders)
    folder = path.parent
    card = _read_card(path)
    weights = _read_weights(folder / f"{name}.pt")
    try:
        with torch.random.fork_rng(devices=[]):  # fresh weights are drawn and replaced: leave the caller's draws alone
            model = create_model(card["model"], **card["overrides"])
    except ValueError as error:
        raise CheckpointError(f"The card {path} describes no model that can be built: {error}.") from error
    _check_shapes(model, weights, folder / f"{name}.pt")
    _check_fit(model, card, path)
    model.load_state_dict(weights)
    return Checkpoint(name, model.eval(), card, folder)


def _read_card(path: Path) -> dict[str, Any]:
    try:
        card = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise CheckpointError(f"The card {path} cannot be read: {error}.") from error
    if not isinstance(card, dict):
        raise CheckpointError(f"The card {path} is no JSON object.")
    kinds = {"model": str, "overrides": dict, "dataset": dict, "normalise": dict}
    missing = [key for key, kind in kinds.items() if not isinstance(card.get(key), kind)]
    if not isinstance(card.get("recipe", {}), dict):
        missing.append("recipe")
    parts = {
        ("dataset", "classes"): lambda value: isinstance(value, list) and all(isinstance(one, str) for one in value),
        ("dataset", "name"): lambda value: isinstance(value, str),
        ("normalise", "mean"): _has_three_numbers,
        ("normalise", "std"): lambda value: _has_three_numbers(value) and min(value) > 0,
    }
    missing += [
        f"{key}.{part}" for (key, part), holds in parts.items() if key not in missing and not holds(card[key].get(part))
    ]
    if missing:
        raise CheckpointError(f"The card {path} lacks {', '.join(missing)}.")
    return card


def _has_three_numbers(value: Any) -> bool:
    return isinstance(value, list) and len(value) == 3 and all(_is_number(one) for one in value)


def _is_number(value: Any) -> bool:
    """Whether a JSON value is a finite number that a tensor can hold."""
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e9


def _check_fit(model: Network, card: dict[str, Any], path: Path) -> None:
    """Check that a card fits its network: class names, and epochs of positions.

    Without the epochs a trained table could not be told from an untrained one, whose epoch is 0. Weights that others
    trained, whose card says "pretrained", need not state them.
    """
    n_names, n_outputs = len(card["dataset"]["classes"]), model.n_classes
    if n_names != n_outputs:
        raise CheckpointError(f"The card {path} names {n_names} classes, but the network has {n_outputs} outputs.")
    if model.position_table is not None and "pretrained" not in card:
        recipe = card.get("recipe", {})
        for name, epochs in (
            ("recipe.epochs", recipe.get("epochs")),
            ("epochs_trained", card.get("epochs_trained", 1)),
        ):
            if not _is_number(epochs) or epochs <= 0:
                raise CheckpointError(f"The card {path} lacks {name}.")


def _read_weights(path: Path) -> dict[str, Tensor]:
    try:
        weights = torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError as error:
        raise CheckpointError(f"The weights {path} are missing beside their card.") from error
    except Exception as error:  # a damaged archive can make the unpickler raise anything
        raise CheckpointError(f"The weights {path} are damaged or not a state_dict.") from error
    if not isinstance(weights, dict) or not all(isinstance(value, Tensor) for value in weights.values()):
        raise CheckpointError(f"The weights {path} are damaged or not a state_dict.")
    return weights


def _check_shapes(model: Network, weights: dict[str, Tensor], path: Path) -> None:
    expected = {key: tuple(value.shape) for key, value in model.state_dict().items()}
    found = {key: tuple(value.shape) for key, value in weights.items()}
    wrong = sorted(key for key in expected.keys() | found.keys() if expected.get(key) != found.get(key))
    if wrong:
        key = wrong[0]
        raise CheckpointError(
            f"The weights {path} do not fit their card: {key} is {found.get(key, 'missing')} and should be "
            f"{expected.get(key, 'absent')} ({len(wrong)} such tensors)."
        )
