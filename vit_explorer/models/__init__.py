"""Networks: architectures, checkpoints, and weights trained by others."""

from vit_explorer.models.attention import Tape
from vit_explorer.models.checkpoint import (
    Checkpoint,
    CheckpointError,
    list_checkpoints,
    load_checkpoint,
    save_checkpoint,
)
from vit_explorer.models.cnn import ConvNet
from vit_explorer.models.deit import DeiT
from vit_explorer.models.hybrid import HybridViT
from vit_explorer.models.patches import ConvPatchEmbedding, PatchEmbedding, patchify, unpatchify
from vit_explorer.models.pretrained import (
    DownloadError,
    FitReport,
    PretrainedModel,
    from_state_dict,
    load_pretrained,
    pretrained_models,
)
from vit_explorer.models.swin import SwinTransformer, WindowAttention
from vit_explorer.models.vit import TransformerBlock, ViT
from vit_explorer.models.zoo import create_model, model_names

__all__ = [
    "Checkpoint",
    "CheckpointError",
    "ConvNet",
    "ConvPatchEmbedding",
    "DeiT",
    "DownloadError",
    "FitReport",
    "HybridViT",
    "PatchEmbedding",
    "PretrainedModel",
    "SwinTransformer",
    "Tape",
    "TransformerBlock",
    "ViT",
    "WindowAttention",
    "create_model",
    "from_state_dict",
    "list_checkpoints",
    "load_checkpoint",
    "load_pretrained",
    "model_names",
    "patchify",
    "pretrained_models",
    "save_checkpoint",
    "unpatchify",
]
