"""The datasets that the page shows test pictures of and trains on, by the names that it calls them."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from concurrent.futures import wait as wait_for
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import torch
from PIL import Image
from torch import Tensor

from vit_explorer.data.cache import DatasetCache
from vit_explorer.data.cifar10 import find_cifar10
from vit_explorer.data.dataset import DatasetError, Skipped, Split
from vit_explorer.data.folders import Limits
from vit_explorer.data.shapes import CLASS_NAMES as SHAPES_NAMES
from vit_explorer.data.sources import BUILT_IN, SHAPES_TRAIN, absolute_source, draw_split, open_dataset, source_name
from vit_explorer.data.uploads import fit_picture

RESERVED = ("sample", "upload")  # kinds of pictures that come from no dataset
OWN_DATA_WAIT = 1.0  # seconds that an answer waits for own data that are being read; then it says how far they are


@dataclass(frozen=True)
class Source:
    """A dataset without its training pictures, which only the worker holds.

    Attributes:
        name: what the page calls it.
        data: what ``open_dataset`` and a recipe call it: "cifar10", "shapes" or a path.
        test: its test pictures.
        names: its classes in label order.
        n_train: how many training pictures it has.
        train_counts: how many of each class, in label order; empty where they have not been counted.
        skipped: files that are not used.
        notes: sentences about what else is left out.
        remarks: sentences about what of it is not used.
        test_picture: see :class:`Dataset`.
    """

    name: str
    data: str
    test: Split
    names: tuple[str, ...]
    n_train: int
    train_counts: tuple[int, ...] = ()
    skipped: tuple[Skipped, ...] = ()
    notes: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()
    test_picture: Callable[[int], Image.Image] | None = None

    @property
    def title(self) -> str:
        """What people call it: a visitor's data have the name of their file."""
        return source_name(self.data)

    def picture(self, index: int) -> Image.Image:
        """A test picture, at its own size where its file is larger than the split's pictures."""
        if self.test_picture is not None:
            return self.test_picture(index)
        return Image.fromarray(self.test.x[index].permute(1, 2, 0).numpy())

    def test_images(self, part: range, size: int) -> Tensor:
        """Test images uint8 (n, 3, size, size): those of files are brought to any size, others have theirs.

        Raises:
            ValueError: for another size than the images have.
        """
        if size == self.test.x.shape[-1]:
            return self.test.x[part.start : part.stop]
        if self.test_picture is None:
            raise ValueError(
                f"the test pictures of {self.title} have {self.test.x.shape[-1]} pixels a side, not {size}"
            )
        return torch.stack([fit_picture(self.test_picture(index), size) for index in part])


class Reading(NamedTuple):
    """Own data that are being read: ``done`` of ``total`` files, 0 of 0 before they are counted."""

    name: str
    done: int
    total: int


class Usable(NamedTuple):
    """Datasets that are open, a sentence for each fault, and the data that are still being read."""

    sources: list[Source]
    problems: list[str]
    reading: list[Reading]


