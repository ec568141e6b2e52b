"""The Recipe tab in a real browser: every ingredient by its controls, and its numbers are the package's."""

from __future__ import annotations

import base64
import re
from typing import Any

import numpy as np
import pytest

from tests.browser.pages import drawn, fits, open_view, reload
from vit_explorer.data.rand_augment import rand_augment
from vit_explorer.ui.core.requests import ModelRequest, load_input
from vit_explorer.ui.core.serve import bind
from vit_explorer.ui.core.session import Session
from vit_explorer.ui.recipe.apply import PASSES, ROLLS, apply_ingredient
from vit_explorer.ui.recipe.ingredients import INGREDIENTS
from vit_explorer.ui.recipe.pictures import seeded

SESSION = Session()
ROOT = ".vx-recipe-ingredients"
SERVED = "**/component_server/"
READY = f"document.querySelector('{ROOT}:not(.waiting) .bars > .answer')"
PIXELS = """(canvas) => {
  const { data, width } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  const place = (k) => Math.floor(((k + 0.5) * width) / 32);
  const rows = Array.from({ length: 32 }, (_, k) => place(k));
  return rows.map((y) => rows.map((x) => [...data.slice(4 * (y * width + x), 4 * (y * width + x) + 3)]));
}"""  # the colour in the middle of each of 32 x 32 squares


@pytest.fixture
def recipe(same_page):
    """The view with everything at its default, the strengths of all ingredients too."""
    same_page.evaluate("vx.set('recipe', null)")
    open_view(same_page, "Recipe / Ingredients")
    same_page.wait_for_function(READY)
    return same_page


def choose(page, name: str) -> None:
    page.locator(f"{ROOT} [data-ingredient={name}]").click()
    page.wait_for_function(READY)


def at(page) -> tuple[str, float, int]:
    """The ingredient, strength and seed on screen."""
    name = page.locator(f"{ROOT} .choose [aria-pressed=true]").get_attribute("data-ingredient")
    strength = float(page.locator(f"{ROOT} .value").inner_text())
    return name, strength, int(page.locator(f"{ROOT} .seed").text_content().removeprefix("roll "))


def computed(page, **change: Any) -> dict[str, Any]:
    """What the package says of what is on screen."""
    shown = page.evaluate("vx.get('settled')")
    name, strength, seed = at(page)
    request = {key: shown[key] for key in ("picture", "model", "fit")}
    return bind(apply_ingredient, SESSION)(request | {"ingredient": name, "strength": strength, "seed": seed} | change)


def columns(page) -> dict[str, dict[str, str]]:
    """The bars' numbers: class -> column -> as printed."""
    cells = page.locator(f"{ROOT} .bars > span").all_inner_texts()
    n = len(page.locator(f"{ROOT} .bars > .title").all()) - 2
    names, rows = cells[2 : 2 + n], cells[2 + n :]
    return {rows[k]: dict(zip(names, rows[k + 1 : k + 1 + n], strict=True)) for k in range(0, len(rows), n + 1)}


def same(printed: str, chance: float) -> bool:
    return abs(float(printed.strip("<> %")) - 100 * chance) <= 0.11


def check_bars(page, found: dict[str, Any], **series: list[float]) -> None:
    classes = SESSION.checkpoint(page.evaluate("vx.get('settled').model")).class_names
    rows = columns(page)
    assert len(rows) >= 5
    for name, numbers in rows.items():
        assert list(numbers) == list(series)
        for column, values in series.items():
            assert same(numbers[column], values[classes.index(name)]), (name, column, numbers)
    likeliest = classes[int(np.argmax(found["before"]))]
    assert likeliest in rows and likeliest in page.locator(f"{ROOT} .outcome").inner_text()


# --- each ingredient ---


@pytest.mark.parametrize("name", ["crop-flip", "rand-augment", "erasing"])
def test_a_picture_before_and_after_with_what_was_drawn(recipe, name):
    choose(recipe, name)
    for _ in range(2):
        found = computed(recipe)
        check_bars(recipe, found, before=found["before"], after=found["after"])
        captions = recipe.locator(f"{ROOT} .scene figcaption").all_inner_texts()
        assert captions == ["before", *[step["done"] for step in found["steps"]]]
        assert recipe.locator(f"{ROOT} .below .again").count() == ROLLS
        recipe.locator(f"{ROOT} .strength").press("End")
        recipe.wait_for_function(READY)
        assert at(recipe)[1] == INGREDIENTS[name].values[-1]


