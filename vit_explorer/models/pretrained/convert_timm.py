"""timm's names, which are also those of the authors of DeiT, DINO, DINOv2, MAE and Swin."""

from __future__ import annotations

from vit_explorer.models.pretrained.dialect import Dialect, Rule
from vit_explorer.models.pretrained.report import Known

VIT_RULES: tuple[Rule, ...] = (
    ("cls_token", "cls_token"),
    ("pos_embed", "pos_embedding"),
    ("dist_token", "distillation_token"),
    ("reg_token", "register_tokens"),
    ("register_tokens", "register_tokens"),
    ("patch_embed.proj.{kind}", "patch_embedding.projection.{kind}"),
    ("blocks.{i}.norm1.{kind}", "blocks.{i}.norm1.{kind}"),
    ("blocks.{i}.attn.qkv.{kind}", "blocks.{i}.attention.qkv.{kind}"),
    ("blocks.{i}.attn.proj.{kind}", "blocks.{i}.attention.projection.{kind}"),
    ("blocks.{i}.ls1.gamma", "blocks.{i}.layer_scale1"),
    ("blocks.{i}.gamma_1", "blocks.{i}.layer_scale1"),
    ("blocks.{i}.norm2.{kind}", "blocks.{i}.norm2.{kind}"),
    ("blocks.{i}.mlp.fc1.{kind}", "blocks.{i}.mlp.0.{kind}"),
    ("blocks.{i}.mlp.fc2.{kind}", "blocks.{i}.mlp.2.{kind}"),
    ("blocks.{i}.ls2.gamma", "blocks.{i}.layer_scale2"),
    ("blocks.{i}.gamma_2", "blocks.{i}.layer_scale2"),
    ("norm.{kind}", "norm.{kind}"),
    ("fc_norm.{kind}", "fc_norm.{kind}"),
    ("head.{kind}", "head.{kind}"),
    ("head_dist.{kind}", "distillation_head.{kind}"),
    ("pre_logits.fc.{kind}", "pre_logits.{kind}"),
)
# DINOv2 saves the blocks of its large networks in chunks, counted through: blocks.1.6 is the seventh.
CHUNKED_RULES = tuple((theirs.replace("blocks.{i}", "blocks.{chunk}.{i}"), ours) for theirs, ours in VIT_RULES)

VIT = Dialect(
    "timm ViT",
    "vit",
    (r"^patch_embed\.proj\.weight$", r"^blocks\.0\.(0\.)?attn\.qkv\.weight$"),
    VIT_RULES + CHUNKED_RULES,
    Known(eps=1e-6, activation="gelu", resize_ratio=256 / 224, interpolation="bicubic"),
)

SWIN_RULES: tuple[Rule, ...] = (
    ("patch_embed.proj.{kind}", "patch_embedding.{kind}"),
    ("patch_embed.norm.{kind}", "patch_norm.{kind}"),
    ("layers.{s}.blocks.{i}.norm1.{kind}", "stages.{s}.{i}.norm1.{kind}"),
    ("layers.{s}.blocks.{i}.attn.relative_position_bias_table", "stages.{s}.{i}.attention.bias_table"),
    ("layers.{s}.blocks.{i}.attn.qkv.{kind}", "stages.{s}.{i}.attention.qkv.{kind}"),
    ("layers.{s}.blocks.{i}.attn.proj.{kind}", "stages.{s}.{i}.attention.projection.{kind}"),
    ("layers.{s}.blocks.{i}.norm2.{kind}", "stages.{s}.{i}.norm2.{kind}"),
    ("layers.{s}.blocks.{i}.mlp.fc1.{kind}", "stages.{s}.{i}.mlp.0.{kind}"),
    ("layers.{s}.blocks.{i}.mlp.fc2.{kind}", "stages.{s}.{i}.mlp.2.{kind}"),
    ("norm.{kind}", "norm.{kind}"),
    ("head.{kind}", "head.{kind}"),
    ("head.fc.{kind}", "head.{kind}"),
)
MERGINGS_FIRST: tuple[Rule, ...] = tuple(  # timm merges at the start of a stage, the authors at its end
    (f"layers.{stage + 1}.downsample.{part}", f"mergings.{stage}.{part}")
    for stage in range(8)
    for part in ("norm.{kind}", "reduction.{kind}")
)
MERGINGS_LAST: tuple[Rule, ...] = (
    ("layers.{s}.downsample.norm.{kind}", "mergings.{s}.norm.{kind}"),
    ("layers.{s}.downsample.reduction.{kind}", "mergings.{s}.reduction.{kind}"),
)
SWIN_KNOWN = Known(eps=1e-5, activation="gelu", resize_ratio=256 / 224, interpolation="bicubic")
SWIN_SIGNATURE = (r"^patch_embed\.proj\.weight$", r"^layers\.0\.blocks\.0\.attn\.relative_position_bias_table$")

AUTHORS_SWIN = Dialect(
    "Swin of its authors",
    "swin",
    (*SWIN_SIGNATURE, r"^layers\.0\.downsample\."),
    SWIN_RULES + MERGINGS_LAST,
    SWIN_KNOWN,
    padding="timm",
)
SWIN = Dialect("timm Swin", "swin", SWIN_SIGNATURE, SWIN_RULES + MERGINGS_FIRST, SWIN_KNOWN, padding="timm")

DIALECTS = (VIT, AUTHORS_SWIN, SWIN)
