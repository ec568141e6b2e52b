"""The flags of ``python -m vit_explorer.train``: those of a recipe, of a run and of a sweep."""

from __future__ import annotations

import argparse
from pathlib import Path

from vit_explorer.models.checkpoint import EXPORT_FOLDER
from vit_explorer.training.cli.flags import add_recipe_flags
from vit_explorer.training.runs.runner import SAVE_EVERY
from vit_explorer.training.studies.data_scaling import UPDATES
from vit_explorer.training.studies.ladder import LENGTHS

GPU_ABREAST = 3  # models that share a GPU, each leaving much of it idle
OTHER_NAMES = {"data-scaling": "hunger"}  # of sweeps


def make_parser(description: str = "") -> argparse.ArgumentParser:
    """All flags. ``flags.recipes_said`` makes recipes of what it reads."""
    parser = argparse.ArgumentParser(prog="python -m vit_explorer.train", description=description)
    add_recipe_flags(parser)
    parser.add_argument("--root", help="where CIFAR-10 lies: a folder or an .npz file")
    parser.add_argument(  # torchrun of Python 3.11 takes --run for a flag of its own
        "--run", "--run-folder", type=Path, help="the folder of the run, or of the race (one in runs/ if not given)"
    )
    parser.add_argument("--resume", type=Path, metavar="FOLDER", help="go on with the run or the race in this folder")
    parser.add_argument(
        "--export", "--keep", dest="export", metavar="NAME", help="at the end put the model into the model list"
    )
    parser.add_argument(
        "--export-in",
        "--keep-in",
        dest="export_in",
        type=Path,
        default=EXPORT_FOLDER,
        metavar="FOLDER",
        help="another folder to put it in",
    )
    parser.add_argument("--half", action="store_true", help="store exported weights as float16")
    parser.add_argument(
        "--at-once", type=int, default=1, metavar="N", help="trainings allowed on this machine, this one included"
    )
    parser.add_argument(
        "--save-every",
        type=float,
        default=SAVE_EVERY,
        metavar="SECONDS",
        help="between two states on disk: what a kill loses",
    )
    sweep = parser.add_argument_group("sweep")
    sweep.add_argument(
        "--sweep",
        type=lambda name: OTHER_NAMES.get(name, name),
        choices=["hunger", *LENGTHS, "weights"],
        help="many runs, resumable: kinds of networks on more and more pictures (also called data-scaling), DeiT's "
        "recipe rung by rung (ladder-long: on all pictures, for a GPU), or the weights that ship",
    )
    sweep.add_argument(
        "--minutes", type=float, metavar="M", help="for the weights: lay the epochs out so that all is done in time"
    )
    sweep.add_argument(
        "--abreast", type=int, metavar="N", help=f"models of the weights trained at once ({GPU_ABREAST} on a GPU)"
    )
    sweep.add_argument("--updates", type=int, metavar="N", help=f"of every run of the hunger sweep ({UPDATES:,})")
    sweep.add_argument("--seeds", type=int, default=1, metavar="N", help="how often each run is made (1)")
    sweep.add_argument(
        "--figure",
        type=Path,
        metavar="FILE",
        help="train nothing: draw the results in the sweep's folder, or those that ship, as PNG, SVG or PDF",
    )
    parser.add_argument("--download", action="store_true", help="fetch CIFAR-10 and end")
    return parser
