"""Train in a terminal: the engine that the page uses, with a progress bar.

python -m vit_explorer.train --model vit --data cifar10 --epochs 30 --augment crop-flip --run runs/vit
python -m vit_explorer.train --resume runs/vit
python -m vit_explorer.train --resume runs/vit --keep vit-mine      # also write checkpoints/vit-mine.pt and .json
python -m vit_explorer.train --download                             # fetch CIFAR-10 (170 MB)
"""

from __future__ import annotations

import argparse
import shutil
import sys
import time
from dataclasses import MISSING, fields, replace
from pathlib import Path

import torch

from vit_explorer.data.sources import DatasetError, download_cifar10, open_dataset
from vit_explorer.models.zoo import CHECKPOINT_FOLDER, Option, model_names, save_checkpoint
from vit_explorer.training.card import make_card
from vit_explorer.training.engine import Trainer
from vit_explorer.training.events import Epoch, Event, Failed, Finished, Snapshot, Started, Step
from vit_explorer.training.recipe import CHOICES, LIMITS, Recipe
from vit_explorer.training.runs import RunError, RunFolder

SAVE_EVERY = 30.0  # seconds between two states on disk: what a kill loses at most
BAR_WIDTH = 24


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; returns the exit status."""
    parser = _parser()
    options = parser.parse_args(arguments)
    try:
        if options.download:
            print(f"CIFAR-10 is in {download_cifar10(options.root)}")
            return 0
        run, trainer = _open_run(options)
        return _follow(run, trainer, options)
    except (DatasetError, RunError, ValueError) as error:
        print(f"{parser.prog}: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("\nStopped. Go on with --resume and the run's folder.", file=sys.stderr)
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m vit_explorer.train",
        description=__doc__.split("\n")[0],
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    default = {field.name: field.default for field in fields(Recipe) if field.default is not MISSING}
    parser.add_argument("--model", choices=model_names(), default=default["model"])
    parser.add_argument("--set", action="append", default=[], metavar="OPTION=VALUE", help="an option of the model")
    parser.add_argument("--data", default=default["data"], help="cifar10, shapes, an .npz file or an image folder")
    parser.add_argument("--root", help="where CIFAR-10 lies: a folder or an .npz file")
    parser.add_argument("--subset", type=int, help="number of training pictures (all if not given)")
    for name, (low, high) in LIMITS.items():
        parser.add_argument(
            f"--{name.replace('_', '-')}", type=type(default[name]), default=default[name], help=f"{low:g} to {high:g}"
        )
    for name, choices in CHOICES.items():
        parser.add_argument(f"--{name}", choices=choices, default=default[name])
    parser.add_argument("--device", default=default["device"])
    parser.add_argument("--test-at-end-only", action="store_true", help="look at the test split once")
    parser.add_argument("--run", type=Path, help="the run's folder (runs/MODEL-TIME if not given)")
    parser.add_argument("--resume", type=Path, metavar="RUN", help="go on with the run in this folder")
    parser.add_argument("--keep", metavar="NAME", help="at the end write NAME.pt and NAME.json")
    parser.add_argument("--keep-in", type=Path, default=CHECKPOINT_FOLDER, metavar="FOLDER")
    parser.add_argument("--half", action="store_true", help="store kept weights as float16")
    parser.add_argument("--download", action="store_true", help="fetch CIFAR-10 and end")
    return parser


def _open_run(options: argparse.Namespace) -> tuple[RunFolder, Trainer]:
    """The run to go on with, or a new one, whose folder is made once all else is known to work."""
    if options.resume:
        run = RunFolder(options.resume)
        recipe = run.recipe()
        return run, Trainer(recipe, open_dataset(recipe.data, root=options.root), run.load_state())
    values = {field.name: getattr(options, field.name) for field in fields(Recipe) if hasattr(options, field.name)}
    values["overrides"] = dict(_option(text) for text in options.set)
    values["test_each_epoch"] = not options.test_at_end_only
    recipe = Recipe(**values)
    trainer = Trainer(recipe, open_dataset(recipe.data, root=options.root))
    folder = options.run or Path("runs") / f"{recipe.model}-{time.strftime('%Y%m%d-%H%M%S')}"
    return RunFolder.create(folder, recipe), trainer


def _option(text: str) -> tuple[str, Option]:
    name, separator, value = text.partition("=")
    if not separator:
        raise ValueError(f"--set takes OPTION=VALUE, not {text!r}")
    for kind in (int, float):
        try:
            return name, kind(value)
        except ValueError:
            continue
    return name, value


def _follow(run: RunFolder, trainer: Trainer, options: argparse.Namespace) -> int:
    """Train to the end, showing and writing what happens."""
    print(f"run: {run.path}")
    saved = time.monotonic()
    for event in trainer.events():
        _show(event)
        if not isinstance(event, Step):
            run.append(event)
        if isinstance(event, Failed):
            return 1
        if isinstance(event, Finished):  # no state after it, so that a finished run, resumed to be kept, says it once
            if options.keep:
                _keep(trainer, event, run, options)
        elif isinstance(event, Epoch) or time.monotonic() - saved > SAVE_EVERY:
            run.save_state(trainer.state())
            saved = time.monotonic()
    return 0


def _keep(trainer: Trainer, finished: Finished, run: RunFolder, options: argparse.Namespace) -> None:
    if options.half:
        finished = _round_to_half(trainer, finished)
        print(f"test accuracy as float16 {finished.test_accuracy:.2%}")
    events = run.events()
    card = make_card(trainer, finished, [event for event in events if isinstance(event, Epoch)])
    dtype = torch.float16 if options.half else torch.float32
    snapshots = [event for event in events if isinstance(event, Snapshot)]
    positions = None
    if snapshots:
        tables = torch.stack([snapshot.positions for snapshot in snapshots])
        positions = [snapshot.epoch for snapshot in snapshots], tables
    path = save_checkpoint(trainer.model, card, options.keep, options.keep_in, dtype, positions)
    print(f"kept: {path}")


@torch.no_grad()
def _round_to_half(trainer: Trainer, finished: Finished) -> Finished:
    """Round the model's weights as float16 stores them, and measure again: a card speaks of the weights beside it."""
    for value in trainer.model.state_dict().values():
        if value.is_floating_point():
            value.copy_(value.half())
    return replace(
        finished,
        validation_accuracy=trainer.accuracy(trainer.validation) if len(trainer.validation.y) else None,
        test_accuracy=trainer.accuracy(trainer.dataset.test),
    )


