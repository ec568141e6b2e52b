"""What a visitor sees while the server or the network is away, and that the page goes on by itself."""

from __future__ import annotations

import shutil

import pytest

from tests.browser.pages import PHONE, beforehand, red_picture
from tests.browser.races import VIT
from vit_explorer.bench.page import VIEWPORT, open_page
from vit_explorer.training.runs.race import Race

SERVED = "**/component_server/"
STANDS = "#vx-stands.shown"
SOON = 60_000  # ms until a test gives up; nothing is measured with it


class Faulty:
    """A route to the server that can be cut: requests for these functions are not let through while it is."""

    def __init__(self, page) -> None:
        self.status, self.only, self.held, self.cut = 0, "", [], False
        self.lost = 0
        page.route(SERVED, self._handle)

    def _handle(self, route) -> None:
        name = route.request.post_data_json["fn_name"]
        if not self.cut or self.only not in ("", name):
            route.continue_()
        elif self.status == -1:
            self.held.append(route)
        elif self.status == 0:
            self.lost += 1
            route.abort()
        else:
            self.lost += 1
            route.fulfill(status=self.status, body="<html>no JSON</html>")

    def begin(self, status: int, only: str = "") -> None:
        self.status, self.only, self.cut, self.lost = status, only, True, 0

    def end(self) -> None:
        self.cut = False
        for route in self.held:
            route.continue_()
        self.held.clear()


@pytest.fixture(scope="module")
def visit(visitors, address):
    """A page whose errors are looked at here: the console names every lost request."""
    visitor = visitors.borrow()
    page = visitor.arrive(address, **VIEWPORT)
    page.errors = []
    page.on("pageerror", lambda error: page.errors.append(str(error)))
    page.faulty = Faulty(page)
    open_page(page, address)
    yield page
    visitors.give_back(visitor)


@pytest.fixture
def page(visit):
    yield visit
    visit.faulty.end()
    assert not visit.errors


def shows(page, picture: str) -> None:
    page.wait_for_function("(name) => vx.get('settled')?.picture === name", arg=picture, timeout=SOON)


@pytest.mark.parametrize(
    ("status", "word"), [(0, "does not answer"), (401, "logged in"), (429, "too many"), (500, "500"), (504, "too long")]
)
def test_a_lost_question_is_said_and_asked_again(page, status, word):
    wanted = f"shapes:{status % 40 + 3}"
    page.faulty.begin(status, "analyse")
    page.evaluate("(picture) => vx.set('wish', { picture })", wanted)
    page.locator(STANDS, has_text=word).wait_for()
    page.faulty.end()
    shows(page, wanted)
    page.wait_for_function(f"!document.querySelector('{STANDS}')")


def test_an_answer_that_never_comes_is_waited_for_in_sight(page):
    page.faulty.begin(-1, "analyse")
    page.evaluate("vx.set('wish', { picture: 'shapes:1' })")
    page.locator(STANDS, has_text="Still waiting").wait_for()
    page.faulty.end()
    shows(page, "shapes:1")
    page.wait_for_function(f"!document.querySelector('{STANDS}')")


def test_of_a_question_in_a_queue_it_is_said_how_many_are_before_it(page):
    page.route("**/component_server/place", lambda route: route.fulfill(json={"before": 2}))
    page.faulty.begin(-1, "analyse")
    page.evaluate("vx.set('wish', { picture: 'shapes:2' })")
    page.locator(STANDS, has_text="2 before you").wait_for()
    page.unroute("**/component_server/place")
    page.locator(STANDS, has_text="Still waiting").wait_for()  # the server itself: no such request waits
    page.faulty.end()
    shows(page, "shapes:2")
    page.wait_for_function(f"!document.querySelector('{STANDS}')")


def test_a_picture_that_is_too_large_for_a_proxy_is_said_once(page):
    page.faulty.begin(413, "upload")
    page.locator(".vx-frame .file").set_input_files(red_picture())
    page.locator("#vx-say.shown", has_text="smaller").wait_for()
    assert page.faulty.lost == 1


def test_play_that_does_not_reach_the_server_says_so_and_can_be_pressed_again(page):
    page.evaluate("vx.openTab('train')")
    page.wait_for_function("vx.get('lobby') && vx.get('setup')", timeout=SOON)
    start = page.locator(".vx-train-setup .start")
    page.locator(".vx-train-setup .chip").first.wait_for(timeout=SOON)
    page.faulty.begin(0, "start")
    start.click()
    page.locator(".vx-train-setup .promise.bad", has_text="does not answer").wait_for()
    assert start.is_enabled()
    assert page.faulty.lost == 1  # a command is not given twice


