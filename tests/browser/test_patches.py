"""The Patches tab in a real browser: linked pointing, live numbers, the check."""

from __future__ import annotations

import pytest

from tests.browser.pages import drawn
from vit_explorer.bench.page import open_page


@pytest.fixture
def page(same_page):
    return same_page


# Pixels of a canvas that are of the query colour.
_MARKED = """(selector) => {
  const canvas = document.querySelector(selector);
  const style = getComputedStyle(document.body);
  const ink = style.getPropertyValue("--vx-query").match(/[0-9a-f]{2}/gi).map((h) => parseInt(h, 16));
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  let minX = Infinity, minY = Infinity, count = 0;
  for (let i = 0; i < data.length; i += 4) {
    if (Math.abs(data[i] - ink[0]) + Math.abs(data[i + 1] - ink[1]) + Math.abs(data[i + 2] - ink[2]) > 12) continue;
    count++;
    minX = Math.min(minX, (i / 4) % canvas.width);
    minY = Math.min(minY, Math.floor(i / 4 / canvas.width));
  }
  return { count, x: minX / canvas.width, y: minY / canvas.height };
}"""


def hover_patch(page, selector: str, row: int, col: int, side: int = 8) -> None:
    page.locator(selector).scroll_into_view_if_needed()
    box = page.locator(selector).bounding_box()
    page.mouse.move(box["x"] + (col + 0.5) * box["width"] / side, box["y"] + (row + 0.5) * box["height"] / side)


@pytest.mark.parametrize(("row", "col"), [(0, 7), (5, 2)])
@pytest.mark.parametrize("place", [".vx-frame .marks", ".vx-check .marks", ".vx-filters .marks"])
def test_pointing_marks_the_same_patch_in_every_view(page, place, row, col):
    hover_patch(page, place, row, col)
    token = row * 8 + col
    assert page.evaluate("vx.get('token')") == token
    for view in (".vx-frame .marks", ".vx-check .marks", ".vx-filters .marks"):
        found = page.evaluate(_MARKED, view)
        assert found["count"] > 0, f"{view} is not marked"
        assert found["x"] == pytest.approx(col / 8, abs=0.03)
        assert found["y"] == pytest.approx(row / 8, abs=0.03)
    assert page.evaluate(_MARKED, ".vx-patches .marks")["count"] > 0
    assert f"patch {token + 1} " in page.locator(".vx-patch .name").inner_text()
    assert f"patch {token + 1} " in page.locator(".vx-check .here").inner_text()


def test_leaving_goes_back_to_the_pinned_patch_and_clicking_pins(page):
    hover_patch(page, ".vx-frame .marks", 1, 1)
    page.mouse.move(640, 5)
    assert page.evaluate("vx.get('token')") == 35
    hover_patch(page, ".vx-frame .marks", 1, 1)
    page.mouse.down()
    page.mouse.up()
    page.mouse.move(640, 5)
    assert page.evaluate("vx.get('token')") == 9


def test_arrow_keys_move_the_patch(page):
    page.locator(".vx-frame .marks").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowUp")
    assert page.evaluate("vx.get('token')") == 28
    page.keyboard.press("Escape")
    assert page.evaluate("vx.get('token')") is None


def test_pointing_makes_no_request(page):
    drawn(page)
    seen = []
    page.on("request", lambda request: seen.append(request.url))
    for step in range(20):
        hover_patch(page, ".vx-frame .marks", step % 8, (3 * step) % 8)
    drawn(page)
    assert seen == []


def test_cls_is_marked_from_the_sequence(page):
    box = page.locator(".vx-patches .marks").bounding_box()
    place = page.evaluate(
        """() => {
          const canvas = document.querySelector(".vx-patches .scene");
          const style = getComputedStyle(document.body);
          const ink = style.getPropertyValue("--vx-key").match(/[0-9a-f]{2}/gi).map((h) => parseInt(h, 16));
          const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
          for (let i = 0; i < data.length; i += 4) {
            if (ink.every((value, c) => data[i + c] === value)) {
              return [((i / 4) % canvas.width) / canvas.width, Math.floor(i / 4 / canvas.width) / canvas.height];
            }
          }
        }"""
    )
    page.mouse.move(box["x"] + place[0] * box["width"] + 8, box["y"] + place[1] * box["height"] + 8)
    assert page.evaluate("vx.get('token')") == -1
    assert "CLS" in page.locator(".vx-patch .name").inner_text()


