"""Weights on disk, read as tensors and nothing else: .pth, .pt, .bin, .ckpt, .safetensors and .npz."""

from __future__ import annotations

import argparse
import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import torch

from vit_explorer.models.checkpoint import CheckpointError
from vit_explorer.models.pretrained.modules import from_huggingface, from_preprocessor, from_timm
from vit_explorer.models.pretrained.report import Known

FOLDER_FILES = ("model.safetensors", "pytorch_model.bin")  # of a folder that transformers or timm wrote


def read_weights(path: str | os.PathLike[str]) -> tuple[dict[str, Any], Known]:
    """The dict in a file, or in a folder of transformers or timm, and the facts of the JSON files beside it.

    Pickles are read with ``weights_only=True``: code in them does not run.

    Raises:
        CheckpointError: for a file that is missing, damaged, of another kind, or holds code.
    """
    path = Path(path)
    if path.is_dir():
        found = [path / name for name in FOLDER_FILES if (path / name).is_file()]
        if not found:
            raise CheckpointError(f"The folder {path} holds none of {', '.join(FOLDER_FILES)}.")
        path = found[0]
    return read_tensors(path), _facts_beside(path)


def read_tensors(path: Path) -> dict[str, Any]:
    """The dict in a file. Raises as :func:`read_weights`."""
    if not path.is_file():
        raise CheckpointError(f"There is no file {path}.")
    readers = {".npz": _read_npz, ".safetensors": _read_safetensors}
    weights = readers.get(path.suffix, _read_pickle)(path)
    if not isinstance(weights, dict):
        raise CheckpointError(f"The file {path} holds a {type(weights).__name__}, no state dict.")
    return weights


def _read_pickle(path: Path) -> Any:
    try:
        with torch.serialization.safe_globals([argparse.Namespace]):  # arguments, in the files of DeiT and DINO
            return torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # a damaged archive can make the unpickler raise anything
        if "global" in str(error).lower():  # how torch names a class or function that a pickle would call
            raise CheckpointError(
                f"The file {path} holds code beside tensors, which is not run here. Save the network's state_dict."
            ) from error
        raise CheckpointError(f"The file {path} is damaged or holds no weights.") from error


def _read_safetensors(path: Path) -> Any:
    try:
        from safetensors.torch import load_file
    except ImportError as error:
        raise CheckpointError(f"To read {path}, install safetensors: pip install safetensors.") from error
    try:
        return load_file(path)
    except Exception as error:
        raise CheckpointError(f"The file {path} is damaged or holds no weights.") from error


def _read_npz(path: Path) -> Any:
    try:
        with np.load(path, allow_pickle=False) as arrays:
            return {name: torch.from_numpy(arrays[name]) for name in arrays.files}
    except Exception as error:
        raise CheckpointError(f"The file {path} is damaged, or holds more than arrays of numbers.") from error


def _facts_beside(path: Path) -> Known:
    """Facts in config.json and preprocessor_config.json, and in the card of one of our own checkpoints."""
    card = _json(path.with_suffix(".json"))
    if "overrides" in card and "normalise" in card:
        return Known(
            model=card.get("model"), options=card.get("overrides"),
            names=tuple(card.get("dataset", {}).get("classes", ())),
            mean=tuple(card["normalise"].get("mean", ())), std=tuple(card["normalise"].get("std", ())),
        )  # fmt: skip
    config, preprocessor = _json(path.with_name("config.json")), _json(path.with_name("preprocessor_config.json"))
    if "pretrained_cfg" in config:
        return from_timm({**config, **config["pretrained_cfg"]})
    if "model_type" in config:
        return from_preprocessor(preprocessor).over(from_huggingface(config))
    return Known()


def _json(path: Path) -> dict[str, Any]:
    if not path.is_file():
        return {}
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise CheckpointError(f"The file {path} beside the weights cannot be read: {error}.") from error
    return found if isinstance(found, dict) else {}
