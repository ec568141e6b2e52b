"""Train in a terminal: the engine that the page uses, with a progress bar for each model.

python -m vit_explorer.train --model vit --data cifar10 --subset 5000 --epochs 20 --augment crop-flip
python -m vit_explorer.train --model vit cnn --subset 5000               # several models race
python -m vit_explorer.train --preset vit-cnn
python -m vit_explorer.train --repeat cnn-cifar10 --device cuda          # what made a checkpoint, by its card
python -m vit_explorer.train --resume runs/20260131-154500-vit           # a run or a race
python -m vit_explorer.train --resume runs/20260131-154500-vit --export vit-mine   # also put it into the model list
python -m vit_explorer.train --sweep hunger --seeds 3                    # accuracy over the number of pictures
python -m vit_explorer.train --sweep ladder --seeds 3                    # from the plain ViT to the DeiT, rung by rung
python -m vit_explorer.train --sweep ladder-long --seeds 3 --device cuda # the same on all pictures, 100 epochs a rung
python -m vit_explorer.train --sweep weights --device cuda --minutes 10  # all the weights that ship
python -m vit_explorer.train --sweep hunger --figure docs/hunger.png     # draws what there is, and trains nothing
torchrun --nproc_per_node=2 -m vit_explorer.train --model vit            # each process takes a part of every batch
python -m vit_explorer.train --download                                  # fetch CIFAR-10 (170 MB)
"""

from __future__ import annotations

import argparse
import contextlib
import os
import re
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType
from typing import Any

from vit_explorer.data.cache import DatasetCache
from vit_explorer.data.cifar10 import download_cifar10
from vit_explorer.data.dataset import Dataset
from vit_explorer.data.sources import open_dataset
from vit_explorer.figures.frame import write_figure
from vit_explorer.models.checkpoint import EXPORT_FOLDER
from vit_explorer.training.cli.flags import recipes_said, said_flags
from vit_explorer.training.cli.parser import GPU_ABREAST, make_parser
from vit_explorer.training.cli.progress import Display
from vit_explorer.training.loop.distributed import Group, open_group
from vit_explorer.training.loop.events import Failed, Finished
from vit_explorer.training.loop.precision import fast_precision
from vit_explorer.training.loop.recipe import Recipe
from vit_explorer.training.loop.trainer import Trainer
from vit_explorer.training.runs import folder as run_folder
from vit_explorer.training.runs.checkpoint import check_name, export_checkpoint
from vit_explorer.training.runs.race import Race
from vit_explorer.training.runs.runner import Runner
from vit_explorer.training.runs.slots import Slot
from vit_explorer.training.runs.status import RaceStatus
from vit_explorer.training.studies.abreast import train_abreast
from vit_explorer.training.studies.data_scaling import UPDATES, scaling_cells
from vit_explorer.training.studies.ladder import LENGTHS, ladder_cells
from vit_explorer.training.studies.presets import PRESETS
from vit_explorer.training.studies.sweep import MAX_SEEDS, RESULTS, Cell, Sweep
from vit_explorer.training.studies.sweep_figures import results_of, sweep_figure
from vit_explorer.training.studies.weights import plan, ship, stride_on, weight_cells

