"""What is said on the command line is the recipe that it says."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from vit_explorer.models.checkpoint import CHECKPOINT_FOLDER, find_card, list_checkpoints
from vit_explorer.training import Recipe
from vit_explorer.training.cli.flags import _option, recipes_said, said_flags
from vit_explorer.training.cli.parser import make_parser
from vit_explorer.training.studies.presets import preset_recipes

SAID = {
    "data": "shapes",
    "img_size": 48,
    "subset": 100,
    "test_subset": 50,
    "validation": 0.25,
    "epochs": 3,
    "batch_size": 32,
    "optimizer": "muon",
    "lr": 3e-4,
    "schedule": "cosine",
    "warmup": 0.1,
    "weight_decay": 0.05,
    "augment": "crop-flip",
    "rand_augment": 9,
    "erasing": 0.25,
    "mixup": 0.8,
    "cutmix": 1.0,
    "repeats": 2,
    "start": "vit-mine",
    "teacher": "cnn-cifar10",
    "distillation": "soft",
    "temperature": 4.0,
    "label_smoothing": 0.1,
    "ema": 0.9,
    "seed": 7,
    "device": "cuda",
    "precision": "bfloat16",
    "snapshots": 40,
    "probe": 7,
}


def said(*words: object) -> dict[str, Recipe]:
    return recipes_said(make_parser().parse_args([str(word) for word in words]))


def test_every_field_can_be_said():
    words = [word for name, value in SAID.items() for word in (f"--{name.replace('_', '-')}", value)]
    more = (
        "--model",
        "vit-conv",
        "--set",
        "d_ff=24",
        "--test-at-end-only",
        "--lr-change",
        "9:2",
        "--lr-change",
        "5:0.5",
    )
    changes = ((5, 0.5), (9, 2.0))
    expected = Recipe(**SAID, model="vit-conv", overrides={"d_ff": 24}, test_each_epoch=False, lr_changes=changes)
    assert said(*words, *more) == {"vit-conv": expected}
    assert set(expected.to_dict()) == set(SAID) | {
        "model",
        "overrides",
        "test_each_epoch",
        "lr_changes",
    }  # nothing is left


def test_nothing_said_is_the_plain_recipe():
    assert said() == {"vit": Recipe()}


def test_several_models_share_what_is_said_but_for_their_own_options():
    found = said("--model", "vit", "cnn", "--epochs", 3, "--set", "vit:d_ff=24", "--set", "cnn:widths=4,8")
    assert found == {
        "vit": Recipe(epochs=3, overrides={"d_ff": 24}),
        "cnn": Recipe(model="cnn", epochs=3, overrides={"widths": (4, 8)}),
    }
    both = said("--model", "vit", "vit-conv", "--set", "d_ff=24", "--set", "vit-conv:d_ff=32")
    assert [recipe.overrides for recipe in both.values()] == [{"d_ff": 24}, {"d_ff": 32}]


def test_a_preset_is_taken_as_it_is_laid_out_and_what_is_said_replaces_it(tiny):
    options = make_parser().parse_args(["--preset", "vit-cnn", "--data", "tiny.npz", "--epochs", "3", "--subset", "12"])
    laid_out = preset_recipes("vit-cnn", str(Path.cwd() / "tiny.npz"), subset=12, epochs=3, n_train=24, n_test=9)
    assert recipes_said(options, tiny) == laid_out
    options = make_parser().parse_args(
        ["--preset", "vit-cnn", "--lr", "0.5", "--batch-size", "9", "--test-subset", "5"]
    )
    for recipe in recipes_said(options, tiny).values():
        assert (recipe.lr, recipe.batch_size, recipe.test_subset, recipe.subset) == (0.5, 9, 5, None)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("--set d_model", "--set takes OPTION=VALUE, not 'd_model'"),
        ("--set widths=4,b", "whole numbers, such as 64,128, not '4,b'"),
        ("--set cnn:widths=4,8", "--set speaks of 'cnn', which is not among the models vit"),
        ("--model vit vit", "each model can race once"),
        ("--preset vit-cnn --set d_ff=3", "--set cannot be said beside --preset"),
        ("--lr-change 400", "--lr-change takes STEP:FACTOR, such as 400:0.5, not '400'"),
        ("--lr-change x:0.5", "--lr-change takes STEP:FACTOR"),
        ("--lr-change 4:1000", "lr_changes must be pairs of a step .* between 0.01 and 100"),
        ("--lr-change 4:2 --lr-change 4:3", "each step once"),
        ("--epochs 0", "epochs must lie between 1 and 10000, not 0"),
        ("--lr nan", "lr must lie between"),
        ("--img-size 300", "img_size must lie between 8 and 128, not 300"),
        ("--snapshots 1", "snapshots must lie between 2 and 200, not 1"),
        ("--preset vit-cnn --epochs 0", "epochs must lie between 1 and 10000, not 0"),
    ],
)
def test_what_makes_no_sense_is_a_sentence(words, sentence):
    with pytest.raises(ValueError, match=sentence) as caught:
        said(*words.split())
    assert "\n" not in str(caught.value)


def test_options_of_a_model_are_read_as_numbers_where_they_are():
    assert _option("d_ff=24") == (None, "d_ff", 24)
    assert _option("share=0.5") == (None, "share", 0.5)
    assert _option("pooling=mean") == (None, "pooling", "mean")
    assert _option("name=a=b") == (None, "name", "a=b")
    assert _option("widths=64,128") == (None, "widths", (64, 128))
    assert _option("cnn:widths=64,") == ("cnn", "widths", (64,))


def test_the_flags_that_were_said_are_known():
    parse = make_parser().parse_args
    assert said_flags(parse([])) == []
    assert said_flags(parse(["--run", "a", "--keep", "b", "--at-once", "2"])) == []
    assert said_flags(parse(["--epochs", "20", "--test-at-end-only"])) == ["epochs", "test-at-end-only"]
    assert said_flags(parse(["--preset", "fast", "--batch-size", "8"])) == ["batch-size", "preset"]


def test_a_card_is_repeated_on_the_device_that_is_said():
    card = json.loads(find_card("swin-cifar10", [CHECKPOINT_FOLDER]).read_text(encoding="utf-8"))
    (recipe,) = said("--repeat", "swin-cifar10", "--device", "cuda").values()
    assert recipe == replace(Recipe.from_dict(card["recipe"]), device="cuda")
    assert said("--repeat", "swin-cifar10", "--epochs", 2) == {"swin": replace(recipe, device="cpu", epochs=2)}
    assert said_flags(make_parser().parse_args(["--repeat", "swin-cifar10"])) == ["repeat"]


@pytest.mark.parametrize("name", list_checkpoints([CHECKPOINT_FOLDER]))
def test_every_card_that_ships_can_be_repeated(name):
    card = json.loads(find_card(name, [CHECKPOINT_FOLDER]).read_text(encoding="utf-8"))
    (recipe,) = said("--repeat", name).values()
    assert recipe.model == card["model"] and recipe.seed == card["seed"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--repeat", "nothing"), "the recipe of 'nothing' cannot be repeated: There is no checkpoint"),
        (("--repeat", "swin-cifar10", "--set", "d_ff=3"), "--set cannot be said beside --repeat"),
    ],
)
def test_what_cannot_be_repeated_is_said(words, message):
    with pytest.raises(ValueError, match=message):
        said(*words)


@pytest.mark.parametrize(
    ("said_so", "value"),
    [("a=true", True), ("a=False", False), ("a=3", 3), ("a=0.5", 0.5), ("a=64,", (64,)), ("a=mean", "mean")],
)
def test_an_option_is_what_its_text_says(said_so, value):
    assert _option(said_so) == (None, "a", value) and type(_option(said_so)[2]) is type(value)


@pytest.mark.parametrize("empty", ["widths=", "cnn:widths= ", "widths"])
def test_an_option_without_a_value_is_refused(empty):
    with pytest.raises(ValueError, match="OPTION=VALUE"):
        _option(empty)


def test_sweeps_are_known_by_the_names_of_the_field():
    parse = make_parser().parse_args
    assert parse(["--sweep", "data-scaling"]).sweep == parse(["--sweep", "hunger"]).sweep == "hunger"
    assert parse(["--sweep", "ladder-long"]).sweep == "ladder-long"
    with pytest.raises(SystemExit):
        parse(["--sweep", "nothing"])
