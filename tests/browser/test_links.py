"""What is on screen is in the page's address: copied, opened by somebody else, loaded again, gone back to."""

from __future__ import annotations

import io
from collections.abc import Callable

import pytest
from PIL import Image

from tests.browser.pages import drawn, open_view
from tests.browser.races import copy_race
from vit_explorer.bench.page import open_page, settled

Act = Callable[[object], object]
DRAWN = """() => {
  const states = ["ariaPressed", "ariaChecked", "ariaCurrent"];
  const views = [...document.querySelectorAll("#stage .vx-widget")];
  const hash = (text) => [...text].reduce((sum, one) => (Math.imul(31, sum) + one.charCodeAt(0)) | 0, 7);
  const shown = (element) => element.offsetParent !== null;
  return Object.fromEntries(views.filter(shown).map((view) => [view.className, {
    words: view.innerText.split("\\n") // clocks differ, and how long a race takes is measured meanwhile
      .filter((line) => !/\\d ms\\b|^…$|^Times|^About \\d.*: |^$/.test(line))
      .map((line) => line.replace(/^(About|How long) .*?\\. /, "")),
    pictures: [...view.querySelectorAll("canvas, img")].filter(shown).map((one) => hash(one.src || one.toDataURL())),
    fields: [...view.querySelectorAll("select, input")].map((one) => one.value),
    pressed: [...view.querySelectorAll("button")].filter(shown).map((one) => states.map((state) => one[state]).join()),
  }]));
}"""


def press(selector: str) -> Act:
    return lambda page: page.locator(f"{selector}:visible").first.click()


def slide(selector: str, value: float) -> Act:
    return lambda page: page.locator(f"{selector}:visible").first.fill(str(value))


def fill(selector: str, words: str) -> Act:
    def act(page):
        page.locator(f"{selector}:visible").first.fill(words)
        page.keyboard.press("Enter")

    return act


def choose(selector: str, value: str) -> Act:
    return lambda page: page.locator(f"{selector}:visible").first.select_option(value)


def keys(selector: str, *names: str) -> Act:
    def act(page):
        page.locator(f"{selector}:visible").first.focus()
        for name in names:
            page.keyboard.press(name)

    return act


def pin(token: int | None) -> Act:
    return lambda page: page.evaluate("(token) => vx.pin(token)", token)


def wish(**what: str) -> Act:
    def act(page):
        page.evaluate("(wish) => vx.set('wish', wish)", what)
        page.wait_for_function(
            "(wish) => Object.keys(wish).every((key) => (vx.get('settled') || {})[key] === wish[key])", arg=what
        )

    return act


def differences(page, other) -> list[str]:
    """What two pages show differently, view by view, once all is measured."""
    for one in (page, other):
        one.wait_for_function("![...document.querySelectorAll('.measuring')].some((view) => view.offsetParent)")
        drawn(one)
    one, two = page.evaluate(DRAWN), other.evaluate(DRAWN)
    found = [f"{name} is on one page alone" for name in one.keys() ^ two.keys()]
    for name in one.keys() & two.keys():
        for part, there in one[name].items():
            here = two[name][part]
            if here != there:
                pairs = [f"{name}, {part}: {a!r} became {b!r}" for a, b in zip(there, here, strict=False) if a != b]
                found += pairs or [f"{name}, {part}: {len(there)} became {len(here)}"]
    return found


