"""Changing positions: what stays, what moves, and that a ViT without places does not know the order of its patches."""

import copy

import pytest
import torch
from torch import Tensor

from vit_explorer.explain.ablation import changed_positions, patch_order, predict_with_positions
from vit_explorer.models import create_model, patchify, unpatchify
from vit_explorer.models.vit import ViT

SIZES = {"img_size": 16, "patch_size": 4, "d_model": 32, "n_heads": 2, "n_layers": 2, "d_ff": 64, "n_classes": 5}
POOLINGS = ["cls", "mean", "attention"]


def model_of(pooling: str) -> ViT:
    torch.manual_seed(0)
    model = create_model("vit", pooling=pooling, **SIZES)
    with torch.no_grad():  # large weights, so that what the tokens say to each other shows
        for weights in model.parameters():
            weights.normal_(std=0.3)
    return model.eval()


def images() -> Tensor:
    return torch.randn(3, 3, 16, 16, generator=torch.Generator().manual_seed(1))


def moved(pictures: Tensor, order: Tensor) -> Tensor:
    """The pictures with patch i at place order[i]."""
    patches = patchify(pictures, 4)
    placed = torch.empty_like(patches)
    placed[:, order] = patches
    return unpatchify(placed, 4, (4, 4))


def test_patch_order_is_a_permutation_of_its_seed_alone():
    before = torch.get_rng_state()
    assert patch_order(16, 3).tolist() == patch_order(16, 3).tolist()
    assert patch_order(16, 3).tolist() != patch_order(16, 4).tolist()
    assert patch_order(16, 3).sort().values.tolist() == list(range(16))
    assert torch.equal(before, torch.get_rng_state())


@pytest.mark.parametrize("mode", ["trained", "shuffled", "zero", "untrained"])
def test_cls_keeps_its_position_in_every_mode(mode):
    positions, untrained = torch.randn(1, 17, 8), torch.randn(1, 17, 8)
    changed = changed_positions(positions, 1, mode, seed=5, untrained=untrained)
    order = patch_order(16, 5)
    expected = {
        "trained": positions[:, 1:],
        "shuffled": positions[:, 1:][:, order],
        "zero": torch.zeros(1, 16, 8),
        "untrained": untrained[:, 1:],
    }
    assert torch.equal(changed[:, :1], positions[:, :1])
    assert torch.equal(changed[:, 1:], expected[mode])
    assert changed.data_ptr() != positions.data_ptr()


def test_what_cannot_be_is_refused():
    positions = torch.randn(1, 17, 8)
    with pytest.raises(ValueError, match="not 'upside down'"):
        changed_positions(positions, 1, "upside down")
    with pytest.raises(ValueError, match="were not kept"):
        changed_positions(positions, 1, "untrained")
    with pytest.raises(ValueError, match="were not kept"):
        changed_positions(positions, 1, "untrained", untrained=torch.randn(1, 10, 8))


@pytest.mark.parametrize("pooling", POOLINGS)
def test_trained_positions_give_the_same_logits_to_the_last_bit(pooling):
    model, x = model_of(pooling), images()
    with torch.no_grad():
        expected = model(x)
    unchanged = changed_positions(model.pos_embedding, model.n_prefix, "trained")
    assert torch.equal(predict_with_positions(model, x, unchanged), expected)


@pytest.mark.parametrize("pooling", POOLINGS)
def test_shuffled_positions_are_the_picture_with_its_patches_moved(pooling):
    model, x = model_of(pooling), images()
    shuffled = predict_with_positions(model, x, changed_positions(model.pos_embedding, model.n_prefix, "shuffled", 7))
    with torch.no_grad():
        told = model(moved(x, patch_order(16, 7)))
        right = model(x)
    torch.testing.assert_close(shuffled, told, atol=2e-5, rtol=2e-5)
    assert (shuffled - right).abs().max() > 2e-3  # a hundred times the tolerance


@pytest.mark.parametrize("pooling", POOLINGS)
def test_without_positions_the_order_of_the_patches_means_nothing(pooling):
    model, x = model_of(pooling), images()
    zero = changed_positions(model.pos_embedding, model.n_prefix, "zero")
    heap = predict_with_positions(model, x, zero)
    other_heap = predict_with_positions(model, moved(x, patch_order(16, 2)), zero)
    torch.testing.assert_close(heap, other_heap, atol=2e-5, rtol=2e-5)


def test_several_tables_for_one_picture_are_several_predictions():
    model, x = model_of("cls"), images()[:1]
    tables = [changed_positions(model.pos_embedding, 1, "shuffled", seed) for seed in range(3)]
    together = predict_with_positions(model, x, torch.cat(tables))
    one_by_one = torch.cat([predict_with_positions(model, x, table) for table in tables])
    torch.testing.assert_close(together, one_by_one, atol=2e-5, rtol=2e-5)


def test_the_model_is_not_touched_not_even_while_it_predicts():
    model, x = model_of("cls"), images()
    own, before = model.pos_embedding, copy.deepcopy(model.state_dict())
    seen = []
    model.blocks[0].register_forward_hook(lambda *_: seen.append(model.pos_embedding is own))
    predict_with_positions(model, x, torch.zeros_like(own))
    assert seen == [True]
    assert model.pos_embedding is own
    assert all(torch.equal(value, before[key]) for key, value in model.state_dict().items())
