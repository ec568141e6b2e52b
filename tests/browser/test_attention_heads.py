"""The heads in a real browser: one query everywhere, numbers of the trace, files."""

from __future__ import annotations

import io
import re

import numpy as np
import pytest
from PIL import Image

from tests.browser.heads_page import hover, image_of, number, open_heads, settle, traced
from tests.browser.pages import save, written
from vit_explorer.explain.distance import patch_distances


@pytest.fixture
def heads(same_page):
    return open_heads(same_page)


PAIR, ABOUT = ".vx-attention-heads .pair", ".vx-attention-heads .about"
MAPS, LARGE = ".vx-attention-heads .maps", ".vx-attention-heads .large"


def test_pointing_at_the_picture_makes_a_query_of_which_every_number_is_the_traces(heads):
    before = {name: image_of(heads, name) for name in (MAPS, LARGE, ".vx-attention-heads .matrix-marks")}
    hover(heads, ".vx-attention-heads .scene-marks", 2.5 / 8, 1.5 / 8)
    assert heads.evaluate("vx.get('token')") == 10
    for name, image in before.items():
        assert image_of(heads, name) != image, f"{name} did not follow"
    row = traced(heads).weights[3, 0, 11]  # the last layer's first head, at first
    text = heads.locator(PAIR).inner_text()
    words, alike = text.split("; ")
    said = re.fullmatch(r"Patch 11 \(.*\) gives (.*) to (patch (\d+) \(.*\)|CLS), more than to any other", words)
    assert number(alike) == pytest.approx(1 / 65, rel=0.006)
    assert said, text
    best = 0 if said[2] == "CLS" else int(said[3])
    assert best == int(row.argmax())
    assert number(said[1]) == pytest.approx(float(row.max()), rel=0.006)
    about = heads.locator(ABOUT).text_content()
    assert number(about) == pytest.approx(float(row[0]), rel=0.006)
    even = float(patch_distances((8, 8), 4).mean())  # each patch attends to all patches by the same share
    assert re.search(rf"distance \d+\.\d px \({even:.1f} px if .*entropy \d\.\d\d of at most 6\.02 bits", about)


def test_keys_move_the_query_and_cls_is_one(heads):
    heads.locator(".vx-attention-heads .scene-marks").focus()
    before = heads.evaluate("vx.get('token')")
    heads.keyboard.press("ArrowRight")
    settle(heads)
    assert f"Patch {before + 2} " in heads.locator(PAIR).inner_text()
    heads.locator(".vx-attention-heads .cls").click()
    settle(heads)
    assert heads.locator(".vx-attention-heads .cls").get_attribute("aria-pressed") == "true"
    text = heads.locator(PAIR).inner_text()
    assert text.startswith("CLS gives")
    assert number(text) == pytest.approx(float(traced(heads).weights[3, 0, 0].max()), rel=0.006)
    look = heads.get_by_role("group", name="Look from")
    look.get_by_role("button", name="Patch").press("Enter")
    settle(heads)
    assert heads.evaluate("vx.get('token')") == before + 1  # the patch that was looked from last
    assert look.locator("[aria-pressed=true]").all_inner_texts() == ["Patch"]


def test_the_mean_over_the_heads_of_a_layer_is_a_map_like_theirs(heads):
    maps = heads.locator(".vx-attention-heads .maps-marks")
    before = image_of(heads, ".vx-attention-heads .matrix")
    maps.focus()
    for _ in range(6):  # from the first of four heads: the mean is the last column
        maps.press("ArrowRight")
    settle(heads)
    assert heads.locator(".vx-attention-heads .which").inner_text() == "Layer 4, mean"
    seen = traced(heads)
    mean = seen.weights[3, :, 1 + heads.evaluate("vx.get('token')")].mean(dim=0)
    assert number(heads.locator(PAIR).inner_text()) == pytest.approx(float(mean.max()), rel=0.006)
    assert number(heads.locator(ABOUT).text_content()) == pytest.approx(float(mean[0]), rel=0.006)
    assert image_of(heads, ".vx-attention-heads .matrix") != before
    assert heads.evaluate("vx.get('attentionChosen').head") == 3  # the last passed, which other views show
    with np.load(save(heads, ".vx-attention-heads", "npz").path()) as file:
        np.testing.assert_allclose(file["attention"], seen.weights.numpy(), atol=1e-6)
    maps.press("ArrowLeft")
    settle(heads)
    assert heads.locator(".vx-attention-heads .which").inner_text() == "Layer 4, head 4"


