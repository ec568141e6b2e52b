"""One picture in all models: each card's numbers are those of its model used alone; the table is the cards'."""

import base64
import csv
import io
from dataclasses import replace

import numpy as np
import pytest
import torch

from vit_explorer.cost.architectures import architecture_rows, time_architectures
from vit_explorer.data.uploads import fit_picture
from vit_explorer.explain.explanations import explanation_maps
from vit_explorer.figures.architectures import draw_architectures
from vit_explorer.models.checkpoint import save_checkpoint
from vit_explorer.models.zoo import MODELS, create_model
from vit_explorer.ui.compare.picture import compare_order, compare_picture, compare_times
from vit_explorer.ui.compare.table import architectures_csv
from vit_explorer.ui.core.serve import bind
from vit_explorer.ui.core.session import Session

CLASSES = ["arrow", "cross", "moon"]
SMALL = {
    "vit": {"d_model": 16, "n_heads": 2, "n_layers": 2, "d_ff": 16},
    "deit": {"d_model": 16, "n_heads": 2, "n_layers": 2, "d_ff": 16},
    "vit-conv": {"d_model": 16, "n_heads": 2, "n_layers": 1, "d_ff": 16},
    "swin": {"d_model": 8, "depths": (1, 1), "n_heads": (1, 2)},
    "cnn": {"widths": (4, 8)},
}


@pytest.fixture(scope="module")
def session(tmp_path_factory):
    folder = tmp_path_factory.mktemp("checkpoints")
    torch.manual_seed(4)
    for kind, sizes in SMALL.items():
        keep(folder, f"{kind}-a", kind, "cifar10", CLASSES, sizes)
    keep(folder, "b-letters", "vit", "letters", ["x", "y"], SMALL["vit"])
    return Session(checkpoint_folders=[folder])


def keep(folder, name, kind, data, classes, sizes):
    overrides = {**sizes, "img_size": 32, "n_classes": len(classes)}
    model = create_model(kind, **overrides)
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, std=0.3)
    card = {
        "model": kind,
        "overrides": overrides,
        "dataset": {"name": data, "classes": classes, "n_train": 100, "n_test": 40},
        "normalise": {"mean": [120.0] * 3, "std": [60.0] * 3},
        "test_accuracy": 0.75,
        "recipe": {"epochs": 2},
    }
    save_checkpoint(model, card, name, folder)


def ask(session, model="vit-a", target=None):
    return bind(compare_picture, session)({"picture": "shapes:5", "model": model, "fit": "crop", "target": target})


def unpacked(packed):
    return np.frombuffer(base64.b64decode(packed["data"]), packed["dtype"]).reshape(packed["shape"])


def test_those_of_the_same_classes_come_first(session):
    names = [one["name"] for one in ask(session)["results"]]
    assert names[-1] == "b-letters" and set(names[:-1]) == {f"{kind}-a" for kind in SMALL}
    other = ask(session, "b-letters")["results"]
    assert other[0]["name"] == "b-letters" and [one["alike"] for one in other] == [True] + [False] * len(SMALL)


def test_beside_a_network_without_a_head_those_that_come_first_are_alike(session):
    chosen = session.checkpoint("vit-a")
    card = {**chosen.card, "dataset": {**chosen.card["dataset"], "classes": []}}
    usable, _ = session.checkpoints()
    ordered = compare_order(usable, replace(chosen, name="silent", card=card))
    assert [one.name for one in ordered] == [one["name"] for one in ask(session)["results"]]
    assert compare_order([], chosen) == []


