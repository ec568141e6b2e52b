"""The Compare tab in a real browser: its numbers are the models' own, its tables sort, its guide leads to an end."""

from __future__ import annotations

import base64
import re

import numpy as np
import pytest

from tests.browser.pages import drawn, fits, open_view, save
from vit_explorer.cost.architectures import architecture_rows
from vit_explorer.models.published import PUBLISHED
from vit_explorer.models.summary import accuracy_percent, model_summary
from vit_explorer.ui.compare.picture import compare_picture
from vit_explorer.ui.compare.published import mixing_example
from vit_explorer.ui.compare.scores import score_map
from vit_explorer.ui.core.serve import bind
from vit_explorer.ui.core.session import Session
from vit_explorer.ui.core.watch import Watch

SESSION = Session()
PICTURE, TABLE, OTHERS, GUIDE = (f".vx-compare-{name}" for name in ("picture", "table", "published", "guide"))
DRAWN = f"""() => {{
  const root = document.querySelector('{PICTURE}');
  return root.querySelector('.card') && !root.classList.contains('waiting');
}}"""


def shown(page, view: str):
    """The view with its settings at their defaults."""
    open_view(page, f"Compare / {view}")
    page.evaluate("vx.go('', true)")
    drawn(page)
    return page


@pytest.fixture
def picture(same_page):
    page = shown(same_page, "One picture")
    page.wait_for_function(DRAWN)
    return page


def test_maps_are_scored_one_after_the_other_beside_random_ones_until_stopped(picture):
    button, cards = picture.locator(f"{PICTURE} .score-all"), picture.locator(f"{PICTURE} .card")
    button.click()
    assert button.inner_text() == "Stop"
    lines = cards.first.locator(".score .line")
    lines.first.wait_for()
    button.click()
    assert (
        button.inner_text() == "Score the maps" and picture.locator(f"{PICTURE} .scoring progress:visible").count() == 0
    )
    assert cards.last.locator(".score .line").count() == 0
    shown = picture.evaluate("(({ picture, fit }) => ({ picture, fit }))(vx.get('settled'))")
    request = {**shown, "model": cards.first.get_attribute("data-model"), "target": None}
    score = bind(score_map, SESSION, Watch())(request)
    for name, said in zip(("deletion", "insertion"), lines.all_inner_texts(), strict=True):
        found = re.fullmatch(rf"{name} (0\.\d+) .+ \((0\.\d+)–(0\.\d+)\)", said)
        assert found, said
        assert [float(number) for number in found.groups()] == pytest.approx([*score[name].values()], abs=0.0006)
    button.click()
    assert button.inner_text() == "Stop"
    picture.locator(f"{PICTURE} .target").evaluate("""(select) => {
      for (const name of [select.options[1].value, ""]) {
        select.value = name;
        select.dispatchEvent(new Event("change"));
      }
    }""")  # another question, and this one again before that was answered
    assert button.inner_text() == "Score the maps"


@pytest.fixture
def table(same_page):
    page = shown(same_page, "Architectures")
    page.wait_for_function(
        f"(() => {{ const all = [...document.querySelectorAll('{TABLE} tbody td[data-key=doubled]')];"
        " return all.length && all.every((cell) => cell.textContent.includes('×')); })()",
        timeout=60_000,
    )
    return page


@pytest.fixture
def guide(same_page):
    page = shown(same_page, "Which one?")
    page.wait_for_selector(f"{GUIDE} [data-option=small]")
    return page


def test_a_network_has_one_accuracy_wherever_it_is_named(table):
    """The model menu, the rail, the table, the plot, the cards of a picture in all models and those of Classify."""
    cards = [model_summary(checkpoint) for checkpoint in SESSION.checkpoints()[0]]
    stated = {card["name"]: accuracy_percent(card["test_accuracy"]) for card in cards}

    def said(selector: str) -> str:
        found = re.findall(r"\d+\.\d+ %", table.locator(selector).first.inner_text().replace("\xa0", " "))
        assert found, selector
        return found[0]

    for name, accuracy in stated.items():
        assert said(f"#vx-model option[value='{name}']") == accuracy
        assert accuracy in table.locator(f"{TABLE} tbody tr[data-id={name}]").inner_text()
    assert said(".vx-frame .card") == stated["vit-cifar10"]
    points = table.locator(f"{TABLE} svg [role=img]").evaluate_all("all => all.map((one) => one.ariaLabel)")
    assert points and all(stated[text.split(":")[0]] in text for text in points)
    open_view(table, "One picture")
    table.wait_for_function(DRAWN)
    shown = table.locator(f"{PICTURE} .known").all_inner_texts()
    assert shown and all(stated[next(name for name in stated if text.startswith(name))] in text for text in shown)
    table.evaluate("vx.openTab('classify')")
    blocks = table.locator(".vx-classify section.model")
    blocks.first.wait_for(state="attached")
    for text in blocks.all_text_contents():  # they are folded
        name = max((name for name in stated if name in text), key=len)
        assert stated[name] in text.replace("\xa0", " ")


