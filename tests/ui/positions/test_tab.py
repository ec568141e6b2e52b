"""What the Positions tab asks the server for: experiments that agree with the model, files that hold its numbers."""

import base64
import io
from dataclasses import dataclass

import numpy as np
import pytest
import torch
from PIL import Image

from vit_explorer.data.uploads import fit_picture
from vit_explorer.explain.ablation import patch_order
from vit_explorer.explain.costs import Tried
from vit_explorer.explain.positions import cosine_similarity
from vit_explorer.models import create_model, load_checkpoint, patchify, save_checkpoint, unpatchify
from vit_explorer.models.checkpoint import Checkpoint
from vit_explorer.ui.core.errors import UserError
from vit_explorer.ui.core.serve import bind
from vit_explorer.ui.core.session import Session
from vit_explorer.ui.core.watch import Watch
from vit_explorer.ui.payloads import trace_payload
from vit_explorer.ui.positions import experiment as experiment_room
from vit_explorer.ui.positions.experiment import (
    N_SHUFFLES,
    leave_shuffles,
    run_experiment,
    several_shuffles,
    shuffles_progress,
)
from vit_explorer.ui.positions.export import epoch_name, export_positions

EPOCHS = [0.0, 0.1, 20.0]
SIZES = {"img_size": 16, "patch_size": 4, "d_model": 32, "n_heads": 2, "n_layers": 2, "d_ff": 64, "n_classes": 4}
CLASSES = ["ant", "bee", "cat", "dog"]


@dataclass(frozen=True)
class Visit:
    session: Session
    model: Checkpoint
    picture: str
    inputs: torch.Tensor


@pytest.fixture(scope="module")
def visit(tmp_path_factory: pytest.TempPathFactory) -> Visit:
    """A session with three small models, of which "small" has snapshots, and one picture."""
    folder = tmp_path_factory.mktemp("checkpoints")
    torch.manual_seed(0)
    for name, architecture, options in [
        ("small", "vit", SIZES),
        ("pooled", "vit", {**SIZES, "pooling": "mean"}),
        ("convolutional", "cnn", {"img_size": 16, "n_classes": 4}),
    ]:
        model = create_model(architecture, **options)
        if architecture == "vit":
            with torch.no_grad():
                for weights in model.parameters():  # large, so that what the tokens say to each other shows
                    weights.normal_(std=0.3)
        card = {
            "model": architecture,
            "overrides": options,
            "dataset": {"name": "four animals", "classes": CLASSES},
            "normalise": {"mean": [120.0] * 3, "std": [60.0] * 3},
            "recipe": {"epochs": 20},
        }
        save_checkpoint(model, card, name, folder)
        if name == "small":
            tables = torch.randn(len(EPOCHS), *model.pos_embedding.shape[1:]).numpy().astype(np.float16)
            np.savez(folder / "small.positions.npz", epochs=np.array(EPOCHS), positions=tables)
    session = Session(checkpoint_folders=[folder])
    noise = np.random.default_rng(0).integers(0, 256, (16, 16, 3), dtype=np.uint8)
    file = io.BytesIO()
    Image.fromarray(noise).save(file, "PNG")
    picture = session.keep_upload(file.getvalue(), "noise")
    small = load_checkpoint("small", [folder])
    return Visit(session, small, picture.name, small.preprocess(fit_picture(picture.image, 16)[None]))


def experiment(visit: Visit, mode: str, model: str = "small", seed: int = 1) -> dict:
    return bind(run_experiment, visit.session)(
        {"picture": visit.picture, "model": model, "fit": "crop", "mode": mode, "seed": seed}
    )


def saved(visit: Visit, format: str, snapshot: int = 2, model: str = "small") -> tuple[dict, bytes]:
    file = bind(export_positions, visit.session)({"model": model, "snapshot": snapshot, "format": format})
    return file, base64.b64decode(file["data"])


def test_trained_mode_is_the_models_own_prediction(visit):
    answer = experiment(visit, "trained")
    with torch.inference_mode():
        expected = visit.model.model(visit.inputs)[0].softmax(dim=-1).tolist()
    assert answer["trained"] == expected
    assert answer["changed"] == expected
    assert answer["classes"] == CLASSES
    assert answer["order"] is None and answer["several"] is None


def test_shuffled_mode_is_the_prediction_of_the_picture_that_the_page_draws(visit):
    answer = experiment(visit, "shuffled", seed=9)
    assert answer["order"] == patch_order(16, 9).tolist()
    patches = patchify(visit.inputs, 4)
    placed = torch.empty_like(patches)
    placed[:, answer["order"]] = patches
    with torch.inference_mode():
        told = visit.model.model(unpatchify(placed, 4, (4, 4)))[0].softmax(dim=-1).tolist()
    assert answer["changed"] == pytest.approx(told, abs=1e-5)
    assert answer["changed"] != pytest.approx(answer["trained"], abs=1e-3)


def test_several_shuffles_are_those_of_the_next_seeds(visit):
    answer = experiment(visit, "shuffled", seed=4)
    top = int(np.argmax(answer["trained"]))
    assert len(answer["several"]) == N_SHUFFLES
    for extra in (0, 1, N_SHUFFLES - 1):
        one = experiment(visit, "shuffled", seed=4 + extra)["changed"][top]
        assert answer["several"][extra] == pytest.approx(one, abs=1e-5)


