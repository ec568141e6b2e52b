"""The small CNN that stands beside the small ViT: three times convolution, ReLU, pooling, then one linear layer."""

from __future__ import annotations

from torch import Tensor, nn

from vit_explorer.models.attention import Tape


class ConvNet(nn.Module):
    """(B, in_channels, img_size, img_size) -> (B, n_classes) logits.

    Each stage is a 3 x 3 convolution and a ReLU; the first ones are followed by 2 x 2 max pooling, the last one by
    global max pooling, so that the head reads one number per channel.

    A tape receives each stage's map before it is pooled, flattened to (B, H * W, C); there is no attention to record.
    """

    def __init__(
        self, img_size: int = 32, in_channels: int = 3, widths: tuple[int, ...] = (64, 128, 256), n_classes: int = 10
    ) -> None:
        super().__init__()
        smallest = 2 ** (len(widths) - 1)
        if img_size < smallest:
            raise ValueError(f"{len(widths)} stages need a picture of at least {smallest} pixels, not {img_size}")
        self.img_size = img_size
        self.n_prefix = 0
        self.grid = (img_size // smallest, img_size // smallest)
        self.stages = nn.ModuleList(
            nn.Sequential(nn.Conv2d(before, width, kernel_size=3, padding=1), nn.ReLU(inplace=True))
            for before, width in zip((in_channels, *widths), widths, strict=False)
        )
        self.pool = nn.MaxPool2d(2)
        self.head = nn.Linear(widths[-1], n_classes)

    def forward(self, images: Tensor, tape: Tape | None = None) -> Tensor:
        maps = images
        for index, stage in enumerate(self.stages):
            maps = stage(maps if index == 0 else self.pool(maps))
            if tape is not None:
                tape.hidden.append(maps.flatten(2).transpose(1, 2))  # (B, C, H, W) -> (B, H * W, C)
                if tape.differentiable:  # what follows goes through the recorded map, so that it has a gradient
                    maps = tape.hidden[-1].transpose(1, 2).reshape(maps.shape)
        return self.head(maps.amax(dim=(2, 3)))
