"""Greedy decoding: take the most likely next token, append it, repeat."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from vit_explorer.text.cache import KVCache
from vit_explorer.text.model import BOUNDARY, PAD, TextTransformer


@dataclass(frozen=True)
class Decoding:
    """A batch decoded step by step.

    Attributes:
        tokens: (B, T) without the start; the end is ``BOUNDARY``, ``PAD`` follows it.
        logits: (B, T, vocabulary), from which each token was chosen; meaningless after a row's end.
    """

    tokens: Tensor
    logits: Tensor

    @property
    def probabilities(self) -> Tensor:
        """Of every next token at every step, (B, T, vocabulary)."""
        return self.logits.softmax(dim=-1)

    @property
    def finished(self) -> Tensor:
        """Rows that came to their end, bool (B,)."""
        return (self.tokens == BOUNDARY).any(dim=1)

    @property
    def log_probability(self) -> Tensor:
        """Of each row's tokens up to and with its end, (B,)."""
        chosen = self.logits.log_softmax(dim=-1).gather(2, self.tokens[:, :, None])[:, :, 0]
        return chosen.masked_fill(self.tokens == PAD, 0).sum(dim=1)


def output_limit(model: TextTransformer, source: Tensor, max_tokens: int | None) -> int:
    """Return how many tokens an output may have, its end among them.

    That is ``max_tokens``, by default one more than the source and no more than the position table has rows.

    Raises:
        ValueError: if it is none, or more than the position table has rows.
    """
    limit = min(source.shape[1] + 1, model.max_length) if max_tokens is None else max_tokens
    if not 1 <= limit <= model.max_length:
        raise ValueError(f"{limit} tokens cannot be decoded: the position table allows 1 to {model.max_length}")
    return limit


def check_unused(cache: KVCache | None) -> None:
    """Raise ValueError if a cache already holds another decoding."""
    if cache is not None and cache.length:
        raise ValueError("the cache has been used: make a new KVCache for every decoding")


def next_logits(
    model: TextTransformer, target: Tensor, memory: Tensor, source: Tensor, cache: KVCache | None
) -> Tensor:
    """Logits of the token after the target, (B, T) -> (B, vocabulary).

    Without a cache the whole target is decoded again; with one only the tokens that it does not hold yet.
    """
    new = target if cache is None else target[:, cache.length :]
    return model.decode(new, memory, source, cache=cache)[:, -1]


def without_padding(logits: Tensor) -> Tensor:
    """Logits to choose from: ``PAD`` is never generated."""
    return logits.index_fill(-1, torch.tensor(PAD, device=logits.device), float("-inf"))


@torch.no_grad()
def greedy_decode(
    model: TextTransformer,
    source: Tensor,
    max_tokens: int | None = None,
    cache: KVCache | None = None,
) -> Decoding:
    """Decode sources greedily, (B, S) token ids.

    Args:
        max_tokens: tokens of an output, its end among them; see :func:`output_limit`.
        cache: a new :class:`KVCache` to decode with; the tokens are the same, the logits agree to rounding.
    Raises:
        ValueError: for sources that :meth:`TextTransformer.encode` refuses, a used cache, or an impossible limit.
    """
    memory = model.encode(source)
    limit = output_limit(model, source, max_tokens)
    check_unused(cache)
    target = torch.full((len(source), 1), BOUNDARY, device=source.device)
    ended = torch.zeros(len(source), dtype=torch.bool, device=source.device)
    logits = []
    for _ in range(limit):
        logits.append(next_logits(model, target, memory, source, cache))
        chosen = without_padding(logits[-1]).argmax(dim=1).masked_fill(ended, PAD)
        target = torch.cat([target, chosen[:, None]], dim=1)
        ended = ended | (chosen == BOUNDARY)
        if ended.all():
            break
    return Decoding(target[:, 1:], torch.stack(logits, dim=1))