def test_the_pixels_on_screen_are_those_of_the_package(recipe):
    choose(recipe, "rand-augment")
    found = computed(recipe)
    looked = load_input(SESSION, ModelRequest("sample:cat", "vit-cifar10", "crop"))
    after = rand_augment(looked.images, found["strength"], seeded(found["seed"]))[0].permute(1, 2, 0)
    canvases = recipe.locator(f"{ROOT} .scene canvas")
    assert np.array_equal(np.array(canvases.first.evaluate(PIXELS)), looked.images[0].permute(1, 2, 0).numpy())
    assert np.array_equal(np.array(canvases.last.evaluate(PIXELS)), after.numpy())


@pytest.mark.parametrize("name", ["mixup", "cutmix"])
def test_a_mixture_with_both_pictures_and_the_mixed_label(recipe, name):
    choose(recipe, name)
    found = computed(recipe)
    check_bars(recipe, found, before=found["before"], label=found["target"], mixed=found["after"])
    classes = SESSION.checkpoint("vit-cifar10").class_names
    note = recipe.locator(f"{ROOT} .note").inner_text()
    first, second = re.match(r"Label: ([\d.]+) % .*\+ ([\d.]+) % ", note).groups()
    assert same(first, found["share"]) and same(second, 1 - found["share"])
    captions = recipe.locator(f"{ROOT} .scene .row figcaption").all_inner_texts()
    for label, caption in zip(found["labels"], captions[::2], strict=False):
        assert caption.endswith(f"{'label' if label['known'] else 'answer'}: {classes[label['index']]}")
    assert captions[1] == "Cat" and captions[3] == found["steps"][1]["done"] and captions[4] == "mixed"
    if name == "mixup":
        own, other, mixed = (np.array(c.evaluate(PIXELS)) for c in recipe.locator(f"{ROOT} .scene .row canvas").all())
        expected = found["share"] * own + (1 - found["share"]) * other
        assert np.abs(mixed - expected).max() <= 0.51


def test_smoothing_moves_the_target_and_the_loss_at_once(recipe):
    choose(recipe, "smoothing")
    slider = recipe.locator(f"{ROOT} .strength")
    assert recipe.locator(f"{ROOT} .roll").is_hidden()
    for key in ("Home", "ArrowRight", "End"):
        slider.press(key)
        recipe.wait_for_function(READY)
        found = computed(recipe)
        check_bars(recipe, found, target=found["target"], model=found["after"])
        told = recipe.locator(f"{ROOT} .formula").inner_text()
        s = found["strength"]
        assert f"= {1 - s:.2f} · {found['hard']:.3f} + {s:.2f} · {found['even']:.3f}" in told
        assert f"= {found['loss']:.3f}\n" in told and f"less than {found['lowest']:.3f} " in told
    assert found["strength"] == 0.9
    recipe.locator(f"{ROOT} .usual").click()
    recipe.wait_for_function(READY)
    assert at(recipe)[1] == 0.1 and recipe.locator(f"{ROOT} .usual").is_disabled()


def test_a_batch_of_repeats(recipe):
    choose(recipe, "repeats")
    found = computed(recipe)
    check_bars(recipe, found, before=found["before"], after=found["after"])
    assert recipe.locator(f"{ROOT} .group").count() == 4
    classes = SESSION.checkpoint("vit-cifar10").class_names
    answers = recipe.locator(f"{ROOT} .group figcaption").all_inner_texts()
    assert answers == [classes[cell["answer"]] for cell in found["cells"]]
    assert recipe.locator(f"{ROOT} .group .turned").count() == 12 - found["same"]
    recipe.locator(f"{ROOT} .strength").press("End")
    recipe.wait_for_function(f"document.querySelectorAll('{ROOT} .group').length === 2 && {READY}")
    found = computed(recipe)
    assert found["strength"] == 6 and f"{found['same']} have" in recipe.locator(f"{ROOT} .note").inner_text()


def test_branches_go_dark_and_each_pass_can_be_looked_at(recipe):
    choose(recipe, "depth")
    recipe.locator(f"{ROOT} .strength").press("End")
    recipe.wait_for_function(READY)
    found = computed(recipe)
    chances = np.frombuffer(base64.b64decode(found["passes"]["data"]), "<f4").reshape(PASSES, -1)
    passes = recipe.locator(f"{ROOT} .passes .again")
    assert passes.count() == PASSES
    for number in (0, 7, 19):
        passes.nth(number).click()
        kept = np.array(found["kept"][number])  # (layers, 2)
        cells = recipe.locator(f"{ROOT} .branch").all_inner_texts()
        assert [cell != "dropped" for cell in cells] == kept.T.astype(bool).flatten().tolist()
        assert recipe.locator(f"{ROOT} .branch.off").count() == (kept == 0).sum()
        check_bars(recipe, found, before=found["before"], after=chances[number].tolist())
        assert passes.nth(number).get_attribute("aria-pressed") == "true"
    times = "once" if found["changed"] == 1 else f"{found['changed']} times"
    assert f"changed {times}." in recipe.locator(f"{ROOT} .note").inner_text()


