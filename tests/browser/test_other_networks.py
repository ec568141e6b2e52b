"""Networks of other libraries at 224 pixels in every tab: a ViT with registers and no head, a DeiT, a Swin."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import timm
import torch

from tests.browser.pages import drawn, open_view
from vit_explorer.bench.browser import running_app

MODELS = {
    "registers": ("vit_small_patch14_reg4_dinov2", {"depth": 2, "img_size": 224, "num_classes": 0}),
    "deit": ("deit_tiny_distilled_patch16_224", {"depth": 2}),
    "swin": ("swin_tiny_patch4_window7_224", {"depths": (2, 2), "num_heads": (3, 6), "embed_dim": 96}),
}
LIMIT = 2_500_000  # bytes of the first answer
GLOBAL = [
    "Patches", "Positions", "Attention / Heads", "Attention / Rollout", "Attention / Explain", "Attention / Test it",
    "Attention / Layers",
]  # fmt: skip
VIEWS = {
    "registers": [*GLOBAL, "Compare / One picture"],
    "deit": [*GLOBAL, "Recipe / Ingredients", "Classify"],
    "swin": ["Patches", "Attention / Explain", "Windows / Step by step", "Windows / Masks", "Windows / Hierarchy"],
}


@pytest.fixture(scope="module")
def files(tmp_path_factory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("others")
    found = {}
    for name, (architecture, options) in MODELS.items():
        torch.manual_seed(0)
        found[name] = folder / f"{name}.pth"
        torch.save(timm.create_model(architecture, **options).state_dict(), found[name])
    return found


@pytest.fixture(scope="module")
def address(runs, files, tmp_path_factory) -> Iterator[str]:
    flags = [word for path in files.values() for word in ("--model", str(path))]
    nothing = str(tmp_path_factory.mktemp("none"))
    with running_app("--runs", str(runs), "--checkpoints", nothing, *flags) as running:
        yield running


def shown(page, name: str) -> None:
    page.locator("#vx-model").select_option(name)
    page.wait_for_function("(name) => vx.get('settled').model === name", arg=name)
    drawn(page)


@pytest.mark.parametrize("name", MODELS)
def test_every_tab_opens_and_answers_within_its_size(page, name):
    sizes = {}

    def measure(response) -> None:
        if "component_server" in response.url:
            asked = response.request.post_data_json["fn_name"]
            sizes[asked] = max(sizes.get(asked, 0), len(response.body()))

    page.on("response", measure)
    shown(page, name)
    for view in VIEWS[name]:
        open_view(page, view)
        for place in page.locator("#stage canvas[tabindex='0']:visible").all()[:2]:
            place.hover()
    assert "analyse" in sizes
    assert {asked: size for asked, size in sizes.items() if size > LIMIT} == {}


def test_the_first_network_of_the_command_line_is_shown(page):
    assert page.evaluate("vx.get('model').name") == "registers"
    assert page.evaluate("vx.get('catalogue').models.map(({ name }) => name)") == list(MODELS)


def test_a_network_without_a_head_has_a_sentence_for_its_prediction(page):
    shown(page, "registers")
    assert "No head" in page.locator("#frame .verdict").inner_text()
    open_view(page, "Attention / Explain")
    assert "no head" in page.locator(".vx-explain .vx-headless").inner_text()
    assert page.locator(".vx-explain canvas:visible").count() == 0
    shown(page, "deit")
    assert page.locator(".vx-explain .vx-headless:visible").count() == 0
    page.wait_for_function("document.querySelectorAll('.vx-explain .tile canvas').length > 2")


def test_tokens_in_front_of_the_patches_have_the_names_of_the_network(page):
    shown(page, "registers")
    open_view(page, "Attention / Heads")
    buttons = page.locator(".vx-attention-heads .prefix button")
    assert buttons.all_inner_texts() == ["CLS", "Register 1", "Register 2", "Register 3", "Register 4"]
    buttons.nth(2).click()
    assert page.evaluate("vx.get('token')") == -3
    drawn(page)
    assert "register 2" in page.locator(".vx-attention-heads .pair").inner_text()


def test_positions_without_snapshots_are_called_trained(page):
    shown(page, "deit")
    open_view(page, "Positions")
    assert "trained" in page.locator(".vx-positions .after figcaption").inner_text()
    assert "epoch" not in page.locator(".vx-positions .after figcaption").inner_text()
