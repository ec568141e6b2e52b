"""Inside a head and a block: the same numbers as the forward pass, part by part."""

from __future__ import annotations

import pytest
import torch

from vit_explorer.explain.inside import inside_block, inside_head
from vit_explorer.explain.trace import trace
from vit_explorer.models import create_model

SIZES = {"img_size": 16, "patch_size": 4, "d_model": 24, "n_heads": 3, "n_layers": 2, "d_ff": 40, "n_classes": 5}
EXACT = {"atol": 1e-5, "rtol": 1e-5}


@pytest.fixture(params=[{}, {"layer_scale": True, "n_registers": 2}, {"pooling": "mean"}], ids=["cls", "scale", "mean"])
def traced(request):
    torch.manual_seed(1)
    model = create_model("vit", **SIZES, **request.param).eval()
    for name, parameter in model.named_parameters():
        if "layer_scale" in name:
            torch.nn.init.uniform_(parameter, 0.5, 1.5)
    return model, trace(model, torch.rand(1, 3, 16, 16))


def test_a_head_has_the_weights_of_the_forward_pass(traced):
    model, seen = traced
    for layer in range(2):
        for head in range(3):
            inside = inside_head(model, seen, layer, head)
            torch.testing.assert_close(inside.weights, seen.attention[layer][0, head], **EXACT)
            i, j = 3, 7
            dot = sum(float(q) * float(k) for q, k in zip(inside.query[i], inside.key[j], strict=True))
            assert float(inside.scores[i, j]) == pytest.approx(dot / 8**0.5, abs=1e-5)
            torch.testing.assert_close(
                inside.mixed[i], sum(inside.weights[i, n] * inside.value[n] for n in range(len(inside.value))), **EXACT
            )


def test_the_heads_and_the_bias_add_up_to_the_attention_branch(traced):
    model, seen = traced
    block = model.blocks[1]
    together = sum(inside_head(model, seen, 1, head).added for head in range(3))
    scale = 1.0 if block.layer_scale1 is None else block.layer_scale1
    torch.testing.assert_close(
        together + block.attention.projection.bias * scale, inside_block(model, seen, 1).attended, **EXACT
    )


def test_a_block_turns_its_hidden_states_into_the_next(traced):
    model, seen = traced
    for layer in range(2):
        parts = inside_block(model, seen, layer)
        torch.testing.assert_close(parts.entering, seen.hidden[layer][0])
        torch.testing.assert_close(parts.leaving, seen.hidden[layer + 1][0], **EXACT)
        torch.testing.assert_close(parts.entering + parts.attended + parts.transformed, parts.leaving, **EXACT)
        out = model.blocks[layer].mlp[2]
        scale = model.blocks[layer].layer_scale2
        added = (parts.hidden @ out.weight.T + out.bias) * (1.0 if scale is None else scale)
        torch.testing.assert_close(added, parts.transformed, **EXACT)


def test_a_distilled_network_and_a_hybrid_can_be_looked_into():
    for name in ("deit", "hybrid"):
        model = create_model(name).eval()
        seen = trace(model, torch.rand(1, 3, 32, 32))
        torch.testing.assert_close(inside_head(model, seen, 0, 0).weights, seen.attention[0][0, 0], **EXACT)
        torch.testing.assert_close(inside_block(model, seen, 0).leaving, seen.hidden[1][0], **EXACT)


def test_blocks_and_heads_outside_the_network_are_refused_with_the_range(traced):
    model, seen = traced
    with pytest.raises(ValueError, match="0 to 1"):
        inside_block(model, seen, 2)
    with pytest.raises(ValueError, match="0 to 2"):
        inside_head(model, seen, 0, 3)
    swin = create_model("swin").eval()
    with pytest.raises(ValueError, match="no attention among all tokens"):
        inside_head(swin, trace(swin, torch.rand(1, 3, 32, 32)), 0, 0)
