"""Explain and Layers in a real browser: what is on screen is what the package computes."""

from __future__ import annotations

import re

import pytest
import torch

from tests.browser.attention_page import LINK, MEASURED, SESSION, seen, shown
from tests.browser.pages import open_view
from vit_explorer.bench.page import open_page
from vit_explorer.explain import deletion_curve, explanation_maps, logit_lens, trace
from vit_explorer.explain.distance import mean_attention_distance
from vit_explorer.explain.explanations import methods_for
from vit_explorer.ui.core.requests import ModelInput


@pytest.fixture(scope="module")
def link() -> str:
    return LINK


@pytest.fixture
def explain(same_page):
    page = shown(same_page, "Explain")
    page.wait_for_function(MEASURED, timeout=60_000)
    return page


def deletion_of(page, name: str) -> float:
    text = page.locator(f".vx-explain .tile[data-name={name}] .scores").inner_text()
    return float(re.search(r"Deletion\s+([\d.]+)", text)[1])


def deletion_computed(looked: ModelInput, name: str, target: int) -> float:
    model = looked.checkpoint.model
    found = explanation_maps(model, looked.inputs, target, [name])[name]
    return deletion_curve(model, looked.inputs, found, target).area.item()


@pytest.mark.slow
def test_every_map_has_the_scores_that_the_package_gives_it_for_any_class(explain):
    looked = seen()
    names = looked.checkpoint.class_names
    top = int(trace(looked.checkpoint.model, looked.inputs).logits.argmax())
    for target in (top, names.index("cat")):
        if target != top:
            explain.locator(".vx-explain select.class").select_option(str(target))
            explain.wait_for_function(
                f"document.querySelector('.vx-explain .basis').textContent.startsWith('For {names[target]}: ') "
                f"&& {MEASURED}",
                timeout=60_000,
            )
        for name in ("last_attention", "gradient_rollout"):
            assert deletion_of(explain, name) == pytest.approx(deletion_computed(looked, name, target), abs=0.0006)
    tiles = explain.locator(".vx-explain .tile")
    assert tiles.count() == 5 and tiles.last.get_attribute("data-name") == "random"


@pytest.mark.slow
def test_measuring_is_stopped_and_taken_up_again_and_left_for_another_picture(watched, address):
    page, held, left = watched(), [], []
    open_page(page, f"{address}#{LINK}")

    def meet(route) -> None:
        asked = route.request.post_data_json
        if asked.get("fn_name") == "leave":  # a question for the place in the queue names none
            left.append(asked["data"]["question"]["picture"])
        if asked.get("fn_name") == "scores" and len(held) < 2:
            held.append(route)  # not answered: this measurement would take for ever
        else:
            route.continue_()

    page.route(re.compile(r"component_server/$"), meet)
    halt, outcome = page.locator(".vx-explain .halt"), page.locator(".vx-explain .outcome")
    page.evaluate("vx.openTab('attention')")
    page.get_by_role("tab", name="Explain", exact=True).click()
    page.wait_for_function("document.querySelector('.vx-explain .outcome').textContent.includes('Waiting')")
    assert halt.inner_text() == "Stop"
    with page.expect_response(lambda answer: '"leave"' in (answer.request.post_data or "")):
        halt.click()
    assert halt.inner_text() == "Measure" and outcome.inner_text().startswith("Stopped")
    assert left == ["sample:cheetah"]
    halt.click()
    page.wait_for_function("document.querySelector('.vx-explain .outcome').textContent.includes('Waiting')")
    page.evaluate("vx.set('wish', { picture: 'sample:lion' })")
    page.wait_for_function(f"vx.get('settled').picture === 'sample:lion' && {MEASURED}", timeout=60_000)
    assert left == ["sample:cheetah"] * 2 and halt.is_hidden()
    page.unroute_all(behavior="ignoreErrors")


def test_the_finding_is_the_part_of_the_picture_without_which_half_of_the_answer_is_gone(explain):
    tiles = explain.locator(".vx-explain .tile").all()
    best = next(tile for tile in tiles if re.search(r"Deletion\s+[\d.]+\s+✓ best", tile.inner_text()))
    name, looked = best.get_attribute("data-name"), seen()
    model = looked.checkpoint.model
    curve = deletion_curve(model, looked.inputs, explanation_maps(model, looked.inputs, None, [name])[name])
    falls = curve.probabilities[0].tolist()
    step = next(k for k, p in enumerate(falls) if p <= falls[0] / 2)
    assert explain.locator(".vx-explain .outcome").inner_text().startswith("It says dog mostly because of ")
    fact = explain.locator(".vx-explain .photo .fact").inner_text()
    assert fact.replace("\u00a0", " ") == f"{step} of 64 blurred: {100 * falls[0]:.1f} % → {100 * falls[step]:.1f} %"
    assert f"(outlined: its first {step} patches)" in explain.locator(".vx-explain .basis").inner_text()
    open_view(explain, "Attention / Test it")
    explain.wait_for_function("document.querySelector('.vx-ablate .order').value")
    assert explain.locator(".vx-ablate .order").input_value() == name  # the best here is the one to begin with


