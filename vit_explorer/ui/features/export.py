"""The files of the Features tab."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from vit_explorer.explain.features import OUTLIER_NORM, similarity_matrix, token_norms
from vit_explorer.figures.attention import token_name
from vit_explorer.figures.features import FeatureMaps, features_figure
from vit_explorer.ui.core.downloads import FileAnswer, export_file, npz_bytes
from vit_explorer.ui.core.requests import parse_int
from vit_explorer.ui.core.serve import terms
from vit_explorer.ui.core.session import Session
from vit_explorer.ui.features.colours import Coloured, ColoursRequest, GalleryBases, colour_maps
from vit_explorer.ui.features.hidden import MAX_SIDE, HiddenMap, Pair, check_block, load_pair
from vit_explorer.ui.features.similarity import SimilarityRequest

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FITTED = {"picture": "the first image", "both": "both images together", "gallery": "the photos of the gallery"}


@dataclass(frozen=True)
class FeaturesExport(ColoursRequest, SimilarityRequest):
    """The tab as it is on screen; ``query``: a token's place in the sequence of the block's similarities."""

    query: int
    format: str


@terms(long=True)
def export_features(session: Session, gallery: GalleryBases, request: FeaturesExport) -> FileAnswer:
    """Write the tab to a file.

    An .npz holds names (M,), block, query, similarity_here and similarity_there (n_prefix + N, N) of the block, and for
    each map k colours_k (2, N, 3), shown_k (2, N), explained_k (3,) and norms_k (2, n_prefix + N).
    """
    pair = load_pair(session, request)
    one = check_block(pair.maps, request.block).at_most(MAX_SIDE)
    query = parse_int(request.query, "Query", 0, one.tokens.shape[1] - 1)
    coloured = colour_maps(session, gallery, pair, request)
    return export_file(
        f"{pair.checkpoint.name}-features",
        request.format,
        lambda: _figure(pair, coloured, one, request, query),
        {"npz": lambda: npz_bytes(_arrays(pair, coloured, one, request, query))},
    )


def _arrays(
    pair: Pair, coloured: list[Coloured], one: HiddenMap, request: FeaturesExport, query: int
) -> dict[str, np.ndarray]:
    here, there = _similarities(one)
    arrays = {
        "names": np.array([each.name for each in pair.maps]),
        "block": np.array(request.block),
        "query": np.array(query),
        "similarity_here": here,
        "similarity_there": there,
    }
    for k, (each, shown) in enumerate(zip(pair.maps, coloured, strict=True)):
        arrays[f"colours_{k}"] = shown.colours.numpy()
        arrays[f"shown_{k}"] = shown.shown.numpy()
        arrays[f"explained_{k}"] = shown.basis.explained.numpy()
        arrays[f"norms_{k}"] = token_norms(each.tokens).numpy()
    return arrays


def _similarities(one: HiddenMap) -> list[np.ndarray]:
    return [similarity_matrix(one.tokens[0], tokens, one.n_prefix).numpy() for tokens in one.tokens]


def _figure(pair: Pair, coloured: list[Coloured], one: HiddenMap, request: FeaturesExport, query: int) -> Figure:
    chosen = pair.maps[request.block]
    maps = [
        FeatureMaps(
            each.name, shown.colours.reshape(2, *each.grid, 3).numpy(), shown.shown.reshape(2, *each.grid).numpy()
        )
        for each, shown in zip(pair.maps, coloured, strict=True)
    ]
    similar = [matrix[query].reshape(one.grid) for matrix in _similarities(one)]
    norms = token_norms(chosen.tokens[0])[chosen.n_prefix :].reshape(chosen.grid).numpy()
    first, second = pair.pictures
    patch = query - one.n_prefix
    token = token_name(query, pair.checkpoint.model.prefix_names())
    background = (
        " The background, split off by the first component of the last map, is left out." if request.drop else ""
    )
    return features_figure(
        [image.permute(1, 2, 0).numpy() for image in pair.images],
        maps,
        similar,
        norms,
        patch if patch >= 0 else None,
        title=f"Features of {pair.checkpoint.name}, {chosen.name}",
        caption=(
            f"{first.title} and {second.title}, in {pair.checkpoint.name} trained on "
            f"{pair.checkpoint.card['dataset']['name']}. Colours: the first three principal components of the patches "
            f"as red, green and blue, fitted to {FITTED[request.fit_on]} in each map.{background} Similarity: the "
            f"cosine of {token} of {first.title} with every patch, {chosen.name}. Norms: of the tokens of "
            f"{first.title}, {chosen.name}; a patch above {OUTLIER_NORM:g} times the median counts as an artefact."
        ),
    )
