"""What the Ingredients view asks for: each ingredient does what the package does with the same seed, and says it."""

import base64
import itertools
import json
import re

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from tests.files import save_npz
from vit_explorer.data.augment import crop_and_flip
from vit_explorer.data.mixing import draw_cutmix, draw_mixup
from vit_explorer.data.rand_augment import rand_augment
from vit_explorer.data.random_erasing import random_erasing
from vit_explorer.data.sources import Dataset
from vit_explorer.data.uploads import fit_picture
from vit_explorer.explain.dropped import branch_scales, draw_kept, scaled_logits
from vit_explorer.models import create_model, save_checkpoint
from vit_explorer.training.loop.recipe import LIMITS
from vit_explorer.ui.core.errors import UserError
from vit_explorer.ui.core.requests import ModelRequest, load_input
from vit_explorer.ui.core.serve import bind, serve
from vit_explorer.ui.core.session import Session
from vit_explorer.ui.core.widget import template
from vit_explorer.ui.recipe import tab
from vit_explorer.ui.recipe.apply import IN_BATCH, PASSES, ROLLS, apply_ingredient
from vit_explorer.ui.recipe.ingredients import INGREDIENTS, trained_with
from vit_explorer.ui.recipe.mixing import others
from vit_explorer.ui.recipe.pictures import operation_words, repeated, seeded

SIZES = {"img_size": 8, "patch_size": 2, "d_model": 16, "n_heads": 2, "n_layers": 3, "d_ff": 24, "n_classes": 3}
SEEDS = range(1, 9)
CHANGES = {"crop-flip": crop_and_flip, "rand-augment": rand_augment, "erasing": random_erasing}


