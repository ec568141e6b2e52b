"""What all visitors share: pictures and models, found by their names.

The server keeps nothing about a visitor: every request names its picture and its model, so any number of visitors
share one process, and a link that holds the names restores what somebody saw. Names of pictures:

    sample:cheetah      a photo that an installed package carries
    shapes:17           the 17th drawn test picture
    cifar10:17          the 17th test picture of CIFAR-10, where it is found; likewise of the app's own data
    upload:3f5a...      a visitor's own, kept in memory only, named by the hash of its title and bytes
"""

from __future__ import annotations

import contextlib
import hashlib
import threading
import weakref
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from PIL import Image

from vit_explorer.cost.multiply_adds import with_cost
from vit_explorer.data.cache import Stamp, stamp_of
from vit_explorer.data.cifar10 import (
    cifar10_download_fraction,
    cifar10_in,
    cifar10_places,
    download_cifar10,
    find_cifar10,
)
from vit_explorer.data.dataset import Split
from vit_explorer.data.sources import source_name
from vit_explorer.data.uploads import load_picture
from vit_explorer.models.checkpoint import (
    CHECKPOINT_FOLDER,
    Checkpoint,
    CheckpointError,
    find_card,
    list_checkpoints,
    load_checkpoint,
)
from vit_explorer.training.studies.sweep import SHIPPED_FOLDER, shipped_results
from vit_explorer.ui.core.brought import USUAL_BRING, BringLimits, Brought
from vit_explorer.ui.core.datasets import Sources
from vit_explorer.ui.core.kept_pictures import KeptPictures
from vit_explorer.ui.core.networks import WEIGHTS_MEMORY, Networks
from vit_explorer.ui.core.pictures import SAMPLES, Picture, UnknownPicture, sample
from vit_explorer.ui.core.traces import Traces

UPLOADS_MEMORY = 512  # MB that the pictures of all visitors may take (the door's flag says the same)
MAX_SIDE = 1024  # pixels; a larger upload is reduced to this before it is kept


@dataclass(frozen=True)
class DownloadStatus:
    """How far the download of CIFAR-10 is; ``reason`` is a sentence where it failed."""

    state: Literal["idle", "running", "finished", "failed"]
    fraction: float = 0.0
    reason: str | None = None