def test_one_patch_is_marked_in_all_maps_and_ranked(explain):
    explain.locator(".vx-explain .tile .marks").first.hover(position={"x": 3, "y": 3})
    assert explain.evaluate("vx.get('token')") == 0
    explain.wait_for_function("document.querySelector('.vx-explain .readout').textContent.startsWith('Patch 1 ')")
    looked = seen()
    found = explanation_maps(looked.checkpoint.model, looked.inputs, names=["rollout"])["rollout"].flatten()
    rank = int((found > found[0]).sum()) + 1
    assert f"Rollout {rank} " in explain.locator(".vx-explain .readout").inner_text()


def test_the_curve_tells_the_probability_at_a_step_and_shows_the_picture_there(explain):
    axes = explain.locator(".vx-explain canvas.deletion")
    before = explain.eval_on_selector(".vx-explain .step", "(canvas) => canvas.toDataURL()")
    box = axes.bounding_box()
    explain.mouse.move(box["x"] + 0.6 * box["width"], box["y"] + 0.9 * box["height"])
    told = explain.locator(".vx-explain .told").inner_text()
    said = re.fullmatch(r"(.+), (\d+) of 64 patches erased: dog (.+) %\.", told)
    assert said, told
    assert explain.eval_on_selector(".vx-explain .step", "(canvas) => canvas.toDataURL()") != before
    titles = {"Last layer": "last_attention", "Rollout": "rollout", "Gradient rollout": "gradient_rollout"}
    titles["Attention × gradient"] = "attention_gradient"
    looked, name = seen(), titles[said[1]]
    model, found = looked.checkpoint.model, explanation_maps(looked.checkpoint.model, looked.inputs)[name]
    curve = deletion_curve(model, looked.inputs, found)
    assert float(said[3].lstrip("<> ")) == pytest.approx(100 * curve.probabilities[0, int(said[2])].item(), abs=0.11)
    axes.focus()
    explain.keyboard.press("ArrowLeft")
    assert f", {int(said[2]) - 1} of 64 " in explain.locator(".vx-explain .told").inner_text()


def test_a_picture_that_is_classified_wrongly_offers_its_label_too(same_page):
    looked = seen(model="cnn-shapes", picture="shapes:0")
    x, y = SESSION.test_split("shapes")[0].x, SESSION.test_split("shapes")[0].y
    with torch.inference_mode():
        answers = looked.checkpoint.model(looked.checkpoint.preprocess(x)).argmax(dim=1)
    wrong = int((answers != y).nonzero()[0])
    names = looked.checkpoint.class_names
    page = shown(same_page, "Explain", f"picture=shapes:{wrong}&model=cnn-shapes")
    page.wait_for_function(MEASURED, timeout=60_000)
    options = page.locator(".vx-explain select.class option").all_inner_texts()
    assert options[0].startswith(names[int(answers[wrong])]) and options[0].endswith("(predicted)")
    assert options[1].startswith(names[int(y[wrong])]) and options[1].endswith("(its label)")
    assert page.locator(".vx-explain .tile").count() == 2  # Grad-CAM and random


def test_a_hybrid_is_explained_by_grad_cam_too(same_page):
    page = shown(same_page, "Explain", "picture=sample:cheetah&model=hybrid-cifar10")
    page.wait_for_function(MEASURED, timeout=60_000)
    titles = page.locator(".vx-explain .tile").all_inner_texts()
    assert [title for title in titles if "Grad-CAM" in title], titles
    assert len(titles) == len(methods_for(seen(model="hybrid-cifar10").checkpoint.model)) + 1  # and random


def test_the_lens_ends_at_the_prediction_and_every_step_is_the_packages(same_page):
    page = shown(same_page, "Layers")
    looked = seen()
    model = looked.checkpoint.model
    traced = trace(model, looked.inputs)
    lens = logit_lens(model, traced)[0].softmax(dim=-1)
    slider = page.locator(".vx-layers .depth")
    assert slider.input_value() == "4"
    rail = page.locator("#frame .vx-bars .vx-number").first.inner_text()
    assert page.locator(".vx-layers .vx-bars .vx-number").first.inner_text() == rail
    slider.focus()
    page.keyboard.press("ArrowLeft")
    assert page.locator(".vx-layers .where").inner_text() == "layer 3"
    last = page.locator(".vx-layers .vx-bars .vx-number").first.inner_text()  # of the class that wins in the end
    assert float(last.removesuffix(" %")) == pytest.approx(100 * lens[3, traced.logits.argmax()].item(), abs=0.06)
    page.locator(".vx-layers .dots").focus()
    page.keyboard.press("ArrowRight")
    pixels = mean_attention_distance(traced.attention, traced.grid, 1, 4.0)[0, 0, 0].item()
    assert f"Layer 1, head 1: {pixels:.2f} px" in page.locator(".vx-layers .told").inner_text()