def computed(page, target=None):
    shown = page.evaluate("vx.get('settled')")
    request = {key: shown[key] for key in ("picture", "model", "fit")}
    return bind(compare_picture, SESSION)(request | {"target": target})


def card(page, name):
    return page.locator(f"{PICTURE} .card[data-model={name}]")


def share(probability):
    return "< 1 %" if probability < 0.005 else f"{100 * probability:.0f} %"


def check_cards(page, answer):
    names = page.eval_on_selector_all(f"{PICTURE} .card", "all => all.map((one) => one.dataset.model)")
    assert names == [one["name"] for one in answer["results"]]
    for one in answer["results"]:
        order = np.argsort(one["probabilities"])[::-1][:3]
        lines = card(page, one["name"]).locator(".guess").all_inner_texts()
        expected = [f"{one['classes'][k]} {share(one['probabilities'][k])}" for k in order]
        assert [" ".join(line.split()) for line in lines] == expected
        assert card(page, one["name"]).locator(".method").inner_text() in (
            f"{one['method']}, for {one['explained']}",
            f"{one['method']}: nothing spoke for {one['explained']}",
        )


def test_every_card_says_what_its_model_says(picture):
    answer = computed(picture)
    check_cards(picture, answer)
    assert picture.locator(f"{PICTURE} .verdict").inner_text().endswith(" cnn-shapes knows other classes.")
    chosen = picture.evaluate("vx.get('model').name")
    assert picture.locator(f"{PICTURE} .card.current").get_attribute("data-model") == chosen
    picture.wait_for_function(f"document.querySelector('{PICTURE} .times').textContent.includes('median of 3')")
    times = picture.locator(f"{PICTURE} .time").all_inner_texts()
    assert len(times) == len(answer["results"]) and all(time.endswith("ms") or time.endswith("s") for time in times)


def test_another_picture_another_class_another_model(picture):
    picture.evaluate("vx.set('wish', { picture: 'shapes:7' })")
    picture.wait_for_function("vx.get('settled').picture === 'shapes:7'")
    picture.wait_for_function(DRAWN)
    check_cards(picture, computed(picture))
    verdict = picture.locator(f"{PICTURE} .verdict").inner_text()
    assert SESSION.picture("shapes:7").truth in verdict

    name = picture.evaluate("vx.get('trace').classes[2]")
    picture.select_option(f"{PICTURE} .target", name)
    picture.wait_for_function(DRAWN)
    check_cards(picture, computed(picture, name))

    picture.select_option(f"{PICTURE} .target", "")
    picture.locator(f"{PICTURE} .card[data-model=cnn-shapes] .name").click()
    picture.wait_for_function("vx.get('settled').model === 'cnn-shapes'")
    picture.wait_for_function(DRAWN)
    assert picture.locator(f"{PICTURE} .card.current").get_attribute("data-model") == "cnn-shapes"
    check_cards(picture, computed(picture))


def test_pointing_marks_the_same_place_in_all_maps_and_asks_nobody(picture):
    picture.wait_for_function(f"document.querySelector('{PICTURE} .times').textContent.includes('median of 3')")
    answer = computed(picture)
    asked = []
    picture.on("request", lambda request: asked.append(request.url))
    rows, cols = picture.evaluate("vx.get('trace').grid")
    token = 2 * cols + 3
    box = picture.locator(f"{PICTURE} .card .marks").last.bounding_box()
    picture.mouse.move(box["x"] + 3.5 * box["width"] / cols, box["y"] + 2.5 * box["height"] / rows)
    drawn(picture)
    assert picture.evaluate("vx.get('token')") == token
    for one in answer["results"]:
        packed = one["map"]
        values = np.frombuffer(base64.b64decode(packed["data"]), packed["dtype"]).reshape(packed["shape"])
        fine = np.kron(values, np.ones((rows, cols))) / (rows * cols)  # every cell cut so that both grids divide it
        height, width = values.shape
        share = fine[2 * height : 3 * height, 3 * width : 4 * width].sum()
        said = card(picture, one["name"]).locator(".share").inner_text()
        assert said.startswith("the map is empty" if not values.any() else f"{share * rows * cols:.2f} × even")
    marked = picture.eval_on_selector_all(
        f"{PICTURE} .marks",
        "all => all.map((one) => one.getContext('2d').getImageData(0, 0, one.width, one.height).data.some((b) => b))",
    )
    assert len(marked) == len(answer["results"]) and all(marked)
    assert asked == []


