"""Networks that others trained, beside the checkpoints of this package."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence

from vit_explorer.cost.multiply_adds import with_cost
from vit_explorer.models.checkpoint import Checkpoint, CheckpointError
from vit_explorer.models.pretrained.catalogue import PretrainedModel, pretrained_models
from vit_explorer.models.pretrained.load import load_pretrained, weights_path
from vit_explorer.ui.core.memory import return_freed_memory
from vit_explorer.ui.core.threads import share_cores

WEIGHTS_MEMORY = 1000  # MB (the door's flag says the same); all eleven networks of the catalogue are 1,550
MEGABYTE = 10**6


class Networks:
    """Networks that were given when the page was started, and those of the catalogue whose files are on this machine.

    Args:
        given: in the order in which they are shown.
        taken: names of checkpoints; a given network may replace one that was loaded from its own file only.
        catalogue: whether the catalogue can be chosen from.
        busy: whether other work needs the cores; None leaves the number of threads as it is.
        offline: whether nothing of the catalogue may be downloaded.
        memory: in MB; weights of the catalogue beyond it go, those used longest ago first, and are read again when
            they are asked for. Networks of other sources stay.
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
        memory: float = WEIGHTS_MEMORY,
    ) -> None:
        self._lock = threading.Lock()
        self._reading: dict[str, threading.Lock] = {}
        self.memory = memory
        self._busy = busy
        self._offline = offline
        self._own: dict[str, Checkpoint] = {}
        self._taken = frozenset(taken)
        for network in given:
            foreign = "pretrained" in network.card
            if network.name in self._own or (foreign and network.name in taken):
                raise ValueError(f"two networks would be called {network.name!r}: rename one of the files")
            self._own[network.name] = self._ready(network)
        self.given = tuple(self._own)
        self._opened: OrderedDict[str, Checkpoint] = OrderedDict()  # of the catalogue, the latest used at the end
        offered = pretrained_models() if catalogue else ()
        self._catalogue = {entry.name: entry for entry in offered if entry.name not in taken}

    def knows(self, name: str) -> bool:
        """Whether :meth:`open` is to be asked for this name."""
        return name in self._own or name in self._catalogue

    def open(self, name: str) -> Checkpoint:
        """The network of this name, read when it is asked for and not in memory. Raises CheckpointError, KeyError."""
        with self._lock:
            reading = self._reading.setdefault(name, threading.Lock())
        with reading:  # two who ask for one network get one; nobody else waits
            with self._lock:
                if name in self._own:
                    return self._own[name]
                if name in self._opened:
                    self._opened.move_to_end(name)
                    return self._opened[name]
            network = self._ready(load_pretrained(name))
            with self._lock:
                self._opened[name] = network
                self._make_room()
            return_freed_memory()
            return network

    def in_memory(self, name: str) -> Checkpoint | None:
        """The network of this name, None where it would have to be read first."""
        return self._own.get(name) or self._opened.get(name)

    def add(self, network: Checkpoint) -> Checkpoint:
        """A network that a visitor brought; it replaces an earlier one of its name.

        Raises:
            CheckpointError: for the name of another network, and where the memory does not hold it.
        """
        network = self._ready(network)
        with self._lock:
            if network.name in {*self._taken, *self._catalogue, *self.given}:
                raise CheckpointError(f"A network is called {network.name!r} already: rename the file.")
            brought = [one for name, one in self._own.items() if name not in {network.name, *self.given}]
            if megabytes(*brought, network) > self.memory:
                raise CheckpointError(f"The server keeps at most {self.memory:,.0f} MB of weights that visitors bring.")
            self._own[network.name] = network
        return network

    def _make_room(self) -> None:
        """Let go of what was used longest ago, the latest one excepted."""
        while len(self._opened) > 1 and megabytes(*self._opened.values()) > self.memory:
            self._opened.popitem(last=False)

    def _ready(self, network: Checkpoint) -> Checkpoint:
        if self._busy is not None:
            share_cores(network.model, self._busy)
        return with_cost(network)

    def opened(self) -> list[Checkpoint]:
        """The networks of other sources, and those of the catalogue that are in memory."""
        with self._lock:
            order = [name for name in self._catalogue if name in self._opened]
            return [*self._own.values(), *(self._opened[name] for name in order)]

    def present(self) -> list[PretrainedModel]:
        """The networks of the catalogue that are on this machine, opened or not."""
        return [entry for entry in self._catalogue.values() if self._is_here(entry)]

    def missing(self) -> list[PretrainedModel]:
        """The networks of the catalogue that are not on this machine and may be downloaded."""
        return [] if self._offline else [entry for entry in self._catalogue.values() if not self._is_here(entry)]

    def unopened(self) -> list[PretrainedModel]:
        """Those of :meth:`present` that are not in memory."""
        return [entry for entry in self.present() if entry.name not in self._opened]

    def _is_here(self, entry: PretrainedModel) -> bool:
        return entry.name in self._opened or weights_path(entry).is_file()


def megabytes(*networks: Checkpoint) -> float:
    """The memory of the weights of these networks, in MB."""
    tensors = (tensor for one in networks for tensor in (*one.model.parameters(), *one.model.buffers()))
    return sum(tensor.nbytes for tensor in tensors) / MEGABYTE
