"""Counts that the answers of the third exercise are checked against."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, TypedDict

from vit_explorer.cost.attention import global_attention_cost, windowed_attention_cost
from vit_explorer.ui.core.errors import user_errors
from vit_explorer.ui.core.requests import Range


@dataclass(frozen=True)
class CostsRequest:
    """A square map of ``side`` x ``side`` tokens, and windows of ``window`` x ``window``."""

    side: Annotated[int, Range(1, 224)]
    d_model: Annotated[int, Range(1, 768)]
    n_heads: Annotated[int, Range(1, 16)]
    window: Annotated[int, Range(1, 28)]


class CostsPayload(TypedDict):
    """``entries`` of one head's attention matrix and multiply-adds of the whole module, globally and in windows."""

    entries_global: int
    entries_windowed: int
    module_global: int
    module_windowed: int


def count_costs(request: CostsRequest) -> CostsPayload:
    """Count global attention and attention in windows. Raises UserError for heads that do not divide ``d_model``."""
    sizes = (request.side, request.side, request.d_model, request.n_heads)
    with user_errors():
        whole, windowed = global_attention_cost(*sizes), windowed_attention_cost(*sizes, request.window)
    return {
        "entries_global": whole.entries,
        "entries_windowed": windowed.entries,
        "module_global": whole.module,
        "module_windowed": windowed.module,
    }