class Session:
    """Open datasets, loaded checkpoints and the latest uploads. Each has its own lock, so that none waits for another.

    Args:
        data_root: where CIFAR-10 is looked for first.
        checkpoint_folders: where weights are looked for, in order.
        own_data: further datasets, see :class:`Sources`.
        networks: shown first, in this order, each under a name of its own.
        pretrained: whether the networks of the catalogue that are on this machine can be chosen.
        busy: whether other work needs the cores, which large networks use otherwise; None leaves the number of threads
            as it is.
        offline: whether nothing may be downloaded.
        uploads_memory: for the pictures of visitors, in MB.
        brought: where the data of visitors lie; None where they cannot bring any.
        weights_memory: in MB, see :class:`Networks`.
        allow_weights: whether visitors may bring weights.
        bring_limits: of the data of visitors.

    Raises:
        ValueError: for two networks of one name.
    """

    def __init__(
        self,
        data_root: str | Path | None = None,
        checkpoint_folders: Sequence[str | Path] = (CHECKPOINT_FOLDER,),
        own_data: Sequence[str | Path] = (),
        networks: Sequence[Checkpoint] = (),
        pretrained: bool = False,
        busy: Callable[[], bool] | None = None,
        offline: bool = False,
        uploads_memory: int = UPLOADS_MEMORY,
        brought: str | Path | None = None,
        weights_memory: float = WEIGHTS_MEMORY,
        allow_weights: bool = False,
        bring_limits: BringLimits = USUAL_BRING,
    ) -> None:
        self.data_root = data_root
        self.offline = offline
        self.allow_weights = allow_weights
        self.datasets = Sources(data_root, own_data)
        self.brought = None if brought is None else Brought(brought, bring_limits, self.datasets.remove)
        for held in self.brought.all() if self.brought else ():
            if held.complete:
                self.datasets.add(held.name, held.path, bring_limits.content)
        self.checkpoint_folders = tuple(checkpoint_folders)
        taken = list_checkpoints(checkpoint_folders)
        self.networks = Networks(networks, taken, pretrained, busy, offline, weights_memory)
        self.traces = Traces()
        self._uploads = KeptPictures[Picture](uploads_memory * 2**20)
        self._checkpoints: dict[str, tuple[Stamp, Checkpoint]] = {}
        self._checkpoints_lock = threading.Lock()
        self._download_lock = threading.Lock()
        self._downloader = ThreadPoolExecutor(max_workers=1, thread_name_prefix="download")
        self._download: Future[Path] | None = None

    def checkpoint(self, name: str) -> Checkpoint:
        """The checkpoint of this name, loaded again only when its files were replaced. Raises CheckpointError."""
        if self.networks.knows(name):
            return self.networks.open(name)
        with self._checkpoints_lock:
            card = find_card(name, self.checkpoint_folders)
            stamp = stamp_of(card) + stamp_of(card.with_name(f"{name}.pt"))
            if name not in self._checkpoints or self._checkpoints[name][0] != stamp:
                self._checkpoints[name] = stamp, with_cost(load_checkpoint(name, self.checkpoint_folders))
            return self._checkpoints[name][1]

    def weights_stamp(self, name: str) -> str | None:
        """The stamp of the weights by which a network answers now; None for one that is not in memory."""
        checkpoint = self.networks.in_memory(name)
        if checkpoint is None and name in self._checkpoints:
            with contextlib.suppress(CheckpointError):  # its files are gone, or damaged
                checkpoint = self.checkpoint(name)
        return checkpoint.stamp if checkpoint else None

    def checkpoints(self) -> tuple[list[Checkpoint], list[str]]:
        """All checkpoints that load, and one sentence for each that does not.

        The networks of the catalogue are among them once they have been opened: opening all would take long.
        """
        usable, problems = self.networks.opened(), list[str]()
        for name in list_checkpoints(self.checkpoint_folders):
            if self.networks.knows(name):
                continue
            try:
                usable.append(self.checkpoint(name))
            except CheckpointError as error:
                problems.append(str(error))
        return usable, problems

    def sweep(self, name: str) -> dict[str, Any] | None:
        """The results of a sweep, of the first checkpoint folder that has them; None where none has usable ones."""
        with contextlib.suppress(ValueError):  # sweep_problem has the sentence
            return self._found_sweep(name)
        return None

    def sweep_problem(self, name: str) -> str | None:
        """A sentence on results of a sweep that cannot be read; None where nothing is wrong."""
        try:
            self._found_sweep(name)
        except ValueError as error:
            return str(error)
        return None

    def _found_sweep(self, name: str) -> dict[str, Any] | None:
        found = (shipped_results(name, Path(folder) / SHIPPED_FOLDER.name) for folder in self.checkpoint_folders)
        return next((results for results in found if results is not None), None)

    def problems(self) -> list[str]:
        """One sentence for each thing that was asked for and is not there or not usable."""
        usable, problems = self.checkpoints()
        if not usable and not self.networks.present():
            looked = ", ".join(str(folder) for folder in self.checkpoint_folders)
            problems.append(f"There is no usable checkpoint in {looked}, so there is no model to look at.")
        for checkpoint in usable:
            if checkpoint.model.position_table is not None:
                try:
                    checkpoint.position_snapshots()
                except CheckpointError as error:
                    problems.append(f"{error} Only the trained position embeddings are shown.")
        if self.data_root is not None and cifar10_in(self.data_root) is None:
            found = find_cifar10(self.data_root)
            if found is None:
                looked = ", ".join(str(place) for place in cifar10_places(self.data_root))
                rest = "the drawn shapes and your own pictures still work"
            else:
                looked, rest = str(self.data_root), f"the copy in {found} is used"
            problems.append(f"CIFAR-10 was not found in {looked}; {rest}.")
        return problems

    def start_download(self) -> None:
        """Fetch CIFAR-10 in the background; a second call while it runs changes nothing."""
        with self._download_lock:
            if self._download is None or self._download.done():
                self._download = self._downloader.submit(download_cifar10, self.data_root)

    def download_status(self) -> DownloadStatus:
        """How far the download is; "idle" before the first one."""
        with self._download_lock:
            download = self._download
        if download is None:
            return DownloadStatus("idle")
        if not download.done():
            return DownloadStatus("running", cifar10_download_fraction(self.data_root))
        error = download.exception()
        return DownloadStatus("finished", 1.0) if error is None else DownloadStatus("failed", reason=str(error))

    def test_split(self, name: str) -> tuple[Split, tuple[str, ...]]:
        """Test pictures of a dataset and its class names. Raises as :meth:`Sources.open`."""
        source = self.datasets.open(name)
        return source.test, source.names

    def data_name(self, data: str, secret: str) -> str:
        """What a visitor's page calls the data of a recipe; of other visitors' data, what their file is called."""
        name = self.datasets.name_of(data)
        if name is None or (name not in self.datasets.public and not self.owns(name, secret)):
            return source_name(data)
        return name

    def owns(self, name: str, secret: str) -> bool:
        """Whether these are data that this visitor has brought."""
        return self.brought is not None and any(held.name == name for held in self.brought.of(secret))

    def sources(self) -> tuple[list[str], list[str]]:
        """The datasets whose test pictures can be shown, opened, and a sentence for each that cannot be read."""
        usable = self.datasets.usable()
        return [source.name for source in usable.sources], usable.problems

    def warm_up(self) -> None:
        """Open what the first visitor would otherwise wait for: weights and test pictures."""
        self.checkpoints()
        self.sources()

    def picture(self, name: str) -> Picture:
        """The picture of this name. Raises UnknownPicture, DatasetError."""
        kind, _, rest = name.rpartition(":")  # a dataset may have a colon in its name
        if kind == "upload":
            kept = self._uploads.find(name)
            if kept is not None:
                return kept
        elif kind == "sample" and rest in SAMPLES:
            return sample(rest)
        elif kind in self.datasets.names and rest.isdecimal() and rest.isascii():
            return self._from_dataset(kind, int(rest))
        raise UnknownPicture(name)

    def made_from(self, pictures: Sequence[str], model: str | None) -> tuple[object, ...]:
        """The weights and the data that an answer about them depends on, by identity: others once they are replaced.

        All models are among them: an answer can be about several. Raises as :meth:`checkpoint` and
        :meth:`Sources.open`.
        """
        chosen = [] if model is None else [self.checkpoint(model)]
        weights = (weakref.ref(one) for one in (*chosen, *self.checkpoints()[0]))  # kept answers keep no weights
        kinds = [name.rpartition(":")[0] for name in pictures]
        data = [self.datasets.open(kind) for kind in kinds if kind in self.datasets.names]
        return *weights, *data

    def keep_upload(self, data: bytes, title: str) -> Picture:
        """Read a stranger's file and keep it in memory. Raises PictureError, also when there is no room left.

        The same file under two titles is two pictures: nobody meets the name that another visitor's file has.
        """
        image = load_picture(data)
        if max(image.size) > MAX_SIDE:
            image.thumbnail((MAX_SIDE, MAX_SIDE), Image.Resampling.LANCZOS)
        key = hashlib.sha256(title.encode() + b"\0" + data).hexdigest()[:32]
        picture = Picture(f"upload:{key}", title, image)
        self._uploads.keep(picture)
        return picture

    def use_upload(self, name: str) -> bool:
        """Count an uploaded picture as asked for now; whether it is there."""
        return self._uploads.find(name) is not None

    def _from_dataset(self, kind: str, index: int) -> Picture:
        source = self.datasets.open(kind)
        if index >= len(source.test.y):
            raise UnknownPicture(f"{kind}:{index}")
        label = source.names[int(source.test.y[index])]
        return Picture(f"{kind}:{index}", f"{source.title} test picture {index}", source.picture(index), (label,))
