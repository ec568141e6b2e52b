"""Multi-head self-attention in windows, with relative position bias and mask.

Source: Liu et al. 2021, "Swin Transformer: Hierarchical Vision Transformer using Shifted Windows", section 3.2. How
maps are cut and what may meet is in ``windows.py``.
"""

from __future__ import annotations

from itertools import product
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
CACHED_PLACES = 4096  # tokens whose query, key and value, some MB, stay in the caches of a CPU: a map of 64 x 64


class WindowAttention(nn.Module):
    """Multi-head self-attention inside of windows, (B, H, W, d_model) -> same.

    Any map will do: it is padded to whole windows, and no token attends to the padding.

    Args:
        window: side of a window in tokens.
        shift: by how many tokens the map is rolled before it is cut, and back after.
        padding: "masked", or what others do at sizes that need padding, for weights that were trained with it: both
            let tokens attend to the padding; "torchvision" pads the map before it is rolled, "timm" after.
        masked: keep apart what the roll has laid side by side. Without, all tokens of a window attend to each other,
            which no Swin was trained with: see ``explain.unmasked``. Padding is kept out all the same.
    Raises:
        ValueError: if the heads do not divide ``d_model``, the window is no whole number from 1 up, or the shift is
            not 0 to ``window`` - 1; the message holds the numbers.
    """

    def __init__(
        self,
        d_model: int,
        n_heads: int,
        window: int,
        shift: int = 0,
        padding: Padding = "masked",
        masked: bool = True,
    ) -> None:
        super().__init__()
        if n_heads < 1 or d_model < 1 or d_model % n_heads:
            raise ValueError(f"{n_heads} heads cannot share {d_model} dimensions evenly")
        check_window(window)
        if isinstance(shift, bool) or not isinstance(shift, int) or not 0 <= shift < window:
            raise ValueError(f"a shift must be 0 to {window - 1}, less than the window, not {shift!r}")
        if padding not in get_args(Padding):
            raise ValueError(f"padding must be one of {', '.join(get_args(Padding))}, not {padding!r}")
        self.n_heads, self.window, self.shift, self.padding = n_heads, window, shift, padding
        self.masked = masked
        self.qkv = nn.Linear(d_model, 3 * d_model)
        self.projection = nn.Linear(d_model, d_model)
        self.bias_table = nn.Parameter(torch.zeros((2 * window - 1) ** 2, n_heads))
        nn.init.trunc_normal_(self.bias_table, std=INIT_STD)
        self.register_buffer("bias_index", relative_position_index(window).flatten(), persistent=False)

    def relative_position_bias(self) -> Tensor:
        """Bias of the scores by relative position, (heads, window ** 2, window ** 2)."""
        size = self.window**2
        return self.bias_table.T.index_select(1, self.bias_index).reshape(self.n_heads, size, size)

    def plan(self, height: int, width: int) -> WindowPlan:
        """Where the tokens of a map of this size go."""
        return window_plan(height, width, self.window, self.shift, self.padding, self.masked)

    def forward(self, x: Tensor, tape: Tape | None = None) -> Tensor:
        laid_out = self.plan(*x.shape[1:3])
        plan = laid_out.on(x.device)
        tokens, added = x.flatten(1, 2), self._added(plan)
        looking, on_cpu = tape is not None, x.device.type == "cpu"
        if (looking and tape.differentiable) or (on_cpu and torch.is_grad_enabled()):
            attended, weights = self._through_weights(tokens, plan, added)
        elif on_cpu:
            attended, weights = self._piece_by_piece(tokens, plan, added, looking)
        else:
            attended, weights = self._fused(tokens, plan, added, looking)
        if looking:
            tape.windows.append(WindowRecord(weights, laid_out, (x.shape[1], x.shape[2])))
        return attended.reshape(x.shape)

    def _added(self, plan: WindowPlan) -> Tensor:
        """Bias and mask to add to the scores, (n_windows, heads, n, n), n = window ** 2."""
        bias = self.relative_position_bias()
        if plan.forbidden is None:
            return bias.expand(plan.n_windows, *bias.shape)
        return bias + plan.forbidden[:, None]

    def _heads(self, tokens: Tensor, plan: WindowPlan) -> Tensor:
        """Query, key and value, (3, B, n_windows, heads, window ** 2, d_head)."""
        qkv = self.qkv(into_windows(tokens, plan))
        qkv = qkv.reshape(len(tokens), plan.n_windows, self.window**2, 3, self.n_heads, -1)
        return qkv.permute(3, 0, 1, 4, 2, 5)

    def _projected(self, mixed: Tensor, plan: WindowPlan) -> Tensor:
        """(B, n_windows, heads, window ** 2, d_head) -> (B, H * W, d_model)."""
        places = mixed.transpose(2, 3).reshape(len(mixed), len(plan.order), -1)
        return self.projection(out_of_windows(places, plan))

    def _through_weights(self, tokens: Tensor, plan: WindowPlan, added: Tensor) -> tuple[Tensor, Tensor]:
        """Attention by plain operations on all windows at once, fastest to train on CPU.

        Returns, as the two below do, (B, H * W, d_model) and the weights (B, n_windows, heads, window ** 2,
        window ** 2); they return None for weights that are not recorded.
        """
        query, key, value = self._heads(tokens, plan)
        with torch.autocast(tokens.device.type, enabled=False):  # see plain_attention
            weights = attention_weights(query, key, added.to(query.dtype))
            mixed = weights @ value
        return self._projected(mixed, plan), weights

    def _piece_by_piece(
        self, tokens: Tensor, plan: WindowPlan, added: Tensor, looking: bool
    ) -> tuple[Tensor, Tensor | None]:
        """Attention for some windows and one head at a time, within the CPU's cache.

        On two cores of an EPYC, for 8 maps of 56 x 56 x 96, a shifted window of 7 and 3 heads, this takes 22 to 26 ms.
        The fused kernel took 38 ms for all maps at once and 29 ms for one after the other: it is made for rows of
        hundreds of keys, not 49.
        """
        batch, n_tokens, _ = tokens.shape
        n_windows = min(plan.n_windows, max(1, CACHED_PLACES // self.window**2))
        n_maps = max(1, CACHED_PLACES // len(plan.order))
        attended = torch.empty(tokens.shape, dtype=_product_dtype(tokens))
        kept = torch.empty(batch, *added.shape, dtype=attended.dtype) if looking else None
        for first, start in product(range(0, batch, n_maps), range(0, plan.n_windows, n_windows)):
            maps, windows = slice(first, first + n_maps), slice(start, start + n_windows)
            order = plan.order.reshape(plan.n_windows, -1)[windows].flatten()
            rows, real = _rows(order, len(tokens[maps]), n_tokens, plan.padded)
            mixed = self._mixed(
                tokens[maps], rows, plan.padded, added[windows], kept if kept is None else kept[maps, windows]
            )
            if real is not None:
                rows, mixed = rows[real], mixed[real]
            attended[maps].flatten(0, 1).index_copy_(0, rows, self.projection(mixed))
        return attended, kept

    def _mixed(self, maps: Tensor, rows: Tensor, padded: bool, added: Tensor, kept: Tensor | None) -> Tensor:
        """Attention output of some windows before projection, (len(rows), d_model).

        Args:
            rows: of the maps (B, N, d_model) laid end to end, for each place of the windows; B * N is padding.
            kept: (B, windows, heads, window ** 2, window ** 2) to be filled with the weights.
        """
        tokens = maps.flatten(0, 1)
        if padded:
            tokens = F.pad(tokens, (0, 0, 0, 1))
        qkv = self.qkv(tokens.index_select(0, rows)).unflatten(0, (-1, self.window**2))  # (windows, w * w, 3 d_model)
        mixed = []
        with torch.autocast(maps.device.type, enabled=False):
            for head, parts in enumerate(qkv.unflatten(2, (3, self.n_heads, -1)).unbind(3)):
                query, key, value = parts.unbind(2)  # each (windows, w * w, d_head)
                for_head = added[:, head] if len(maps) == 1 else added[:, head].repeat(len(maps), 1, 1)
                weights = batched_weights(query, key, for_head)
                mixed.append(weights @ value)
                if kept is not None:
                    kept[:, :, head] = weights.reshape(len(maps), -1, *weights.shape[1:])
            return torch.cat(mixed, dim=-1).flatten(0, 1)

    def _fused(self, tokens: Tensor, plan: WindowPlan, added: Tensor, looking: bool) -> tuple[Tensor, Tensor | None]:
        """Attention by the fused kernel, for other devices than a CPU."""
        query, key, value = self._heads(tokens, plan)
        added = added.to(query.dtype)
        mixed = F.scaled_dot_product_attention(*[x.flatten(1, 2) for x in (query, key, value)], added.flatten(0, 1))
        weights = attention_weights(query, key, added) if looking else None
        return self._projected(mixed.reshape(query.shape), plan), weights


def _rows(order: Tensor, n_maps: int, n_tokens: int, padded: bool) -> tuple[Tensor, Tensor | None]:
    """Rows of some windows' places in flattened maps, and a mask of real tokens.

    The mask is None if all are real.
    """
    ahead = n_tokens * torch.arange(n_maps)[:, None]
    rows = (order + ahead).flatten()
    if not padded:
        return rows, None
    real = (order < n_tokens).repeat(n_maps)
    return rows.masked_fill(~real, n_maps * n_tokens), real.nonzero().flatten()


def _product_dtype(tokens: Tensor) -> torch.dtype:
    """Dtype of a linear layer's output for float32 tokens: bfloat16 under autocast."""
    device = tokens.device.type
    return torch.get_autocast_dtype(device) if torch.is_autocast_enabled(device) else tokens.dtype