@pytest.fixture(scope="module")
def session(tiny: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Session:
    """Models of 8 x 8 pixels: "small" and "cnn" know the classes of the tiny data, "stranger" has others."""
    folder = tmp_path_factory.mktemp("checkpoints")
    torch.manual_seed(0)
    for name, architecture, options, classes, data in [
        ("small", "vit", SIZES | {"stochastic_depth": 0.2}, ["dark", "grey", "light"], "tiny"),
        ("cnn", "cnn", {"img_size": 8, "widths": (4, 8), "n_classes": 3}, ["dark", "grey", "light"], "tiny"),
        ("stranger", "vit", SIZES, ["ant", "bee", "cat"], "three animals"),
    ]:
        model = create_model(architecture, **options)
        with torch.no_grad():
            for weights in model.parameters():
                weights.add_(0.25 * torch.randn_like(weights))
        card = {
            "model": architecture,
            "overrides": options,
            "dataset": {"name": data, "classes": classes},
            "normalise": {"mean": [120.0] * 3, "std": [60.0] * 3},
            "recipe": {"epochs": 1, "augment": "crop-flip", "mixup": 0.3},
        }
        save_checkpoint(model, card, name, folder)
    return Session(checkpoint_folders=[folder], own_data=[save_npz(tiny, folder / "tiny.npz")])


def ask(session: Session, ingredient: str, strength: float | None = None, seed: int = 1, **others: str) -> dict:
    request = {"picture": "tiny:0", "model": "small", "fit": "crop", **others}
    found = bind(apply_ingredient, session)(request | {"ingredient": ingredient, "strength": strength, "seed": seed})
    return json.loads(json.dumps(found))  # as it travels


def loaded(session: Session, **others: str):
    return load_input(session, ModelRequest(**{"picture": "tiny:0", "model": "small", "fit": "crop", **others}))


def unpacked(packed: dict) -> Tensor:
    """A picture as uint8 (3, H, W), or any other packed array."""
    data = np.frombuffer(base64.b64decode(packed["data"]), packed["dtype"]).reshape(packed["shape"])
    found = torch.from_numpy(data.copy())
    return found.permute(2, 0, 1) if packed["dtype"] == "uint8" else found


def answer_to(session: Session, images: Tensor, model: str = "small") -> Tensor:
    """Probabilities, (B, classes)."""
    checkpoint = session.checkpoint(model)
    with torch.no_grad():
        return checkpoint.model(checkpoint.preprocess(images)).softmax(dim=1)


# --- the table ---


def test_the_buttons_are_the_ingredients():
    page = template(tab.__file__, "recipe-ingredients").read_text(encoding="utf-8")
    assert re.findall(r'data-ingredient="([^"]+)"', page) == list(INGREDIENTS)


def test_strengths_are_in_order_within_a_recipes_limits_and_hold_the_usual_one():
    for ingredient in INGREDIENTS.values():
        assert list(ingredient.values) == sorted(set(ingredient.values)) and ingredient.usual in ingredient.values
        if ingredient.key:
            low, high = LIMITS[ingredient.key]
            assert low <= ingredient.values[0] and ingredient.values[-1] <= high
    assert all(IN_BATCH % repeats == 0 for repeats in INGREDIENTS["repeats"].values)


def test_what_a_model_was_trained_with_is_read_from_its_card(session):
    small = session.checkpoint("small")
    expected = {"crop-flip": 4, "mixup": 0.3, "cutmix": 0, "repeats": 1, "depth": pytest.approx(0.2)}
    assert {name: trained_with(name, small) for name in expected} == expected
    assert trained_with("depth", session.checkpoint("cnn")) == 0
    del small.card["recipe"]["augment"]
    assert trained_with("cutmix", small) is None and trained_with("crop-flip", small) is None


# --- pictures ---


@pytest.mark.parametrize("name", CHANGES)
@pytest.mark.parametrize("model", ["small", "cnn"])
def test_a_picture_is_changed_as_the_package_changes_it(session, name, model):
    images = loaded(session, model=model).images
    strength = INGREDIENTS[name].values[-1]
    found = ask(session, name, strength, seed=5, model=model)
    after = unpacked(found["steps"][-1]["pixels"])
    arguments = (seeded(5), strength) if name == "crop-flip" else (strength, seeded(5))
    expected = CHANGES[name](images, *arguments)
    assert torch.equal(unpacked(found["steps"][0]["pixels"]), images[0]) and torch.equal(after, expected[0])
    both = answer_to(session, torch.cat([images, expected]), model)
    torch.testing.assert_close(torch.tensor([found["before"], found["after"]]), both)


@pytest.mark.parametrize("name", [*CHANGES, "mixup", "cutmix"])
def test_the_further_rolls_are_those_of_the_next_seeds(session, name):
    found = ask(session, name, seed=3)
    assert [roll["seed"] for roll in found["rolls"]] == list(range(4, 4 + ROLLS))
    for roll in found["rolls"][:3]:
        then = ask(session, name, seed=roll["seed"])
        assert torch.equal(unpacked(roll["pixels"]), unpacked(then["steps"][-1]["pixels"]))
        assert roll["probability"] == pytest.approx(max(then["after"]), abs=1e-5)
        assert roll["answer"] == then["after"].index(max(then["after"]))
    assert len({ask(session, name, seed=seed)["steps"][-1]["pixels"]["data"] for seed in SEEDS}) > 1


@pytest.mark.parametrize("seed", SEEDS)
def test_the_words_of_a_crop_are_true(session, seed):
    step = ask(session, "crop-flip", 3, seed)["steps"][1]
    image = loaded(session).images[0]
    moved = {way: int(n) for n, way in re.findall(r"(\d+) px (\w+)", step["done"])}
    down = moved.get("down", 0) - moved.get("up", 0)
    right = moved.get("right", 0) - moved.get("left", 0)
    expected = F.pad(image, (3, 3, 3, 3))[:, 3 - down : 11 - down, 3 - right : 11 - right]
    expected = expected.flip(2) if "then mirrored" in step["done"] else expected
    assert torch.equal(unpacked(step["pixels"]), expected)


def test_the_words_of_an_operation_hold_the_strength_that_it_gets():
    assert operation_words(0, 1, 30, 32) == "identity"
    assert operation_words(1, 1, 30, 32) == "shear along +16.7°"  # a slope of 0.3
    assert operation_words(3, -1, 30, 32) == "shift along −14 px"  # 150 / 331 of 32 is 14.5
    assert operation_words(5, -1, 15, 32) == "rotate −15.0°"
    assert operation_words(6, 1, 10, 32) == "brightness × 1.30"
    assert operation_words(6, -1, 10, 32) == "brightness × 0.70"
    assert operation_words(10, -1, 30, 32) == "posterize to 4 bits"
    assert operation_words(11, -1, 15, 32) == "solarize from 128 up"
    assert operation_words(13, -1, 15, 32) == "equalize"


def test_rand_augment_shows_each_of_its_two_steps(session):
    for seed in SEEDS:
        steps = ask(session, "rand-augment", 20, seed)["steps"]
        assert len(steps) == 3
        for before, after in itertools.pairwise(steps):
            if after["done"] == "identity":
                assert before["pixels"] == after["pixels"]


def test_what_is_erased_lies_in_the_box_and_where_nothing_is_drawn_nothing_is(session):
    image, told = loaded(session).images[0], set()
    for seed in range(1, 20):
        step = ask(session, "erasing", 0.5, seed)["steps"][1]
        changed = (unpacked(step["pixels"]) != image).any(dim=0)
        told.add(step["box"] is None)
        if step["box"] is None:
            assert not changed.any() and "nothing erased" in step["done"]
            continue
        top, left, tall, wide = step["box"]
        inside = torch.zeros(8, 8, dtype=torch.bool)
        inside[top : top + tall, left : left + wide] = True
        assert changed[inside].all() and not changed[~inside].any()
        assert f"{tall} × {wide} px" in step["done"]
    assert told == {True, False}


# --- labels ---


@pytest.mark.parametrize("name", ["mixup", "cutmix"])
def test_a_mixture_is_what_its_formula_says(session, name):
    for seed in SEEDS:
        found = ask(session, name, 1.0, seed)
        own, other, mixed = (unpacked(step["pixels"]) for step in found["steps"])
        share, box = found["share"], found["steps"][2]["box"]
        if name == "mixup":
            assert share == draw_mixup(2, 1.0, seed).share and box is None
            expected = (share * own.float() + (1 - share) * other.float()).round().to(torch.uint8)
        else:
            drawn = draw_cutmix(2, 8, 8, 1.0, seed)
            top, left, tall, wide = box
            assert drawn.box == (top, left, top + tall, left + wide) and share == drawn.share == 1 - tall * wide / 64
            expected = own.clone()
            expected[:, top : top + tall, left : left + wide] = other[:, top : top + tall, left : left + wide]
        assert torch.equal(mixed, expected)
        assert sum(found["target"]) == pytest.approx(1) and sum(found["spread"]) == pytest.approx(1)
        target = torch.zeros(3)
        target[found["labels"][0]["index"]] += share
        target[found["labels"][1]["index"]] += 1 - share
        torch.testing.assert_close(torch.tensor(found["target"]), target)
        after = answer_to(session, torch.stack([own, mixed]))
        torch.testing.assert_close(torch.tensor([found["before"], found["after"]]), after)


def test_the_other_picture_is_a_test_picture_of_the_models_data_with_its_label(session):
    split = session.test_split("tiny")[0]
    seen = set()
    for seed in range(1, 30):
        found = ask(session, "mixup", 0.8, seed)
        index = int(found["steps"][1]["done"].removeprefix("tiny test picture "))
        seen.add(index)
        assert torch.equal(unpacked(found["steps"][1]["pixels"]), split.x[index])
        assert found["labels"] == [{"index": int(split.y[k]), "known": True} for k in (0, index)]
    assert 0 not in seen and len(seen) > 4


def test_where_a_picture_has_no_label_that_the_model_knows_its_answer_stands_in(session):
    found = ask(session, "cutmix", model="stranger", seed=2)
    assert found["steps"][1]["done"].startswith("shapes test picture ")
    own, other = (unpacked(step["pixels"]) for step in found["steps"][:2])
    said = answer_to(session, torch.stack([own, other]), "stranger").argmax(dim=1)
    assert found["labels"] == [{"index": int(one), "known": False} for one in said]


def test_other_pictures_are_different_ones(session):
    small = session.checkpoint("small")
    for seed in SEEDS:
        names = [picture.name for picture in others(session, small, session.picture("tiny:4"), 8, seed)]
        assert len(set(names)) == 8 and "tiny:4" not in names


@pytest.mark.parametrize("smoothing", [0.0, 0.1, 0.9])
def test_the_loss_is_torchs_and_the_sum_of_its_terms(session, smoothing):
    found = ask(session, "smoothing", smoothing, picture="tiny:1")
    seen, label = loaded(session, picture="tiny:1"), int(session.test_split("tiny")[0].y[1])
    assert found["label"] == {"index": label, "known": True}
    with torch.no_grad():
        logits = seen.checkpoint.model(seen.inputs)
    target = torch.tensor(found["target"])
    expected = F.cross_entropy(logits, torch.tensor([label]), label_smoothing=smoothing).item()
    assert found["loss"] == pytest.approx(expected)
    assert found["loss"] == pytest.approx(F.cross_entropy(logits, target[None]).item())
    assert found["loss"] == pytest.approx((1 - smoothing) * found["hard"] + smoothing * found["even"])
    lowest = F.cross_entropy(target.clamp_min(1e-30).log()[None], target[None]).item()
    assert found["lowest"] == pytest.approx(lowest, abs=1e-6) and found["lowest"] <= found["loss"]
    assert found["before"] == found["after"]


# --- a batch, and branches ---


@pytest.mark.parametrize("repeats", INGREDIENTS["repeats"].values)
def test_a_batch_holds_each_picture_as_often_as_it_says(session, repeats):
    found = ask(session, "repeats", repeats, seed=4)
    titles = [cell["title"] for cell in found["cells"]]
    n = IN_BATCH // repeats
    assert len(titles) == IN_BATCH and len(set(titles)) == n and titles[0] == "tiny test picture 0"
    assert titles == [titles[k * repeats] for k in range(n) for _ in range(repeats)]
    source = "shapes" if n > 9 else "tiny"  # nine test pictures are all that the tiny data have
    assert all(title.startswith(f"{source} test picture ") for title in titles[repeats:])
    pictures = [session.picture(title.replace(" test picture ", ":")).image for title in titles]
    plain = torch.stack([fit_picture(picture, 8) for picture in pictures])
    batch = repeated(plain, 4)
    for cell, expected in zip(found["cells"], batch, strict=True):
        assert torch.equal(unpacked(cell["pixels"]), expected)
    chances, unchanged = answer_to(session, batch), answer_to(session, plain).argmax(dim=1)
    assert [cell["answer"] for cell in found["cells"]] == chances.argmax(dim=1).tolist()
    same = chances.argmax(dim=1) == unchanged
    assert [cell["same"] for cell in found["cells"]] == same.tolist() and found["same"] == int(same.sum())
    torch.testing.assert_close(torch.tensor(found["after"]), chances[:repeats].mean(dim=0))


def test_repeats_of_a_picture_differ():
    batch = repeated(torch.randint(0, 256, (1, 3, 16, 16), dtype=torch.uint8).repeat(6, 1, 1, 1), 1)
    assert len(batch.unique(dim=0)) == 6


def test_the_passes_are_those_of_the_package(session):
    found = ask(session, "depth", 0.8, seed=7)
    seen, kept = loaded(session), draw_kept(PASSES, 3, 0.8, 7)
    assert found["kept"] == kept.int().tolist() and found["rates"] == pytest.approx([0, 0.4, 0.8])
    chances = scaled_logits(seen.checkpoint.model, seen.inputs, branch_scales(kept, 0.8)).softmax(dim=1)
    torch.testing.assert_close(unpacked(found["passes"]), chances)
    torch.testing.assert_close(torch.tensor(found["after"]), chances[0])
    before = answer_to(session, seen.images)[0]
    torch.testing.assert_close(torch.tensor(found["before"]), before)
    assert found["changed"] == int((chances.argmax(dim=1) != before.argmax()).sum())


def test_at_rate_0_every_pass_is_the_models_answer(session):
    found = ask(session, "depth", 0.0)
    assert found["changed"] == 0
    expected = torch.tensor(found["before"]).expand(PASSES, -1)
    torch.testing.assert_close(unpacked(found["passes"]), expected)


def test_a_cnn_has_nothing_to_drop(session):
    found = ask(session, "depth", 0.5, model="cnn")
    assert found["kind"] == "none" and found["before"] == found["after"]
    torch.testing.assert_close(torch.tensor(found["before"]), answer_to(session, loaded(session).images, "cnn")[0])


# --- all of them ---


@pytest.mark.parametrize("name", INGREDIENTS)
def test_the_same_seed_gives_the_same_and_the_usual_strength_is_taken_where_none_is_said(session, name):
    first = ask(session, name, INGREDIENTS[name].usual, seed=11)
    assert ask(session, name, INGREDIENTS[name].usual, seed=11) == first
    assert ask(session, name, None, seed=11) == first


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"ingredient": "salt"}, "The ingredients are crop-flip, "),
        ({"strength": 31}, "RandAugment can be 0 to 30, in its steps, not 31."),
        ({"strength": 2.5}, "not 2.5."),
        ({"strength": True}, "not True."),
        ({"strength": "9"}, "not 9."),
        ({"seed": -1}, "Seed must be "),
        ({"seed": 2**31}, "Seed must be "),
        ({"seed": None}, "Seed must be "),
    ],
)
def test_what_is_not_offered_is_refused_in_a_sentence(session, change, sentence):
    request = {"picture": "tiny:0", "model": "small", "fit": "crop", "ingredient": "rand-augment", "strength": 9}
    request |= {"seed": 1} | change
    with pytest.raises(UserError):
        bind(apply_ingredient, session)(request)
    assert sentence in serve(session, apply=apply_ingredient)[0](request)["error"]
