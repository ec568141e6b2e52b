"""Hugging Face's names: ViT, DeiT, Swin and DINOv2, as their files and as their modules (transformers 5) have them."""

from __future__ import annotations

from vit_explorer.models.pretrained.dialect import Dialect, Rule
from vit_explorer.models.pretrained.report import HALF, IMAGENET_MEAN, IMAGENET_STD, Known

ATTENTION: tuple[Rule, ...] = (
    *(
        (f"{theirs}.{{kind}}", f"attention.{ours}.{{kind}}")
        for ours, short in (("query", "q_proj"), ("key", "k_proj"), ("value", "v_proj"))
        for theirs in (f"attention.attention.{ours}", f"attention.self.{ours}", f"attention.{short}")
    ),
    ("attention.output.dense.{kind}", "attention.projection.{kind}"),
    ("attention.o_proj.{kind}", "attention.projection.{kind}"),
)
MLP: tuple[Rule, ...] = (
    ("intermediate.dense.{kind}", "mlp.0.{kind}"),
    ("output.dense.{kind}", "mlp.2.{kind}"),
    ("mlp.fc1.{kind}", "mlp.0.{kind}"),
    ("mlp.fc2.{kind}", "mlp.2.{kind}"),
)
NORMS: tuple[Rule, ...] = (
    ("layernorm_before.{kind}", "norm1.{kind}"),
    ("layernorm_after.{kind}", "norm2.{kind}"),
    ("norm1.{kind}", "norm1.{kind}"),
    ("norm2.{kind}", "norm2.{kind}"),
)
SCALES: tuple[Rule, ...] = (
    ("layer_scale1.lambda1", "layer_scale1"),
    ("layer_scale2.lambda1", "layer_scale2"),
)
VIT_BLOCK = ATTENTION + MLP + NORMS + SCALES
VIT_RULES: tuple[Rule, ...] = (
    ("embeddings.cls_token", "cls_token"),
    ("embeddings.position_embeddings", "pos_embedding"),
    ("embeddings.distillation_token", "distillation_token"),
    ("embeddings.register_tokens", "register_tokens"),
    ("embeddings.patch_embeddings.projection.{kind}", "patch_embedding.projection.{kind}"),
    *((f"encoder.layer.{{i}}.{theirs}", f"blocks.{{i}}.{ours}") for theirs, ours in VIT_BLOCK),
    *((f"layers.{{i}}.{theirs}", f"blocks.{{i}}.{ours}") for theirs, ours in VIT_BLOCK),
    ("layernorm.{kind}", "norm.{kind}"),
    ("classifier.{kind}", "head.{kind}"),
    ("cls_classifier.{kind}", "head.{kind}"),
    ("distillation_classifier.{kind}", "distillation_head.{kind}"),
)

SWIN_BLOCK: tuple[Rule, ...] = (
    ("attention.self.relative_position_bias_table", "attention.bias_table"),
    ("attention.relative_position_bias.relative_position_bias_table", "attention.bias_table"),
    *ATTENTION, *MLP, *NORMS,
)  # fmt: skip
SWIN_RULES: tuple[Rule, ...] = (
    ("embeddings.patch_embeddings.projection.{kind}", "patch_embedding.{kind}"),
    ("embeddings.norm.{kind}", "patch_norm.{kind}"),
    *((f"encoder.layers.{{s}}.blocks.{{i}}.{theirs}", f"stages.{{s}}.{{i}}.{ours}") for theirs, ours in SWIN_BLOCK),
    ("encoder.layers.{s}.downsample.norm.{kind}", "mergings.{s}.norm.{kind}"),
    ("encoder.layers.{s}.downsample.reduction.{kind}", "mergings.{s}.reduction.{kind}"),
    ("layernorm.{kind}", "norm.{kind}"),
    ("classifier.{kind}", "head.{kind}"),
)

PATCHES = r"^embeddings\.patch_embeddings\.projection\.weight$"
COMMON = Known(activation="gelu", resize_ratio=1.0, interpolation="bilinear")
IMAGENET = Known(mean=IMAGENET_MEAN, std=IMAGENET_STD, resize_ratio=256 / 224, interpolation="bicubic").over(COMMON)

DIALECTS = (
    Dialect(
        "Hugging Face Swin", "swin", (PATCHES, r"^encoder\.layers\.0\.blocks\.0\."), SWIN_RULES,
        Known(eps=1e-5).over(IMAGENET), padding="torchvision",
    ),
    Dialect(
        "Hugging Face DINOv2", "vit", (PATCHES, r"^encoder\.layer\.0\.layer_scale1\.lambda1$"), VIT_RULES,
        Known(eps=1e-6).over(IMAGENET),
    ),
    Dialect(
        "Hugging Face DeiT", "vit", (PATCHES, r"^embeddings\.distillation_token$"), VIT_RULES,
        Known(eps=1e-12).over(IMAGENET),
    ),
    Dialect(
        "Hugging Face ViT", "vit", (PATCHES, r"^(encoder\.layer|layers)\.0\.attention\."), VIT_RULES,
        Known(eps=1e-12, mean=HALF, std=HALF, pooling="cls").over(COMMON),
    ),
)  # fmt: skip
