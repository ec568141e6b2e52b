"""Networks of others in the page: given at the start, and those of the catalogue that are on this machine."""

from __future__ import annotations

import gc
from pathlib import Path

import pytest
import torch

from vit_explorer.cost.multiply_adds import vit_multiply_adds
from vit_explorer.models.checkpoint import Checkpoint, CheckpointError, save_checkpoint
from vit_explorer.models.pretrained import open_network, pretrained_models
from vit_explorer.models.pretrained.load import weights_path
from vit_explorer.models.zoo import create_model
from vit_explorer.ui.core import networks
from vit_explorer.ui.core.session import Session
from vit_explorer.ui.frame.frame import list_catalogue

SMALL = {"d_model": 16, "n_heads": 2, "n_layers": 1, "d_ff": 16}
CARD = {
    "model": "vit",
    "overrides": SMALL,
    "dataset": {"name": "shapes", "classes": [f"class {i}" for i in range(10)]},
    "normalise": {"mean": [127.0] * 3, "std": [64.0] * 3},
    "recipe": {"epochs": 3},
}


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    path = tmp_path / "mine.pth"
    torch.save(create_model("vit", **SMALL).state_dict(), path)
    return path


@pytest.fixture
def deit_tiny_here(tmp_path, monkeypatch):
    """A file where DeiT-Tiny's would be; it is not opened."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    path = weights_path(next(entry for entry in pretrained_models() if entry.name == "deit-tiny"))
    path.parent.mkdir(parents=True)
    path.write_bytes(b"not read")
    return path


def test_a_given_network_is_listed_and_shown_first(weights, tmp_path):
    session = Session(checkpoint_folders=[tmp_path / "none"], networks=[open_network(weights)])
    catalogue = list_catalogue(session)
    assert [model["name"] for model in catalogue["models"]] == ["mine"]
    assert catalogue["first"]["model"] == "mine"
    assert session.checkpoint("mine").folder == tmp_path
    # 64 patches of 48 values, one block of 16 dimensions and its MLP on 65 tokens, 10 classes
    assert catalogue["models"][0]["multiply_adds"] == vit_multiply_adds(64, 48, 16, 1, 16, 10)["total"]


def test_two_given_networks_of_one_name_are_refused(weights, tmp_path):
    one = open_network(weights)
    with pytest.raises(ValueError, match="'mine'"):
        Session(checkpoint_folders=[], networks=[one, one])
    save_checkpoint(create_model("vit", **SMALL), CARD, "mine", tmp_path / "folder")
    with pytest.raises(ValueError, match="'mine'"):
        Session(checkpoint_folders=[tmp_path / "folder"], networks=[one])


def test_a_checkpoint_of_this_package_keeps_its_card(tmp_path):
    path = save_checkpoint(create_model("vit", **SMALL), CARD, "own", tmp_path)
    assert open_network(path).card == CARD
    session = Session(checkpoint_folders=[tmp_path], networks=[open_network(path)])
    assert [one.name for one in session.checkpoints()[0]] == ["own"]


def test_a_network_of_the_catalogue_is_listed_where_its_file_is(deit_tiny_here, tmp_path):
    catalogue = list_catalogue(Session(checkpoint_folders=[tmp_path], pretrained=True))
    assert catalogue["models"] == []
    assert [(one["name"], one["top1"]) for one in catalogue["pretrained"]] == [("deit-tiny", 0.722)]
    assert catalogue["first"]["model"] == "deit-tiny"
    assert list_catalogue(Session(checkpoint_folders=[tmp_path]))["pretrained"] == []


def test_a_network_that_waits_to_be_opened_is_a_model_to_look_at(deit_tiny_here, tmp_path):
    assert Session(checkpoint_folders=[tmp_path / "none"], pretrained=True).problems() == []
    (without,) = Session(checkpoint_folders=[tmp_path / "none"]).problems()
    assert "no model" in without


def test_a_damaged_file_of_the_catalogue_is_a_sentence(deit_tiny_here, tmp_path):
    session = Session(checkpoint_folders=[tmp_path], pretrained=True)
    with pytest.raises(CheckpointError, match="SHA-256"):
        session.checkpoint("deit-tiny")
    assert session.checkpoints()[0] == []


def test_a_source_that_is_nowhere_names_the_catalogue():
    with pytest.raises(CheckpointError, match=r"nowhere\.pth.*deit-tiny"):
        open_network("nowhere.pth")


def test_networks_used_longest_ago_leave_the_memory_and_come_back_when_asked_for(tmp_path, monkeypatch):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    read = []

    def load(name: str) -> Checkpoint:
        read.append(name)
        return open_network(create_model("vit", **SMALL), name=name)

    names = [entry.name for entry in pretrained_models()[:3]]
    for entry in pretrained_models()[:3]:
        weights_path(entry).parent.mkdir(parents=True, exist_ok=True)
        weights_path(entry).write_bytes(b"not read")
    monkeypatch.setattr(networks, "load_pretrained", load)
    size = networks.megabytes(load("measured"))
    read.clear()
    session = Session(checkpoint_folders=[tmp_path], pretrained=True, weights_memory=2.5 * size)
    one, two, three = names
    first = session.checkpoint(one)
    kept = session.made_from([], two)  # what an answer that is kept was made from
    assert session.checkpoint(one) is first and read == [one, two]  # in memory once
    session.checkpoint(three)
    assert [network.name for network in session.networks.opened()] == [one, three]
    gc.collect()
    assert kept[0]() is None
    catalogue = list_catalogue(session)
    assert [model["name"] for model in catalogue["models"]] == [one, three]
    assert [model["name"] for model in catalogue["pretrained"]] == [two]  # can still be chosen
    session.checkpoint(two)
    assert read == [one, two, three, two]


def test_a_network_larger_than_the_memory_is_shown_all_the_same(tmp_path, monkeypatch):
    monkeypatch.setattr(networks, "load_pretrained", lambda name: open_network(create_model("vit", **SMALL), name=name))
    session = Session(checkpoint_folders=[tmp_path], pretrained=True, weights_memory=0)
    session.checkpoint("deit-tiny")
    assert session.checkpoint("deit-small").name == "deit-small"
    assert [network.name for network in session.networks.opened()] == ["deit-small"]
