"""Decoding with and without key-value cache: time per token and multiply-adds."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable
from typing import Any

import torch

from vit_explorer.bench.throughput import in_turns
from vit_explorer.text import FIRST_SYMBOL, KVCache, TextTransformer, greedy_decode
from vit_explorer.text.timing import N_SOURCE, endless_network, total_cost
from vit_explorer.training.runs.card import describe_hardware

LENGTHS = (10, 50, 100, 200)  # tokens of an output
BATCHES = (1, 16)  # sequences decoded at once
ROUNDS = 7
QUOTED_LENGTH, QUOTED = 50, (10, 25)  # a speed-up of "10 to 25 x at 50 tokens" is often quoted
HEAD = (
    "| batch | tokens | without cache, ms/token | with cache, ms/token | ratio, measured | ratio, counted "
    "| without, GMAC/s | with, GMAC/s |"
)


def measure_decode(checkpoints: str | None = None) -> dict[str, Any]:
    """Time greedy decoding with and without cache in turns, float32, medians.

    ``checkpoints`` is not used: the weights are fresh, of the default sizes. Each time includes the encoder's pass. The
    powers say how a token's cost grows with the output's length, from the second length to the last.
    """
    model = endless_network()
    result: dict[str, Any] = {"processor": describe_hardware("cpu"), "source tokens": N_SOURCE, "rounds": ROUNDS}
    lines = [HEAD, "|---:" * (HEAD.count("|") - 1) + "|"]
    for batch in BATCHES:
        jobs = {f"{n} {cached}": decoding(model, batch, n, cached) for n in LENGTHS for cached in (False, True)}
        seconds = in_turns(jobs, ROUNDS)
        for n in LENGTHS:
            both = [seconds[f"{n} {cached}"] for cached in (False, True)]
            costs = [total_cost(model, n, cached) for cached in (False, True)]
            ratio = statistics.median(plain / cached for plain, cached in zip(*both, strict=True))
            result[f"B={batch}, {n} tokens, measured: without / with cache"] = ratio
            result[f"B={batch}, {n} tokens, counted: without / with cache"] = costs[0] / costs[1]
            medians = [statistics.median(taken) for taken in both]
            times = " | ".join(f"{1000 * taken / n:.3g}" for taken in medians)
            rates = " | ".join(f"{batch * cost / taken / 1e9:.2g}" for cost, taken in zip(costs, medians, strict=True))
            lines.append(f"| {batch} | {n} | {times} | {ratio:.3g} x | {costs[0] / costs[1]:.3g} x | {rates} |")
            if n == QUOTED_LENGTH:
                result[f"B={batch}, {QUOTED[0]} to {QUOTED[1]} x at {n} tokens, as often quoted"] = verdict(ratio)
        for name, cached in (("without", False), ("with", True)):
            ends = (LENGTHS[1], LENGTHS[-1])
            measured = [statistics.median(seconds[f"{n} {cached}"]) / n for n in ends]
            counted = [total_cost(model, n, cached) / n for n in ends]
            result[f"B={batch}, {name} cache, time per token: power of length"] = power(ends, measured)
            result[f"B={batch}, {name} cache, counted per token: power of length"] = power(ends, counted)
    return result | {"table": "\n".join(lines)}


def decoding(model: TextTransformer, batch: int, n_tokens: int, cached: bool) -> Callable[[], object]:
    """Greedy decoding of a batch of random sources, to be timed."""
    generator = torch.Generator().manual_seed(0)
    source = torch.randint(FIRST_SYMBOL, model.vocabulary, (batch, N_SOURCE), generator=generator)
    return lambda: greedy_decode(model, source, n_tokens, KVCache() if cached else None)


def power(lengths: tuple[int, int], costs: list[float]) -> float:
    """Exponent p for which a cost grows as length^p between two lengths."""
    return math.log(costs[1] / costs[0]) / math.log(lengths[1] / lengths[0])


def verdict(ratio: float) -> str:
    """Whether a ratio lies in the range that is often quoted."""
    low, high = QUOTED
    return f"{'found' if low <= ratio <= high else 'NOT found'}: {ratio:.2g} x"