def test_a_cnn_says_why_nothing_can_be_dropped(recipe):
    recipe.evaluate("vx.go('model=cnn-cifar10')")
    drawn(recipe)
    choose(recipe, "depth")
    assert "no residual branches" in recipe.locator(f"{ROOT} .scene").inner_text()
    assert recipe.locator(f"{ROOT} .roll").is_hidden() and recipe.locator(f"{ROOT} .below .again").count() == 0
    choose(recipe, "cutmix")
    found = computed(recipe)
    check_bars(recipe, found, before=found["before"], label=found["target"], mixed=found["after"])


# --- the dice, another picture, the screen ---


def test_the_dice_are_rolled_and_a_further_roll_is_taken(recipe):
    choose(recipe, "mixup")
    first = at(recipe)[2]
    recipe.locator(f"{ROOT} .roll").click()
    recipe.wait_for_function(f"document.querySelector('{ROOT} .seed').textContent !== 'roll {first}' && {READY}")
    name, strength, seed = at(recipe)
    assert (name, strength) == ("mixup", 0.8)
    recipe.locator(f"{ROOT} .below .again").nth(2).focus()
    recipe.keyboard.press("Enter")
    recipe.wait_for_function(f"document.querySelector('{ROOT} .seed').textContent === 'roll {seed + 3}' && {READY}")
    assert recipe.evaluate("document.activeElement.className") == "again"  # and can go on by keyboard
    found = computed(recipe)
    check_bars(recipe, found, before=found["before"], label=found["target"], mixed=found["after"])


def test_another_picture_with_a_label_of_its_own_and_the_same_after_a_reload(recipe):
    choose(recipe, "cutmix")
    recipe.evaluate("vx.set('wish', { picture: 'shapes:3', model: 'cnn-shapes' })")
    recipe.wait_for_function("vx.get('settled').model === 'cnn-shapes' && vx.get('settled').picture === 'shapes:3'")
    recipe.wait_for_function(READY)
    found = computed(recipe)
    assert found["labels"][0]["known"] and found["labels"][1]["known"]
    assert "no label of its own" not in recipe.locator(f"{ROOT} .note").inner_text()
    check_bars(recipe, found, before=found["before"], label=found["target"], mixed=found["after"])
    before = recipe.locator(f"{ROOT} .bars").inner_text()
    reload(recipe)
    open_view(recipe, "Recipe / Ingredients")
    recipe.wait_for_function(READY)
    assert recipe.locator(f"{ROOT} .bars").inner_text() == before


@pytest.mark.parametrize(("width", "height"), [(1280, 720), (390, 844)])
def test_every_ingredient_fits_the_screen(recipe, width, height):
    recipe.set_viewport_size({"width": width, "height": height})
    for name in INGREDIENTS:
        choose(recipe, name)
        fits(recipe, width)
        if width > 900:
            box = recipe.locator(f"{ROOT} .parts").bounding_box()  # the next rolls below may need a scroll
            assert box["y"] + recipe.evaluate("scrollY") + box["height"] <= height, name


def test_a_refusal_stands_in_the_view_until_there_is_an_answer(recipe):
    recipe.route(SERVED, lambda route: route.fulfill(json={"error": "Not now."}))
    recipe.locator(f"{ROOT} [data-ingredient=smoothing]").click()
    recipe.locator(f"{ROOT} .vx-refusal", has_text="Not now.").wait_for()
    recipe.unroute(SERVED)
    choose(recipe, "smoothing")
    assert at(recipe)[0] == "smoothing"
    assert recipe.locator(f"{ROOT} .vx-refusal").count() == 0


def test_what_is_chosen_while_an_answer_is_awaited_is_asked_next(recipe):
    asked = []
    recipe.on("request", lambda request: asked.append(request.post_data_json["data"]["ingredient"]))
    recipe.evaluate(
        """(root) => ["smoothing", "mixup", "erasing", "depth"].forEach(
            (name) => document.querySelector(`${root} [data-ingredient=${name}]`).click())""",
        ROOT,
    )  # at once: no answer can come between two of them
    recipe.wait_for_function(READY)
    assert asked == ["smoothing", "depth"]
    assert at(recipe)[0] == "depth"
