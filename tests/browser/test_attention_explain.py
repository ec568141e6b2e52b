"""Explain, Test it and Layers in a real browser: what is on screen is what the package computes."""

from __future__ import annotations

import re

import pytest
import torch

from tests.browser.pages import drawn, open_view
from vit_explorer.bench.page import open_page
from vit_explorer.explain import deletion_curve, explanation_maps, logit_lens, trace, trace_ablated
from vit_explorer.explain.ablation import Ablation
from vit_explorer.explain.distance import mean_attention_distance
from vit_explorer.explain.explanations import methods_for
from vit_explorer.explain.faithfulness import importance_order
from vit_explorer.ui.core.requests import ModelInput, ModelRequest, load_input
from vit_explorer.ui.core.session import Session

SESSION = Session()
CHEETAH = {"picture": "sample:cheetah", "model": "vit-cifar10", "fit": "crop"}  # predicted: dog
LINK = "#" + "&".join(f"{key}={value}" for key, value in CHEETAH.items())
MEASURED = "document.querySelector('.vx-explain:not(.measuring):not(.waiting) .tile .scores b')"
TESTED = "!document.querySelector('.vx-ablate').classList.contains('waiting')"


def seen(**request: str) -> ModelInput:
    return load_input(SESSION, ModelRequest(**CHEETAH | request))


def opened(watched, address: str, view: str, where: str = LINK):
    page = watched()
    open_page(page, address + where)
    open_view(page, f"Attention / {view}")
    return page


def shown(page, view: str):
    """The view on the cheetah, with its settings at their defaults."""
    open_view(page, f"Attention / {view}")
    page.evaluate("(link) => vx.go(link, true)", LINK.removeprefix("#"))
    drawn(page)
    return page


@pytest.fixture
def explain(same_page):
    page = shown(same_page, "Explain")
    page.wait_for_function(MEASURED, timeout=60_000)
    return page


@pytest.fixture
def test_it(same_page):
    page = shown(same_page, "Test it")
    page.wait_for_function(f"document.querySelector('.vx-ablate .bars').childElementCount && {TESTED}")
    return page


def deletion_of(page, name: str) -> float:
    text = page.locator(f".vx-explain .tile[data-name={name}] .scores").inner_text()
    return float(re.search(r"Deletion\s+([\d.]+)", text)[1])


def deletion_computed(looked: ModelInput, name: str, target: int) -> float:
    model = looked.checkpoint.model
    found = explanation_maps(model, looked.inputs, target, [name])[name]
    return deletion_curve(model, looked.inputs, found, target).area.item()


# --- Explain ---


