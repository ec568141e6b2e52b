"""The checkpoint that a run begins with: its weights, and what the card of a continued model says of it."""

from __future__ import annotations

import inspect
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from torch import Tensor

from vit_explorer.models.checkpoint import MODEL_FOLDERS, Checkpoint, CheckpointError, load_checkpoint
from vit_explorer.models.zoo import model_spec
from vit_explorer.training.loop.recipe import Recipe


@dataclass(frozen=True)
class Start:
    """What a continued run keeps of its start; both go into its saved state, as plain values and a tensor.

    Attributes:
        facts: "name", "epochs" in all, "seconds" of all its training, "test_accuracy", "commit"; None for what its card
            does not say.
        positions: the epochs and (S, n_prefix + N, D) of its position snapshots; None for a model without positions.
    """

    facts: dict[str, Any]
    positions: tuple[list[float], Tensor] | None

    @property
    def epochs(self) -> float:
        """Passes over training images before this run."""
        return float(self.facts["epochs"] or 0)

    @property
    def seconds(self) -> float:
        """Seconds of training before this run."""
        return float(self.facts["seconds"] or 0)


def named_checkpoint(name: str) -> Checkpoint:
    """Load a checkpoint by its name, or by its path without an ending. Raises CheckpointError."""
    folder, name = os.path.split(name)
    return load_checkpoint(name, (folder,) if folder else MODEL_FOLDERS)


def load_start(recipe: Recipe, overrides: Mapping[str, Any]) -> tuple[dict[str, Tensor], Start]:
    """Load the weights that a recipe begins with, and what is kept of their checkpoint.

    Args:
        overrides: options of the recipe's model, with those that the data decide.
    Raises:
        ValueError: if the checkpoint is not there, or is of another model or has other options.
    """
    try:
        found = named_checkpoint(recipe.start)
    except CheckpointError as error:
        raise ValueError(f"the run cannot start from {recipe.start!r}: {error}") from error
    if (different := difference(recipe.model, overrides, found.card)) is not None:
        raise ValueError(f"the run cannot start from {recipe.start!r}: {different}")
    positions = None
    if found.model.position_table is not None:
        epochs, tables = found.position_snapshots()
        positions = [float(epoch or 0) for epoch in epochs], tables.half()
    facts = {"name": found.name, "epochs": total_epochs(found.card)}
    facts |= {key: found.card.get(key) for key in ("seconds", "test_accuracy", "commit")}
    return found.model.state_dict(), Start(facts, positions)


def difference(model: str, overrides: Mapping[str, Any], card: Mapping[str, Any]) -> str | None:
    """Say in what a card's network is another one than ``model`` with these options; None if it is the same."""
    if card["model"] != model:
        return f"it is a {card['model']}, not a {model}"
    spec = model_spec(model)
    arguments = inspect.signature(spec.build).parameters.values()
    defaults = {one.name: one.default for one in arguments if one.default is not one.empty} | spec.options
    wanted, found = ({**defaults, **_with_tuples(options)} for options in (overrides, card["overrides"]))
    for name in sorted(wanted.keys() | found.keys()):
        if wanted.get(name) != found.get(name):
            there, here = (options.get(name, "not set") for options in (found, wanted))
            return f"its {name} is {there}, here {here}"
    return None


def total_epochs(card: Mapping[str, Any]) -> float | None:
    """Epochs behind a checkpoint, those of its own start included; None if its card does not say."""
    epochs = card.get("epochs_trained", card.get("recipe", {}).get("epochs"))
    return None if epochs is None else float(epochs)


def _with_tuples(options: Mapping[str, Any]) -> dict[str, Any]:
    return {name: tuple(value) if isinstance(value, list) else value for name, value in options.items()}
