"""Test it: the prediction with parts of the image or of the network removed."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, TypedDict

import numpy as np
from torch import Tensor

from vit_explorer.explain.ablation import Ablation, ablated_images, heard_attention, trace_ablated
from vit_explorer.explain.erasing import Baseline
from vit_explorer.explain.explanations import METHODS, explanation_maps, methods_for
from vit_explorer.explain.faithfulness import importance_order
from vit_explorer.explain.readout import patch_readout, readout_weights
from vit_explorer.explain.rollout import rollout
from vit_explorer.explain.trace import Trace
from vit_explorer.figures.explanations import ablation_figure
from vit_explorer.models.network import Network
from vit_explorer.ui.attention.export import BASELINES, labels_of, pixels_of, source_caption, stem_of
from vit_explorer.ui.core.arrays import Packed, pack, pack_pixels
from vit_explorer.ui.core.downloads import FileAnswer, export_file, npz_bytes
from vit_explorer.ui.core.errors import user_errors
from vit_explorer.ui.core.requests import (
    LARGEST_SEED,
    ModelInput,
    ModelRequest,
    Range,
    check_prediction,
    load_input,
    parse_int,
)
from vit_explorer.ui.core.serve import terms
from vit_explorer.ui.core.session import Session

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class AblationRequest(ModelRequest):
    """What is removed: patches by their index, heads as (layer, head) from 0; ``shuffle`` is the seed of the order."""

    erased: tuple[int, ...]
    baseline: Baseline
    shuffle: Annotated[int, Range(0, LARGEST_SEED)] | None
    muted: tuple[tuple[int, int], ...]
    positions: bool

    def ablation(self, seen: ModelInput) -> Ablation:
        """The changes, in order and each once; whether the model has these heads is for the ablation to check.

        Raises:
            UserError: for a patch that the model does not have.
        """
        rows, cols = seen.checkpoint.model.grid
        erased = {parse_int(patch, "A patch", 0, rows * cols - 1) for patch in self.erased}
        return Ablation(
            tuple(sorted(erased)), self.baseline, self.shuffle, tuple(sorted(set(self.muted))), self.positions
        )


class AblatedMap(TypedDict):
    """A map (rows, cols) before and after, and the ``order`` of the patches by importance before."""

    name: str
    title: str
    before: Packed
    after: Packed
    order: list[int]


class NamedMap(TypedDict):
    """A map by which patches can be ranked."""

    name: str
    title: str


class AblationPayload(TypedDict):
    """A probability per class ``before`` and ``after``; the changed image, uint8 (H, W, 3).

    ``orders``: all maps that this network can be explained by; ``maps`` are those on screen.
    """

    before: list[float]
    after: list[float]
    pixels: Packed
    maps: list[AblatedMap]
    orders: list[NamedMap]


@dataclass(frozen=True)
class AblationExport(AblationRequest):
    """The view as it is on screen, and the format of the file."""

    format: str


def predict_ablated(session: Session, request: AblationRequest) -> AblationPayload:
    """Predict with something removed. Raises UserError for what the model does not have."""
    seen = load_input(session, request)
    ablation, model = request.ablation(seen), check_prediction(seen.checkpoint).model
    with user_errors():
        before = session.traces.of(seen.checkpoint, seen.images).traced
        after = before if ablation == Ablation() else trace_ablated(model, seen.inputs, ablation)
    pixels = ablated_images(model, seen.images.float(), ablation).clamp(0, 255)
    target = int(before.logits[0].argmax())
    names = ["last_attention", "rollout"] if before.attention else ["grad_cam"]
    maps_before = _maps(model, seen.inputs, before, Ablation(), names, target)
    maps_after = _maps(model, ablated_images(model, seen.inputs, ablation), after, ablation, names, target)
    return {
        "before": before.probabilities[0].tolist(),
        "after": after.probabilities[0].tolist(),
        "pixels": pack_pixels(pixels),
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
        "orders": [{"name": name, "title": method.title} for name, method in methods_for(model).items()],
    }


def _maps(
    model: Network, inputs: Tensor, traced: Trace, ablation: Ablation, names: list[str], target: int
) -> dict[str, Tensor]:
    """Maps (rows, cols) by name; a muted head is left out of the mean over heads, since it passes nothing on."""
    if not traced.attention:
        return {name: found[0] for name, found in explanation_maps(model, inputs, target, names).items()}
    heard = heard_attention(traced, ablation.muted)
    reading = readout_weights(model, traced)
    flows = {"last_attention": heard[-1].mean(dim=1), "rollout": rollout(heard, n_prefix=traced.n_prefix)}
    return {name: patch_readout(flows[name], reading, traced)[0] for name in names}


@terms(long=True)
def export_ablation(session: Session, request: AblationExport) -> FileAnswer:
    """Write the prediction before and after the ablation to a file."""
    seen, answer = load_input(session, request), predict_ablated(session, request)
    before, after = np.array(answer["before"]), np.array(answer["after"])
    picture = _unpack(answer["pixels"])

    def npz() -> bytes:
        arrays = {f"{one['name']}_before": _unpack(one["before"]) for one in answer["maps"]}
        arrays |= {f"{one['name']}_after": _unpack(one["after"]) for one in answer["maps"]}
        return npz_bytes({**arrays, "before": before, "after": after, "picture": picture, **labels_of(seen)})

    def figure() -> Figure:
        maps = {one["title"]: (_unpack(one["before"]), _unpack(one["after"])) for one in answer["maps"]}
        caption = _caption(seen, request.ablation(seen))
        return ablation_figure(pixels_of(seen), picture, maps, seen.checkpoint.class_names, before, after, caption)

    return export_file(stem_of(seen, "tested"), request.format, figure, {"npz": npz})


def _caption(seen: ModelInput, ablation: Ablation) -> str:
    erased = ", ".join(str(patch + 1) for patch in ablation.erased) or "none"
    muted = ", ".join(f"layer {layer + 1} head {head + 1}" for layer, head in ablation.muted) or "none"
    return (
        f"{source_caption(seen)} Erased patches: {erased}; replaced by {BASELINES[ablation.baseline]}. "
        f"Shuffled: {'no' if ablation.shuffle is None else f'with seed {ablation.shuffle}'}. Muted heads: {muted}. "
        f"Position embeddings: {'kept' if ablation.positions else 'dropped'}."
    )


def _unpack(packed: Packed) -> np.ndarray:
    """The array that ``pack`` was given; exact for float32, and for uint8 with scale 1."""
    raw = np.frombuffer(base64.b64decode(packed["data"]), np.dtype(packed["dtype"]).newbyteorder("<"))
    return raw.reshape(packed["shape"])
