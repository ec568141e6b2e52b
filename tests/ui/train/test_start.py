"""A start from the Train tab: what is planned, estimated, refused, and begun from."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.ui.train.visits import MINE, YOURS, contenders, start
from vit_explorer.data.sources import open_dataset
from vit_explorer.models import create_model, save_checkpoint
from vit_explorer.training import Trainer
from vit_explorer.training.runs.card import describe_hardware
from vit_explorer.training.runs.pace import FILE, MeasuredPace, note_pace
from vit_explorer.training.runs.race import Race
from vit_explorer.training.studies.presets import PRESETS, preset_recipes


@pytest.mark.parametrize("preset", PRESETS)
def test_a_planned_preset_starts_as_the_preset_is(visit, preset):
    planned = visit.ask("planned", data="shapes", preset=preset, subset=None, epochs=None)["contenders"]
    chosen = [{"label": one["label"], **one["recipe"]} for one in planned]
    race = Race.open(visit.service.runs_folder, start(visit, chosen, data="shapes", probe=7)["race"])
    assert visit.service.handed_in == [race.name]
    expected = preset_recipes(preset, "shapes", subset=10_000, n_train=10_000, n_test=2_000, probe=7)
    assert race.recipes() == expected and list(race.runs) == list(expected)
    assert race.owned_by(MINE) and not race.owned_by(YOURS)


def test_changed_fields_are_in_the_recipe(visit):
    of_deit = {"rand_augment": 9, "erasing": 0.25, "mixup": 0.8, "cutmix": 1.0, "repeats": 3}
    chosen = contenders(visit, lr=0.01, augment="crop-flip", seed=5, batch_size=3, subset=12, **of_deit)
    race = Race.open(visit.service.runs_folder, start(visit, chosen, probe=8)["race"])
    recipe = race.recipes()["ViT"]
    assert (recipe.lr, recipe.augment, recipe.seed, recipe.batch_size, recipe.subset) == (0.01, "crop-flip", 5, 3, 12)
    assert (Path(recipe.data).name, recipe.probe, recipe.epochs) == ("tiny.npz", 8, 2)
    assert {field: getattr(recipe, field) for field in of_deit} == of_deit


def test_before_play_a_race_is_estimated_roughly_or_by_what_this_machine_measured(visit):
    asked = {"data": "tiny", "preset": "vit-cnn", "probe": 0, "title": "A race", "contenders": contenders(visit)}
    (visit.race.path / FILE).unlink()  # what its own training left
    rough = visit.ask("estimate", **asked)
    assert (rough["basis"], rough["at"]) == ("rough", None)
    assert min(rough["start"], rough["training"], rough["looks"]) > 0
    pace = MeasuredPace("vit", "cpu", describe_hardware("cpu"), 1e9, 0.5, 0.2, 1.0, 3.0, at=1_000.0)
    note_pace(visit.race.path, "ViT", pace)
    other = visit.ask("estimate", **asked)
    assert (other["basis"], other["at"], other["start"]) == ("other", 1_000.0, 6.0)  # the CNN's is not known
    note_pace(visit.race.path, "CNN", replace(pace, model="cnn", at=2_000.0))
    known = visit.ask("estimate", **asked)
    assert (known["basis"], known["at"]) == ("measured", 1_000.0)
    twice = [{**one, "epochs": 4} for one in asked["contenders"]]
    longer = visit.ask("estimate", **{**asked, "contenders": twice})
    assert longer["training"] == pytest.approx(2 * known["training"]) and longer["looks"] > known["looks"]
    assert "no model" in visit.ask("estimate", **{**asked, "contenders": [{**twice[0], "model": "?"}]})["error"]


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"epochs": 0}, "Epochs must lie between 1 and 10000, not 0."),
        ({"lr": 50}, "Lr must lie between 1e-07 and 10, not 50."),
        ({"lr": "fast"}, "Lr must lie between 1e-07 and 10, not fast."),
        ({"optimizer": "magic"}, "Optimizer must be one of adam, adamw, muon, not 'magic'."),
        ({"subset": 25}, "the training pictures must be 2 to 24 of tiny, not 25."),
        ({"subset": 1}, "the training pictures must be 2 to 24 of tiny, not 1."),
        ({"model": "vit d_model=9999"}, "There is no model 'vit d_model=9999'"),
        ({"repeats": 5}, "Repeats must divide the batch size 128"),
        ({"teacher": "cnn-cifar10"}, "CNN: there is no teacher 'cnn-cifar10' for tiny."),
        ({"teacher": "../secret"}, "CNN: there is no teacher '../secret' for tiny."),
        ({"start": "cnn-cifar10"}, "CNN: there is no model 'cnn-cifar10' of this kind and size"),
        ({"start": "../secret"}, "CNN: there is no model '../secret' of this kind and size"),
        ({"device": "cuda:7"}, "CNN: there is no device 'cuda:7' here: choose cpu."),
        ({"label": "../up"}, "cannot be the name of a contender"),
        ({"label": "ViT"}, "Two contenders are called 'ViT'"),
    ],
)
def test_what_cannot_be_is_refused_with_its_range(visit, changes, sentence):
    first, second = contenders(visit)
    answer = start(visit, [first, {**second, **changes}])
    assert sentence in answer["error"]
    assert len(visit.ask("lobby")["races"]) == 1


def test_other_refusals_of_a_start(visit):
    chosen = contenders(visit)
    assert "0 to 8, not 9" in start(visit, chosen, probe=9)["error"]
    assert "1 to 4 contenders, not 5" in start(visit, [{**chosen[0], "label": str(i)} for i in range(5)])["error"]
    assert "1 to 4 contenders, not 0" in start(visit, [])["error"]
    assert "A title has 1 to 80 characters" in start(visit, chosen, title=" ")["error"]
    assert "not of '/etc'" in start(visit, chosen, data="/etc")["error"]
    assert "needs at least" in visit.ask("planned", data="tiny", preset="data", subset=None, epochs=None)["error"]


def test_neither_paths_nor_sizes_are_a_visitors_choice(visit):
    sly = {"data": "/etc", "overrides": {"d_model": 8_192}, "snapshots": 200}
    chosen = [{**one, **sly} for one in contenders(visit)]
    recipe = Race.open(visit.service.runs_folder, start(visit, chosen)["race"]).recipes()["ViT"]
    plain = Race.open(visit.service.runs_folder, start(visit, contenders(visit))["race"]).recipes()["ViT"]
    assert recipe == plain


def test_a_model_of_the_page_is_a_start_for_its_own_kind(visit):
    options = {"img_size": 8, "n_classes": 3}
    names = {"name": "tiny", "classes": ["dark", "grey", "light"]}
    statistics = {"mean": [100.0] * 3, "std": [50.0] * 3}
    card = {"model": "cnn", "overrides": options, "dataset": names, "normalise": statistics}
    folder = visit.service.runs_folder / "exported"
    save_checkpoint(create_model("cnn", **options), card, "my-cnn", folder)
    found = {one["name"]: one["starts"] for one in visit.ask("lobby")["datasets"]}
    assert (found["tiny"], found["shapes"]) == ({"cnn": ("", "my-cnn")}, {})
    vit, cnn = contenders(visit)
    assert "no model 'my-cnn' of this kind" in start(visit, [{**vit, "start": "my-cnn"}])["error"]
    name = start(visit, [{**cnn, "start": "my-cnn"}])["race"]
    begun = Race.open(visit.service.runs_folder, name).recipes()["CNN"]
    assert Trainer(begun, open_dataset(begun.data)).start.facts["name"] == "my-cnn"
    (told,) = visit.ask("follow", race=name, cursors={})["contenders"]
    assert told["recipe"]["start"] == "my-cnn"  # without the folder
