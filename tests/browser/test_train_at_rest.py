"""The Train tab in a real browser: its set-up, and races that are over, on copies of a recorded one."""

from __future__ import annotations

import csv
import io
import re

import pytest

from tests.browser.pages import fits, reload, save
from tests.browser.races import PATIENCE, copy_race
from tests.browser.train_page import in_state, open_setup
from vit_explorer.bench.page import open_page


@pytest.fixture
def train(watched, address):
    """The Train tab of a visitor who is new here, with its set-up open."""
    page = watched()
    open_page(page, address)
    return open_setup(page)


@pytest.fixture(scope="module")
def race(recorded, runs) -> str:
    """The name of a race of two epochs that is over."""
    return copy_race(recorded, runs, "recorded")


@pytest.fixture
def finished(same_page, race):
    """A visitor who looks at that race."""
    page = same_page
    page.evaluate("(link) => vx.go(link, true)", f"tab=train&sub=race&run={race}")
    page.wait_for_function("(name) => vx.get('race') && vx.get('race').name === name", arg=race, timeout=PATIENCE)
    in_state(page, "finished")
    return page


def image_of(page, selector: str) -> str:
    return page.eval_on_selector(selector, "(canvas) => canvas.toDataURL()")


def becomes(page, selector: str, image: str) -> None:
    """Wait until a canvas shows an image."""
    page.wait_for_function(f"(image) => document.querySelector('{selector}').toDataURL() === image", arg=image)


def leaves(page, selector: str, image: str) -> None:
    """Wait until a canvas shows another image."""
    page.wait_for_function(f"(image) => document.querySelector('{selector}').toDataURL() !== image", arg=image)


def test_the_scrubber_goes_back_to_the_untrained_models(finished):
    maps, marks = ".vx-train-cards .hold canvas", ".vx-train-curves .marks"
    trained, unmarked = image_of(finished, maps), image_of(finished, marks)
    slider = finished.locator(".vx-train-cards .slider")
    slider.focus()
    finished.keyboard.press("Home")
    assert finished.locator(".vx-train-cards .when").inner_text() == "Untrained"
    leaves(finished, maps, trained)
    leaves(finished, marks, unmarked)
    first = finished.evaluate("vx.get('race').contenders[0].snapshots[0].test_accuracy")
    assert finished.locator(".vx-train-cards .accuracy").first.inner_text().startswith(f"{100 * first:.1f}")
    finished.locator(".vx-train-cards .latest").click()
    becomes(finished, maps, trained)
    becomes(finished, marks, unmarked)
    finished.locator(".vx-train-cards .replay").click()
    finished.wait_for_function("vx.get('raceAt') === 0")
    last = slider.get_attribute("max")
    finished.wait_for_function(f"document.querySelector('.vx-train-cards .slider').value === '{last}'", timeout=30_000)


def test_the_cards_are_saved_as_they_stand_with_their_numbers(finished):
    svg = save(finished, ".vx-train-cards", "svg").path().read_text()
    assert "CNN" in svg and "Newest" not in svg
    rows = list(csv.DictReader(io.StringIO(save(finished, ".vx-train-cards", "csv").path().read_text("utf-8-sig"))))
    assert [row["contender"] for row in rows] == ["ViT", "CNN"]
    shown = finished.evaluate(
        "vx.get('race').contenders.map(({ snapshots }) => [snapshots.at(-1).epoch, snapshots.at(-1).probability])"
    )
    assert [[float(row["epoch"]), float(row["probability of the answer"])] for row in rows] == shown


def test_a_pointer_on_the_curves_tells_all_values_there(finished):
    finished.locator(".vx-train-curves .marks").focus()
    before = image_of(finished, ".vx-train-curves .marks")
    finished.keyboard.press("ArrowLeft")  # first to the end of the curves, which is what the page states
    said = finished.locator(".vx-train-curves .said").inner_text()
    headline = finished.locator(".vx-train-curves .headline").inner_text()
    for label in ("ViT", "CNN"):
        stated = re.search(rf"{label} (\d+\.\d %)", headline)[1]
        assert f"{label}: test {stated}" in said, (said, headline)
    assert "all test pictures" in said
    assert "all 2,000 test pictures" in finished.locator(".vx-train-curves .key").inner_text()
    finished.keyboard.press("ArrowLeft")
    said = finished.locator(".vx-train-curves .said").inner_text()
    assert re.match(r"epoch [\d.]+\. ViT: test \d+\.\d %, train \d+\.\d %\. CNN: test .* %, train .* %", said), said
    assert image_of(finished, ".vx-train-curves .marks") != before
    for axis in ("images", "seconds"):
        chart = image_of(finished, ".vx-train-curves .chart")
        finished.locator(f".vx-train-curves [data-axis={axis}]").click()
        leaves(finished, ".vx-train-curves .chart", chart)


def test_a_value_outside_its_range_is_refused_beside_its_field(train):
    train.locator(".vx-train-setup .chip").first.get_by_role("button", name="Edit ViT").click()
    editor = train.locator(".vx-train-setup .editor")
    editor.locator("[data-field=batch_size]").fill("9000")
    label = editor.locator("label", has=train.locator("[data-field=batch_size]"))
    assert label.locator(".range").inner_text() == "must lie between 1 and 8,192"
    assert editor.locator("[data-field=batch_size]").get_attribute("aria-invalid") == "true"
    train.locator(".vx-train-setup .start").click()
    promise = train.locator(".vx-train-setup .promise")
    assert promise.inner_text() == "ViT: Batch size must lie between 1 and 8,192."
    assert train.evaluate("document.activeElement.dataset.field") == "batch_size"
    editor.locator("[data-field=batch_size]").fill("64")
    assert label.locator(".range").inner_text() == "1 to 8,192"
    assert "updates" in promise.inner_text()


