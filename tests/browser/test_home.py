"""Home: the numbers of the pass, what moves, and where each part leads."""

from __future__ import annotations

import pytest

from tests.browser.pages import drawn, fits
from vit_explorer.bench.page import settled

MODELS = ["vit-cifar10", "deit-cifar10", "vit-conv-cifar10", "hybrid-cifar10", "swin-cifar10", "cnn-cifar10"]
# The largest shares that the readers give to patches in each layer, from the weights of the trace.
_STRONGEST = """async () => {
  const { decode } = await vx.module("core/arrays.js");
  const { attention, home, n_prefix: prefix } = vx.get("trace");
  const [layers, heads, n] = attention.shape;
  const weights = decode(attention.weights).data;
  const reading = [...decode(attention.reading).data].slice(0, prefix).flatMap((weight, i) => weight > 0 ? [i] : []);
  return Array.from({ length: layers }, (_, layer) => {
    const mean = new Array(n).fill(0);
    for (let head = 0; head < heads; head++)
      for (const i of reading)
        for (let j = 0; j < n; j++)
          mean[j] += weights[((layer * heads + head) * n + i) * n + j] / heads / reading.length;
    const order = mean.map((_, j) => j).filter((j) => j >= prefix).sort((a, b) => mean[b] - mean[a]).slice(0, 10);
    return order.map((j) => [j, mean[j]]);
  });
}"""
_ARCS = """async () => {
  const { networkOf } = await vx.module("home/network.js");
  const { arcs } = await vx.module("home/threads.js");
  const { threads } = await vx.module("home/layout.js");
  const network = networkOf(vx.state);
  const holes = network.blocks.map((_, k) => ({ x: 100 * k, y: 0, w: 90, h: 260 }));
  const ready = { network, scene: { holes, vertical: false }, lines: threads(0, 260, network.n, network.nPrefix) };
  return network.blocks.map((_, k) => arcs(ready, k, null).reverse().map(({ index, share }) => [index, share]));
}"""


@pytest.fixture(scope="module")
def media() -> dict[str, str]:
    return {"reduced_motion": "reduce"}


@pytest.fixture
def home(same_page):
    """Home without motion, at the end of the pass."""
    same_page.evaluate("vx.go('tab=home')")
    same_page.locator(".vx-home .moment").fill("1")
    drawn(same_page)
    return same_page


@pytest.fixture
def first_visit(watched, address):
    """Home as a visitor finds it, without motion."""
    page = watched(reduced_motion="reduce")
    page.goto(address)
    settled(page)
    drawn(page)
    return page


def shown(page, model: str) -> None:
    page.locator(".vx-home .model").select_option(model)
    page.wait_for_function("(model) => vx.get('settled').model === model", arg=model)
    drawn(page)


def headline(page) -> str:
    return page.locator(".vx-home .headline").inner_text()


def percent(share: float) -> str:
    return f"{100 * share:.1f}\u00a0%"


def test_the_page_opens_on_home_with_the_answer_of_the_pass(first_visit):
    assert first_visit.evaluate("document.querySelector('#tabs [aria-selected=true]').dataset.tabId") == "home"
    best, p = first_visit.evaluate("""(() => { const { classes, probabilities } = vx.get("trace");
      const p = Math.max(...probabilities); return [classes[probabilities.indexOf(p)], p]; })()""")
    assert best in headline(first_visit) and percent(p) in headline(first_visit)
    assert first_visit.locator(".vx-home .bars button").first.inner_text().split()[0] == best
    assert not first_visit.locator("#rail").is_visible()


@pytest.mark.parametrize("model", MODELS)
def test_every_kind_of_network_is_drawn_with_its_own_parts(home, model):
    shown(home, model)
    trace = home.evaluate(
        "(({ attention, home, classes }) => ({ attention: attention && attention.shape, "
        "maps: home.maps.length, classes }))(vx.get('trace'))"
    )
    layers = trace["attention"][0] if trace["attention"] else trace["maps"]
    assert home.locator(".vx-home .layer").count() == layers
    said = home.locator(".vx-home .loom h3 .what").inner_text()
    assert said.startswith(f"{layers} ")
    if model == "cnn-cifar10":
        assert "no attention" in said and not home.locator(".vx-home .patches").is_visible()
    lens = home.evaluate("(vx.get('trace').attention || { lens: [] }).lens")
    for k, row in enumerate(lens[1:]):
        first = home.locator(".vx-home .so-far").nth(k).locator(".first").first.inner_text()
        assert first == trace["classes"][row.index(max(row))]


