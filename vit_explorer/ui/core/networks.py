"""Networks that others trained, beside the checkpoints of this package."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import replace

from vit_explorer.cost.multiply_adds import count_multiply_adds
from vit_explorer.models.pretrained.catalogue import PretrainedModel, pretrained_models
from vit_explorer.models.pretrained.load import load_pretrained, weights_path
from vit_explorer.models.zoo import Checkpoint
from vit_explorer.ui.core.threads import share_cores


class Networks:
    """Networks that were given when the page was started, and those of the catalogue whose files are on this machine.

    Args:
        given: in the order in which they are shown.
        taken: names of checkpoints; a given network may replace one that was loaded from its own file only.
        catalogue: whether the catalogue can be chosen from.
        busy: whether other work needs the cores; None leaves the number of threads as it is.
        offline: whether nothing of the catalogue may be downloaded.
    Raises:
        ValueError: for two networks of one name.
    """

    def __init__(
        self,
        given: Sequence[Checkpoint],
        taken: Sequence[str],
        catalogue: bool,
        busy: Callable[[], bool] | None = None,
        offline: bool = False,
    ) -> None:
        self._lock = threading.Lock()
        self._busy = busy
        self._offline = offline
        self._opened: dict[str, Checkpoint] = {}
        for network in given:
            foreign = "pretrained" in network.card
            if network.name in self._opened or (foreign and network.name in taken):
                raise ValueError(f"two networks would be called {network.name!r}: rename one of the files")
            self._opened[network.name] = self._ready(network)
        self.given = tuple(self._opened)
        offered = pretrained_models() if catalogue else ()
        self._catalogue = {entry.name: entry for entry in offered if entry.name not in taken}

    def knows(self, name: str) -> bool:
        """Whether :meth:`open` is to be asked for this name."""
        return name in self._opened or name in self._catalogue

    def open(self, name: str) -> Checkpoint:
        """The network of this name, loaded when it is first asked for. Raises CheckpointError, KeyError."""
        with self._lock:
            if name not in self._opened:
                self._opened[name] = self._ready(load_pretrained(name))
            return self._opened[name]

    def _ready(self, network: Checkpoint) -> Checkpoint:
        if self._busy is not None:
            share_cores(network.model, self._busy)
        if "multiply_adds" in network.card:
            return network
        counted = count_multiply_adds(network.model, network.model.img_size)
        return replace(network, card={**network.card, "multiply_adds": counted})

    def opened(self) -> list[Checkpoint]:
        """The given networks, and those of the catalogue that have been opened."""
        with self._lock:
            return list(self._opened.values())

    def present(self) -> list[PretrainedModel]:
        """The networks of the catalogue that are on this machine, opened or not."""
        return [entry for entry in self._catalogue.values() if self._is_here(entry)]

    def missing(self) -> list[PretrainedModel]:
        """The networks of the catalogue that are not on this machine and may be downloaded."""
        return [] if self._offline else [entry for entry in self._catalogue.values() if not self._is_here(entry)]

    def unopened(self) -> list[PretrainedModel]:
        """Those of :meth:`present` that have not been opened."""
        return [entry for entry in self.present() if entry.name not in self._opened]

    def _is_here(self, entry: PretrainedModel) -> bool:
        return entry.name in self._opened or weights_path(entry).is_file()
