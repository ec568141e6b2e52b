"""Ingredients that change the label: Mixup and CutMix with another picture, and label smoothing."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TypedDict

import torch
import torch.nn.functional as F
from torch import Tensor

from vit_explorer.data.mixing import Mix, draw_cutmix, draw_mixup, soft_targets
from vit_explorer.models.checkpoint import Checkpoint
from vit_explorer.ui.core.pictures import Picture
from vit_explorer.ui.core.session import Session

SHARES = 500  # draws in the picture of how shares spread
BINS = 20


@dataclass(frozen=True)
class Label:
    """The class of a picture; ``known`` is False where the model's own prediction is used as a label."""

    index: int
    known: bool


def label_of(picture: Picture, checkpoint: Checkpoint, logits: Tensor) -> Label:
    """The picture's label if it is a class of the model, else the prediction of ``logits`` (classes,)."""
    names = list(checkpoint.class_names)
    if picture.truth in names:
        return Label(names.index(picture.truth), True)
    return Label(int(logits.argmax()), False)


def others(session: Session, checkpoint: Checkpoint, picture: Picture, n: int, seed: int) -> list[Picture]:
    """n different test pictures of the model's dataset, or of the shapes if those are missing or too few."""
    source = checkpoint.card["dataset"]["name"]
    here, _ = session.sources()
    n_test = len(session.test_split(source)[0].y) if source in here else 0  # the frame says why some are not here
    if n_test <= n:
        source, n_test = "shapes", len(session.test_split("shapes")[0].y)
    order = torch.randperm(n_test, generator=torch.Generator().manual_seed(seed))[: n + 1].tolist()
    names = [f"{source}:{index}" for index in order]
    return [session.picture(name) for name in [name for name in names if name != picture.name][:n]]


def drawn_mix(name: str, size: int, alpha: float, seed: int) -> Mix:
    """Draw how two pictures of this size are mixed with each other."""
    drawn = draw_mixup(2, alpha, seed) if name == "mixup" else draw_cutmix(2, size, size, alpha, seed)
    return replace(drawn, partner=torch.tensor([1, 0]))


@lru_cache(maxsize=64)
def spread_of_shares(name: str, size: int, alpha: float) -> list[float]:
    """A histogram of the shares of SHARES draws in BINS equal bins of 0 to 1, summing to 1."""
    shares = torch.tensor([drawn_mix(name, size, alpha, seed).share for seed in range(SHARES)])
    return (torch.histc(shares, BINS, 0, 1) / SHARES).tolist()


class Smoothed(TypedDict):
    """A smoothed target (classes,) and the cross-entropy ``loss`` of a prediction under it.

    The loss is (1 - smoothing) times ``hard``, the loss without smoothing, plus smoothing times ``even``, the loss
    under a uniform target. ``lowest``: the loss of a prediction that equals the target.
    """

    target: list[float]
    loss: float
    hard: float
    even: float
    lowest: float


def smoothed(logits: Tensor, label: int, smoothing: float) -> Smoothed:
    """Compute the loss of a prediction, logits (classes,), under label smoothing."""
    target = soft_targets(torch.tensor([label]), len(logits), smoothing)[0]
    surprise = -logits.log_softmax(dim=0)
    return {
        "target": target.tolist(),
        "loss": F.cross_entropy(logits[None], torch.tensor([label]), label_smoothing=smoothing).item(),
        "hard": surprise[label].item(),
        "even": surprise.mean().item(),
        "lowest": torch.special.entr(target).sum().item(),
    }
