"""The patch projection done twice, and the pixels read back from the tokens."""

import pytest
import torch

from vit_explorer.explain import trace
from vit_explorer.explain.embedding import embed_twice, equal_values, pixels_from_tokens, reading_matrix
from vit_explorer.models import ViT


@pytest.mark.parametrize("pooling", ["cls", "mean"])
def test_the_input_is_computed_back_for_every_picture_of_a_batch(pooling):
    torch.manual_seed(0)
    model, inputs = ViT(n_layers=1, pooling=pooling).eval(), torch.randn(3, 3, 32, 32)
    found = pixels_from_tokens(model, trace(model, inputs), reading_matrix(model.patch_embedding))
    assert torch.allclose(found, inputs.double(), atol=1e-4)


@pytest.mark.parametrize("d_model", [48, 128])  # as many dimensions as a patch has values, and more
def test_a_token_is_read_by_least_squares(d_model):
    torch.manual_seed(0)
    embedding, token = ViT(d_model=d_model, n_layers=1).patch_embedding, torch.randn(d_model, dtype=torch.float64)
    weight = embedding.projection.weight.flatten(1).double()  # (D, values)
    expected = torch.linalg.lstsq(weight, token[:, None]).solution[:, 0]
    assert torch.allclose(reading_matrix(embedding) @ token, expected, rtol=1e-6)


def test_a_token_too_small_gives_nothing_back():
    assert reading_matrix(ViT(d_model=32, n_layers=1).patch_embedding) is None


def test_both_ways_agree_and_a_wrong_matrix_would_show(monkeypatch):
    torch.manual_seed(0)
    embedding, inputs = ViT(n_layers=1).patch_embedding, torch.randn(2, 3, 32, 32)
    tokens, differences = embed_twice(embedding, inputs)
    assert torch.equal(tokens, embedding(inputs))
    assert differences.shape == (2, 64) and differences.max() < 1e-5
    halved = lambda one: (one.projection.weight.flatten(1).T / 2, one.projection.bias)  # noqa: E731
    monkeypatch.setattr("vit_explorer.explain.embedding.as_linear", halved)
    assert embed_twice(embedding, inputs)[1].min() > 0.01


def test_equal_values_are_counted_by_patch():
    first = torch.zeros(1, 3, 4, 4)
    second = first.clone()
    second[0, :, 0, 3] = 1  # three values of the patch at the upper right
    assert equal_values(first, second, 2).tolist() == [[12, 9, 12, 12]]