def test_a_lost_look_at_a_race_is_tried_again(page, runs):
    """A race that nobody trains: it is looked at again and again, for another program may play it."""
    race = Race.create(runs, {"ViT": VIT}, title="waiting")
    page.evaluate(
        """async (name) => {
          vx.openTab('train');
          const races = await vx.module('train/data.js');
          await races.open(name);
        }""",
        race.name,
    )
    page.faulty.begin(503, "follow")
    page.wait_for_function(f"document.querySelector('{STANDS}')")
    page.faulty.end()
    page.wait_for_function(f"!document.querySelector('{STANDS}')")
    with page.expect_request(lambda one: "component_server" in one.url and "follow" in one.post_data):
        pass
    shutil.rmtree(race.path)


FORBIDDEN = """for (const name of ["localStorage", "sessionStorage"])
  Object.defineProperty(window, name, { get() { throw new DOMException("forbidden", "SecurityError"); } });"""


def test_a_browser_that_forbids_storage_harms_nothing(watched, address):
    page = watched()
    with beforehand(page, FORBIDDEN):
        open_page(page, address)
        assert page.evaluate("() => { try { return !localStorage; } catch { return true; } }")
        page.evaluate("vx.openTab('compare')")
        page.get_by_role("tab", name="Architectures", exact=True).click()
        table = page.locator(".vx-compare-table")
        table.locator("tbody tr").first.wait_for(timeout=SOON)  # before, nobody hears the click
        table.locator(".start").click()
        table.locator(".stop:enabled").click(timeout=SOON)  # it is known whose measurement this is
        table.locator(".start:enabled").wait_for(timeout=SOON)
        page.evaluate("vx.openTab('train')")
        page.wait_for_function("vx.get('lobby')", timeout=SOON)


def test_a_page_that_the_browser_has_translated_opens_every_tab_on_a_phone(watched, address):
    page = watched(**PHONE)
    open_page(page, address)
    page.evaluate(
        """() => {
          for (const button of document.querySelectorAll("#tabs .tab-wrapper button")) {
            const words = [...button.childNodes].find((node) => node.nodeType === Node.TEXT_NODE && node.data.trim());
            if (!words) continue;
            const font = document.createElement("font"); // what browsers put in place of the words
            font.textContent = `übersetzt ${words.data}`;
            words.replaceWith(font);
          }
        }"""
    )
    for tab in ("compare", "attention", "patches"):
        page.evaluate("(tab) => vx.openTab(tab)", tab)
        page.wait_for_function(
            "(tab) => new URLSearchParams(location.hash.slice(1)).get('tab') === tab", arg=tab, timeout=SOON
        )


def test_a_phone_does_not_zoom_into_a_field(browser, address):
    context = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    page = context.new_page()
    open_page(page, address)
    page.evaluate("vx.openTab('roots')")
    page.locator(".vx-text-bar .text").wait_for(timeout=SOON)
    fields = "[...document.querySelectorAll('.vx-widget :is(input, select, textarea)')]"
    sizes = page.evaluate(f"{fields}.map((field) => getComputedStyle(field).fontSize)")
    assert len(sizes) > 3 and set(sizes) == {"16px"}
    context.close()


def test_a_proxy_that_keeps_the_sub_path_to_itself_harms_nothing(browser, address):
    """Without GRADIO_ROOT_PATH the server believes that it is at the root, where this proxy has nothing."""
    page = browser.new_page(viewport=VIEWPORT)
    inside = f"{address}proxied/"

    def forward(route) -> None:
        url = route.request.url
        if url.startswith(inside):
            route.fulfill(response=route.fetch(url=url.replace(inside, address)))
        else:
            route.fulfill(status=404)

    page.route("**", forward)
    with page.expect_response(lambda one: one.url == f"{inside}theme.css") as theme:
        open_page(page, inside)
    assert theme.value.ok
    page.evaluate("vx.set('wish', { picture: 'shapes:6' })")
    shows(page, "shapes:6")
    page.close()


def test_weights_that_were_replaced_meanwhile_are_said(watched, address):
    page = watched()
    open_page(page, address)

    def replaced(route) -> None:
        response = route.fetch()
        route.fulfill(response=response, headers={**response.headers, "vx-weights": "others"})

    page.route(SERVED, replaced)
    page.evaluate("vx.set('wish', { picture: 'shapes:1' })")
    page.locator(STANDS, has_text="weights of vit-cifar10").wait_for(timeout=SOON)
