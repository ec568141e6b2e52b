"""Mean attention distance against a double loop, entropies that are known, and the lens at both of its ends."""

import math

import pytest
import torch

from tests.explain.small import VITS, images, make, some_attention
from vit_explorer.explain import attention_entropy, logit_lens, mean_attention_distance, trace
from vit_explorer.explain.distance import patch_distances

GRID = (2, 8)  # of 16 patches: rows and columns differ


def by_double_loop(weights: torch.Tensor, n_prefix: int, patch_size: float) -> float:
    """One head's (N, N), in pixels."""
    total = 0.0
    for i in range(16):
        given = sum(float(weights[n_prefix + i, n_prefix + j]) for j in range(16))
        for j in range(16):
            apart = patch_size * math.dist(divmod(i, GRID[1]), divmod(j, GRID[1]))
            total += float(weights[n_prefix + i, n_prefix + j]) / given * apart
    return total / 16


@pytest.mark.parametrize(("n_prefix", "patch_size"), [(0, 1), (1, 4), (2, 2.5)])
def test_distance_is_that_of_a_double_loop(n_prefix, patch_size):
    attention = some_attention(n=16 + n_prefix)
    found = mean_attention_distance(attention, GRID, n_prefix, patch_size)
    assert found.shape == (2, 3, 3)  # pictures, layers, heads
    for picture in range(2):
        for layer in range(3):
            for head in range(3):
                expected = by_double_loop(attention[layer][picture, head], n_prefix, patch_size)
                assert found[picture, layer, head].item() == pytest.approx(expected, rel=1e-5)


def test_a_patch_that_attends_to_itself_looks_nowhere_else():
    assert mean_attention_distance([torch.eye(17).expand(1, 2, 17, 17)], (4, 4), 1, 4).tolist() == [[[0.0, 0.0]]]


def test_uniform_attention_looks_as_far_as_the_grid_is_wide():
    uniform = torch.full((1, 1, 4, 4), 1 / 4)  # 2 x 2: each patch has itself, two neighbours and one across
    found = mean_attention_distance([uniform], (2, 2), 0, 8)
    assert found.item() == pytest.approx((0 + 8 + 8 + 8 * math.sqrt(2)) / 4)


def test_what_goes_to_cls_changes_nothing():
    (weights,) = some_attention(1)
    more = weights.clone()
    more[..., 1:, 1:] *= 0.01
    more[..., 1:, 0] = 1 - more[..., 1:, 1:].sum(-1)
    more[..., 0, :] = torch.eye(17)[0]  # nor does where CLS itself looks
    before, after = (mean_attention_distance([one], (4, 4), 1, 4) for one in (weights, more))
    assert torch.allclose(before, after, atol=1e-5)


def test_all_on_cls_is_a_number():
    all_on_cls = torch.zeros(1, 1, 17, 17)
    all_on_cls[..., 0] = 1
    assert mean_attention_distance([all_on_cls], (4, 4), 1, 4).isfinite().all()


@pytest.mark.parametrize("grid", [(1, 1), (4, 4), (3, 7), (14, 14)])
def test_distances_between_centres(grid):
    found = patch_distances(grid, 16)
    assert (found == found.T).all() and (found.diagonal() == 0).all()
    n = grid[0] * grid[1]
    expected = [[16 * math.dist(divmod(i, grid[1]), divmod(j, grid[1])) for j in range(n)] for i in range(n)]
    assert (found - torch.tensor(expected, dtype=torch.float64)).abs().max() < 1e-9


def test_entropies_that_are_known():
    one_each = torch.eye(16).roll(3, 0).expand(2, 3, 16, 16)
    alike = torch.full((2, 3, 16, 16), 1 / 16)
    halves = torch.zeros(2, 3, 16, 16)
    halves[..., :8, 0] = 1  # one half of the queries has one key
    halves[..., 8:, :4] = 1 / 4  # the other half four
    found = attention_entropy([one_each, alike, halves])
    assert found.shape == (2, 3, 3)
    for layer, bits in enumerate((0.0, 4.0, 1.0)):
        assert found[:, layer].flatten().tolist() == pytest.approx([bits] * 6, abs=1e-5)


def test_entropy_is_minus_p_log_p():
    (weights,) = some_attention(1)
    expected = -(weights.double() * weights.double().log2()).sum(-1).mean(-1)
    assert torch.allclose(attention_entropy([weights])[:, 0].double(), expected, atol=1e-5)


@pytest.mark.parametrize("case", VITS)
def test_the_lens_ends_exactly_at_the_logits(case):
    model, x = make(case), images(3)
    traced = trace(model, x)
    found = logit_lens(model, traced)
    assert found.shape == (3, 4, 5)
    assert torch.equal(found[:, -1], traced.logits)
    assert (found[:, 0] - found[:, -1]).abs().max() > 0.01


@torch.no_grad()
@pytest.mark.parametrize("case", ["cls", "pool"])
def test_in_between_it_is_the_network_with_the_later_blocks_left_out(case):
    model, x = make(case), images()
    found = logit_lens(model, trace(model, x))
    assert not found.requires_grad
    for n_blocks in (1, 2):
        shorter = make(case)
        shorter.blocks = shorter.blocks[:n_blocks]
        assert torch.allclose(found[:, n_blocks], shorter(x), atol=1e-6)


def test_a_cnn_has_no_lens():
    with pytest.raises(ValueError, match="a ConvNet can read its last stage only"):
        logit_lens(make("cnn"), trace(make("cnn"), images()))