ASK_EVERY = 0.5  # seconds between two looks whether the machine is free
STOPPED = 130  # exit status of a program that was interrupted


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; returns the exit status."""
    parser = make_parser(__doc__.split("\n")[0])
    options = parser.parse_args(arguments)
    leads = int(os.environ.get("RANK", "0")) == 0
    try:
        if options.download:
            print(f"CIFAR-10 is in {download_cifar10(options.root)}")
            return 0
        if options.figure:
            return _draw(options)
        with _slot(options.at_once) if leads else contextlib.nullcontext(), open_group(_device(options)) as group:
            return _train(options, group)
    except ValueError as error:  # all that can be said in a sentence is one of its kind
        if leads:
            print(f"{parser.prog}: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("\nStopped at once: what was begun stands at the state that was saved last.", file=sys.stderr)
        return STOPPED


def _train(options: argparse.Namespace, group: Group) -> int:
    if options.sweep:
        return _sweep(options, group)
    cache = DatasetCache(lambda source, size: open_dataset(source, options.root, img_size=size), options.root)

    def datasets(recipe: Recipe) -> Dataset:
        return cache.open(recipe.data, recipe.img_size)

    race = Race.at(options.resume) if options.resume else _new_race(options, datasets, group)
    names = _export_names(list(race.runs), options)
    stopped = _run(Runner(race, datasets, options.save_every, group=group), group)
    if not group.leads:
        return 0
    ends = race.ends()
    for label, name in names.items():
        if (end := ends[label]) is not None and end.state == "finished":
            path = export_checkpoint(
                race.runs[label], name, options.export_in, options.half, datasets(race.runs[label].recipe())
            )
            print(f"exported: {path}")
    if stopped:
        print(f"Stopped and saved. Go on with: python -m vit_explorer.train --resume {race.path}", file=sys.stderr)
        return STOPPED
    return 1 if any(end is not None and end.state == "failed" for end in ends.values()) else 0


def _draw(options: argparse.Namespace) -> int:
    """Write the figure of a sweep; nothing is trained."""
    if not options.sweep:
        raise ValueError("--figure belongs to --sweep")
    path, results = results_of(options.sweep, options.run)
    write_figure(sweep_figure(options.sweep, results), options.figure)
    print(f"figure: {options.figure}, of {path}")
    return 0


def _sweep(options: argparse.Namespace, group: Group) -> int:
    """Train what is missing of a sweep; its folder holds the results so far."""
    said = set(said_flags(options)) - {"device", "precision"}
    if said or options.resume or options.export or group.size > 1:
        what = f"--{min(said)}" if said else "--resume or --export" if group.size == 1 else "torchrun"
        raise ValueError(f"{what} cannot be said beside --sweep, whose runs have their recipes")
    if not 1 <= options.seeds <= MAX_SEEDS:
        raise ValueError(f"--seeds must be 1 to {MAX_SEEDS}, not {options.seeds}")
    folder = options.run or run_folder.RUNS_FOLDER / f"sweep-{options.sweep}"
    folder.mkdir(parents=True, exist_ok=True)
    if options.sweep == "weights":
        return _weights(options, folder)
    dataset = open_dataset("cifar10", root=options.root)
    planned = _cells_of(options, folder)
    print(f"sweep: {folder}, {len(planned)} runs")
    with _asked_to_stop(alone=True) as asked:
        stride = stride_on(getattr(options, "device", Recipe.device))
        for cell, event in Sweep(options.sweep, folder, planned, lambda _: dataset, stride).events():
            if isinstance(event, Finished):
                print(f"{cell.name:24} test {event.test_accuracy:.2%}  {event.seconds:.0f} s", flush=True)
            elif isinstance(event, Failed):
                print(f"{cell.name:24} {event.reason}", file=sys.stderr)
            if asked:
                print(f"Stopped. Go on with the same command; results so far: {folder / RESULTS}", file=sys.stderr)
                return STOPPED
    print(f"results: {folder / RESULTS}")
    return 0


def _weights(options: argparse.Namespace, folder: Path) -> int:
    """Make the weights that ship: plan, train what is missing, and put them where ``--export-in`` says."""
    began = time.monotonic()
    device = getattr(options, "device", Recipe.device)
    dataset = open_dataset("cifar10", root=options.root)
    epochs = plan(folder, device, options.minutes, dataset, options.seeds)
    print("epochs: " + ", ".join(f"{name} {n}" for name, n in epochs.items()), flush=True)
    precision = getattr(options, "precision", fast_precision(device))
    cells = weight_cells(folder, device, epochs, options.seeds, precision=precision)
    on_gpu = stride_on(device) > 1
    complete = train_abreast(
        folder,
        cells,
        root=options.root,
        at_once=options.abreast or (GPU_ABREAST if on_gpu else 1),
        stride=stride_on(device),
        deadline=None if options.minutes is None else began + 60 * options.minutes,
    )
    if not complete:
        print("Not all models have come to their end. Go on with the same command.", file=sys.stderr)
        return 1
    if options.export_in != EXPORT_FOLDER:
        for card in ship(folder, cells, options.export_in):
            print(f"shipped: {card}")
    return 0


def _cells_of(options: argparse.Namespace, folder: Path) -> list[Cell]:
    device = getattr(options, "device", Recipe.device)
    fields: dict[str, Any] = {"device": device, "precision": getattr(options, "precision", fast_precision(device))}
    if options.sweep == "hunger":
        return scaling_cells(folder, options.seeds, UPDATES if options.updates is None else options.updates, **fields)
    if options.updates is not None:
        raise ValueError("--updates belongs to --sweep hunger: the recipes of a ladder have their epochs")
    return ladder_cells(folder, options.seeds, LENGTHS[options.sweep], **fields)


def _device(options: argparse.Namespace) -> str:
    """On which the options want to train. Raises ValueError for a recipe beside --resume, which has its own."""
    if options.resume is None:
        return getattr(options, "device", Recipe.device)
    said = said_flags(options)
    if said:
        raise ValueError(f"--{said[0]} cannot be said beside --resume: a run keeps its recipe")
    return next(iter(Race.at(options.resume).recipes().values())).device


def _new_race(options: argparse.Namespace, datasets: Callable[[Recipe], Dataset], group: Group) -> Race:
    """A race in a folder of its own, which is made once all else is known to work."""
    source = {name: getattr(options, name) for name in ("data", "img_size") if hasattr(options, name)}
    recipes = recipes_said(options, datasets(Recipe(**source)) if options.preset else None)
    for recipe in recipes.values():
        Trainer(recipe, datasets(recipe), group=group)
    if group.leads:
        for remark in datasets(next(iter(recipes.values()))).remarks():
            print(remark, file=sys.stderr)
    _export_names(list(recipes), options)
    return Race.at(group.told(str(_make_folder(options, recipes)) if group.leads else ""))


def _make_folder(options: argparse.Namespace, recipes: dict[str, Recipe]) -> Path:
    if len(recipes) > 1:
        title = PRESETS[options.preset].title if options.preset else ", ".join(recipes)
        root, name = (run_folder.RUNS_FOLDER, None) if options.run is None else (options.run.parent, options.run.name)
        return Race.create(root, recipes, title=title, name=name, preset=options.preset).path
    (label,) = recipes
    folder = options.run or run_folder.RUNS_FOLDER / f"{time.strftime('%Y%m%d-%H%M%S')}-{label}"
    if (folder / "race.json").exists():
        raise ValueError(f"{folder} already holds a race: resume it, or choose another folder.")
    return run_folder.RunFolder.create(folder, recipes[label]).path


def _export_names(labels: list[str], options: argparse.Namespace) -> dict[str, str]:
    """The name under which each model will be exported; an invalid one is refused now, not after the training."""
    if options.export is None:
        return {}
    suffixes = [re.sub(r"[^a-z0-9]+", "-", f"-{label.lower()}") for label in labels] if len(labels) > 1 else [""]
    names = {label: options.export + suffix for label, suffix in zip(labels, suffixes, strict=True)}
    for name in names.values():
        check_name(name, options.export_in)
    return names


def _run(runner: Runner, group: Group) -> bool:
    """Train to the end, showing what happens; True if it was stopped before."""
    race = runner.race
    display = Display(list(race.runs)) if group.leads else None
    if display:
        display.say(f"{'run' if len(race.runs) == 1 else 'race'}: {race.path}")
        for label, end in race.ends().items():
            if end is not None and end.state == "finished":
                display.say("finished already", label)
    with runner, _asked_to_stop(alone=group.size == 1) as asked:
        for label, event in runner.events():
            if display:
                display.show(label, event)
            if group.any(bool(asked)):
                runner.save()
                if group.leads and not runner.over:
                    race.save_status(RaceStatus("paused"))
                break
        return not runner.over


@contextlib.contextmanager
def _slot(at_once: int) -> Iterator[None]:
    """The right to train on this machine, waited for."""
    slot = Slot(at_once)
    told = False
    while not slot.try_take():
        if not told:
            print("Another training is under way on this machine: waiting for its end (--at-once 2 does not wait).")
            told = True
        time.sleep(ASK_EVERY)
    try:
        yield
    finally:
        slot.release()


@contextlib.contextmanager
def _asked_to_stop(alone: bool) -> Iterator[list[int]]:
    """The signals that asked this process to stop, as they come; a second Ctrl-C does not wait for a good moment.

    With other processes beside it every Ctrl-C comes several times, from the terminal and from torchrun.
    """
    asked: list[int] = []

    def note(number: int, frame: FrameType | None) -> None:
        if asked and alone:
            raise KeyboardInterrupt
        asked.append(number)

    before = {number: signal.signal(number, note) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield asked
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


if __name__ == "__main__":
    sys.exit(main())