def test_three_presets_are_in_sight_until_more_are_asked_for(train):
    presets, more = train.locator(".vx-train-setup .preset"), train.locator(".vx-train-setup .others")
    shown = [one.get_attribute("data-name") for one in presets.all() if one.is_visible()]
    assert shown == ["vit-cnn", "minute", "augmentation"]
    assert more.inner_text() == f"{presets.count() - 3} more"
    more.click()
    assert all(one.is_visible() for one in presets.all()) and not more.is_visible()
    assert presets.nth(3).evaluate("(one) => one === document.activeElement")


def test_a_preset_says_what_it_teaches_and_contenders_come_and_go(train):
    chips = train.locator(".vx-train-setup .chip")
    assert chips.count() == 2
    train.locator(".vx-train-setup .add").click()
    chips.nth(2).wait_for()
    train.locator(".vx-train-setup .preset[data-name=augmentation]").click()
    chips.nth(3).wait_for()
    assert [text.split("\n")[0] for text in chips.all_inner_texts()] == ["ViT", "ViT augmented", "CNN", "CNN augmented"]
    assert train.locator(".vx-train-setup .add").count() == 0  # four at most
    chips.nth(3).get_by_role("button", name="Remove CNN augmented").click()
    assert chips.count() == 3
    assert all(len(text) > 60 for text in train.locator(".vx-train-setup .preset span").all_inner_texts())


def test_races_on_the_shelf_are_renamed_compared_exported_and_deleted(train, recorded, runs, tmp_path):
    secret = train.evaluate("localStorage.getItem('vx-owner')")
    older, newer = (copy_race(recorded, runs, name, secret) for name in ("shelved-1", "shelved-2"))
    train.evaluate("(name) => { location.hash = `run=${name}`; }", newer)
    reload(train)
    train.wait_for_function("(name) => vx.get('race') && vx.get('race').name === name", arg=newer, timeout=PATIENCE)
    in_state(train, "finished")
    row = train.locator(".vx-train-shelf li", has=train.get_by_text(re.compile(f"^({older}|An older race)$")))
    row.get_by_role("button", name="Rename").click()
    train.locator(".vx-train-shelf .name").fill("An older race")
    train.locator(".vx-train-shelf .name").press("Enter")
    train.locator(".vx-train-shelf li", has_text="An older race").wait_for(timeout=PATIENCE)
    chart = image_of(train, ".vx-train-curves .chart")
    row.locator("button", has_text="Compare").click()
    train.wait_for_function("(vx.get('comparing') || []).length === 1", timeout=PATIENCE)
    leaves(train, ".vx-train-curves .chart", chart)
    for kind, magic in (("csv", b"\xef\xbb\xbfrun,kind"), ("png", b"\x89PNG"), ("svg", b"<?xml"), ("pdf", b"%PDF")):
        save(train, ".vx-train-curves", kind).save_as(tmp_path / kind)
        assert (tmp_path / kind).read_bytes().startswith(magic)
    train.locator(".vx-train-shelf .repeat").click()
    commands = train.locator(".vx-train-shelf code")
    commands.nth(1).wait_for()
    assert all("--data shapes" in text and "--subset 500" in text for text in commands.all_inner_texts())
    n = train.locator(".vx-train-shelf li").count()
    row.get_by_role("button", name="Delete An older race").click()
    assert train.locator(".vx-train-shelf li").count() == n  # it asks first
    row.get_by_role("button", name="Delete for good").click()
    train.wait_for_function(f"document.querySelectorAll('.vx-train-shelf li').length === {n - 1}", timeout=PATIENCE)


def test_a_new_race_is_set_up_where_it_is_seen(finished):
    new, setup = finished.locator(".vx-train-controls .new"), finished.locator(".vx-train-setup .setup")
    bar = finished.locator(".vx-train-controls .bar")
    finished.evaluate("scrollTo(0, document.documentElement.scrollHeight)")
    new.click()
    for _ in range(2):
        setup.wait_for()
        top, below = setup.bounding_box()["y"], bar.bounding_box()
        assert below["y"] + below["height"] <= top < 300, (top, below)
        assert finished.evaluate("document.activeElement.getAttribute('aria-checked')") == "true"
        finished.locator(".vx-train-setup .start").focus()
        finished.evaluate("scrollTo(0, document.documentElement.scrollHeight)")
        assert setup.bounding_box()["y"] < 0
        new.click()  # it is open already, but out of sight
        finished.wait_for_function("document.activeElement.getAttribute('aria-checked') === 'true'")
    new.click()
    setup.wait_for(state="hidden")


def test_it_fits_the_screen(train, finished):
    for page in (train, finished):
        fits(page, 1280)
    start = train.locator(".vx-train-setup .start").bounding_box()
    assert start["y"] + start["height"] < 720  # Play is in sight
    for page in (train, finished):
        page.set_viewport_size({"width": 390, "height": 844})
        fits(page, 390)