def test_the_table_holds_the_cards_and_sorts_by_every_column(table):
    rows = {row["name"]: row for row in architecture_rows(SESSION.checkpoints()[0])}
    shown = table.eval_on_selector_all(f"{TABLE} tbody tr", "all => all.map((one) => one.dataset.id)")
    assert set(shown) == set(rows)
    for name, row in rows.items():
        cells = table.locator(f"{TABLE} tbody tr[data-id={name}]")
        titles = {
            key: cells.locator(f"td[data-key={key}] span").first.get_attribute("title")
            for key in ("parameters", "multiply_adds", "doubled")
        }
        assert titles == {
            "parameters": f"{row['parameters']:,}",
            "multiply_adds": f"{row['multiply_adds']:,}",
            "doubled": f"{row['twice']:,} at {2 * row['side']} px",
        }
        assert cells.locator("td[data-key=doubled]").inner_text() == f"× {row['doubled']:.2f}"
        told = cells.locator("th .below").inner_text()
        assert told == row["gist"] if row["data"] == "cifar10" else told == "on the drawn shapes"
    data = table.evaluate("vx.get('model').data")
    keys = {
        "parameters": "parameters",
        "multiply_adds": "multiply_adds",
        "doubled": "doubled",
        "test_accuracy": "test_accuracy",
    }
    for head, key in keys.items():
        button = table.locator(f"{TABLE} th[data-key={head}] button")
        for _ in range(2):
            button.focus()
            table.keyboard.press("Enter")
            direction = table.locator(f"{TABLE} th[data-key={head}]").get_attribute("aria-sort")
            shown = table.eval_on_selector_all(f"{TABLE} tbody tr", "all => all.map((one) => one.dataset.id)")
            there = [name for name in shown if rows[name][key] is not None]
            if key == "test_accuracy":  # those of other pictures do not compare, and stand last
                there = [name for name in there if rows[name]["data"] == data]
            values = [rows[name][key] for name in there]
            assert values == sorted(values, reverse=direction == "descending")
            assert there == shown[: len(there)]
        assert table.locator(f"{TABLE} thead th:not([aria-sort=none])").count() == 1
    assert not table.locator(f"{TABLE} th[data-key=law]").is_visible()
    table.click(f"{TABLE} .all")
    for head in ("title", "law", "latency", "speed", "data"):
        seen = set()
        for _ in range(2):
            table.locator(f"{TABLE} th[data-key={head}] button").click()
            seen.add(table.locator(f"{TABLE} th[data-key={head}]").get_attribute("aria-sort"))
        assert seen == {"ascending", "descending"}
        laws = table.locator(f"{TABLE} tbody tr td[data-key=law]").all_inner_texts()
        if head == "law":
            assert "–" not in laws[: len([row for row in rows.values() if row["law"]])]  # those without stand last


def test_row_and_point_light_up_together(table):
    names = table.eval_on_selector_all(f"{TABLE} svg .point", "all => all.map((one) => one.dataset.id)")
    data = table.evaluate("vx.get('model').data")
    rows = architecture_rows(SESSION.checkpoints()[0], grown=False)
    assert set(names) == {row["name"] for row in rows if row["data"] == data and row["test_accuracy"] is not None}
    table.locator(f"{TABLE} tbody tr[data-id={names[0]}]").hover()
    assert table.locator(f"{TABLE} svg .point.lit").get_attribute("data-id") == names[0]
    table.locator(f"{TABLE} svg .point[data-id={names[-1]}]").focus()
    assert table.locator(f"{TABLE} tbody tr.lit").get_attribute("data-id") == names[-1]


