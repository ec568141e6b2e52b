"""Test it in a real browser: what is taken away, and what the package computes then."""

from __future__ import annotations

import re

import pytest

from tests.browser.attention_page import LINK, seen, shown
from tests.browser.pages import drawn, open_view, reload, written
from vit_explorer.explain import explanation_maps, trace, trace_ablated
from vit_explorer.explain.ablation import Ablation
from vit_explorer.explain.faithfulness import importance_order

TESTED = "!document.querySelector('.vx-ablate').classList.contains('waiting')"


@pytest.fixture(scope="module")
def link() -> str:
    return LINK


@pytest.fixture
def test_it(same_page):
    page = shown(same_page, "Test it")
    page.wait_for_function(f"document.querySelector('.vx-ablate .bars').childElementCount && {TESTED}")
    return page


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
    """What the finding begins with: what is taken away."""
    return page.locator(".vx-ablate .outcome").inner_text().split(":")[0]


def test_patches_are_erased_and_restored_by_pointer_and_keys_and_undone(test_it):
    marks = test_it.locator(".vx-ablate .left .marks")
    box = marks.bounding_box()
    side = box["width"] / 8
    changed(test_it, lambda: test_it.mouse.click(box["x"] + 2.5 * side, box["y"] + 3.5 * side))
    assert erased(test_it) == "Without 1 patch"
    assert after_of(test_it) == pytest.approx(computed(Ablation((26,))), abs=0.06)

    def drag() -> None:
        test_it.mouse.move(box["x"] + 3.5 * side, box["y"] + 3.5 * side)
        test_it.mouse.down()
        test_it.mouse.move(box["x"] + 4.5 * side, box["y"] + 3.5 * side)
        test_it.mouse.move(box["x"] + 5.5 * side, box["y"] + 3.5 * side)
        test_it.mouse.up()

    changed(test_it, drag)
    assert erased(test_it) == "Without 4 patches"
    assert after_of(test_it) == pytest.approx(computed(Ablation((26, 27, 28, 29))), abs=0.06)
    changed(test_it, lambda: test_it.locator(".vx-ablate .undo").click())  # the whole drag
    assert erased(test_it) == "Without 1 patch"

    def restore_by_keys() -> None:
        test_it.evaluate("vx.pin(25)")
        marks.focus()
        test_it.keyboard.press("ArrowRight")
        test_it.keyboard.press("Space")

    changed(test_it, restore_by_keys)
    assert "nothing is taken away yet" in test_it.locator(".vx-ablate .outcome").inner_text()
    changed(test_it, lambda: test_it.locator(".vx-ablate .undo").click())
    assert erased(test_it) == "Without 1 patch"
    changed(test_it, lambda: test_it.locator(".vx-ablate .reset").click())
    assert "nothing is taken away yet" in test_it.locator(".vx-ablate .outcome").inner_text()


def test_the_strongest_of_a_map_chosen_in_explain_are_erased_beside_as_many_at_random(test_it):
    page, name = test_it, "gradient_rollout"
    open_view(page, "Attention / Explain")
    tile = page.locator(f".vx-explain .tile[data-name={name}] .name")
    tile.click()
    page.wait_for_function("vx.get('explained') === 'gradient_rollout'")
    assert tile.get_attribute("aria-pressed") == "true"
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
        assert erased(page) == "Without 8 patches"
    assert "by Gradient rollout" in said.inner_text()
    changed(page, lambda: page.locator(".vx-ablate [data-baseline=mean]").click())
    assert said.inner_text() == ""
    changed(page, lambda: page.locator(".vx-ablate .strongest").click())
    changed(page, lambda: page.locator(".vx-ablate [data-baseline=blurred]").click())
    assert said.inner_text() == ""
    page.locator(".vx-ablate .strongest").click()  # just these are erased already: an attempt all the same
    page.wait_for_function("document.querySelector('.vx-ablate .compared').textContent.includes(' strongest by ')")


def test_a_muted_head_stays_muted_while_many_are_erased(test_it):
    page = test_it
    changed(page, lambda: page.get_by_role("button", name="Mute layer 4, head 1", exact=True).click())
    for kind in ("random", "strongest"):
        page.locator(f".vx-ablate .{kind}").click()
        page.wait_for_function(
            "(said) => document.querySelector('.vx-ablate .compared').textContent.includes(said)",
            arg={"random": "layer 4, head 1, erased at once: 8 at random", "strongest": "8 strongest by"}[kind],
        )
        assert erased(page) == "Without 8 patches and layer 4, head 1"
    written(page)
    patches = tuple(int(one) for one in re.search(r"erased=([\d.]+)", page.url)[1].split("."))
    assert after_of(page) == pytest.approx(computed(Ablation(patches, muted=((3, 0),))), abs=0.06)
    changed(page, lambda: page.get_by_role("button", name="Mute layer 4, head 1", exact=True).click())
    assert page.locator(".vx-ablate .compared").inner_text() == ""  # what was tried was another network


