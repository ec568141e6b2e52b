"""Weights in files: containers, prefixes, cards and configurations."""

from __future__ import annotations

import argparse
import json

import numpy as np
import pytest
import torch
from torch import nn

from tests.models.pretrained.others import (
    assert_complete,
    assert_same,
    huggingface,
    pictures,
    timm_swin,
    timm_vit,
    torchvision_vit,
)
from vit_explorer.models import create_model, from_state_dict, save_checkpoint

WRAPPERS = {
    "bare": lambda weights: (weights, ""),
    "DeiT's model": (lambda weights: ({"model": weights, "epoch": 3, "args": argparse.Namespace(lr=1.0)}, "")),
    "EMA beside the weights": (
        lambda weights: ({"state_dict": _zeros(weights), "state_dict_ema": weights, "epoch": 3}, "")
    ),
    "module.": (lambda weights: (_prefixed(weights, "module."), "module.")),
    "compiled": (lambda weights: (_prefixed(weights, "_orig_mod.module."), "_orig_mod.module.")),
    "DINO's teacher": (
        lambda weights: (
            {
                "student": _prefixed(_zeros(weights), "module.backbone."),
                "teacher": {**_prefixed(weights, "backbone."), "head.mlp.0.weight": torch.zeros(4, 32)},
                "optimizer": {"state": {}},
            },
            "backbone.",
        )
    ),
    "teacher. beside student.": (
        lambda weights: (
            {**_prefixed(weights, "teacher.backbone."), **_prefixed(_zeros(weights), "student.backbone.")},
            "teacher.backbone.",
        )
    ),
}


def _prefixed(weights: dict[str, torch.Tensor], prefix: str) -> dict[str, torch.Tensor]:
    return {f"{prefix}{key}": value for key, value in weights.items()}


