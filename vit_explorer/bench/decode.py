"""Decoding with and without the key-value cache: time per token, beside the multiply-adds counted."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable
from typing import Any

import torch

from vit_explorer.bench.throughput import in_turns
from vit_explorer.text import BOUNDARY, FIRST_SYMBOL, KVCache, TextTransformer, greedy_decode, step_cost
from vit_explorer.training.runs.card import describe_hardware

LENGTHS = (10, 50, 100, 200)  # tokens of an output
BATCHES = (1, 16)  # sequences decoded at once
N_SOURCE = 10
ROUNDS = 7
QUOTED_LENGTH, QUOTED = 50, (10, 25)  # a speed-up of "10 to 25 x at 50 tokens" is often quoted
NEVER = -1e4  # logit of the end: every output gets the length that is measured
HEAD = "| batch | tokens | without cache, ms/token | with cache, ms/token | ratio, measured | ratio, counted |"
WHY = (
    "a step of this small network costs its calls more than its multiply-adds, with and without a cache, until length "
    "and batch make the products large; the cache saves arithmetic, not calls."
)


def measure_decode(checkpoints: str | None = None) -> dict[str, Any]:
    """Greedy decoding of outputs of 10 to 200 tokens, float32, without and with cache in turns, medians.

    ``checkpoints`` is not used: the weights are fresh, of the default sizes. Each time includes the encoder's pass.
    """
    model = _network()
    result: dict[str, Any] = {
        "processor": describe_hardware("cpu"),
        "source tokens": N_SOURCE,
        "rounds": ROUNDS,
    }
    lines = [HEAD, "|---:" * 6 + "|"]
    for batch in BATCHES:
        jobs = {(n, cached): _job(model, batch, n, cached) for n in LENGTHS for cached in (False, True)}
        seconds = in_turns({f"{n} {cached}": job for (n, cached), job in jobs.items()}, ROUNDS)
        per_token = {(n, cached): statistics.median(seconds[f"{n} {cached}"]) / n for n, cached in jobs}
        for n in LENGTHS:
            plain, cached = per_token[n, False], per_token[n, True]
            ratios = [a / b for a, b in zip(seconds[f"{n} False"], seconds[f"{n} True"], strict=True)]
            measured = statistics.median(ratios)
            counted = total_cost(model, n, False) / total_cost(model, n, True)
            result[f"B={batch}, {n} tokens, measured: without / with cache"] = measured
            result[f"B={batch}, {n} tokens, counted: without / with cache"] = counted
            lines.append(
                f"| {batch} | {n} | {1000 * plain:.3g} | {1000 * cached:.3g} | {measured:.3g} x | {counted:.3g} x |"
            )
        for name, cached in (("without", False), ("with", True)):
            ends = (LENGTHS[1], LENGTHS[-1])
            result[f"B={batch}, {name} cache: time per token grows as length to the power of"] = _power(
                ends, [per_token[n, cached] for n in ends]
            )
            result[f"B={batch}, {name} cache: counted per token, power"] = _power(
                ends, [total_cost(model, n, cached) / n for n in ends]
            )
        result[f"B={batch}, quoted {QUOTED[0]} to {QUOTED[1]} x at {QUOTED_LENGTH} tokens"] = _verdict(
            result[f"B={batch}, {QUOTED_LENGTH} tokens, measured: without / with cache"]
        )
    return result | {"why measured and counted differ": WHY, "table": "\n".join(lines)}


def total_cost(model: TextTransformer, n_tokens: int, cached: bool) -> int:
    """Multiply-adds of one output of n_tokens, the encoder's pass included."""
    return sum(step_cost(model, N_SOURCE, step, cached).total for step in range(n_tokens))


def _network() -> TextTransformer:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = TextTransformer().eval()
    with torch.no_grad():
        model.head.bias[BOUNDARY] = NEVER
    return model


def _job(model: TextTransformer, batch: int, n_tokens: int, cached: bool) -> Callable[[], object]:
    generator = torch.Generator().manual_seed(0)
    source = torch.randint(FIRST_SYMBOL, model.vocabulary, (batch, N_SOURCE), generator=generator)
    return lambda: greedy_decode(model, source, n_tokens, KVCache() if cached else None)


def _power(lengths: tuple[int, int], costs: list[float]) -> float:
    return math.log(costs[1] / costs[0]) / math.log(lengths[1] / lengths[0])


def _verdict(ratio: float) -> str:
    low, high = QUOTED
    return f"{'found' if low <= ratio <= high else 'NOT found'}: {ratio:.2g} x"
