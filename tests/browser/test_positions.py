"""The Positions tab in a real browser: linked maps, the slider through training, the experiment, the files."""

from __future__ import annotations

import csv
import re

import numpy as np
import pytest

from tests.browser.pages import hastened, save
from vit_explorer.ui.core.serve import bind
from vit_explorer.ui.core.session import Session
from vit_explorer.ui.positions.experiment import run_experiment


@pytest.fixture
def positions(same_page):
    page = same_page
    page.get_by_role("tab", name="Positions").click()
    page.wait_for_selector(".vx-positions .after .maps")
    page.wait_for_function("document.querySelector('.vx-positions .readout').textContent.includes('patch')")
    return page


def image_of(page, selector: str) -> str:
    return page.eval_on_selector(selector, "(canvas) => canvas.toDataURL()")


def test_pointing_at_a_map_marks_it_in_matrix_picture_and_enlargement(positions):
    before = {
        name: image_of(positions, name)
        for name in (".vx-positions .matrix-marks", ".vx-positions .before .marks", ".vx-frame .marks")
    }
    box = positions.locator(".vx-positions .after .marks").bounding_box()
    positions.mouse.move(box["x"] + 2.5 * box["width"] / 8, box["y"] + 1.5 * box["height"] / 8)
    assert positions.evaluate("vx.get('token')") == 10
    for name, image in before.items():
        assert image_of(positions, name) != image, f"{name} did not follow"
    assert "atch 11 " in positions.locator(".vx-positions-detail .whose").inner_text()


def test_pointing_at_the_matrix_tells_the_value_of_the_pair(positions):
    box = positions.locator(".vx-positions .matrix-marks").bounding_box()
    positions.mouse.move(box["x"] + box["width"] * 0.62, box["y"] + box["height"] * 0.41)
    positions.wait_for_function("document.querySelector('.vx-positions .readout').textContent.includes(' and ')")
    text = positions.locator(".vx-positions .readout").inner_text().replace("−", "-")
    named = re.fullmatch(r"patch (\d+) \(.*\) and patch (\d+) \(.*\): ([+-]?\d\.\d\d), .* patches apart", text)
    assert named, text
    first, second = int(named[1]) - 1, int(named[2]) - 1
    assert first == positions.evaluate("vx.get('token')")
    assert first == pytest.approx(0.41 * 64, abs=3) and second == pytest.approx(0.62 * 64, abs=5)  # labels, CLS, gap
    value = positions.evaluate(
        """async ([first, second]) => {
          const { similarity, n_prefix } = vx.get("model").positions;
          const { decode } = await vx.module("core/arrays.js");
          const packed = decode(similarity);
          return packed.at(packed.shape[0] - 1, first + n_prefix, second + n_prefix);
        }""",
        [first, second],
    )
    assert float(named[3]) == pytest.approx(value, abs=0.00501)


def test_slider_goes_through_the_training(positions):
    slider = positions.locator(".vx-positions .slider")
    last = int(slider.get_attribute("max"))
    assert last >= 9, "ten snapshots or more ship with the model"
    trained = image_of(positions, ".vx-positions .after .maps")
    score = positions.locator(".vx-positions .score .big").inner_text()
    slider.focus()
    positions.keyboard.press("Home")
    assert "untrained" in positions.locator(".vx-positions .epoch").inner_text()
    assert image_of(positions, ".vx-positions .after .maps") != trained
    untrained_score = positions.locator(".vx-positions .score .big").inner_text().replace("−", "-")
    assert abs(float(untrained_score)) < 0.15
    row, column = re.fullmatch(
        r"rows (\S+), columns (\S+)", positions.locator(".vx-positions .readings").inner_text()
    ).groups()
    assert float(untrained_score) == min(float(row), float(column))
    assert positions.locator(".vx-positions .meaning").inner_text().startswith("Neither")
    positions.keyboard.press("End")
    assert image_of(positions, ".vx-positions .after .maps") == trained
    assert positions.locator(".vx-positions .score .big").inner_text() == score


def test_play_runs_through_the_snapshots_and_ends(positions):
    slider = "document.querySelector('.vx-positions .slider')"
    positions.locator(".vx-positions .play").click()
    positions.wait_for_function(f"{slider}.value === '1'", timeout=10_000)
    last = positions.locator(".vx-positions .slider").get_attribute("max")
    with hastened(positions):
        positions.wait_for_function(f"{slider}.value === '{last}'", timeout=30_000)


