"""ResNet, the CNN that stands beside the large Vision Transformers.

Source: He et al. 2015, "Deep Residual Learning for Image Recognition"; the network is torchvision's.
"""

from __future__ import annotations

import torch
from torch import Tensor

from vit_explorer.models.attention import Tape
from vit_explorer.models.heads import logits_of, make_head
from vit_explorer.models.network import Network, mean_place_logits

HALVINGS = 5  # 224 pixels become a map of 7 x 7
STAGES = ("layer1", "layer2", "layer3", "layer4")


class ResNet(Network):
    """torchvision's ResNet with recorded activations, images -> (B, n_classes).

    Parameters are named as in torchvision, but for ``head``, which is ``fc`` there.

    Args:
        img_size: the size that it is built for; others are accepted.
        layers: residual blocks of each of the four stages: (3, 4, 6, 3) is ResNet-50, with bottlenecks.
        bottleneck: three convolutions in a block, the last of which widens four times, in place of two.
        n_classes: 0 makes a network without a head, as for :class:`ViT`.

    A tape receives each stage's map, flattened to (B, H * W, C); there is no attention to record.
    """

    pooling = "mean"

    def __init__(
        self,
        img_size: int = 224,
        layers: tuple[int, ...] = (3, 4, 6, 3),
        bottleneck: bool = True,
        n_classes: int = 1000,
    ) -> None:
        super().__init__()
        from torchvision.models.resnet import BasicBlock, Bottleneck  # takes seconds to import
        from torchvision.models.resnet import ResNet as TorchvisionResNet

        if len(layers) != len(STAGES) or min(layers) < 1:
            raise ValueError(f"a ResNet has four stages of at least one block, not {tuple(layers)}")
        network = TorchvisionResNet(Bottleneck if bottleneck else BasicBlock, list(layers))
        width = network.fc.in_features
        self.img_size = img_size
        self.n_prefix, self.n_classes = 0, n_classes
        side = -(-img_size // 2**HALVINGS)
        self.grid = (side, side)  # of the last map
        for name, part in network.named_children():
            if name != "fc":
                self.add_module(name, part)
        self.head = make_head(width, n_classes)

    @property
    def stage_entries(self) -> tuple[int, ...]:
        return tuple(range(len(STAGES)))

    @property
    def grad_cam_entry(self) -> int | None:
        return self.stage_entries[-1]

    def readout(self, tokens: Tensor) -> Tensor:
        return torch.full_like(tokens[..., 0], 1 / tokens.shape[1])

    @torch.no_grad()
    def place_logits(self, tokens: Tensor, classes: Tensor) -> Tensor:
        return mean_place_logits(tokens, self.head, classes)

    def features(self, images: Tensor, tape: Tape | None = None) -> Tensor:
        """The map that the last stage leaves behind, (B, C, H, W)."""
        maps = self.maxpool(self.relu(self.bn1(self.conv1(images))))
        for name in STAGES:
            maps = self.get_submodule(name)(maps)
            if tape is not None:
                tape.hidden.append(maps.flatten(2).transpose(1, 2))  # (B, C, H, W) -> (B, H * W, C)
                if tape.differentiable:  # what follows goes through the recorded map, so that it has a gradient
                    maps = tape.hidden[-1].transpose(1, 2).reshape(maps.shape)
        return maps

    def embed(self, images: Tensor) -> Tensor:
        """Mean of the last map, the vector that the head reads: (B, C)."""
        return self.avgpool(self.features(images)).flatten(1)

    def forward(self, images: Tensor, tape: Tape | None = None) -> Tensor:
        vectors = self.avgpool(self.features(images, tape)).flatten(1)
        return logits_of(self.head, vectors, self.n_classes)
