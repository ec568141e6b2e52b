"""The hunger for data in a real browser: the curves under the pointer, and a point of one's own that is really run."""

from __future__ import annotations

import json
import re
import shutil

import pytest

from tests.browser.apps import serving
from tests.browser.pages import drawn, fits, reload, save
from vit_explorer.models.checkpoint import CHECKPOINT_FOLDER

PATIENCE = 240_000  # ms until a test gives up; nothing is measured with it
UPDATES = 4  # of every run: a point of one's own takes seconds
MEANS = {"cnn": (0.3, 0.5, 0.6), "vit": (0.2, 0.25, 0.58), "hybrid": (0.28, 0.4, 0.55)}
SIZES = (50, 100, 200)


def results() -> dict:
    """A sweep on the drawn shapes, made up here: two seeds, a point of accuracy to either side of each mean."""
    points = [
        {
            "model": model, "size": size, "seed": seed, "images": 50 * UPDATES, "train_accuracy": 0.9,
            "test_accuracy": mean + (0.01, -0.01)[seed], "seconds": 8.0,
        }
        for model, means in MEANS.items()
        for size, mean in zip(SIZES, means, strict=True)
        for seed in range(2)
    ]  # fmt: skip
    about = {"recipe": {"data": "shapes"}, "hardware": "no machine", "commit": "unknown"}
    return {"sweep": "hunger", "points": points, "runs": len(points), **about}


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    """An app of its own, whose checkpoint folder holds these results and the smallest model that ships."""
    folder = tmp_path_factory.mktemp("weights")
    for path in CHECKPOINT_FOLDER.glob("cnn-shapes.*"):
        shutil.copy(path, folder)
    (folder / "sweeps").mkdir()
    (folder / "sweeps" / "hunger.json").write_text(json.dumps(results()))
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("TMPDIR", str(tmp_path_factory.mktemp("slots")))  # other trainings here are not waited for
        with serving(tmp_path_factory.mktemp("runs"), folder) as running:
            yield running


@pytest.fixture
def hunger(same_page):
    return open_hunger(same_page)


def open_hunger(page):
    page.evaluate("vx.openTab('train')")
    page.get_by_role("tab", name="Hunger for data", exact=True).click()
    page.wait_for_function("document.querySelector('.vx-hunger .settings').textContent !== ''", timeout=PATIENCE)
    page.evaluate("vx.idle()")
    return page


def chart(page) -> str:
    return page.eval_on_selector(".vx-hunger .chart", "(canvas) => canvas.toDataURL()")


def readout(page) -> str:
    return page.locator(".vx-hunger .readout").inner_text()


def choose(page, kind: str, size: str, seed: str) -> None:
    page.select_option(".vx-hunger .kind", kind)
    page.select_option(".vx-hunger .data", "shapes")
    page.select_option(".vx-hunger .size", size)
    page.locator(".vx-hunger .seed").fill(seed)


def test_the_keys_walk_along_the_curves_and_tell_their_numbers(hunger):
    drawn(hunger)  # what the tab asks when it is opened has come,
    hunger.wait_for_function(  # how long the race beside it would take, too: an open set-up asks a moment later
        """!vx.get('setup')?.open || !document.querySelector('.vx-train-setup .promise').textContent
        || document.querySelector('.vx-train-setup .promise').textContent.startsWith('About ')"""
    )
    requests = []
    hunger.on("request", lambda request: requests.append(request.post_data or request.url))
    hunger.locator(".vx-hunger .marks").focus()
    hunger.keyboard.press("ArrowRight")
    assert readout(hunger) == "CNN: 50 pictures, each 4 times; 30.0 % ± 1.4 over 2 seeds (31.0, 29.0); 8 s a run."
    hunger.keyboard.press("ArrowRight")
    assert readout(hunger).startswith("CNN: 100 pictures, each 2 times; 50.0 %")
    hunger.keyboard.press("ArrowDown")
    assert readout(hunger).startswith("Hybrid: 100 pictures")
    hunger.keyboard.press("ArrowDown")
    hunger.keyboard.press("ArrowDown")  # the lowest one there
    assert readout(hunger).startswith("ViT: 100 pictures, each 2 times; 25.0 %")
    hunger.keyboard.press("Escape")
    assert readout(hunger) == "Point at a dot for its numbers."
    assert requests == []


def test_the_pointer_marks_the_point_under_it(hunger):
    hunger.locator(".vx-hunger .marks").scroll_into_view_if_needed()
    box = hunger.locator(".vx-hunger .marks").bounding_box()
    blank = hunger.eval_on_selector(".vx-hunger .marks", "(canvas) => canvas.toDataURL()")
    said = set()
    for step in range(1, 60):
        hunger.mouse.move(box["x"] + box["width"] * step / 60, box["y"] + box["height"] * 0.35)
        said.add(readout(hunger).split(";")[0])
    assert "CNN: 100 pictures, each 2 times" in said and "Point at a dot for its numbers." in said
    hunger.mouse.move(box["x"] - 30, box["y"] - 30)
    assert hunger.eval_on_selector(".vx-hunger .marks", "(canvas) => canvas.toDataURL()") == blank