def test_a_clipped_scale_says_so_and_a_value_beyond_it_is_exact(heads):
    end = heads.locator(".vx-attention-heads .foot .high").inner_text()
    assert end.endswith(" or more")
    largest = traced(heads).weights[..., 1:, 1:].max()
    assert number(end) < float(largest)
    assert heads.locator(".vx-attention-heads [data-reach=near]").bounding_box()["y"] < 720  # in sight


def test_a_line_leads_to_the_heads_that_look_nearest_and_farthest(heads):
    distance = np.array(heads.evaluate("vx.get('trace').attention.distance"))
    for which, flat in (("near", distance.argmin()), ("far", distance.argmax())):
        layer, head = np.unravel_index(int(flat), distance.shape)
        button = heads.locator(f".vx-attention-heads [data-reach={which}]")
        assert f"({distance[layer, head]:.1f} px)" in button.inner_text()
        button.click()
        settle(heads)
        assert heads.locator(".vx-attention-heads .which").inner_text() == f"Layer {layer + 1}, head {head + 1}"


def test_a_small_map_is_enlarged_by_a_click_and_by_keys_and_read_under_the_pointer(heads):
    before = image_of(heads, LARGE)
    box = heads.locator(".vx-attention-heads .maps-marks").bounding_box()
    heads.mouse.click(box["x"] + 0.6 * box["width"], box["y"] + 0.43 * box["height"])
    assert heads.locator(".vx-attention-heads .which").inner_text() == "Layer 2, head 3"
    assert image_of(heads, LARGE) != before
    heads.locator(".vx-attention-heads .maps-marks").focus()
    heads.keyboard.press("ArrowDown")
    heads.keyboard.press("ArrowLeft")
    assert heads.locator(".vx-attention-heads .which").inner_text() == "Layer 3, head 2"
    hover(heads, ".vx-attention-heads .large-marks", 0.97, 0.97)  # the last patch
    query = heads.evaluate("vx.get('token')")
    weights = traced(heads).weights[2, 1]
    text = heads.locator(PAIR).inner_text()
    assert "to patch 64 " in text
    assert number(text) == pytest.approx(float(weights[query + 1, 64]), rel=0.006)
    heads.locator(".vx-attention-heads [data-direction=column]").click()
    hover(heads, ".vx-attention-heads .large-marks", 0.97, 0.97)
    text = heads.locator(PAIR).inner_text()
    assert text.startswith("Patch 64 ") and f"to patch {query + 1} " in text
    assert number(text) == pytest.approx(float(weights[64, query + 1]), rel=0.006)


def test_two_heads_stand_side_by_side_with_what_each_gives_and_what_they_share(heads):
    heads.evaluate("vx.go('tab=attention&sub=heads&layer=2&head=3')")
    heads.locator(".vx-attention-heads .prefix .cls").click()
    heads.locator(".vx-attention-heads .hold").click()
    heads.locator(".vx-attention-heads .maps-marks").focus()
    heads.keyboard.press("ArrowDown")
    heads.keyboard.press("ArrowLeft")
    settle(heads)
    assert heads.locator(".vx-attention-heads .which").inner_text() == "Layer 3, head 2"
    assert heads.locator(".vx-attention-heads .held").inner_text() == "Layer 2, head 3"
    assert not heads.locator(".vx-attention-heads .matrix").is_visible()
    chosen, held = (traced(heads).weights[layer, head, 0].numpy() for layer, head in ((2, 1), (1, 2)))
    said = heads.locator(PAIR).inner_text().replace("\xa0", " ")
    assert re.findall(r"patch (\d+)", said) == [str(one.argmax()) for one in (chosen, held)]  # none of them is CLS
    shares = [float(text) / 100 for text in re.findall(r"patch \d+: ([\d.]+) %", said)]
    assert shares == pytest.approx([chosen.max(), held.max()], rel=0.006)
    common = float(np.minimum(chosen, held).sum())
    assert f"In common: {100 * common:.0f} % of their attention" in said
    hover(heads, ".vx-attention-heads .other-marks", 0.97, 0.97)  # the last patch
    said = heads.locator(PAIR).inner_text().replace("\xa0", " ")
    shares = [float(text) / 100 for text in re.findall(r"to patch 64: ([\d.]+) %", said)]
    assert shares == pytest.approx([chosen[64], held[64]], rel=0.006)
    written(heads)
    assert "beside=2-3" in heads.evaluate("location.hash")
    svg = save(heads, ".vx-attention-heads", "svg").path().read_text(encoding="utf-8")
    assert "layer 3, head 2, over the picture" in svg and "layer 2, head 3, over the picture" in svg
    heads.locator(".vx-attention-heads .hold").click()
    assert heads.locator(".vx-attention-heads .matrix").is_visible()


