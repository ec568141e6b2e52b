"""The stepper of the Windows tab in a real browser: keys, buttons, play, and every number against the package."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from torch import Tensor

from tests.browser.apps import serving
from tests.browser.pages import drawn, hastened
from vit_explorer.bench.page import open_page
from vit_explorer.data.uploads import fit_picture
from vit_explorer.explain.rewindow import unmasked
from vit_explorer.explain.trace import Trace, trace
from vit_explorer.explain.windows import attention_on_map, block_reach, layout_of, reach
from vit_explorer.models.checkpoint import CHECKPOINT_FOLDER, Checkpoint, load_checkpoint, save_checkpoint
from vit_explorer.models.swin import SwinTransformer
from vit_explorer.models.zoo import create_model
from vit_explorer.ui.core.session import Session

NAME = "swin-untrained"
STEPS = ".vx-windows-steps .stepper button"
MARKS = ".vx-windows-steps .marks"
TITLE, WHO, SAYS = (f".vx-windows-steps .{name}" for name in ("title", "who", "says"))
LETTERS = f"""(() => {{ // white pixels of the marks: only letters are white
  const canvas = document.querySelector("{MARKS}");
  const {{ data }} = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  let count = 0;
  for (let k = 0; k < data.length; k += 4) count += Math.min(...data.subarray(k, k + 4)) === 255;
  return count;
}})()"""
CORNER = 17  # row 2, column 2 of 16 x 16: its shifted window holds all regions


@pytest.fixture(scope="module")
def checkpoints(tmp_path_factory) -> Path:
    """A folder with one Swin, untrained but with attention that is far from even."""
    folder = tmp_path_factory.mktemp("checkpoints")
    torch.manual_seed(0)
    model = create_model("swin")
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if "qkv.weight" in name:
                parameter.normal_(std=0.25)
            elif "bias_table" in name:
                parameter.normal_(std=0.7)
    card = json.loads((CHECKPOINT_FOLDER / "cnn-cifar10.json").read_text(encoding="utf-8"))
    save_checkpoint(model, {**card, "model": "swin", "overrides": {}}, NAME, folder)
    for kind in ("pt", "json"):
        shutil.copy(CHECKPOINT_FOLDER / f"vit-cifar10.{kind}", folder)
    return folder


@pytest.fixture(scope="module")
def address(runs, checkpoints) -> Iterator[str]:
    with serving(runs, checkpoints) as running:
        yield running


@pytest.fixture(scope="module")
def untrained(checkpoints) -> tuple[Checkpoint, Tensor]:
    """The Swin, and the finished example as it takes it."""
    checkpoint = load_checkpoint(NAME, [checkpoints])
    assert isinstance(checkpoint.model, SwinTransformer)
    pixels = fit_picture(Session().picture("sample:cat").image, 32, "crop")
    return checkpoint, checkpoint.preprocess(pixels[None])


@pytest.fixture(scope="module")
def traced(untrained) -> Trace:
    """The pass over the finished example, computed here."""
    checkpoint, images = untrained
    with torch.inference_mode():
        return trace(checkpoint.model, images)


@pytest.fixture(scope="module")
def media() -> dict[str, str]:
    return {"reduced_motion": "reduce"}  # each step is drawn at once


@pytest.fixture
def steps(same_page):
    """The stepper on the finished example, with everything at its default."""
    same_page.evaluate("vx.go('tab=windows&sub=steps', true)")
    drawn(same_page)
    same_page.wait_for_function(f"document.querySelector('{TITLE}').textContent.startsWith('1.')")
    return same_page


def settle(page) -> None:
    page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")


def pin(page, token: int, side: int = 16) -> None:
    page.evaluate(f"vx.module('windows/data.js').then(({{ pin }}) => pin({token}, [{side}, {side}]))")
    settle(page)


def shows_window(page, size: int) -> None:
    """Wait until the windows on screen have this side."""
    page.evaluate("async () => (window.swin = await vx.module('windows/data.js'))")
    page.wait_for_function("(size) => swin.view(vx.state).window === size", arg=size)


def go(page, step: int) -> None:
    page.locator(STEPS).nth(step - 1).click()
    settle(page)


def text(page, selector: str) -> str:
    settle(page)
    return page.locator(selector).inner_text()


def share_said(words: str) -> tuple[float, str]:
    said = re.search(r"It gives ([\d.]+) % to (token \d+|itself)", words)
    assert said, words
    return float(said[1]) / 100, said[2]


def test_keys_and_buttons_go_forward_and_back(steps):
    pictures = set()
    steps.locator(STEPS).first.focus()
    for step in range(1, 9):
        assert text(steps, TITLE).startswith(f"{step}.")
        assert steps.locator(STEPS).nth(step - 1).get_attribute("aria-current") == "step"
        pictures.add(steps.eval_on_selector(".vx-windows-steps .scene", "(canvas) => canvas.toDataURL()"))
        steps.keyboard.press("ArrowRight")
    assert len(pictures) == 7  # the map of step 7 is that of step 1: every token is home
    assert text(steps, TITLE).startswith("8.")
    steps.keyboard.press("Home")
    assert text(steps, TITLE).startswith("1.")
    steps.keyboard.press("End")
    steps.keyboard.press("ArrowLeft")
    assert text(steps, TITLE).startswith("7.")
    steps.locator(".vx-windows-steps .back").click()
    assert text(steps, TITLE).startswith("6.")
    steps.locator(".vx-windows-steps .forward").click()
    assert text(steps, TITLE).startswith("7.")


@pytest.mark.parametrize(("step", "block"), [(3, 0), (6, 1)])
def test_the_largest_share_is_the_networks_own(steps, traced, step, block):
    go(steps, step)
    weights, _ = attention_on_map(traced.windows[block])
    for token in (CORNER, 100, 255):
        pin(steps, token)
        row = weights[0, 0, token]
        share, whom = share_said(text(steps, SAYS))
        assert share == pytest.approx(float(row.max()), abs=6e-4)
        assert whom == ("itself" if int(row.argmax()) == token else f"token {int(row.argmax()) + 1}")


def test_what_is_crossed_out_is_what_the_mask_forbids(steps, traced):
    go(steps, 6)
    record = traced.windows[1]
    layout = layout_of(record.grid, record.plan)
    may = block_reach(layout)
    for token in (CORNER, 0, 15, 240, 100):
        pin(steps, token)
        beside = layout.window_of == layout.window_of[token]
        forbidden = (beside & ~may[token]).nonzero().flatten().tolist()
        label = steps.locator(MARKS).get_attribute("aria-label")
        said = re.search(r"Crossed out: tokens ([\d, ]+)\.", label)
        assert sorted(int(token) - 1 for token in said[1].split(", ")) == forbidden if said else not forbidden
        assert f"may attend to {int(may[token].sum())} of the 16" in text(steps, SAYS)


def test_the_steps_about_the_mask_mark_a_token_that_it_cuts_if_nobody_has_marked_another(steps):
    crossed = "document.querySelector('.vx-windows-steps .marks').getAttribute('aria-label').includes('Crossed out')"
    go(steps, 4)
    middle = text(steps, WHO).split(" (")[0]
    assert middle != f"Token {CORNER + 1}"
    go(steps, 3)
    assert steps.evaluate(LETTERS) == 0
    go(steps, 5)
    assert f"Token {CORNER + 1} " in text(steps, WHO)
    go(steps, 6)
    assert steps.evaluate(crossed)
    assert steps.evaluate(LETTERS) > 20
    assert "by itself" in text(steps, SAYS)
    go(steps, 7)
    assert text(steps, WHO).startswith(f"{middle} (")  # its reach grows with the shift
    assert reach_after(steps, 2) > 3 * reach_after(steps, 1)
    go(steps, 6)
    assert f"Token {CORNER + 1} " in text(steps, WHO)
    pin(steps, 100)
    assert "by itself" not in text(steps, SAYS)
    for step in (5, 7):
        go(steps, step)
        assert "Token 101 " in text(steps, WHO)


def reach_after(page, block: int) -> float:
    """The share of the picture, in percent, that the figure of reach says for a block."""
    label = page.locator(".vx-windows-steps .strip").get_attribute("aria-label")
    return float(re.search(rf"Swin block {block} ([\d.]+) %", label)[1])


def test_the_step_with_the_mask_switches_it_off_and_says_what_the_network_does_then(steps, traced, untrained):
    with torch.inference_mode():
        checkpoint, images = untrained
        bare = trace(unmasked(checkpoint.model), images)
    answers = steps.locator(".vx-windows-steps .answers")
    go(steps, 5)
    assert answers.is_hidden()
    go(steps, 6)
    pin(steps, CORNER)
    box = answers.bounding_box()
    assert box["y"] + box["height"] < 720  # without scrolling, on the smallest of screens
    answers.get_by_role("button", name="Mask off").click()
    answers.get_by_text(re.compile(r"Without it: \w+, [\d.]+ %")).wait_for()
    for said, seen in zip(re.findall(r"(\w+), ([\d.]+) %", answers.inner_text()), (traced, bare), strict=True):
        assert said[0] == checkpoint.class_names[int(seen.logits.argmax())]
        assert float(said[1]) == pytest.approx(100 * float(seen.probabilities.max()), abs=0.06)
    layout = layout_of(traced.windows[1].grid, traced.windows[1].plan)
    foreign = (layout.window_of == layout.window_of[CORNER]) & ~block_reach(layout)[CORNER]
    row = attention_on_map(bare.windows[1])[0][0, 0, CORNER]
    given = re.search(r"all 16 in its window: the 12 of A, B and C, .* get ([\d.]+) %", text(steps, SAYS))
    assert float(given[1]) == pytest.approx(100 * float(row[foreign].sum()), abs=0.3)
    assert share_said(text(steps, SAYS))[0] == pytest.approx(float(row.max()), abs=6e-4)
    assert "Crossed out" not in steps.locator(MARKS).get_attribute("aria-label")
    go(steps, 3)
    assert answers.is_hidden()
    go(steps, 6)
    answers.get_by_role("button", name="Mask on").click()
    assert "may attend to 4 of the 16" in text(steps, SAYS)


def test_the_reach_of_every_block_is_the_packages(steps, traced):
    reached = reach([layout_of(record.grid, record.plan) for record in traced.windows])
    pin(steps, CORNER)
    label = steps.locator(".vx-windows-steps .strip").get_attribute("aria-label")
    said = {name: float(share) for name, share in re.findall(r"(\w+ \w+ \d) ([\d.]+) %", label)}
    for number, rows in enumerate(reached):
        token = CORNER if len(rows) == 256 else 0  # row 2, column 2 lies in the first token of the merged map
        assert said[f"Swin block {number + 1}"] == pytest.approx(100 * float(rows[token].float().mean()), abs=0.06)
    assert said["ViT layer 1"] == 100
    assert said["CNN stage 1"] == pytest.approx(100 * 9 / 32**2, abs=0.06)  # 3 x 3 pixels of 32 x 32


def test_the_last_step_says_what_follows_on_each_pair(steps, traced):
    expected = [
        "Patch merging: 16 × 16 tokens become 8 × 8",
        "Next: blocks 5 and 6, on the same map",
        "The head: a prediction",
    ]
    go(steps, 8)
    for pair, words in enumerate(expected):
        steps.locator(".vx-windows-bar .pair").select_option(str(pair))
        assert text(steps, TITLE) == f"8. {words}"
    best = float(traced.logits.softmax(dim=1).max())
    said = re.search(r"([\d.]+) %", text(steps, ".vx-windows-steps .vx-what"))
    assert said and float(said[1]) / 100 == pytest.approx(best, abs=6e-4)


def test_a_map_of_one_window_is_not_shifted(steps):
    steps.locator(".vx-windows-bar .window").select_option("8")
    shows_window(steps, 8)
    steps.locator(".vx-windows-bar .pair").select_option("1")
    go(steps, 4)
    assert text(steps, TITLE) == "4. Nothing to shift"
    assert "is one window" in text(steps, ".vx-windows-steps .vx-what")


def test_padding_is_nobodys_neighbour(steps):
    steps.locator(".vx-windows-bar .window").select_option("7")
    shows_window(steps, 7)
    go(steps, 2)
    assert "padding" in text(steps, ".vx-windows-steps .vx-what")
    pin(steps, 255)
    assert "Of 256 tokens, 4 remain" in text(steps, SAYS)  # 16 = 7 + 7 + 2: 2 x 2 tokens are left in the last window


def test_the_step_is_kept_when_the_picture_changes(steps):
    go(steps, 5)
    steps.evaluate("vx.set('wish', { picture: 'shapes:3' })")
    steps.wait_for_function("vx.get('settled').picture === 'shapes:3'")
    assert text(steps, TITLE).startswith("5.")


def test_pointing_at_the_scene_marks_a_token_where_it_lies_now(steps):
    pin(steps, CORNER)
    go(steps, 4)
    box = steps.locator(MARKS).bounding_box()
    steps.mouse.move(box["x"] + 0.98 * box["width"] - 0.08 * box["width"], box["y"] + 0.9 * box["height"])
    assert "Token 18 " in text(steps, WHO)  # row 2, column 2, carried to the lower right corner
    steps.locator(MARKS).focus()
    steps.keyboard.press("ArrowRight")
    assert text(steps, WHO).startswith("Token 19 ")
    assert text(steps, TITLE).startswith("4.")  # arrows on the scene move the token, not the step


def test_playing_goes_on_by_itself_and_pauses(watched, address):
    page = watched()
    open_page(page, f"{address}#tab=windows&sub=steps")
    drawn(page)
    play = page.locator(".vx-windows-steps .play")
    with hastened(page):
        play.click()
        page.wait_for_function(f"document.querySelector('{TITLE}').textContent.startsWith('3.')", timeout=15_000)
        play.click()
        assert play.get_attribute("aria-pressed") == "false"
        paused = text(page, TITLE)
        page.wait_for_timeout(600)  # longer than a step lasts
        assert text(page, TITLE) == paused
    go(page, 7)
    play.click()
    page.wait_for_function(f"document.querySelector('{TITLE}').textContent.startsWith('8.')", timeout=15_000)
    page.wait_for_function("document.querySelector('.vx-windows-steps .play').getAttribute('aria-pressed') === 'false'")


def test_the_finding_says_first_what_is_forbidden_and_why(steps):
    opening = "Swin compares only tokens in the same small window"
    assert f"all numbers here are those of {NAME}" in text(steps, ".vx-windows-bar .why")  # a ViT is chosen
    assert text(steps, ".vx-windows-bar .says").startswith(f"{NAME} says ")
    assert text(steps, ".vx-windows-bar .vx-what").startswith(opening) and opening not in text(steps, SAYS)
    steps.evaluate("vx.set('stage', 1)")  # without the bar
    steps.wait_for_function("document.querySelector('.vx-windows-steps .says').textContent.startsWith('Swin compares')")
    steps.evaluate("vx.set('stage', 0)")
    go(steps, 6)
    pin(steps, CORNER)
    first = text(steps, SAYS).split(". ")[0]
    assert "may attend to 4 of the 16" in first
    assert "the 12 of" in first and "are forbidden" in first
    assert "wrap-around" in first
