"""What the Test it view asks for: the same prediction with a part of the picture or of the network taken away."""

from __future__ import annotations

import base64
from typing import Any

import numpy as np
import torch
from torch import Tensor

from vit_explorer.explain.ablation import Ablation, ablated_images, heard_attention, trace_ablated
from vit_explorer.explain.explanations import METHODS, explanation_maps
from vit_explorer.explain.faithfulness import importance_order
from vit_explorer.explain.reading import head_reading, read_patches
from vit_explorer.explain.rollout import rollout
from vit_explorer.explain.trace import Trace
from vit_explorer.figures.explanations import ablation_figure
from vit_explorer.figures.frame import figure_bytes
from vit_explorer.ui.attention.export import BASELINES, file_of, format_of, labels_of, pixels_of, where
from vit_explorer.ui.attention.request import (
    chosen_baseline,
    chosen_heads,
    chosen_patches,
)
from vit_explorer.ui.core.arrays import pack
from vit_explorer.ui.core.downloads import npz_bytes
from vit_explorer.ui.core.errors import Refused, refusing
from vit_explorer.ui.core.requests import (
    LARGEST_SEED,
    Looked,
    looked_at,
    whole,
)
from vit_explorer.ui.core.session import Session


def predict_ablated(session: Session, request: dict[str, Any]) -> dict[str, Any]:
    """Predict with something taken away: {picture, model, fit, erased, baseline, shuffle, muted, positions}.

    Returns:
        ``before`` and ``after``: a probability per class. ``pixels``: the changed picture, uint8 (H, W, 3).
        ``maps``: name, title, packed ``before`` and ``after`` (rows, cols) on one scale, and the ``order`` of the
        patches in the first of them.
    """
    looked = looked_at(session, request)
    ablation = chosen_ablation(looked, request)
    model = looked.checkpoint.model
    with refusing():
        before = trace_ablated(model, looked.inputs, Ablation())
        after = trace_ablated(model, looked.inputs, ablation)
    pixels = ablated_images(model, looked.images.float(), ablation)[0].clamp(0, 255)
    target = int(before.logits[0].argmax())
    names = ["last_attention", "rollout"] if before.attention else ["grad_cam"]
    maps_before = _maps(model, looked.inputs, before, Ablation(), names, target)
    maps_after = _maps(model, ablated_images(model, looked.inputs, ablation), after, ablation, names, target)
    return {
        "before": before.probabilities[0].tolist(),
        "after": after.probabilities[0].tolist(),
        "pixels": pack(pixels.permute(1, 2, 0), "uint8"),
        "maps": [
            {
                "name": name,
                "title": METHODS[name].title,
                "before": pack(maps_before[name]),
                "after": pack(maps_after[name]),
                "order": importance_order(maps_before[name][None])[0].tolist(),
            }
            for name in names
        ],
    }


def chosen_ablation(looked: Looked, request: dict[str, Any]) -> Ablation:
    """The changes of a request, each within its range. Raises Refused."""
    shuffle, positions = request["shuffle"], request["positions"]
    if not isinstance(positions, bool):
        raise Refused("The positions can be kept (true) or dropped (false).")
    return Ablation(
        erased=chosen_patches(looked.checkpoint, request["erased"]),
        baseline=chosen_baseline(request["baseline"]),
        shuffle=None if shuffle is None else whole(shuffle, "The seed of a shuffle", 0, LARGEST_SEED),
        muted=chosen_heads(request["muted"]),
        positions=positions,
    )


def _maps(
    model: torch.nn.Module, inputs: Tensor, traced: Trace, ablation: Ablation, names: list[str], target: int
) -> dict[str, Tensor]:
    """(rows, cols) by name. A muted head is left out of the mean over heads: nothing that it sees goes further."""
    if not traced.attention:
        return {name: found[0] for name, found in explanation_maps(model, inputs, target, names).items()}
    heard = heard_attention(traced, ablation.muted)
    reading = head_reading(model, traced)
    flows = {"last_attention": heard[-1].mean(dim=1), "rollout": rollout(heard, n_prefix=traced.n_prefix)}
    return {name: read_patches(flows[name], reading, traced)[0] for name in names}


def export_test(session: Session, request: dict[str, Any]) -> dict[str, Any]:
    """A prediction before and after something was taken away: as for ``predict_ablated`` and format -> a file."""
    looked = looked_at(session, request)
    ablation, format = chosen_ablation(looked, request), format_of(request)
    answer = predict_ablated(session, request)
    maps = {one["title"]: (_unpack(one["before"]), _unpack(one["after"])) for one in answer["maps"]}
    before, after = np.array(answer["before"]), np.array(answer["after"])
    if format == "npz":
        arrays: dict[str, np.ndarray] = {}
        for one in answer["maps"]:
            arrays |= {f"{one['name']}_{side}": _unpack(one[side]) for side in ("before", "after")}
        data = npz_bytes(
            {**arrays, "before": before, "after": after, "picture": _unpack(answer["pixels"]), **labels_of(looked)}
        )
    else:
        erased = ", ".join(map(str, ablation.erased)) or "none"
        muted = ", ".join(f"layer {layer + 1} head {head + 1}" for layer, head in ablation.muted) or "none"
        caption = (
            f"{where(looked)} Erased patches: {erased}; they become {BASELINES[ablation.baseline]}. "
            f"Shuffled: {'no' if ablation.shuffle is None else f'with seed {ablation.shuffle}'}. Muted heads: {muted}. "
            f"Position embeddings: {'kept' if ablation.positions else 'dropped'}."
        )
        figure = ablation_figure(
            pixels_of(looked), _unpack(answer["pixels"]), maps, looked.checkpoint.class_names, before, after, caption
        )
        data = figure_bytes(figure, format)
    return file_of(looked, "tested", format, data)


def _unpack(packed: dict[str, Any]) -> np.ndarray:
    """What ``pack`` made of numbers, as it was (float32 and uint8 with scale 1 lose nothing)."""
    raw = np.frombuffer(base64.b64decode(packed["data"]), np.dtype(packed["dtype"]).newbyteorder("<"))
    return raw.reshape(packed["shape"])
