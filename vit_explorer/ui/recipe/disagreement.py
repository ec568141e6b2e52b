"""Disagreement: how often the heads of a DeiT and its teacher differ on the test split, counted in chunks."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypedDict

import torch

from vit_explorer.explain.distillation import Answers, answers_of, joined
from vit_explorer.models.checkpoint import Checkpoint
from vit_explorer.ui.core.errors import UserError, user_errors
from vit_explorer.ui.core.requests import parse_int
from vit_explorer.ui.core.session import Session
from vit_explorer.ui.recipe.distillation import deit_at_hand, teacher_of

CHUNK = 250  # pictures per request: about half a second
SHOWN = 12  # examples of a kind at a time
PAIRS = (("cls", "distillation"), ("cls", "teacher"), ("distillation", "teacher"), ("mean", "teacher"))
Key = tuple[int, int]  # ids of the loaded weights: replaced weights are counted anew


@dataclass(frozen=True)
class DisagreementRequest:
    """A DeiT; ``go``: count another chunk."""

    model: str
    go: bool


class AgreementPayload(TypedDict):
    """The number of pictures on which two of the predictors agree."""

    one: str
    other: str
    count: int


class CountsPayload(TypedDict, total=False):
    """Counts over the ``done`` of ``total`` pictures; ``left``: seconds for the rest, None before the first chunk.

    ``right``: correct predictions by predictor; ``kinds``: pictures by kind of disagreement. If the test pictures are
    not on this machine there is only ``missing``, a sentence.
    """

    missing: str
    done: int
    total: int
    left: float | None
    right: dict[str, int]
    agree: list[AgreementPayload]
    kinds: dict[str, int]


@dataclass(frozen=True)
class ExamplesRequest:
    """A kind of disagreement of a DeiT, and the number of the first example."""

    model: str
    kind: str
    start: int


class ExamplePayload(TypedDict):
    """A test picture with its label and the predictions, all as names of classes."""

    name: str
    preview: str
    truth: str
    answers: dict[str, str]


class ExamplesPayload(TypedDict):
    """``count`` examples of a kind, of which at most SHOWN come from ``start`` on."""

    count: int
    start: int
    pictures: list[ExamplePayload]


class Disagreements:
    """Counts so far by DeiT and teacher, shared by all visitors: each request continues from the last chunk."""

    def __init__(self, clock: Callable[[], float] = time.perf_counter) -> None:
        self._found: dict[Key, tuple[list[Answers], list[float], tuple[Checkpoint, Checkpoint | None]]] = {}
        self._lock = threading.Lock()
        self._clock = clock

    def count(self, session: Session, request: DisagreementRequest) -> CountsPayload:
        """Count another chunk if requested, and return all counts.

        Raises:
            UserError: if there is no DeiT, or if the test pictures have another size and are no files.
        """
        deit = deit_at_hand(session, request.model)
        teacher, _ = teacher_of(session, deit)
        data = deit.card["dataset"]["name"]
        here, _ = session.sources()
        if data not in here:
            return {"missing": _missing(data)}
        source = session.datasets.open(data)
        split = source.test
        with self._lock:
            parts, seconds, _ = self._entry(deit, teacher)
            done = sum(len(part.truth) for part in parts)
            if request.go and done < len(split.y):
                began = self._clock()
                with user_errors():
                    chunk = range(done, min(done + CHUNK, len(split.y)))
                    images = source.test_images(chunk, deit.model.img_size)
                parts.append(_predict(deit, teacher, images, split.y[done : done + CHUNK]))
                seconds.append(self._clock() - began)
                done += len(parts[-1].truth)
            found = joined(parts) if parts else None
            spent = sum(seconds)
        left = (len(split.y) - done) * spent / done if done else None
        return {"done": done, "total": len(split.y), "left": left, **({} if found is None else _counted(found))}

    def examples(self, session: Session, request: ExamplesRequest) -> ExamplesPayload:
        """Examples of a kind of disagreement. Raises UserError for a kind without examples yet."""
        deit = deit_at_hand(session, request.model)
        teacher, _ = teacher_of(session, deit)
        with self._lock:
            parts = list(self._entry(deit, teacher)[0])
        found = joined(parts) if parts else None
        kinds = found.kinds() if found is not None else {}
        if found is None or request.kind not in kinds:
            raise UserError("There are no examples of this kind yet: count the test pictures first.")
        places = kinds[request.kind].nonzero().flatten().tolist()
        start = parse_int(request.start, "The first example", 0, max(0, len(places) - 1))
        return {
            "count": len(places),
            "start": start,
            "pictures": [_example(session, deit, found, index) for index in places[start : start + SHOWN]],
        }

    def _entry(
        self, deit: Checkpoint, teacher: Checkpoint | None
    ) -> tuple[list[Answers], list[float], tuple[Checkpoint, Checkpoint | None]]:
        """The entry of a pair, which holds the checkpoints so that their ids are not reused."""
        return self._found.setdefault((id(deit), id(teacher)), ([], [], (deit, teacher)))


def _missing(data: str) -> str:
    if data == "cifar10":
        return "Its test pictures, CIFAR-10, are not on this machine; download them below the model."
    return f"Its test pictures, those of {data}, are not on this machine, or the app was started without them."


@torch.inference_mode()
def _predict(deit: Checkpoint, teacher: Checkpoint | None, x: torch.Tensor, y: torch.Tensor) -> Answers:
    taught = None if teacher is None else teacher.model(teacher.preprocess(x))
    return answers_of(deit.model, deit.preprocess(x), y, taught)


def _counted(found: Answers) -> CountsPayload:
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


def _example(session: Session, deit: Checkpoint, found: Answers, index: int) -> ExamplePayload:
    picture = session.picture(f"{deit.card['dataset']['name']}:{index}")
    names = deit.class_names
    return {
        "name": picture.name,
        "preview": picture.preview,
        "truth": names[int(found.truth[index])],
        "answers": {name: names[int(given[index])] for name, given in found.given().items()},
    }
