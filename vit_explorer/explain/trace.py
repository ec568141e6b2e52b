"""Traces: recorded activations of one forward pass."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from vit_explorer.models.attention import Tape
from vit_explorer.models.network import Network
from vit_explorer.models.windows import WindowRecord


@dataclass(frozen=True)
class Trace:
    """Recorded activations of one forward pass of a batch.

    Attributes:
        logits: (B, C), the same to the last bit as ``model(images)``.
        attention: per layer (B, heads, N, N), rows are queries and sum to 1; empty for a model whose tokens do not all
            attend to each other.
        hidden: (B, N, D) after the embedding and after each block; for a CNN each stage's map, (B, H * W, channels).
        grid: (rows, cols) of the patch tokens; for a CNN and for Swin of the last map.
        n_prefix: tokens before the patches, 1 for CLS, 0 where the head reads a mean or a CNN's map.
        windows: per block of a Swin the attention inside of its windows; ``explain.windows.attention_on_map`` puts it
            on the map.
    """

    logits: Tensor
    attention: list[Tensor]
    hidden: list[Tensor]
    grid: tuple[int, int]
    n_prefix: int
    windows: Sequence[WindowRecord] = ()

    @property
    def probabilities(self) -> Tensor:
        """(B, C), the softmax of the logits."""
        return self.logits.softmax(dim=-1)


@torch.no_grad()
def trace(model: Network, images: Tensor) -> Trace:
    """Run the model once and record its activations.

    The model is not hooked and keeps its mode; in eval mode, as checkpoints come, the model stays unchanged.

    Args:
        model: any network of the zoo.
        images: (B, C, H, W) as the model wants them, see ``Checkpoint.preprocess``.
    """
    tape = Tape()
    logits = model(images, tape)
    return taped(model, logits, tape)


def taped(model: Network, logits: Tensor, tape: Tape) -> Trace:
    """Trace from a tape after a pass, for images of any size."""
    grid = tape.windows[-1].grid if tape.windows else model.grid
    return Trace(logits, tape.attention, tape.hidden, grid, model.n_prefix, tape.windows)