# Of each view, things that a person does one after the other; after each list the link must say what is on screen.
STATES: dict[str, list[list[Act]]] = {
    "Patches": [
        [press(".vx-patches .sizes button:has-text('8')"), pin(3)],
        [press(".vx-patches .pictures button:has-text('224')")],
        [press(".vx-filters [data-kind=filters]"), keys(".vx-filters .tiles", "ArrowRight", "ArrowDown")],
        [
            press(".vx-filters [data-kind=components]"),
            keys(".vx-filters .tiles", "ArrowRight"), wish(model="deit-cifar10"),
        ],
    ],
    "Positions": [
        [slide(".vx-positions .slider", 2), pin(10)],
        [press(".vx-positions-experiment [data-mode=zero]"), pin(-1)],
        [press(".vx-positions-experiment .again"), wish(fit="letterbox")],
    ],
    "Attention / Heads": [
        [keys(".vx-attention-heads .maps-marks", "ArrowUp", "ArrowRight"), pin(-1)],
        [
            press("[data-direction=column]"), press("[data-scale=own]"),
            slide(".mix input", 0.3), wish(model="deit-cifar10"),
        ],
    ],
    "Attention / Rollout": [
        [press("[data-fusion=max]"), slide(".discard input", 0.5), slide(".vx-attention-rollout .slider", 1)],
        [press("[data-row=query]"), choose(".start select", "1"), press(".residual"), pin(20)],
    ],
    "Attention / Explain": [[choose(".vx-explain .class", "2"), press("[data-baseline=mean]"), pin(12)]],
    "Attention / Test it": [
        [
            press(".vx-ablate .strongest"),
            press(".heads [data-layer='3'][data-head='0']"), press("[data-baseline=mean]"),
        ],
        [press(".vx-ablate .reset"), press(".vx-ablate .shuffle"), press(".vx-ablate .positions")],
    ],
    "Attention / Layers": [[slide(".vx-layers .depth", 1)]],
    "Features / Maps": [
        [
            press(".vx-features-colours [data-fit=both]"),
            press(".vx-features-colours .tiles button:nth-of-type(2)"), pin(5),
        ],
        [press(".vx-features-colours .drop"), choose(".vx-features-similarity .second", "sample:lion")],
        [wish(model="swin-cifar10", picture="sample:lion"), press(".vx-features-similarity .hold")],
        [press(".vx-features-colours [data-fit=gallery]")],
    ],
    "Features / Two networks": [
        [choose(".vx-features-networks .other", "cnn-cifar10"), slide(".vx-features-networks .slider", 0), pin(5)],
    ],
    "Windows / Step by step": [
        [press(".vx-windows-steps .stepper button:nth-child(5)"), keys(".vx-windows-steps .marks", "ArrowLeft")],
        [choose(".vx-windows-bar .window", "8"), choose(".vx-windows-bar .head", "1")],
        [
            press(".vx-windows-bar .own"), choose(".vx-windows-bar .pair", "1"),
            keys(".vx-windows-steps .marks", "ArrowLeft"),
        ],
    ],
    "Windows / Masks": [
        [press("[data-show=attention]"), keys(".vx-windows-masks .large-marks", "ArrowDown", "ArrowRight")],
        [press(".vx-windows-bias [data-which='0']"), press("[data-show=mask]")],
    ],
    "Windows / Hierarchy": [
        [keys(".vx-windows-pyramid .slabs-marks", "PageUp", "ArrowRight")],
        [press("[data-which=published]"), keys(".vx-windows-pyramid .slabs-marks", "PageUp", "ArrowDown")],
    ],
    "Windows / Cost": [[slide(".vx-windows-cost .side", 28), slide(".vx-windows-cost .window", 14)]],
    "Train / Race": [
        [press("[data-what=loss]"), press("[data-axis=images]"), slide(".vx-train-cards .slider", 1)],
        [press(".vx-train-shelf li:not(.current) [aria-label^=Compare]"), press("[data-what=accuracy]")],
        [
            press(".vx-train-controls .new"), press(".preset:nth-child(3)"),
            press(".vx-train-setup .more summary"), slide(".size input", 0), slide(".epochs input", 3),
        ],
    ],
    "Recipe / Ingredients": [
        [press("[data-ingredient=erasing]"), slide(".vx-recipe-ingredients .strength", 1), press(".roll")],
        [press("[data-ingredient=depth]"), press(".passes button:nth-child(3)")],
    ],
    "Recipe / Distillation": [
        [choose(".vx-distillation .layer", "1"), choose(".vx-distillation .which", "2")],
        [press(".vx-distillation [data-flow=rollout]"), pin(30)],
    ],
    "Recipe / Which helped most?": [[press(".vx-ladder .rung:nth-child(2)")]],
    "Classify": [
        [wish(picture="shapes:3"), press(".vx-classify .left")],
        [wish(picture="sample:cat"), press(".vx-classify .left")],
    ],
    "Compare / One picture": [[choose(".vx-compare-picture .target", "dog"), pin(40)]],
    "Compare / Architectures": [
        [press(".vx-compare-table [data-axis=parameters]"), press(".vx-compare-table th[data-key=parameters] button")],
        [press(".vx-compare-table .all"), press(".vx-compare-published th[data-key=resolution] button")],
    ],
    "Compare / Which one?": [[press(".option"), press(".option:nth-child(2)")], [press(".option")]],
    "Roots / Cross-attention": [
        [
            fill(".vx-text-bar .text", "BACKHAND"),
            slide(".vx-text-sequence .slider", 2), press(".outputs .tile:nth-child(5)"),
        ],
        [press(".vx-text-sequence [data-way='0']"), press(".heads .head:nth-child(3)"), press(".beside")],
    ],
    "Roots / Decoding": [[choose(".vx-text-decoding .widths", "3"), press(".vx-text-decoding .back")]],
    "Roots / KV cache": [[press(".vx-text-cache .back"), press(".vx-text-cache .back")]],
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("tab", list(dict.fromkeys(view.split(" / ")[0] for view in STATES)))
def test_a_link_shows_somebody_else_what_is_on_screen(tab, watched, address, runs, recorded):
    page, other = watched(reduced_motion="reduce"), watched(reduced_motion="reduce")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    open_page(page, address)
    if tab == "Train":  # two races of a person who looks at them in two browsers
        secret = "the same person"
        for one in (page, other):
            one.goto(address)
            one.evaluate("(secret) => localStorage.setItem('vx-owner', secret)", secret)
        copies = [copy_race(recorded, runs, f"linked-{number}", secret) for number in (1, 2)]
        open_page(page, f"{address}#run={copies[0]}")
    for view in (view for view in STATES if view.split(" / ")[0] == tab):
        open_view(page, view)
        for number, acts in enumerate(STATES[view]):
            for act in acts:
                act(page)
                drawn(page)
            page.get_by_role("button", name="Copy link").click()
            page.wait_for_function("document.querySelector('#vx-say.shown')?.textContent.includes('copied')")
            link = page.evaluate("navigator.clipboard.readText()")
            if acts is STATES[view][-1]:
                other.goto("about:blank")  # a fresh page; the links before are followed in the open one
            open_page(other, link)
            drawn(other)
            assert not differences(page, other), f"{view}, {number}: {link}"


def in_address(page, *parts: str) -> None:
    """Wait until the address holds these parts, each as key=value."""
    page.wait_for_function(
        "(parts) => parts.every((part) => location.hash.slice(1).split('&').includes(part))", arg=list(parts)
    )


@pytest.fixture
def page(same_page):
    same_page.evaluate("vx.go('tab=patches', true)")
    return same_page


def test_back_and_forward_go_from_tab_to_tab_with_their_settings(page):
    in_address(page, "tab=patches")
    open_view(page, "Attention / Heads")
    page.evaluate("vx.pin(9)")
    page.locator(".vx-attention-heads [data-direction=column]").click()
    in_address(page, "tab=attention", "sub=heads", "token=9", "direction=column")
    open_view(page, "Layers")
    in_address(page, "sub=layers")
    assert "direction" not in page.url
    page.go_back()
    page.locator(".vx-attention-heads [data-direction=column][aria-pressed=true]").wait_for()
    page.go_back()
    page.locator(".vx-patches:visible").wait_for()
    page.go_forward()
    page.locator(".vx-attention-heads [data-direction=column][aria-pressed=true]").wait_for()
    in_address(page, "tab=attention", "sub=heads", "direction=column")


def test_a_page_loaded_again_shows_the_same(page):
    open_view(page, "Attention / Heads")
    page.evaluate("vx.pin(9)")
    page.locator(".vx-attention-heads [data-scale=own]").click()
    page.get_by_role("button", name="Switch between light and dark").click()
    in_address(page, "scale=own", "token=9", "theme=dark")
    drawn(page)
    before = page.evaluate(DRAWN)
    page.reload()
    settled(page)
    drawn(page)
    assert page.evaluate(DRAWN) == before
    assert page.evaluate("vx.get('theme')") == "dark"


def test_what_a_link_cannot_mean_is_left_aside(watched, address):
    page = watched()
    nonsense = (
        "tab=attention&sub=nowhere&layer=99&head=x&scale=toString&token=4000&theme=pink&fit=round&more=1&model=none"
    )
    open_page(page, f"{address}#{nonsense}")
    drawn(page)
    in_address(page, "tab=attention", "sub=heads", "picture=sample:cat", "model=vit-cifar10")
    page.wait_for_function("(length) => location.hash.split('&').length === length", arg=4)  # nothing else is in it
    assert page.locator(".vx-attention-heads .which").inner_text() == "Layer 4, head 1"


def test_a_browser_that_refuses_the_clipboard_gets_the_link_in_a_field(page):
    page.evaluate("() => { navigator.clipboard.writeText = () => Promise.reject(new Error('refused')); }")
    page.get_by_role("button", name="Copy link").click()
    field = page.locator("#header .address")
    field.wait_for()
    assert "#tab=patches&picture=sample:cat&model=vit-cifar10" in field.input_value()
    page.locator("#header").get_by_role("button", name="Close").click()
    assert not field.is_visible()
    page.evaluate("delete navigator.clipboard.writeText")  # the browser's own is back


def test_the_link_of_an_uploaded_picture_says_who_can_see_it(page):
    page.evaluate("() => { navigator.clipboard.writeText = () => Promise.resolve(); }")
    pixels = io.BytesIO()
    Image.new("RGB", (40, 40), (200, 30, 30)).save(pixels, "PNG")
    page.locator(".vx-frame .file").set_input_files(
        {"name": "red.png", "mimeType": "image/png", "buffer": pixels.getvalue()}
    )
    page.wait_for_function("(vx.get('settled') || { picture: '' }).picture.startsWith('upload:')")
    page.get_by_role("button", name="Copy link").click()
    page.wait_for_function("document.querySelector('#vx-say.shown')?.textContent.includes('your uploaded picture')")
    assert "Only this machine can open it" in page.locator("#vx-say").inner_text()
    page.evaluate("delete navigator.clipboard.writeText")
