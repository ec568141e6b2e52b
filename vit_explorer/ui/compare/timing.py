"""Times of whole networks, measured on the server, shared by all visitors and kept."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from vit_explorer.cost.model_timing import Passed, Timed, times_by_model
from vit_explorer.training.runs.card import circumstances
from vit_explorer.training.runs.status import write_json
from vit_explorer.ui.core.jobs import Background, Running

Work = Callable[[], Iterator[Passed | Timed]]


class Measuring:
    """Times of whole networks, measured here.

    Args:
        path: of the JSON file that holds the newest measurement.
        work: begins one.
        machine: see :class:`Background`.
    """

    def __init__(self, path: Path, work: Work, machine: threading.Lock) -> None:
        self._path, self._work = path, work
        self._background = Background(machine, Timed, self._keep)

    def start(self) -> dict[str, Any]:
        """Begin; returns its ``id`` and :meth:`status`. Raises Refused while something is measured."""
        mine = self._background.start(self._work)
        return {"id": mine, **self.status(mine)}

    def status(self, mine: str | None) -> dict[str, Any]:
        """How it stands.

        Returns:
            ``running``: None, or {share, left (seconds, None at first), name, batch, mine}. ``result``: the newest that
            is kept, or None, see :meth:`result`. ``problem``: a sentence, or None.
        """
        running, now, fault = self._background.standing(mine)
        if running is not None:
            now |= {"name": running.at.name if running.at else None, "batch": running.at.batch if running.at else None}
        result, problem = self.result()
        return {"running": now or None, "result": result, "problem": fault or problem}

    def stop(self, mine: str | None) -> dict[str, Any]:
        """Stop after the pass under way; sizes of batch that are complete are kept. Raises Refused for another's."""
        self._background.stop(mine)
        return self.status(mine)

    def result(self) -> tuple[dict[str, Any] | None, str | None]:
        """The newest measurement, and a sentence where its file cannot be read.

        Of each network, ``models[name]`` is {"latency": Spread, "throughput": Spread and "per_second"}, where complete.
        """
        try:
            result = json.loads(self._path.read_text(encoding="utf-8"))
            for times in result["models"].values():
                for one in times.values():
                    if not all(0 < one[key] < float("inf") for key in ("median", "low", "high", "per_second")):
                        raise ValueError("a time that cannot be")
            if not all(isinstance(result[key], str) for key in ("date", "machine", "torch")):
                raise ValueError("no word on the machine")
            return result, None
        except FileNotFoundError:
            return None, None
        except (OSError, ValueError, TypeError, KeyError, AttributeError):
            return None, f"The earlier measurement {self._path.name} is damaged: measure again."

    def _keep(self, running: Running) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        complete = not running.stopped.is_set()
        write_json(self._path, circumstances(complete) | {"models": times_by_model(running.found)})
