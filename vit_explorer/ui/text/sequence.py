"""One sequence in a text network at every snapshot of its training: outputs, attention, probabilities, costs."""

from __future__ import annotations

from typing import Any, TypedDict

import torch
import torch.nn.functional as F
from torch import Tensor

from vit_explorer.text import (
    BOUNDARY,
    PAD,
    CacheStep,
    KVCache,
    SequenceTask,
    Tape,
    TextCheckpoint,
    TextTransformer,
    greedy_decode,
    step_cost,
)
from vit_explorer.ui.core.arrays import Packed, pack_shares
from vit_explorer.ui.text.networks import SequenceRequest, Task, TextNetworks

WAYS = ("forced", "free")  # the decoder is given the right symbols so far, or its own


class TextAccuracy(TypedDict):
    """Test accuracies after an epoch: of letters, given the right ones (``forced``) or its own, and of sequences."""

    epoch: int
    forced: float
    free: float
    sequences: float


class CacheStepPayload(TypedDict):
    """Positions of which keys and values are computed and read at a step: [first, last + 1]."""

    computed: tuple[int, int]
    read: tuple[int, int]
    source_computed: tuple[int, int]
    source_read: tuple[int, int]


class DecodingCostPayload(TypedDict):
    """The cost of each decoding step.

    ``steps``: as a :class:`KVCache` records them. ``cached``, ``plain``: multiply-adds by their formulas, with a cache
    and without. ``numbers``: that the cache holds. ``layers``, ``heads``, ``d_head``: of the decoder.
    """

    steps: list[CacheStepPayload]
    cached: list[int]
    plain: list[int]
    numbers: list[int]
    layers: int
    heads: int
    d_head: int


class SequencePayload(TypedDict):
    """A sequence in a network at every snapshot; all that the tab draws of it, so that pointing needs no request.

    Arrays have the axes E (snapshots), 2 (WAYS), layers, heads, T (output positions, the end among them), S (input).

    ``epochs``: of the snapshots. ``given``, ``output``: per snapshot and way, names of the tokens that the decoder is
    given and predicts; in free running they end where the output ends, and rows after it are 0 in all arrays.
    ``cross``: (E, 2, layers, heads, T, S). ``decoder_self``: (E, 2, layers, heads, T, T). ``encoder_self``: (E, layers,
    heads, S, S). ``probabilities``: (E, 2, T, vocabulary), ``names`` of its last axis. ``copied``: (E, 2, layers,
    heads), see :func:`copied_share`, ``chance``: of weights that are all alike. ``history``: by epoch, from the card.
    ``limits``: symbols of the shortest and longest sequence for this task; ``min_length``, ``max_length``: for this
    network.
    """

    task: Task
    limits: tuple[int, int]
    text: str
    answer: str
    network: str
    parameters: int
    min_length: int
    max_length: int
    n_test: int
    symbols: str
    names: list[str]
    epochs: list[int]
    history: list[TextAccuracy]
    given: list[list[list[str]]]
    output: list[list[list[str]]]
    cross: Packed
    decoder_self: Packed
    encoder_self: Packed
    probabilities: Packed
    copied: list[list[list[list[float]]]]
    chance: float
    cost: DecodingCostPayload


def sequence_payload(networks: TextNetworks, request: SequenceRequest) -> SequencePayload:
    """Run a sequence through the network of its length, at every snapshot."""
    checkpoint, snapshots, ids = networks.read(request)
    task, source = checkpoint.task, torch.tensor([ids])
    names = token_names(task)
    looks = [_look(model, task, source) for model in snapshots.values()]
    answer, origins = task.answer(ids), task.origins(ids)
    return {
        "task": request.task,
        "limits": networks.limits(request.task),
        "text": task.write(ids),
        "answer": task.write(answer),
        "network": checkpoint.name,
        "parameters": checkpoint.card["parameters"],
        "min_length": task.min_length,
        "max_length": task.max_length,
        "n_test": checkpoint.card["recipe"]["n_test"],
        "symbols": task.symbols,
        "names": names,
        "epochs": list(snapshots),
        "history": history(checkpoint),
        "given": [[_names(row, names) for row in look["given"]] for look in looks],
        "output": [[_names(row, names) for row in look["output"]] for look in looks],
        "cross": pack_shares(torch.stack([look["cross"] for look in looks])),
        "decoder_self": pack_shares(torch.stack([look["decoder_self"] for look in looks])),
        "encoder_self": pack_shares(torch.stack([look["encoder_self"] for look in looks])),
        "probabilities": pack_shares(torch.stack([look["probabilities"] for look in looks])),
        "copied": [copied_share(look["cross"], origins).tolist() for look in looks],
        "chance": origins.float().mean().item(),
        "cost": cost_payload(checkpoint.model, source),
    }


