"""Cosine similarities of all patches after one block, within an image and with a second one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypedDict

from vit_explorer.explain.features import similarity_matrix
from vit_explorer.ui.core.arrays import Packed, pack
from vit_explorer.ui.core.session import Session
from vit_explorer.ui.features.hidden import MAX_SIDE, PairRequest, check_block, load_pair

STEP = 1 / 127  # of a cosine as a signed byte: the error is at most half of it


@dataclass(frozen=True)
class SimilarityRequest(PairRequest):
    """``block``: the number of the map, 0 for the embedding or the first stage."""

    block: int


class SimilarityPayload(TypedDict):
    """Cosines of every token of the image with the patches of the same image and with those of the second one.

    ``here`` and ``there``: int8 (n_prefix + N, N), prefix tokens first, with N the patches of ``grid``: the map's own,
    or a coarser one whose patches are means of squares, see MAX_SIDE.
    """

    block: int
    grid: list[int]
    n_prefix: int
    here: Packed
    there: Packed


def feature_similarities(session: Session, request: SimilarityRequest) -> SimilarityPayload:
    """Compare every token after one block with every patch of both images."""
    pair = load_pair(session, request)
    one = check_block(pair.maps, request.block).at_most(MAX_SIDE)
    here, there = (similarity_matrix(one.tokens[0], tokens, one.n_prefix) for tokens in one.tokens)
    return {
        "block": request.block,
        "grid": list(one.grid),
        "n_prefix": one.n_prefix,
        "here": pack(here, "int8", STEP),
        "there": pack(there, "int8", STEP),
    }
