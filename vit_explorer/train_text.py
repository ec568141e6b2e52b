"""Train the text Transformer in a terminal and write a checkpoint with its card.

python -m vit_explorer.train_text                                  # the shipped checkpoint, reversal of 10 symbols
python -m vit_explorer.train_text --task sort --folder runs/text   # another task, elsewhere
python -m vit_explorer.train_text --min-length 3 --name reverse-3-to-10 --snapshots 0 1 3 5 8
"""

from __future__ import annotations

import argparse
import platform
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch

from vit_explorer.text.checkpoint import TEXT_FOLDER, half, save_text_checkpoint
from vit_explorer.text.tasks import TITLES, SequenceTask
from vit_explorer.text.training import EpochDone, TextRecipe, fresh_model, measure, train_text
from vit_explorer.training.runs.card import current_commit, describe_hardware

SNAPSHOTS = [0, 1, 2, 3, 5, 8, 13, 20]  # epochs whose weights are kept beside those of the last


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m vit_explorer.train_text", description=__doc__.split("\n")[0])
    parser.add_argument("--task", choices=TITLES, default="reverse")
    parser.add_argument("--min-length", type=int, default=10, help="symbols in the shortest sequence (10)")
    parser.add_argument("--max-length", type=int, default=10, help="symbols in the longest sequence (10)")
    parser.add_argument("--n-train", type=int, default=TextRecipe.n_train, help="training sequences (3000)")
    parser.add_argument("--n-test", type=int, default=TextRecipe.n_test, help="test sequences (500)")
    parser.add_argument("--epochs", type=int, default=TextRecipe.epochs)
    parser.add_argument("--seed", type=int, default=TextRecipe.seed)
    parser.add_argument("--snapshots", type=int, nargs="*", default=SNAPSHOTS, help="epochs before the last to keep")
    parser.add_argument("--name", help="of the checkpoint; the task's name by default")
    parser.add_argument("--folder", type=Path, default=TEXT_FOLDER, help="where the checkpoint is written")
    options = parser.parse_args(arguments)
    try:
        task = SequenceTask(options.task, min_length=options.min_length, max_length=options.max_length)
        recipe = TextRecipe(task, options.n_train, options.n_test, options.epochs, seed=options.seed)
        epochs = []
        for event in train_text(recipe):
            if isinstance(event, EpochDone):
                print(_line(event), flush=True)
                epochs.append(event)
    except ValueError as error:
        parser.error(str(error))
    snapshots = {done.epoch: done.weights for done in epochs[:-1] if done.epoch in options.snapshots}
    name = options.name or options.task
    print(save_text_checkpoint(epochs[-1].weights, snapshots, _card(recipe, epochs), name, options.folder))
    return 0


def _line(done: EpochDone) -> str:
    forced, free = done.test.teacher_forced, done.test.free_running
    return (
        f"epoch {done.epoch:3}  {done.seconds:6.1f} s  test loss {done.test.loss:.4f}  "
        f"tokens {forced.tokens:.2%} / free running {free.tokens:.2%}  "
        f"sequences {forced.sequences:.2%} / {free.sequences:.2%}"
    )


def _card(recipe: TextRecipe, epochs: list[EpochDone]) -> dict[str, Any]:
    """Describe the checkpoint; "test" is measured on the weights as they are stored, in float16."""
    model = fresh_model(recipe)
    model.load_state_dict(half(epochs[-1].weights))
    _, test = recipe.task.draw(recipe.n_train, recipe.n_test, recipe.seed)
    made = asdict(recipe)
    return {
        "model": model.sizes,
        "parameters": sum(parameter.numel() for parameter in model.parameters()),
        "task": made.pop("task"),
        "recipe": made | {"optimizer": "adam", "data": "drawn by the seed; no test sequence is a training sequence"},
        "test": asdict(measure(model, test)),
        "seconds": round(epochs[-1].seconds, 1),
        "hardware": describe_hardware("cpu"),
        "versions": {"python": platform.python_version(), "torch": torch.__version__},
        "commit": current_commit(),
        "history": [
            {"epoch": done.epoch, "seconds": round(done.seconds, 2), "train_loss": done.train_loss}
            | {"test": asdict(done.test)}
            for done in epochs
        ],
    }


if __name__ == "__main__":
    sys.exit(main())
