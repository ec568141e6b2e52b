"""What is taken along is what was measured, and the command repeats the run."""

import csv
import io
import random
import shlex
import subprocess
from dataclasses import fields, replace

import pytest
import torch

from vit_explorer.data.sources import absolute_source
from vit_explorer.figures.curves import Curve
from vit_explorer.training import Recipe
from vit_explorer.training.cli.flags import recipes_said
from vit_explorer.training.cli.parser import make_parser
from vit_explorer.training.loop.events import Epoch, Event, Failed, Finished, Snapshot, Started, Step
from vit_explorer.training.runs.export import COLUMNS, COMMAND, accuracy_points, caption, command_line, curves_csv
from vit_explorer.training.runs.race import Race
from vit_explorer.training.studies.presets import PRESETS, preset_recipes


def step(number: int, seconds: float) -> Step:
    return Step(
        step=number,
        total_steps=20,
        epoch=1 + (number - 1) // 10,
        images=7 * number,
        seconds=seconds,
        loss=2.5 / number,
        running_loss=2.302585092994046,
        running_accuracy=number / 3 / 20,
        lr=1e-3 / 3,
        images_per_second=512.5,
        seconds_left=12.25,
    )


def snapshot(number: int, accuracy: float | None) -> Snapshot:
    return Snapshot(number, number / 10, 7 * number, 0.1 * number, accuracy, None, torch.rand(2, 2), 4, 1 / 7)


EVENTS: list[Event] = [
    Started(0, 20, 10, 70, 10, 50, 20, 1234),
    snapshot(0, 0.1),
    step(1, 0.125),
    step(4, 0.5),
    Started(4, 20, 10, 70, 10, 50, 20, 1234),  # it was taken up from there
    snapshot(5, None),
    step(10, 1.25),
    Epoch(1, 10, 70, 1.25, 1.5, 0.31, 0.29, 1 / 3),
    step(20, 2.75),
    Epoch(2, 20, 140, 2.75, 1.25, 0.41, None, 0.4),
    Finished(20, 140, 2.75, None, 0.456),
]


@pytest.fixture
def race(tmp_path) -> Race:
    recipes = {"ViT, small": Recipe(overrides={"d_model": 64}), "CNN": Recipe(model="cnn")}
    race = Race.create(tmp_path, recipes, title="The race")
    for event in EVENTS:
        race.runs["ViT, small"].append(event)
    for event in (EVENTS[0], EVENTS[1], EVENTS[2], Failed(1, "The loss became nan at step 2.")):
        race.runs["CNN"].append(event)
    return race


def test_the_table_holds_every_number_as_it_was_measured(race):
    text = curves_csv(race)
    assert text.splitlines()[0].split(",") == list(COLUMNS)
    rows = list(csv.DictReader(io.StringIO(text)))
    measured = [event for event in EVENTS if not isinstance(event, Started)]
    assert [row["run"] for row in rows] == ["ViT, small"] * len(measured) + ["CNN"] * 2
    assert [row["kind"] for row in rows] == [
        *("snapshot", "step", "step", "snapshot", "step", "epoch", "step", "epoch", "finished"),
        *("snapshot", "step"),
    ]
    for row, event in zip(rows, measured, strict=False):
        said = {field.name: getattr(event, field.name) for field in fields(event) if field.name in COLUMNS}
        said["epoch"] = event.step / 10  # also within a pass
        for name in set(COLUMNS) - {"run", "kind"}:
            assert row[name] == ("" if said.get(name) is None else row[name])
            if said.get(name) is not None:
                assert float(row[name]) == said[name]


def test_no_number_of_a_measuring_event_is_left_out():
    left_out = {
        "total_steps",  # the last step
        "seconds_left",  # a guess
        "positions",  # tables of their own
        "probe_map",
    }
    measured = {field.name for kind in (Step, Epoch, Snapshot, Finished) for field in fields(kind)}
    assert measured - left_out == set(COLUMNS) - {"run", "kind"}


@pytest.mark.parametrize(
    ("axis", "train", "test"),
    [
        ("epochs", [0.1, 0.4, 1, 2], [0, 1, 2]),
        ("images", [7, 28, 70, 140], [0, 70, 140]),
        ("seconds", [0.125, 0.5, 1.25, 2.75], [0, 1.25, 2.75]),
    ],
)
def test_points_lie_where_they_were_measured(race, axis, train, test):
    points = accuracy_points(race.runs["ViT, small"], axis)
    assert points.train.tolist() == [[x, n / 3 / 20] for x, n in zip(train, (1, 4, 10, 20), strict=True)]
    assert points.test.tolist() == [[x, y] for x, y in zip(test, (0.1, 1 / 3, 0.4), strict=True)]
    assert points.final == 0.456
    assert Curve("ViT", *points).final == 0.456
    assert accuracy_points(race.runs["CNN"], axis).final is None


def test_a_run_that_has_not_begun_has_no_points(tmp_path):
    race = Race.create(tmp_path, {"one": Recipe()}, title="New")
    points = accuracy_points(race.runs["one"], "epochs")
    assert points.train.shape == points.test.shape == (0, 2)
    assert curves_csv(race) == ",".join(COLUMNS) + "\n"


