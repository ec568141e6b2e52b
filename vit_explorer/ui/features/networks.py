"""The features of one image in two networks side by side, after the same share of their blocks."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, TypedDict

import numpy as np

from vit_explorer.explain.features import FeatureBasis, fit_features, mean_similarity, similarity_matrix
from vit_explorer.figures.attention import token_name
from vit_explorer.figures.features import NetworkMaps, networks_figure
from vit_explorer.ui.core.arrays import Packed, pack, pack_pixels
from vit_explorer.ui.core.downloads import FileAnswer, export_file, npz_bytes
from vit_explorer.ui.core.errors import UserError
from vit_explorer.ui.core.requests import Fit, ModelInput, ModelRequest, Range, load_input, parse_int
from vit_explorer.ui.core.serve import terms
from vit_explorer.ui.core.session import Session
from vit_explorer.ui.features.hidden import MAX_SIDE, HiddenMap, hidden_maps
from vit_explorer.ui.features.similarity import STEP

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST_MAPS = 999


@dataclass(frozen=True)
class NetworksRequest(ModelRequest):
    """``beside``: the second network; ``block``: the number of a map of the first one, its last for None or beyond."""

    beside: str
    block: Annotated[int, Range(0, MOST_MAPS)] | None


@dataclass(frozen=True)
class NetworksExport(NetworksRequest):
    """The view as it is on screen; ``queries``: of each network, the place in its sequence that is compared."""

    queries: tuple[int, int]
    format: str


class NetworkPayload(TypedDict):
    """The image in one network, after one block.

    ``block`` is its number among the ``names`` of all maps, ``depth`` the share of the blocks before it. ``seen``: the
    share of the side of the image's largest middle square that the network sees. ``pixels`` uint8 (H, W, 3);
    ``colours`` uint8 (N, 3), ``explained`` as in :class:`MapPayload`; ``similarity`` int8 (n_prefix + N, N), with N the
    patches of ``grid``, see MAX_SIDE; ``mean_cosine`` of two different ones of these patches.
    """

    network: str
    block: int
    names: list[str]
    depth: float
    prefix_names: list[str]
    seen: float
    size: int
    pixels: Packed
    grid: list[int]
    n_prefix: int
    colours: Packed
    explained: list[float]
    similarity: Packed
    mean_cosine: float


class NetworksPayload(TypedDict):
    """The first and the second network."""

    networks: list[NetworkPayload]


@dataclass(frozen=True)
class Side:
    """One network on the image: all its maps, the chosen one of at most MAX_SIDE a side, and its colours."""

    seen: ModelInput
    maps: list[HiddenMap]
    block: int
    one: HiddenMap
    basis: FeatureBasis


def two_networks(session: Session, request: NetworksRequest) -> NetworksPayload:
    """Compare what one image becomes in two networks after the same share of their blocks."""
    return {"networks": [_payload(side, request.fit) for side in _sides(session, request)]}


@terms(long=True)
def export_networks(session: Session, request: NetworksExport) -> FileAnswer:
    """Write both networks to a file.

    An .npz holds networks, names, depths and queries (2,), and of each network k colours_k (N, 3), explained_k (3,),
    similarity_k (n_prefix + N, N) and norms_k (n_prefix + N,).
    """
    sides = _sides(session, request)
    queries = [
        parse_int(query, "Query", 0, side.one.tokens.shape[1] - 1)
        for query, side in zip(request.queries, sides, strict=True)
    ]
    return export_file(
        f"{sides[0].seen.checkpoint.name}-beside-{sides[1].seen.checkpoint.name}",
        request.format,
        lambda: _figure(sides, queries),
        {"npz": lambda: npz_bytes(_arrays(sides, queries))},
    )


def _sides(session: Session, request: NetworksRequest) -> list[Side]:
    first = load_input(session, request)
    maps = _maps(session, first)
    block = min(len(maps) - 1, MOST_MAPS if request.block is None else request.block)
    second = load_input(session, ModelRequest(request.picture, request.beside, request.fit))
    others = _maps(session, second)
    nearest = min(range(len(others)), key=lambda number: abs(others[number].depth - maps[block].depth))
    return [_side(first, maps, block), _side(second, others, nearest)]


def _maps(session: Session, seen: ModelInput) -> list[HiddenMap]:
    return hidden_maps(seen.checkpoint.model, [session.traces.of(seen.checkpoint, seen.images).traced])


def _side(seen: ModelInput, maps: list[HiddenMap], block: int) -> Side:
    one = maps[block].at_most(MAX_SIDE)
    if math.prod(one.grid) < 2:
        raise UserError(
            f"{seen.checkpoint.name} has a single patch after {one.name}: there is none to compare it with."
        )
    return Side(seen, maps, block, one, fit_features(one.tokens[0, one.n_prefix :]))


def _payload(side: Side, fit: Fit) -> NetworkPayload:
    checkpoint, one = side.seen.checkpoint, side.one
    tokens = one.tokens[0]
    return {
        "network": checkpoint.name,
        "block": side.block,
        "names": [each.name for each in side.maps],
        "depth": one.depth,
        "prefix_names": list(checkpoint.model.prefix_names()),
        "seen": share_seen(checkpoint.card, fit),
        "size": checkpoint.model.img_size,
        "pixels": pack_pixels(side.seen.images),
        "grid": list(one.grid),
        "n_prefix": one.n_prefix,
        "colours": pack(255 * side.basis.colours(tokens[one.n_prefix :]), "uint8"),
        "explained": side.basis.explained.tolist(),
        "similarity": pack(similarity_matrix(tokens, tokens, one.n_prefix), "int8", STEP),
        "mean_cosine": mean_similarity(tokens, one.n_prefix),
    }


def share_seen(card: dict[str, Any], fit: Fit) -> float:
    """The share of the side of an image's largest middle square that a network sees: its authors may crop more."""
    stated = card.get("preprocessing")
    return stated["crop"] / stated["resize"] if stated and fit == "crop" else 1.0