def test_pairs_are_those_of_the_model(positions):
    cells = positions.locator(".vx-positions-detail .pairs tr").first.locator("td").all_inner_texts()
    best = positions.evaluate("vx.get('model').positions.pairs.at(-1)[0]")
    assert cells[0].split()[0] == str(best["first"] + 1)
    assert float(cells[1].replace("−", "-")) == pytest.approx(best["similarity"], abs=0.006)


def bars_of(page, which: str) -> list[tuple[str, str]]:
    """Class and percentage of each bar, from the largest."""
    texts = page.locator(f".vx-positions-experiment .{which} > span").all_inner_texts()
    return list(zip(texts[::2], texts[1::2], strict=True))


def percent(share: float) -> str:
    """As vx.percent prints it."""
    return "> 99.9 %" if share >= 0.9995 else "< 0.1 %" if share < 0.001 else f"{100 * share:.1f} %"


@pytest.mark.parametrize(
    ("mode", "name"),
    [("zero", "No positions"), ("untrained", "Untrained positions"), ("shuffled", "Shuffled positions")],
)
def test_the_experiment_predicts_with_changed_positions(positions, mode, name):
    experiment = positions.locator(".vx-positions-experiment")
    experiment.locator(f"[data-mode={mode}]").click()
    experiment.locator(".changed-name", has_text=re.compile(f"^{name}$")).wait_for(timeout=10_000)
    assert "waiting" not in experiment.get_attribute("class")
    assert "%" in experiment.locator(".outcome").inner_text()
    shown = positions.evaluate("(({ picture, model, fit }) => ({ picture, model, fit }))(vx.get('settled'))")
    answer = bind(run_experiment, Session())({**shown, "mode": mode, "seed": 4})
    for which in ("trained", "changed"):
        bars = bars_of(positions, which)
        expected = dict(zip(answer["classes"], answer[which], strict=True))
        assert len(bars) == 5
        for guess, text in bars:  # either rounding, as another number of threads may give another last bit
            assert text in {percent(expected[guess] + error) for error in (-1e-5, 0, 1e-5)}
    assert bars_of(positions, "changed") != bars_of(positions, "trained")


def test_matrix_is_saved_as_npy_and_csv(positions, tmp_path):
    saved = {}
    for kind in ("npy", "csv"):
        download = save(positions, "#positions", kind)
        saved[kind] = tmp_path / download.suggested_filename
        download.save_as(saved[kind])
    matrix = np.load(saved["npy"])
    assert matrix.shape == (65, 65)
    assert np.allclose(np.diag(matrix), 1, atol=1e-5) and np.allclose(matrix, matrix.T)
    with saved["csv"].open(encoding="utf-8-sig") as file:
        rows = list(csv.reader(file))
    assert rows[0][-65:][:2] == ["CLS", "patch 1"]
    assert float(rows[1][-1]) == pytest.approx(matrix[0, -1], abs=1e-4)


@pytest.mark.parametrize(("kind", "magic"), [("png", b"\x89PNG"), ("svg", b"<?xml"), ("pdf", b"%PDF")])
def test_figure_is_saved(positions, tmp_path, kind, magic):
    path = tmp_path / "figure"
    save(positions, "#positions", kind).save_as(path)
    assert path.read_bytes().startswith(magic)
    assert path.stat().st_size > 5_000


def test_the_cnn_says_why_and_offers_a_vit(positions):
    positions.locator("#vx-model").select_option("cnn-cifar10")
    positions.wait_for_selector(".vx-positions .none:visible")
    positions.locator(".vx-positions .switch").click()
    positions.wait_for_function("vx.get('settled').model.startsWith('vit')")
    assert positions.locator(".vx-positions .overview").is_visible()


def test_the_experiment_on_another_picture_is_asked_for_while_the_picture_is_analysed(positions):
    positions.evaluate("vx.idle()")
    asked, held = [], []

    def hold(route) -> None:
        name = route.request.post_data_json["fn_name"]
        asked.append(name)
        if name == "analyse":
            held.append(route)
        else:
            route.continue_()

    positions.route("**/component_server/", hold)
    with positions.expect_response(lambda one: '"experiment"' in (one.request.post_data or "")) as early:
        positions.evaluate("vx.set('wish', { picture: 'shapes:3' })")
    trained = early.value.json()["trained"]
    assert asked == ["analyse", "experiment"]
    held[0].continue_()
    positions.wait_for_function("vx.get('settled').picture === 'shapes:3'")
    assert asked.count("experiment") == 1  # and its answer is the one that is shown
    best = positions.evaluate("vx.get('trace').classes")[int(np.argmax(trained))]
    assert positions.locator(".vx-positions-experiment .outcome").inner_text().startswith(best)
