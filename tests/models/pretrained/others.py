"""Small networks of timm, torchvision and transformers with random weights."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor, nn

from vit_explorer.models import FitReport

SIDE = 32


def stirred(module: nn.Module) -> nn.Module:
    """The module in eval mode with every parameter and buffer moved, so that none could be swapped unseen."""
    torch.manual_seed(0)
    with torch.no_grad():
        for parameter in module.parameters():
            fan_in = parameter[0].numel() if parameter.dim() > 1 else 25
            parameter.add_(torch.randn_like(parameter) / fan_in**0.5)
        for name, buffer in module.named_buffers():
            if name.endswith(("running_mean", "running_var")):
                buffer.add_(0.1 * torch.rand_like(buffer))
    return module.eval()


def pictures(side: int = SIDE) -> Tensor:
    torch.manual_seed(1)
    return torch.randn(2, 3, side, side)


def timm_vit(**options: Any) -> nn.Module:
    from timm.models.vision_transformer import VisionTransformer

    sizes = {"img_size": SIDE, "patch_size": 8, "embed_dim": 32, "depth": 2, "num_heads": 4, "num_classes": 5}
    return stirred(VisionTransformer(**{**sizes, **options}))


def timm_named(name: str, **options: Any) -> nn.Module:
    """A network as timm's registry makes it, with its blocks cut down."""
    import timm

    return stirred(timm.create_model(name, **{"img_size": SIDE, "num_classes": 5, **options}))


def timm_swin(**options: Any) -> nn.Module:
    from timm.models.swin_transformer import SwinTransformer

    sizes = {
        "img_size": SIDE, "patch_size": 2, "embed_dim": 16, "depths": (2, 2), "num_heads": (2, 4), "window_size": 4,
        "num_classes": 5,
    }  # fmt: skip
    return stirred(SwinTransformer(**{**sizes, **options}))


def torchvision_vit(**options: Any) -> nn.Module:
    from torchvision.models import VisionTransformer

    sizes = {
        "image_size": SIDE, "patch_size": 8, "num_layers": 2, "num_heads": 4, "hidden_dim": 32, "mlp_dim": 64,
        "num_classes": 5,
    }  # fmt: skip
    return stirred(VisionTransformer(**{**sizes, **options}))


def torchvision_swin() -> nn.Module:
    from torchvision.models.swin_transformer import SwinTransformer

    return stirred(SwinTransformer([2, 2], 16, [2, 2], [2, 4], [4, 4], num_classes=5))


def resnet(**options: Any) -> nn.Module:
    from torchvision.models.resnet import Bottleneck, ResNet

    return stirred(ResNet(Bottleneck, [1, 1, 1, 1], num_classes=5, **options))


def huggingface(kind: str, task: str = "ForImageClassification", **options: Any) -> nn.Module:
    """A network of transformers: kind ViT, DeiT, Swin, Dinov2 or Dinov2WithRegisters."""
    import transformers

    sizes: dict[str, Any] = {"image_size": SIDE, "num_labels": 5}
    if kind == "Swin":
        sizes |= {"patch_size": 2, "embed_dim": 16, "depths": [2, 2], "num_heads": [2, 4], "window_size": 4}
    else:
        sizes |= {"patch_size": 8, "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4}
        sizes |= {"mlp_ratio": 2} if kind.startswith("Dinov2") else {"intermediate_size": 64}
    config = getattr(transformers, f"{kind}Config")(**{**sizes, **options})
    return stirred(getattr(transformers, f"{kind}{task}")(config))


@torch.no_grad()
def logits(module: nn.Module, images: Tensor) -> Tensor:
    """What a network of any library says of pictures, (B, classes)."""
    answer = module(images)
    return answer if isinstance(answer, Tensor) else answer.logits


def assert_same(theirs: nn.Module, ours: nn.Module, images: Tensor, say: Callable[..., Tensor] = logits) -> None:
    with torch.no_grad():
        expected, found = say(theirs, images), ours(images)
    assert found.shape == expected.shape and expected.std() > 0.01
    assert (found - expected).abs().max() < 1e-4


def assert_complete(report: FitReport, keys: Iterable[str]) -> None:
    """Each key is used or ignored, and none is both."""
    assert set(report.used) | set(report.ignored) == set(keys)
    assert not set(report.used) & set(report.ignored)
    assert all(report.ignored.values())
