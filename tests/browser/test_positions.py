"""The Positions tab in a real browser: linked maps, the slider through training, the experiment, the files."""

from __future__ import annotations

import csv

import numpy as np
import pytest


@pytest.fixture
def positions(page):
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
    assert "atch 10 " in positions.locator(".vx-positions-detail .whose").inner_text()


def test_pointing_at_the_matrix_tells_the_value_of_the_pair(positions):
    box = positions.locator(".vx-positions .matrix-marks").bounding_box()
    positions.mouse.move(box["x"] + box["width"] * 0.62, box["y"] + box["height"] * 0.41)
    token = positions.evaluate("vx.get('token')")
    assert token not in (None, 35)
    text = positions.locator(".vx-positions .readout").inner_text().replace("−", "-")
    row = positions.evaluate(
        """(token) => {
          const { similarity, n_prefix } = vx.get("model").positions;
          const packed = vx.decode(similarity);
          return Array.from({ length: packed.shape[2] }, (_, j) => packed.at(packed.shape[0] - 1, token + n_prefix, j));
        }""",
        token,
    )
    assert any(f"{value:+.2f}" in text for value in row)


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
    positions.keyboard.press("End")
    assert image_of(positions, ".vx-positions .after .maps") == trained
    assert positions.locator(".vx-positions .score .big").inner_text() == score


def test_play_runs_through_the_snapshots_and_ends(positions):
    positions.locator(".vx-positions .play").click()
    positions.wait_for_function("document.querySelector('.vx-positions .slider').value === '1'", timeout=10_000)
    last = positions.locator(".vx-positions .slider").get_attribute("max")
    positions.wait_for_function(f"document.querySelector('.vx-positions .slider').value === '{last}'", timeout=30_000)


def test_pairs_are_those_of_the_model(positions):
    cells = positions.locator(".vx-positions-detail .pairs tr").first.locator("td").all_inner_texts()
    best = positions.evaluate("vx.get('model').positions.pairs.at(-1)[0]")
    assert cells[0].split()[0] == str(best["first"])
    assert float(cells[1].replace("−", "-")) == pytest.approx(best["similarity"], abs=0.006)


@pytest.mark.parametrize("mode", ["zero", "untrained", "shuffled"])
def test_the_experiment_predicts_with_changed_positions(positions, mode):
    positions.locator(f".vx-positions-experiment [data-mode={mode}]").click()
    positions.wait_for_function(
        f"document.querySelector('.vx-positions-experiment [data-mode={mode}]').ariaPressed === 'true'"
    )
    positions.wait_for_timeout(800)
    shown = positions.locator(".vx-positions-experiment .trained .vx-number").first.inner_text()
    best = positions.evaluate("Math.max(...vx.get('trace').probabilities)")
    assert float(shown.rstrip(" %")) == pytest.approx(100 * best, abs=0.06)
    assert positions.locator(".vx-positions-experiment .changed .vx-number").count() == 5
    assert "%" in positions.locator(".vx-positions-experiment .outcome").inner_text()


def test_matrix_is_saved_as_npy_and_csv(positions, tmp_path):
    saved = {}
    for kind in ("npy", "csv"):
        with positions.expect_download() as download:
            positions.locator(f".vx-positions-export [data-format={kind}]").click()
        saved[kind] = tmp_path / download.value.suggested_filename
        download.value.save_as(saved[kind])
    matrix = np.load(saved["npy"])
    assert matrix.shape == (65, 65)
    assert np.allclose(np.diag(matrix), 1, atol=1e-5) and np.allclose(matrix, matrix.T)
    with saved["csv"].open() as file:
        rows = list(csv.reader(file))
    assert rows[0][-65:][:2] == ["CLS", "0"]
    assert float(rows[1][-1]) == pytest.approx(matrix[0, -1], abs=1e-4)


@pytest.mark.parametrize(("kind", "magic"), [("png", b"\x89PNG"), ("svg", b"<?xml"), ("pdf", b"%PDF")])
def test_figure_is_saved(positions, tmp_path, kind, magic):
    with positions.expect_download() as download:
        positions.locator(f".vx-positions-export [data-format={kind}]").click()
    path = tmp_path / "figure"
    download.value.save_as(path)
    assert path.read_bytes().startswith(magic)
    assert path.stat().st_size > 5_000


def test_the_cnn_says_why_and_offers_a_vit(positions):
    positions.locator("#vx-model").select_option("cnn-cifar10")
    positions.wait_for_selector(".vx-positions .none:visible")
    positions.locator(".vx-positions .switch").click()
    positions.wait_for_function("vx.get('settled').model.startsWith('vit')")
    assert positions.locator(".vx-positions .overview").is_visible()
