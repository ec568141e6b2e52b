"""The command ``vit-explorer``: read the flags, build the page, serve it.

vit-explorer [--host 127.0.0.1] [--port 7860] [--data PLACE] [--checkpoints FOLDER] [--share] [--open]
             [--runs FOLDER] [--at-once N] [--device NAME] [--own-data PATH ...] [--model FILE|FOLDER|NAME] [--offline]
             [--get NAME] [--allow-weights] [--weights-memory MB]
vit-explorer get NAME ... | --all | --list
"""

from __future__ import annotations

import argparse
import logging
import os
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from vit_explorer.ui.listening import CannotListen, listening_place, no_proxies, refusal

if TYPE_CHECKING:
    from vit_explorer.models.pretrained.command import Shown
    from vit_explorer.ui.core.session import Session

PORT = 7860
UPLOADS_MEMORY = 512  # MB
WEIGHTS_MEMORY = 1000  # MB
PROGRAM = "vit-explorer"


def main(arguments: list[str] | None = None) -> int:
    """Serve the page until it is interrupted, or download networks; returns the exit status."""
    given = sys.argv[1:] if arguments is None else arguments
    if given[:1] == ["get"]:
        from vit_explorer.models.pretrained import command

        return command.main(given, PROGRAM, _gallery)
    # A Hugging Face Space says through these variables where it wants to be answered.
    host = os.environ.get("GRADIO_SERVER_NAME") or "127.0.0.1"
    port = os.environ.get("GRADIO_SERVER_PORT") or str(PORT)
    if not port.isdecimal():
        print(f"{PROGRAM}: GRADIO_SERVER_PORT is {port!r}: it must be the number of a port.", file=sys.stderr)
        return 1
    parser = argparse.ArgumentParser(
        prog=PROGRAM,
        description="See how Vision Transformers work, on real models and real pictures.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    parser.add_argument("--host", default=host)
    parser.add_argument("--port", type=int, default=int(port), help="0 for any that is free")
    parser.add_argument("--data", type=Path, help="CIFAR-10: a folder that holds it, or an .npz file")
    parser.add_argument("--checkpoints", type=Path, help="a folder of weights, instead of the ones that ship")
    parser.add_argument("--runs", type=Path, help="where trainings and kept models are written (runs/ if it can be)")
    parser.add_argument("--device", help="on which to train: cpu, cuda, ... (the GPU where there is one)")
    parser.add_argument("--at-once", type=int, default=1, help="trainings allowed on this machine at the same time")
    parser.add_argument(
        "--own-data",
        action="extend",
        nargs="+",
        default=[],
        metavar="PATH",
        help=".npz files or image folders, also as .zip, to train on",
    )
    parser.add_argument(
        "--model",
        action="append",
        default=[],
        metavar="FILE|FOLDER|NAME",
        help="a network to look at, shown first: a file or folder of weights, or a name of 'get --list'; repeatable",
    )
    parser.add_argument(
        "--get",
        action="append",
        default=[],
        metavar="NAME",
        help="download a network of 'get --list' first, where it is not on this machine; repeatable",
    )
    parser.add_argument("--tour", type=Path, metavar="FILE", help="a tour of your own, see docs/teaching.md")
    parser.add_argument(
        "--allow-weights",
        action="store_true",
        help="let visitors open weights of their own, which all then see",
    )
    parser.add_argument(
        "--weights-memory",
        type=float,
        default=WEIGHTS_MEMORY,
        metavar="MB",
        help="for networks of the catalogue, and as much for those of visitors",
    )
    parser.add_argument("--offline", action="store_true", help="offer nothing that would be downloaded")
    parser.add_argument(
        "--uploads-memory", type=int, default=UPLOADS_MEMORY, metavar="MB", help="for the pictures of all visitors"
    )
    parser.add_argument(
        "--public",
        action=argparse.BooleanOptionalAction,
        default="SPACE_ID" in os.environ,  # a Hugging Face Space
        help="for strangers: with limits, see docs/deploying.md",
    )
    parser.add_argument("--mcp", action="store_true", help="also offer tools over MCP, see docs/api.md")
    parser.add_argument("--share", action="store_true", help="also answer at a public gradio.live address")
    parser.add_argument("--open", action="store_true", help="open the page in a browser")
    options = parser.parse_args(given)
    if options.get and options.offline:
        parser.error("--get downloads and --offline does not: choose one of them")

    try:
        host, port = listening_place(options.host, options.port)
    except CannotListen as error:
        print(f"{PROGRAM}: {error}", file=sys.stderr)
        return 1
    if options.public and "SPACE_ID" in os.environ:  # only the Space's own proxy can reach it
        os.environ.setdefault("FORWARDED_ALLOW_IPS", "*")  # of Uvicorn: visitors have the addresses that it forwards
    if options.mcp and find_spec("mcp") is None:
        print(f"{PROGRAM}: --mcp needs a package that is not here: pip install 'gradio[mcp]'.", file=sys.stderr)
        return 1
    if options.get:
        from vit_explorer.models.pretrained import command

        command.get(options.get)  # what could not be had is said, and the page is served all the same
    os.environ.pop("GRADIO_SERVER_NAME", None)  # read above; Gradio itself cannot start with an IPv6 address in it
    return serve_page(options, host, port)


def _gallery() -> dict[str, Shown]:
    """The photos of the page's gallery."""
    from vit_explorer.models.pretrained.command import Shown
    from vit_explorer.ui.core.pictures import available_samples, sample

    return {photo.title: Shown(photo.image, photo.labels) for photo in map(sample, available_samples())}


def serve_page(options: argparse.Namespace, host: str, port: int) -> int:
    """Build the page and serve it there until it is interrupted; returns the exit status."""
    import torch

    from vit_explorer.models.checkpoint import CHECKPOINT_FOLDER
    from vit_explorer.models.folders import EXPORTED, KEPT
    from vit_explorer.models.pretrained.source import open_network
    from vit_explorer.training.runs.folder import RUNS_FOLDER
    from vit_explorer.training.service.limits import PUBLIC_RACES, RaceLimits
    from vit_explorer.training.service.service import TrainingService

    with no_proxies():
        from vit_explorer.ui.app import build_app, launch_options
        from vit_explorer.ui.core.brought import FOLDER as BROUGHT
        from vit_explorer.ui.core.brought import PUBLIC_BRING, USUAL_BRING
        from vit_explorer.ui.core.gateway import Gateway
        from vit_explorer.ui.core.limits import PUBLIC
        from vit_explorer.ui.core.paths import HiddenPaths
        from vit_explorer.ui.core.session import Session
        from vit_explorer.ui.tour.tour import read_tour

    torch.set_num_threads(1)  # of small networks: more would only wait for each other (large ones: core/threads.py)
    runs = options.runs or RUNS_FOLDER
    try:
        tour = read_tour(options.tour) if options.tour else ()
        folders = [options.checkpoints or CHECKPOINT_FOLDER, runs / EXPORTED, runs / KEPT]
        networks = [open_network(source) for source in options.model]
        races = PUBLIC_RACES if options.public else RaceLimits()
        service = TrainingService(runs, options.at_once, options.data, races, options.device)
        if service.devices.problem:
            print(f"{PROGRAM}: {service.devices.problem}", file=sys.stderr)
        session = Session(
            options.data,
            folders,
            options.own_data,
            networks,
            pretrained=True,
            busy=lambda: service.training,
            offline=options.offline or options.public,
            uploads_memory=options.uploads_memory,
            brought=service.runs_folder / BROUGHT,
            weights_memory=options.weights_memory,
            allow_weights=options.allow_weights and not options.public,
            bring_limits=PUBLIC_BRING if options.public else USUAL_BRING,
        )
    except ValueError as error:
        print(f"{PROGRAM}: {error}", file=sys.stderr)
        return 1
    for problem in session.problems():
        print(f"{PROGRAM}: {problem}", file=sys.stderr)
    print(f"Runs are written to {service.runs_folder.absolute()}", flush=True)
    here = host in ("127.0.0.1", "localhost", "[::1]") and not options.share
    alone = here and not options.public  # who sees the page sits at this machine
    hidden = None if alone else HiddenPaths([*folders, runs, *options.own_data, *filter(None, [options.data])])
    gateway = Gateway(PUBLIC if options.public else None, hidden=hidden)
    page = build_app(session, service, gateway, tour)
    try:
        with no_proxies(but_elsewhere=options.share):  # a public address is asked for elsewhere
            page.launch(
                server_name=host,
                server_port=port,
                share=options.share,
                inbrowser=options.open,
                prevent_thread_lock=True,
                mcp_server=options.mcp,
                **launch_options(gateway),
            )
    except ImportError as error:  # a proxy of the environment needs a package that is not here
        print(f"{PROGRAM}: --share cannot use the proxy of this environment ({error})", file=sys.stderr)
        return 1
    except OSError as error:  # the port was taken since it was tried
        print(f"{PROGRAM}: {refusal(f'{host}:{port}', error)}", file=sys.stderr)
        return 1
    try:
        service.warm()  # another process, which gives way to this one
        warm_up(session)
        page.block_thread()
    finally:
        service.close()
    return 0


def warm_up(session: Session) -> None:
    """Open what the first visitor would wait for, and say what cannot be read; whatever happens, the page stays up."""
    from vit_explorer.ui.frame.frame import first_model

    try:
        session.warm_up()
        first = first_model(session, [checkpoint.name for checkpoint in session.checkpoints()[0]])
        if first is not None:
            session.checkpoint(first)
        for problem in session.sources()[1]:
            print(f"{PROGRAM}: {problem}", file=sys.stderr)
    except Exception:
        logging.exception(f"{PROGRAM}: not everything could be opened ahead; the page answers all the same.")
