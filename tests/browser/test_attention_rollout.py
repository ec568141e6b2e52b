"""The rollout in a real browser: numbers of the trace, play, options, files of both views."""

from __future__ import annotations

import io
import re

import numpy as np
import pytest
import torch
from PIL import Image

from tests.browser.heads_page import hover, image_of, number, open_heads, settle, traced
from tests.browser.pages import save
from vit_explorer.explain.rollout import rollout_steps
from vit_explorer.figures.attention import rollout_limit


@pytest.fixture
def rollout(same_page):
    heads = open_heads(same_page)
    heads.get_by_role("tab", name="Rollout").click()
    heads.wait_for_function("document.querySelector('.vx-attention-rollout .pair').textContent.includes('After layer')")
    return heads


def test_the_rollout_is_played_to_the_last_layer(rollout):
    rollout.locator(".vx-attention-rollout .play").click()
    step = ".vx-attention-rollout .step"
    rollout.wait_for_function(f"document.querySelector('{step}').textContent === 'layer 2 of 4'", timeout=10_000)
    rollout.wait_for_function(f"document.querySelector('{step}').textContent === 'layer 4 of 4'", timeout=10_000)
    rollout.wait_for_function(
        "document.querySelector('.vx-attention-rollout .play').getAttribute('aria-pressed') === 'false'"
    )


def test_without_motion_each_press_is_one_layer(rollout):
    page = rollout
    page.emulate_media(reduced_motion="reduce")
    page.evaluate("vx.go('', true)")
    page.wait_for_function("document.querySelector('.vx-attention-rollout .step').textContent === 'layer 4 of 4'")
    for layer in (1, 2):
        page.get_by_role("button", name="Next layer").click()
        settle(page)
        assert page.locator(".vx-attention-rollout .step").inner_text() == f"layer {layer} of 4"


def after_options(page, before: str) -> str:
    """The words once the server has answered for the new options and they differ."""
    page.wait_for_function(
        """(before) => document.querySelector('.vx-attention-rollout .pair').textContent !== before
        && !document.querySelector('.vx-attention-rollout .waiting')""",
        arg=before,
    )
    settle(page)
    return page.locator(".vx-attention-rollout .pair").inner_text()


def test_options_of_the_rollout_answer_at_once_with_its_own_numbers(rollout):
    pair = rollout.locator(".vx-attention-rollout .pair")
    large = image_of(rollout, ".vx-attention-rollout .large")
    seen = traced(rollout)

    def check(text: str, **options) -> None:
        steps = torch.cat(rollout_steps(seen.traced.attention, **options))
        start = options.get("start_layer", 0)
        span = f"From layer {start + 1} to 4" if start else "After layer 4"
        said = re.fullmatch(span + r", (.*) of CLS comes from patch (\d+) .*", text)
        assert said, text
        row = steps[-1, 0]
        assert int(said[2]) == int(row[1:].argmax()) + 1
        assert number(said[1]) == pytest.approx(float(row[1:].max()), rel=0.006)
        scale = rollout.locator(".vx-attention-rollout .product .high").inner_text()
        assert number(scale) == pytest.approx(rollout_limit(steps[:, 0].numpy(), 1, 0), rel=0.006)

    first = pair.inner_text()
    check(first)
    rollout.locator(".vx-attention-rollout [data-fusion=max]").click()
    second = after_options(rollout, first)
    check(second, head_fusion="max")
    assert image_of(rollout, ".vx-attention-rollout .large") != large
    rollout.locator(".vx-attention-rollout .discard input").focus()
    rollout.keyboard.press("End")
    third = after_options(rollout, second)
    check(third, head_fusion="max", discard_ratio=0.95)
    rollout.locator(".vx-attention-rollout .residual").click()
    rollout.locator(".vx-attention-rollout .start select").select_option(label="3")
    rollout.wait_for_function("document.querySelector('.vx-attention-rollout .slider').max === '1'")
    fourth = after_options(rollout, third)
    check(fourth, head_fusion="max", discard_ratio=0.95, residual=False, start_layer=2)


def test_the_row_of_the_query_follows_the_pointer(rollout):
    rollout.locator(".vx-attention-rollout [data-row=query]").click()
    hover(rollout, ".vx-frame .marks", 2.5 / 8, 1.5 / 8)
    text = rollout.locator(".vx-attention-rollout .pair").inner_text()
    said = re.search(r"After layer 4, (.*?) of patch 11 .* comes from patch (\d+) ", text)
    assert said, text
    row = rollout_steps(traced(rollout).traced.attention)[-1][0, 11]
    assert number(said[1]) == pytest.approx(float(row[int(said[2])]), rel=0.006)


def test_a_cnn_hides_both_views_and_a_vit_brings_them_back(rollout):
    rollout.locator(".vx-attention-rollout .play").click()
    rollout.locator("#vx-model").select_option("cnn-cifar10")
    rollout.wait_for_function("vx.get('settled').model === 'cnn-cifar10'")
    assert not rollout.locator(".vx-attention-rollout .vx-panel").is_visible()
    rollout.evaluate("vx.point(5)")
    rollout.locator("#vx-model").select_option("vit-cifar10")
    rollout.wait_for_function("vx.get('settled').model === 'vit-cifar10'")
    rollout.wait_for_selector(".vx-attention-rollout .large:visible")
    rollout.get_by_role("tab", name="Heads").click()
    rollout.wait_for_selector(".vx-attention-heads .large:visible")


def test_files_of_both_views_hold_what_is_shown(rollout):
    saved = {}
    for view, kind in [("rollout", "gif"), ("rollout", "npz"), ("heads", "npz"), ("heads", "png")]:
        rollout.get_by_role("tab", name=view.capitalize()).click()
        saved[view, kind] = save(rollout, f"#attention-{view}", kind).path().read_bytes()
    with Image.open(io.BytesIO(saved["rollout", "gif"])) as image:
        assert image.n_frames == 4
    seen = traced(rollout)
    arrays = np.load(io.BytesIO(saved["rollout", "npz"]))
    np.testing.assert_allclose(arrays["rollout"][-1], rollout_steps(seen.traced.attention)[-1][0].numpy(), atol=1e-5)
    arrays = np.load(io.BytesIO(saved["heads", "npz"]))
    np.testing.assert_allclose(arrays["attention"], seen.weights.numpy(), atol=1e-5)
    assert arrays["query"] == rollout.evaluate("vx.get('token')") + 1
    assert saved["heads", "png"].startswith(b"\x89PNG")