@pytest.mark.slow
def test_every_map_has_the_scores_that_the_package_gives_it_for_any_class(explain):
    looked = seen()
    names = looked.checkpoint.class_names
    top = int(trace(looked.checkpoint.model, looked.inputs).logits.argmax())
    for target in (top, names.index("cat")):
        if target != top:
            explain.locator(".vx-explain select.class").select_option(str(target))
            explain.wait_for_function(
                f"document.querySelector('.vx-explain .outcome').textContent.startsWith('For {names[target]}: ') "
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
    open_page(page, address + LINK)

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


def test_a_picture_that_is_classified_wrongly_offers_its_label_too(watched, address):
    looked = seen(model="cnn-shapes", picture="shapes:0")
    x, y = SESSION.test_split("shapes")[0].x, SESSION.test_split("shapes")[0].y
    with torch.inference_mode():
        answers = looked.checkpoint.model(looked.checkpoint.preprocess(x)).argmax(dim=1)
    wrong = int((answers != y).nonzero()[0])
    names = looked.checkpoint.class_names
    where = f"#picture=shapes:{wrong}&model=cnn-shapes&fit=crop"
    page = opened(watched, address, "Explain", where)
    page.wait_for_function(MEASURED, timeout=60_000)
    options = page.locator(".vx-explain select.class option").all_inner_texts()
    assert options[0].startswith(names[int(answers[wrong])]) and options[0].endswith("(predicted)")
    assert options[1].startswith(names[int(y[wrong])]) and options[1].endswith("(its label)")
    assert page.locator(".vx-explain .tile").count() == 2  # Grad-CAM and random


def test_a_hybrid_is_explained_by_grad_cam_too(watched, address):
    page = opened(watched, address, "Explain", "#picture=sample:cheetah&model=hybrid-cifar10&fit=crop")
    page.wait_for_function(MEASURED, timeout=60_000)
    titles = page.locator(".vx-explain .tile").all_inner_texts()
    assert [title for title in titles if "Grad-CAM" in title], titles
    assert len(titles) == len(methods_for(seen(model="hybrid-cifar10").checkpoint.model)) + 1  # and random


# --- Test it ---


def changed(page, act) -> None:
    """Do something and wait for the answer to it."""
    act()
    page.wait_for_function(TESTED)


def after_of(page) -> float:
    """The probability of the answer after, as printed."""
    text = page.locator(".vx-ablate .outcome").inner_text()
    return float(re.search(r"→ [<>]?\s*([\d.]+) %", text)[1])


def computed(ablation: Ablation) -> float:
    looked = seen()
    model = looked.checkpoint.model
    top = int(trace(model, looked.inputs).logits.argmax())
    return 100 * trace_ablated(model, looked.inputs, ablation).probabilities[0, top].item()


def erased(page) -> str:
    return page.locator(".vx-ablate .changes").inner_text()


def test_patches_are_erased_and_restored_by_pointer_and_keys_and_undone(test_it):
    marks = test_it.locator(".vx-ablate .left .marks")
    box = marks.bounding_box()
    side = box["width"] / 8
    changed(test_it, lambda: test_it.mouse.click(box["x"] + 2.5 * side, box["y"] + 3.5 * side))
    assert erased(test_it) == "Taken away: 1 patch erased."
    assert after_of(test_it) == pytest.approx(computed(Ablation((26,))), abs=0.06)

    def drag() -> None:
        test_it.mouse.move(box["x"] + 3.5 * side, box["y"] + 3.5 * side)
        test_it.mouse.down()
        test_it.mouse.move(box["x"] + 4.5 * side, box["y"] + 3.5 * side)
        test_it.mouse.move(box["x"] + 5.5 * side, box["y"] + 3.5 * side)
        test_it.mouse.up()

    changed(test_it, drag)
    assert erased(test_it) == "Taken away: 4 patches erased."
    assert after_of(test_it) == pytest.approx(computed(Ablation((26, 27, 28, 29))), abs=0.06)
    changed(test_it, lambda: test_it.locator(".vx-ablate .undo").click())  # the whole drag
    assert erased(test_it) == "Taken away: 1 patch erased."

    def restore_by_keys() -> None:
        test_it.evaluate("vx.pin(25)")
        marks.focus()
        test_it.keyboard.press("ArrowRight")
        test_it.keyboard.press("Space")

    changed(test_it, restore_by_keys)
    assert "nothing is taken away yet" in test_it.locator(".vx-ablate .outcome").inner_text()
    changed(test_it, lambda: test_it.locator(".vx-ablate .undo").click())
    assert erased(test_it) == "Taken away: 1 patch erased."
    changed(test_it, lambda: test_it.locator(".vx-ablate .reset").click())
    assert "nothing is taken away yet" in test_it.locator(".vx-ablate .outcome").inner_text()


def test_the_strongest_of_a_map_chosen_in_explain_are_erased_beside_as_many_at_random(explain):
    name = "gradient_rollout"
    tile = explain.locator(f".vx-explain .tile[data-name={name}] .name")
    tile.click()
    explain.wait_for_function("vx.get('explained') === 'gradient_rollout'")
    assert tile.get_attribute("aria-pressed") == "true"
    page = explain
    open_view(page, "Attention / Test it")
    page.wait_for_function(f"document.querySelector('.vx-ablate .bars').childElementCount && {TESTED}")
    order = page.locator(".vx-ablate .order")
    assert order.input_value() == name
    page.locator(".vx-ablate .strongest").click()
    page.wait_for_function(f"location.hash.includes('erased=') && {TESTED}")
    looked = seen()
    model = looked.checkpoint.model
    found = explanation_maps(model, looked.inputs, None, [name])[name]
    strongest = tuple(sorted(importance_order(found)[0, :8].tolist()))
    assert after_of(page) == pytest.approx(computed(Ablation(strongest)), abs=0.06)
    said = page.locator(".vx-ablate .compared")
    assert "the 8 strongest by Gradient rollout: " in said.inner_text()
    for draws in ("8 at random: ", " of 2 draws, "):
        page.locator(".vx-ablate .random").click()
        page.wait_for_function(
            "(draws) => document.querySelector('.vx-ablate .compared').textContent.includes(draws)", arg=draws
        )
        assert erased(page) == "Taken away: 8 patches erased."
    assert "by Gradient rollout" in said.inner_text()
    changed(page, lambda: page.locator(".vx-ablate [data-baseline=mean]").click())
    assert said.inner_text() == ""


def test_heads_and_positions_are_taken_away_and_the_rail_stays(test_it):
    rail = test_it.locator("#frame").inner_text()
    changed(test_it, lambda: test_it.get_by_role("button", name="Mute layer 4, head 1", exact=True).click())
    assert after_of(test_it) == pytest.approx(computed(Ablation(muted=((3, 0),))), abs=0.06)
    changed(test_it, lambda: test_it.locator(".vx-ablate .positions").click())
    assert erased(test_it) == "Taken away: 1 head muted, positions dropped."
    assert after_of(test_it) == pytest.approx(computed(Ablation(muted=((3, 0),), positions=False)), abs=0.06)
    changed(test_it, lambda: test_it.locator(".vx-ablate .shuffle").click())
    seed = int(re.search(r"seed (\d+)", erased(test_it))[1])
    expected = computed(Ablation(muted=((3, 0),), positions=False, shuffle=seed))
    assert after_of(test_it) == pytest.approx(expected, abs=0.06)
    assert test_it.locator("#frame").inner_text() == rail


def test_another_model_in_the_middle_and_back(test_it):
    changed(test_it, lambda: test_it.get_by_role("button", name="Mute layer 1, head 1", exact=True).click())
    test_it.evaluate("vx.set('wish', { model: 'cnn-cifar10' })")
    test_it.wait_for_function("vx.get('settled').model === 'cnn-cifar10'")
    test_it.wait_for_function(f"document.querySelectorAll('.vx-ablate .maps figure').length === 1 && {TESTED}")
    assert test_it.locator(".vx-ablate .mute").is_hidden()
    assert "nothing is taken away yet" in test_it.locator(".vx-ablate .outcome").inner_text()
    open_view(test_it, "Attention / Layers")
    none = test_it.locator(".vx-attention-none:visible")
    assert "No attention here" in none.inner_text()
    none.locator(".switch").click()
    test_it.wait_for_function("vx.get('settled').model === 'vit-cifar10'")
    assert none.locator("section").count() == 0 or none.locator("section").is_hidden()
    open_view(test_it, "Attention / Test it")
    test_it.wait_for_function(f"document.querySelectorAll('.vx-ablate .maps figure').length === 2 && {TESTED}")


# --- Layers ---


def test_the_lens_ends_at_the_prediction_and_every_step_is_the_packages(watched, address):
    page = opened(watched, address, "Layers")
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
    assert page.locator(".vx-layers .where").inner_text() == "block 3"
    shown = page.locator(".vx-layers .vx-bars .vx-number").first.inner_text()  # of the class that wins in the end
    assert float(shown.removesuffix(" %")) == pytest.approx(100 * lens[3, traced.logits.argmax()].item(), abs=0.06)
    page.locator(".vx-layers .dots").focus()
    page.keyboard.press("ArrowRight")
    pixels = mean_attention_distance(traced.attention, traced.grid, 1, 4.0)[0, 0, 0].item()
    assert f"Layer 1, head 1: {pixels:.2f} px" in page.locator(".vx-layers .told").inner_text()


def test_all_is_tried_at_once_and_a_click_takes_the_dearest_away(test_it):
    panel = ".vx-ablate .all"
    test_it.locator(f"{panel} .try").click()
    test_it.locator(f"{panel} .costs").wait_for()
    drawn(test_it)
    test_it.wait_for_function("location.hash.includes('tried=yes')")
    test_it.locator(f"{panel} .patch-marks").scroll_into_view_if_needed()
    box = test_it.locator(f"{panel} .patch-marks").bounding_box()
    test_it.mouse.move(box["x"] + box["width"] * 2.5 / 8, box["y"] + box["height"] * 1.5 / 8)
    drawn(test_it)
    assert test_it.evaluate("vx.get('token')") == 10
    found = test_it.locator(f"{panel} .found")
    said = re.match(r"Patch 11 \(row 2, column 3\): .* (loses|gains) ([\d.]+) points", found.inner_text())
    assert said, found.inner_text()
    test_it.mouse.click(box["x"] + box["width"] * 2.5 / 8, box["y"] + box["height"] * 1.5 / 8)
    drawn(test_it)
    assert erased(test_it) == "Taken away: 1 patch erased."
    before, after = percents(test_it)
    sign = 1 if said[1] == "loses" else -1
    assert before - after == pytest.approx(sign * float(said[2]), abs=0.11)
    test_it.locator(f"{panel} .head-marks").focus()
    test_it.keyboard.press("ArrowDown")
    drawn(test_it)
    assert found.inner_text().startswith("Layer 1, head 1: ")
    test_it.keyboard.press("Enter")
    drawn(test_it)
    assert erased(test_it) == "Taken away: 1 patch erased, 1 head muted."


def percents(page) -> list[float]:
    said = page.locator(".vx-ablate .outcome").inner_text()
    return [float(number) for number in re.findall(r"([\d.]+) %", said)[:2]]
