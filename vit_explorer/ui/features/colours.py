"""Hidden states of every block as colours, with their norms."""

from __future__ import annotations

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
from vit_explorer.models.zoo import Checkpoint
from vit_explorer.ui.core.arrays import Packed, pack, pack_pixels
from vit_explorer.ui.core.errors import UserError
from vit_explorer.ui.core.requests import fit_input
from vit_explorer.ui.core.session import Session, available_samples
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


def feature_colour_maps(session: Session, request: ColoursRequest) -> ColoursPayload:
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
            for one, coloured in zip(pair.maps, colour_maps(session, pair, request), strict=True)
        ],
    }


def colour_maps(session: Session, pair: Pair, request: ColoursRequest) -> list[Coloured]:
    """Colour every map; each keeps the signs of the one before.

    The background is that of the last map, where objects are told apart best, and the same squares of all others.
    """
    gallery = _gallery(session, pair.checkpoint, request) if request.fit_on == "gallery" else None
    coloured: list[Coloured] = []
    for number, one in enumerate(pair.maps):
        shown = _shown(pair.maps, one, request.drop)
        like = coloured[-1].basis if coloured else None
        if gallery is not None:
            basis = _fit(_patches(gallery[number])[_shown(gallery, gallery[number], request.drop)], like, thin=True)
        elif request.fit_on == "picture":
            basis = _fit(_patches(one)[0][shown[0]], like)
        else:
            basis = _fit(_patches(one)[shown], like)
        colours = torch.stack([basis.colours(tokens) for tokens in _patches(one)])
        coloured.append(Coloured(colours, shown, basis))
    return coloured


def _gallery(session: Session, checkpoint: Checkpoint, request: ColoursRequest) -> list[HiddenMap]:
    """The maps of all photos of the gallery."""
    photos = [session.picture(f"sample:{name}") for name in available_samples()]
    return hidden_maps(checkpoint, torch.stack([fit_input(one.image, checkpoint, request.fit) for one in photos]))


def _patches(one: HiddenMap) -> Tensor:
    return one.tokens[:, one.n_prefix :]


def _shown(maps: list[HiddenMap], one: HiddenMap, drop: bool) -> Tensor:
    """Which patches of a map are shown, (B, N) bool."""
    return _foregrounds(maps[-1], one.grid) if drop else torch.ones(_patches(one).shape[:2], dtype=torch.bool)


def _fit(features: Tensor, like: FeatureBasis | None, thin: bool = False) -> FeatureBasis:
    """Fit components to (M, D), or to MOST_OF_GALLERY of them. Raises UserError for too few."""
    if len(features) < FEWEST:
        raise UserError(f"Only {len(features)} patches are left without the background: {FEWEST} or more are needed.")
    return fit_features(features[:: -(-len(features) // MOST_OF_GALLERY)] if thin else features, like=like)


def _foregrounds(last: HiddenMap, grid: tuple[int, int]) -> Tensor:
    """The foreground of all images in the last map, on a finer grid: (B, rows * cols) bool."""
    masks = torch.stack([foreground(tokens, last.n_prefix) for tokens in last.tokens]).float()
    masks = masks.reshape(-1, 1, *last.grid)
    return F.interpolate(masks, size=grid, mode="nearest").flatten(1) > 0.5


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
