"""The Features tab in a real browser: pointing marks and compares, keys change the block, a second picture, files."""

from __future__ import annotations

import io
import re

import numpy as np
import pytest

from tests.browser.pages import open_view, save
from vit_explorer.explain.features import feature_similarity, outlier_tokens
from vit_explorer.ui.core.session import Session
from vit_explorer.ui.features.hidden import PairRequest, load_pair

SESSION = Session()
COLOURS, SIMILARITY = ".vx-features-colours", ".vx-features-similarity"
FINDING = f"{SIMILARITY} .finding"
SAID = r"After (.+), patch (\d+) is most like patch (\d+) here \((.+)\), patch (\d+) in the second \((.+)\)"


def drawn(page) -> None:
    """Until both views show what is chosen, and the words of the newest mark are written."""
    page.evaluate("vx.idle()")
    page.wait_for_function(
        f"""document.querySelector("{FINDING}")?.textContent.includes("most like")
        && !document.querySelector("{COLOURS}.waiting") && !document.querySelector("{SIMILARITY}.waiting")"""
    )
    page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")


@pytest.fixture
def features(same_page):
    same_page.evaluate("vx.go('tab=features&sub=maps')")
    drawn(same_page)
    return same_page


def hover(page, selector: str, cell: int, side: int = 8) -> None:
    page.locator(selector).scroll_into_view_if_needed()
    box = page.locator(selector).bounding_box()
    page.mouse.move(
        box["x"] + (cell % side + 0.5) * box["width"] / side, box["y"] + (cell // side + 0.5) * box["height"] / side
    )
    page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")


def image_of(page, selector: str) -> str:
    return page.eval_on_selector(selector, "(canvas) => canvas.toDataURL()")


def pair_on_screen(page):
    settled = page.evaluate("(({ picture, model, fit }) => ({ picture, model, fit }))(vx.get('settled'))")
    return load_pair(SESSION, PairRequest(**settled, second=page.locator(f"{SIMILARITY} .second").input_value()))


def check_finding(page, block: int, patch: int) -> None:
    """The words are the numbers of explain for this block and patch."""
    one = pair_on_screen(page).maps[block]
    said = re.fullmatch(SAID, page.locator(FINDING).inner_text())
    assert said, page.locator(FINDING).inner_text()
    assert said[1].endswith(one.name) and int(said[2]) == patch + 1
    here, there = (feature_similarity(one.tokens[0], 1 + patch, tokens, 1) for tokens in one.tokens)
    here[patch] = -1
    for cosines, found, number in ((here, said[3], said[4]), (there, said[5], said[6])):
        assert float(cosines[int(found) - 1]) == pytest.approx(float(cosines.max()), abs=0.01)
        assert float(number.replace("−", "-")) == pytest.approx(float(cosines.max()), abs=0.01)


def test_pointing_compares_a_patch_in_both_pictures_without_a_request(features):
    check_finding(features, 4, 35)
    before = {name: image_of(features, f"{SIMILARITY} .{name}") for name in ("here", "there", "norms-marks")}
    asked = []
    features.on("request", lambda request: asked.append(request.url))
    hover(features, f"{SIMILARITY} .here-marks", 10)
    assert features.evaluate("vx.get('token')") == 10
    check_finding(features, 4, 10)
    for name, image in before.items():
        assert image_of(features, f"{SIMILARITY} .{name}") != image, f"{name} did not follow"
    features.mouse.click(0, 0)
    features.locator(f"{SIMILARITY} .here-marks").focus()
    features.keyboard.press("ArrowRight")
    features.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    check_finding(features, 4, 36)
    assert asked == []
    assert "No artefacts" in features.locator(f"{SIMILARITY} .differs").inner_text()
    assert not any(len(outlier_tokens(one.tokens[0], 1)) for one in pair_on_screen(features).maps)


def test_patches_of_a_large_norm_are_called_artefacts(features):
    assert "No artefacts" in features.locator(f"{SIMILARITY} .differs").inner_text()
    before = image_of(features, f"{SIMILARITY} .norms-marks")
    features.evaluate("""() => {
      const features = vx.get("features");
      const maps = features.maps.map((map, k) => (k === 4 ? { ...map, outliers: [3, 5] } : map));
      vx.set("features", { ...features, maps });
    }""")
    drawn(features)
    words = features.locator(f"{SIMILARITY} .differs").inner_text()
    assert words.startswith("Artefacts: 2 patches after layer 4") and "register" in words
    assert image_of(features, f"{SIMILARITY} .norms-marks") != before


def test_arrow_keys_go_through_the_blocks_and_a_second_picture_is_chosen(features):
    features.locator(f"{COLOURS} [role=radio][aria-checked=true]").focus()
    features.keyboard.press("Home")
    features.keyboard.press("ArrowRight")
    drawn(features)
    assert features.locator(f"{COLOURS} [aria-checked=true]").inner_text() == "layer 1"
    check_finding(features, 1, 35)
    before = image_of(features, f"{SIMILARITY} .there")
    tiles = image_of(features, f"{COLOURS} .tile:last-child > canvas")
    features.locator(f"{SIMILARITY} .second").select_option("sample:bus")
    drawn(features)
    assert image_of(features, f"{SIMILARITY} .there") != before
    assert image_of(features, f"{COLOURS} .tile:last-child > canvas") != tiles
    check_finding(features, 1, 35)


def test_fitting_on_both_and_dropping_the_background_recolour_and_the_file_agrees(features):
    tile = f"{COLOURS} .tile:last-child .stack > canvas"
    images = [image_of(features, tile)]
    for button in ("[data-fit=both]", ".drop"):
        features.locator(f"{COLOURS} {button}").click()
        drawn(features)
        images.append(image_of(features, tile))
    assert len(set(images)) == 3
    arrays = np.load(io.BytesIO(save(features, SIMILARITY, "npz").path().read_bytes()))
    assert (int(arrays["block"]), int(arrays["query"])) == (4, 36)
    assert 0 < arrays["shown_4"].sum() < 128


@pytest.mark.parametrize("model", ["swin-cifar10", "cnn-cifar10"])
def test_a_network_of_stages_shows_the_map_of_each(features, model):
    features.locator("#vx-model").select_option(model)
    features.wait_for_function(f"vx.get('settled').model === '{model}'")
    drawn(features)
    maps = [one.name for one in pair_on_screen(features).maps]
    assert features.locator(f"{COLOURS} [role=radio]").all_inner_texts() == maps
    assert "Each stage" in features.locator(f"{SIMILARITY} .differs").inner_text()
    features.locator(f"{COLOURS} [role=radio]").first.click()
    drawn(features)
    hover(features, f"{SIMILARITY} .here-marks", 5 * 16 + 7, side=16)  # a cell that is a quarter of the page's patch
    assert features.evaluate("vx.get('token')") == 2 * 8 + 3
    assert "patch 88 " in features.locator(FINDING).inner_text()


def test_the_nearest_pictures_of_a_dataset_are_shown_and_one_is_opened(same_page):
    page = same_page
    open_view(page, "Features / Nearest pictures")
    view = page.locator(".vx-features-nearest")
    view.locator(".source").select_option("shapes")
    view.locator(".found li").nth(9).wait_for()
    view.locator(".finding", has_text="of shapes are labelled").wait_for()
    cosines = [float(said.replace("−", "-")) for said in view.locator(".found .vx-number").all_inner_texts()]
    assert cosines == sorted(cosines, reverse=True) and -1 <= cosines[-1] <= cosines[0] <= 1
    assert re.search(r"in \d+(\.\d)?.% of cases", view.locator(".scored").inner_text())
    view.locator(".found button").first.click()
    page.wait_for_function("vx.get('settled').picture.startsWith('shapes:')")


@pytest.mark.parametrize("width", [390, 800])
def test_it_fits_narrow_screens(features, width):
    page = features
    page.set_viewport_size({"width": width, "height": 844})
    page.evaluate("vx.go('', true)")
    drawn(page)
    page.locator(f"{SIMILARITY} .here-marks").click(position={"x": 3, "y": 3})
    drawn(page)
    check_finding(page, 4, 0)
    beyond = page.evaluate(
        """() => [...document.querySelectorAll(".vx-features-colours *, .vx-features-similarity *")]
        .filter((one) => one.offsetParent && one.getBoundingClientRect().right > innerWidth)
        .map((one) => one.className)"""
    )
    assert beyond == []