def _arrays(sides: list[Side], queries: list[int]) -> dict[str, np.ndarray]:
    arrays = {
        "networks": np.array([side.seen.checkpoint.name for side in sides]),
        "names": np.array([side.one.name for side in sides]),
        "depths": np.array([side.one.depth for side in sides]),
        "queries": np.array(queries),
    }
    for k, side in enumerate(sides):
        tokens, n_prefix = side.one.tokens[0], side.one.n_prefix
        arrays[f"colours_{k}"] = side.basis.colours(tokens[n_prefix:]).numpy()
        arrays[f"explained_{k}"] = side.basis.explained.numpy()
        arrays[f"similarity_{k}"] = similarity_matrix(tokens, tokens, n_prefix).numpy()
        arrays[f"norms_{k}"] = tokens.norm(dim=-1).numpy()
    return arrays


def _figure(sides: list[Side], queries: list[int]) -> Figure:
    maps, words = [], []
    for side, query in zip(sides, queries, strict=True):
        tokens, n_prefix, grid = side.one.tokens[0], side.one.n_prefix, side.one.grid
        name = side.seen.checkpoint.name
        cosines = similarity_matrix(tokens, tokens, n_prefix)[query]
        maps.append(
            NetworkMaps(
                f"{name}, {side.one.name}",
                side.seen.images[0].permute(1, 2, 0).numpy(),
                side.basis.colours(tokens[n_prefix:]).reshape(*grid, 3).numpy(),
                cosines.reshape(grid).numpy(),
                query - n_prefix if query >= n_prefix else None,
            )
        )
        token = token_name(query, side.seen.checkpoint.model.prefix_names())
        words.append(
            f"{name}: {side.one.name} of {len(side.maps)} maps, {100 * side.one.depth:.0f} % of its depth, "
            f"{100 * float(side.basis.explained.sum()):.0f} % of the variance in three colours, mean cosine of two "
            f"patches {mean_similarity(tokens, n_prefix):.2f}, compared: {token}."
        )
    return networks_figure(
        maps,
        title=f"{sides[0].seen.picture.title} in {' and '.join(side.seen.checkpoint.name for side in sides)}",
        caption=(
            "Colours: the first three principal components of the patches as red, green and blue, fitted on each "
            "network by itself: equal colours mean nothing across networks. Similarity: the cosine of the outlined "
            f"patch with every patch, on one scale. {' '.join(words)}"
        ),
    )
