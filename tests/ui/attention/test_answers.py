"""What the answering views of the Attention tab ask for: the numbers of explain, and refusals in sentences."""

import base64
import io
from dataclasses import dataclass
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from PIL import Image

from vit_explorer.data.uploads import fit_picture
from vit_explorer.explain.ablation import Ablation, ablated_images, heard_attention, trace_ablated
from vit_explorer.explain.costs import head_costs, patch_costs
from vit_explorer.explain.erasing import baseline_images
from vit_explorer.explain.explanations import explanation_maps, methods_for, random_maps
from vit_explorer.explain.faithfulness import deletion_curve, insertion_curve, usual_steps
from vit_explorer.explain.trace import trace
from vit_explorer.models import create_model, load_checkpoint, save_checkpoint
from vit_explorer.models.checkpoint import Checkpoint
from vit_explorer.ui.attention.ablate import export_ablation, predict_ablated
from vit_explorer.ui.attention.explain import (
    N_RANDOM,
    MapsRequest,
    explain_maps,
    explain_progress,
    explain_scores,
    export_explanations,
    judge,
    leave_scores,
)
from vit_explorer.ui.attention.features import N_CHANNELS, feature_maps
from vit_explorer.ui.attention.layers import export_layers
from vit_explorer.ui.attention.tryall import leave_try, square_side, try_all, try_progress, turns
from vit_explorer.ui.core.errors import UserError
from vit_explorer.ui.core.requests import load_input
from vit_explorer.ui.core.serve import bind, serve
from vit_explorer.ui.core.session import Session
from vit_explorer.ui.core.watch import Left, Watch

SIZES = {"img_size": 16, "patch_size": 4, "d_model": 32, "n_heads": 2, "n_layers": 2, "d_ff": 64, "n_classes": 4}
UNTOUCHED = {"erased": [], "baseline": "blurred", "shuffle": None, "muted": [], "positions": True}


@dataclass(frozen=True)
class Visit:
    session: Session
    picture: str
    images: torch.Tensor

    def model(self, name: str) -> Checkpoint:
        return load_checkpoint(name, self.session.checkpoint_folders)

    def ask(self, model: str = "small", **fields) -> dict:
        return {"picture": self.picture, "model": model, "fit": "crop", **fields}


@pytest.fixture(scope="module")
def visit(tmp_path_factory: pytest.TempPathFactory) -> Visit:
    folder = tmp_path_factory.mktemp("checkpoints")
    torch.manual_seed(0)
    for name, architecture, options in [
        ("small", "vit", SIZES),
        ("convolutional", "cnn", {"img_size": 16, "n_classes": 4}),
    ]:
        model = create_model(architecture, **options)
        if architecture == "vit":
            with torch.no_grad():
                for weights in model.parameters():
                    weights.normal_(std=0.3)
        card = {
            "model": architecture,
            "overrides": options,
            "dataset": {"name": "four animals", "classes": ["ant", "bee", "cat", "dog"]},
            "normalise": {"mean": [120.0] * 3, "std": [60.0] * 3},
            "recipe": {"epochs": 1},
        }
        save_checkpoint(model, card, name, folder)
    session = Session(checkpoint_folders=[folder])
    noise = np.random.default_rng(0).integers(0, 256, (16, 16, 3), dtype=np.uint8)
    file = io.BytesIO()
    Image.fromarray(noise).save(file, "PNG")
    picture = session.keep_upload(file.getvalue(), "noise")
    return Visit(session, picture.name, fit_picture(picture.image, 16)[None])


def unpacked(packed: dict) -> np.ndarray:
    data = np.frombuffer(base64.b64decode(packed["data"]), packed["dtype"]).reshape(packed["shape"])
    return data * packed["scale"]


