"""One sequence in a text network at every snapshot of its training: outputs, attention, probabilities, costs."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from vit_explorer.text import (
    BOUNDARY,
    PAD,
    KVCache,
    SequenceTask,
    Tape,
    TextCheckpoint,
    TextTransformer,
    greedy_decode,
    step_cost,
)
from vit_explorer.ui.core.arrays import pack_shares
from vit_explorer.ui.core.errors import Answer
from vit_explorer.ui.text.networks import SequenceRequest, TextNetworks

WAYS = ("forced", "free")  # the decoder is given the right symbols so far, or its own


def sequence_payload(networks: TextNetworks, request: SequenceRequest) -> Answer:
    """All that the tab draws of a sequence, so that pointing needs no request.

    Arrays have the axes E (snapshots), 2 (WAYS), layers, heads, T (output positions, the end among them), S (input).

    Returns:
        ``epochs``: of the snapshots. ``given``, ``output``: per snapshot and way, token names that the decoder is given
        and predicts; in free running they end where the output ends, and rows after it are 0 in all arrays.
        ``cross``: (E, 2, layers, heads, T, S). ``decoder_self``: (E, 2, layers, heads, T, T). ``encoder_self``: (E,
        layers, heads, S, S). ``probabilities``: (E, 2, T, vocabulary), ``names`` of the last axis.
        ``anti_diagonal``: (E, 2, layers, heads), mean weight of output t on the input it must copy. ``history``:
        test accuracies by epoch, from the card. ``cost``: see :func:`cost_payload`.
    """
    checkpoint, snapshots, ids = networks.read(request.text)
    task, source = checkpoint.task, torch.tensor([ids])
    names = token_names(task)
    looks = [_look(model, task, source) for model in snapshots.values()]
    answer = task.answer(ids)
    return {
        "text": task.write(ids),
        "answer": task.write(answer),
        "network": checkpoint.name,
        "task": asdict(task),
        "symbols": task.symbols,
        "names": names,
        "n_test": checkpoint.card["recipe"]["n_test"],
        "n_train": checkpoint.card["recipe"]["n_train"],
        "parameters": checkpoint.card["parameters"],
        "epochs": list(snapshots),
        "history": history(checkpoint),
        "given": [[_names(row, names) for row in look["given"]] for look in looks],
        "output": [[_names(row, names) for row in look["output"]] for look in looks],
        "cross": pack_shares(torch.stack([look["cross"] for look in looks])),
        "decoder_self": pack_shares(torch.stack([look["decoder_self"] for look in looks])),
        "encoder_self": pack_shares(torch.stack([look["encoder_self"] for look in looks])),
        "probabilities": pack_shares(torch.stack([look["probabilities"] for look in looks])),
        "anti_diagonal": [anti_diagonal(look["cross"], len(ids)).tolist() for look in looks],
        "cost": cost_payload(checkpoint.model, source),
    }


def token_names(task: SequenceTask) -> list[str]:
    """A name for each token id."""
    return ["pad", "end", *task.symbols]


def history(checkpoint: TextCheckpoint) -> list[dict[str, float]]:
    """Test accuracies of tokens by epoch: {epoch, forced, free, sequences}."""
    return [
        {
            "epoch": row["epoch"],
            "forced": row["test"]["teacher_forced"]["tokens"],
            "free": row["test"]["free_running"]["tokens"],
            "sequences": row["test"]["free_running"]["sequences"],
        }
        for row in checkpoint.card["history"]
    ]


def anti_diagonal(cross: Tensor, n_source: int) -> Tensor:
    """Mean weight of output t on input n_source - 1 - t, (..., T, S) -> (...); the end is not counted.

    It is 1 for a network that reads the input backwards and looks nowhere else, and 1 / n_source by chance.
    """
    return cross[..., :n_source, :].flip(-1).diagonal(dim1=-2, dim2=-1).mean(-1)


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
def cost_payload(model: TextTransformer, source: Tensor) -> dict[str, Any]:
    """Keys and values of each decoding step, as a cache records them, and multiply-adds by their formulas.

    Returns:
        ``steps``: per step {computed, read, source_computed, source_read}, [first, last + 1] positions. ``with``,
        ``without``: multiply-adds per step by their part, ``total`` among them. ``numbers``: kept in the cache per
        step. ``layers``, ``heads``, ``d_head``: of the decoder.
    """
    cache = KVCache()
    memory = model.encode(source)
    numbers = []
    target = torch.tensor([[BOUNDARY]])
    for _ in range(source.shape[1] + 1):
        target = model.decode(target, memory, source, cache=cache)[:, -1:].argmax(dim=2)
        numbers.append(cache.numbers)
    n_steps = len(cache.steps)
    return {
        "steps": [{key: [part.start, part.stop] for key, part in vars(step).items()} for step in cache.steps],
        "with": [_cost(model, source.shape[1], step, cached=True) for step in range(n_steps)],
        "without": [_cost(model, source.shape[1], step, cached=False) for step in range(n_steps)],
        "numbers": numbers,
        "layers": len(model.decoder),
        "heads": model.n_heads,
        "d_head": model.d_model // model.n_heads,
    }


def _cost(model: TextTransformer, n_source: int, step: int, cached: bool) -> dict[str, int]:
    cost = step_cost(model, n_source, step, cached)
    return asdict(cost) | {"total": cost.total}
