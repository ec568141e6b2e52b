"""Networks that others trained: the catalogue, its download, and their weights in our classes."""

from vit_explorer.models.pretrained.catalogue import PretrainedModel, pretrained_models
from vit_explorer.models.pretrained.convert import from_state_dict
from vit_explorer.models.pretrained.download import DownloadError, DownloadStopped, Progress
from vit_explorer.models.pretrained.load import load_pretrained, to_checkpoint
from vit_explorer.models.pretrained.preprocess import resize_and_crop
from vit_explorer.models.pretrained.report import FitReport, Preprocessing
from vit_explorer.models.pretrained.source import open_network

__all__ = [
    "DownloadError",
    "DownloadStopped",
    "FitReport",
    "Preprocessing",
    "PretrainedModel",
    "Progress",
    "from_state_dict",
    "load_pretrained",
    "open_network",
    "pretrained_models",
    "resize_and_crop",
    "to_checkpoint",
]
