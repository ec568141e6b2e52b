"""Files of the Attention tab's answers: figures with all their settings in the caption, and arrays."""

from __future__ import annotations

import base64
from typing import Any

import numpy as np

from vit_explorer.explain.distance import attention_entropy, mean_attention_distance, patch_distances
from vit_explorer.explain.lens import logit_lens
from vit_explorer.explain.trace import trace
from vit_explorer.figures.explanations import Explained, ablation_figure, explanations_figure, layers_figure
from vit_explorer.figures.frame import MIME, figure_bytes
from vit_explorer.ui.attention.ablate import chosen_ablation, predict_ablated
from vit_explorer.ui.attention.explain import N_RANDOM, make_maps, measure
from vit_explorer.ui.core.downloads import file_answer, npz_bytes
from vit_explorer.ui.core.errors import Refused
from vit_explorer.ui.core.requests import Looked, chosen_baseline, chosen_class, looked_at
from vit_explorer.ui.core.session import Session

BASELINES = {"blurred": "the blurred picture", "mean": "the picture's mean colour"}


def export_explanations(session: Session, request: dict[str, Any]) -> dict[str, Any]:
    """Maps and curves of one prediction: {picture, model, fit, target, baseline, format} -> a file."""
    looked = looked_at(session, request)
    baseline, format = chosen_baseline(request["baseline"]), _format(request)
    made = make_maps(looked, chosen_class(looked.checkpoint, request["target"]))
    scores = measure(looked, made, baseline)
    curves = {name: found.numpy() for name, found in scores.probabilities.items()}
    name = looked.checkpoint.class_names[made.target]
    if format == "npz":
        arrays = {f"map_{method}": found.numpy() for method, found in made.maps.items()}
        n = len(made.maps)
        for measured, found in curves.items():
            arrays |= {f"{measured}_{method}": found[index] for index, method in enumerate(made.maps)}
            arrays[f"{measured}_random"] = found[n:]
        arrays |= {"maps_random": made.random.numpy(), "fractions": scores.fractions.numpy(), **_about(looked)}
        data = npz_bytes({**arrays, "target": np.array(name), "baseline": np.array(baseline)})
    else:
        explained = [
            Explained(
                made.methods[method].title,
                found.numpy(),
                {measured: (scores.judged[measured][index].area, curves[measured][index]) for measured in curves},
            )
            for index, (method, found) in enumerate(made.maps.items())
        ]
        n = len(made.maps)
        random = {m: (float(np.mean(scores.random_areas[m])), curves[m][n:].mean(axis=0)) for m in curves}
        spans = {measured: _span(found) for measured, found in scores.random_areas.items()}
        caption = (
            f"{_where(looked)} Class: {name} ({made.target}). An erased patch becomes {BASELINES[baseline]}; one patch "
            f"a step, {len(scores.fractions) - 1} steps, area by the trapezoidal rule. Random: mean of {N_RANDOM} "
            f"maps, deletion {spans['deletion']}, insertion {spans['insertion']}. Each map has its own scale, printed "
            "above it: the methods' units differ."
        )
        figure = explanations_figure(
            _pixels(looked), explained, random, scores.fractions.numpy(), f"Why {name}?", caption
        )
        data = figure_bytes(figure, format)
    return _file(looked, "explained", format, data)


