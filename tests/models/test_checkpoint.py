"""Checkpoints: weights and their card out and back, what is refused, and snapshots of positions."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from vit_explorer.models import (
    CheckpointError,
    create_model,
    list_checkpoints,
    load_checkpoint,
    save_checkpoint,
)
from vit_explorer.models.checkpoint import EXPORT_FOLDER, MODEL_FOLDERS

SIZES = {"img_size": 8, "patch_size": 4, "d_model": 16, "n_heads": 2, "n_layers": 2, "d_ff": 24, "n_classes": 3}


def card_of(model: str = "vit", overrides: dict[str, Any] | None = None) -> dict[str, Any]:
    return {
        "model": model,
        "overrides": SIZES if overrides is None else overrides,
        "dataset": {"name": "tiny", "classes": ["dark", "grey", "light"]},
        "normalise": {"mean": [10.0, 20.0, 30.0], "std": [2.0, 4.0, 8.0]},
        "recipe": {"epochs": 7},
    }


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    """A folder with the checkpoint "small"."""
    torch.manual_seed(5)
    save_checkpoint(create_model("vit", **SIZES), card_of(), "small", tmp_path)
    return tmp_path


def test_out_and_back(saved):
    torch.manual_seed(5)
    model = create_model("vit", **SIZES).eval()
    loaded = load_checkpoint("small", [saved])
    images = torch.randn(2, 3, 8, 8)
    assert torch.equal(loaded.model(images), model(images))
    assert not loaded.model.training
    assert loaded.card == card_of()
    assert (loaded.name, loaded.folder, loaded.class_names) == ("small", saved, ["dark", "grey", "light"])


def test_out_and_back_in_half_precision(tmp_path):
    model = create_model("vit-conv", **SIZES).eval()
    half = save_checkpoint(model, card_of("vit-conv"), "half", tmp_path, dtype=torch.float16)
    full = save_checkpoint(model, card_of("vit-conv"), "full", tmp_path)
    assert half.stat().st_size < 0.7 * full.stat().st_size
    loaded = load_checkpoint("half", [tmp_path])
    dtypes = {value.dtype for value in loaded.model.state_dict().values()}
    assert dtypes == {torch.float32}
    images = torch.randn(4, 3, 8, 8)
    difference = (loaded.model(images) - model(images)).abs().max()
    assert 0 < difference < 5e-3


def test_saving_leaves_the_model_alone(tmp_path):
    model = create_model("vit", **SIZES)
    before = {key: value.clone() for key, value in model.state_dict().items()}
    save_checkpoint(model, card_of(), "half", tmp_path, dtype=torch.float16)
    after = model.state_dict()
    assert all(torch.equal(before[key], after[key]) and after[key].dtype == before[key].dtype for key in before)
    assert model.training


def test_a_checkpoint_that_is_being_replaced_has_no_card(saved, monkeypatch):
    def stop(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(torch, "save", stop)
    with pytest.raises(KeyboardInterrupt):
        save_checkpoint(create_model("vit", **SIZES), card_of(), "small", saved)
    assert list_checkpoints([saved]) == []


def test_a_model_without_positions_needs_no_recipe(tmp_path):
    card = card_of("cnn", {"n_classes": 3})
    del card["recipe"]
    save_checkpoint(create_model("cnn", n_classes=3), card, "cnn", tmp_path)
    loaded = load_checkpoint("cnn", [tmp_path])
    with pytest.raises(ValueError, match="no learned position embeddings"):
        loaded.position_snapshots()


def test_old_snapshots_never_lie_beside_new_weights(saved, monkeypatch):
    tables = torch.randn(2, 5, 16, generator=torch.Generator().manual_seed(1))
    model = create_model("vit", **SIZES)
    save_checkpoint(model, card_of(), "small", saved, positions=([0.0, 7.0], tables))
    epochs, kept = load_checkpoint("small", [saved]).position_snapshots()
    assert epochs == [0.0, 7.0] and torch.equal(kept[:1], tables[:1].half().float())
    with monkeypatch.context() as patched:
        patched.setattr(np, "savez_compressed", lambda *_, **__: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            save_checkpoint(model, card_of(), "small", saved, positions=([0.0, 7.0], tables))
    assert [path.name for path in saved.iterdir()] == ["small.pt"]  # the card comes last
    save_checkpoint(model, card_of(), "small", saved)
    assert sorted(path.name for path in saved.iterdir()) == ["small.json", "small.pt"]


def test_the_first_folder_that_has_it_is_taken(saved, tmp_path):
    other = tmp_path / "other"
    save_checkpoint(create_model("cnn", n_classes=3), card_of("cnn", {"n_classes": 3}), "small", other)
    save_checkpoint(create_model("cnn", n_classes=3), card_of("cnn", {"n_classes": 3}), "alone", other)
    assert load_checkpoint("small", [other, saved]).card["model"] == "cnn"
    assert load_checkpoint("small", [tmp_path / "none", saved, other]).card["model"] == "vit"
    assert list_checkpoints([saved, other]) == ["alone", "small"]
    assert list_checkpoints([tmp_path / "none"]) == []


def test_loading_does_not_disturb_the_global_generator(saved):
    torch.manual_seed(11)
    expected = torch.rand(3)
    torch.manual_seed(11)
    load_checkpoint("small", [saved])
    assert torch.equal(torch.rand(3), expected)


def test_preprocess_by_hand(saved):
    images = torch.tensor([0, 60, 110], dtype=torch.uint8)[None, :, None, None].expand(1, 3, 8, 8)
    prepared = load_checkpoint("small", [saved]).preprocess(images)
    assert prepared.dtype == torch.float32
    assert prepared.shape == (1, 3, 8, 8)
    assert prepared[0, :, 3, 4].tolist() == [-5.0, 10.0, 10.0]  # (0 - 10) / 2, (60 - 20) / 4, (110 - 30) / 8


# --- what is wrong says so, with the file's name ---


def refused(folder: Path, file: str, words: str = "") -> None:
    with pytest.raises(CheckpointError) as caught:
        load_checkpoint("small", [folder])
    message = str(caught.value)
    assert str(folder / file) in message
    assert words in message
    assert "\n" not in message


def test_an_unknown_checkpoint(saved):
    with pytest.raises(CheckpointError, match="no checkpoint 'large'") as caught:
        load_checkpoint("large", [saved])
    assert str(saved) in str(caught.value)


def change_card(folder: Path, **values: Any) -> None:
    (folder / "small.json").write_text(json.dumps(card_of() | values))


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"model": "vgg"}, "'vgg'"),
        ({"overrides": SIZES | {"colour": 3}}, "colour"),
        ({"overrides": SIZES | {"patch_size": 3}}, "patches of 3"),
        ({"overrides": SIZES | {"d_model": -16}}, "-16"),
        ({"overrides": [1, 2]}, "lacks overrides"),
        ({"model": None}, "lacks model"),
        ({"model": ["vit"]}, "lacks model"),
        ({"dataset": {}}, "lacks dataset.classes"),
        ({"normalise": {"mean": [1, 2, 3]}}, "lacks normalise.std"),
        ({"dataset": 3, "normalise": None}, "lacks dataset, normalise"),
        ({"dataset": {"classes": ["a", "b", "c"]}}, "lacks dataset.name"),
        ({"dataset": {"name": 3, "classes": ["a", "b", "c"]}}, "lacks dataset.name"),
        ({"dataset": {"name": "tiny", "classes": ["a", "b", 3]}}, "lacks dataset.classes"),
        ({"dataset": {"name": "tiny", "classes": ["a", "b"]}}, "names 2 classes, but the network has 3 outputs"),
        ({"normalise": {"mean": [1, 2], "std": [1, 2, 3]}}, "lacks normalise.mean"),
        ({"normalise": {"mean": [1, 2, "3"], "std": [1, 2, 3]}}, "lacks normalise.mean"),
        ({"normalise": {"mean": [1, 2, 10**400], "std": [1, 2, float("nan")]}}, "lacks normalise.mean, normalise.std"),
        ({"normalise": {"mean": [1, 2, 3], "std": [1, 0, 3]}}, "lacks normalise.std"),
        ({"recipe": None}, "lacks recipe"),
        ({"recipe": {}}, "lacks recipe.epochs"),
        ({"recipe": {"epochs": 0}}, "lacks recipe.epochs"),
        ({"recipe": {"epochs": "many"}}, "lacks recipe.epochs"),
    ],
)
def test_a_card_that_describes_no_model(saved, values, words):
    change_card(saved, **values)
    refused(saved, "small.json", words)


@pytest.mark.parametrize("text", ["", "{", "null", "3", "[]", '"vit"', "\ufffd\x00"])
def test_a_damaged_card(saved, text):
    (saved / "small.json").write_text(text)
    refused(saved, "small.json")


def test_a_card_that_is_no_text(saved):
    (saved / "small.json").write_bytes(b"\xff\xfe\x00")
    refused(saved, "small.json", "cannot be read")


def test_missing_weights(saved):
    (saved / "small.pt").unlink()
    refused(saved, "small.pt", "missing")


def test_damaged_weights(saved):
    whole = (saved / "small.pt").read_bytes()
    for broken in (b"", b"not a zip", whole[:100], whole[: len(whole) // 2], whole[:-30], b"\x80\x02]q\x00."):
        (saved / "small.pt").write_bytes(broken)
        refused(saved, "small.pt", "damaged")


@pytest.mark.filterwarnings("ignore:Detected pickle protocol")
def test_weights_with_bytes_turned_over_load_or_say_so(saved):
    """Never anything but a CheckpointError, however the archive's structure is hurt."""
    whole = (saved / "small.pt").read_bytes()
    chance = np.random.default_rng(0)
    n_refused = 0
    for _ in range(150):
        broken = bytearray(whole)
        for place in chance.integers(0, min(3000, len(whole)), 20):
            broken[place] = chance.integers(256)
        (saved / "small.pt").write_bytes(broken)
        try:
            load_checkpoint("small", [saved])
        except CheckpointError:
            n_refused += 1
    assert n_refused > 100


