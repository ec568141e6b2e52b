"""Networks without a head, positions at another size, the real sizes, and a real DINOv2."""

from __future__ import annotations

import copy
import os
from pathlib import Path

import pytest
import torch

from tests.models.pretrained.others import (
    assert_complete,
    assert_same,
    huggingface,
    pictures,
    resnet,
    stirred,
    timm_vit,
)
from vit_explorer.explain.positions import position_similarity, position_structure
from vit_explorer.models import Tape, ViT, create_model, from_state_dict
from vit_explorer.models.positions import resize_positions

FOLDER = Path(os.environ.get("VIT_EXPLORER_VIT_S14") or "no folder")
REAL = next(FOLDER.glob("*.pth"), None)


def test_positions_are_resized_as_in_timm():
    from timm.layers import resample_abs_pos_embed

    torch.manual_seed(0)
    table = torch.randn(1, 2 + 37 * 37, 8)
    for side in (16, 20, 45):
        expected = resample_abs_pos_embed(table, [side, side], num_prefix_tokens=2)
        assert torch.equal(resize_positions(table, 2, side), expected)
    assert resize_positions(table, 2, 37) is table
    with pytest.raises(ValueError, match="1368"):
        resize_positions(table[:, 1:], 2, 16)


@pytest.mark.parametrize("size", [16, 48])
@pytest.mark.parametrize("options", [{}, {"no_embed_class": True, "reg_tokens": 2}], ids=["CLS", "registers"])
def test_a_network_at_another_size_of_picture(size, options):
    theirs = timm_vit(**options)
    ours, _ = from_state_dict(theirs, img_size=size)
    theirs.set_input_size(size)
    assert ours.img_size == size and ours.grid == (size // 8, size // 8)
    assert_same(theirs, ours, pictures(size))


def test_positions_of_tokens_in_front_stand_in_one_table():
    theirs = timm_vit(no_embed_class=True, reg_tokens=4)
    ours, _ = from_state_dict(theirs)
    assert ours.n_prefix == 5 and ours.prefix_names() == ("CLS", *(f"register {place}" for place in (1, 2, 3, 4)))
    assert ours.pos_embedding.shape == (1, 5 + 16, 32)
    assert not ours.pos_embedding[:, :5].any()
    assert torch.equal(ours.pos_embedding[:, 5:], theirs.pos_embed)


@pytest.mark.parametrize("case", ["timm", "distilled", "DINOv2"])
def test_without_a_head_there_are_no_logits_but_everything_else(case):
    from timm.models.deit import VisionTransformerDistilled

    small = {"img_size": 32, "patch_size": 8, "embed_dim": 32, "depth": 2, "num_heads": 4, "num_classes": 0}
    if case == "timm":
        theirs = timm_vit(num_classes=0)
    elif case == "distilled":
        theirs = stirred(VisionTransformerDistilled(**small))
    else:
        theirs = timm_vit(num_classes=0, no_embed_class=True, reg_tokens=4, init_values=0.1)
    ours, report = from_state_dict(theirs)
    assert_complete(report, theirs.state_dict())
    assert ours.n_classes == 0 and isinstance(ours.head, torch.nn.Identity)
    assert report.names == () and "no head" in report.architecture
    tape = Tape()
    with torch.no_grad():
        assert ours(pictures(), tape).shape == (2, 0)
        assert (ours.embed(pictures()) - theirs(pictures())).abs().max() < 1e-4
    assert len(tape.hidden) == 3 and len(tape.attention) == 2


def test_dinov2_files_of_the_authors_add_no_positions_to_registers():
    theirs = huggingface("Dinov2WithRegisters")
    renamed = _authors_dinov2(theirs.state_dict())
    ours, report = from_state_dict(renamed, n_heads=4)
    with torch.no_grad():
        hidden = theirs.base_model(pictures()).last_hidden_state
        assert (ours.norm(ours.encode(pictures())) - hidden).abs().max() < 1e-4
    assert_complete(report, renamed)
    assert "pre-training" in report.ignored["mask_token"] and report.options["n_registers"] == 4
    chunked = {key.replace("blocks.", "blocks.0."): value for key, value in renamed.items()}
    again, _ = from_state_dict(chunked, n_heads=4)
    assert all(torch.equal(value, again.state_dict()[name]) for name, value in ours.state_dict().items())


def _authors_dinov2(weights: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    renamed = {}
    for key, value in weights.items():
        for ours, theirs in (
            ("dinov2_with_registers.", ""), ("embeddings.cls_token", "cls_token"), ("encoder.layer", "blocks"),
            ("embeddings.mask_token", "mask_token"), ("embeddings.position_embeddings", "pos_embed"),
            ("embeddings.register_tokens", "register_tokens"), (".lambda1", ".gamma"), ("layer_scale", "ls"),
            ("embeddings.patch_embeddings.projection", "patch_embed.proj"), ("layernorm", "norm"),
            ("attention.o_proj", "attn.proj"),
        ):  # fmt: skip
            key = key.replace(ours, theirs)
        renamed[key] = value
    for block in range(2):
        for kind in ("weight", "bias"):
            three = [renamed.pop(f"blocks.{block}.attention.{which}_proj.{kind}") for which in "qkv"]
            renamed[f"blocks.{block}.attn.qkv.{kind}"] = torch.cat(three)
    del renamed["classifier.weight"], renamed["classifier.bias"]
    return renamed


def test_the_table_of_dinov2_is_resized_to_224_pixels():
    torch.manual_seed(0)
    theirs = timm_vit(img_size=518, patch_size=14, embed_dim=64, num_heads=1, depth=1, num_classes=0, init_values=1)
    ours, report = from_state_dict(theirs.state_dict())
    assert ours.img_size == 224 and ours.pos_embedding.shape == (1, 257, 64)
    assert any("37 x 37" in fact for fact in report.assumed)
    assert from_state_dict(theirs.state_dict(), img_size=518)[0].pos_embedding.shape == (1, 1370, 64)


def test_a_swin_tiny_at_224_pixels_has_timms_maps_and_windows():
    """With two blocks in its third stage in place of six."""
    import timm

    theirs = stirred(timm.create_model("swin_tiny_patch4_window7_224", depths=(2, 2, 2, 2), num_classes=10))
    ours, report = from_state_dict(theirs.state_dict())
    assert (report.options["n_heads"], report.options["img_size"]) == ((3, 6, 12, 24), 224)
    images = pictures(224)[:1]
    tape = Tape()
    with torch.no_grad():
        logits = ours(images, tape)
        assert (logits - theirs(images)).abs().max() < 1e-4
    shapes = [tuple(tokens.shape[1:]) for tokens in tape.hidden[2::2]]
    assert shapes == [(3136, 96), (784, 192), (196, 384), (49, 768)]
    assert tape.windows[0].weights.shape == (1, 64, 3, 49, 49) and tape.windows[0].grid == (56, 56)


def test_a_resnet_has_torchvisions_count_and_records_its_stages():
    with torch.device("meta"):
        assert sum(parameter.numel() for parameter in create_model("resnet").parameters()) == 25_557_032
    ours, _ = from_state_dict(resnet())
    tape = Tape(differentiable=True)
    logits = ours(pictures(64), tape)
    assert [tuple(tokens.shape) for tokens in tape.hidden] == [(2, 256, 256), (2, 64, 512), (2, 16, 1024), (2, 4, 2048)]
    gradient = torch.autograd.grad(logits[:, 3].sum(), tape.hidden[-1])[0]
    assert torch.allclose(gradient, (ours.head.weight[3] / 4).expand(2, 4, -1), atol=1e-6)


def test_pooling_by_cls_and_mean_reads_both():
    torch.manual_seed(0)
    model = ViT(img_size=8, d_model=16, n_heads=2, n_layers=1, d_ff=24, n_classes=5, pooling="cls_mean", n_registers=2)
    model.eval()
    tokens = model.norm(model.encode(pictures(8)))
    assert model.n_prefix == 3 and model.head.in_features == 32
    expected = model.head(torch.cat([tokens[:, 0], tokens[:, 3:].mean(dim=1)], dim=1))
    assert torch.equal(model(pictures(8)), expected)
    with pytest.raises(ValueError, match="cls_token"):
        ViT(pooling="cls_mean", cls_token=False)


@pytest.mark.skipif(REAL is None, reason="VIT_EXPLORER_VIT_S14 names no folder with a DINOv2 ViT-S/14 of its authors")
def test_a_real_dinov2_has_timms_hidden_states_in_every_block():
    import timm

    weights = torch.load(REAL, weights_only=True)
    original = timm.create_model("vit_small_patch14_dinov2").eval()
    original.load_state_dict({key: value.float() for key, value in weights.items() if key != "mask_token"}, strict=True)
    for size in (224, 154):
        theirs = copy.deepcopy(original)
        ours, report = from_state_dict(REAL, img_size=None if size == 224 else size)
        assert_complete(report, weights)
        assert report.options["n_heads"] == 6 and ours.img_size == size and ours.n_classes == 0
        theirs.set_input_size(size)
        tape, images = Tape(), pictures(size)[:1]
        with torch.no_grad():
            ours(images, tape)
            expected = theirs.forward_intermediates(images, output_fmt="NLC", intermediates_only=True)
        assert position_structure(position_similarity(ours), ours.grid).two_d > 0.9
        assert len(tape.hidden) == 13 and len(expected) == 12
        for found, wanted in zip(tape.hidden[1:], expected, strict=True):
            assert wanted.std() > 0.05
            assert (found[:, 1:] - wanted).abs().max() < 1e-3