def test_heads_and_positions_are_taken_away_and_the_rail_stays(test_it):
    rail = test_it.locator("#frame").inner_text()
    changed(test_it, lambda: test_it.get_by_role("button", name="Mute layer 4, head 1", exact=True).click())
    assert after_of(test_it) == pytest.approx(computed(Ablation(muted=((3, 0),))), abs=0.06)
    changed(test_it, lambda: test_it.locator(".vx-ablate .positions").click())
    assert erased(test_it) == "Without layer 4, head 1 and positions"
    assert after_of(test_it) == pytest.approx(computed(Ablation(muted=((3, 0),), positions=False)), abs=0.06)
    changed(test_it, lambda: test_it.locator(".vx-ablate .shuffle").click())
    seed = int(re.search(r"seed (\d+)", erased(test_it))[1])
    expected = computed(Ablation(muted=((3, 0),), positions=False, shuffle=seed))
    assert after_of(test_it) == pytest.approx(expected, abs=0.06)
    assert test_it.locator("#frame").inner_text() == rail


def test_muted_heads_are_of_one_network_and_a_link_keeps_them_with_it(test_it):
    page = test_it
    muted = page.locator(".vx-ablate .heads [aria-pressed=true]")
    page.evaluate("vx.go('model=vit-conv-cifar10&erased=3.4&muted=1-2', true)")
    drawn(page)
    assert muted.count() == 1
    page.evaluate("vx.set('wish', { model: 'hybrid-cifar10' })")  # as many layers and heads
    page.wait_for_function("vx.get('settled').model === 'hybrid-cifar10'")
    page.wait_for_function(TESTED)
    assert (muted.count(), erased(page)) == (0, "Without 2 patches")
    page.evaluate("vx.go('model=vit-conv-cifar10&muted=2-3')")
    drawn(page)
    written(page)
    assert "muted=2-3" in page.url
    reload(page)
    drawn(page)
    assert muted.evaluate_all("(all) => all.map((one) => one.title)") == ["Mute layer 2, head 3"]
    assert "muted=2-3" in page.url and "model=vit-conv-cifar10" in page.url


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


def test_all_is_tried_at_once_and_a_click_takes_what_is_pointed_at_away(test_it):
    panel = ".vx-ablate .all"
    test_it.locator(".vx-ablate .try").click()
    test_it.locator(f"{panel} .costs").wait_for()
    drawn(test_it)
    box = test_it.locator(f"{panel} .patch-map").bounding_box()
    assert box["y"] + box["height"] < 720  # beside what it was asked with, and in sight
    ends = test_it.locator(f"{panel} .vx-scale .low").all_inner_texts()
    most = re.findall(r"\(([−+][\d.]+) points\)", test_it.locator(f"{panel} .most").inner_text())
    cells = re.findall(r"(\d+) \([−+]", test_it.locator(f"{panel} .most").inner_text())
    assert len(cells) == 6  # five patches and a head
    assert len(set(ends)) == len(most) == 2  # patches and heads have a scale each, on which the largest loss lies
    for end, loss in zip(ends, most, strict=True):
        assert float(end.replace("−", "-")) <= float(loss.replace("−", "-")) < 0
    test_it.wait_for_function("location.hash.includes('tried=yes')")
    test_it.locator(f"{panel} .patch-marks").scroll_into_view_if_needed()
    box = test_it.locator(f"{panel} .patch-marks").bounding_box()
    test_it.mouse.move(box["x"] + box["width"] * 2.5 / 8, box["y"] + box["height"] * 1.5 / 8)
    drawn(test_it)
    assert test_it.evaluate("vx.get('token')") == 10
    found = test_it.locator(f"{panel} .found")
    said = re.match(r"Patch 11 \(row 2, column 3\): .* by ([−+]?[\d.]+) points", found.inner_text())
    assert said, found.inner_text()
    test_it.mouse.click(box["x"] + box["width"] * 2.5 / 8, box["y"] + box["height"] * 1.5 / 8)
    drawn(test_it)
    assert erased(test_it) == "Without 1 patch"
    before, after = percents(test_it)
    assert after - before == pytest.approx(float(said[1].replace("−", "-")), abs=0.11)
    bars = test_it.locator(".vx-ablate .bars .answer").last.inner_text()
    assert float(bars.replace("−", "-")) == pytest.approx(after - before, abs=0.01)  # a loss has the same sign in both
    test_it.locator(f"{panel} .head-marks").focus()
    test_it.keyboard.press("ArrowDown")
    drawn(test_it)
    assert found.inner_text().startswith("Layer 1, head 1: ")
    test_it.keyboard.press("Enter")
    drawn(test_it)
    assert erased(test_it) == "Without 1 patch and layer 1, head 1"


def percents(page) -> list[float]:
    said = page.locator(".vx-ablate .outcome").inner_text()
    return [float(number) for number in re.findall(r"([\d.]+) %", said)[:2]]
