"""Multiply-adds: counted on the network, by formula, and by hand."""

import pytest
import torch

from vit_explorer.cost.multiply_adds import count_multiply_adds, vit_multiply_adds
from vit_explorer.models import ConvNet, ViT, create_model


@pytest.mark.parametrize(
    ("img_size", "patch_size", "d_model", "n_heads", "n_layers", "d_ff"),
    [(32, 4, 128, 4, 4, 512), (224, 16, 192, 3, 2, 768), (8, 2, 12, 3, 1, 20)],
)
def test_the_count_is_the_formula(img_size, patch_size, d_model, n_heads, n_layers, d_ff):
    model = ViT(img_size, patch_size, 3, d_model, n_heads, n_layers, d_ff)
    n_patches = (img_size // patch_size) ** 2
    formula = vit_multiply_adds(n_patches, 3 * patch_size**2, d_model, n_layers, d_ff, n_classes=10)
    assert count_multiply_adds(model, img_size) == formula["total"]


def test_without_a_cls_token_there_is_one_token_less():
    model = ViT(pooling="mean")
    assert count_multiply_adds(model, 32) == vit_multiply_adds(64, 48, 128, 4, 512, 10, n_prefix=0)["total"]


def test_the_parts_by_hand():
    assert vit_multiply_adds(n_patches=64, patch_values=48, d_model=128, n_layers=4, d_ff=512, n_classes=10) == {
        "embedding": 64 * 48 * 128,
        "projections": 4 * (65 * 128 * 3 * 128 + 65 * 128 * 128),
        "attention": 4 * (65 * 65 * 128 + 65 * 65 * 128),
        "mlp": 4 * (65 * 128 * 512 + 65 * 512 * 128),
        "head": 1_280,
        "total": 55_838_976,
    }


def test_vit_base_costs_what_its_authors_and_others_publish():
    total = vit_multiply_adds(196, 768, 768, 12, 3072, 1000)["total"]
    assert total == pytest.approx(17.6e9, rel=0.02)  # "GFLOPs" in torchvision's table of ViT_B_16, as multiply-adds


def test_the_convnet_by_hand():
    by_hand = 32 * 32 * 27 * 64 + 16 * 16 * 9 * 64 * 128 + 8 * 8 * 9 * 128 * 256 + 256 * 10
    assert count_multiply_adds(ConvNet(), 32) == by_hand == 39_520_768


def test_the_convolutional_stem_by_hand():
    model = create_model("vit-conv")
    blocks = vit_multiply_adds(64, 0, 128, 3, 256, 10, n_prefix=0)["total"]
    stem = 32 * 32 * 27 * 64 + 16 * 16 * 9 * 64 * 128
    assert count_multiply_adds(model, 32) == blocks + stem + 64 * 128  # and the scores of attention pooling


@pytest.mark.parametrize("training", [False, True])
def test_counting_leaves_the_model_as_it_was(training):
    model = create_model("vit-conv", img_size=8, d_model=16, n_heads=2, n_layers=1, d_ff=8).train(training)
    before = {key: value.clone() for key, value in model.state_dict().items()}
    first = count_multiply_adds(model, 8)
    assert count_multiply_adds(model.to(memory_format=torch.channels_last), 8) == first
    assert model.training == training
    assert all(torch.equal(before[key], value) for key, value in model.state_dict().items())