def export_test(session: Session, request: dict[str, Any]) -> dict[str, Any]:
    """A prediction before and after something was taken away: as for ``predict_ablated`` and format -> a file."""
    looked = looked_at(session, request)
    ablation, format = chosen_ablation(looked, request), _format(request)
    answer = predict_ablated(session, request)
    maps = {one["title"]: (_unpack(one["before"]), _unpack(one["after"])) for one in answer["maps"]}
    before, after = np.array(answer["before"]), np.array(answer["after"])
    if format == "npz":
        arrays = {}
        for one in answer["maps"]:
            arrays |= {f"{one['name']}_{side}": _unpack(one[side]) for side in ("before", "after")}
        data = npz_bytes(
            {**arrays, "before": before, "after": after, "picture": _unpack(answer["pixels"]), **_about(looked)}
        )
    else:
        erased = ", ".join(map(str, ablation.erased)) or "none"
        muted = ", ".join(f"layer {layer + 1} head {head + 1}" for layer, head in ablation.muted) or "none"
        caption = (
            f"{_where(looked)} Erased patches: {erased}; they become {BASELINES[ablation.baseline]}. "
            f"Shuffled: {'no' if ablation.shuffle is None else f'with seed {ablation.shuffle}'}. Muted heads: {muted}. "
            f"Position embeddings: {'kept' if ablation.positions else 'dropped'}."
        )
        figure = ablation_figure(
            _pixels(looked), _unpack(answer["pixels"]), maps, looked.checkpoint.class_names, before, after, caption
        )
        data = figure_bytes(figure, format)
    return _file(looked, "tested", format, data)


def export_layers(session: Session, request: dict[str, Any]) -> dict[str, Any]:
    """The logit lens and the heads' distances: {picture, model, fit, format} -> a file."""
    looked = looked_at(session, request)
    format, model = _format(request), looked.checkpoint.model
    traced = trace(model, looked.inputs)
    if not traced.attention:
        raise Refused(f"{looked.checkpoint.name} has no attention: it has no heads, and its head reads its last stage.")
    patch_size = model.img_size / traced.grid[1]
    lens = logit_lens(model, traced)[0].softmax(dim=-1).numpy()
    distance = mean_attention_distance(traced.attention, traced.grid, traced.n_prefix, patch_size)[0].numpy()
    if format == "npz":
        entropy = attention_entropy(traced.attention)[0].numpy()
        data = npz_bytes({"lens": lens, "distance": distance, "entropy": entropy, **_about(looked)})
    else:
        uniform = float(patch_distances(traced.grid, patch_size).mean())
        caption = (
            f"{_where(looked)} Left: the model's own norm and head read after the embedding and after each block. "
            f"Right: mean distance in pixels from a patch to what it attends to, per head; dashed: {uniform:.2f}, that "
            "of attention to all patches alike."
        )
        figure = layers_figure(lens, looked.checkpoint.class_names, distance, uniform, caption)
        data = figure_bytes(figure, format)
    return _file(looked, "layers", format, data)


def _format(request: dict[str, Any]) -> str:
    format = request["format"]
    if format not in ("npz", *MIME):
        raise Refused(f"A file can be npz, {', '.join(MIME)}, not {str(format)[:20]}.")
    return format


def _file(looked: Looked, what: str, format: str, data: bytes) -> dict[str, Any]:
    picture = "".join(c if c.isalnum() else "-" for c in looked.picture.name)[:40]
    return file_answer(f"{looked.checkpoint.name}-{picture}-{what}", format, data)


def _where(looked: Looked) -> str:
    """Picture, model and data: what every caption begins with."""
    truth = f", labelled {looked.picture.truth}" if looked.picture.truth else ""
    data = looked.checkpoint.card["dataset"]["name"]
    return f"{looked.picture.title}{truth}, in {looked.checkpoint.name} trained on {data}."


def _about(looked: Looked) -> dict[str, np.ndarray]:
    return {"model": np.array(looked.checkpoint.name), "classes": np.array(looked.checkpoint.class_names)}


def _pixels(looked: Looked) -> np.ndarray:
    return looked.images[0].permute(1, 2, 0).numpy()


def _span(areas: list[float]) -> str:
    return f"{min(areas):.3f} to {max(areas):.3f}"


def _unpack(packed: dict[str, Any]) -> np.ndarray:
    """What ``pack`` made of numbers, as it was (float32 and uint8 with scale 1 lose nothing)."""
    raw = np.frombuffer(base64.b64decode(packed["data"]), np.dtype(packed["dtype"]).newbyteorder("<"))
    return raw.reshape(packed["shape"])
