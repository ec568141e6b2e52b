"""One picture in two networks: the same place is compared in both, and the numbers are those of explain."""

from __future__ import annotations

import io
import re

import numpy as np
import pytest
import torch

from tests.browser.pages import drawn, fits, save
from vit_explorer.bench.page import open_page
from vit_explorer.explain.features import feature_similarity, mean_similarity
from vit_explorer.ui.core.requests import fit_input
from vit_explorer.ui.core.session import Session
from vit_explorer.ui.features.hidden import hidden_maps

SESSION = Session()
VIEW = ".vx-features-networks"
SIDES = ("first", "second")
SAID = r"Patch (\d+) is most like patch (\d+) \((.+)\)\. Two patches have a cosine of (\S+) .*"


@pytest.fixture
def view(same_page):
    page = same_page
    page.evaluate("vx.go('tab=features&sub=networks', true)")
    drawn(page)
    page.locator(f"{VIEW} .other").select_option("deit-cifar10")
    drawn(page)
    return page


def numbers(page) -> list[str]:
    return page.locator(f"{VIEW} .numbers").all_inner_texts()


def check_numbers(page, blocks: tuple[int, int], patch: int) -> None:
    """Both networks have 8 x 8 patches of the same picture: words and correlation are those of explain."""
    picture = SESSION.picture(page.evaluate("vx.get('settled').picture")).image
    maps = []
    for name, block, said in zip(("vit-cifar10", "deit-cifar10"), blocks, numbers(page), strict=True):
        checkpoint = SESSION.checkpoint(name)
        seen = SESSION.traces.of(checkpoint, fit_input(picture, checkpoint, "crop")[None]).traced
        one = hidden_maps(checkpoint.model, [seen])[block]
        cosines = feature_similarity(one.tokens[0], one.n_prefix + patch, one.tokens[0], one.n_prefix)
        others = cosines.clone()
        others[patch] = -1
        found = re.fullmatch(SAID, said)
        assert found and int(found[1]) == patch + 1, said  # patches count from 1 on the page
        assert float(found[3].replace("−", "-")) == pytest.approx(float(others.max()), abs=0.01)
        assert float(found[4].replace("−", "-")) == pytest.approx(
            mean_similarity(one.tokens[0], one.n_prefix), abs=0.006
        )
        maps.append(torch.cat([cosines[:patch], cosines[patch + 1 :]]))
    said = page.locator(f"{VIEW} .finding").inner_text()
    r = float(said.rsplit(" ", 1)[1].replace("−", "-"))
    assert said.startswith(f"Patch {patch + 1}:")
    assert r == pytest.approx(float(torch.corrcoef(torch.stack(maps))[0, 1]), abs=0.011)


def test_pointing_in_either_network_compares_the_same_place_without_a_request(view):
    check_numbers(view, (4, 4), 35)
    asked = []
    view.on("request", lambda request: asked.append(request.url))
    box = view.locator(f"{VIEW} .second .cosines").bounding_box()
    view.mouse.move(box["x"] + 2.5 * box["width"] / 8, box["y"] + 1.5 * box["height"] / 8)
    drawn(view)
    assert view.evaluate("vx.get('token')") == 10
    check_numbers(view, (4, 4), 10)
    view.mouse.move(0, 0)
    view.locator(f"{VIEW} .first .marks[tabindex]").focus()
    view.keyboard.press("ArrowRight")
    drawn(view)
    check_numbers(view, (4, 4), 36)
    assert asked == []


def test_the_depth_is_that_of_both_and_the_file_agrees(view):
    view.locator(f"{VIEW} .slider").fill("1")
    drawn(view)
    assert (
        view.locator(f"{VIEW} .where").inner_text()
        == "after layer 1 of 4 (25 %); deit-cifar10 after layer 1 of 4 (25 %)"
    )
    check_numbers(view, (1, 1), 35)
    arrays = np.load(io.BytesIO(save(view, VIEW, "npz").path().read_bytes()))
    assert arrays["names"].tolist() == ["layer 1", "layer 1"] and arrays["queries"].tolist() == [36, 37]
    view.evaluate("vx.pin(-1)")
    drawn(view)
    assert [said.split(" is ")[0] for said in numbers(view)] == ["CLS", "CLS"]
    view.locator(f"{VIEW} .other").select_option("cnn-cifar10")
    drawn(view)
    assert numbers(view)[1].startswith("It has no such token.")


def test_it_fits_a_phone(watched, address):
    page = watched(390, 844, color_scheme="dark")
    open_page(page, f"{address}#tab=features&sub=networks&beside=cnn-cifar10")
    fits(page, 390)
    tops = [page.locator(f"{VIEW} .{side} .colours").bounding_box()["y"] for side in SIDES]
    assert tops[1] > tops[0] + 100
    assert page.locator(f"{VIEW} .other").input_value() == "cnn-cifar10"
