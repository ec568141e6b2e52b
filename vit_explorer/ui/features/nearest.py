"""The test pictures of a dataset that are nearest to a picture by the vector that the network's head reads."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypedDict

import torch
from PIL import Image
from torch import Tensor

from vit_explorer.cost.multiply_adds import checkpoint_multiply_adds
from vit_explorer.explain.neighbours import knn_accuracy, nearest, vote
from vit_explorer.models.checkpoint import Checkpoint
from vit_explorer.ui.core.by_network import ByNetwork
from vit_explorer.ui.core.errors import Answer, UserError
from vit_explorer.ui.core.payloads import PicturePayload, picture_payload
from vit_explorer.ui.core.requests import ModelRequest, fit_input, load_input
from vit_explorer.ui.core.serve import terms
from vit_explorer.ui.core.session import Session
from vit_explorer.ui.core.watch import Watch

K = 10  # neighbours
MOST = 1000  # pictures of a dataset
FEWEST = 100
WORK = 300 * 10**9  # multiply-adds that may be spent on a dataset before its pictures become fewer
WITHOUT_ASKING = 60 * 10**9  # multiply-adds that are spent when the view is opened
AT_ONCE = 8  # pictures of 224 pixels in a forward pass, and as many pixels of smaller ones


@dataclass(frozen=True)
class IndexRequest:
    """A network and a dataset by their names."""

    model: str
    source: str


@dataclass(frozen=True)
class FollowIndexRequest:
    """An index that is being made, and the id of the page that waits for it."""

    question: IndexRequest
    page: str


@dataclass(frozen=True)
class NearestRequest(ModelRequest):
    """A dataset by its name."""

    source: str


class IndexPlanPayload(TypedDict):
    """How many pictures would be compared, whether that is done, and whether it is quick enough to be done unasked."""

    n: int
    done: bool
    quick: bool


class IndexProgressPayload(TypedDict):
    """How many pictures the network has seen; None while it waits for others."""

    seen: int | None


class IndexPayload(TypedDict):
    """``accuracy``: the fraction of the ``n`` pictures whose ``k`` nearest others vote for their label."""

    n: int
    k: int
    accuracy: float


class NeighbourPayload(TypedDict):
    """A picture and the cosine of its vector with that of the picture asked about."""

    picture: PicturePayload
    cosine: float


class NearestPayload(TypedDict):
    """The nearest pictures, the nearest first.

    ``label`` is the one that most of them have, of the dataset's ``names``, and ``votes`` how many.
    """

    neighbours: list[NeighbourPayload]
    label: str
    votes: int
    names: list[str]
    n: int


@dataclass(frozen=True)
class Index:
    """Vectors (M, D) and labels (M,) of the first M test pictures of a dataset, which ``pictures`` refers to."""

    vectors: Tensor
    labels: Tensor
    pictures: weakref.ref[Tensor]


Indexes = ByNetwork[Index]  # by the name of the dataset


@terms(anew=True)
def plan_index(session: Session, indexes: Indexes, request: IndexRequest) -> IndexPlanPayload:
    """Say how many pictures a network would have to see."""
    checkpoint = session.checkpoint(request.model)
    n, each = _size(session, checkpoint, request.source), checkpoint_multiply_adds(checkpoint)
    done = _find(session, indexes, checkpoint, request.source) is not None
    return {"n": n, "done": done, "quick": done or n * each <= WITHOUT_ASKING}


@terms(long=True)
def make_index(session: Session, indexes: Indexes, watch: Watch, request: IndexRequest) -> IndexPayload:
    """Let a network see the pictures of a dataset.

    Raises UserError where every page that followed it has left.
    """
    checkpoint = session.checkpoint(request.model)
    found = _find(session, indexes, checkpoint, request.source)
    if found is None:
        with watch.working(request) as progress:
            found = _see(session, checkpoint, request.source, progress)
        indexes.keep(checkpoint.model, request.source, found)
    return {"n": len(found.labels), "k": K, "accuracy": knn_accuracy(found.vectors, found.labels, K)}


@terms(anew=True)
def index_progress(watch: Watch, request: FollowIndexRequest) -> IndexProgressPayload:
    """How far an index is. The page that asks follows it until it leaves."""
    return {"seen": watch.follow(request.question, request.page)}


@terms(anew=True)
def leave_index(watch: Watch, request: FollowIndexRequest) -> Answer:
    """Follow an index no longer; what nobody follows is stopped."""
    watch.leave(request.question, request.page)
    return {}


@torch.inference_mode()
def find_nearest(session: Session, indexes: Indexes, request: NearestRequest) -> NearestPayload:
    """The nearest pictures of a dataset whose index is made. Raises UserError before that."""
    seen = load_input(session, request)
    index = _find(session, indexes, seen.checkpoint, request.source)
    if index is None:
        raise UserError(f"{request.model} has not seen the pictures of {request.source} yet.")
    kind, _, number = request.picture.rpartition(":")  # the picture itself was found: its number is one
    itself = int(number) if kind == request.source and int(number) < len(index.labels) else None
    vector = seen.checkpoint.model.embed(seen.inputs)[0]
    found, cosines = nearest(vector, index.vectors, K, itself)
    labels = index.labels[found]
    winner = vote(labels[None])[0]
    names = session.test_split(request.source)[1]
    return {
        "neighbours": [
            {"picture": picture_payload(session.picture(f"{request.source}:{place}")), "cosine": cosine}
            for place, cosine in zip(found.tolist(), cosines.tolist(), strict=True)
        ],
        "label": names[int(winner)],
        "votes": int((labels == winner).sum()),
        "names": list(names),
        "n": len(index.labels) - (itself is not None),
    }


@torch.inference_mode()
def _see(session: Session, checkpoint: Checkpoint, source: str, progress: Callable[[int], None]) -> Index:
    split, _ = session.test_split(source)
    vectors = []
    n = _size(session, checkpoint, source)
    at_once = max(AT_ONCE, AT_ONCE * (224 // checkpoint.model.img_size) ** 2)
    for start in range(0, n, at_once):
        progress(start)
        images = [
            fit_input(Image.fromarray(one.permute(1, 2, 0).numpy()), checkpoint, "crop")
            for one in split.x[start : min(start + at_once, n)]
        ]
        vectors.append(checkpoint.model.embed(checkpoint.preprocess(torch.stack(images))))
    return Index(torch.cat(vectors), split.y[:n], weakref.ref(split.x))


def _find(session: Session, indexes: Indexes, checkpoint: Checkpoint, source: str) -> Index | None:
    """The index of a dataset as it is now; None where there is none, or the dataset was read anew since."""
    found = indexes.find(checkpoint.model, source)
    return found if found is not None and found.pictures() is session.test_split(source)[0].x else None


def _size(session: Session, checkpoint: Checkpoint, source: str) -> int:
    """How many pictures of a dataset a network sees. Raises UserError where there are too few."""
    n = len(session.test_split(source)[0].y)
    if n <= K:
        raise UserError(f"{source} has {n} test pictures: more than {K} are needed.")
    return min(n, MOST, max(FEWEST, WORK // checkpoint_multiply_adds(checkpoint)))
