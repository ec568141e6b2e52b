"""The page on a network, from a script or a notebook."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import gradio as gr
from torch import nn

from vit_explorer.models.checkpoint import CHECKPOINT_FOLDER, Checkpoint
from vit_explorer.models.folders import EXPORTED, KEPT
from vit_explorer.models.pretrained.source import open_network
from vit_explorer.training.runs.folder import RUNS_FOLDER
from vit_explorer.training.service.service import TrainingService
from vit_explorer.ui.app import build_app, launch_options
from vit_explorer.ui.core.brought import FOLDER as BROUGHT
from vit_explorer.ui.core.gateway import Gateway
from vit_explorer.ui.core.session import Session
from vit_explorer.ui.listening import bracketed, listening_place, no_proxies

CELL_HEIGHT = 900  # px of the page in a notebook


@dataclass
class Exploration:
    """A page that is being served: its address and, by :meth:`close`, its end."""

    url: str
    page: gr.Blocks = field(repr=False)
    service: TrainingService = field(repr=False)

    def close(self) -> None:
        """Serve it no longer, and end its trainings."""
        self.page.close(verbose=False)
        self.service.close()


def explore(
    source: nn.Module | str | os.PathLike[str] | Checkpoint,
    labels: Sequence[str] | None = None,
    *,
    name: str | None = None,
    host: str = "127.0.0.1",
    port: int | None = None,
    share: bool = False,
    show: bool = True,
    block: bool | None = None,
    runs: str | os.PathLike[str] | None = None,
) -> Exploration:
    """Open the page on a network.

    Args:
        source: a network of timm, torchvision, transformers or this package; a file or folder of weights; or a name of
            ``pretrained_models``. See ``open_network``.
        labels: the names of its classes, where the source does not state them.
        name: in the model menu; the default is that of the file or the class.
        host, port: of the server; the default port is the first free one from 7860 on, 0 any that is free.
        share: answer at a public gradio.live address too.
        show: open the page: in the cell of a notebook, from a script in a browser.
        block: wait until the page is stopped; the default is to wait in a script and to return in a notebook or an
            interactive Python, whose process goes on anyway.
        runs: where trainings and kept models are written.
    Raises:
        CheckpointError: for a network that cannot be opened; the message names the reason.
        CannotListen: where the address is not of this machine, or the port is taken.
    """
    host, port = (bracketed(host), None) if port is None else listening_place(host, port)
    network = open_network(source, labels, name)
    folder = Path(runs) if runs is not None else RUNS_FOLDER
    service = TrainingService(folder)
    session = Session(
        checkpoint_folders=[CHECKPOINT_FOLDER, folder / EXPORTED, folder / KEPT],
        networks=[network],
        pretrained=True,
        busy=lambda: service.training,
        brought=folder / BROUGHT,
    )
    gateway = Gateway()
    page = build_app(session, service, gateway)
    interactive, notebook = hasattr(sys, "ps1"), "ipykernel" in sys.modules
    with no_proxies(but_elsewhere=share):
        page.launch(
            server_name=host,
            server_port=port,
            share=share,
            inbrowser=show and not notebook,
            inline=show and notebook,
            height=CELL_HEIGHT,
            prevent_thread_lock=True,
            quiet=not show,
            **launch_options(gateway),
        )
    exploration = Exploration(page.local_url, page, service)
    if block if block is not None else not (interactive or notebook):
        try:
            page.block_thread()
        finally:
            service.close()
    return exploration
