"""A card names all that is needed to judge a model and to train it again."""

import json
import subprocess
from dataclasses import fields, replace

import pytest
import torch

from vit_explorer.cost.multiply_adds import count_multiply_adds
from vit_explorer.models import load_checkpoint, save_checkpoint
from vit_explorer.models.folders import checkout
from vit_explorer.training import Recipe, Trainer
from vit_explorer.training.loop.events import Epoch
from vit_explorer.training.runs.card import current_commit, describe_hardware, make_card

RECIPE = Recipe(
    overrides={"patch_size": 4, "d_model": 16, "n_heads": 2, "n_layers": 1, "d_ff": 24},
    data="tiny",
    epochs=2,
    batch_size=8,
    validation=0.25,
    seed=6,
    lr=2e-3,
)


def trained(recipe, dataset):
    trainer = Trainer(recipe, dataset)
    events = list(trainer.events())
    return trainer, events, make_card(trainer, events[-1], [event for event in events if isinstance(event, Epoch)])


@pytest.fixture(scope="module")
def run(tiny):
    return trained(RECIPE, tiny)


def test_what_it_holds(run, tiny):
    trainer, events, card = run
    assert card["model"] == "vit"
    assert card["overrides"] == {"img_size": 8, "n_classes": 3, **RECIPE.overrides}
    assert card["parameters"] == sum(parameter.numel() for parameter in trainer.model.parameters())
    assert card["multiply_adds"] == count_multiply_adds(trainer.model, 8) > 0
    assert card["test_accuracy"] == events[-1].test_accuracy
    assert card["validation_accuracy"] == events[-1].validation_accuracy
    split = card["dataset"].pop("split")
    assert split == (
        "drawn apart; validation: 25% of the training split, drawn by seed 6; test split looked at on the way (all of "
        "it, 7 times) and at the end"
    )
    assert card["dataset"] == {
        "name": "tiny",
        "classes": ["dark", "grey", "light"],
        "n_train": 18,
        "n_validation": 6,
        "n_test": 9,
    }
    card["dataset"]["split"] = split
    assert set(card["recipe"]) == {field.name for field in fields(Recipe)}
    assert Recipe.from_dict(card["recipe"]) == RECIPE
    assert card["seed"] == 6
    assert card["epochs_trained"] == 2
    assert card["seconds"] == pytest.approx(events[-1].seconds, abs=0.1)
    assert card["hardware"]
    assert card["versions"]["torch"] == torch.__version__
    assert card["versions"]["python"].count(".") == 2
    assert card["normalise"] == {"mean": trainer.source.mean.tolist(), "std": trainer.source.std.tolist()}


def test_its_history_is_that_of_the_epochs(run):
    _, events, card = run
    epochs = [event for event in events if isinstance(event, Epoch)]
    assert card["history"]["epoch"] == [1, 2]
    assert card["history"]["train_loss"] == pytest.approx([epoch.train_loss for epoch in epochs], abs=1e-4)
    assert card["history"]["test_accuracy"] == [epoch.test_accuracy for epoch in epochs]
    assert {len(values) for values in card["history"].values()} == {2}


def test_it_is_plain_json(run):
    _, _, card = run
    assert json.loads(json.dumps(card, allow_nan=False)) == card


def test_it_says_that_the_test_split_was_looked_at_once(tiny):
    _, _, card = trained(replace(RECIPE, test_each_epoch=False, epochs=1, validation=0.0), tiny)
    assert card["dataset"]["split"] == "drawn apart; no validation split; test split looked at once, at the end"
    assert card["history"]["test_accuracy"] == [None]


def test_it_says_how_many_test_pictures_were_behind_the_curves(tiny):
    _, _, card = trained(replace(RECIPE, test_subset=6, epochs=1), tiny)
    assert "on the way (6 pictures of it, 4 times) and at the end" in (card["dataset"]["split"])


def test_a_model_that_was_kept_sees_what_the_trainer_showed_it(run, tiny, tmp_path):
    trainer, _, card = run
    save_checkpoint(trainer.model, card, "kept", tmp_path)
    loaded = load_checkpoint("kept", [tmp_path])
    assert torch.equal(loaded.preprocess(tiny.test.x), trainer.source.normalised(tiny.test.x))
    predicted = loaded.model(loaded.preprocess(tiny.test.x)).argmax(dim=1)
    assert (predicted == tiny.test.y).float().mean().item() == pytest.approx(card["test_accuracy"])


def test_the_commit_is_that_of_the_checkout(monkeypatch):
    source = checkout()
    if source is None or not (source / ".git").exists():
        pytest.skip("the package does not lie in a git checkout")
    head = subprocess.run(["git", "rev-parse", "HEAD"], cwd=source, capture_output=True, text=True, check=True)
    assert current_commit() == head.stdout.strip()
    assert len(current_commit()) == 40
    monkeypatch.setenv("PATH", "")
    assert current_commit() is None


def test_a_copy_outside_of_git_and_an_installed_package_have_no_commit(monkeypatch, tmp_path):
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    monkeypatch.setattr("vit_explorer.training.runs.card.checkout", lambda: tmp_path)
    assert current_commit() is None
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    monkeypatch.setattr("vit_explorer.training.runs.card.checkout", lambda: None)
    assert current_commit() is None


def test_hardware_names_a_processor_and_threads():
    threads = torch.get_num_threads()
    assert f", {threads} thread{'' if threads == 1 else 's'} of " in describe_hardware("cpu")
    assert len(describe_hardware("cpu").split(", ")[0]) > 3
