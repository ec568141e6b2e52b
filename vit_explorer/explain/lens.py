"""The logit lens: the model's prediction if it stopped after each block.

Source: nostalgebraist 2020, "interpreting GPT: the logit lens".
"""

from __future__ import annotations

import torch
from torch import Tensor

from vit_explorer.explain.trace import Trace
from vit_explorer.models.network import Network


@torch.no_grad()
def logit_lens(model: Network, traced: Trace) -> Tensor:
    """Logits by the final norm and head from the output of every block.

    Returns:
        (B, layers + 1, classes): first from the embedding, last exactly ``traced.logits``.
    Raises:
        ValueError: for a model whose stages differ in width, so that its head cannot read the earlier ones.
    """
    if model.stage_entries:
        raise ValueError(f"the head of a {type(model).__name__} can read its last stage only")
    return torch.stack([model.classify(tokens) for tokens in traced.hidden], dim=1)
