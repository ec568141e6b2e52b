"""Stochastic depth: nothing at rate 0 and in eval, the branch itself in the mean, the paper's rates."""

import pytest
import torch
from torchvision.ops import stochastic_depth

from vit_explorer.models.stochastic_depth import drop_path, linear_rates
from vit_explorer.models.vit import ViT

SIZES = {"img_size": 16, "d_model": 16, "n_heads": 2, "n_layers": 3, "d_ff": 32}


def test_at_rate_0_and_outside_of_training_it_is_the_identity():
    x = torch.randn(4, 3, 2)
    assert drop_path(x, 0.0, True) is x and drop_path(x, 0.9, False) is x


def test_survival_is_1_less_the_rate_and_the_mean_is_the_branch():
    torch.manual_seed(0)
    found = drop_path(torch.ones(100_000, 1), 0.3, True)
    assert found.unique().tolist() == pytest.approx([0, 1 / 0.7])
    assert (found > 0).float().mean().item() == pytest.approx(0.7, abs=0.006)  # 4 standard errors
    assert found.mean().item() == pytest.approx(1, abs=0.009)


def test_each_picture_is_dropped_as_a_whole_as_in_torchvision():
    x = torch.randn(512, 3, 5, generator=torch.Generator().manual_seed(1))
    torch.manual_seed(3)
    ours = drop_path(x, 0.4, True)
    torch.manual_seed(3)
    theirs = stochastic_depth(x, 0.4, "row", True)
    for found in (ours, theirs):
        kept = found.abs().sum((1, 2)) > 0
        assert torch.allclose(found[kept], x[kept] / 0.6) and 0.5 < kept.float().mean() < 0.7


def test_rates_grow_evenly_from_0():
    assert linear_rates(0.3, 4) == pytest.approx([0, 0.1, 0.2, 0.3])
    assert linear_rates(0.2, 1) == [0]
    for wrong in (-0.1, 1.0):
        with pytest.raises(ValueError, match="at least 0 and less than 1"):
            linear_rates(wrong, 4)


def test_a_vit_drops_by_the_schedule_while_it_trains_and_never_after():
    torch.manual_seed(0)
    model = ViT(**SIZES, stochastic_depth=0.5)
    assert [block.drop_rate for block in model.blocks] == [0, 0.25, 0.5]
    plain = ViT(**SIZES)
    plain.load_state_dict(model.state_dict())
    images = torch.randn(8, 3, 16, 16)
    with torch.no_grad():
        assert torch.equal(model.eval()(images), plain.eval()(images))
        torch.manual_seed(1)
        first = model.train()(images)
        torch.manual_seed(1)
        assert torch.equal(model(images), first) and not torch.allclose(model(images), first)


def test_half_precision_stays_half_precision():
    assert drop_path(torch.ones(4, 2, dtype=torch.bfloat16), 0.5, True).dtype == torch.bfloat16
