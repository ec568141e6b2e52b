"""What a Swin's stages cost, what a CNN can see, and a Swin with other windows."""

import pytest
import torch

from tests.explain.swin import small_swin
from vit_explorer.cost.multiply_adds import count_multiply_adds
from vit_explorer.cost.stages import stage_multiply_adds
from vit_explorer.explain.receptive import receptive_fields
from vit_explorer.explain.rewindow import resampled_table, rewindowed
from vit_explorer.models import create_model
from vit_explorer.models.cnn import ConvNet


@pytest.mark.parametrize("side", [16, 14, 7, 1])
def test_the_stages_cost_what_the_real_network_does(side):
    model = create_model("swin").eval()
    head = model.head.weight.numel()
    assert sum(stage_multiply_adds(model, side, side)) + head == count_multiply_adds(model, 2 * side)


def test_receptive_fields_by_disturbing_pixels():
    """One pixel moves exactly the numbers whose square it lies in."""
    model = ConvNet(widths=(4, 4, 4)).double().eval()
    for stage in model.stages:
        torch.nn.init.constant_(stage[0].weight, 0.1)  # nothing negative: no ReLU and no pool hides a change
    image = torch.rand(1, 3, 32, 32, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    fields = receptive_fields(model)
    assert [field.pixels for field in fields] == [3, 8, 18] and [field.step for field in fields] == [1, 2, 4]
    image.requires_grad_(True)
    maps = image
    for index, (stage, field) in enumerate(zip(model.stages, fields, strict=True)):
        maps = stage(maps if index == 0 else torch.nn.functional.avg_pool2d(maps, 2))  # a max hides all but one pixel
        middle = maps.shape[-1] // 2
        (seen,) = torch.autograd.grad(maps[0, 0, middle, middle], image, retain_graph=True)
        rows = seen[0].abs().sum((0, 2)).nonzero()[:, 0]
        assert rows[-1] - rows[0] + 1 == field.pixels


def test_the_same_windows_again_change_nothing():
    model, images = small_swin(), torch.randn(2, 3, 16, 16).double()
    with torch.no_grad():
        assert torch.equal(rewindowed(model, 4, 2)(images), model(images))


def test_other_windows_are_a_copy_with_stretched_tables():
    model = small_swin()
    weights = {name: value.clone() for name, value in model.state_dict().items()}
    images = torch.randn(2, 3, 16, 16).double()
    with torch.no_grad():
        before = model(images)
        changed = rewindowed(model, 3, 1)
        assert not torch.allclose(changed(images), before)
        assert torch.equal(model(images), before)
    assert all(torch.equal(weights[name], value) for name, value in model.state_dict().items())
    assert [block.attention.shift for stage in changed.stages for block in stage] == [0, 1, 0, 1]
    table = changed.stages[0][0].attention.bias_table
    assert table.shape == (25, 2)
    # Of a table that rises evenly nothing but evenly spaced values can come, and the middle stays the middle.
    even = torch.linspace(-3, 3, 7)[:, None].expand(7, 7).reshape(49, 1)
    smaller = resampled_table(even, 3).reshape(5, 5)
    assert smaller[2, 2].abs() < 1e-6 and torch.allclose(smaller[:, 0], smaller[:, 4])
    assert torch.equal(resampled_table(even, 4), even)
    for window, shift in ((0, 0), (4, 4), (4, -1), (2.5, 0)):
        with pytest.raises(ValueError, match="must be"):
            rewindowed(model, window, shift)