def test_a_large_network_is_asked_once_and_its_other_shuffles_on_demand(visit, monkeypatch):
    whole = experiment(visit, "shuffled", seed=4)
    passes: list[int] = []
    hook = visit.session.checkpoint("small").model.register_forward_pre_hook(
        lambda _, inputs: passes.append(len(inputs[0]))
    )
    trace_payload(visit.session.traces, visit.session.picture(visit.picture), visit.session.checkpoint("small"), "crop")
    passes.clear()
    monkeypatch.setattr(experiment_room, "checkpoint_multiply_adds", lambda _: 10**9)
    answer = experiment(visit, "shuffled", seed=4)
    hook.remove()
    assert (answer["several"], answer["n_shuffles"], passes) == (None, N_SHUFFLES, [1])
    assert answer["changed"] == pytest.approx(whole["changed"], abs=1e-5) and answer["trained"] == whole["trained"]
    asked = {"picture": visit.picture, "model": "small", "fit": "crop", "seed": 4}
    several = bind(several_shuffles, visit.session, Watch())(asked)["several"]
    assert several == pytest.approx(whole["several"], abs=1e-5)


def test_shuffles_that_are_followed_stop_when_the_page_leaves(visit, monkeypatch):
    watch, page = (
        Watch(),
        {"question": {"picture": visit.picture, "model": "small", "fit": "crop", "seed": 4}, "page": "a"},
    )
    look, leave = bind(shuffles_progress, watch), bind(leave_shuffles, watch)
    assert look(page) == {"share": None}
    shares = []

    def predict(model, image, seeds, progress):
        for share in (0.25, 0.5, 0.75):
            progress(Tried(share))
            shares.append(look(page)["share"])
            if share == 0.5:
                leave(page)

    monkeypatch.setattr(experiment_room, "predict_shuffled", predict)
    with pytest.raises(UserError, match="gone on"):
        bind(several_shuffles, visit.session, watch)(page["question"])
    assert shares == [0.25, 0.5]


def test_zero_and_untrained_change_the_prediction_and_not_the_model(visit):
    before = experiment(visit, "trained")["trained"]
    zero, untrained = experiment(visit, "zero"), experiment(visit, "untrained")
    assert zero["trained"] == untrained["trained"] == before
    assert len({tuple(answer["changed"]) for answer in (zero, untrained)} | {tuple(before)}) == 3
    assert experiment(visit, "trained")["changed"] == before


def test_untrained_mode_uses_the_first_snapshot(visit):
    _, tables = visit.model.position_snapshots()
    model = load_checkpoint("small", visit.session.checkpoint_folders).model
    with torch.inference_mode():
        model.pos_embedding[:, 1:] = tables[0, 1:]
        expected = model(visit.inputs)[0].softmax(dim=-1).tolist()
    assert experiment(visit, "untrained")["changed"] == expected


def test_models_without_a_cls_token_work_as_well(visit):
    answer = experiment(visit, "shuffled", model="pooled")
    assert sum(answer["changed"]) == pytest.approx(1, abs=1e-5)
    _, data = saved(visit, "csv", snapshot=0, model="pooled")
    assert data.decode("utf-8-sig").splitlines()[0] == ",".join(f"patch {i}" for i in range(1, 17))


@pytest.mark.parametrize(
    ("model", "mode", "sentence"),
    [
        ("small", "upside down", "not 'upside down'"),
        ("pooled", "untrained", "were not kept"),
        ("convolutional", "zero", "has no position embeddings"),
    ],
)
def test_what_cannot_be_asked_is_refused(visit, model, mode, sentence):
    with pytest.raises(ValueError, match=sentence):
        experiment(visit, mode, model=model)


@pytest.mark.parametrize("snapshot", [0, 1, 2])
def test_npy_and_csv_hold_the_cosines_of_the_snapshot(visit, snapshot):
    _, tables = visit.model.position_snapshots()
    expected = cosine_similarity(tables[snapshot]).numpy()
    _, data = saved(visit, "npy", snapshot)
    np.testing.assert_array_equal(np.load(io.BytesIO(data)), expected)
    _, data = saved(visit, "csv", snapshot)
    lines = data.decode("utf-8-sig").splitlines()
    assert lines[0] == "CLS," + ",".join(f"patch {i}" for i in range(1, 17))
    np.testing.assert_allclose(np.loadtxt(lines[1:], delimiter=","), expected, atol=1e-6)


def test_figures_are_named_after_model_and_epoch_and_say_what_they_show(visit):
    file, data = saved(visit, "png", snapshot=1)
    assert (file["filename"], file["mime"]) == ("small-positions-epoch-0.1.png", "image/png")
    assert Image.open(io.BytesIO(data)).format == "PNG"
    file, data = saved(visit, "pdf")
    assert file["filename"] == "small-positions-epoch-20.pdf" and data.startswith(b"%PDF")
    file, data = saved(visit, "svg")
    assert file["mime"] == "image/svg+xml"
    assert b"small trained on four animals, epoch 20. Colours:" in data


@pytest.mark.parametrize(("snapshot", "format"), [(3, "npy"), (-1, "npy"), (0, "exe")])
def test_files_that_cannot_be_are_refused(visit, snapshot, format):
    with pytest.raises(ValueError):
        saved(visit, format, snapshot)


def test_epochs_are_named_as_on_the_page():
    assert [epoch_name(epoch) for epoch in (0, 0.00538, 0.1, 1.024, 20.0, 100)] == [
        "epoch 0 (untrained)",
        "epoch 0.0054",
        "epoch 0.1",
        "epoch 1",
        "epoch 20",
        "epoch 100",
    ]
