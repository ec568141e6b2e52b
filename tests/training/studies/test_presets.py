"""The presets: exactly the exercise, one difference at a time, and sizes that fit the data at hand."""

import json
import math
from dataclasses import asdict

import pytest

from vit_explorer.models import create_model
from vit_explorer.models.checkpoint import CHECKPOINT_FOLDER, find_card
from vit_explorer.training.loop.events import Epoch, Finished
from vit_explorer.training.loop.precision import fast_precision
from vit_explorer.training.loop.recipe import Recipe
from vit_explorer.training.loop.trainer import train
from vit_explorer.training.runs.race import LABEL
from vit_explorer.training.studies.presets import PRESETS, TEST_SUBSET, preset_recipes

DIFFER = {  # in which fields the contenders of a preset differ
    "vit-cnn": {"model"},
    "minute": set[str](),  # it has one
    "augmentation": {"model", "augment"},
    "data": {"subset", "epochs"},
    "stem": {"overrides"},
    "positions": {"overrides"},
    "fast": {
        *("model", "overrides", "batch_size", "optimizer", "lr", "schedule", "warmup", "weight_decay", "augment", "ema")
    },
    "shipped": {"model", "overrides", "optimizer", "warmup", "label_smoothing", "ema"},
}

SHIPPED = {
    "ViT": "vit-cifar10",
    "CNN": "cnn-cifar10",
    "Hybrid": "hybrid-cifar10",
    "ViT with conv stem": "vit-conv-cifar10",
}  # label of the contender: checkpoint


def differing(recipes: dict[str, Recipe]) -> set[str]:
    first, *others = (asdict(recipe) for recipe in recipes.values())
    return {field for field in first for other in others if other[field] != first[field]}


@pytest.mark.parametrize("name", PRESETS)
def test_contenders_differ_in_what_the_preset_is_about_and_in_nothing_else(name):
    assert differing(preset_recipes(name)) == DIFFER[name]
    assert 1 <= len(PRESETS[name].contenders) <= 4


@pytest.mark.parametrize("preset", PRESETS.values(), ids=list(PRESETS))
def test_what_a_preset_says_fits_its_place(preset):
    labels = [label for label, _ in preset.contenders]
    assert len({label.lower() for label in labels}) == len(labels)  # they are folders, on any system
    assert all(LABEL.fullmatch(label) and len(label) <= 24 for label in labels)
    assert PRESETS[preset.name] is preset
    assert len(preset.title) <= 40
    assert len(preset.teaches) <= 160 and preset.teaches[-1] in ".?" and "\n" not in preset.teaches
    assert preset.subset in preset.subset_choices


def test_the_first_preset_is_the_exercise_as_it_was_set():
    recipes = preset_recipes("vit-cnn", n_train=50_000, subset=50_000, n_test=10_000, precision="float32")
    shared = {"epochs": 20, "batch_size": 128, "optimizer": "adam", "lr": 1e-3, "test_subset": TEST_SUBSET}
    assert recipes == {"ViT": Recipe(model="vit", **shared), "CNN": Recipe(model="cnn", **shared)}
    vit = create_model("vit")
    assert (vit.grid, vit.pos_embedding.shape[2], len(vit.blocks)) == ((8, 8), 128, 4)
    assert (vit.blocks[0].attention.n_heads, vit.blocks[0].mlp[0].out_features) == (4, 512)


def test_two_of_four_are_augmented_and_otherwise_the_exercise():
    recipes = preset_recipes("augmentation")
    plain, augmented = ({label: recipes[label] for label in recipes if ("aug" in label) == is_} for is_ in (0, 1))
    assert {recipe.augment for recipe in plain.values()} == {"none"}
    assert {recipe.augment for recipe in augmented.values()} == {"crop-flip"}
    assert [recipe.model for recipe in plain.values()] == [recipe.model for recipe in augmented.values()]