def test_what_was_expected_stands_beside_what_was_found(hunger):
    lines = hunger.locator(".vx-hunger .lines li").all_inner_texts()
    assert len(lines) == 5 and lines[0].startswith("✓ agrees") and lines[1].startswith("? open")
    assert "CNN minus ViT, in points: +10.0 at 50, +25.0 at 100, +2.0 at 200." in lines[0]
    assert "A CNN backbone narrows the gap. With it 5.7 points behind the CNN" in lines[3].replace("\n", " ")
    assert "? open" in lines[4]  # there is no DeiT here


@pytest.mark.slow
def test_a_point_of_ones_own_is_run_drawn_and_there_after_a_reload(hunger):
    before = chart(hunger)
    choose(hunger, "cnn", "100", "7")
    assert "4 updates: each picture is seen 2 times." in hunger.locator(".vx-hunger .promise").inner_text()
    hunger.locator(".vx-hunger .run").click()
    hunger.locator(".vx-hunger .way").wait_for()
    assert hunger.locator(".vx-hunger .way .title").inner_text() == "CNN on 100 of shapes, seed 7"
    line = hunger.locator(".vx-hunger .list li", has_text="on the whole test split")
    line.wait_for(timeout=PATIENCE)
    told = line.inner_text()
    found = re.search(
        r"CNN, 100 pictures, seed 7: ([\d.]+) % .*, ([\d.]+) points (above|below) the curve there \(50.0 %\)", told
    )
    sign = 1 if found[3] == "above" else -1
    assert float(found[1]) == pytest.approx(50 + sign * float(found[2]), abs=0.11)
    assert not hunger.locator(".vx-hunger .way").is_visible()
    drawn = chart(hunger)
    assert drawn != before

    reload(hunger)
    open_hunger(hunger)
    assert line.inner_text() == told
    assert hunger.evaluate("vx.get('race').title") == "CNN on 100 of shapes, seed 7"  # a race like any other
    hunger.locator(".vx-hunger .marks").focus()
    for _ in range(12):
        hunger.keyboard.press("ArrowRight")
    hunger.get_by_role("tab", name="Race", exact=True).click()
    hunger.locator(".vx-train-shelf li", has_text="CNN on 100 of shapes, seed 7").first.wait_for(timeout=PATIENCE)


@pytest.mark.slow
def test_a_point_that_is_stopped_goes_on(hunger):
    choose(hunger, "vit", "50", "8")
    hunger.locator(".vx-hunger .run").click()
    stop = hunger.locator(".vx-hunger .stop")
    hunger.wait_for_function("vx.get('race') && vx.get('race').title.startsWith('ViT on 50')", timeout=PATIENCE)
    if hunger.evaluate("vx.get('race').state") != "finished":  # four updates may be quicker than a hand
        stop.click()
        hunger.wait_for_function("['paused', 'finished'].includes(vx.get('race').state)", timeout=PATIENCE)
    if hunger.evaluate("vx.get('race').state") == "paused":
        assert stop.inner_text() == "Go on"
        stop.click()
    hunger.locator(".vx-hunger .list li", has_text="ViT, 50 pictures, seed 8").get_by_text("whole test split").wait_for(
        timeout=PATIENCE
    )


def test_a_seed_that_is_none_is_refused_beside_its_field(hunger):
    choose(hunger, "vit", "50", "one")
    assert hunger.locator(".vx-hunger .promise").inner_text().startswith("The seed must be a whole number from 0 to")
    race = hunger.evaluate("vx.get('race') && vx.get('race').name")
    sent = []
    hunger.on("request", lambda request: sent.append(request.post_data or ""))
    hunger.locator(".vx-hunger .run").click()
    drawn(hunger)
    assert not any("run_point" in one for one in sent)
    assert hunger.evaluate("vx.get('race') && vx.get('race').name") == race


def test_curves_are_saved_as_figure_and_numbers(hunger, tmp_path):
    for kind, magic in (
        ("csv", b"\xef\xbb\xbfof,model,pictures"),
        ("png", b"\x89PNG"),
        ("svg", b"<?xml"),
        ("pdf", b"%PDF"),
    ):
        save(hunger, ".vx-hunger", kind).save_as(tmp_path / kind)
        assert (tmp_path / kind).read_bytes().startswith(magic)


def test_it_fits_the_screen(hunger):
    for width in (1280, 390):
        hunger.set_viewport_size({"width": width, "height": 800})
        fits(hunger, width)
        stack, shown = (hunger.locator(f".vx-hunger .{name}").bounding_box() for name in ("stack", "chart"))
        assert shown["width"] == pytest.approx(stack["width"], abs=1)