def token_names(task: SequenceTask) -> list[str]:
    """A name for each token id."""
    return ["pad", "end", *task.symbols]


def history(checkpoint: TextCheckpoint) -> list[TextAccuracy]:
    """Test accuracies by epoch."""
    return [
        {
            "epoch": row["epoch"],
            "forced": row["test"]["teacher_forced"]["tokens"],
            "free": row["test"]["free_running"]["tokens"],
            "sequences": row["test"]["free_running"]["sequences"],
        }
        for row in checkpoint.card["history"]
    ]


def copied_share(cross: Tensor, origins: Tensor) -> Tensor:
    """Mean weight of an output on the inputs that it is a copy of, (..., T, S) -> (...); the end is not counted.

    In reversal that is the anti-diagonal.

    Args:
        origins: of :meth:`SequenceTask.origins`, (S, S).
    """
    return (cross[..., : len(origins), :] * origins).sum(-1).mean(-1)


@torch.no_grad()
def _look(model: TextTransformer, task: SequenceTask, source: Tensor) -> dict[str, Any]:
    """Both ways in one pass: row 0 is given the answer, row 1 its own output."""
    n_rows = source.shape[1] + 1
    right = torch.tensor([BOUNDARY, *task.answer(source[0].tolist())])
    own = greedy_decode(model, source, cache=KVCache()).tokens[0]
    own_given = F.pad(torch.cat([torch.tensor([BOUNDARY]), own[:-1]]), (0, n_rows - len(own)), value=PAD)
    given = torch.stack([right, own_given])  # (2, T)
    tape = Tape()
    logits = model(source.expand(2, -1), given, tape)
    live = given != PAD  # (2, T)
    live[:, 0] = True
    rows = live[:, None, None, :, None]
    probabilities = logits.softmax(dim=2) * live[:, :, None]
    return {
        "given": [row[alive].tolist() for row, alive in zip(given, live, strict=True)],
        "output": [logits[0].argmax(dim=1).tolist(), own.tolist()],
        "cross": torch.stack(tape.cross, dim=1) * rows,
        "decoder_self": torch.stack(tape.decoder_self, dim=1) * rows,
        "encoder_self": torch.stack(tape.encoder_self, dim=1)[0],  # the same both ways
        "probabilities": probabilities,
    }


def _names(tokens: list[int], names: list[str]) -> list[str]:
    return [names[token] for token in tokens]


@torch.no_grad()
def cost_payload(model: TextTransformer, source: Tensor) -> DecodingCostPayload:
    """Decode a source with a cache, one token more than it has, and count each step."""
    cache = KVCache()
    memory = model.encode(source)
    numbers = []
    target = torch.tensor([[BOUNDARY]])
    for _ in range(source.shape[1] + 1):
        target = model.decode(target, memory, source, cache=cache)[:, -1:].argmax(dim=2)
        numbers.append(cache.numbers)
    steps = range(len(cache.steps))
    return {
        "steps": [_step(step) for step in cache.steps],
        "cached": [step_cost(model, source.shape[1], step, cached=True).total for step in steps],
        "plain": [step_cost(model, source.shape[1], step, cached=False).total for step in steps],
        "numbers": numbers,
        "layers": len(model.decoder),
        "heads": model.n_heads,
        "d_head": model.d_model // model.n_heads,
    }


def _step(step: CacheStep) -> CacheStepPayload:
    return {
        "computed": (step.computed.start, step.computed.stop),
        "read": (step.read.start, step.read.stop),
        "source_computed": (step.source_computed.start, step.source_computed.stop),
        "source_read": (step.source_read.start, step.source_read.stop),
    }