@pytest.mark.parametrize(
    ("most", "epochs", "sizes", "updates"),
    [
        (None, None, [500, 2_000, 8_000, 32_000], 256),
        (32_000, 3, [500, 2_000, 8_000, 32_000], 768),
        (10_000, None, [500, 2_000, 8_000], 256),  # all there is in "shapes"
        (8_000, 1, [500, 2_000, 8_000], 64),
        (2_000, 5, [500, 2_000], 80),
    ],
)
def test_more_data_means_equally_many_updates(most, epochs, sizes, updates):
    recipes = preset_recipes("data", n_train=most, epochs=epochs)
    assert [recipe.subset for recipe in recipes.values()] == sizes
    made = {recipe.epochs * math.ceil(recipe.subset / recipe.batch_size) for recipe in recipes.values()}
    assert made == {updates}
    assert [int(label.removeprefix("ViT on ").replace(",", "")) for label in recipes] == sizes


def test_sizes_fit_the_data():
    assert {recipe.subset for recipe in preset_recipes("stem").values()} == {5_000}
    assert {recipe.subset for recipe in preset_recipes("stem", subset=700, n_train=10_000).values()} == {700}
    for n_train in (300, 5_000):
        assert {recipe.subset for recipe in preset_recipes("stem", n_train=n_train).values()} == {None}
    tested = {n: {recipe.test_subset for recipe in preset_recipes("stem", n_test=n).values()} for n in (1_000, 1_001)}
    assert tested == {1_000: {None}, 1_001: {1_000}}
    assert {recipe.test_subset for recipe in preset_recipes("data").values()} == {1_000}


def test_what_is_said_reaches_every_contender():
    said = {"data": "mine", "img_size": 48, "probe": 7, "seed": 3, "device": "cpu", "precision": "bfloat16"}
    for name in PRESETS:
        for recipe in preset_recipes(name, **said).values():
            assert {field: getattr(recipe, field) for field in said} == said
        for recipe in preset_recipes(name).values():
            assert recipe.precision == fast_precision("cpu")
    assert {recipe.epochs for recipe in preset_recipes("fast", epochs=3).values()} == {3}


def test_what_cannot_be_compared_is_said():
    with pytest.raises(ValueError, match="no preset 'slow': choose one of vit-cnn, minute, augmentation"):
        preset_recipes("slow")
    with pytest.raises(ValueError, match="'data' needs at least 2,000 training pictures, not 600"):
        preset_recipes("data", n_train=600)
    with pytest.raises(ValueError, match="epochs must lie between 1 and 10000, not 0"):
        preset_recipes("vit-cnn", epochs=0)
    with pytest.raises(ValueError, match="epochs must lie between"):
        preset_recipes("data", epochs=0)


def test_the_two_stems_and_the_two_sets_of_positions_are_built():
    stems = [create_model(recipe.model, **recipe.overrides) for recipe in preset_recipes("stem").values()]
    assert [type(model.patch_embedding).__name__ for model in stems] == ["PatchEmbedding", "ConvPatchEmbedding"]
    assert len({len(model.blocks) for model in stems}) == len({model.n_prefix for model in stems}) == 1
    positions = [create_model(recipe.model, **recipe.overrides) for recipe in preset_recipes("positions").values()]
    assert [hasattr(model, "pos_embedding") for model in positions] == [True, False]


def test_every_contender_trains_to_its_end(tiny):
    trained: list[Recipe] = []
    for name in sorted(PRESETS.keys() - {"data"}):  # whose sizes are fixed; its model is the plain ViT of the others
        for recipe in preset_recipes(name, subset=12, epochs=1, n_train=24, n_test=9, precision="float32").values():
            if recipe in trained:
                continue
            events = list(train(recipe, tiny))
            assert isinstance(events[-1], Finished)
            assert [event.images for event in events if isinstance(event, Epoch)] == [12]
            trained.append(recipe)
    assert len(trained) == 11


@pytest.mark.parametrize(("label", "checkpoint"), SHIPPED.items())
def test_a_race_of_the_shipped_architectures_has_those_of_the_cards(label, checkpoint):
    card = json.loads(find_card(checkpoint, [CHECKPOINT_FOLDER]).read_text(encoding="utf-8"))
    of_card, recipe = Recipe.from_dict(card["recipe"]), preset_recipes("shipped")[label]
    assert (recipe.model, recipe.overrides) == (of_card.model, of_card.overrides)
