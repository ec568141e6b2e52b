"""Where pictures come from."""

from vit_explorer.data.sources import Dataset, DatasetError, Split, open_dataset
from vit_explorer.data.uploads import PictureError, fit_picture, load_picture

__all__ = ["Dataset", "DatasetError", "PictureError", "Split", "fit_picture", "load_picture", "open_dataset"]
