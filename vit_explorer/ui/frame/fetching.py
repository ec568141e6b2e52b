"""Downloads of pretrained networks that visitors started: in the background, with progress and a stop."""

from __future__ import annotations

import logging
import secrets
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field

from vit_explorer.models.checkpoint import CheckpointError
from vit_explorer.models.pretrained.catalogue import PretrainedModel
from vit_explorer.models.pretrained.download import DownloadStopped, Progress
from vit_explorer.models.pretrained.load import get_weights
from vit_explorer.ui.core.errors import UserError
from vit_explorer.ui.core.networks import Networks

LOG = logging.getLogger(__name__)


@dataclass
class Fetch:
    """A download under way. Only its own thread writes ``at``; others may set ``stop``.

    Attributes:
        id: known to the visitor who started it.
        at: the newest progress; None before the first byte.
    """

    entry: PretrainedModel
    id: str = field(default_factory=lambda: secrets.token_hex(8))
    at: Progress | None = None
    stop: threading.Event = field(default_factory=threading.Event)


@dataclass(frozen=True)
class Fault:
    """Why a download did not end well; ``id`` is that of its :class:`Fetch`."""

    id: str
    sentence: str


class Fetches:
    """The downloads of a server. All visitors see them; who started one may stop it, and hears how it fails."""

    def __init__(self, networks: Networks) -> None:
        self._networks = networks
        self._lock = threading.Lock()
        self._running: dict[str, Fetch] = {}
        self._faults: dict[str, Fault] = {}

    def start(self, entry: PretrainedModel) -> Fetch | None:
        """Download a network and open it; None where somebody's download of it is under way."""
        with self._lock:
            if entry.name in self._running:
                return None
            fetch = self._running[entry.name] = Fetch(entry)
            self._faults.pop(entry.name, None)
        threading.Thread(target=self._run, args=(fetch,), name=f"get {entry.name}", daemon=True).start()
        return fetch

    def stop(self, name: str, own: str | None) -> None:
        """Stop a download; what has arrived is kept. Raises UserError for another visitor's."""
        with self._lock:
            fetch = self._running.get(name)
        if fetch is None:
            return
        if fetch.id != own:
            raise UserError("This download was started by another visitor.")
        fetch.stop.set()

    def running(self) -> list[Fetch]:
        """The downloads under way, in the order in which they were started."""
        with self._lock:
            return list(self._running.values())

    def faults(self, own: Mapping[str, str]) -> dict[str, str]:
        """Why the newest downloads of these networks did not end well: sentences for who started them.

        Args:
            own: the ids of a visitor's downloads, by network.
        """
        with self._lock:
            return {name: fault.sentence for name, fault in self._faults.items() if fault.id == own.get(name)}

    def _run(self, fetch: Fetch) -> None:
        name, fault = fetch.entry.name, None

        def follow(progress: Progress) -> None:
            fetch.at = progress

        try:
            get_weights(fetch.entry, progress=follow, stop=fetch.stop)
            self._networks.open(name)
        except DownloadStopped:
            pass  # how much has arrived is said where the network is offered again
        except CheckpointError as error:
            LOG.warning("the download of %s failed: %s (%r)", name, error, _first_cause(error))
            fault = f"{fetch.entry.title} could not be downloaded. {error}"
        except Exception as error:  # whatever failed, the next download must be possible
            LOG.exception("the download of %s failed", name)
            fault = f"{fetch.entry.title} cannot be opened: {error}."
        finally:
            with self._lock:
                del self._running[name]
                if fault is not None:
                    self._faults[name] = Fault(fetch.id, fault)


def _first_cause(error: BaseException) -> BaseException:
    while error.__cause__ is not None:
        error = error.__cause__
    return error
