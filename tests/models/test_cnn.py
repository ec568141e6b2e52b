"""The CNN: its stages, counts, and what its options change."""

import pytest
import torch
from torch import nn

from vit_explorer.models.cnn import ConvNet


def count(model: nn.Module) -> int:
    return sum(parameter.numel() for parameter in model.parameters())


def test_depth_and_norm_leave_the_small_one_as_it_is():
    assert count(ConvNet()) == 373_386
    assert set(ConvNet().state_dict()) == {
        *(f"stages.{k}.0.{name}" for k in range(3) for name in ("weight", "bias")), "head.weight", "head.bias",
    }  # fmt: skip


def test_a_deep_one_is_convolution_norm_and_relu_over_and_over():
    torch.manual_seed(0)
    model = ConvNet(widths=(4, 8), depth=2, norm="batch", n_classes=3)
    kinds = [type(layer) for layer in model.stages[1]]
    assert kinds == [nn.Conv2d, nn.BatchNorm2d, nn.ReLU] * 2
    weights = 9 * (3 * 4 + 4 * 4 + 4 * 8 + 8 * 8)
    assert count(model) == weights + 2 * (4 + 4 + 8 + 8) + 8 * 3 + 3
    images = torch.randn(6, 3, 32, 32)
    model.train()(images)  # running statistics move
    model.eval()
    with torch.no_grad():
        by_hand = model.pool(model.stages[0](images))
        assert torch.allclose(model(images), model.head(model.stages[1](by_hand).amax((2, 3))), atol=1e-6)
        assert torch.allclose(model(images)[2:3], model(images[2:3]), atol=1e-5)  # no picture minds the others


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"depth": 0}, "at least one convolution"),
        ({"norm": "layer"}, "norm must be one of none, batch"),
        ({"img_size": 2}, "at least 4 pixels"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused(options, words):
    with pytest.raises(ValueError, match=words):
        ConvNet(**options)
