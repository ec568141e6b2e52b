"""The datasets that the page shows test pictures of and trains on, by the names that it calls them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from vit_explorer.data.cache import DatasetCache
from vit_explorer.data.cifar10 import find_cifar10
from vit_explorer.data.dataset import DatasetError, Split
from vit_explorer.data.shapes import CLASS_NAMES as SHAPES_NAMES
from vit_explorer.data.sources import SHAPES_TRAIN, draw_split, open_dataset

RESERVED = ("sample", "upload")  # kinds of pictures that come from no dataset


@dataclass(frozen=True)
class Source:
    """A dataset without its training pictures, which only the worker holds.

    Attributes:
        name: what the page calls it.
        data: what ``open_dataset`` and a recipe call it: "cifar10", "shapes" or a path.
        test: its test pictures.
        names: its classes in label order.
        n_train: how many training pictures it has.
    """

    name: str
    data: str
    test: Split
    names: tuple[str, ...]
    n_train: int


class Sources:
    """The datasets of this page by name, each opened when it is first asked for.

    Args:
        data_root: where CIFAR-10 is looked for first.
        own_data: .npz files and image folders of the person who started the app, named after the file or folder.
    Raises:
        ValueError: for two datasets of one name.
    """

    def __init__(self, data_root: str | Path | None = None, own_data: Sequence[str | Path] = ()) -> None:
        self.data_root = data_root
        self._data = {"cifar10": "cifar10", "shapes": "shapes"}
        for path in map(Path, own_data):
            name = path.stem if path.suffix == ".npz" else path.name
            if name in self._data or name in RESERVED:
                raise ValueError(f"{path} would be called {name!r}, as another source of pictures is: rename it.")
            self._data[name] = str(path)
        self._opened = DatasetCache(self._read, data_root, limit=None)

    @property
    def names(self) -> tuple[str, ...]:
        """All names there can be; CIFAR-10 is one whether it is here or not."""
        return tuple(self._data)

    def name_of(self, data: str) -> str | None:
        """What the page calls the data of a recipe; None for data that it was not told of."""
        return next((name for name, known in self._data.items() if known == data), None)

    def open(self, name: str) -> Source:
        """The dataset of this name.

        Raises:
            DatasetError: if it is not there or cannot be read.
            ValueError: for another name: a visitor cannot make the server read files of its own.
        """
        if name not in self._data:
            raise ValueError(f"there are test pictures of {', '.join(self._data)}, not of {name!r}")
        return self._opened.open(self._data[name])

    def usable(self) -> tuple[list[Source], list[str]]:
        """The datasets that can be shown and trained on, opened, and a sentence for each that cannot be read."""
        found, problems = [], []
        for name in self._data:
            if name == "cifar10" and find_cifar10(self.data_root) is None:
                continue
            try:
                found.append(self.open(name))
            except DatasetError as error:
                problems.append(str(error))
        return found, problems

    def _read(self, data: str, _img_size: int | None) -> Source:
        name = self.name_of(data)
        assert name is not None  # checked by `open`
        if data == "shapes":  # its training pictures would take seconds to draw, and only the worker needs them
            return Source(name, data, draw_split("test"), SHAPES_NAMES, SHAPES_TRAIN)
        dataset = open_dataset(data, self.data_root)
        return Source(name, data, dataset.test, dataset.names, len(dataset.train.y))
