"""How often the heads of a DeiT and its teacher disagree on the test split: asked in chunks, kept for everybody."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import torch

from vit_explorer.explain.distillation import Answers, answers_of, joined
from vit_explorer.models.zoo import Checkpoint
from vit_explorer.ui.core.errors import Refused
from vit_explorer.ui.core.requests import whole
from vit_explorer.ui.core.session import Session
from vit_explorer.ui.recipe.distillation import deit_at_hand, teacher_of

CHUNK = 250  # pictures in a request: half a second or so
SHOWN = 12  # examples of a kind at a time
PAIRS = (("cls", "distillation"), ("cls", "teacher"), ("distillation", "teacher"), ("mean", "teacher"))
Key = tuple[int, int]  # of the loaded weights: those that were replaced are asked anew


class Disagreements:
    """What was found so far, by DeiT and teacher; requests of several visitors go on with one another's work."""

    def __init__(self, clock: Callable[[], float] = time.perf_counter) -> None:
        self._found: dict[Key, tuple[list[Answers], list[float], tuple[Checkpoint, Checkpoint | None]]] = {}
        self._lock = threading.Lock()
        self._clock = clock

    def ask(self, session: Session, request: dict[str, Any]) -> dict[str, Any]:
        """{model, go} -> how it stands, after CHUNK pictures more where ``go`` is true and some are left.

        Returns:
            ``done`` of ``total`` pictures; ``left``, seconds for the rest of them, None before the first chunk. Then of
            those done: ``right`` by name, ``agree`` {one, other, count}, ``kinds`` with how many pictures there are.
            ``missing`` alone, a sentence, where the test pictures are not on this machine.
        Raises:
            Refused: where there is no DeiT, or where the test pictures are of another size.
        """
        deit = deit_at_hand(session, request["model"])
        teacher, _ = teacher_of(session, deit)
        data = deit.card["dataset"]["name"]
        here, _ = session.sources()
        if data not in here:
            return {"missing": _missing(data)}
        split, _ = session.test_split(data)
        if split.x.shape[-1] != deit.model.img_size:
            raise Refused(
                f"The test pictures here have {split.x.shape[-1]} pixels, {deit.name} reads {deit.model.img_size}."
            )
        with self._lock:
            parts, seconds, _ = self._entry(deit, teacher)
            done = sum(len(part.truth) for part in parts)
            if request["go"] and done < len(split.y):
                began = self._clock()
                parts.append(_answered(deit, teacher, split.x[done : done + CHUNK], split.y[done : done + CHUNK]))
                seconds.append(self._clock() - began)
                done += len(parts[-1].truth)
            found = joined(parts) if parts else None
            spent = sum(seconds)
        left = (len(split.y) - done) * spent / done if done else None
        return {"done": done, "total": len(split.y), "left": left, **({} if found is None else _counted(found))}

    def examples(self, session: Session, request: dict[str, Any]) -> dict[str, Any]:
        """{model, kind, start} -> ``pictures`` of a kind, SHOWN at most, from the ``start``-th on: each with its name,
        preview, truth and what everybody answered, all as classes' names.

        Raises:
            Refused: for a kind that there is not (yet).
        """
        deit = deit_at_hand(session, request["model"])
        teacher, _ = teacher_of(session, deit)
        with self._lock:
            parts = list(self._entry(deit, teacher)[0])
        found = joined(parts) if parts else None
        kinds = found.kinds() if found is not None else {}
        if found is None or request["kind"] not in kinds:
            raise Refused("There are no examples of that yet: ask about the test pictures first.")
        places = kinds[request["kind"]].nonzero().flatten().tolist()
        start = whole(request["start"], "The first example", 0, max(0, len(places) - 1))
        return {
            "count": len(places),
            "start": start,
            "pictures": [_example(session, deit, found, index) for index in places[start : start + SHOWN]],
        }

    def _entry(
        self, deit: Checkpoint, teacher: Checkpoint | None
    ) -> tuple[list[Answers], list[float], tuple[Checkpoint, Checkpoint | None]]:
        """Kept with the checkpoints themselves, so that the numbers by which they are known stay theirs."""
        return self._found.setdefault((id(deit), id(teacher)), ([], [], (deit, teacher)))


def _missing(data: str) -> str:
    if data == "cifar10":
        return "Its test pictures, CIFAR-10, are not on this machine; below the model they can be downloaded."
    return f"Its test pictures, those of {data}, are not on this machine, or the app was started without them."


@torch.inference_mode()
def _answered(deit: Checkpoint, teacher: Checkpoint | None, x: torch.Tensor, y: torch.Tensor) -> Answers:
    taught = None if teacher is None else teacher.model(teacher.preprocess(x))
    return answers_of(deit.model, deit.preprocess(x), y, taught)


def _counted(found: Answers) -> dict[str, Any]:
    known = found.given()
    return {
        "right": found.right(),
        "agree": [
            {"one": one, "other": other, "count": found.agree(one, other)}
            for one, other in PAIRS
            if one in known and other in known
        ],
        "kinds": {kind: int(which.sum()) for kind, which in found.kinds().items()},
    }


def _example(session: Session, deit: Checkpoint, found: Answers, index: int) -> dict[str, Any]:
    picture = session.picture(f"{deit.card['dataset']['name']}:{index}")
    names = deit.class_names
    return {
        "name": picture.name,
        "preview": picture.preview,
        "truth": names[int(found.truth[index])],
        "answers": {name: names[int(given[index])] for name, given in found.given().items()},
    }