@pytest.mark.parametrize("target", [None, "moon"])
def test_each_card_holds_what_its_model_says_and_its_map_for_it(session, target):
    answer = ask(session, target=target)
    picture = session.picture("shapes:5")
    for one in answer["results"]:
        checkpoint = session.checkpoint(one["name"])
        inputs = checkpoint.preprocess(fit_picture(picture.image, 32, "crop")[None])
        with torch.inference_mode():
            alone = checkpoint.model(inputs).softmax(dim=-1)[0]
        assert one["probabilities"] == pytest.approx(alone.tolist(), abs=1e-5)
        explained = "moon" if target and one["alike"] else one["classes"][int(alone.argmax())]
        assert one["explained"] == explained
        name = "grad_cam" if one["architecture"] in ("cnn", "swin") else "gradient_rollout"
        expected = explanation_maps(checkpoint.model, inputs, one["classes"].index(explained), [name])[name][0]
        map_ = unpacked(one["map"])
        assert map_.shape == tuple(checkpoint.model.grid)
        assert np.allclose(map_ * float(expected.sum()), expected.numpy(), atol=1e-5)
        assert map_.sum() == pytest.approx(1, abs=1e-4) or not expected.any()
        assert one["method"] == {"grad_cam": "Grad-CAM", "gradient_rollout": "Gradient rollout"}[name]


def test_every_model_is_timed(session):
    times = bind(compare_times, session)({"picture": "shapes:5", "fit": "crop"})
    assert set(times["seconds"]) == {one["name"] for one in ask(session)["results"]} and times["timed_passes"] == 3
    assert all(seconds > 0 for seconds in times["seconds"].values())


def test_the_rows_are_the_cards_and_the_kinds_without_weights(session):
    rows = {row["name"]: row for row in architecture_rows(session.checkpoints()[0])}
    assert set(rows) == {*(f"{kind}-a" for kind in SMALL), "b-letters", "hybrid"}
    assert rows["hybrid"]["parameters"] == MODELS["hybrid"].parameters and rows["hybrid"]["test_accuracy"] is None
    vit = rows["vit-a"]
    assert (vit["law"], vit["tokens"], vit["test_accuracy"], vit["n_train"], vit["epochs"]) == ("N²", 65, 0.75, 100, 2)
    assert vit["twice"] / vit["multiply_adds"] == vit["doubled"] > 4
    assert rows["cnn-a"]["law"] is None and rows["swin-a"]["law"] == "N · 4²"
    at_once = {row["name"]: row for row in architecture_rows(session.checkpoints()[0], grown=False)}
    assert at_once["vit-a"] == {**vit, "doubled": None, "twice": None}


def test_every_row_can_be_timed(session):
    events = time_architectures(session.checkpoints()[0])
    names = {next(events).name for _ in range(7)}
    assert names == {row["name"] for row in architecture_rows(session.checkpoints()[0], grown=False)}


def test_the_table_as_csv(session):
    spread = {"median": 0.002, "per_second": 500.0, "batch": 1}
    many = {"median": 0.1, "per_second": 640.0, "batch": 64}
    measured = {
        "machine": "Xeon, 2 threads", "threads": 2, "torch": "2.14", "date": "2026-11-23",
        "models": {"vit-a": {"latency": spread, "throughput": many}},
    }  # fmt: skip
    rows = architecture_rows(session.checkpoints()[0])
    lines = {line["checkpoint"]: line for line in csv.DictReader(io.StringIO(architectures_csv(rows, measured)))}
    assert len(lines) == len(rows)
    vit = lines["vit-a"]
    assert (vit["latency, s"], vit["pictures a second"], vit["batch"]) == ("0.002", "640.0", "64")
    assert vit["measured on"] == "Xeon, 2 threads" and float(vit["test accuracy"]) == 0.75
    assert lines["cnn-a"]["latency, s"] == "" and lines["cnn-a"]["measured on"] == ""
    plain = csv.DictReader(io.StringIO(architectures_csv(rows, None)))
    assert [int(line["multiply-adds a picture"]) for line in plain] == [row["multiply_adds"] for row in rows]


def test_the_figure_holds_the_networks_tested_on_the_same_pictures(session):
    rows, data = architecture_rows(session.checkpoints()[0]), session.checkpoint("vit-a").card["dataset"]["name"]
    figure = draw_architectures(rows, None, data)
    texts = [text.get_text() for text in figure.axes[1].texts]
    tested = [row for row in rows if row["data"] == data and row["test_accuracy"] is not None]
    assert {row["short"] for row in tested} <= set(texts) and len(tested) == len(figure.axes[0].lines)
    assert any("Times were not measured." in " ".join(text.get_text().split()) for text in figure.texts)
    with pytest.raises(ValueError, match="no model to draw"):
        draw_architectures(rows, None, "nothing")
