"""The frame: which pictures and models there are, and the model and the trace that all tabs draw."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypedDict

from vit_explorer.data.uploads import MAX_BYTES
from vit_explorer.models.checkpoint import Checkpoint
from vit_explorer.models.pretrained.labels import imagenet_names
from vit_explorer.models.summary import ModelSummary, model_summary
from vit_explorer.ui.core.errors import Answer, UserError, user_errors
from vit_explorer.ui.core.kept_pictures import IN_USE
from vit_explorer.ui.core.payloads import PicturePayload, picture_payload
from vit_explorer.ui.core.pictures import Picture, available_samples
from vit_explorer.ui.core.requests import Fit, ModelRequest
from vit_explorer.ui.core.serve import terms
from vit_explorer.ui.core.session import DownloadStatus, Session

FIRST_MODEL = "vit-cifar10"
FIRST_PICTURES = ("sample:cheetah", "sample:cat")  # the first one that the model knows is shown
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


class ReadingPayload(TypedDict):
    """A dataset that is being read: ``done`` of ``total`` files."""

    name: str
    done: int
    total: int


class CataloguePayload(TypedDict):
    """Models, pictures and datasets to choose from; ``problems`` are sentences.

    ``pretrained`` are further models: once one was chosen, it is among ``models``. ``downloads``: whether CIFAR-10 may
    be downloaded. ``kept_minutes``: how long an uploaded picture is kept at least after it was last asked for.
    ``reading`` are datasets to come.
    """

    models: list[ModelSummary]
    pretrained: list[UnopenedPayload]
    gallery: list[PicturePayload]
    sources: list[str]
    reading: list[ReadingPayload]
    problems: list[str]
    first: FirstPayload
    max_bytes: int
    kept_minutes: int
    downloads: bool


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
    data = session.datasets.usable()
    names = [f"sample:{name}" for name in available_samples()]
    names += [
        f"{source.name}:{index}" for source in data.sources for index in range(min(N_FROM_SOURCE, len(source.test.y)))
    ]
    unopened = session.networks.unopened()
    first = first_model(session, [checkpoint.name for checkpoint in usable])
    return {
        "models": [model_summary(checkpoint) for checkpoint in usable],
        "pretrained": [{"name": entry.name, "title": entry.title, "top1": entry.top1} for entry in unopened],
        "gallery": [picture_payload(session.picture(name)) for name in names],
        "sources": [source.name for source in data.sources],
        "reading": [{"name": one.name, "done": one.done, "total": one.total} for one in data.reading],
        "problems": session.problems() + data.problems,
        "first": {"model": first, "picture": first_picture(session, first, names)},
        "max_bytes": MAX_BYTES,
        "kept_minutes": round(IN_USE / 60),
        "downloads": not session.offline,
    }


def first_model(session: Session, usable: list[str]) -> str | None:
    """The model that is shown first: one that was given, one of the catalogue that names classes, or a shipped one."""
    networks = session.networks
    named = [entry.name for entry in networks.present() if entry.n_classes]
    shipped = [name for name in (FIRST_MODEL, *usable) if name in usable]
    return next(iter([*networks.given, *named, *shipped]), None)


def first_picture(session: Session, model: str | None, names: list[str]) -> str:
    """The picture that is shown first, of a class that the model knows where there is one."""
    if model is None:
        known: tuple[str, ...] = ()
    elif model in {entry.name for entry in session.networks.unopened()}:
        known = imagenet_names()  # as the heads of all networks of the catalogue
    else:
        known = session.checkpoint(model).class_names
    found = [name for name in FIRST_PICTURES if name in names and set(session.picture(name).labels) & set(known)]
    return next(iter([*found, *reversed(FIRST_PICTURES), *names]))


def describe_model(session: Session, payloads: Payloads, request: DescribeRequest) -> Answer:
    """Describe a model, whatever the picture."""
    return payloads.model(session.checkpoint(request.model))


def analyse_picture(session: Session, payloads: Payloads, request: ModelRequest) -> Answer:
    """Run the model on the picture once and return the trace that all tabs draw."""
    return payloads.trace(session.picture(request.picture), session.checkpoint(request.model), request.fit)


@terms(anew=True)
def random_picture(session: Session, request: RandomRequest) -> PicturePayload:
    """Choose a test picture of a dataset at random."""
    with user_errors():
        split, _ = session.test_split(request.source)
    index = random.randrange(len(split.y))
    return picture_payload(session.picture(f"{request.source}:{index}"))


@terms(counted="downloads", public=False)
def start_download(session: Session) -> Answer:
    """Start to download CIFAR-10. Raises UserError where nothing may be downloaded."""
    if session.offline:
        raise UserError("This server downloads nothing.")
    session.start_download()
    return {}


def download_status(session: Session) -> DownloadPayload:
    """The progress of the download of CIFAR-10."""
    status: DownloadStatus = session.download_status()
    return {"state": status.state, "fraction": status.fraction, "reason": status.reason}
