"""The page on a network, started from Python without blocking."""

from __future__ import annotations

import json
import urllib.request

import pytest
import timm
import torch

import vit_explorer
from vit_explorer.models.checkpoint import CheckpointError
from vit_explorer.ui.core.threads import LARGE, share_cores
from vit_explorer.ui.explore import Exploration


def small_deit() -> torch.nn.Module:
    torch.manual_seed(0)
    return timm.create_model("deit_tiny_patch16_224", depth=2, num_classes=3)


@pytest.fixture
def explored(tmp_path):
    opened = vit_explorer.explore(
        small_deit(), ["cat", "dog", "cow"], name="mine", show=False, block=False, runs=tmp_path
    )
    yield opened
    opened.close()


def asked(explored: Exploration, function: str, request: dict) -> dict:
    """The answer of a server function of the frame, as its script gets it."""
    config = json.load(urllib.request.urlopen(f"{explored.url}config"))
    frame = next(one for one in config["components"] if one["props"].get("elem_id") == "frame")
    body = {"data": request, "component_id": frame["id"], "fn_name": function, "session_hash": "test"}
    sent = urllib.request.Request(
        f"{explored.url}gradio_api/component_server", json.dumps(body).encode(), {"Content-Type": "application/json"}
    )
    return json.load(urllib.request.urlopen(sent))


def test_a_timm_network_is_served_with_its_labels(explored):
    traced = asked(explored, "analyse", {"picture": "sample:cat", "model": "mine", "fit": "crop"})
    assert traced["classes"] == ["cat", "dog", "cow"]
    assert sum(traced["probabilities"]) == pytest.approx(1, abs=1e-5)
    assert (traced["size"], traced["grid"], traced["attention"]["shape"]) == (224, [14, 14], [2, 3, 197, 197])


def test_what_is_no_network_of_ours_is_refused():
    with pytest.raises(CheckpointError):
        vit_explorer.explore(torch.nn.Linear(2, 2), show=False, block=False)


@pytest.mark.parametrize(("busy", "most"), [(True, 1), (False, 3)])
def test_a_large_network_uses_all_cores_while_nothing_trains(monkeypatch, busy, most):
    monkeypatch.setattr("os.cpu_count", lambda: 3)
    counted: list[int] = []

    class Counting(torch.nn.Module):
        def __init__(self, parameters: int) -> None:
            super().__init__()
            self.weight = torch.nn.Parameter(torch.zeros(parameters))

        def forward(self) -> None:
            counted.append(torch.get_num_threads())

    for parameters in (LARGE, LARGE - 1):
        model = Counting(parameters)
        share_cores(model, lambda: busy)
        model()
    assert counted == [most, 1]
    assert torch.get_num_threads() == 1
