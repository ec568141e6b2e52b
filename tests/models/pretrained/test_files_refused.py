"""Files of weights that are refused, each with its reason."""

from __future__ import annotations

import os
import pickle
import sys
from collections import OrderedDict
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from tests.models.pretrained.others import (
    huggingface,
    resnet,
    timm_vit,
)
from vit_explorer.models import CheckpointError, from_state_dict


class Evil:
    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self):
        return os.mkdir, (str(self.path),)


@pytest.mark.parametrize("ending", [".pth", ".pt", ".npz", ".safetensors"])
def test_code_in_a_file_is_refused_and_does_not_run(ending, tmp_path):
    path, trace = tmp_path / f"evil{ending}", tmp_path / "it ran"
    weights = {"cls_token": torch.zeros(1), "evil": Evil(trace)}
    if ending == ".npz":
        np.savez(path, evil=np.array([Evil(trace)], dtype=object))
    elif ending == ".pt":
        path.write_bytes(pickle.dumps(weights, protocol=2))
    else:
        torch.save(weights, path)
    with pytest.raises(CheckpointError, match=r"code|more than arrays|damaged"):
        from_state_dict(path)
    assert not trace.exists()
    if ending == ".pth":
        torch.load(path, weights_only=False)
        assert trace.exists()  # the code would have run


def test_a_whole_module_in_a_file_is_refused(tmp_path):
    torch.save(resnet(), tmp_path / "module.pth")
    with pytest.raises(CheckpointError, match="code"):
        from_state_dict(tmp_path / "module.pth")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "no file"),
        (b"", "damaged"),
        (b"<html>not found</html>", "damaged"),
        ({"accuracy": 3}, "accuracy"),
        ({}, "nothing"),
        ({"a.weight": torch.zeros(2)}, "a.weight"),
        ([torch.zeros(2)], "list"),
        (OrderedDict(state_dict={"lr": 1.0}), "lr"),
    ],
)
def test_what_is_no_network_is_refused(content, words, tmp_path):
    path = tmp_path / "thing.pth"
    if isinstance(content, bytes):
        path.write_bytes(content)
    elif content is not None:
        torch.save(content, path)
    with pytest.raises(CheckpointError, match=words):
        from_state_dict(path)


def test_a_folder_without_weights_is_refused(tmp_path):
    with pytest.raises(CheckpointError, match=r"model\.safetensors"):
        from_state_dict(tmp_path)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_broken_numbers_are_refused_by_their_key(value):
    weights = timm_vit().state_dict()
    weights["blocks.1.mlp.fc1.bias"][3] = value
    with pytest.raises(CheckpointError, match=r"blocks\.1\.mlp\.fc1\.bias"):
        from_state_dict(weights, n_heads=4)


def _timm(name: str, **options):
    import timm

    return timm.create_model(name, **options)


def _block(name: str) -> type[nn.Module]:
    from timm.models import vision_transformer

    return getattr(vision_transformer, name)


def _torchvision_swin_v2():
    from torchvision.models.swin_transformer import PatchMergingV2, SwinTransformer, SwinTransformerBlockV2

    parts = {"block": SwinTransformerBlockV2, "downsample_layer": PatchMergingV2}
    return SwinTransformer([2, 2], 16, [2, 2], [2, 4], [4, 4], **parts)


def _clip():
    import transformers

    sizes = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 1, "num_attention_heads": 2}
    return transformers.CLIPVisionModel(transformers.CLIPVisionConfig(**sizes, image_size=32))


