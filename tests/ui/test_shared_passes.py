"""One forward pass of an image serves every view that reads it, and no view changes what was recorded."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch

from vit_explorer.explain.trace import Trace, trace
from vit_explorer.ui.attention.ablate import predict_ablated
from vit_explorer.ui.attention.features import feature_maps
from vit_explorer.ui.attention.heads import attention_layer, attention_matrix, attention_rows
from vit_explorer.ui.attention.layers import export_layers
from vit_explorer.ui.attention.rollout import rollout_stack
from vit_explorer.ui.core.pictures import available_samples
from vit_explorer.ui.core.serve import bind
from vit_explorer.ui.core.session import Session
from vit_explorer.ui.features.colours import GalleryBases, feature_colour_maps
from vit_explorer.ui.features.export import export_features
from vit_explorer.ui.features.networks import two_networks
from vit_explorer.ui.features.similarity import feature_similarities
from vit_explorer.ui.payloads import trace_payload
from vit_explorer.ui.windows.payload import window_weights, windows_payload

PICTURE, SECOND = "sample:cat", "sample:bus"
OWN = {"window": None, "shift": None, "side": None}
NOTHING = {"erased": [], "baseline": "mean", "shuffle": None, "muted": [], "positions": True}
ROLLOUT = {"head_fusion": "mean", "discard_ratio": 0.3, "residual": True, "start_layer": 0, "matrices": True}
COLOURS = {"second": SECOND, "fit_on": "both", "drop": True}
VIEWS: dict[str, list[tuple[Callable[..., Any], dict[str, Any]]]] = {
    "vit-cifar10": [
        (attention_rows, {"token": 3}),
        (attention_layer, {"layer": 1}),
        (attention_matrix, {"layer": 1, "head": 2}),
        (rollout_stack, ROLLOUT),
        (predict_ablated, NOTHING),
        (export_layers, {"format": "npz"}),
        (feature_colour_maps, COLOURS),
        (feature_similarities, {"second": SECOND, "block": 2}),
        (export_features, {**COLOURS, "block": 2, "query": 4, "format": "npz"}),
        (two_networks, {"beside": "deit-cifar10", "block": None}),
    ],
    "swin-cifar10": [
        (feature_maps, {}),
        (windows_payload, OWN),
        (window_weights, {**OWN, "blocks": [0, 1]}),
        (feature_similarities, {"second": SECOND, "block": 0}),
    ],
}
OTHERS = {"vit-cifar10": 2, "swin-cifar10": 1}  # passes of another image or another network


@pytest.mark.parametrize("model", VIEWS)
def test_all_views_of_an_image_read_one_pass_and_leave_it_as_it_was(model, monkeypatch):
    passes: list[Trace] = []

    def counted(*parts) -> Trace:
        passes.append(trace(*parts))
        return passes[-1]

    monkeypatch.setattr("vit_explorer.ui.core.traces.trace", counted)
    session, gallery = Session(), GalleryBases()
    checkpoint = session.checkpoint(model)
    trace_payload(session.traces, session.picture(PICTURE), checkpoint, "crop")
    before = [tensor.clone() for tensor in tensors(passes[0])]
    for function, fields in VIEWS[model]:
        context = (session, gallery) if function in (feature_colour_maps, export_features) else (session,)
        bind(function, *context)({"picture": PICTURE, "model": model, "fit": "crop", **fields})
    assert len(passes) == 1 + OTHERS[model]
    for was, now in zip(before, tensors(passes[0]), strict=True):
        assert torch.equal(was, now)


def tensors(traced: Trace) -> list[torch.Tensor]:
    return [traced.logits, *traced.attention, *traced.hidden, *(record.weights for record in traced.windows)]


def test_the_gallery_is_seen_once_for_all_pictures(monkeypatch):
    passes: list[Any] = []

    def counted(*parts) -> Trace:
        passes.append(parts)
        return trace(*parts)

    monkeypatch.setattr("vit_explorer.ui.features.colours.trace", counted)
    session = Session()
    ask = bind(feature_colour_maps, session, GalleryBases())
    seen = []
    for picture, drop in ((PICTURE, True), (SECOND, True), (PICTURE, False)):
        request = {**COLOURS, "fit_on": "gallery", "drop": drop}
        ask({"picture": picture, "model": "vit-cifar10", "fit": "crop", **request})
        seen.append(len(passes))
    photos = len(available_samples())
    assert seen == [photos, photos, 2 * photos]
