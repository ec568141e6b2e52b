"""Growth of a network's cost with the side of its image."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch

from vit_explorer.cost.multiply_adds import count_multiply_adds
from vit_explorer.models.network import Network
from vit_explorer.models.zoo import Option, create_model


@dataclass(frozen=True)
class Doubled:
    """Multiply-adds of a pass at one side and at twice the side of the image."""

    side: int
    once: int
    twice: int

    @property
    def factor(self) -> float:
        """Ratio of the two costs.

        4 for a cost proportional to the pixels, 16 for one proportional to their square.
        """
        return self.twice / self.once


@dataclass(frozen=True)
class AttentionGrowth:
    """Attention scores of a layer on a map of N tokens.

    ``law`` is in terms of N, None without attention.

    Attributes:
        window: side of the windows; None where all tokens attend to all.
        tokens: N of the first layer, at the size that the network is built for; what stands in front is counted.
    """

    law: str | None
    tokens: int | None = None
    window: int | None = None


def attention_growth(model: Network) -> AttentionGrowth:
    """Growth of a network's attention, by its structure."""
    if model.attention_kind == "none":
        return AttentionGrowth(None)
    law = "N²" if model.window is None else f"N · {model.window}²"
    return AttentionGrowth(law, model.n_tokens, model.window)


def doubled_cost(name: str, overrides: Mapping[str, Option], img_size: int) -> Doubled:
    """Count a kind of network for images of one side and of twice the side.

    Nothing else of it changes: patches and windows keep their sizes, so there are four times the tokens.

    Raises:
        ValueError: for a name or overrides that ``create_model`` refuses.
    """
    counts = []
    for side in (img_size, 2 * img_size):
        with torch.device(_counted_on(name)), torch.random.fork_rng(devices=[]):  # others shall miss no random number
            model = create_model(name, **{**overrides, "img_size": side})
        counts.append(count_multiply_adds(model, side))
    return Doubled(img_size, *counts)


def _counted_on(name: str) -> str:
    """Device for counting: "meta", or "cpu" for Swin.

    Shapes are all that is counted; but Swin reads numbers to plan windows.
    """
    return "cpu" if name == "swin" else "meta"