@pytest.mark.parametrize("name", ["small", "convolutional"])
def test_maps_and_scores_are_those_of_explain(visit, name):
    checkpoint = visit.model(name)
    model, inputs = checkpoint.model, checkpoint.preprocess(visit.images)
    answer = bind(explain_scores, visit.session, Watch())(visit.ask(name, target=2, baseline="mean"))
    maps = explanation_maps(model, inputs, 2)
    assert [method["name"] for method in answer["methods"]] == list(maps)
    for method in answer["methods"]:
        found = maps[method["name"]]
        np.testing.assert_allclose(unpacked(method["map"]), found[0], atol=1e-6)
        for measure, curve_of in (("deletion", deletion_curve), ("insertion", insertion_curve)):
            curve = curve_of(model, inputs, found, 2, "mean")
            assert method[measure]["area"] == pytest.approx(curve.area.item(), abs=1e-5)
            assert method[measure]["probabilities"] == pytest.approx(curve.probabilities[0].tolist(), abs=1e-5)
            assert answer["fractions"] == curve.fractions.tolist()
    drawn = random_maps(model.grid, N_RANDOM // 2)
    random = torch.cat([drawn, 1 - drawn])
    curve = deletion_curve(model, inputs.expand(N_RANDOM, -1, -1, -1), random, 2, "mean")
    yardstick = answer["yardstick"]["deletion"]
    assert yardstick["mean"] == pytest.approx(curve.area.mean().item(), abs=1e-5)
    assert (yardstick["low"], yardstick["high"]) == pytest.approx(
        (curve.area.min().item(), curve.area.max().item()), abs=1e-5
    )
    assert yardstick["probabilities"] == pytest.approx(curve.probabilities.mean(dim=0).tolist(), abs=1e-5)
    np.testing.assert_allclose(unpacked(answer["random"]), random[0], atol=1e-6)
    erased = baseline_images(visit.images.float(), "mean")[0].permute(1, 2, 0)
    np.testing.assert_allclose(unpacked(answer["baseline_pixels"]), erased, atol=0.501)


def test_scores_stop_when_the_page_that_waited_for_them_has_left(visit):
    watch, question = Watch(), visit.ask(target=2, baseline="mean")
    of = {"question": question, "page": "one"}
    waiting = bind(explain_progress, visit.session, watch)(of)
    assert waiting == {"share": None, "patches": 0, "n_patches": 16}
    bind(leave_scores, watch)(of)
    with pytest.raises(Left):
        bind(explain_scores, visit.session, watch)(question)
    assert bind(explain_scores, visit.session, watch)(question)["target"] == 2  # by whom no page follows


@pytest.mark.parametrize(
    ("grid", "size", "steps"),
    [
        ((8, 8), 32, 64),
        ((8, 8), 64, 64),
        ((14, 14), 224, 28),
        ((7, 7), 224, 28),
        ((16, 16), 64, 28),
        ((32, 32), 128, 28),
    ],
)
def test_curves_of_large_networks_have_few_steps(grid, size, steps):
    assert usual_steps(SimpleNamespace(grid=grid, img_size=size)) == steps


def test_without_a_class_the_predicted_one_is_explained(visit):
    checkpoint = visit.model("small")
    top = int(trace(checkpoint.model, checkpoint.preprocess(visit.images)).logits.argmax())
    assert bind(explain_maps, visit.session)(visit.ask(target=None))["target"] == top


def test_only_what_beats_every_random_map_is_best_and_ties_share_it():
    judged = judge([0.2, 0.2004, 0.45, 0.9, 0.1], [0.4, 0.5], True, [False] * 4 + [True])
    assert [one.verdict for one in judged] == ["better", "better", "like", "worse", "none"]
    assert [one.best for one in judged] == [True, True, False, False, False]
    assert not any(one.best for one in judge([0.1, 0.45], [0.4, 0.5], False, [False] * 2))
    assert [one.best for one in judge([0.6, 0.7], [0.4, 0.5], False, [False] * 2)] == [False, True]


@pytest.mark.parametrize("name", ["small", "convolutional"])
def test_a_tested_prediction_is_the_ablated_one(visit, name):
    checkpoint = visit.model(name)
    model, inputs = checkpoint.model, checkpoint.preprocess(visit.images)
    vit = name == "small"
    fields = {"erased": [5, 2, 5], "baseline": "mean", "shuffle": 3}
    fields |= {"muted": [[1, 0]] if vit else [], "positions": not vit}
    answer = bind(predict_ablated, visit.session)(visit.ask(name, **fields))
    assert [one["name"] for one in answer["orders"]] == list(methods_for(model))
    ablation = Ablation((2, 5), "mean", 3, ((1, 0),) if vit else (), not vit)
    after = trace_ablated(model, inputs, ablation)
    assert answer["before"] == pytest.approx(trace(model, inputs).probabilities[0].tolist(), abs=1e-6)
    assert answer["after"] == pytest.approx(after.probabilities[0].tolist(), abs=1e-6)
    pixels = ablated_images(model, visit.images.float(), ablation)[0].permute(1, 2, 0)
    np.testing.assert_allclose(unpacked(answer["pixels"]), pixels, atol=0.501)
    expected = after.attention[-1][0, 1, 0, 1:] if vit else explanation_maps(
        model, ablated_images(model, inputs, ablation), answer["before"].index(max(answer["before"]))
    )["grad_cam"].flatten()  # fmt: skip
    np.testing.assert_allclose(unpacked(answer["maps"][0]["after"]).flatten(), expected, atol=1e-5)


@pytest.mark.parametrize("name", ["small", "convolutional"])
def test_all_tried_is_what_the_package_says_and_stops_when_the_page_has_left(visit, name):
    checkpoint = visit.model(name)
    model, inputs = checkpoint.model, checkpoint.preprocess(visit.images)
    asked = visit.ask(name, baseline="mean")
    answer = bind(try_all, visit.session, Watch())(asked)
    probabilities = trace(model, inputs).probabilities[0]
    target = int(probabilities.argmax())
    assert (answer["target"], answer["side"]) == (target, 1)
    assert answer["probability"] == pytest.approx(float(probabilities[target]), abs=1e-6)
    np.testing.assert_allclose(unpacked(answer["patches"]), patch_costs(model, inputs, target, "mean"), atol=1e-6)
    if name == "small":
        np.testing.assert_allclose(unpacked(answer["heads"]), head_costs(model, inputs, target), atol=1e-6)
        alone = [(i, j) for i, heads in enumerate(unpacked(answer["heads"])) for j in range(len(heads))]
        says = [trace_ablated(model, inputs, Ablation(muted=(head,))).probabilities[0] for head in alone]
        answers = [[*head, int(told.argmax())] for head, told in zip(alone, says, strict=True)]
        assert answer["heads_turn"] == [one for one in answers if one[2] != target]
    else:
        assert answer["heads"] is None
    watch, page = Watch(), {"question": asked, "page": "one"}
    assert bind(try_progress, watch)(page) == {"share": None}
    bind(leave_try, watch)(page)
    with pytest.raises(Left):
        bind(try_all, visit.session, watch)(asked)


@pytest.mark.parametrize(
    ("grid", "size", "side"),
    [((8, 8), 32, 1), ((8, 8), 64, 1), ((14, 14), 224, 2), ((7, 7), 224, 1), ((16, 16), 224, 2), ((32, 32), 128, 4)],
)
def test_of_a_large_network_squares_of_patches_are_tried(grid, size, side):
    assert square_side(SimpleNamespace(grid=grid, img_size=size)) == side


def test_a_hybrid_is_explained_by_the_maps_of_its_attention_and_by_grad_cam():
    session = Session()
    model = session.checkpoint("hybrid-cifar10").model
    request = MapsRequest("sample:cheetah", "hybrid-cifar10", "crop", target=3)
    found = {one["name"]: one for one in explain_maps(session, request)["methods"]}
    assert [*found] == [*methods_for(model)] and "grad_cam" in found
    expected = explanation_maps(model, load_input(session, request).inputs, 3, ["grad_cam"])["grad_cam"][0]
    assert expected.max() > 0
    np.testing.assert_allclose(unpacked(found["grad_cam"]["map"]), expected, atol=float(expected.max()) / 100)


def test_nothing_taken_away_changes_nothing(visit):
    answer = bind(predict_ablated, visit.session)(visit.ask(**UNTOUCHED))
    assert answer["before"] == answer["after"]
    assert all(one["before"] == one["after"] for one in answer["maps"])


def test_a_layer_of_muted_heads_moves_nothing(visit):
    checkpoint = visit.model("small")
    traced = trace(checkpoint.model, checkpoint.preprocess(visit.images))
    heard = heard_attention(traced, ((0, 0), (0, 1)))
    assert torch.equal(heard[0][0, 0], torch.eye(17))
    assert torch.equal(heard[1], traced.attention[1])


def test_feature_maps_are_the_strongest_channels_of_each_stage(visit):
    checkpoint = visit.model("convolutional")
    traced = trace(checkpoint.model, checkpoint.preprocess(visit.images))
    stages = bind(feature_maps, visit.session)(visit.ask("convolutional"))["stages"]
    assert [stage["side"] for stage in stages] == [16, 8, 4]
    for stage, tokens in zip(stages, traced.hidden, strict=True):
        strongest = stage["strongest"]
        means = tokens[0].mean(dim=0)
        assert len(strongest) == N_CHANNELS
        assert sorted(means[strongest].tolist()) == sorted(means.topk(N_CHANNELS).values.tolist())
        side = stage["side"]
        expected = tokens[0].T[strongest].reshape(-1, side, side)
        np.testing.assert_allclose(unpacked(stage["maps"]), expected, atol=stage["maps"]["scale"] * 0.51)
        mean = tokens[0].mean(dim=1).reshape(side, side)
        np.testing.assert_allclose(unpacked(stage["mean"]), mean, atol=stage["mean"]["scale"] * 0.51)


@pytest.mark.parametrize(
    ("function", "model", "fields", "sentence"),
    [
        (explain_maps, "small", {"target": 4}, "A class must be 0 to 3, not 4."),
        (explain_maps, "small", {"target": "ant"}, "Target must be a whole number, not ant."),
        (explain_scores, "small", {"target": None, "baseline": "black"}, "blurred or mean, not 'black'"),
        (predict_ablated, "small", {"erased": [16]}, "A patch must be 0 to 15, not 16."),
        (predict_ablated, "small", {"erased": 3}, "must be a list"),
        (predict_ablated, "small", {"muted": [[2, 0]]}, "no head 0 in a layer 2"),
        (predict_ablated, "convolutional", {"muted": [[0, 0]]}, "has no heads to mute"),
        (predict_ablated, "convolutional", {"positions": False}, "cannot lose them"),
        (predict_ablated, "small", {"shuffle": -1}, "Shuffle must be 0 to"),
        (feature_maps, "small", {}, "has attention"),
        (export_layers, "convolutional", {"format": "png"}, "has no attention"),
        (export_layers, "small", {"format": "exe"}, "not 'exe'"),
    ],
)
def test_what_cannot_be_is_refused_in_a_sentence(visit, function, model, fields, sentence):
    request = visit.ask(model, **{**(UNTOUCHED if function is predict_ablated else {}), **fields})
    with pytest.raises(UserError):
        bind(function, visit.session)(request)
    assert sentence in serve(visit.session, view=function)[0](request)["error"]


def test_files_hold_the_numbers_and_figures_are_figures(visit):
    file = bind(export_explanations, visit.session)(visit.ask(target=1, baseline="blurred", format="npz"))
    arrays = np.load(io.BytesIO(base64.b64decode(file["data"])))
    checkpoint = visit.model("small")
    maps = explanation_maps(checkpoint.model, checkpoint.preprocess(visit.images), 1)
    for name, found in maps.items():
        np.testing.assert_allclose(arrays[f"map_{name}"], found[0], atol=1e-6)
    assert arrays["deletion_random"].shape == (N_RANDOM, 17) and str(arrays["target"]) == "bee"
    for export, fields in [
        (export_explanations, {"target": 1, "baseline": "blurred"}),
        (export_ablation, {**UNTOUCHED, "erased": [3]}),
        (export_layers, {}),
    ]:
        file = bind(export, visit.session)(visit.ask(format="png", **fields))
        assert Image.open(io.BytesIO(base64.b64decode(file["data"]))).width > 1000
        assert file["filename"].endswith(".png") and file["filename"].startswith("small-")


def test_what_turns_the_answer_is_named_by_its_place_and_the_answer_it_gives():
    without = torch.tensor([[[0.7, 0.2, 0.1], [0.3, 0.3, 0.4]], [[0.1, 0.8, 0.1], [0.5, 0.4, 0.1]]])
    assert turns(without, 0) == [[0, 1, 2], [1, 0, 1]]
