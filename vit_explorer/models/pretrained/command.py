"""The command that lists and downloads pretrained networks, for ``python -m`` and for the console."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from PIL import Image

from vit_explorer.models.checkpoint import CheckpointError
from vit_explorer.models.pretrained.catalogue import PretrainedModel, find_pretrained, pretrained_models
from vit_explorer.models.pretrained.download import Progress
from vit_explorer.models.pretrained.download_words import MEGABYTE
from vit_explorer.models.pretrained.load import get_weights, load_pretrained, weights_path
from vit_explorer.models.pretrained.preprocess import resize_and_crop
from vit_explorer.models.pretrained.report import Preprocessing

Say = Callable[[str], None]
TOP = 5
# Of the labelled images: a network on wrong pixels, or with its classes in another order, knows none.
FEWEST_RIGHT = 0.5


@dataclass(frozen=True)
class Shown:
    """An RGB image for --check; ``labels`` are all names of what it shows, () where that is unknown."""

    image: Image.Image
    labels: tuple[str, ...] = ()


def main(
    arguments: Sequence[str] | None = None,
    program: str = "python -m vit_explorer.models.pretrained",
    gallery: Callable[[], Mapping[str, Shown]] = dict,
) -> int:
    """Run ``list`` or ``get``.

    Args:
        gallery: the images that --check shows where none are named.
    Returns:
        The exit status: 1 where a network could not be had, or does not know what the images show.
    """
    parser = argparse.ArgumentParser(prog=program, description="Networks that others trained, from their authors.")
    commands = parser.add_subparsers(dest="command", required=True)
    listing = commands.add_parser("list", help="all networks, with size, licence and accuracy")
    getting = commands.add_parser("get", help="download networks")
    for command in (listing, getting):
        command.add_argument("--folder", type=Path, help="of the files (default: that of torch.hub)")
    getting.add_argument("names", nargs="*", metavar="NAME", help="see list")
    getting.add_argument("--all", action="store_true", help="every network of the catalogue")
    getting.add_argument("--list", action="store_true", help="the same as the command list")
    getting.add_argument("--check", action="store_true", help="also load each network and let it classify photos")
    getting.add_argument(
        "--pictures", type=Path, nargs="+", default=[], metavar="FILE", help="for --check, in place of its own photos"
    )
    options = parser.parse_args(arguments)
    if options.command == "list" or options.list:
        print("\n".join(catalogue_lines(options.folder)))
        return 0
    if options.all == bool(options.names):
        getting.error("name one network or more, or --all")
    try:
        pictures = {path.name: Shown(Image.open(path).convert("RGB")) for path in options.pictures}
    except OSError as error:
        print(f"{program}: {error}", file=sys.stderr)
        return 1
    names = [entry.name for entry in pretrained_models()] if options.all else options.names
    return get(names, options.folder, (pictures or gallery()) if options.check else None)


def catalogue_lines(folder: Path | None = None) -> list[str]:
    """A line for each network: name, title, megabytes, licence, accuracy, and whether it is on this machine."""
    width = max(len(entry.name) for entry in pretrained_models())
    return [
        f"{entry.name:{width}}  {entry.megabytes:5.0f} MB  {entry.licence:12}  {_accuracy(entry):22}  {entry.title}"
        f"{', on this machine' if weights_path(entry, folder).is_file() else ''}"
        for entry in pretrained_models()
    ]


def get(
    names: Sequence[str],
    folder: Path | None = None,
    pictures: Mapping[str, Shown] | None = None,
    say: Say = print,
    progress: Callable[[Progress], None] | None = None,
) -> int:
    """Download networks, one after the other.

    Args:
        pictures: load each network too, and let it classify these; None: do not.
        say: takes a line for each network, or several.
        progress: of each download; the default draws on a terminal.
    Returns:
        0, or 1 where some network could not be had or knows too few; the others are downloaded all the same.
    """
    failed = 0
    for name in names:
        try:
            entry = find_pretrained(name)
            path = get_weights(entry, folder, progress=progress or _draw)
            say(f"{entry.title}: {path}")
            if pictures is not None:
                lines, known = check(entry, folder, pictures)
                for line in lines:
                    say(f"  {line}")
                failed += not known
        except CheckpointError as error:
            say(str(error))
            failed += 1
    return int(failed > 0)


def check(entry: PretrainedModel, folder: Path | None, pictures: Mapping[str, Shown]) -> tuple[list[str], bool]:
    """What a network on this machine is, and its five likeliest classes for each image; whether it knows enough.

    That is asked of images with a label that its head can name. Raises CheckpointError.
    """
    checkpoint = load_pretrained(entry.name, folder=folder)
    hashed = f"SHA-256 {entry.sha256_prefix}..." if entry.sha256_prefix else "no SHA-256 is stated by its authors"
    lines = [f"{checkpoint.card['pretrained']['format']}, {hashed}"]
    preprocessing = Preprocessing(**checkpoint.card["preprocessing"])
    right = []
    for name, shown in pictures.items():
        inputs = checkpoint.preprocess(resize_and_crop(shown.image, preprocessing)[None])
        with torch.inference_mode():
            if not entry.n_classes:
                lines.append(f"{name}: a vector of length {checkpoint.model.embed(inputs).norm():.1f}, no head")
                continue
            shares, places = checkpoint.model(inputs).softmax(dim=-1)[0].topk(min(TOP, entry.n_classes))
        classes = [checkpoint.class_names[place] for place in places]
        lines.append(f"{name}: {', '.join(f'{one} {share:.1%}' for one, share in zip(classes, shares, strict=True))}")
        if set(shown.labels) & set(checkpoint.class_names):
            right.append(bool(set(shown.labels) & set(classes)))
    if right:
        lines.append(f"{sum(right)} of {len(right)} photos: what it shows is among the {TOP} likeliest classes")
    known = sum(right) >= FEWEST_RIGHT * len(right)
    if not known:
        lines.append("Too few: its weights, its pixels or the names of its classes are wrong.")
    return lines, known


def _accuracy(entry: PretrainedModel) -> str:
    if entry.top1 is not None:
        return f"ImageNet top-1 {entry.top1:.1%}"
    return f"ImageNet k-NN {entry.knn:.1%}"


def _draw(progress: Progress) -> None:
    if not sys.stderr.isatty():
        return
    total = "" if progress.total is None else f" of {progress.total / MEGABYTE:.1f}"
    left = "" if progress.seconds_left is None else f", {progress.seconds_left:.0f} s left"
    end = "\n" if progress.received == progress.total else ""
    print(f"\r{progress.received / MEGABYTE:8.1f}{total} MB{left}      ", end=end, file=sys.stderr, flush=True)