def test_the_caption_says_first_what_all_share_and_then_what_each_has(tmp_path):
    recipes = preset_recipes("vit-cnn", seed=7, precision="float32")
    race = Race.create(tmp_path, recipes, title="Exercise")
    assert caption([race]) == (
        "5,000 training pictures of cifar10, 20 epochs, batches of 128, adam at learning rate 0.001, constant, no "
        "augmentation, test curve on at most 1,000 test pictures, float32 on cpu, seed 7; "
        "ViT: model vit; CNN: model cnn."
    )
    fast = replace(
        PRESETS["fast"].contenders[1][1], data="/home/somebody/secret/cats.npz", validation=0.1, lr_changes=((40, 0.5),)
    )
    alone = Race.create(tmp_path, {"ViT": fast}, title="Fast")
    words = caption([alone])
    assert "all training pictures of cats.npz, less 10% for validation, model vit-conv" in words
    assert "linear decay after a warm-up over 3% of the steps, turned to 0.5 times that from step 40 on" in words
    assert "secret" not in words  # a figure travels
    assert caption([race, alone]) == f"Exercise: {caption([race])} Fast: {words}"


def test_the_caption_names_every_ingredient_of_a_recipe(tmp_path):
    recipe = Recipe(
        model="deit", augment="crop-flip", rand_augment=9, erasing=0.25, mixup=0.8, cutmix=1.0, repeats=2,
        teacher="cnn-cifar10", distillation="soft", temperature=4,
    )  # fmt: skip
    words = caption([Race.create(tmp_path, {"DeiT": recipe}, title="All of it")])
    assert "augmentation crop-flip, RandAugment 9, random erasing 0.25, mixup 0.8, CutMix 1" in words
    assert (
        "each picture 2 times in its batch" in words and "soft distillation from cnn-cifar10 at temperature 4" in words
    )
    assert said_by(command_line(recipe)) == recipe


def said_by(command: str) -> Recipe:
    words = shlex.split(command)
    assert words[: len(COMMAND.split())] == COMMAND.split()
    (recipe,) = recipes_said(make_parser().parse_args(words[len(COMMAND.split()) :])).values()
    return recipe


@pytest.mark.parametrize(
    "recipe",
    [
        Recipe(),
        Recipe(model="cnn", overrides={"widths": (16, 32, 64)}),
        Recipe(model="cnn", overrides={"widths": (16,)}),
        Recipe(overrides={"positions": "none", "d_model": 64, "pooling": "mean"}),
        Recipe(lr=1e-7, lr_changes=((0, 2.0), (400, 0.25), (1_000, 1))),
        Recipe(data="my pictures/it's $HOME; rm -rf *", img_size=48, subset=1),
        Recipe(data="-x.npz", seed=2**31 - 1),
        Recipe(data="", lr=0.1 + 0.2, test_each_epoch=False, validation=0.1, test_subset=2_000),
        *(recipe for _, recipe in PRESETS["augmentation"].contenders),
        *preset_recipes("fast", "shapes", precision="bfloat16", probe=3, device="cuda:1").values(),
    ],
)
def test_the_command_repeats_the_recipe(recipe):
    assert said_by(command_line(recipe)) == replace(recipe, data=absolute_source(recipe.data))


def test_the_command_repeats_any_recipe():
    draw = random.Random(0)
    for _ in range(200):
        recipe = Recipe(
            model=draw.choice(["vit", "cnn", "vit-conv"]),
            data=draw.choice(["cifar10", "shapes", "a b.npz", "ünï/“x”"]),
            subset=draw.choice([None, draw.randint(1, 10**6)]),
            validation=draw.random() / 2,
            epochs=draw.randint(1, 9_999),
            batch_size=draw.randint(1, 8_192),
            optimizer=draw.choice(["adam", "adamw", "muon"]),
            lr=10 ** draw.uniform(-6, 1),
            schedule=draw.choice(["constant", "linear", "cosine"]),
            warmup=draw.choice([0.0, draw.random() * 0.9]),
            lr_changes=tuple((10 * i, draw.uniform(0.01, 100)) for i in range(draw.randint(0, 3))),
            weight_decay=draw.random(),
            augment=draw.choice(["none", "crop-flip"]),
            label_smoothing=draw.choice([0.0, 0.1]),
            precision=draw.choice(["float32", "bfloat16"]),
            snapshots=draw.randint(2, 200),
            probe=draw.randint(0, 9_999),
        )
        assert said_by(command_line(recipe)) == replace(recipe, data=absolute_source(recipe.data))


def test_what_needs_no_saying_is_not_said():
    assert command_line(Recipe()) == COMMAND
    assert command_line(Recipe(epochs=3, lr_changes=((40, 0.5),))) == f"{COMMAND} --epochs 3 --lr-change 40:0.5"
    assert command_line(Recipe(model="cnn", overrides={"widths": (4, 8)})) == f"{COMMAND} --model cnn --set widths=4,8"


def test_a_shell_reads_the_words_that_were_meant():
    data = 'it\'s "$HOME" `date` \\ *; echo no'
    command = command_line(Recipe(data=data)).replace(COMMAND, "printf '%s\\n'", 1)
    shown = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=True).stdout
    assert shown.splitlines() == ["--data", data]