@pytest.mark.parametrize("value", [[1, 2], {"head.bias": 3}, {"head.bias": "x"}, torch.zeros(3)])
def test_weights_that_are_no_state_dict(saved, value):
    torch.save(value, saved / "small.pt")
    refused(saved, "small.pt", "not a state_dict")


class Malice:
    """What a hostile file would run when it is unpickled."""

    def __reduce__(self):
        return Path.touch, (Path(__file__).with_name("touched-by-malice"),)


def test_a_hostile_file_is_refused_and_not_run(saved):
    torch.save({"head.bias": Malice()}, saved / "small.pt")
    refused(saved, "small.pt", "damaged")
    assert not Path(__file__).with_name("touched-by-malice").exists()


def test_weights_of_other_shapes(saved):
    change_card(saved, overrides=SIZES | {"n_classes": 4})
    refused(saved, "small.pt", "head.bias is (3,) and should be (4,) (2 such tensors)")
    change_card(saved, overrides=SIZES | {"n_layers": 1})
    refused(saved, "small.pt", "should be absent")
    change_card(saved, overrides=SIZES | {"n_layers": 3})
    refused(saved, "small.pt", "is missing")


# --- snapshots of the positions ---


def test_without_a_file_the_positions_are_the_models_own(saved):
    loaded = load_checkpoint("small", [saved])
    epochs, positions = loaded.position_snapshots()
    assert epochs == [7.0]
    assert torch.equal(positions, loaded.model.pos_embedding)


