"""A run from a checkpoint: its weights, what does not fit, and that a resume needs the checkpoint no more."""

import shutil
from dataclasses import replace

import pytest
import torch

from tests.training.small import OVERRIDES, RECIPE, plain, same, through_a_file
from vit_explorer.models import load_checkpoint
from vit_explorer.training.loop import start as start_module
from vit_explorer.training.loop.trainer import Trainer
from vit_explorer.training.runs.checkpoint import export_checkpoint
from vit_explorer.training.runs.race import Race
from vit_explorer.training.runs.runner import Runner

FIRST = replace(RECIPE, data="tiny", lr_changes=())
MORE = replace(FIRST, start="first", epochs=2, seed=4, ema=0.5)


@pytest.fixture(scope="module")
def folder(tiny, tmp_path_factory):
    """A folder with the checkpoint "first" of a run of three epochs."""
    made = tmp_path_factory.mktemp("models")
    export_checkpoint(finished(tiny, FIRST, made / "runs"), "first", made, dataset=tiny)
    return made


@pytest.fixture(autouse=True)
def _looked_for(folder, monkeypatch):
    monkeypatch.setattr(start_module, "MODEL_FOLDERS", (folder,))


def finished(tiny, recipe, runs):
    race = Race.create(runs, {"one": recipe}, title="A race")
    with Runner(race, lambda recipe: tiny) as runner:
        for _ in runner.events():
            pass
    return race.runs["one"]


@pytest.mark.parametrize("name", ["first", "folder/first"])
def test_it_begins_with_the_weights_of_the_checkpoint(tiny, folder, name):
    recipe = replace(MORE, start=name.replace("folder", str(folder)))
    trainer, found = Trainer(recipe, tiny), load_checkpoint("first", [folder])
    for state in (trainer.state()["model"], trainer.model.state_dict()):  # the weights and their average
        assert same(dict(state), dict(found.model.state_dict()))
    assert trainer.accuracy(tiny.test) == found.card["test_accuracy"]


def test_its_card_counts_all_epochs_and_names_the_start(tiny, folder, tmp_path):
    first = load_checkpoint("first", [folder])
    export_checkpoint(finished(tiny, MORE, tmp_path / "runs"), "second", folder, dataset=tiny)
    second = load_checkpoint("second", [folder])
    third_recipe = replace(MORE, start="second", epochs=1)
    export_checkpoint(finished(tiny, third_recipe, tmp_path / "runs"), "third", folder, dataset=tiny)
    third = load_checkpoint("third", [folder])
    assert "start" not in first.card
    assert [one.card["epochs_trained"] for one in (first, second, third)] == [3, 5, 6]
    assert [one.card["start"]["name"] for one in (second, third)] == ["first", "second"]
    assert [one.card["start"]["epochs"] for one in (second, third)] == [3, 5]
    assert second.card["start"]["test_accuracy"] == first.card["test_accuracy"]
    assert second.card["recipe"]["start"] == "first" and second.card["recipe"]["epochs"] == 2
    assert third.card["seconds"] >= second.card["seconds"] >= first.card["seconds"]
    assert second.trained_positions()[0] == 5

    before, tables_before = first.position_snapshots()
    epochs, tables = second.position_snapshots()
    assert epochs[: len(before)] == pytest.approx(before) and epochs[-1] == 5 and epochs == sorted(epochs)
    assert torch.allclose(tables[: len(before)], tables_before, atol=2e-3)  # kept as float16
    for name in ("second", "third"):
        for path in folder.glob(f"{name}.*"):
            path.unlink()


def test_a_resumed_run_goes_on_as_an_undisturbed_one_without_the_checkpoint(tiny, folder, tmp_path, monkeypatch):
    whole = Trainer(MORE, tiny)
    expected = list(whole.events())
    cut = Trainer(MORE, tiny)
    told = []
    for event in cut.events():
        told.append(event)
        if cut.step == 4:
            break
    state = through_a_file(cut.state())
    monkeypatch.setattr(start_module, "MODEL_FOLDERS", (tmp_path / "nothing",))
    resumed = Trainer(MORE, tiny, state)
    rest = list(resumed.events())[1:]
    assert plain(told + rest) == plain(expected)
    assert resumed.start.facts == whole.start.facts and same(resumed.start.positions, whole.start.positions)
    assert same(resumed.state()["model"], whole.state()["model"])


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"start": "gone"}, ("gone", "no checkpoint")),
        ({"model": "cnn", "overrides": {}}, ("cnn", "vit")),
        ({"overrides": OVERRIDES | {"d_ff": 32}}, ("d_ff", "24", "32")),
        ({"overrides": OVERRIDES | {"positions": "none"}}, ("positions", "learned", "none")),
        ({"overrides": {key: value for key, value in OVERRIDES.items() if key != "n_layers"}}, ("n_layers", "1", "4")),
    ],
)
def test_another_network_is_refused(tiny, fields, words):
    with pytest.raises(ValueError) as caught:
        Trainer(replace(MORE, **fields), tiny)
    assert all(word in str(caught.value) for word in words) and "\n" not in str(caught.value)


def test_an_option_said_at_its_default_is_the_same_network(tiny, folder):
    assert Trainer(replace(MORE, overrides=OVERRIDES | {"patch_size": 4, "positions": "learned"}), tiny).start


def test_a_damaged_start_is_named(tiny, folder, tmp_path, monkeypatch):
    shutil.copy(folder / "first.json", tmp_path)
    (tmp_path / "first.pt").write_bytes(b"no weights")
    monkeypatch.setattr(start_module, "MODEL_FOLDERS", (tmp_path,))
    with pytest.raises(ValueError, match=r"cannot start from 'first'.*first\.pt"):
        Trainer(MORE, tiny)
