"""Apps in the process of the tests: to build a page takes a moment, to start a program for it takes seconds."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from vit_explorer.bench.browser import free_port
from vit_explorer.models.checkpoint import CHECKPOINT_FOLDER
from vit_explorer.models.folders import EXPORTED
from vit_explorer.training.service.service import TrainingService
from vit_explorer.ui.app import build_app, launch_options
from vit_explorer.ui.core.brought import FOLDER as BROUGHT
from vit_explorer.ui.core.gateway import Gateway
from vit_explorer.ui.core.session import Session

_free: list[int] = []  # ports of apps that have ended: the browser still has the scripts of these addresses


@contextmanager
def serving(runs: Path, checkpoints: Path = CHECKPOINT_FOLDER, data: Path | None = None) -> Iterator[str]:
    """The address of an app with these folders, ended at the end. It starts no worker before its first race."""
    port = _free.pop() if _free else free_port()
    gateway = Gateway()
    with TrainingService(runs, data_root=data) as service:
        folders = [checkpoints, runs / EXPORTED]
        session = Session(
            data, folders, pretrained=True, busy=lambda: service.training, brought=service.runs_folder / BROUGHT
        )
        page = build_app(session, service, gateway)
        place = {"server_name": "127.0.0.1", "server_port": port}
        page.launch(**place, prevent_thread_lock=True, quiet=True, **launch_options(gateway))
        try:
            yield f"http://127.0.0.1:{port}/"
        finally:
            page.close(verbose=False)
    _free.append(port)