def _show(event: Event) -> None:
    width = shutil.get_terminal_size().columns - 1
    if isinstance(event, Started):
        print(
            f"{event.parameters:,} parameters; {event.n_train:,} training, {event.n_validation:,} validation and "
            f"{event.n_test:,} test pictures; step {event.step:,} of {event.total_steps:,}"
        )
    elif isinstance(event, Step) and sys.stderr.isatty():
        done = BAR_WIDTH * event.step // event.total_steps
        line = (
            f"[{'#' * done}{'.' * (BAR_WIDTH - done)}] epoch {event.epoch}  loss {event.loss:.3f}  "
            f"{event.images_per_second:.0f} img/s  {event.seconds_left / 60:.1f} min left"
        )
        print(f"\r{line[:width]:<{width}}", end="", file=sys.stderr, flush=True)
    elif isinstance(event, Epoch):
        parts = [f"epoch {event.epoch:>3}", f"train loss {event.train_loss:.4f}", f"train {event.train_accuracy:.2%}"]
        if event.validation_accuracy is not None:
            parts.append(f"validation {event.validation_accuracy:.2%}")
        if event.test_accuracy is not None:
            parts.append(f"test {event.test_accuracy:.2%}")
        _line("  ".join([*parts, f"{event.seconds:.0f} s"]), width)
    elif isinstance(event, Failed):
        _line(event.reason, width)
    elif isinstance(event, Finished):
        _line(f"test accuracy {event.test_accuracy:.2%} after {event.seconds:.0f} s of training", width)


def _line(text: str, width: int) -> None:
    """Print a line that stays, wiping the progress bar first."""
    if sys.stderr.isatty():
        print(f"\r{'':<{width}}\r", end="", file=sys.stderr, flush=True)
    print(text, flush=True)


if __name__ == "__main__":
    sys.exit(main())