def test_it_measures_here_and_can_be_stopped_and_saved(table):
    table.click(f"{TABLE} [data-axis=latency]")
    table.click(f"{TABLE} .start")
    table.wait_for_function(
        f"document.querySelector('{TABLE} .told').textContent.includes('64 pictures')", timeout=90_000
    )
    table.click(f"{TABLE} .stop")  # the single pictures are done by then
    table.wait_for_function(f"document.querySelector('{TABLE} .told').textContent === ''", timeout=30_000)
    times = table.locator(f"{TABLE} tbody td[data-key=latency]").all_inner_texts()
    assert all(time.endswith(" ms") for time in times)
    assert "stopped before its end" in table.locator(f"{TABLE} .where").inner_text()
    assert table.locator(f"{TABLE} svg .point").count() > 0
    text = save(table, TABLE, "csv").path().read_text(encoding="utf-8-sig")
    assert text.count("\n") == 1 + len(times) and "latency, s" in text.splitlines()[0]
    figure = save(table, TABLE, "png")
    assert figure.suggested_filename == "architectures.png"
    assert figure.path().read_bytes().startswith(b"\x89PNG")


def test_the_published_lines_stand_apart_with_all_that_must_agree(table):
    lines = table.locator(f"{OTHERS} tbody tr")
    assert lines.count() == len(PUBLISHED) == table.locator(f"{OTHERS} svg .point").count()
    best = max(PUBLISHED, key=lambda line: line.top1)
    first = lines.first.inner_text()
    for part in (best.name, f"{100 * best.top1:.1f} %", str(best.resolution), best.recipe):
        assert part in first
    assert mixing_example() in table.locator(f"{OTHERS} .mixing").inner_text()
    table.locator(f"{OTHERS} th[data-key=resolution] button").click()
    sides = [int(text) for text in table.locator(f"{OTHERS} tbody td[data-key=resolution]").all_inner_texts()]
    assert sides == sorted((line.resolution for line in PUBLISHED), reverse=True)


def test_the_guide_by_keyboard_to_its_end_back_and_again(guide):
    guide.locator(f"{GUIDE} [data-option=small]").focus()
    guide.keyboard.press("ArrowRight")
    guide.keyboard.press("Enter")
    guide.keyboard.press("ArrowRight")
    guide.keyboard.press("Enter")
    guide.keyboard.press("ArrowRight")
    guide.keyboard.press("Enter")
    guide.wait_for_selector(f"{GUIDE} .reasons", timeout=60_000)
    assert guide.locator(f"{GUIDE} .path strong").all_inner_texts() == [
        "10,000 to 100,000", "Yes: boxes, masks, depth", "One GPU",
    ]  # fmt: skip
    assert guide.locator(f"{GUIDE} .advice").inner_text() == "A Swin"
    assert guide.evaluate(f"document.activeElement === document.querySelector('{GUIDE} .advice')")
    sources = guide.locator(f"{GUIDE} .reasons .source").all_inner_texts()
    assert len(sources) >= 3 and all(sources)
    assert "feature pyramid" in guide.locator(f"{GUIDE} .instead").inner_text()

    guide.click(f"{GUIDE} .back")
    assert guide.locator(f"{GUIDE} [data-option=gpu]").get_attribute("aria-pressed") == "true"
    guide.click(f"{GUIDE} [data-option=phone]")
    guide.wait_for_function(f"document.querySelector('{GUIDE} .advice')?.textContent.includes('pyramid')")
    guide.click(f"{GUIDE} .again")
    assert guide.locator(f"{GUIDE} [data-option=small]").is_visible()
    assert guide.locator(f"{GUIDE} .path strong").all_inner_texts() == ["", "", ""]


@pytest.mark.parametrize("width", [1280, 390])
def test_no_view_is_wider_than_the_screen_and_all_tabs_fit_at_1280(picture, width):
    page = picture
    page.set_viewport_size({"width": width, "height": 844})
    page.wait_for_function(DRAWN)
    for view in ("One picture", "Architectures", "Which one?"):
        open_view(page, view)
        fits(page, width)
    if width == 1280:
        tabs = page.locator("#tabs > .tab-wrapper").first.get_by_role("tab")
        boxes = [tabs.nth(k).bounding_box() for k in range(tabs.count())]
        assert len(boxes) > 1 and all(box["x"] + box["width"] <= width for box in boxes)
