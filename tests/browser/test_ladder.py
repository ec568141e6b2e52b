"""The Ladder view in a real browser: every rung by pointer and by key, with the numbers of results made here."""

from __future__ import annotations

import csv
import re
import shutil
from collections.abc import Iterator
from itertools import pairwise
from statistics import mean, stdev

import pytest

from tests.browser.apps import serving
from tests.browser.pages import PHONE, fits, open_view, save
from tests.training.ladders import ladder_results, write_results
from vit_explorer.bench.page import open_page
from vit_explorer.models.checkpoint import CHECKPOINT_FOLDER
from vit_explorer.training.studies.ladder import RUNGS, TEACHER

VIEW = ".vx-ladder"
RESULTS = ladder_results(2, left_out=("repeats",))
NAMES = [TEACHER, *(rung.name for rung in reversed(RUNGS))]  # from above, as on screen


@pytest.fixture(scope="module")
def address(tmp_path_factory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("checkpoints")
    for path in CHECKPOINT_FOLDER.glob("vit-cifar10.*"):
        shutil.copy(path, folder)
    write_results(folder, RESULTS)
    with serving(tmp_path_factory.mktemp("runs"), folder) as running:
        yield running


@pytest.fixture
def ladder(same_page):
    open_view(same_page, "Recipe / Which helped most?")
    same_page.wait_for_selector(f"{VIEW} .rung")
    return same_page


def accuracies(name: str, field: str = "test_accuracy") -> list[float]:
    return [point[field] for point in RESULTS["points"] if point["rung"] == name]


def rung(page, name: str):
    return page.locator(f"{VIEW} [data-rung={name}]")


def chosen(page) -> str:
    return page.locator(f"{VIEW} [aria-checked=true]").get_attribute("data-rung")


def number(text: str) -> float:
    return float(re.sub(r"[^0-9.−]", "", text).replace("−", "-"))


def gain_of(name: str) -> float | None:
    """In points over the rung below, None where that or this has no result."""
    below = {above.name: one.name for one, above in pairwise(RUNGS)}.get(name)
    if below is None or not accuracies(below) or not accuracies(name):
        return None
    return 100 * (mean(accuracies(name)) - mean(accuracies(below)))


def test_every_rung_shows_the_numbers_of_the_results(ladder):
    assert [one.get_attribute("data-rung") for one in ladder.locator(f"{VIEW} .rung").all()] == NAMES
    for name in NAMES:
        row, tests = rung(ladder, name), accuracies(name)
        texts = {kind: row.locator(f".{kind}").inner_text() for kind in ("gain", "test", "training", "gap")}
        if not tests:
            assert texts == {"gain": "", "test": "not yet", "training": "", "gap": ""}
            continue
        found, spread = texts["test"].removesuffix(" %").split(" ± ")
        assert float(found) == pytest.approx(100 * mean(tests), abs=0.051)
        assert float(spread) == pytest.approx(100 * stdev(tests), abs=0.051)
        train = mean(accuracies(name, "train_accuracy"))
        assert number(texts["training"]) == pytest.approx(100 * train, abs=0.051)
        assert number(texts["gap"]) == pytest.approx(100 * (train - mean(tests)), abs=0.051)
        gain = gain_of(name)
        if gain is None:
            assert texts["gain"] == ""
        else:
            assert number(texts["gain"]) == pytest.approx(gain, abs=0.051)
            unclear = name in ("rand-augment", "erasing")  # the seeds disagree
            mark = "?" if unclear else "▸" if gain >= 0.05 else "◂" if gain <= -0.05 else ""
            assert "".join(one for one in texts["gain"] if one in "▸◂?") == mark
    assert "18 of 20 runs" in ladder.locator(f"{VIEW} .missing").inner_text()


def test_marks_lie_where_the_axis_says(ladder):
    ticks = {
        number(one.inner_text()): one.evaluate("e => { const b = e.getBoundingClientRect(); return b.x + b.width / 2 }")
        for one in ladder.locator(f"{VIEW} .ticks span").all()
    }
    (least, left), (most, right) = min(ticks.items()), max(ticks.items())

    def share(x: float) -> float:
        return least + (x - left) / (right - left) * (most - least)

    for name in NAMES:
        if not accuracies(name):
            assert rung(ladder, name).locator(".mean").count() == 0
            continue
        box = rung(ladder, name).locator(".mean").bounding_box()
        assert share(box["x"] + box["width"] / 2) == pytest.approx(100 * mean(accuracies(name)), abs=0.15)
        dots = [one.bounding_box() for one in rung(ladder, name).locator(".seed").all()]
        places = [share(dot["x"] + dot["width"] / 2) for dot in dots]
        assert places == pytest.approx([100 * test for test in accuracies(name)], abs=0.15)
        gain, bar = gain_of(name), rung(ladder, name).locator(".bar")
        assert bar.count() == (gain is not None)
        if gain is not None:
            box = bar.bounding_box()
            end = 100 * mean(accuracies(name))
            edges = [share(box["x"]), share(box["x"] + box["width"])]
            assert edges == pytest.approx(sorted([end, end - gain]), abs=0.3)
            red, _, blue = map(int, re.findall(r"\d+", bar.evaluate("e => getComputedStyle(e).backgroundColor"))[:3])
            assert (red > blue) == (gain > 0)  # orange or violet
    line = ladder.locator(f"{VIEW} .grid .teacher").bounding_box()
    assert share(line["x"] + 1) == pytest.approx(100 * mean(accuracies(TEACHER)), abs=0.15)


def test_every_rung_by_pointer_tells_what_it_is(ladder):
    assert chosen(ladder) == "crop-flip"  # the largest gain is what is on screen first
    asked: list[str] = []
    ladder.on("request", lambda request: asked.append(request.url))
    for name in NAMES:
        rung(ladder, name).click()
        assert chosen(ladder) == name
        title = next((one.title for one in RUNGS if one.name == name), "The teacher, a CNN")
        assert title in ladder.locator(f"{VIEW} .detail h3").inner_text()
        commands = ladder.locator(f"{VIEW} .own code").all_text_contents()  # they are folded
        assert len(commands) == (2 if name == "distillation" else 1)
        assert all(command.startswith("python -m vit_explorer.train ") for command in commands)
        found = ladder.locator(f"{VIEW} .found").inner_text()
        assert ("Not trained yet" in found) == (name == "repeats")
        if gain_of(name) is not None:
            assert number(found.split(" ± ")[0]) == pytest.approx(gain_of(name), abs=0.051)
            assert ("disagree" in found) == (name in ("rand-augment", "erasing"))
    assert asked == []


def test_every_rung_by_key(ladder):
    rung(ladder, chosen(ladder)).focus()
    ladder.keyboard.press("Home")
    walked = [chosen(ladder)]
    for _ in NAMES[1:]:
        ladder.keyboard.press("ArrowDown")
        walked.append(chosen(ladder))
        assert ladder.evaluate("document.activeElement.dataset.rung") == walked[-1]
    assert walked == NAMES
    ladder.keyboard.press("ArrowDown")
    assert chosen(ladder) == NAMES[-1]
    ladder.keyboard.press("ArrowUp")
    assert chosen(ladder) == NAMES[-2]
    assert [one.get_attribute("tabindex") for one in ladder.locator(f"{VIEW} .rung").all()].count("0") == 1


@pytest.mark.parametrize(
    ("name", "button", "ingredient", "strength"),
    [("mixing", "Try CutMix", "cutmix", "1"), ("rand-augment", "Try RandAugment", "rand-augment", "9")],
)
def test_an_ingredient_can_be_tried_at_its_strength(ladder, name, button, ingredient, strength):
    rung(ladder, name).click()
    ladder.locator(f"{VIEW} .go button", has_text=button).click()
    # the view still shows the ingredient of before until it is drawn: waiting for its button comes first
    pressed = f"[data-ingredient={ingredient}][aria-pressed=true]"
    ladder.wait_for_selector(f".vx-recipe-ingredients:not(.waiting):has({pressed}) .bars > .answer")
    assert ladder.locator(".vx-recipe-ingredients .value").inner_text() == strength


def test_the_highest_rung_leads_to_the_token_and_its_teacher(ladder):
    rung(ladder, "distillation").click()
    ladder.locator(f"{VIEW} .go button", has_text="See the token").click()
    assert ladder.get_by_role("tab", name="Distillation", exact=True).get_attribute("aria-selected") == "true"


def test_the_table_is_saved_with_every_run(ladder):
    table = save(ladder, VIEW, "csv")
    assert table.suggested_filename == "ladder.csv"
    with open(table.path(), encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 18
    assert sorted(float(row["test_accuracy"]) for row in rows) == sorted(
        one["test_accuracy"] for one in RESULTS["points"]
    )


def test_it_can_be_used_on_a_phone(ladder):
    page = ladder
    page.set_viewport_size(PHONE)
    fits(page, PHONE["width"])
    for name in NAMES:
        rung(page, name).click()
        assert chosen(page) == name
        cells = [rung(page, name).locator(f".{kind}").bounding_box() for kind in ("name", "gain", "test")]
        for one, other in pairwise(cells):
            assert one["x"] + one["width"] <= other["x"] + 1
        assert cells[-1]["x"] + cells[-1]["width"] <= 390
        assert cells[0]["height"] <= 32  # two lines at most, above the lane


def test_without_results_it_says_how_to_make_them(browser, tmp_path_factory):
    folder = tmp_path_factory.mktemp("bare")
    for path in CHECKPOINT_FOLDER.glob("vit-cifar10.*"):
        shutil.copy(path, folder)
    with serving(tmp_path_factory.mktemp("runs"), folder) as bare:
        page = browser.new_page()  # `watched` takes requests to this second app for foreign ones
        open_page(page, bare)
        open_view(page, "Recipe / Which helped most?")
        page.wait_for_selector(f"{VIEW} .missing:not([hidden])")
        assert "There are no results of the recipe" in page.locator(f"{VIEW} .missing").inner_text()
        assert page.locator(f"{VIEW} code").inner_text() == "python -m vit_explorer.train --sweep ladder"
        assert not page.locator(f"{VIEW} .chart").is_visible() and not page.locator(f"{VIEW} .keep").is_visible()
        page.close()
