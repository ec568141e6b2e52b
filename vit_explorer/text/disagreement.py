"""A sequence on which greedy decoding and beam search give different outputs."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from vit_explorer.text.beam import BeamSearch, beam_search
from vit_explorer.text.cache import KVCache
from vit_explorer.text.greedy import greedy_decode
from vit_explorer.text.model import PAD, TextTransformer
from vit_explorer.text.tasks import SequenceTask

BATCH = 16  # sequences tried at once


@dataclass(frozen=True)
class Disagreement:
    """Two outputs for one source.

    Attributes:
        source: token ids, (1, S).
        greedy: tokens of greedy decoding, the end among them.
        beam: the search, whose best output is another one.
        tried: how many sequences were tried, this one included.
    """

    source: Tensor
    greedy: list[int]
    beam: BeamSearch
    tried: int


def find_disagreement(
    model: TextTransformer, task: SequenceTask, width: int = 4, seed: int = 0, limit: int = 160
) -> Disagreement | None:
    """Draw sequences by a seed until both differ; None if they agree on ``limit`` of them.

    A network in the middle of its training is unsure of itself and soon gives one; a trained one hardly ever does.
    """
    drawn, _ = task.draw(limit, 1, seed)
    for first in range(0, limit, BATCH):
        source = drawn.source[first : first + BATCH]
        outputs = greedy_decode(model, source, cache=KVCache()).tokens.tolist()
        searches = beam_search(model, source, width, cache=KVCache())
        for row, search in enumerate(searches):
            if without_pad(outputs[row]) == search.best:
                continue
            alone = source[row : row + 1, : len(without_pad(source[row].tolist()))]
            greedy = without_pad(greedy_decode(model, alone).tokens[0].tolist())
            (beam,) = beam_search(model, alone, width)  # a shorter limit than in a batch with longer sources
            if greedy != beam.best:
                return Disagreement(alone, greedy, beam, first + row + 1)
    return None


def without_pad(tokens: list[int]) -> list[int]:
    """Tokens that are not ``PAD``."""
    return [token for token in tokens if token != PAD]
