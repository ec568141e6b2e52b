"""What a model can do at this moment, seen without changing it."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from vit_explorer.data.dataset import Split
from vit_explorer.explain.probe import probe_map
from vit_explorer.models.network import Network
from vit_explorer.training.loop.batches import BatchSource
from vit_explorer.training.loop.distributed import Group

EVALUATION_BATCH = 500


class NotFiniteError(ValueError):
    """The model no longer computes numbers; the message says in a sentence where that showed and what to do."""

    def __init__(self, where: str) -> None:
        super().__init__(f"{where}: try a lower learning rate.")


class Probed(NamedTuple):
    """A model's answer on the probe image: a map (rows, cols) float32, the predicted class and its probability."""

    map: Tensor
    answer: int
    probability: float


def autocast(device: torch.device, precision: str) -> torch.autocast:
    """The context in which a forward pass runs in this precision."""
    return torch.autocast(device.type, torch.bfloat16, enabled=precision == "bfloat16")


@torch.inference_mode()
def accuracy(model: Network, source: BatchSource, split: Split, precision: str, group: Group) -> float:
    """Accuracy on a split in eval mode; each process of the group evaluates a part of it.

    Raises:
        NotFiniteError: if an answer is no number.
    """
    model.eval()
    part, weight = group.share(len(split.y))
    counted = torch.zeros(2, device=source.device)  # pictures: right, and answered by numbers
    for x, y in zip(split.x[part].split(EVALUATION_BATCH), split.y[part].split(EVALUATION_BATCH), strict=True):
        with autocast(source.device, precision):
            logits = model(source.normalised(x))
        counted[0] += (logits.argmax(dim=1) == y.to(source.device)).sum()
        counted[1] += logits.isfinite().all(dim=1).sum()
    correct, finite = (round(count) for count in group.sum(counted * weight).tolist())
    if finite < len(split.y):
        raise NotFiniteError("The model's answers became something else than numbers")
    return correct / len(split.y)


@torch.no_grad()
def probe(model: Network, source: BatchSource) -> Probed:
    """Run the probe image in eval mode and full precision. Raises NotFiniteError as :func:`accuracy`."""
    model.eval()
    picture = source.normalised(source.probe)
    probability, answer = model(picture)[0].softmax(dim=0).max(dim=0)
    if not bool(probability.isfinite()):
        raise NotFiniteError("The model's answer to the probe picture became something else than numbers")
    return Probed(probe_map(model, picture)[0].float().cpu(), int(answer), float(probability))
