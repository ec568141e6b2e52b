"""The frame: which pictures and models there are, and the model and the trace that all tabs draw."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypedDict

from vit_explorer.data.uploads import MAX_BYTES
from vit_explorer.models.summary import ModelSummary, model_summary
from vit_explorer.models.zoo import Checkpoint
from vit_explorer.ui.core.errors import Answer, user_errors
from vit_explorer.ui.core.payloads import PicturePayload, picture_payload
from vit_explorer.ui.core.requests import Fit, ModelRequest
from vit_explorer.ui.core.session import MAX_UPLOADS, DownloadStatus, Picture, Session, available_samples

FIRST_MODEL = "vit-cifar10"
FIRST_PICTURE = "sample:cat"
N_FROM_SOURCE = 5  # test pictures of each dataset in the gallery


@dataclass(frozen=True)
class Payloads:
    """How the page describes a model, and a picture in a model: made from the parts of all tabs."""

    model: Callable[[Checkpoint], Answer]
    trace: Callable[[Picture, Checkpoint, Fit], Answer]


class FirstPayload(TypedDict):
    """The model and the picture that are shown first; the model is None if there is none."""

    model: str | None
    picture: str


class UnopenedPayload(TypedDict):
    """A pretrained network on this machine that is loaded when it is chosen."""

    name: str
    title: str
    top1: float | None


class CataloguePayload(TypedDict):
    """Models, pictures and datasets to choose from; ``problems`` are sentences.

    ``pretrained`` are further models: once one was chosen, it is among ``models``.
    """

    models: list[ModelSummary]
    pretrained: list[UnopenedPayload]
    gallery: list[PicturePayload]
    sources: list[str]
    problems: list[str]
    first: FirstPayload
    max_bytes: int
    max_uploads: int


class DownloadPayload(TypedDict):
    """The fields of :class:`DownloadStatus`."""

    state: str
    fraction: float
    reason: str | None


@dataclass(frozen=True)
class DescribeRequest:
    """A model by its name."""

    model: str


@dataclass(frozen=True)
class RandomRequest:
    """A dataset by its name."""

    source: str


def list_catalogue(session: Session) -> CataloguePayload:
    """List the models and pictures that can be chosen."""
    usable, _ = session.checkpoints()
    sources, unreadable = session.sources()
    names = [f"sample:{name}" for name in available_samples()]
    names += [f"{source}:{index}" for source in sources for index in range(N_FROM_SOURCE)]
    models = [model_summary(checkpoint) for checkpoint in usable]
    known = [model["name"] for model in models]
    unopened = session.networks.here()
    # The first picture is of a class that networks trained on ImageNet know; those without a head know none.
    preferred = [*session.networks.given, *(entry.name for entry in unopened if entry.n_classes), FIRST_MODEL, *known]
    return {
        "models": models,
        "pretrained": [{"name": entry.name, "title": entry.title, "top1": entry.top1} for entry in unopened],
        "gallery": [picture_payload(session.picture(name)) for name in names],
        "sources": sources,
        "problems": session.problems() + unreadable,
        "first": {
            "model": next((name for name in preferred if name != FIRST_MODEL or name in known), None),
            "picture": FIRST_PICTURE if FIRST_PICTURE in names else names[0],
        },
        "max_bytes": MAX_BYTES,
        "max_uploads": MAX_UPLOADS,
    }


def describe_model(session: Session, payloads: Payloads, request: DescribeRequest) -> Answer:
    """Describe a model, whatever the picture."""
    return payloads.model(session.checkpoint(request.model))


def analyse_picture(session: Session, payloads: Payloads, request: ModelRequest) -> Answer:
    """Run the model on the picture once and return the trace that all tabs draw."""
    return payloads.trace(session.picture(request.picture), session.checkpoint(request.model), request.fit)


def random_picture(session: Session, request: RandomRequest) -> PicturePayload:
    """Choose a test picture of a dataset at random."""
    with user_errors():
        split, _ = session.test_split(request.source)
    index = random.randrange(len(split.y))
    return picture_payload(session.picture(f"{request.source}:{index}"))


def start_download(session: Session) -> Answer:
    """Start to download CIFAR-10."""
    session.start_download()
    return {}


def download_status(session: Session) -> DownloadPayload:
    """The progress of the download of CIFAR-10."""
    status: DownloadStatus = session.download_status()
    return {"state": status.state, "fraction": status.fraction, "reason": status.reason}
