"""Cost of each stage of a Swin."""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast

from torch import nn

from vit_explorer.cost.attention import windowed_attention_cost
from vit_explorer.models.swin import PatchMerging, SwinBlock, SwinTransformer, WindowAttention


def stage_multiply_adds(model: SwinTransformer, height: int, width: int) -> list[int]:
    """Multiply-adds of each stage for one image.

    The patch embedding or merging at its start is included.

    Matrix products alone, as in ``cost.multiply_adds``; the head, a few thousand, is left out.

    Args:
        height, width: of the first map, in tokens.
    """
    found = []
    for index, stage in enumerate(model.stages):
        if index:
            height, width = -(-height // 2), -(-width // 2)
            reduction = cast(PatchMerging, model.mergings[index - 1]).reduction
            begins = height * width * reduction.in_features * reduction.out_features
        else:
            begins = height * width * model.patch_embedding.weight.numel()
        blocks = (
            _attention(block.attention, height, width)
            + height * width * sum(layer.weight.numel() for layer in block.mlp if isinstance(layer, nn.Linear))
            for block in cast(Iterator[SwinBlock], stage.children())
        )
        found.append(begins + sum(blocks))
    return found


def _attention(attention: WindowAttention, height: int, width: int) -> int:
    d_model = attention.projection.in_features
    return windowed_attention_cost(height, width, d_model, attention.n_heads, attention.window).module
