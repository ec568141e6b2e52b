"""Datasets, augmentations and uploaded images."""

from vit_explorer.data.dataset import Dataset, DatasetError, Split
from vit_explorer.data.decode import PictureError
from vit_explorer.data.sources import open_dataset
from vit_explorer.data.uploads import fit_picture, load_picture

__all__ = ["Dataset", "DatasetError", "PictureError", "Split", "fit_picture", "load_picture", "open_dataset"]
