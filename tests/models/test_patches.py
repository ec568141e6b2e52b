"""Patches: cutting, putting back, and the two ways to turn one into a token."""

import pytest
import torch
import torch.nn.functional as F

from vit_explorer.models import ConvPatchEmbedding, PatchEmbedding, ViT, patchify, unpatchify
from vit_explorer.models.patches import as_linear, grid_size


def test_a_small_picture_by_hand():
    picture = torch.arange(16).reshape(1, 1, 4, 4)
    assert patchify(picture, 2).tolist() == [[[0, 1, 4, 5], [2, 3, 6, 7], [8, 9, 12, 13], [10, 11, 14, 15]]]


def test_channels_come_before_rows_and_columns():
    picture = torch.stack([torch.full((2, 2), 1), torch.full((2, 2), 2)])[None]
    assert patchify(picture, 2).tolist() == [[[1, 1, 1, 1, 2, 2, 2, 2]]]


@pytest.mark.parametrize(("height", "width", "patch_size"), [(32, 32, 4), (12, 20, 4), (6, 6, 1), (8, 8, 8)])
def test_the_order_is_that_of_unfold(height, width, patch_size):
    images = torch.randn(2, 3, height, width)
    unfolded = F.unfold(images, patch_size, stride=patch_size).transpose(1, 2)  # (B, N, C * P * P)
    assert torch.equal(patchify(images, patch_size), unfolded)


@pytest.mark.parametrize("dtype", [torch.uint8, torch.float32])
def test_unpatchify_is_the_inverse(dtype):
    images = torch.randint(0, 256, (2, 3, 12, 20)).to(dtype)
    back = unpatchify(patchify(images, 4), 4, (3, 5))
    assert back.dtype == dtype
    assert torch.equal(back, images)


def test_the_embedding_is_one_matrix_product_per_patch():
    embedding = PatchEmbedding(32, 4, 3, 128)
    images = torch.randn(2, 3, 32, 32)
    weight, bias = as_linear(embedding)
    assert torch.equal(weight, embedding.projection.weight.flatten(1).T)
    assert (embedding(images) - (patchify(images, 4) @ weight + bias)).abs().max() < 1e-5


def test_as_linear_hands_out_nothing_that_would_change_the_model():
    embedding = PatchEmbedding(8, 4, 3, 8)
    _, bias = as_linear(embedding)
    assert bias.data_ptr() != embedding.projection.bias.data_ptr()
    assert not bias.requires_grad


@pytest.mark.parametrize(("img_size", "patch_size", "numbers"), [(32, 5, "32 5"), (30, 4, "30 4"), (16, 32, "16 32")])
def test_a_patch_that_leaves_a_rest_is_refused_with_both_numbers(img_size, patch_size, numbers):
    def refused(build):
        with pytest.raises(ValueError) as caught:
            build()
        assert all(number in str(caught.value) for number in numbers.split())

    refused(lambda: grid_size(img_size, patch_size))
    refused(lambda: patchify(torch.zeros(1, 3, img_size, img_size), patch_size))
    refused(lambda: PatchEmbedding(img_size, patch_size))
    refused(lambda: ViT(img_size=img_size, patch_size=patch_size))


@pytest.mark.parametrize(("img_size", "patch_size"), [(32, 0), (32, -4), (0, 4)])
def test_sizes_below_one_are_refused(img_size, patch_size):
    with pytest.raises(ValueError, match=rf"{img_size}.*{patch_size}"):
        grid_size(img_size, patch_size)


def test_unpatchify_refuses_what_does_not_fill_the_grid():
    with pytest.raises(ValueError, match=r"6 patches .* 2 x 4"):
        unpatchify(torch.zeros(1, 6, 12), 2, (2, 4))
    with pytest.raises(ValueError, match=r"10 values .* 2 x 2"):
        unpatchify(torch.zeros(1, 6, 10), 2, (2, 3))


@pytest.mark.parametrize("patch_size", [2, 4, 8, 16])
def test_the_convolutional_stem_gives_as_many_tokens(patch_size):
    linear, conv = (kind(32, patch_size, 3, 64) for kind in (PatchEmbedding, ConvPatchEmbedding))
    images = torch.randn(2, 3, 32, 32)
    assert conv.n_patches == linear.n_patches == (32 // patch_size) ** 2
    assert conv(images).shape == linear(images).shape == (2, conv.n_patches, 64)


def test_tokens_of_the_convolutional_stem_run_row_by_row_and_overlap():
    stem = ConvPatchEmbedding(16, 4, 3, 32).eval()
    picture = torch.zeros(1, 3, 16, 16)
    touched = picture.clone()
    touched[..., 8:12, 4:8] = 1  # the patch in row 2 and column 1 of 4 x 4
    moved = (stem(touched) - stem(picture)).abs().sum(-1)[0].reshape(4, 4) > 1e-6
    assert moved[2, 1]
    assert moved[3, 2]  # a neighbour sees its edge: the convolutions reach over it
    assert not moved[0].any()


@pytest.mark.parametrize("patch_size", [1, 3, 6, 12])
def test_the_convolutional_stem_refuses_what_is_no_power_of_two(patch_size):
    with pytest.raises(ValueError, match=rf"patch size {patch_size} is no power of two"):
        ConvPatchEmbedding(12, patch_size)
