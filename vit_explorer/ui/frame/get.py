"""Networks of the catalogue that are not on this machine, and their download."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypedDict

from vit_explorer.models.pretrained.catalogue import PretrainedModel, find_pretrained
from vit_explorer.models.pretrained.load import received_bytes
from vit_explorer.ui.core.errors import UserError
from vit_explorer.ui.core.serve import terms
from vit_explorer.ui.core.session import Session
from vit_explorer.ui.frame.fetching import Fetch, Fetches


class OfferPayload(TypedDict):
    """A network that can be downloaded; ``received`` are the bytes that an earlier download has brought."""

    name: str
    title: str
    megabytes: float
    received: int
    n_classes: int
    top1: float | None
    source: str
    licence: str


class FetchPayload(TypedDict):
    """A download under way, in bytes; None where it cannot be told. ``mine``: whether this visitor may stop it."""

    name: str
    title: str
    received: int
    total: int | None
    seconds_left: float | None
    mine: bool


class OffersPayload(TypedDict):
    """What can be downloaded, what is being downloaded, and a sentence for each of the visitor's own that failed.

    ``advice`` is the name of the network to begin with; None where a network with as many classes is on this machine.
    """

    offered: list[OfferPayload]
    running: list[FetchPayload]
    faults: dict[str, str]
    advice: str | None


class StartedPayload(OffersPayload):
    """The answer to a start; ``id`` is for the visitor who may stop it, None where somebody else may."""

    id: str | None


@dataclass(frozen=True)
class OffersRequest:
    """The ids that starts returned to this visitor, by the name of the network."""

    ids: dict[str, str]


@dataclass(frozen=True)
class GetRequest(OffersRequest):
    """A network by its name."""

    name: str


def list_offers(session: Session, fetches: Fetches, request: OffersRequest) -> OffersPayload:
    """List the networks that can be downloaded, and the downloads under way."""
    running = fetches.running()
    missing = session.networks.missing()
    busy = {fetch.entry.name for fetch in running}
    first = missing[0] if missing else None
    most = max((len(network.class_names) for network in session.networks.opened()), default=0)
    known = max(most, *(entry.n_classes for entry in session.networks.present()), 0)
    return {
        "offered": [_offer(entry) for entry in missing if entry.name not in busy],
        "running": [_progress(fetch, request.ids) for fetch in running],
        "faults": fetches.faults(request.ids),
        "advice": first.name if first is not None and first.n_classes > known else None,
    }


@terms(counted="downloads", public=False)
def start_fetch(session: Session, fetches: Fetches, request: GetRequest) -> StartedPayload:
    """Start to download a network. Raises CheckpointError for an unknown one, UserError where nothing is offered."""
    entry = find_pretrained(request.name)
    if session.offline:
        raise UserError("This server downloads nothing.")
    started = fetches.start(entry) if entry in session.networks.missing() else None
    own = OffersRequest({**request.ids, **({entry.name: started.id} if started else {})})
    return {"id": started.id if started else None, **list_offers(session, fetches, own)}


def stop_fetch(session: Session, fetches: Fetches, request: GetRequest) -> OffersPayload:
    """Stop a download; the next one goes on from there."""
    fetches.stop(request.name, request.ids.get(request.name))
    return list_offers(session, fetches, request)


def _offer(entry: PretrainedModel) -> OfferPayload:
    return {
        "name": entry.name,
        "title": entry.title,
        "megabytes": entry.megabytes,
        "received": received_bytes(entry),
        "n_classes": entry.n_classes,
        "top1": entry.top1,
        "source": entry.source,
        "licence": entry.licence,
    }


def _progress(fetch: Fetch, ids: dict[str, str]) -> FetchPayload:
    at = fetch.at
    return {
        "name": fetch.entry.name,
        "title": fetch.entry.title,
        "received": at.received if at else received_bytes(fetch.entry),
        "total": at.total if at else None,
        "seconds_left": at.seconds_left if at else None,
        "mine": ids.get(fetch.entry.name) == fetch.id,
    }
