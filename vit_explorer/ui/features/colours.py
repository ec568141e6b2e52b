"""Hidden states of every block as colours, with their norms."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, TypedDict

import torch
import torch.nn.functional as F
from torch import Tensor

from vit_explorer.explain.features import (
    OUTLIER_NORM,
    FeatureBasis,
    fit_features,
    foreground,
    outlier_tokens,
    token_norms,
)
from vit_explorer.explain.trace import trace
from vit_explorer.models.checkpoint import Checkpoint
from vit_explorer.ui.core.arrays import Packed, pack, pack_pixels
from vit_explorer.ui.core.by_network import ByNetwork
from vit_explorer.ui.core.errors import UserError
from vit_explorer.ui.core.pictures import available_samples
from vit_explorer.ui.core.requests import fit_input
from vit_explorer.ui.core.session import Session
from vit_explorer.ui.features.hidden import HiddenMap, Pair, PairRequest, hidden_maps, load_pair

FitOn = Literal["picture", "both", "gallery"]

MOST_OF_GALLERY = 512  # patches of the gallery's photos that components are fitted on, evenly drawn
FEWEST = 4  # patches that three principal components need to be more than their own differences


@dataclass(frozen=True)
class ColoursRequest(PairRequest):
    """``fit_on``: the images whose patches the components are fitted on; ``drop``: leave the background out."""

    fit_on: FitOn
    drop: bool


class MapPayload(TypedDict):
    """One block or stage.

    ``colours`` uint8 (2, N, 4): red, green, blue, and 255 for patches that are shown, of the image and of the second.
    ``explained``: the share of the variance along each component. Of the image alone ``norms`` (N,), ``prefix_norms``
    and the indices of the ``outliers``.
    """

    name: str
    grid: list[int]
    colours: Packed
    explained: list[float]
    norms: Packed
    prefix_norms: list[float]
    outliers: list[int]


class ColoursPayload(TypedDict):
    """All maps from the first to the last; ``second_pixels`` uint8 (H, W, 3)."""

    kind: str
    prefix_names: list[str]
    outlier_norm: float
    second_title: str
    second_pixels: Packed
    maps: list[MapPayload]


@dataclass(frozen=True)
class Coloured:
    """``colours`` (2, N, 3) in [0, 1], ``shown`` (2, N) bool and the basis of the colours."""

    colours: Tensor
    shown: Tensor
    basis: FeatureBasis


GalleryBases = ByNetwork[list[FeatureBasis]]  # by the request's ``fit`` and ``drop``


def feature_colour_maps(session: Session, gallery: GalleryBases, request: ColoursRequest) -> ColoursPayload:
    """Colour the patches of both images after every block by three principal components."""
    pair = load_pair(session, request)
    model = pair.checkpoint.model
    return {
        "kind": model.attention_kind,
        "prefix_names": list(model.prefix_names()),
        "outlier_norm": OUTLIER_NORM,
        "second_title": pair.pictures[1].title,
        "second_pixels": pack_pixels(pair.images[1:]),
        "maps": [
            _payload(one, coloured)
            for one, coloured in zip(pair.maps, colour_maps(session, gallery, pair, request), strict=True)
        ],
    }


def colour_maps(session: Session, gallery: GalleryBases, pair: Pair, request: ColoursRequest) -> list[Coloured]:
    """Colour every map; each keeps the signs of the one before."""
    shown = _shown(pair.maps, request.drop)
    if request.fit_on == "gallery":
        model, key = pair.checkpoint.model, (request.fit, request.drop)
        found = gallery.find(model, key)
        bases = found or gallery.keep(model, key, _fit(_gallery_patches(session, pair.checkpoint, request)))
    elif request.fit_on == "picture":
        bases = _fit(_patches(one)[0][each[0]] for one, each in zip(pair.maps, shown, strict=True))
    else:
        bases = _fit(_patches(one)[each] for one, each in zip(pair.maps, shown, strict=True))
    return [
        Coloured(torch.stack([basis.colours(tokens) for tokens in _patches(one)]), each, basis)
        for one, each, basis in zip(pair.maps, shown, bases, strict=True)
    ]


def _gallery_patches(session: Session, checkpoint: Checkpoint, request: ColoursRequest) -> list[Tensor]:
    """Of every map, MOST_OF_GALLERY of the patches (M, D) of the gallery's photos."""
    model, patches = checkpoint.model, []
    for name in available_samples():
        image = fit_input(session.picture(f"sample:{name}").image, checkpoint, request.fit)
        maps = hidden_maps(model, [trace(model, checkpoint.preprocess(image[None]))])
        shown = _shown(maps, request.drop)
        patches.append([_patches(one)[each] for one, each in zip(maps, shown, strict=True)])
    together = [torch.cat(each) for each in zip(*patches, strict=True)]
    return [each[:: -(-len(each) // MOST_OF_GALLERY)] for each in together]


def _patches(one: HiddenMap) -> Tensor:
    return one.tokens[:, one.n_prefix :]


def _shown(maps: list[HiddenMap], drop: bool) -> list[Tensor]:
    """Which patches of each map are shown, (B, N) bool.

    The background is that of the last map, where objects are told apart best, and the same squares of all others.
    """
    if not drop:
        return [torch.ones(_patches(one).shape[:2], dtype=torch.bool) for one in maps]
    last = maps[-1]
    masks = torch.stack([foreground(tokens, last.n_prefix) for tokens in last.tokens]).float()
    masks = masks.reshape(-1, 1, *last.grid)
    return [F.interpolate(masks, size=one.grid, mode="nearest").flatten(1) > 0.5 for one in maps]


def _fit(features: Iterable[Tensor]) -> list[FeatureBasis]:
    """Fit components to the patches (M, D) of each map. Raises UserError for too few."""
    bases: list[FeatureBasis] = []
    for each in features:
        if len(each) < FEWEST:
            raise UserError(f"Only {len(each)} patches are left without the background: {FEWEST} or more are needed.")
        bases.append(fit_features(each, like=bases[-1] if bases else None))
    return bases


def _payload(one: HiddenMap, coloured: Coloured) -> MapPayload:
    norms = token_norms(one.tokens[0])
    rgba = torch.cat([coloured.colours, coloured.shown[..., None]], dim=-1)  # (2, N, 4)
    return {
        "name": one.name,
        "grid": list(one.grid),
        "colours": pack(255 * rgba, "uint8"),
        "explained": coloured.basis.explained.tolist(),
        "norms": pack(norms[one.n_prefix :]),
        "prefix_norms": norms[: one.n_prefix].tolist(),
        "outliers": outlier_tokens(one.tokens[0], one.n_prefix).tolist(),
    }
