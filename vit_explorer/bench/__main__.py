"""Measure speeds on this machine and print the results beside their budgets.

    python -m vit_explorer.bench                       # everything, an hour
    python -m vit_explorer.bench startup point         # some of it
    python -m vit_explorer.bench point picture --model deit-tiny weights.pth   # with these networks
    python -m vit_explorer.bench faithful --n 100      # on fewer images; --data says where CIFAR-10 lies
    python -m vit_explorer.bench load --visitors 100   # many visitors at once
    python -m vit_explorer.bench soak --requests 20000 # the server's memory over many requests
    python -m vit_explorer.bench cards --data FILE     # is every card true: accuracies measured again from the files
    python -m vit_explorer.bench models --figure FILE  # the table of architectures, with times of this machine
    python -m vit_explorer.bench --json                # for machines

Absolute times drift from day to day and from machine to machine; where a ratio can be had it is measured in one run.
"""

from __future__ import annotations

import argparse
import json
import platform
import sys
from typing import Any

import torch

from vit_explorer.bench.cards import measure_cards
from vit_explorer.bench.decode import measure_decode
from vit_explorer.bench.explain import measure_explain
from vit_explorer.bench.faithful import MODELS, N_PICTURES, measure_faithful
from vit_explorer.bench.latency import measure_picture, measure_point
from vit_explorer.bench.learn import measure_learn
from vit_explorer.bench.live import measure_live
from vit_explorer.bench.load import SECONDS, VISITORS, measure_load
from vit_explorer.bench.missing import NotMeasured
from vit_explorer.bench.models import measure_models
from vit_explorer.bench.pretrained import measure_pretrained
from vit_explorer.bench.soak import REQUESTS, measure_soak
from vit_explorer.bench.startup import measure_startup
from vit_explorer.bench.throughput import measure_throughput
from vit_explorer.bench.wait import measure_wait
from vit_explorer.bench.windows import measure_windows
from vit_explorer.training.runs.card import describe_hardware

MEASURES = {
    "startup": measure_startup,
    "point": measure_point,
    "picture": measure_picture,
    "pretrained": measure_pretrained,
    "live": measure_live,
    "load": measure_load,  # two minutes
    "soak": measure_soak,  # five minutes
    "throughput": measure_throughput,
    "windows": measure_windows,
    "decode": measure_decode,
    "explain": measure_explain,
    "models": measure_models,
    "cards": measure_cards,
    "faithful": measure_faithful,  # some ten minutes
    "learn": measure_learn,  # 23 minutes of training
    "wait": measure_wait,  # twenty minutes of training
}


def main(arguments: list[str] | None = None) -> int:
    """Run the named measures; exit status 1 if one of these is impossible here."""
    parser = argparse.ArgumentParser(prog="python -m vit_explorer.bench", description=__doc__.split("\n")[0])
    parser.add_argument("measures", nargs="*", metavar="MEASURE", help=f"{', '.join(MEASURES)} (all if none is named)")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of text")
    parser.add_argument("--checkpoints", help="a folder of weights, instead of the ones that ship")
    parser.add_argument("--data", help="cards, faithful: the file or folder in which CIFAR-10 is looked for first")
    parser.add_argument(
        "--model",
        nargs="+",
        default=(),
        help="point, picture: files of weights or names of the catalogue, in place of the shipped networks; "
        f"faithful: names of checkpoints ({' '.join(MODELS)})",
    )
    parser.add_argument("--figure", help="models: draw the table as this PNG, SVG or PDF file")
    load = parser.add_argument_group("load")
    load.add_argument("--visitors", type=int, default=VISITORS, help=f"how many ask at the same time ({VISITORS})")
    load.add_argument("--seconds", type=float, default=SECONDS, help=f"of each phase ({SECONDS:g})")
    soak = parser.add_argument_group("soak")
    soak.add_argument("--requests", type=int, default=REQUESTS, help=f"how many ({REQUESTS:,})")
    faithful = parser.add_argument_group("faithful")
    faithful.add_argument("--n", type=int, default=N_PICTURES, help=f"how many test pictures ({N_PICTURES})")
    options = parser.parse_args(arguments)
    unknown = [name for name in options.measures if name not in MEASURES]
    if unknown:
        parser.error(f"no measure {unknown[0]!r}: choose from {', '.join(MEASURES)}")

    results: dict[str, Any] = {
        "machine": describe_hardware("cpu"),
        "versions": {"python": platform.python_version(), "torch": torch.__version__},
    }
    asked = {
        "point": {"models": options.model},
        "picture": {"models": options.model},
        "load": {"visitors": options.visitors, "seconds": options.seconds},
        "soak": {"requests": options.requests},
        "models": {"figure": options.figure},
        "cards": {"data": options.data},
        "faithful": {"data": options.data, "n": options.n, "models": options.model or MODELS},
    }
    missing = False
    for name in options.measures or MEASURES:
        try:
            results[name] = MEASURES[name](options.checkpoints, **asked.get(name, {}))
        except NotMeasured as error:
            results[name] = {"not measured": str(error)}
            missing = True
        if not options.json:
            _print(name, results[name])
    if options.json:
        print(json.dumps(results, indent=2))
    return int(missing)


def _print(name: str, result: dict[str, Any]) -> None:
    print(name)
    for key, value in result.items():
        if isinstance(value, str) and "\n" in value:  # a table, to be copied as it stands
            print(f"\n{value}\n")
            continue
        shown = f"{value:.4g}" if isinstance(value, float) else value
        print(f"  {key:<58} {shown}")


if __name__ == "__main__":
    sys.exit(main())