REFUSED = {
    "timm Swin v2": (lambda: _timm("swinv2_cr_tiny_ns_224", depths=(1, 1, 1, 1)), "Swin v2"),
    "torchvision Swin v2": (_torchvision_swin_v2, "Swin v2"),
    "SwiGLU packed": (lambda: _timm("vit_giant_patch14_dinov2", depth=1, embed_dim=32, num_heads=2, mlp_ratio=4,
                                    img_size=28), "SwiGLU"),
    "Hugging Face SwiGLU": (lambda: huggingface("Dinov2", use_swiglu_ffn=True), "SwiGLU"),
    "CLIP of timm": (lambda: timm_vit(pre_norm=True), "CLIP"),
    "CLIP of Hugging Face": (_clip, "CLIP"),
    "MaxViT": (lambda: _timm("maxvit_rmlp_pico_rw_256"), "MaxViT"),
    "BEiT": (lambda: _timm("beit_base_patch16_224", depth=1, embed_dim=32, num_heads=2), "BEiT"),
    "attention-pooled head": (lambda: timm_vit(global_pool="map", class_token=False), "SigLIP"),
    "normalised queries": (lambda: timm_vit(qk_norm=True), "queries"),
    "norms after the branches": (lambda: timm_vit(block_fn=_block("ResPostBlock"), init_values=1), "ResPostBlock"),
    "DINOv3": (lambda: _timm("vit_small_patch16_dinov3", depth=1), "rotary"),
    "rotary positions beside a table": (lambda: _timm("vit_small_patch16_rope_ape_224", depth=1), "rotary"),
    "EVA": (lambda: _timm("eva02_tiny_patch14_224", depth=1), "rotary|EVA"),
    "maximum pooling": (lambda: timm_vit(global_pool="max"), "max"),
    "one channel": (lambda: timm_vit(in_chans=1), "1 channels"),
    "wide ResNet": (lambda: resnet(width_per_group=128), r"layer\d"),
    "ConvNeXt": (lambda: _timm("convnext_atto", depths=(1, 1, 1, 1), dims=(8, 8, 8, 8)), "stem"),
}  # fmt: skip
ONLY_OBJECTS_TELL = {"norms after the branches", "rotary positions beside a table", "maximum pooling"}


@pytest.mark.parametrize("case", REFUSED)
def test_networks_that_are_not_ours_are_refused_with_the_reason(case):
    build, words = REFUSED[case]
    theirs = build()
    for source in (theirs,) if case in ONLY_OBJECTS_TELL else (theirs, theirs.state_dict()):
        with pytest.raises(CheckpointError, match=words) as refused:
            from_state_dict(source)
        assert str(refused.value).endswith(".")


def test_weights_without_a_position_table_are_refused():
    with pytest.raises(CheckpointError, match="no position table"):
        from_state_dict(timm_vit(pos_embed="none").state_dict(), n_heads=4)
    with pytest.raises(CheckpointError, match=r"rotary"):
        from_state_dict(_timm("vit_small_patch16_dinov3", depth=1).state_dict())


def test_a_network_with_a_layer_too_many_or_too_few_is_refused():
    weights = timm_vit().state_dict()
    with pytest.raises(CheckpointError, match=r"adapter\.weight"):
        from_state_dict({**weights, "blocks.0.adapter.weight": torch.zeros(3)}, n_heads=4)
    del weights["blocks.0.norm1.bias"]  # as of an RMSNorm
    with pytest.raises(CheckpointError, match=r"blocks\.0\.norm1\.bias"):
        from_state_dict(weights, n_heads=4)


def test_what_the_weights_do_not_tell_is_asked_for_or_stated():
    weights = timm_vit().state_dict()
    with pytest.raises(CheckpointError, match="n_heads"):
        from_state_dict(weights)
    with pytest.raises(CheckpointError, match="2 names"):
        from_state_dict(weights, n_heads=4, names=["a", "b"])
    with pytest.raises(CheckpointError, match="33"):
        from_state_dict(weights, n_heads=4, img_size=33)
    _, report = from_state_dict(timm_vit(embed_dim=64, num_heads=1, num_classes=1000).state_dict())
    assert report.options["n_heads"] == 1
    assert any("1 heads" in fact for fact in report.assumed) and any("mean and std" in fact for fact in report.assumed)
    assert any("reads CLS" in fact for fact in report.assumed)
    assert report.names[0] == "tench" and report.names[999] == "toilet tissue"


def test_without_safetensors_the_sentence_says_what_to_install(tmp_path, monkeypatch):
    (tmp_path / "a.safetensors").write_bytes(b"x")
    for name in ("safetensors", "safetensors.torch"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(CheckpointError, match="pip install safetensors"):
        from_state_dict(tmp_path / "a.safetensors")
