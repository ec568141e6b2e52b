"""Networks of other libraries at 224 pixels in every tab: a ViT with registers and no head, a DeiT, a whole Swin-T,
and, where it is here, a real ViT-S/14. Each view is opened, pointed at and saved; on a phone a visitor brings a photo
and compares it with another one; and a visitor brings own weights.

The DeiT and the ViT with registers have two blocks, since each view of theirs takes as long as they are deep.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import timm
import torch

from tests.browser.pages import drawn, fits, open_view
from vit_explorer.bench.browser import running_app
from vit_explorer.bench.page import IMAGE, open_page, still
from vit_explorer.bench.views import IN_A_VIEW, OF_TOKENS, POINTED

pytestmark = pytest.mark.slow

MODELS = {
    "registers": ("vit_small_patch14_reg4_dinov2", {"depth": 2, "img_size": 224, "num_classes": 0}),
    "deit": ("deit_tiny_distilled_patch16_224", {"depth": 2}),
    "swin": ("swin_tiny_patch4_window7_224", {}),
}
REAL = "dinov2_vits14_saliency"  # of DINOv2's authors in format, where VIT_EXPLORER_VIT_S14 names its folder
LIMIT = 2_500_000  # bytes of the first answer
GLOBAL = [
    "Patches", "Positions", "Attention / Heads", "Attention / Rollout", "Attention / Explain", "Attention / Test it",
    "Attention / Layers",
]  # fmt: skip
FEATURES = ["Features / Maps", "Features / Two networks"]
VIEWS = {
    "registers": [*GLOBAL, "Features / Maps", "Features / Nearest pictures", "Compare / One picture"],
    "deit": ["Home", *GLOBAL, "Attention / Inside a head", *FEATURES, "Recipe / Ingredients", "Classify"],
    "swin": [
        "Home", "Patches", "Attention / Explain", "Attention / Test it", *FEATURES, "Windows / Step by step",
        "Windows / Masks", "Windows / Hierarchy", "Compare / One picture", "Classify",
    ],
    REAL: ["Home", *GLOBAL, "Attention / Inside a head", *FEATURES],
}  # fmt: skip
HEADLESS = {"registers", REAL}
SAVED = {"deit", "swin", REAL}  # measures that are long to take are left to the other one
ON_A_PHONE = {"swin": ["Patches", "Windows / Step by step"]}
PHOTO = Path(__file__).parents[1] / "explain" / "chelsea.jpg"


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
    flags = [word for path in [*files.values(), *real()] for word in ("--model", str(path))]
    nothing = str(tmp_path_factory.mktemp("none"))
    with running_app("--runs", str(runs), "--checkpoints", nothing, "--allow-weights", *flags) as running:
        yield running


def real() -> list[Path]:
    folder = os.environ.get("VIT_EXPLORER_VIT_S14")
    return [Path(folder) / f"{REAL}.pth"] if folder else []


def save_numbers(page) -> None:
    """Save the first view on screen that can be, as the last kind of file that it offers: numbers."""
    menu = page.locator("#stage .vx-save:visible").first
    if not menu.count():
        return
    menu.locator("summary").click()
    with page.expect_download() as download:
        menu.locator("[data-format]").last.click()
    assert download.value.path().stat().st_size > 100


def explain_without_scores(page) -> None:
    """Open Explain, and stop it once its maps are there: their scores take hundreds of passes."""
    for tab in ("Attention", "Explain"):
        page.get_by_role("tab", name=tab, exact=True).click()
    page.wait_for_function("document.querySelectorAll('.vx-explain .tile canvas').length > 2")
    halt = page.locator(".vx-explain .halt")
    halt.click()
    page.wait_for_function("document.querySelector('.vx-explain .halt').textContent !== 'Stop'")
    drawn(page)


def shown(page, name: str) -> None:
    page.locator("#vx-model").select_option(name)
    page.wait_for_function("(name) => vx.get('settled').model === name", arg=name)
    drawn(page)


def point(page, name: str) -> None:
    """Two places, in the image beside the tabs or else in the view: each marks its own token, and nothing is asked."""
    still(page)
    asked = []
    listen = lambda request: asked.append(request.url)  # noqa: E731
    page.on("request", listen)
    rows, columns = page.evaluate("vx.get('trace').grid")
    place = page.locator(IN_A_VIEW if name == "swin" else IMAGE.selector)
    place.scroll_into_view_if_needed()
    box = place.bounding_box()
    marked = {}
    for row, column in ((1, 2), (rows - 2, columns - 3)):
        x, y = (column + 0.5) / columns, (row + 0.5) / rows
        page.mouse.move(box["x"] + x * box["width"], box["y"] + y * box["height"])
        marked[row * columns + column] = page.evaluate("vx.get('token')")
    assert len(set(marked.values())) == 2
    assert name == "swin" or all(token == cell for cell, token in marked.items()), marked
    page.remove_listener("request", listen)
    assert asked == []


def needed(name: str) -> None:
    if name == REAL and not real():
        pytest.skip("VIT_EXPLORER_VIT_S14 names no folder with a real ViT-S/14")


@pytest.mark.parametrize("name", VIEWS)
def test_every_tab_opens_is_pointed_at_is_saved_and_answers_within_its_size(page, name):
    needed(name)
    sizes = {}

    def measure(response) -> None:
        if "component_server" in response.url:
            asked = (response.request.post_data_json or {}).get("fn_name", "export")
            if asked == "export":  # a file, or one on its way here
                return
            sizes[asked] = max(sizes.get(asked, 0), len(response.body()))

    page.on("response", measure)
    shown(page, name)
    for view in VIEWS[name]:
        if view == "Attention / Explain" and name not in HEADLESS:
            explain_without_scores(page)
        else:
            open_view(page, view)
        if view in POINTED and not (name == "swin" and view in OF_TOKENS):
            point(page, name)
        if view == "Attention / Rollout":
            page.remove_listener("response", measure)  # the rows of all tokens may be megabytes
            page.locator(".vx-attention-rollout [data-row=query]").click()
            drawn(page)
            point(page, name)
            page.on("response", measure)
        if name in SAVED and view != "Attention / Explain":
            save_numbers(page)
    assert "analyse" in sizes
    assert {asked: size for asked, size in sizes.items() if size > LIMIT} == {}


@pytest.mark.parametrize("name", VIEWS)
def test_on_a_phone_a_photo_of_ones_own_is_seen_pointed_at_and_compared_with_another(watched, address, name):
    needed(name)
    page = watched(390, 844, has_touch=True)
    open_page(page, f"{address}#model={name}")
    page.locator(".vx-frame .file").set_input_files(PHOTO)
    page.wait_for_function("vx.get('settled').picture.startsWith('upload:')")
    assert page.evaluate("[vx.get('trace').model, vx.get('trace').size]") == [name, 224]
    for view in ON_A_PHONE.get(name, ["Patches", "Attention / Heads"]):
        open_view(page, view)
        fits(page, 390)
    open_view(page, "Features / Maps")
    similar = page.locator(".vx-features-similarity")
    found = []
    for second in ("sample:bus", "sample:cheetah"):
        similar.locator(".second").select_option(second)
        drawn(page)
        found.append(similar.locator(".there").evaluate("(canvas) => canvas.toDataURL()"))
    fits(page, 390)
    marks = similar.locator(".here-marks")
    before = similar.locator(".finding").inner_text()
    marks.scroll_into_view_if_needed()
    marks.tap(position={"x": 20, "y": 20})
    drawn(page)
    after = similar.locator(".finding").inner_text()
    assert before != after and "in the second" in after
    assert similar.locator(".there").evaluate("(canvas) => canvas.toDataURL()") not in found and found[0] != found[1]
    open_view(page, "Features / Two networks")
    fits(page, 390)


def test_the_first_network_of_the_command_line_is_shown(page):
    assert page.evaluate("vx.get('model').name") == "registers"
    names = page.evaluate("vx.get('catalogue').models.map(({ name }) => name)")
    assert names[: len(MODELS)] == list(MODELS)


def test_a_network_without_a_head_has_a_sentence_for_its_prediction(page):
    shown(page, "registers")
    assert "No head" in page.locator("#frame .verdict").inner_text()
    open_view(page, "Attention / Explain")
    assert "no head" in page.locator(".vx-explain .vx-headless").inner_text()
    assert page.locator(".vx-explain canvas:visible").count() == 0
    open_view(page, "Compare / One picture")
    verdict = page.locator(".vx-compare-picture .verdict").inner_text()
    assert verdict.startswith("registers has no head") and page.locator(".vx-compare-picture .card").count() == 2
    open_view(page, "Attention / Explain")
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
    assert "register 2" in page.locator(".vx-attention-heads .pair").inner_text().lower()


def test_positions_without_snapshots_are_called_trained(page):
    shown(page, "deit")
    open_view(page, "Positions")
    assert "trained" in page.locator(".vx-positions .after figcaption").inner_text()
    assert "epoch" not in page.locator(".vx-positions .after figcaption").inner_text()


def test_shuffles_of_a_network_at_224_pixels_are_tried_on_demand(page):
    shown(page, "deit")
    open_view(page, "Positions")
    view = page.locator(".vx-positions-experiment")
    assert "Over " not in view.locator(".spread").inner_text() and "%" in view.locator(".outcome").inner_text()
    several = view.locator(".several")
    assert several.inner_text() == "Try 16 shuffles"
    press = "(button) => [0, 1].map(() => (button.click(), button.textContent))"
    assert several.evaluate(press) == ["Stop", "Try 16 shuffles"]
    assert view.locator("progress:visible").count() == 0
    several.click()
    view.locator(".spread", has_text="Over 16 shuffles").wait_for()
    assert several.is_hidden()
    view.locator("[data-mode=zero]").click()
    drawn(page)
    assert "Over " not in view.locator(".spread").inner_text() and several.is_hidden()


def test_a_network_at_224_pixels_asks_before_it_sees_a_dataset_and_stops(page):
    shown(page, "deit")
    open_view(page, "Features / Nearest pictures")
    go, halt = (page.locator(f".vx-features-nearest .{name}") for name in ("go", "halt"))
    go.click()
    page.wait_for_function("document.querySelector('.vx-features-nearest progress').value > 0")
    halt.click()
    go.wait_for()
    assert page.locator(".vx-features-nearest .found button").count() == 0 and not halt.is_visible()


class Harm:
    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self):
        return os.mkdir, (str(self.path),)


def test_a_visitor_brings_weights_and_code_in_them_is_refused(page, tmp_path):
    torch.manual_seed(1)
    mine, harmful, trace = tmp_path / "brought.pth", tmp_path / "harmful.pth", tmp_path / "it ran"
    torch.save(timm.create_model("deit_tiny_patch16_224", depth=1, num_classes=3).state_dict(), mine)
    torch.save({"cls_token": torch.zeros(1), "more": Harm(trace)}, harmful)
    place = page.locator(".vx-frame-weights")
    place.locator(".file").set_input_files(harmful)
    place.locator(".fault", has_text="code").wait_for()
    assert not trace.exists()
    place.locator(".file").set_input_files(mine)
    page.wait_for_function("vx.get('settled').model === 'brought'")
    drawn(page)
    assert "3 classes" in place.locator(".fit pre").text_content()
    assert place.locator(".fault").inner_text() == "" and page.locator("#vx-model").input_value() == "brought"
    assert page.evaluate("[vx.get('trace').classes.length, vx.get('trace').grid[0]]") == [3, 14]