def _zeros(weights: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    return {key: torch.zeros_like(value) for key, value in weights.items()}


@pytest.mark.parametrize("case", WRAPPERS)
def test_the_right_copy_is_found_inside_of_wrappers(case, tmp_path):
    theirs = timm_vit()
    nested, prefix = WRAPPERS[case](theirs.state_dict())
    torch.save(nested, tmp_path / "weights.pth")
    ours, report = from_state_dict(tmp_path / "weights.pth", n_heads=4)
    assert_same(theirs, ours, pictures())
    assert set(report.used) == set(_prefixed(theirs.state_dict(), prefix))
    if case == "EMA beside the weights":
        assert "state_dict_ema" in report.ignored["state_dict"] and "epoch" in report.ignored
    if case == "DINO's teacher":
        assert {"student", "optimizer", "head.mlp.0.weight"} == set(report.ignored)
        assert "pre-training" in str(report)
    if case == "teacher. beside student.":
        assert_complete(report, nested)
        assert "student" in report.ignored["student.backbone.cls_token"]


@pytest.mark.parametrize("ending", [".pt", ".bin", ".safetensors", ".npz"])
def test_every_kind_of_file(ending, tmp_path):
    from safetensors.torch import save_file

    theirs = torchvision_vit()
    path = tmp_path / f"weights{ending}"
    if ending == ".safetensors":
        save_file(theirs.state_dict(), path)
    elif ending == ".npz":
        np.savez(path, **{key: value.numpy() for key, value in theirs.state_dict().items()})
    else:
        torch.save(theirs.state_dict(), path)
    ours, report = from_state_dict(str(path), n_heads=4)
    assert_same(theirs, ours, pictures())
    assert report.format == "torchvision ViT" and report.preprocessing.interpolation == "bilinear"


@pytest.mark.parametrize("kind", ["ViT", "DeiT", "Dinov2", "Dinov2WithRegisters", "Swin"])
def test_a_folder_of_transformers_brings_heads_labels_and_preprocessing(kind, tmp_path):
    options = {"id2label": {0: "cat", 1: "dog", 2: "owl"}, "label2id": {"cat": 0, "dog": 1, "owl": 2}}
    theirs = huggingface(kind, num_labels=3, hidden_act="gelu_new", **options)
    theirs.save_pretrained(tmp_path)
    preprocessor = {
        "image_mean": [0.1, 0.2, 0.3], "image_std": [0.4, 0.5, 0.6], "size": {"shortest_edge": 40},
        "crop_size": {"height": 32, "width": 32}, "resample": 2,
    }  # fmt: skip
    (tmp_path / "preprocessor_config.json").write_text(json.dumps(preprocessor))
    ours, report = from_state_dict(tmp_path)
    assert_same(theirs, ours, pictures())
    assert report.names == ("cat", "dog", "owl")
    shape = report.preprocessing
    assert (shape.mean, shape.std) == ((0.1, 0.2, 0.3), (0.4, 0.5, 0.6))
    assert (shape.resize, shape.crop, shape.interpolation) == (40, 32, "bilinear")
    assert not any("mean" in fact or "heads" in fact for fact in report.assumed)


@pytest.mark.parametrize("kind", ["ViT", "Swin"])
def test_the_base_model_of_transformers_has_no_prefix_and_no_head(kind):
    theirs = huggingface(kind, "Model")
    ours, report = from_state_dict(theirs)
    assert_complete(report, theirs.state_dict())
    with torch.no_grad():
        hidden = theirs(pictures()).last_hidden_state
        expected = hidden.mean(dim=1) if kind == "Swin" else hidden[:, 0]
        assert (ours.embed(pictures()) - expected).abs().max() < 1e-4
        assert ours(pictures()).shape == (2, 0)


def test_googles_npz_with_the_gelu_of_jax(tmp_path):
    theirs = timm_vit(act_layer="gelu_tanh")
    path = tmp_path / "augreg.npz"
    np.savez(path, **_as_jax(theirs))
    ours, report = from_state_dict(path)
    assert_same(theirs, ours, pictures())
    assert report.options["n_heads"] == 4 and report.preprocessing.mean == (0.5, 0.5, 0.5)
    assert_complete(report, np.load(path).files)
    exact = timm_vit()
    exact.load_state_dict(theirs.state_dict())
    with torch.no_grad():
        assert (exact(pictures()) - ours(pictures())).abs().max() > 1e-4


def _as_jax(network: nn.Module) -> dict[str, np.ndarray]:
    """The inverse of timm's reader of these files."""
    weights = {key: value.numpy() for key, value in network.state_dict().items()}
    n_heads, width = 4, 32
    arrays = {"cls": weights["cls_token"], "Transformer/posembed_input/pos_embedding": weights["pos_embed"]}
    arrays["embedding/kernel"] = weights["patch_embed.proj.weight"].transpose(2, 3, 1, 0)
    arrays["embedding/bias"] = weights["patch_embed.proj.bias"]
    for theirs, jax in (("norm", "Transformer/encoder_norm"), *(
        (f"blocks.{i}.norm{n}", f"Transformer/encoderblock_{i}/LayerNorm_{2 * n - 2}") for i in (0, 1) for n in (1, 2)
    )):  # fmt: skip
        arrays[f"{jax}/scale"], arrays[f"{jax}/bias"] = weights[f"{theirs}.weight"], weights[f"{theirs}.bias"]
    arrays["head/kernel"], arrays["head/bias"] = weights["head.weight"].T, weights["head.bias"]
    for i in (0, 1):
        block = f"Transformer/encoderblock_{i}"
        for name, matrix, bias in zip(
            ("query", "key", "value"),
            np.split(weights[f"blocks.{i}.attn.qkv.weight"], 3),
            np.split(weights[f"blocks.{i}.attn.qkv.bias"], 3),
            strict=True,
        ):
            arrays[f"{block}/MultiHeadDotProductAttention_1/{name}/kernel"] = matrix.T.reshape(width, n_heads, -1)
            arrays[f"{block}/MultiHeadDotProductAttention_1/{name}/bias"] = bias.reshape(n_heads, -1)
        out = weights[f"blocks.{i}.attn.proj.weight"].T.reshape(n_heads, -1, width)
        arrays[f"{block}/MultiHeadDotProductAttention_1/out/kernel"] = out
        arrays[f"{block}/MultiHeadDotProductAttention_1/out/bias"] = weights[f"blocks.{i}.attn.proj.bias"]
        for n in (0, 1):
            arrays[f"{block}/MlpBlock_3/Dense_{n}/kernel"] = weights[f"blocks.{i}.mlp.fc{n + 1}.weight"].T
            arrays[f"{block}/MlpBlock_3/Dense_{n}/bias"] = weights[f"blocks.{i}.mlp.fc{n + 1}.bias"]
    return arrays


OURS = {
    "vit": {"n_layers": 2, "pooling": "mean"},
    "vit-conv": {"n_layers": 2, "patch_size": 4, "d_model": 64, "n_heads": 2},
    "deit": {"n_layers": 2},
    "hybrid": {"widths": (8, 16)},
    "swin": {"d_model": 16},
    "cnn": {"widths": (4, 6, 8), "depth": 2, "norm": "batch"},
    "resnet": {"layers": (1, 1, 1, 1), "n_classes": 5, "img_size": 64},
}


@pytest.mark.parametrize("name", OURS)
def test_our_own_checkpoints_with_their_card_and_without(name, tmp_path):
    torch.manual_seed(0)
    model = create_model(name, **OURS[name]).eval()
    side = model.img_size
    with torch.no_grad():
        expected = model(pictures(side))
    bare, report = from_state_dict(model.state_dict(), img_size=side)
    with torch.no_grad():
        assert torch.equal(bare(pictures(side)), expected)
    assert_complete(report, model.state_dict())
    names = [f"kind {i}" for i in range(model.n_classes)]
    card = {
        "model": name, "overrides": OURS[name], "dataset": {"name": "mine", "classes": names},
        "normalise": {"mean": [1, 2, 3], "std": [4, 5, 6]}, "recipe": {"epochs": 1},
    }  # fmt: skip
    path = save_checkpoint(model, card, "mine", tmp_path)
    carded, report = from_state_dict(path)
    with torch.no_grad():
        assert torch.equal(carded(pictures(side)), expected)
    assert report.names == tuple(names) and report.model == name


@pytest.mark.parametrize("source", ["timm ViT of mean and fc_norm", "Hugging Face ViT", "DeiT-3"])
def test_objects_of_ours_tell_what_their_names_do_not(source):
    theirs = {
        "timm ViT of mean and fc_norm": lambda: timm_vit(global_pool="avg", act_layer="gelu_tanh", num_heads=8),
        "Hugging Face ViT": lambda: huggingface("ViT", layer_norm_eps=0.1, hidden_act="quick_gelu"),
        "DeiT-3": lambda: timm_vit(no_embed_class=True, init_values=0.1, reg_tokens=2, num_heads=8),
    }[source]()
    ours, _ = from_state_dict(theirs)
    again, report = from_state_dict(ours)
    assert again is not ours and report.format == "ViT Explorer"
    assert_same(theirs, again, pictures())


def test_swin_files_of_the_authors_merge_at_the_end_of_a_stage():
    theirs = timm_swin()
    moved = {
        key.replace("layers.1.downsample", "layers.0.downsample").replace("head.fc", "head"): value
        for key, value in theirs.state_dict().items()
    }
    moved["layers.0.blocks.0.attn.relative_position_index"] = torch.zeros(16, 16, dtype=torch.long)
    moved["layers.0.blocks.1.attn_mask"] = torch.zeros(4, 16, 16)
    ours, report = from_state_dict({"model": moved}, img_size=32)
    assert_same(theirs, ours, pictures())
    assert_complete(report, moved)
    assert "authors" in report.format and len(report.ignored) == 2
