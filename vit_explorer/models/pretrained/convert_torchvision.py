"""torchvision's names: ViT, Swin of 2021 and ResNet (whose names are timm's too)."""

from __future__ import annotations

from vit_explorer.models.pretrained.dialect import Dialect, Rule
from vit_explorer.models.pretrained.report import IMAGENET_MEAN, IMAGENET_STD, Known

LAYER = "encoder.layers.encoder_layer_{i}"

VIT_RULES: tuple[Rule, ...] = (
    ("class_token", "cls_token"),
    ("encoder.pos_embedding", "pos_embedding"),
    ("conv_proj.{kind}", "patch_embedding.projection.{kind}"),
    (f"{LAYER}.ln_1.{{kind}}", "blocks.{i}.norm1.{kind}"),
    (f"{LAYER}.self_attention.in_proj_{{kind}}", "blocks.{i}.attention.qkv.{kind}"),
    (f"{LAYER}.self_attention.out_proj.{{kind}}", "blocks.{i}.attention.projection.{kind}"),
    (f"{LAYER}.ln_2.{{kind}}", "blocks.{i}.norm2.{kind}"),
    (f"{LAYER}.mlp.0.{{kind}}", "blocks.{i}.mlp.0.{kind}"),
    (f"{LAYER}.mlp.3.{{kind}}", "blocks.{i}.mlp.2.{kind}"),
    (f"{LAYER}.mlp.linear_1.{{kind}}", "blocks.{i}.mlp.0.{kind}"),  # before torchvision 0.14
    (f"{LAYER}.mlp.linear_2.{{kind}}", "blocks.{i}.mlp.2.{kind}"),
    ("encoder.ln.{kind}", "norm.{kind}"),
    ("heads.head.{kind}", "head.{kind}"),
    ("heads.pre_logits.{kind}", "pre_logits.{kind}"),
)

STEM: tuple[Rule, ...] = (
    ("features.0.0.{kind}", "patch_embedding.{kind}"),
    ("features.0.2.{kind}", "patch_norm.{kind}"),
    ("norm.{kind}", "norm.{kind}"),
    ("head.{kind}", "head.{kind}"),
)
BLOCK: tuple[Rule, ...] = (
    ("{i}.norm1.{kind}", "{i}.norm1.{kind}"),
    ("{i}.attn.relative_position_bias_table", "{i}.attention.bias_table"),
    ("{i}.attn.qkv.{kind}", "{i}.attention.qkv.{kind}"),
    ("{i}.attn.proj.{kind}", "{i}.attention.projection.{kind}"),
    ("{i}.norm2.{kind}", "{i}.norm2.{kind}"),
    ("{i}.mlp.0.{kind}", "{i}.mlp.0.{kind}"),
    ("{i}.mlp.3.{kind}", "{i}.mlp.2.{kind}"),
)
MERGING: tuple[Rule, ...] = (("norm.{kind}", "norm.{kind}"), ("reduction.{kind}", "reduction.{kind}"))
# features: the stem, then blocks and merging of each stage in turn.
SWIN_RULES = (
    *STEM,
    *((f"features.{2 * s + 1}.{theirs}", f"stages.{s}.{ours}") for s in range(8) for theirs, ours in BLOCK),
    *((f"features.{2 * s + 2}.{theirs}", f"mergings.{s}.{ours}") for s in range(8) for theirs, ours in MERGING),
)

NORM_VALUES = ("weight", "bias", "running_mean", "running_var", "num_batches_tracked")
RESNET_RULES: tuple[Rule, ...] = (
    ("conv1.weight", "conv1.weight"),
    *((f"bn1.{value}", f"bn1.{value}") for value in NORM_VALUES),
    ("layer{s}.{i}.conv{n}.weight", "layer{s}.{i}.conv{n}.weight"),
    *((f"layer{{s}}.{{i}}.bn{{n}}.{value}", f"layer{{s}}.{{i}}.bn{{n}}.{value}") for value in NORM_VALUES),
    ("layer{s}.{i}.downsample.0.weight", "layer{s}.{i}.downsample.0.weight"),
    *((f"layer{{s}}.{{i}}.downsample.1.{value}", f"layer{{s}}.{{i}}.downsample.1.{value}") for value in NORM_VALUES),
    ("fc.{kind}", "head.{kind}"),
    ("head.{kind}", "head.{kind}"),
)

IMAGENET = Known(mean=IMAGENET_MEAN, std=IMAGENET_STD, resize_ratio=256 / 224, interpolation="bilinear")

DIALECTS = (
    Dialect(
        "torchvision ViT", "vit", (r"^conv_proj\.weight$", r"^encoder\.layers\.encoder_layer_0\."), VIT_RULES,
        Known(eps=1e-6, activation="gelu", pooling="cls").over(IMAGENET),
    ),
    Dialect(
        "torchvision Swin", "swin",
        (r"^features\.0\.0\.weight$", r"^features\.1\.0\.attn\.relative_position_bias_table$"), SWIN_RULES,
        Known(eps=1e-5, activation="gelu", interpolation="bicubic").over(IMAGENET), padding="torchvision",
    ),
    Dialect(
        "torchvision ResNet", "resnet", (r"^conv1\.weight$", r"^layer4\.0\.conv1\.weight$"), RESNET_RULES, IMAGENET,
    ),
)  # fmt: skip