def test_with_a_file_the_last_entry_is_the_models_own(saved):
    loaded = load_checkpoint("small", [saved])
    own = loaded.model.pos_embedding.detach()
    kept = np.random.default_rng(0).normal(size=(3, 5, 16)).astype(np.float16)
    kept[-1] = own[0].numpy()
    np.savez(saved / "small.positions.npz", epochs=np.array([0, 0.5, 7], np.float32), positions=kept)
    epochs, positions = loaded.position_snapshots()
    assert epochs == [0.0, 0.5, 7.0]
    assert positions.dtype == torch.float32
    assert torch.equal(positions[:2], torch.from_numpy(kept[:2].astype(np.float32)))
    assert torch.equal(positions[2:], own)  # to the last bit, not rounded to half precision


@pytest.mark.parametrize(
    ("arrays", "words"),
    [
        ({"epochs": np.zeros(2), "positions": np.zeros((2, 6, 16))}, "do not fit"),
        ({"epochs": np.zeros(3), "positions": np.zeros((2, 5, 16))}, "do not fit"),
        ({"epochs": np.float64(3), "positions": np.zeros((2, 5, 16))}, "do not fit"),
        ({"epochs": np.zeros(0), "positions": np.zeros((0, 5, 16))}, "do not fit"),
        ({"epochs": np.array([0, np.nan]), "positions": np.zeros((2, 5, 16))}, "do not fit"),
        ({"epochs": np.zeros(2), "positions": np.full((2, 5, 16), np.inf)}, "do not fit"),
        ({"epochs": np.zeros(2)}, "are damaged"),
        ({"epochs": np.zeros(2), "positions": np.array([None])}, "are damaged"),
    ],
)
def test_snapshots_that_do_not_fit(saved, arrays, words):
    np.savez(saved / "small.positions.npz", **arrays)
    with pytest.raises(CheckpointError, match=rf"small\.positions\.npz {words}"):
        load_checkpoint("small", [saved]).position_snapshots()


def test_damaged_snapshots(saved):
    np.savez_compressed(saved / "small.positions.npz", epochs=np.zeros(2), positions=np.zeros((2, 5, 16)))
    whole = (saved / "small.positions.npz").read_bytes()
    for broken in (b"", b"text", whole[:50], whole[:-20], whole[:200] + b"\xff" * 40 + whole[240:]):
        (saved / "small.positions.npz").write_bytes(broken)
        with pytest.raises(CheckpointError, match=r"small\.positions\.npz"):
            load_checkpoint("small", [saved]).position_snapshots()


def test_models_that_older_versions_kept_are_found():
    assert [folder.name for folder in MODEL_FOLDERS] == ["checkpoints", "exported", "kept"]
    assert MODEL_FOLDERS[1] == EXPORT_FOLDER
