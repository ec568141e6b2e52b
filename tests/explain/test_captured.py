"""Captured attention is the model's own: q and k by hand, and timm's network with the same weights."""

import math

import pytest
import torch

from tests.explain.small import VITS, images, make
from tests.models.test_vit import their_name, timm_twin
from vit_explorer.explain import trace
from vit_explorer.models.vit import ViT


@pytest.mark.parametrize("case", VITS)
def test_every_layer_and_head_by_hand_from_query_and_key(case):
    model = make(case)
    traced = trace(model, images())
    assert len(traced.attention) == len(model.blocks) == len(traced.hidden) - 1
    for block, tokens, found in zip(model.blocks, traced.hidden, traced.attention, strict=False):
        projected = block.norm1(tokens).double() @ block.attention.qkv.weight.double().T + block.attention.qkv.bias
        for head in range(2):
            query = projected[..., 8 * head : 8 * head + 8]
            key = projected[..., 16 + 8 * head : 16 + 8 * head + 8]
            scores = torch.einsum("bid,bjd->bij", query, key) / math.sqrt(8)
            expected = scores.exp() / scores.exp().sum(-1, keepdim=True)
            assert (found[:, head] - expected).abs().max() < 1e-5
        assert found.std() > 0.01  # not the same everywhere


@torch.no_grad()
def test_every_layer_and_head_of_timms_network_with_the_same_weights():
    sizes = {"img_size": 16, "patch_size": 4, "d_model": 32, "n_heads": 4, "n_layers": 3, "d_ff": 64}
    torch.manual_seed(0)
    model = ViT(**sizes).eval()
    for parameter in model.parameters():
        parameter.add_(0.1 * torch.randn_like(parameter))
    twin, names = timm_twin(sizes | {"n_heads": 4})
    twin.load_state_dict({their_name(name, names): value for name, value in model.state_dict().items()}, strict=True)
    theirs = []
    for block in twin.eval().blocks:
        block.attn.fused_attn = False
        block.attn.attn_drop.register_forward_hook(lambda _, weights, __: theirs.append(weights[0]))
    logits = twin(images())
    ours = trace(model, images())
    assert (ours.logits - logits).abs().max() < 1e-5
    assert len(theirs) == 3
    for found, expected in zip(ours.attention, theirs, strict=True):
        assert (found - expected).abs().max() < 1e-5
        assert expected.std() > 0.01
