"""Multi-head self-attention inside of windows, with a position bias and a mask.

Source: Liu et al. 2021, "Swin Transformer: Hierarchical Vision Transformer using Shifted Windows", section 3.2. How
maps are cut and what may meet is in ``windows.py``.
"""

from __future__ import annotations

from typing import get_args

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from vit_explorer.models.attention import Tape, attention_weights, batched_weights
from vit_explorer.models.windows import (
    Padding,
    WindowPlan,
    WindowRecord,
    check_window,
    into_windows,
    out_of_windows,
    relative_position_index,
    window_plan,
)

INIT_STD = 0.02
CACHED_PLACES = 4096  # tokens whose query, key and value, some MB, stay in the caches of a CPU


class WindowAttention(nn.Module):
    """Multi-head self-attention inside of windows, (B, H, W, d_model) -> (B, H, W, d_model).

    Any map will do: it is padded to whole windows, and nobody attends to the padding.

    Args:
        window: side of a window in tokens.
        shift: by how many tokens the map is rolled before it is cut, and back after.
        padding: "masked", or what others do at sizes that need padding, for weights that were trained with it: both
            let tokens attend to the padding; "torchvision" pads the map before it is rolled, "timm" after.
    Raises:
        ValueError: if the heads do not divide ``d_model``, the window is no whole number from 1 up, or the shift is
            not 0 to ``window`` - 1; the message holds the numbers.
    """

    def __init__(self, d_model: int, n_heads: int, window: int, shift: int = 0, padding: Padding = "masked") -> None:
        super().__init__()
        if n_heads < 1 or d_model < 1 or d_model % n_heads:
            raise ValueError(f"{n_heads} heads cannot share {d_model} dimensions evenly")
        check_window(window)
        if isinstance(shift, bool) or not isinstance(shift, int) or not 0 <= shift < window:
            raise ValueError(f"a shift must be 0 to {window - 1}, less than the window, not {shift!r}")
        if padding not in get_args(Padding):
            raise ValueError(f"padding must be one of {', '.join(get_args(Padding))}, not {padding!r}")
        self.n_heads, self.window, self.shift, self.padding = n_heads, window, shift, padding
        self.qkv = nn.Linear(d_model, 3 * d_model)
        self.projection = nn.Linear(d_model, d_model)
        self.bias_table = nn.Parameter(torch.zeros((2 * window - 1) ** 2, n_heads))
        nn.init.trunc_normal_(self.bias_table, std=INIT_STD)
        self.register_buffer("bias_index", relative_position_index(window).flatten(), persistent=False)

    def position_bias(self) -> Tensor:
        """What is added to the scores, (heads, window ** 2, window ** 2): one number for each relative position."""
        size = self.window**2
        return self.bias_table.T.index_select(1, self.bias_index).reshape(self.n_heads, size, size)

    def plan(self, height: int, width: int) -> WindowPlan:
        """Where the tokens of a map of this size go."""
        return window_plan(height, width, self.window, self.shift, self.padding)

    def forward(self, x: Tensor, tape: Tape | None = None) -> Tensor:
        plan = self.plan(*x.shape[1:3])
        tokens, added = x.flatten(1, 2), self._added(plan)
        looking, on_cpu = tape is not None, x.device.type == "cpu"
        if (looking and tape.differentiable) or (on_cpu and self.training and torch.is_grad_enabled()):
            attended, weights = self._through_weights(tokens, plan, added)
        elif on_cpu:
            attended, weights = self._piece_by_piece(tokens, plan, added, looking)
        else:
            attended, weights = self._fused(tokens, plan, added, looking)
        if looking:
            tape.windows.append(WindowRecord(weights, plan, (x.shape[1], x.shape[2])))
        return attended.reshape(x.shape)

    def _added(self, plan: WindowPlan) -> Tensor:
        """Bias and mask, as they are added to the scores: (n_windows, heads, window ** 2, window ** 2)."""
        bias = self.position_bias()
        if plan.forbidden is None:
            return bias.expand(plan.n_windows, *bias.shape)
        return bias + plan.forbidden.to(bias.device)[:, None]

    def _heads(self, tokens: Tensor, plan: WindowPlan) -> Tensor:
        """(B, H * W, d_model) -> query, key and value, (3, B, n_windows, heads, window ** 2, d_head)."""
        qkv = self.qkv(into_windows(tokens, plan))
        qkv = qkv.reshape(len(tokens), plan.n_windows, self.window**2, 3, self.n_heads, -1)
        return qkv.permute(3, 0, 1, 4, 2, 5)

    def _projected(self, mixed: Tensor, plan: WindowPlan) -> Tensor:
        """(B, n_windows, heads, window ** 2, d_head) -> (B, H * W, d_model)."""
        places = mixed.transpose(2, 3).reshape(len(mixed), len(plan.order), -1)
        return self.projection(out_of_windows(places, plan))

    def _through_weights(self, tokens: Tensor, plan: WindowPlan, added: Tensor) -> tuple[Tensor, Tensor]:
        """By plain operations on all windows at once, which is what a CPU is quickest to go back through.

        Returns, as the two below do, (B, H * W, d_model) and the weights (B, n_windows, heads, window ** 2,
        window ** 2); they return None for weights that nobody looks at.
        """
        query, key, value = self._heads(tokens, plan)
        with torch.autocast(tokens.device.type, enabled=False):  # see plain_attention
            weights = attention_weights(query, key, added.to(query.dtype))
            mixed = weights @ value
        return self._projected(mixed, plan), weights

    def _piece_by_piece(
        self, tokens: Tensor, plan: WindowPlan, added: Tensor, looking: bool
    ) -> tuple[Tensor, Tensor | None]:
        """A few pictures at a time and one head after the other: each step finds in the cache what the last one left.

        On two cores of an EPYC, for 8 maps of 56 x 56 x 96, a shifted window of 7 and 3 heads, this takes 23 ms. The
        fused kernel took 38 ms for all maps at once and 29 ms for one after the other: it is made for rows of
        hundreds of keys, not 49.
        """
        n_maps = max(1, CACHED_PLACES // len(plan.order))
        done = [self._piece(piece, plan, added, looking) for piece in tokens.split(n_maps)]
        attended, weights = zip(*done, strict=True)
        return torch.cat(attended), torch.cat(weights) if looking else None

    def _piece(self, tokens: Tensor, plan: WindowPlan, added: Tensor, looking: bool) -> tuple[Tensor, Tensor | None]:
        # (3, B, n_windows, heads, w * w, d_head) -> heads times (3, B * n_windows, w * w, d_head)
        qkv = self._heads(tokens, plan).flatten(1, 2).unbind(2)
        mixed, kept = [], []
        with torch.autocast(tokens.device.type, enabled=False):
            for (query, key, value), for_head in zip(qkv, added.unbind(1), strict=True):
                for_head = for_head if len(tokens) == 1 else for_head.repeat(len(tokens), 1, 1)
                weights = batched_weights(query, key, for_head)
                mixed.append(weights @ value)
                if looking:
                    kept.append(weights)
            places = torch.cat(mixed, dim=-1).reshape(len(tokens), len(plan.order), -1)
        attended = self.projection(out_of_windows(places, plan))
        return attended, torch.stack(kept, 1).unflatten(0, (len(tokens), -1)) if looking else None

    def _fused(self, tokens: Tensor, plan: WindowPlan, added: Tensor, looking: bool) -> tuple[Tensor, Tensor | None]:
        """By the fused kernel, on everything that is not a CPU; the weights are computed beside it."""
        query, key, value = self._heads(tokens, plan)
        added = added.to(query.dtype)
        mixed = F.scaled_dot_product_attention(*[x.flatten(1, 2) for x in (query, key, value)], added.flatten(0, 1))
        weights = attention_weights(query, key, added) if looking else None
        return self._projected(mixed.reshape(query.shape), plan), weights
