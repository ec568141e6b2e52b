"""Decoding timed on this machine, without and with cache in turns, one pass after the other."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator
from dataclasses import dataclass

import torch

from vit_explorer.text.cache import KVCache
from vit_explorer.text.cost import step_cost
from vit_explorer.text.greedy import greedy_decode
from vit_explorer.text.model import BOUNDARY, FIRST_SYMBOL, TextTransformer

LENGTHS = (10, 25, 50, 100, 200)  # tokens of an output
N_SOURCE = 10
ROUNDS = 5
NEVER = -1e4  # logit of the end: every output gets the length that is measured


@dataclass(frozen=True)
class DecodeProgress:
    """The next pass: ``share`` (0 to 1) of the whole measurement is done."""

    share: float
    n_tokens: int
    cached: bool


@dataclass(frozen=True)
class DecodeTime:
    """Medians for outputs of one length.

    Attributes:
        without_cache, with_cache: seconds of a whole output, the encoder's pass among them.
        ratio: the median of the rounds' own ratios.
        counted: ratio of the multiply-adds.
    """

    n_tokens: int
    without_cache: float
    with_cache: float
    ratio: float
    counted: float


def endless_network() -> TextTransformer:
    """A fresh network of the default sizes that never generates the end."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = TextTransformer().eval()
    with torch.no_grad():
        model.head.bias[BOUNDARY] = NEVER
    return model


def total_cost(model: TextTransformer, n_tokens: int, cached: bool, n_source: int = N_SOURCE) -> int:
    """Multiply-adds of one output of n_tokens, the encoder included."""
    return sum(step_cost(model, n_source, step, cached).total for step in range(n_tokens))


def counted_ratio(model: TextTransformer, n_tokens: int) -> float:
    """Multiply-adds of one output without the cache, over those with it."""
    return total_cost(model, n_tokens, cached=False) / total_cost(model, n_tokens, cached=True)


def time_decoding(lengths: tuple[int, ...] = LENGTHS, rounds: int = ROUNDS) -> Iterator[DecodeProgress | DecodeTime]:
    """Time greedy decoding of one sequence, float32; a ``DecodeProgress`` before each pass, a result per length.

    A first round of each length is thrown away. To stop, ask for no more events.
    """
    model = endless_network()
    generator = torch.Generator().manual_seed(0)
    source = torch.randint(FIRST_SYMBOL, model.vocabulary, (1, N_SOURCE), generator=generator)
    work = [n for n in lengths for _ in range(2 * (rounds + 1))]
    done = 0
    for n_tokens in lengths:
        taken: dict[bool, list[float]] = {False: [], True: []}
        for _ in range(rounds + 1):
            for cached in (False, True):
                yield DecodeProgress(done / sum(work), n_tokens, cached)
                began = time.perf_counter()
                greedy_decode(model, source, n_tokens, KVCache() if cached else None)
                taken[cached].append(time.perf_counter() - began)
                done += n_tokens
        plain, kept = taken[False][1:], taken[True][1:]
        yield DecodeTime(
            n_tokens,
            statistics.median(plain),
            statistics.median(kept),
            statistics.median(one / other for one, other in zip(plain, kept, strict=True)),
            counted_ratio(model, n_tokens),
        )
