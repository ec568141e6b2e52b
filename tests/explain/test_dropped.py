"""Stochastic depth for one pass: nothing dropped is the model, everything dropped reads the embedding."""

import pytest
import torch
from torch import nn

from tests.explain.small import NAMES, SIZES, images, make
from vit_explorer.explain.dropped import branch_scales, draw_kept, scaled_logits
from vit_explorer.models import create_model
from vit_explorer.models.stochastic_depth import linear_rates

OTHERS = {  # name -> options, beyond those of NAMES
    "deit": ("deit", SIZES),
    "hybrid": ("hybrid", {"img_size": 16, "widths": (4, 8, 8), "d_model": 16, "n_heads": 2, "n_layers": 3, "d_ff": 24}),
}
RESIDUAL = [name for name in NAMES if name != "cnn"] + list(OTHERS)
every_residual = pytest.mark.parametrize("case", RESIDUAL)


def built(case: str, **options: object) -> nn.Module:
    if case in NAMES and not options:
        return make(case)
    name, own = (NAMES | OTHERS)[case]
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        torch.manual_seed(0)
        model = create_model(name, **own, **options)
        for parameter in model.parameters():
            parameter.add_(0.25 * torch.randn_like(parameter))
    return model.eval()


@every_residual
def test_with_rate_0_nothing_is_dropped_and_it_is_the_model(case):
    model, x = built(case), images()
    kept = draw_kept(len(x), len(model.residual_blocks), 0.0, seed=3)
    assert kept.all()
    with torch.no_grad():
        torch.testing.assert_close(scaled_logits(model, x, branch_scales(kept, 0.0)), model(x))


@pytest.mark.parametrize("case", ["cls", "mean", "pool", "deit", "hybrid"])
def test_with_everything_dropped_a_vit_reads_its_embedding(case):
    model, x = built(case), images()
    with torch.no_grad():
        expected = model.classify(model.tokens(x))
        found = scaled_logits(model, x, torch.zeros(len(x), len(model.residual_blocks), 2))
    torch.testing.assert_close(found, expected)


def test_with_everything_dropped_a_swin_reads_its_merged_embedding():
    model, x = built("swin"), images()
    with torch.no_grad():
        maps = model.mergings[0](model.patch_norm(model.patch_embedding(x).permute(0, 2, 3, 1)))
        expected = model.head(model.norm(maps).mean(dim=(1, 2)))
    torch.testing.assert_close(scaled_logits(model, x, torch.zeros(2, 4, 2)), expected)


@pytest.mark.parametrize("case", ["cls", "deit", "hybrid"])
def test_it_is_what_training_does_with_the_same_draw(case):
    model, x = built(case, stochastic_depth=0.6), images(6)
    with torch.no_grad():
        torch.manual_seed(5)
        for block in model.blocks:
            block.train()
        trained = model(x)
        torch.manual_seed(5)  # the rates are drawn branch by branch, those of rate 0 are not
        rates = linear_rates(0.6, 3)
        kept = torch.ones(6, 3, 2, dtype=torch.bool)
        for block in range(3):
            for branch in range(2):
                if rates[block]:
                    kept[:, block, branch] = torch.rand(6, 1, 1).flatten() >= rates[block]
    assert not kept.all()
    torch.testing.assert_close(scaled_logits(model, x, branch_scales(kept, 0.6)), trained)


def test_many_draws_of_one_picture_are_each_draws_own_pass():
    model, x = built("cls"), images(1)
    scales = branch_scales(draw_kept(5, 3, 0.5, seed=1), 0.5)
    together = scaled_logits(model, x, scales)
    for draw in range(5):
        torch.testing.assert_close(together[draw], scaled_logits(model, x, scales[draw : draw + 1])[0])
    assert len(together.unique(dim=0)) > 1


def test_rates_grow_linearly_and_the_mean_over_draws_is_the_branch():
    kept, largest = draw_kept(20_000, 5, 0.8, seed=0), 0.8
    assert kept[:, 0].all()
    torch.testing.assert_close(
        1 - kept.float().mean(dim=(0, 2)), torch.tensor(linear_rates(largest, 5)), atol=0.01, rtol=0
    )
    mean = branch_scales(kept, largest).mean(dim=0)
    torch.testing.assert_close(mean, torch.ones(5, 2), atol=0.06, rtol=0)  # sd of the last: 2 / sqrt(20 000) = 0.014


def test_a_draw_is_a_function_of_its_seed_and_leaves_the_global_generator_alone():
    before = torch.random.get_rng_state()
    assert torch.equal(draw_kept(4, 6, 0.5, seed=9), draw_kept(4, 6, 0.5, seed=9))
    assert not torch.equal(draw_kept(4, 6, 0.5, seed=9), draw_kept(4, 6, 0.5, seed=10))
    assert torch.equal(torch.random.get_rng_state(), before)


def test_what_cannot_be_dropped_is_said():
    assert len(make("cnn").residual_blocks) == 0
    with pytest.raises(ValueError, match="no residual branches"):
        scaled_logits(make("cnn"), images(), torch.ones(2, 3, 2))
    with pytest.raises(ValueError, match=r"\(B, 3, 2\), not \(2, 4, 2\)"):
        scaled_logits(make("cls"), images(), torch.ones(2, 4, 2))
    with pytest.raises(ValueError, match="less than 1"):
        draw_kept(1, 3, 1.0, seed=0)
