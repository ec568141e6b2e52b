"""A visitor of the Train tab: what the page asks, without a worker that trains."""

from __future__ import annotations

import base64
from dataclasses import dataclass, replace

import numpy as np

from tests.training.small import RECIPE
from vit_explorer.training.runs.race import Race
from vit_explorer.training.service.service import TrainingService
from vit_explorer.ui.core.session import Session
from vit_explorer.ui.train.tab import race_functions

MINE, YOURS = "my secret", "your secret"
PLAIN = replace(RECIPE, lr_changes=(), test_subset=None, probe=4)


class QuietService(TrainingService):
    """A service whose races are handed in and never trained: no process is started."""

    def submit(self, race: Race, until: str = "end") -> None:
        self.handed_in = [*getattr(self, "handed_in", []), race.name]


@dataclass(frozen=True)
class Visit:
    session: Session
    service: QuietService
    race: Race

    def ask(self, name: str, /, owner: str = MINE, **request):
        function = next(one for one in race_functions(self.session, self.service) if one.__name__ == name)
        return function({"owner": owner, **request})


def unpack(packed: dict) -> np.ndarray:
    values = np.frombuffer(base64.b64decode(packed["data"]), packed["dtype"]).reshape(packed["shape"])
    return values * packed["scale"]


def contenders(visit: Visit, data: str = "tiny", preset: str = "vit-cnn", **changes) -> list[dict]:
    """As the page sends them: planned by the server, with some fields changed."""
    planned = visit.ask("planned", data=data, preset=preset, subset=None, epochs=2)["contenders"]
    return [{"label": one["label"], **one["recipe"], **changes} for one in planned]


def start(visit: Visit, chosen: list[dict], data: str = "tiny", probe: int = 0, title: str = "A race") -> dict:
    return visit.ask("start", data=data, preset="vit-cnn", probe=probe, title=title, contenders=chosen)