@pytest.mark.parametrize("model", ["vit-cifar10", "deit-cifar10", "hybrid-cifar10"])
def test_the_arcs_are_the_strongest_shares_of_the_trace(home, model):
    shown(home, model)
    expected, arcs = home.evaluate(_STRONGEST), home.evaluate(_ARCS)
    assert [[index for index, _ in layer] for layer in arcs] == [[index for index, _ in layer] for layer in expected]
    for ours, theirs in zip(arcs, expected, strict=True):
        assert [share for _, share in ours] == pytest.approx([share for _, share in theirs], rel=1e-3)


def test_what_it_does_not_know_is_said(home):
    home.locator(".vx-home .gallery [data-name='sample:lion']").click()
    home.wait_for_function("vx.get('settled').picture === 'sample:lion'")
    drawn(home)
    assert "knows no lion" in headline(home)
    assert home.locator(".vx-home .judgement").get_attribute("data-state") == "none"


def test_the_scrubber_goes_from_stop_to_stop_and_the_headline_with_it(home):
    home.locator(".vx-home .moment").focus()
    sentences = [headline(home)]
    for _ in range(8):
        home.keyboard.press("ArrowLeft")
        sentences.append(headline(home))
    lens = home.evaluate("vx.get('trace').attention.lens")
    assert percent(max(lens[4])) in sentences[1] and percent(max(lens[1])) in sentences[4]
    assert sentences[7] == "A picture goes in."
    assert home.locator(".vx-home .so-far.done").count() == 0
    assert not home.locator(".vx-home .judgement").is_visible()


def test_nothing_moves_where_motion_is_not_wanted(first_visit):
    ink = first_visit.locator(".vx-home .ink")
    before = ink.evaluate("(canvas) => canvas.toDataURL()")
    assert first_visit.locator(".vx-home .moment").input_value() == "1"
    first_visit.locator(".vx-home .play").click()
    assert first_visit.locator(".vx-home .moment").input_value() == "1"
    assert ink.evaluate("(canvas) => canvas.toDataURL()") == before
    moving = "document.getAnimations().filter(({ effect }) => effect.target.closest('.vx-home')).length"
    assert first_visit.evaluate(moving) == 0


def test_a_pass_is_played_once_and_can_be_stopped(watched, address):
    page = watched()
    page.goto(address)
    page.wait_for_function(  # pressed within the page: a slow machine would come after the end of the pass
        """() => {
          const moment = document.querySelector(".vx-home .moment");
          if (!moment || Number(moment.value) <= 0.05) return false;
          document.querySelector(".vx-home .play").click();
          return true;
        }""",
        timeout=60_000,
    )
    settled(page)
    stopped = page.locator(".vx-home .moment").input_value()
    assert 0.05 < float(stopped) < 1
    drawn(page)
    assert page.locator(".vx-home .moment").input_value() == stopped
    page.locator(".vx-home .play").click()
    page.wait_for_function("document.querySelector('.vx-home .moment').value === '1'")
    page.locator(".vx-home .play", has_text="Play again").wait_for()


def test_a_tile_and_a_thread_pin_their_token(home):
    tiles = home.locator(".vx-home .tiles").bounding_box()
    home.mouse.click(tiles["x"] + 2.5 / 8 * tiles["width"], tiles["y"] + 5.5 / 8 * tiles["height"])
    assert home.evaluate("vx.get('token')") == 42
    threads = home.locator(".vx-home .threads").bounding_box()
    home.mouse.click(threads["x"] + threads["width"] - 3, threads["y"] + 3 + 50.5 / 65 * (threads["height"] - 6))
    assert home.evaluate("vx.get('token')") == 49
    home.locator(".vx-home .threads").focus()
    home.keyboard.press("ArrowUp")
    assert home.evaluate("vx.get('token')") == 41


