"""What every network says of itself holds for its forward pass: tokens, readout, summands of a logit, blocks."""

import pytest
import torch

from tests.explain.small import NAMES, images, make
from vit_explorer.models import create_model
from vit_explorer.models.attention import Tape
from vit_explorer.models.network import Network

LARGE = {
    "deit": ("deit", {"img_size": 16, "patch_size": 4, "d_model": 16, "n_heads": 2, "n_layers": 2, "d_ff": 24}),
    "registers": ("vit", {"img_size": 16, "d_model": 16, "n_heads": 2, "n_layers": 2, "d_ff": 24, "n_registers": 3}),
    "normed mean": (
        "vit",
        {"img_size": 16, "d_model": 16, "n_heads": 2, "pooling": "mean", "norm_after_pooling": True},
    ),
    "normed pool": (
        "vit",
        {"img_size": 16, "d_model": 16, "n_heads": 2, "pooling": "attention", "norm_after_pooling": True},
    ),
    "resnet": ("resnet", {"img_size": 64, "layers": (1, 1, 1, 1), "bottleneck": False, "n_classes": 5}),
}
ALL = [*NAMES, *LARGE]
MAPS = ["swin", "cnn", "resnet"]


def passed(case: str) -> tuple[Network, torch.Tensor, Tape, torch.Tensor]:
    """A network, images, and the tape and logits of their forward pass."""
    if case in NAMES:
        model = make(case)
    else:
        torch.manual_seed(0)
        model = create_model(LARGE[case][0], **LARGE[case][1]).eval()
    inputs = images() if case != "resnet" else torch.randn(2, 3, 64, 64)
    tape = Tape()
    with torch.no_grad():
        logits = model(inputs, tape)
    return model, inputs, tape, logits


@pytest.mark.parametrize("case", ALL)
def test_tokens_and_attention_are_those_of_the_pass(case):
    model, _, tape, _ = passed(case)
    recorded = {"global": tape.attention, "windows": tape.windows, "none": None}[model.attention_kind]
    assert model.attention_kind == "none" or len(recorded) == len(model.residual_blocks) > 0
    assert len(model.prefix_names()) == model.n_prefix
    if model.attention_kind != "none":
        assert tape.hidden[0].shape[1] == model.n_tokens
    if model.attention_kind == "windows":
        assert tape.windows[0].weights.shape[-1] == model.window**2
    else:
        assert model.window is None
    if model.position_table is not None:
        assert model.position_table.shape[1:] == tape.hidden[0].shape[1:]


@pytest.mark.parametrize("case", [case for case in ALL if case not in MAPS])
def test_readout_weights_mix_the_tokens_that_the_head_reads(case):
    model, inputs, tape, _ = passed(case)
    last = tape.hidden[-1]
    weights = model.readout(last)
    assert torch.allclose(weights.sum(dim=1), torch.ones(2), atol=1e-5)
    with torch.no_grad():
        tokens = last if model.norm_after_pooling else model.norm(last)
        mixed = (weights[:, None] @ tokens)[:, 0]
        expected = model.embed(inputs)
        assert torch.allclose(model.norm(mixed) if model.norm_after_pooling else mixed, expected, atol=1e-5)


@pytest.mark.parametrize("case", MAPS)
def test_place_logits_sum_to_each_logit_without_its_bias(case):
    model, _, tape, logits = passed(case)
    for label in range(5):
        found = model.place_logits(tape.hidden[-1], torch.tensor([label, label]))
        assert found.shape == (2, model.grid[0] * model.grid[1])
        assert torch.allclose(found.sum(dim=1) + model.head.bias[label], logits[:, label], atol=1e-5)


@pytest.mark.parametrize("case", ALL)
def test_stages_end_where_the_map_changes_its_size_and_grad_cam_reads_a_map(case):
    model, _, tape, _ = passed(case)
    shapes = [one.shape[1:] for one in tape.hidden]
    ends = [entry for entry, shape in enumerate(shapes) if entry + 1 == len(shapes) or shape != shapes[entry + 1]]
    assert list(model.stage_entries) == ([] if model.attention_kind == "global" else ends)
    expected = len(shapes) - 1 if model.stage_entries else 0 if model.stem is not None else None
    assert model.grad_cam_entry == expected


@pytest.mark.parametrize("case", ALL)
def test_blocks_applied_one_by_one_make_the_logits(case):
    model, inputs, _, logits = passed(case)
    if not model.residual_blocks:
        with pytest.raises(ValueError, match="no residual branches"):
            model.forward_blocks(inputs, lambda block, x: block(x))
        return
    applied = []
    with torch.no_grad():
        found = model.forward_blocks(inputs, lambda block, x: (applied.append(block), block(x))[1])
    assert applied == list(model.residual_blocks)
    assert torch.allclose(found, logits, atol=1e-6)


@pytest.mark.parametrize("case", ALL)
def test_the_logits_are_the_mean_of_the_heads(case):
    model, inputs, _, logits = passed(case)
    with torch.no_grad():
        heads = model.heads(inputs)
    assert len(heads) == (2 if case == "deit" else 1)
    assert torch.allclose(torch.stack(heads).mean(dim=0), logits, atol=1e-6)
