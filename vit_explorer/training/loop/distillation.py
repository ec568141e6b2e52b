"""Distillation: a trained network that says what it thinks of each batch, and the loss of who listens.

Source: Touvron et al. 2021 (DeiT), equations 2 and 3; soft distillation is Hinton et al. 2015.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from vit_explorer.data.augment import normalise
from vit_explorer.models.checkpoint import CheckpointError
from vit_explorer.models.network import Network
from vit_explorer.training.loop.batches import Batch, BatchSource
from vit_explorer.training.loop.recipe import Recipe
from vit_explorer.training.loop.start import named_checkpoint

AT_ONCE = 500  # pictures in one pass of the teacher


class Teacher:
    """A frozen checkpoint that predicts the images of a batch.

    Where the recipe shows every picture as it is, each is asked about once and its answer kept; where pictures are
    augmented, no two are alike and each batch is a pass of its own.

    Args:
        source: whose pictures are asked about.
    Raises:
        ValueError: if the checkpoint is not there or knows other classes or sizes of pictures.
    """

    def __init__(self, recipe: Recipe, source: BatchSource, names: tuple[str, ...]) -> None:
        try:
            found = named_checkpoint(recipe.teacher)
        except CheckpointError as error:
            raise ValueError(f"the teacher cannot be asked: {error}") from error
        if tuple(found.class_names) != tuple(names):
            raise ValueError(f"the teacher {recipe.teacher} was trained for other classes than these data have")
        size = source.train.x.shape[-1]
        if found.model.img_size != size:
            raise ValueError(
                f"the teacher {recipe.teacher} reads {found.model.img_size} pixels, these data have {size}"
            )
        statistics = (torch.tensor(found.card["normalise"][key], device=source.device) for key in ("mean", "std"))
        self._mean, self._std = statistics  # at hand: a CUDA graph cannot wait for them
        self._network = found.model.to(source.device).to(memory_format=torch.channels_last).requires_grad_(False)
        self._kept = None if recipe.changes_pictures else torch.cat(
            [self._ask(part) for part in source.train.x.split(AT_ONCE)]
        )  # fmt: skip

    def logits(self, batch: Batch, part: slice) -> Tensor:
        """Teacher logits of a part of a batch, (b, classes) float32."""
        return self._ask(batch.images[part]) if self._kept is None else self._kept[batch.places[part]]

    @torch.no_grad()
    def _ask(self, images: Tensor) -> Tensor:
        prepared = normalise(images, self._mean, self._std).contiguous(memory_format=torch.channels_last)
        return self._network(prepared).float()


def distilled_loss(
    network: Network, inputs: Tensor, targets: Tensor, taught: Tensor, recipe: Recipe
) -> tuple[Tensor, Tensor]:
    """Half the cross-entropy with the labels and half the distillation loss, summed over the images.

    A DeiT learns the one through its CLS head and the other through its distillation head; a network of one head learns
    both through it.

    Args:
        targets: (B,) int64 or (B, classes), what is right.
        taught: (B, classes), the teacher's logits.
    Returns:
        the loss, and the logits that the network answers with, (B, classes).
    """
    heads = [logits.float() for logits in network.heads(inputs)]
    told, listened = heads[0], heads[-1]
    answer = told if len(heads) == 1 else (told + listened) / 2
    right = F.cross_entropy(told, targets, label_smoothing=recipe.label_smoothing, reduction="sum")
    return (right + distillation_loss(listened, taught, recipe)) / 2, answer


def distillation_loss(logits: Tensor, taught: Tensor, recipe: Recipe) -> Tensor:
    """Distillation loss of logits against the teacher's, summed over the images.

    "hard": cross-entropy with the class that the teacher finds likeliest. "soft": the Kullback-Leibler divergence of
    the two softmax outputs at the recipe's temperature, times its square, so that gradients keep their size.
    """
    if recipe.distillation == "hard":
        return F.cross_entropy(logits, taught.argmax(dim=1), reduction="sum")
    heat = recipe.temperature
    there, here = F.log_softmax(taught / heat, dim=1), F.log_softmax(logits / heat, dim=1)
    return heat**2 * F.kl_div(here, there, reduction="sum", log_target=True)
