"""Export a run as a model of the list: its weights, its card and the history of its position embeddings."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import torch

from vit_explorer.data.dataset import Dataset
from vit_explorer.models.checkpoint import EXPORT_FOLDER, MODEL_FOLDERS, list_checkpoints, save_checkpoint
from vit_explorer.training.loop.events import Epoch, Event, Finished, Snapshot
from vit_explorer.training.loop.trainer import Trainer
from vit_explorer.training.runs.card import make_card
from vit_explorer.training.runs.errors import RunError
from vit_explorer.training.runs.folder import RunFolder

NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")


def export_checkpoint(
    run: RunFolder,
    name: str,
    folder: str | os.PathLike[str] = EXPORT_FOLDER,
    half: bool = False,
    dataset: Dataset | None = None,
) -> Path:
    """Write a run's model, as its last saved state has it, as NAME.pt, NAME.json and NAME.positions.npz.

    The accuracy on its card is that of the whole test split: the run's own if it has come to its end, else it is
    measured now. The run is not changed, and may be exported under other names too.

    Args:
        half: store the weights as float16; they are rounded first and measured again, so that the card speaks of what
            lies beside it.
        dataset: the run's data, if already open.
    Returns:
        The path of NAME.pt.
    Raises:
        RunError: for a name that cannot be used or is taken, a run without a saved state, or a folder that cannot be
            written; the message is a sentence.
        ValueError: if the data are no longer there or no longer fit.
    """
    folder = Path(folder)
    check_name(name, folder)
    state = run.peek_state()
    if state is None or state["step"] == 0:
        raise RunError(f"{run.path} has not learned anything yet: there is nothing to export.")
    trainer = Trainer(run.recipe(), dataset, state)
    events = [event for event in run.events() if event.step <= trainer.step]
    finished = _measured(trainer, events, half)
    card = make_card(trainer, finished, [event for event in events if isinstance(event, Epoch)])
    dtype = torch.float16 if half else torch.float32
    with _claimed(name, folder):
        return save_checkpoint(trainer.model, card, name, folder, dtype, _positions(trainer, events))


def check_name(name: str, folder: str | os.PathLike[str] = EXPORT_FOLDER) -> None:
    """Refuse, with a RunError, a name that no model can have or that one in this folder has already.

    A model exported to where the page looks must not be hidden behind one that ships.
    """
    if not NAME.fullmatch(name):
        raise RunError(
            f"{name!r} cannot be a model's name: it takes 1 to 40 small letters, digits and hyphens, the first one no "
            "hyphen."
        )
    folders = [folder] if Path(folder) != EXPORT_FOLDER else MODEL_FOLDERS
    if name in list_checkpoints(folders):
        raise RunError(f"There is a model {name!r} already: choose another name.")


def _measured(trainer: Trainer, events: list[Event], half: bool) -> Finished:
    """What the run says at its end, or would say if it ended here."""
    if half:
        _round_to_half(trainer)
    told = next((event for event in events if isinstance(event, Finished)), None)
    if told is not None and not half:
        return told
    accuracies: dict[str, Any] = {
        "validation_accuracy": trainer.accuracy(trainer.source.validation)
        if len(trainer.source.validation.y)
        else None,
        "test_accuracy": trainer.accuracy(trainer.dataset.test),
    }
    if told is not None:
        return replace(told, **accuracies)
    return Finished(trainer.step, trainer.images, trainer.seconds, **accuracies)


@torch.no_grad()
def _round_to_half(trainer: Trainer) -> None:
    """Round the model's weights as float16 stores them."""
    for value in trainer.model.state_dict().values():
        if value.is_floating_point():
            value.copy_(value.half())


def _positions(trainer: Trainer, events: list[Event]) -> tuple[list[float], torch.Tensor] | None:
    """The position embeddings of all snapshots, and those of now if no snapshot was taken at this step.

    Those of the run's start stand before them, and epochs count from fresh weights on.
    """
    own = trainer.model.position_table
    if own is None:
        return None
    epochs: list[float] = []
    tables: list[torch.Tensor] = []
    before = 0.0
    if trainer.start is not None and trainer.start.positions is not None:
        known, before = trainer.start.positions, trainer.start.epochs
        epochs, tables = known[0][:-1], list(known[1][:-1].float())  # its last one is this run's first
    taken = [event for event in events if isinstance(event, Snapshot) and event.positions is not None]
    for event in taken:
        epochs.append(before + event.epoch)
        tables.append(cast(torch.Tensor, event.positions))
    if not taken or taken[-1].step != trainer.step:
        epochs.append(before + trainer.step / trainer.steps_per_epoch)
        tables.append(own.detach()[0].float().cpu())
    return epochs, torch.stack(tables)


@contextlib.contextmanager
def _claimed(name: str, folder: Path) -> Iterator[None]:
    """Reserve the name for this export, and leave nothing behind if the writing fails."""
    weights = folder / f"{name}.pt"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RunError(f"{folder} cannot hold a model: {error.strerror}.") from error
    try:
        weights.touch(exist_ok=False)
    except FileExistsError as error:
        raise RunError(f"There is a file {weights} already: choose another name.") from error
    except OSError as error:
        raise RunError(f"{folder} cannot hold a model: {error.strerror}.") from error
    try:
        yield
    except (OSError, RuntimeError) as error:  # torch turns some of its writing errors into RuntimeErrors
        for ending in ("json", "positions.npz", "pt"):
            with contextlib.suppress(OSError):
                (folder / f"{name}.{ending}").unlink(missing_ok=True)
        reason = getattr(error, "strerror", None) or str(error).splitlines()[0]
        raise RunError(f"The model could not be written to {folder} ({reason}).") from error
