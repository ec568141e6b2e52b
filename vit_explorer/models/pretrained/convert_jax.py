"""Google's .npz files of ViT (augreg), written by JAX: names with slashes, kernels the other way round."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor

from vit_explorer.models.pretrained.dialect import Dialect, Part, Rule
from vit_explorer.models.pretrained.report import HALF, Known

BLOCK = "Transformer/encoderblock_{i}"
HEADS = f"{BLOCK}/MultiHeadDotProductAttention_1"
LEAVES = {"kernel": "weight", "scale": "weight", "bias": "bias"}

MODULES: tuple[Rule, ...] = (
    ("embedding", "patch_embedding.projection"),
    (f"{BLOCK}/LayerNorm_0", "blocks.{i}.norm1"),
    (f"{HEADS}/query", "blocks.{i}.attention.query"),
    (f"{HEADS}/key", "blocks.{i}.attention.key"),
    (f"{HEADS}/value", "blocks.{i}.attention.value"),
    (f"{HEADS}/out", "blocks.{i}.attention.projection"),
    (f"{BLOCK}/LayerNorm_2", "blocks.{i}.norm2"),
    (f"{BLOCK}/MlpBlock_3/Dense_0", "blocks.{i}.mlp.0"),
    (f"{BLOCK}/MlpBlock_3/Dense_1", "blocks.{i}.mlp.2"),
    ("Transformer/encoder_norm", "norm"),
    ("head", "head"),
    ("pre_logits", "pre_logits"),
)
RULES: tuple[Rule, ...] = (
    ("cls", "cls_token"),
    ("Transformer/posembed_input/pos_embedding", "pos_embedding"),
    *((f"{theirs}/{leaf}", f"{ours}.{kind}") for theirs, ours in MODULES for leaf, kind in LEAVES.items()),
)

VIT = Dialect(
    "Google JAX ViT",
    "vit",
    (r"^embedding/kernel$", r"^Transformer/encoderblock_0/MultiHeadDotProductAttention_1/query/kernel$"),
    RULES,
    Known(eps=1e-6, activation="gelu_tanh", mean=HALF, std=HALF, resize_ratio=1.0, interpolation="bilinear"),
)
DIALECTS = (VIT,)


def heads_of(weights: Mapping[str, Tensor]) -> int:
    """The number of heads, which the kernels of JAX, (D, heads, d_head), tell."""
    return weights["Transformer/encoderblock_0/MultiHeadDotProductAttention_1/query/kernel"].shape[1]


def as_torch(name: str, part: Part) -> Part:
    """A parameter of JAX in the shape that torch gives it; ``name`` is ours."""
    tensor = part.tensor
    if name.endswith(("query.weight", "key.weight", "value.weight")):
        tensor = tensor.flatten(1).T  # (D, heads, d_head) -> (D, D)
    elif name.endswith(("query.bias", "key.bias", "value.bias")):
        tensor = tensor.flatten()  # (heads, d_head) -> (D,)
    elif name.endswith("attention.projection.weight"):
        tensor = tensor.flatten(0, 1).T  # (heads, d_head, D) -> (D, D)
    elif name == "patch_embedding.projection.weight":
        tensor = tensor.permute(3, 2, 0, 1)  # (P, P, C, D) -> (D, C, P, P)
    elif tensor.dim() == 2:
        tensor = tensor.T  # (in, out) -> (out, in)
    return Part(tensor, part.keys)
