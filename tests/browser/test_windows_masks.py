"""The Masks view in a real browser: every cell is the mask's, every share and bias the network's own."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

import pytest
import torch

from tests.browser.apps import serving
from tests.browser.pages import PHONE, drawn, fits
from tests.browser.swin_models import cut, open_windows, save_models, settle, swin_of, traced_swin
from vit_explorer.bench.page import open_page
from vit_explorer.data.uploads import fit_picture
from vit_explorer.explain import trace, unmasked
from vit_explorer.models.windows import relative_position_index, window_plan
from vit_explorer.ui.core.session import Session

MASKS, BIAS = ".vx-windows-masks", ".vx-windows-bias"
PLAN = window_plan(16, 16, 4, 2)  # of block 2
SIZE = 16  # places of a window
CORNER = 15  # the last window: it holds all four regions
HEAD, CELL = 18, 12  # px of the large matrix: before its first cell, and of a cell
ENTRY = (1, 17, 10, 80)  # px of the first bias map: left, top, of an entry, from map to map


@pytest.fixture(scope="module")
def checkpoints(tmp_path_factory):
    folder = tmp_path_factory.mktemp("checkpoints")
    save_models(folder)
    return folder


@pytest.fixture(scope="module")
def address(checkpoints, runs) -> Iterator[str]:
    with serving(runs, checkpoints) as running:
        yield running


@pytest.fixture(scope="module")
def session(checkpoints) -> Session:
    return Session(checkpoint_folders=[checkpoints])


@pytest.fixture
def masks(same_page):
    open_windows(same_page, "Masks")
    return same_page


def words(page, part: str) -> str:
    return page.locator(part).inner_text().replace("\n", " ")


def hover(page, canvas: str, x: float, y: float) -> None:
    """Point at a place of a canvas, in its px."""
    page.locator(canvas).scroll_into_view_if_needed()
    box = page.locator(canvas).bounding_box()
    page.mouse.move(box["x"] + x, box["y"] + y)
    settle(page)


def cell(page, query: int, key: int) -> None:
    hover(page, f"{MASKS} .large-marks", HEAD + CELL * (key + 0.5), HEAD + CELL * (query + 0.5))


def name(token: int, cols: int = 16) -> str:
    return f"row {token // cols + 1}, column {token % cols + 1}"


def share_of(text: str) -> float:
    said = re.search(r"Head 1 gives it (< )?([\d.]+) %", text)
    return 0.0 if said[1] else float(said[2]) / 100


def test_a_cell_says_whether_its_pair_may_meet_and_its_true_share(masks, session):
    weights = traced_swin(session, masks).windows[1].weights[0, CORNER, 0]
    order = PLAN.order.reshape(-1, SIZE)[CORNER]
    mask = PLAN.mask[CORNER]
    pairs = [(15, 0), (0, 0), (2, 8), (14, 15), (5, 3), (9, 11), (6, 7), (12, 10)]
    assert {bool(mask[pair]) for pair in pairs} == {True, False}
    for query, key in pairs:
        cell(masks, query, key)
        assert words(masks, f"{MASKS} .pair") == f"Query {name(order[query])}, key {name(order[key])}"
        verdict, share = words(masks, f"{MASKS} .verdict"), words(masks, f"{MASKS} .share")
        if mask[query, key]:
            assert verdict == "✓ may meet"
            assert share_of(share) == pytest.approx(float(weights[query, key]), abs=0.0006)
        else:
            assert verdict == "✕ may not meet"
            assert "exactly 0" in share and weights[query, key] == 0


@pytest.mark.parametrize(
    ("pair", "why"),
    [
        (
            (15, 0),
            "different regions, D and A: rows 1–2 come from the top edge and columns 1–2 come from the left edge",
        ),
        ((0, 8), "different regions, A and C: rows 1–2 come from the top edge; only the wrap-around put them here."),
        (
            (0, 2),
            "different regions, A and B: columns 1–2 come from the left edge; only the wrap-around put them here.",
        ),
    ],
)
def test_it_says_why_two_tokens_may_not_meet(masks, pair, why):
    cell(masks, *pair)
    assert why in words(masks, f"{MASKS} .reason")


def test_the_marked_token_is_told_whom_it_may_meet_before_anything_is_pointed_at(masks):
    assert words(masks, f"{MASKS} .verdict") == "may meet 4 of 16"
    everything = (
        "rows 1–2 come from the top edge and columns 1–2 come from the left edge; only the wrap-around put them here."
    )
    assert words(masks, f"{MASKS} .reason") == f"The others lie in other regions: {everything}"


def test_all_matrices_are_filled_where_the_mask_is_true(masks):
    """Read back from the pixels of the canvas, beside the middle of each cell, where a cross has no stroke."""
    for window in (CORNER, 3, 12, 5):
        token = int(PLAN.order[window * SIZE])
        masks.evaluate(f"async () => (await vx.module('windows/data.js')).pin({token}, [16, 16])")
        pixels = masks.eval_on_selector(
            f"{MASKS} .large",
            """(canvas, [head, cell, n]) => {
              const ratio = canvas.width / canvas.clientWidth;
              const at = (x, y) => [...canvas.getContext("2d").getImageData(x * ratio, y * ratio, 1, 1).data].join();
              return Array.from({ length: n * n }, (_, k) =>
                at(head + ((k % n) + 0.5) * cell, head + (Math.floor(k / n) + 0.15) * cell));
            }""",
            [HEAD, CELL, SIZE],
        )
        apart = masks.evaluate("""async () => {
              const { rgb } = await vx.module("windows/pairs.js");
              return [...rgb(getComputedStyle(document.body).getPropertyValue("--vx-apart").trim()), 255].join();
            }""")
        filled = torch.tensor([pixel != apart for pixel in pixels]).reshape(SIZE, SIZE)
        assert torch.equal(filled, PLAN.mask[window]), f"window {window + 1}"


def test_kinds_of_windows_are_counted(masks):
    n_kinds = len({mask.numpy().tobytes() for mask in PLAN.mask})
    n_open = int(PLAN.mask.all(dim=(1, 2)).sum())
    assert words(masks, f"{MASKS} .every-name") == f"16 windows, {n_kinds} kinds"
    assert words(masks, f"{MASKS} .kinds") == f"{n_open} of 16 have no mask."


def test_pointing_at_the_picture_marks_the_tokens_row(masks):
    before = masks.eval_on_selector(f"{MASKS} .large-marks", "(canvas) => canvas.toDataURL()")
    box = masks.locator(f"{MASKS} .scene-marks").bounding_box()
    token = 15 * 16 + 3
    hover(masks, f"{MASKS} .scene-marks", box["width"] * 3.5 / 16, box["height"] * 15.5 / 16)
    window, place = divmod(int(PLAN.inverse[token]), SIZE)
    assert words(masks, f"{MASKS} .one-name").startswith(f"Window {window + 1},")
    assert words(masks, f"{MASKS} .pair") == f"Query {name(token)}"
    assert words(masks, f"{MASKS} .verdict") == f"may meet {int(PLAN.mask[window, place].sum())} of 16"
    assert masks.eval_on_selector(f"{MASKS} .large-marks", "(canvas) => canvas.toDataURL()") != before


def test_pointing_at_a_small_matrix_enlarges_it(masks):
    box = masks.locator(f"{MASKS} .windows-marks").bounding_box()
    hover(masks, f"{MASKS} .windows-marks", box["width"] * 0.6, box["height"] * 0.1)
    assert words(masks, f"{MASKS} .one-name").startswith("Window 3,")


def test_keys_choose_query_and_key(masks):
    masks.locator(f"{MASKS} .large-marks").focus()
    order = PLAN.order.reshape(-1, SIZE)[CORNER]
    for press in ("ArrowUp", "ArrowLeft", "ArrowLeft"):
        masks.keyboard.press(press)
    settle(masks)
    assert words(masks, f"{MASKS} .pair") == f"Query {name(order[14])}, key {name(order[13])}"
    masks.keyboard.press("Escape")
    settle(masks)
    assert words(masks, f"{MASKS} .pair") == f"Query {name(17)}"


def test_a_click_keeps_the_pair(masks):
    box = masks.locator(f"{MASKS} .large-marks").bounding_box()
    masks.mouse.click(box["x"] + HEAD + CELL * 1.5, box["y"] + HEAD + CELL * 0.5)
    settle(masks)
    kept = words(masks, f"{MASKS} .pair")
    order = PLAN.order.reshape(-1, SIZE)[CORNER]
    assert kept == f"Query {name(order[0])}, key {name(order[1])}"
    cell(masks, 7, 9)
    assert words(masks, f"{MASKS} .pair") != kept
    masks.mouse.move(5, 700)
    settle(masks)
    assert words(masks, f"{MASKS} .pair") == kept


def test_attention_is_drawn_instead_on_the_heads_scale(masks, session):
    before = masks.eval_on_selector(f"{MASKS} .windows", "(canvas) => canvas.toDataURL()")
    cut(masks, "head", "2")
    masks.locator(f"{MASKS} [data-show=attention]").click()
    assert masks.eval_on_selector(f"{MASKS} .windows", "(canvas) => canvas.toDataURL()") != before
    weights = traced_swin(session, masks).windows[1].weights[0, :, 1]
    most = float(words(masks, f"{MASKS} .high").removesuffix(" %")) / 100
    assert most == pytest.approx(float(weights.max()), abs=0.0006)


def test_without_a_shift_and_in_one_window_it_says_so(masks):
    cut(masks, "shift", "0")
    assert "Nothing was shifted" in words(masks, f"{MASKS} .what")
    cut(masks, "window", "8")
    cut(masks, "pair", "3 and 4, stage 2")
    assert "The map is one window" in words(masks, f"{MASKS} .what")
    assert words(masks, f"{MASKS} .kinds") == "It has no mask."


def test_padding_is_nobodys_partner(masks):
    cut(masks, "side", "10 × 10")
    plan = window_plan(10, 10, 4, 2)
    window, _ = divmod(int(plan.inverse[11]), SIZE)
    place = int((plan.order.reshape(-1, SIZE)[window] == 100).nonzero()[0])
    cell(masks, 15, place)
    text = words(masks, f"{MASKS} .readout")
    assert f"{int((plan.order.reshape(-1, SIZE)[window] == 100).sum())} places are padding" in text
    assert "No token lies there" in text


def entry(page, head: int, down: int, along: int) -> None:
    """Point at an entry of the first row of maps; above the middle are keys above the query."""
    left, top, size, step = ENTRY
    x, y = left + head * step + size * (3 - along + 0.5), top + size * (3 - down + 0.5)
    hover(page, f"{BIAS} .maps-marks", x, y)


def value_of(text: str) -> float:
    return float(re.search(r": ([+−]?[\d.]+) is added", text)[1].replace("−", "-"))


@pytest.mark.parametrize(
    ("down", "along", "where"),
    [
        (2, 1, "2 rows above, 1 column left"),
        (-1, 0, "1 row below"),
        (0, -3, "3 columns right"),
        (0, 0, "where the query is"),
    ],
)
def test_an_entry_of_the_bias_is_the_tables(masks, session, down, along, where):
    attention = swin_of(session).stages[0][1].attention
    for head in (0, 1):
        entry(masks, head, down, along)
        text = words(masks, f"{BIAS} .entry")
        expected = attention.bias_table[(down + 3) * 7 + along + 3, head].item()
        assert text.startswith(f"Head {head + 1}, key {where}: ")
        assert value_of(text) == pytest.approx(expected, abs=0.0051)
        factor = float(re.search(r"×([\d.]+) before", text)[1])
        assert factor == pytest.approx(float(torch.tensor(expected).exp()), abs=0.0051)


def test_the_entry_names_the_key_of_which_it_speaks(masks):
    """The marked token lies at the last place of its window: row 2, column 2, of region D."""
    order = PLAN.order.reshape(-1, SIZE)[CORNER]
    entry(masks, 0, 0, 1)
    assert words(masks, f"{BIAS} .entry").endswith(f"Here: {name(order[14])}.")
    assert words(masks, f"{MASKS} .verdict") == "✓ may meet"
    entry(masks, 0, 3, 0)
    assert words(masks, f"{BIAS} .entry").endswith(f"Here: {name(order[3])}, masked.")
    assert words(masks, f"{MASKS} .verdict") == "✕ may not meet"
    entry(masks, 0, -1, 0)
    assert words(masks, f"{BIAS} .entry").endswith("No token of this window lies there.")


def test_a_pair_marks_its_entry_in_both_blocks(masks, session):
    index = relative_position_index(4)
    blocks = swin_of(session).stages[0]
    box = masks.locator(f"{BIAS} .tokens-marks").bounding_box()
    for which, plan in ((1, PLAN), (0, window_plan(16, 16, 4, 0))):
        masks.locator(f"{BIAS} [data-which='{which}']").click()
        query, key = int(plan.inverse[17]) % SIZE, 4
        hover(masks, f"{BIAS} .tokens-marks", box["width"] * 0.1, box["height"] * 0.3)
        expected = blocks[which].attention.bias_table[index[query, key], 0].item()
        assert value_of(words(masks, f"{BIAS} .entry")) == pytest.approx(expected, abs=0.0051)
        assert f"block {which + 1}" in words(masks, f"{BIAS} .title")


def test_pointing_at_the_matrix_marks_the_entry_too(masks, session):
    cell(masks, 15, 14)
    expected = swin_of(session).stages[0][1].attention.relative_position_bias()[0, 15, 14].item()
    text = words(masks, f"{BIAS} .entry")
    assert text.startswith("Head 1, key 1 column left: ")
    assert value_of(text) == pytest.approx(expected, abs=0.0051)


def test_on_a_phone_all_of_it_is_one_column(masks):
    masks.set_viewport_size(PHONE)
    fits(masks, PHONE["width"])
    boxes = [masks.locator(f"{MASKS} .{part}").bounding_box() for part in ("readout", "windows", "large", "scene")]
    assert all(above["y"] + above["height"] <= below["y"] for above, below in pairwise(boxes))


def test_the_mask_is_switched_off_and_both_answers_stand(masks, session):
    with torch.no_grad():
        checkpoint = session.checkpoint("swin-test")
        traced = traced_swin(session, masks)
        shown = masks.evaluate("vx.get('settled')")
        pixels = fit_picture(session.picture(shown["picture"]).image, checkpoint.model.img_size, shown["fit"])
        bare = trace(unmasked(checkpoint.model), checkpoint.preprocess(pixels[None]))
    own = traced.probabilities[0]
    answer = masks.locator(f"{MASKS} .answer")
    assert f"{100 * float(own.max()):.1f} %" in answer.inner_text() and "swin-test says" in answer.inner_text()
    assert masks.locator(f"{MASKS} .both").is_hidden()
    pin = "vx.module('windows/data.js').then(({ pin, cornerOf }) => pin(cornerOf([16, 16]), [16, 16]))"
    masks.evaluate(pin)
    settle(masks)
    picture = "(canvas) => canvas.toDataURL()"
    crossed = [masks.eval_on_selector(f"{MASKS} {part}", picture) for part in (".large", ".scene-marks")]
    legend = masks.locator(f"{MASKS} .legend")
    assert "may not meet" in legend.inner_text()
    assert words(masks, f"{MASKS} .verdict") == "may meet 4 of 16"
    masks.locator(f"{MASKS} [data-mask=off]").click()
    masks.locator(f"{MASKS} .both .bar").first.wait_for()
    said = answer.inner_text()
    for probabilities in (own, bare.probabilities[0]):
        assert checkpoint.class_names[int(probabilities.argmax())] in said
        assert f"{100 * float(probabilities.max()):.1f} %" in said
    assert masks.locator(f"{MASKS} .both .bar").count() == 6
    masks.wait_for_function("location.hash.includes('mask=off')")
    open_ = [masks.eval_on_selector(f"{MASKS} {part}", picture) for part in (".large", ".scene-marks")]
    assert open_[0] != crossed[0] and open_[1] != crossed[1]
    assert "may not meet" not in legend.inner_text()
    assert words(masks, f"{MASKS} .verdict") == "meets 16 of 16 without the mask"
    masks.locator(f"{MASKS} [data-show=attention]").click()
    assert "may not meet" not in legend.inner_text()
    order, bare_weights = PLAN.order.reshape(-1, SIZE)[CORNER], bare.windows[1].weights[0, CORNER, 0]
    for query, key in ((15, 0), (0, 0), (2, 13)):
        cell(masks, query, key)
        assert words(masks, f"{MASKS} .pair") == f"Query {name(order[query])}, key {name(order[key])}"
        assert share_of(words(masks, f"{MASKS} .share")) == pytest.approx(float(bare_weights[query, key]), abs=0.0006)
    masks.locator(f"{MASKS} [data-show=mask]").click()
    cut(masks, "shift", "0")
    assert masks.locator(f"{MASKS} .answers").is_hidden()  # nothing is masked


def test_it_begins_at_a_token_whose_window_the_mask_cuts_and_leaves_a_chosen_one(watched, address):
    page = watched()
    open_page(page, f"{address}#tab=windows&sub=masks")
    page.wait_for_function("vx.get('token') === 0")  # the first patch, of the Swin's token in row 2, column 2
    settle(page)
    assert words(page, f"{MASKS} .pair") == f"Query {name(CORNER + 2)}"
    assert words(page, f"{MASKS} .verdict") == "may meet 4 of 16"
    chosen = watched()
    open_page(chosen, f"{address}#tab=windows&sub=masks&token=20")
    drawn(chosen)
    assert chosen.evaluate("vx.get('token')") == 20
