"""Tensors from the CPU to a GPU without waiting for it."""

from __future__ import annotations

import torch
from torch import Tensor


def sent(tensor: Tensor, device: torch.device) -> Tensor:
    """A CPU tensor on a device; on a GPU the copy joins the queue and the CPU goes on.

    ``tensor.to(device)`` waits until the GPU has done all that was queued before, which is most of a small network's
    training time once several processes share the GPU.
    """
    if device.type != "cuda" or tensor.device.type != "cpu":
        return tensor.to(device)
    return tensor.pin_memory().to(device, non_blocking=True)