class Sources:
    """The datasets of this page by name, each opened when it is first asked for.

    Own data are read in the background, since a folder of large pictures takes minutes.

    Args:
        data_root: where CIFAR-10 is looked for first.
        own_data: .npz files, image folders and .zip archives of the person who started the app, named after the file
            or folder.
    Raises:
        ValueError: for two datasets of one name.
    """

    def __init__(self, data_root: str | Path | None = None, own_data: Sequence[str | Path] = ()) -> None:
        self.data_root = data_root
        self._data = {name: name for name in BUILT_IN}
        for path in own_data:
            name = source_name(path)
            if name in self._data or name in RESERVED:
                raise ValueError(f"{path} would be called {name!r}, as another source of pictures is: rename it.")
            self._data[name] = absolute_source(str(path))
        self._limits: dict[str, Limits] = {}  # of data that visitors have brought, which are listed for them alone
        self._opened = DatasetCache(self._read, data_root, limit=None)
        self._lock = threading.Lock()
        self._one_at_a_time = threading.Lock()  # of visitors' data: others wait for their turn
        self._pending: dict[str, Future[Source]] = {}
        self._last: dict[str, Source] = {}  # as they were when they were opened last
        self._progress: dict[str, tuple[int, int]] = {}

    @property
    def names(self) -> tuple[str, ...]:
        """All names of pictures there can be; CIFAR-10 is one whether it is here or not."""
        return tuple(self._data)

    @property
    def public(self) -> tuple[str, ...]:
        """The names without those of visitors' data."""
        return tuple(name for name in self._data if name not in self._limits)

    def add(self, name: str, path: Path, limits: Limits) -> None:
        """Make a visitor's data known under a name; they are read when they are asked for."""
        with self._lock:
            self._data[name], self._limits[name] = str(path), limits

    def remove(self, name: str) -> None:
        """Forget a visitor's data."""
        with self._lock:
            data = self._data.pop(name, None)
            for known in (self._limits, self._pending, self._last, self._progress):
                known.pop(name, None)
        if data is not None:
            self._opened.forget(data)

    def name_of(self, data: str) -> str | None:
        """What the page calls the data of a recipe; None for data that it was not told of."""
        return next((name for name, known in self._data.items() if known == data), None)

    def open(self, name: str) -> Source:
        """The dataset of this name; own data are waited for.

        Raises:
            DatasetError: if it is not there or cannot be read, and for another name: a visitor cannot make the server
                read files of its own.
        """
        if name not in self._data:
            raise DatasetError(f"There are test pictures of {', '.join(self.public)}, not of {name[:40]!r}.")
        return self._opened.open(self._data[name])

    def usable(self, wait: float = OWN_DATA_WAIT, brought: Sequence[str] = ()) -> Usable:
        """The datasets that can be shown and trained on now.

        Args:
            brought: names of a visitor's own data, which are looked at as well.
            wait: seconds in which own data may still come; those that were open before stay usable while changed files
                are read.
        """
        found = Usable([], [], [])
        names = [name for name in (*self.public, *brought) if name in self._data and self._may_be_here(name)]
        pending = {name: self._read_ahead(name) for name in names if name not in BUILT_IN}  # beside the others
        opened: dict[str, Source | DatasetError] = {name: self._attempt(name) for name in names if name in BUILT_IN}
        done, _ = wait_for(pending.values(), wait)
        for name in names:
            if name in opened:
                source = opened[name]
            elif pending[name] in done:
                source = self._outcome(name, pending[name])
            else:
                found.reading.append(Reading(name, *self._progress.get(name, (0, 0))))
                if name not in self._last:
                    continue
                source = self._last[name]
            if isinstance(source, DatasetError):
                found.problems.append(str(source))
            else:
                found.sources.append(source)
                found.problems.extend(source.remarks if name not in self._limits else ())
        return found

    def _may_be_here(self, name: str) -> bool:
        return name != "cifar10" or find_cifar10(self.data_root) is not None

    def _attempt(self, name: str) -> Source | DatasetError:
        try:
            return self.open(name)
        except DatasetError as error:
            return error

    def _outcome(self, name: str, pending: Future[Source]) -> Source | DatasetError:
        try:
            self._last[name] = pending.result()
        except DatasetError as error:
            return error
        return self._last[name]

    def _read_ahead(self, name: str) -> Future[Source]:
        """The reading of own data, begun now if none is under way."""
        with self._lock:
            pending = self._pending.get(name)
            if pending is None or pending.done():
                pending = self._pending[name] = Future()
                # A daemon: the program ends though a folder is still being read.
                threading.Thread(
                    target=self._fulfil, args=(pending, name), name=f"own-data {name}", daemon=True
                ).start()
            return pending

    def _fulfil(self, pending: Future[Source], name: str) -> None:
        try:
            pending.set_result(self.open(name))
        except BaseException as error:
            pending.set_exception(error)

    def _read(self, data: str, _img_size: int | None) -> Source:
        name = self.name_of(data)
        assert name is not None  # checked by `open`
        if data == "shapes":  # its training pictures would take seconds to draw, and only the worker needs them
            return Source(name, data, draw_split("test"), SHAPES_NAMES, SHAPES_TRAIN)

        def progress(done: int, total: int) -> None:
            self._progress[name] = done, total

        if data in BUILT_IN:
            found = open_dataset(data, self.data_root)
            return Source(name, data, found.test, found.names, len(found.train.y))
        limits = self._limits.get(name)
        with self._one_at_a_time if limits else contextlib.nullcontext():
            try:
                found = open_dataset(data, self.data_root, progress=progress, limits=limits)
            except DatasetError as error:
                raise (without_place(error, Path(data)) if limits else error) from None
        return Source(
            name,
            data,
            found.test,
            found.names,
            len(found.train.y),
            tuple(torch.bincount(found.train.y, minlength=len(found.names)).tolist()),
            found.skipped,
            found.notes,
            tuple(found.remarks()),
            found.test_picture,
        )


def without_place(error: DatasetError, path: Path) -> DatasetError:
    """The same sentence without the folders of the server that lead to a visitor's file."""
    return DatasetError(str(error).replace(f"{path.parent}/", ""))
