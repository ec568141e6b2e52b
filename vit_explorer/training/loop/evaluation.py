"""What a model can do at this moment, seen without changing it."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from vit_explorer.data.dataset import Split
from vit_explorer.explain.probe import probe_map
from vit_explorer.models.network import Network
from vit_explorer.training.loop.batches import Feed
from vit_explorer.training.loop.distributed import Group

EVALUATION_BATCH = 500


class NotFiniteError(ValueError):
    """The model no longer computes numbers; the message says in a sentence where that showed and what to do."""

    def __init__(self, where: str) -> None:
        super().__init__(f"{where}: try a lower learning rate.")


class Probed(NamedTuple):
    """What a model makes of the probe picture: (rows, cols) float32, its class, and how sure it is of it."""

    map: Tensor
    answer: int
    probability: float


def autocast(device: torch.device, precision: str) -> torch.autocast:
    """The context in which a forward pass runs in this precision."""
    return torch.autocast(device.type, torch.bfloat16, enabled=precision == "bfloat16")


@torch.inference_mode()
def accuracy(model: Network, feed: Feed, split: Split, precision: str, group: Group) -> float:
    """Share of a split that is classified rightly, in eval mode; each process of the group looks at a part of it.

    Raises:
        NotFiniteError: if an answer is no number.
    """
    model.eval()
    part, weight = group.share(len(split.y))
    counted = torch.zeros(2, device=feed.device)  # pictures: right, and answered by numbers
    for x, y in zip(split.x[part].split(EVALUATION_BATCH), split.y[part].split(EVALUATION_BATCH), strict=True):
        with autocast(feed.device, precision):
            logits = model(feed.normalised(x))
        counted[0] += (logits.argmax(dim=1) == y.to(feed.device)).sum()
        counted[1] += logits.isfinite().all(dim=1).sum()
    correct, finite = (round(count) for count in group.sum(counted * weight).tolist())
    if finite < len(split.y):
        raise NotFiniteError("The model's answers became something else than numbers")
    return correct / len(split.y)


@torch.no_grad()
def probe(model: Network, feed: Feed) -> Probed:
    """Look at the probe picture in eval mode and full precision. Raises NotFiniteError as :func:`accuracy`."""
    model.eval()
    picture = feed.normalised(feed.probe)
    probability, answer = model(picture)[0].softmax(dim=0).max(dim=0)
    if not bool(probability.isfinite()):
        raise NotFiniteError("The model's answer to the probe picture became something else than numbers")
    return Probed(probe_map(model, picture)[0].float().cpu(), int(answer), float(probability))