def test_the_head_that_looks_nearest_is_shown_from_a_patch(heads):
    """CLS has no place, and so nothing is near to it."""
    heads.locator(".vx-attention-heads .prefix .cls").click()
    assert heads.evaluate("vx.get('token')") == -1
    heads.locator(".vx-attention-heads [data-reach=near]").click()
    settle(heads)
    assert heads.evaluate("vx.get('token')") >= 0
    assert (
        heads.locator(".vx-attention-heads .which").inner_text().lower()
        in heads.locator(".vx-attention-heads [data-reach=near]").inner_text().lower()
    )


def test_pointing_at_the_matrix_tells_its_number(heads):
    hover(heads, ".vx-attention-heads .matrix-marks", 0.7, 0.3)
    text = heads.locator(PAIR).inner_text()
    said = re.fullmatch(r"Patch (\d+) \(.*\) gives (.*) to patch (\d+) \(.*\); .* 1\.54 %\.", text)
    assert said, text
    query, key = int(said[1]) - 1, int(said[3]) - 1
    assert query == heads.evaluate("vx.get('token')")
    assert number(said[2]) == pytest.approx(float(traced(heads).weights[3, 0, query + 1, key + 1]), rel=0.006)


def test_where_weights_do_not_come_with_the_trace_they_are_fetched_and_the_same(page):
    heads = open_heads(page)
    views = (MAPS, LARGE, ".vx-attention-heads .matrix", ".vx-attention-heads .matrix-marks")
    before = {name: image_of(heads, name) for name in views}
    said = heads.locator(PAIR).inner_text()
    heads.evaluate(
        """() => {
          const trace = vx.get("trace");
          vx.set("trace", { ...trace, attention: { ...trace.attention, weights: null } });
        }"""
    )
    assert "Fetching" in heads.locator(".vx-attention-heads .too-many").inner_text()
    heads.evaluate("vx.idle()")
    heads.wait_for_selector(".vx-attention-heads .matrix:visible")
    heads.wait_for_function("!document.querySelector('.vx-attention-heads .waiting')")
    settle(heads)
    assert heads.locator(PAIR).inner_text() == said
    assert {name: image_of(heads, name) for name in views} == before
    heads.evaluate("vx.point(12)")
    heads.wait_for_function("document.querySelector('.vx-attention-heads .pair').textContent.startsWith('Patch 13 ')")
    expected = float(traced(heads).weights[3, 0, 13].max())
    heads.wait_for_function("document.querySelector('.vx-attention-heads .pair').textContent.includes('gives')")
    assert number(heads.locator(PAIR).inner_text()) == pytest.approx(expected, rel=0.006)


def test_own_scales_change_the_maps_and_say_so(heads):
    before = image_of(heads, MAPS)
    limit = heads.locator(".vx-attention-heads .high").inner_text()
    shares = traced(heads).weights[..., 1:].numpy()
    assert number(limit) == pytest.approx(float(np.percentile(shares, 99)), rel=0.006)
    heads.locator(".vx-attention-heads [data-scale=own]").click()
    assert image_of(heads, MAPS) != before
    assert "do not compare" in heads.locator(".vx-attention-heads .kind").inner_text()


def test_an_uploaded_photo_has_heads_too(heads):
    before = image_of(heads, MAPS)
    buffer = io.BytesIO()
    noise = np.random.default_rng(3).integers(0, 256, (48, 64, 3), dtype=np.uint8)
    Image.fromarray(noise).save(buffer, "PNG")
    upload = {"name": "noise.png", "mimeType": "image/png", "buffer": buffer.getvalue()}
    heads.locator(".vx-frame .file").set_input_files(upload)
    heads.wait_for_function("vx.get('settled').picture.startsWith('upload:')")
    settle(heads)
    assert image_of(heads, MAPS) != before
    assert "gives" in heads.locator(PAIR).inner_text()
