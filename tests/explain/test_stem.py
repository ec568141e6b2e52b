"""The way through a stem: its last map is the tokens, and a token depends on the cells that it is said to see."""

import pytest
import torch

from vit_explorer.explain.stem import stem_stages
from vit_explorer.models import HybridViT, create_model

MODELS = {
    "vit-conv": lambda: create_model("vit-conv", d_model=16, n_heads=2),
    "vit-conv of patch 8": lambda: create_model("vit-conv", d_model=16, n_heads=2, patch_size=8),
    "hybrid": lambda: create_model("hybrid", widths=(4, 8, 8), d_model=16, n_heads=2),
}


@pytest.fixture(scope="module", params=MODELS)
def embedding(request):
    torch.manual_seed(0)
    return MODELS[request.param]().eval().patch_embedding


def test_the_first_map_is_the_input_and_the_last_the_tokens(embedding):
    inputs = torch.randn(2, 3, 32, 32)
    stages = stem_stages(embedding, inputs)
    assert stages[0].map is inputs and stages[0].title == "the input"
    assert torch.equal(stages[-1].map.flatten(2).transpose(1, 2), embedding(inputs))
    assert stages[-1].sees == tuple((i, i) for i in range(embedding.grid[1]))
    assert all(len(stage.sees) == embedding.grid[1] and stage.title for stage in stages)


def test_a_token_depends_on_what_it_sees_and_on_nothing_else(embedding):
    """Over many pictures the gradients of a token's numbers touch all pixels that it sees, and no others."""
    size, (rows, cols) = 32, embedding.grid
    token = (1, cols - 2)
    images = torch.randn(200, 3, size, size, requires_grad=True)
    maps = embedding(images).transpose(1, 2).reshape(200, -1, rows, cols)
    weights = torch.randn(maps.shape[:2])
    (gradient,) = torch.autograd.grad((maps[:, :, token[0], token[1]] * weights).sum(), images)
    touched = (gradient != 0).flatten(0, 1).any(dim=0)
    sees = stem_stages(embedding, images.detach()[:1])[0].sees
    (top, bottom), (left, right) = sees[token[0]], sees[token[1]]
    expected = torch.zeros(size, size, dtype=torch.bool)
    expected[top : bottom + 1, left : right + 1] = True
    assert torch.equal(touched, expected)


def test_the_fields_of_the_small_models_by_hand():
    pixels = torch.zeros(1, 3, 32, 32)
    stem = stem_stages(create_model("vit-conv").patch_embedding, pixels)
    # token 4: pooled cells 8 and 9 of 16, of the second convolution's 7 to 10 of 16, of 14 to 21 of 32,
    # with the first convolution 13 to 22
    assert [stage.sees[4] for stage in stem] == [(13, 22), (7, 10), (4, 4)]
    hybrid = stem_stages(create_model("hybrid").patch_embedding, pixels)
    # 4 <- pooled (2..6 by two convolutions) -> 4 to 13 of 16 <- 2 to 15 <- 4 to 31 of 32 <- 3 to 31
    assert [stage.sees[4] for stage in hybrid] == [(3, 31), (4, 31), (4, 13), (4, 4), (4, 4)]
    assert [stage.title for stage in hybrid[1:]] == [
        "3 × 3 convolution, ReLU", "pooling, residual block", "pooling, residual block", "1 × 1 convolution",
    ]  # fmt: skip


def test_a_token_of_resnet_50_sees_the_whole_picture():
    embedding = HybridViT(img_size=224, backbone="resnet50", d_model=16, n_heads=2, n_layers=1).eval().patch_embedding
    stages = stem_stages(embedding, torch.zeros(1, 3, 224, 224))
    assert [stage.map.shape[1] for stage in stages] == [3, 64, 256, 512, 1024, 2048, 16]
    assert [stage.map.shape[-1] for stage in stages] == [224, 112, 56, 28, 14, 7, 7]
    assert stages[0].sees[3] == (0, 223) and stages[-2].sees[3] == (3, 3)
    assert stages[2].title == "pooling, 3 residual blocks"
