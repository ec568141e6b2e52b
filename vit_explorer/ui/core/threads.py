"""How many threads compute a forward pass: all cores for a large network, one for a small one."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import torch

from vit_explorer.models.network import Network

LARGE = 2_000_000  # parameters; several threads of a smaller network would only wait for each other


def share_cores(model: Network, busy: Callable[[], bool]) -> None:
    """Let the forward passes of a large network use all cores, unless something else computes.

    Args:
        busy: asked before each pass, such as whether a race is being trained.
    """
    if sum(parameter.numel() for parameter in model.parameters()) < LARGE:
        return

    def begin(*_: Any) -> None:
        torch.set_num_threads(1 if busy() else os.cpu_count() or 1)

    def end(*_: Any) -> None:
        torch.set_num_threads(1)

    model.register_forward_pre_hook(begin)
    model.register_forward_hook(end, always_call=True)