def test_patch_size_changes_the_live_numbers(page):
    def row(index):
        return page.locator(".vx-patches .numbers tbody tr").nth(index).locator("td").all_inner_texts()[1:4]

    assert row(0) == ["65", "48", "4,225"]
    assert row(1) == ["1,025", "3", "1,050,625"]
    page.get_by_role("button", name="8 pixels a patch").click()
    assert row(0) == ["17", "192", "289"]
    assert row(1) == ["65", "48", "4,225"]  # as trained
    page.get_by_role("button", name="2 pixels a patch", exact=True).click()
    assert row(0) == ["257", "12", "66,049"]
    counted = page.evaluate("vx.get('model').multiply_adds")
    trained = page.locator(".vx-patches .numbers tbody tr").nth(1).locator("td").last.get_attribute("title")
    assert int(trained.replace(",", "")) == counted
    chosen = page.locator(".vx-patches .numbers tbody tr").first.locator("td").last.get_attribute("title")
    caption = page.locator(".vx-patches .numbers caption")
    said = caption.inner_text()
    assert said.startswith("Patches of 2 × 2 pixels against 4 × 4: 3.95 times the tokens, 15.6 times the pairs, ")
    cost = float(said.split(", ")[2].split()[0])
    assert cost == pytest.approx(int(chosen.replace(",", "")) / counted, rel=0.003)
    page.get_by_role("button", name="4 pixels a patch", exact=True).click()
    assert row(1)[0] == "1,025" and not caption.is_visible()
    page.get_by_role("button", name="224 pixels a picture").click()
    page.get_by_role("button", name="16 pixels a patch").click()
    assert row(0) == ["197", "768", "38,809"]
    assert [row(1)[0], row(2)[0]] == ["65", "50,177"]
    named = "Patches of 16 × 16 in 224 × 224 pixels against 4 × 4 in 32 × 32"
    assert caption.inner_text().startswith(f"{named}: 3.03 times the tokens")


def test_multiply_adds_on_the_page_are_the_counted_ones(page):
    shown = page.locator(".vx-patches .numbers tbody tr").first.locator("td").last.get_attribute("title")
    assert int(shown.replace(",", "")) == page.evaluate("vx.get('model').multiply_adds")


def test_check_shows_the_difference_of_this_pass_and_all_blocks(page):
    largest = page.evaluate("vx.get('trace').patches.largest_difference")
    assert 0 < largest < 1e-4
    assert float(page.locator(".vx-check .largest").inner_text()) == pytest.approx(largest, rel=0.06)
    assert page.locator(".vx-check .exact").inner_text() == "64 of 64"
    assert "3,072 of 3,072" in page.locator(".vx-check .back").inner_text()


def test_a_dimension_computed_in_the_browser_agrees_with_the_model(page):
    page.locator(".vx-patch .embedding").scroll_into_view_if_needed()
    box = page.locator(".vx-patch .embedding").bounding_box()
    page.mouse.move(box["x"] + 30, box["y"] + 30)
    text = page.locator(".vx-patch .readout").inner_text()
    computed, own = text.split("bias = ")[1].rstrip(".").split("; the model's own: ")
    numbers = [float(number.replace("−", "-")) for number in (computed, own)]
    assert numbers[0] == pytest.approx(numbers[1], abs=2e-4)


def test_the_cnn_says_that_it_has_no_patches(page):
    page.locator("#vx-model").select_option("cnn-cifar10")
    page.wait_for_function("vx.get('settled').model === 'cnn-cifar10'")
    assert "is a CNN" in page.locator(".vx-patch .none").inner_text()
    assert page.locator(".vx-check .vx-panel").is_hidden()
    page.locator("#vx-model").select_option("vit-cifar10")
    page.wait_for_function("vx.get('settled').model === 'vit-cifar10'")
    assert page.locator(".vx-patch .stages").is_visible()


def test_cutting_again_ends_with_every_patch_in_its_place(watched, address):
    page = watched()
    open_page(page, address)
    before = page.evaluate("document.querySelector('.vx-patches .scene').toDataURL()")
    page.locator(".vx-patches .play").click()
    for sign in ("!==", "==="):
        page.wait_for_function(
            f"(before) => document.querySelector('.vx-patches .scene').toDataURL() {sign} before", arg=before
        )


def test_keys_walk_through_the_dimensions(page):
    page.locator(".vx-patch .embedding").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    assert page.locator(".vx-patch .readout").inner_text().startswith("Dimension 2 ")
    page.keyboard.press("ArrowDown")
    assert page.locator(".vx-patch .readout").inner_text().startswith("Dimension 18 ")


def test_a_cut_of_ones_own_has_its_own_mark(page):
    page.get_by_role("button", name="16 pixels a patch").click()
    page.locator(".vx-patches .marks").focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_function(f"(marks) => ({_MARKED})(marks).count > 0", arg=".vx-patches .marks")
    assert page.evaluate("vx.get('token')") == 35, "the model's own token stays where it was"
