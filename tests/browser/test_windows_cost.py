"""The Cost view in a real browser: its numbers are the package's; it measures, stops and remembers."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from tests.browser.apps import serving
from tests.browser.pages import reload
from tests.browser.swin_models import open_windows, save_models
from vit_explorer.bench.page import open_page
from vit_explorer.cost.attention import global_attention_cost, windowed_attention_cost

VIEW = ".vx-windows-cost"
IDLE = f"document.querySelector('{VIEW} .told')?.textContent === ''"


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """A folder of its own: nothing has been measured there."""
    return tmp_path_factory.mktemp("runs")


@pytest.fixture(scope="module")
def address(runs, tmp_path_factory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("checkpoints")
    save_models(folder)
    with serving(runs, folder) as running:
        yield running


@pytest.fixture
def cost(same_page):
    open_windows(same_page, "Cost")
    return same_page


def put(page, **sizes: int) -> None:
    page.locator(f"{VIEW} [data-cell=entries-global][title]").wait_for(state="attached")  # drawn, so that it listens
    for name, value in sizes.items():
        page.fill(f"{VIEW} .{name.replace('_', '-')}", str(value))


def cell(page, name: str):
    return page.locator(f"{VIEW} [data-cell={name}]")


def exact(page, name: str) -> int:
    """The whole number behind a shortened one."""
    return int(cell(page, name).get_attribute("title").replace(",", ""))


@pytest.mark.parametrize(
    ("side", "d_model", "n_heads", "window"), [(56, 96, 3, 7), (16, 64, 2, 4), (15, 64, 2, 4), (5, 32, 1, 7)]
)
def test_the_live_numbers_are_those_of_the_package(cost, side, d_model, n_heads, window):
    put(cost, side=side, d_model=d_model, n_heads=n_heads, window=window)
    whole = global_attention_cost(side, side, d_model, n_heads)
    windowed = windowed_attention_cost(side, side, d_model, n_heads, window)
    for row in ("entries", "attention", "module"):
        assert exact(cost, f"{row}-global") == getattr(whole, row)
        assert exact(cost, f"{row}-windowed") == getattr(windowed, row)
        ratio = float(cell(cost, f"{row}-ratio").inner_text().removesuffix(" ×"))
        assert ratio == pytest.approx(getattr(whole, row) / getattr(windowed, row), rel=0.005)
    assert ("is padded by" in cost.locator(f"{VIEW} .padding").inner_text()) == bool(side % window)


def test_it_begins_with_the_quoted_sizes_and_names_each_ratio(cost):
    rows = {"entries": "attention matrix", "attention": "attention, multiply-adds", "module": "whole layer"}
    for row, name in rows.items():
        assert name in cell(cost, f"{row}-ratio").locator("xpath=..").inner_text()
    assert [cell(cost, f"{row}-ratio").inner_text() for row in rows] == ["64.0 ×", "64.0 ×", "13.8 ×"]
    assert cost.locator(f"{VIEW} .f-global").inner_text() == "2.00 G"
    cost.get_by_role("button", name="This Swin, stage 1").click()
    side, _, d_model, window = cost.evaluate(
        """async () => {
          const { view } = await vx.module("windows/data.js");
          const { stages: [first], window } = view(vx.state);
          return [...first.grid, first.dModel, window];
        }"""
    )
    assert exact(cost, "module-windowed") == windowed_attention_cost(side, side, d_model, 1, window).module


def test_sizes_that_cannot_be_are_said_and_not_measured(cost):
    put(cost, n_heads=5)
    assert cost.locator(f"{VIEW} .wrong").inner_text() == "5 heads cannot share 96 dimensions evenly."
    assert cost.locator(f"{VIEW} .start").is_disabled()
    put(cost, n_heads=3)
    assert cost.locator(f"{VIEW} .wrong").inner_text() == "" and cost.locator(f"{VIEW} .start").is_enabled()


@pytest.mark.slow
def test_it_measures_here_stops_and_shows_it_after_a_reload(cost, address, runs, watched):
    put(cost, side=7, d_model=32, n_heads=2)
    cost.click(f"{VIEW} .start")
    cost.wait_for_function(
        f"document.querySelector('{VIEW} [data-cell=fused-ratio]').textContent.includes('×')", timeout=60_000
    )
    told = cost.locator(f"{VIEW} .told").inner_text()
    assert "%" in told and "now" in told and cost.locator(f"{VIEW} .start").is_disabled()

    other = watched()
    open_page(other, address)
    open_windows(other, "Cost")
    other.wait_for_function(
        f"document.querySelector('{VIEW} .told')?.textContent.startsWith('Somebody is measuring: ')"
    )
    assert other.locator(f"{VIEW} .stop").is_disabled() and other.locator(f"{VIEW} .start").is_disabled()

    cost.click(f"{VIEW} .stop")
    cost.wait_for_function(IDLE, timeout=15_000)
    (line,) = (runs / "measurements" / "windows.jsonl").read_text().splitlines()
    kept = json.loads(line)
    assert not kept["complete"] and kept["setting"] == {"d_model": 32, "n_heads": 2, "window": 7}

    with (runs / "measurements" / "windows.jsonl").open("a") as file:
        file.write("{damaged\n")
    reload(cost)
    open_windows(cost, "Cost")
    cost.wait_for_function(f"document.querySelector('{VIEW} .results').options[0].text.includes('d 32')")
    cost.locator(f"{VIEW} .results").dispatch_event("change")  # there is but one, and it is chosen
    put(cost, side=7)
    first = kept["points"][0]
    assert (first["side"], first["way"]) == (7, "fused")
    shown = float(cell(cost, "fused-windowed").inner_text().removesuffix(" ms"))
    assert shown == pytest.approx(1000 * first["windowed"]["median"], rel=0.005)
    assert "stopped before its end" in cost.locator(f"{VIEW} .where").inner_text()
    assert cost.locator(f"{VIEW} .problem").inner_text() == "1 damaged line in windows.jsonl left out."
