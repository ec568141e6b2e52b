"""DeiT: a ViT with a distillation token and head that learn from a teacher.

Source: Touvron et al. 2021, "Training data-efficient image transformers & distillation through attention".
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from vit_explorer.models.attention import Tape
from vit_explorer.models.block import LAYER_NORM_EPS, Activation
from vit_explorer.models.heads import logits_of, make_head
from vit_explorer.models.vit import INIT_STD, Embedding, ViT


class DeiT(ViT):
    """ViT with CLS, a distillation token and two heads, (B, C, H, W) -> logits.

    While a teacher trains it the CLS head learns the labels and the distillation head what the teacher says, see
    :meth:`heads`; without a teacher their mean learns the labels. The answer is the mean of the two heads' logits, as
    in the authors' code.

    Args:
        as for :class:`ViT`; ``stochastic_depth`` is part of the paper's recipe.
    """

    PREFIX_TOKENS = 2

    def __init__(
        self,
        img_size: int = 32,
        patch_size: int = 4,
        in_channels: int = 3,
        d_model: int = 128,
        n_heads: int = 4,
        n_layers: int = 4,
        d_ff: int = 512,
        n_classes: int = 10,
        embedding: Embedding = "linear",
        stochastic_depth: float = 0.0,
        layer_scale: bool = False,
        eps: float = LAYER_NORM_EPS,
        activation: Activation = "gelu",
    ) -> None:
        super().__init__(
            img_size, patch_size, in_channels, d_model, n_heads, n_layers, d_ff, n_classes,
            embedding=embedding, stochastic_depth=stochastic_depth, layer_scale=layer_scale, eps=eps,
            activation=activation,
        )  # fmt: skip
        self.distillation_token = nn.Parameter(torch.zeros(1, 1, d_model))
        self.distillation_head = make_head(d_model, n_classes)
        nn.init.trunc_normal_(self.distillation_token, std=INIT_STD)
        if n_classes:
            nn.init.trunc_normal_(self.distillation_head.weight, std=INIT_STD)
            nn.init.zeros_(self.distillation_head.bias)

    def prefix(self) -> Tensor:
        return torch.cat([self.cls_token, self.distillation_token], dim=1)

    def prefix_names(self) -> tuple[str, ...]:
        return ("CLS", "distillation")

    def read(self, tokens: Tensor) -> tuple[Tensor, Tensor]:
        """Logits of the CLS head and of the distillation head, (B, n_classes) each."""
        tokens = self.norm(tokens)
        heads = (self.head, self.distillation_head)
        cls, distilled = (logits_of(head, tokens[:, place], self.n_classes) for place, head in enumerate(heads))
        return cls, distilled

    def heads(self, images: Tensor, tape: Tape | None = None) -> tuple[Tensor, Tensor]:
        """Logits of the CLS head, then of the distillation head, (B, n_classes) each."""
        return self.read(self.encode(images, tape))

    def classify(self, tokens: Tensor) -> Tensor:
        return torch.stack(self.read(tokens)).mean(dim=0)

    def pooled(self, tokens: Tensor) -> Tensor:
        """The mean of CLS and the distillation token after the final norm, (B, d_model)."""
        return self.norm(tokens)[:, :2].mean(dim=1)