OPENED = "document.querySelector('#tabs > .tab-wrapper [aria-selected=true]').dataset.tabId"
INSIDE = "document.querySelector('#attention-tabs > .tab-wrapper [aria-selected=true]').dataset.tabId"


def test_every_part_is_a_door_to_its_tab_in_its_state(home):
    def back(tab: str) -> None:
        home.wait_for_function(f"{OPENED} === '{tab}'")
        drawn(home)
        home.evaluate("vx.openTab('home')")
        home.locator(".vx-home").wait_for()

    for tab in ("patches", "positions"):
        home.locator(f".vx-home h3 [data-door={tab}]").click()
        back(tab)
    home.locator(".vx-home .layer").nth(1).locator(".maps button").nth(2).click()
    home.wait_for_function(f"{OPENED} === 'attention' && {INSIDE} === 'heads'")
    home.wait_for_function("(({ layer, head }) => layer === 1 && head === 2)(vx.get('attentionChosen') || {})")
    assert home.evaluate("vx.get('token')") == -1
    back("attention")
    surface = home.locator(".vx-home .threads").bounding_box()
    home.mouse.click(surface["x"] + 60, surface["y"] + 3 + 0.5 / 65 * (surface["height"] - 6))  # the thread of CLS
    home.wait_for_function(f"{OPENED} === 'attention' && vx.get('attentionChosen').layer === 0")
    back("attention")
    home.locator(".vx-home .so-far").nth(1).click()
    home.wait_for_function(f"{OPENED} === 'attention' && {INSIDE} === 'layers'")
    home.wait_for_function("document.querySelector('.vx-layers .depth').value === '2'")
    back("attention")
    home.locator(".vx-home .bars button").nth(1).click()
    home.wait_for_function(f"{INSIDE} === 'explain'")
    second = home.evaluate("vx.get('trace').probabilities.map((p, i) => [p, i]).sort((a, b) => b[0] - a[0])[1][1]")
    home.wait_for_function("(i) => document.querySelector('.vx-explain .class').value === String(i)", arg=second)
    back("attention")
    for tab in ("features", "windows", "train", "recipe", "classify", "compare", "roots"):
        home.locator(f".vx-home .doors [data-door={tab}]").click()
        back(tab)


def test_narrow_screens_hold_all_of_it(watched, address, home):
    phone = watched(390, 844, reduced_motion="reduce", has_touch=True)
    phone.goto(address)
    settled(phone)
    home.set_viewport_size({"width": 800, "height": 844})
    for page, width in ((phone, 390), (home, 800)):
        for model in ("vit-cifar10", "swin-cifar10"):
            shown(page, model)
            fits(page, width)


def test_an_own_picture_is_taken_on_home(home, tmp_path):
    from PIL import Image

    path = tmp_path / "green.png"
    Image.new("RGB", (40, 40), (0, 200, 0)).save(path)
    home.locator(".vx-home .file").set_input_files(path)
    home.wait_for_function("vx.get('trace').picture.title === 'green.png'")
    drawn(home)
    assert home.locator(".vx-home .title").inner_text() == "green.png"
    assert "But" not in headline(home)


def test_every_other_tab_says_where_it_is_and_leads_on(home):
    strip = home.locator(".vx-frame-strip .row")
    assert not strip.is_visible()
    home.locator(".vx-home h3 [data-door=patches]").click()
    strip.locator(".next").wait_for()
    assert strip.bounding_box()["height"] == 24
    for name in ("Positions", "Attention", "Features"):
        assert name in strip.locator(".next").inner_text()
        strip.locator(".next").click()
        home.wait_for_function(f"{OPENED} === '{name.lower()}'")
        home.wait_for_function(
            "(name) => !document.querySelector('.vx-frame-strip .next').textContent.includes(name)", arg=name
        )
    strip.locator(".back").click()
    home.wait_for_function(f"{OPENED} === 'home'")
    strip.wait_for(state="hidden")
