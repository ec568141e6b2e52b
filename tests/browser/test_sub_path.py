"""The page's scripts are found under a sub-path and inside an iframe, and a browser keeps them."""

from __future__ import annotations

import gradio as gr
import pytest
from fastapi import FastAPI
from fastapi.responses import HTMLResponse
from gradio_client import Client

from tests.browser.pages import beforehand, red_picture
from tests.browser.proxy import reverse_proxy, serving
from vit_explorer.bench.page import VIEWPORT, settled
from vit_explorer.training.service.service import TrainingService
from vit_explorer.ui.app import build_app, launch_options
from vit_explorer.ui.core.session import Session

SCRIPTS = "performance.getEntriesByType('resource').filter(({ name }) => name.includes('/vx/'))"


@pytest.fixture(scope="module")
def mounted(tmp_path_factory):
    """The address of an app that has the page at /sub/path/, and at / a page that shows it in an iframe."""
    service = TrainingService(tmp_path_factory.mktemp("runs"))
    app = FastAPI()
    app.get("/")(lambda: HTMLResponse('<iframe src="/sub/path/" width="1280" height="720"></iframe>'))
    gr.mount_gradio_app(app, build_app(Session(), service), "/sub/path", **launch_options())
    with serving(app) as address:
        yield address
    service.close()


@pytest.fixture
def page(visitors, mounted):
    visitor = visitors.borrow()
    yield visitor.arrive(mounted, **VIEWPORT)
    visitors.give_back(visitor)


def test_the_page_loads_inside_an_iframe_under_a_sub_path(page, mounted):
    page.goto(mounted)
    frame = page.frame_locator("iframe")
    frame.get_by_role("tab", name="Windows", exact=True).click(timeout=60_000)
    frame.locator(".vx-windows-bar .window").wait_for(timeout=60_000)
    inside = page.frames[1]
    settled(inside)
    addresses = inside.evaluate(f"{SCRIPTS}.map(({{ name }}) => name)")
    assert len(addresses) > 20
    assert all(address.startswith(f"{mounted}/sub/path/vx/") for address in addresses)


def test_a_second_visit_fetches_no_script_again(browser, mounted):
    context = browser.new_context(viewport=VIEWPORT)
    page = context.new_page()
    for visit in range(2):
        page.goto(f"{mounted}/sub/path/")
        settled(page)
        sent = page.evaluate(f"{SCRIPTS}.map(({{ transferSize }}) => transferSize)")
        assert len(sent) > 15
        assert (max(sent) == 0) == (visit == 1)
    context.close()


def test_a_link_is_shown_under_a_sub_path_and_the_page_around_an_iframe_is_told_of_it(page, mounted):
    page.goto(f"{mounted}/sub/path/#tab=attention&sub=layers&block=1&theme=dark")
    settled(page)
    assert page.locator(".vx-layers .depth").input_value() == "1"
    assert page.evaluate("vx.get('theme')") == "dark"
    page.goto(mounted)
    page.evaluate("window.addEventListener('message', ({ data }) => (data.hash ? (window.told = data) : 0))")
    page.frame_locator("iframe").get_by_role("tab", name="Windows", exact=True).click(timeout=60_000)
    page.wait_for_function("window.told && told.hash.split('&').includes('sub=steps')", timeout=60_000)
    assert page.evaluate("told.hash").startswith("#tab=windows&")


def test_behind_a_proxy_that_takes_its_folder_off_the_path(browser, tmp_path):
    """As behind nginx with GRADIO_ROOT_PATH: page, scripts, answers, an upload, and the API."""
    service = TrainingService(tmp_path)
    app = gr.mount_gradio_app(FastAPI(), build_app(Session(), service), "/", root_path="/vit", **launch_options())
    page = browser.new_page(viewport=VIEWPORT)
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("response", lambda answer: answer.status >= 400 and faults.append(f"{answer.status} {answer.url}"))
    with serving(app) as behind, serving(reverse_proxy("/vit", behind)) as proxy:
        page.goto(f"{proxy}/vit/")
        settled(page)
        addresses = page.evaluate(f"{SCRIPTS}.map(({{ name }}) => name)")
        assert len(addresses) > 15 and all(one.startswith(f"{proxy}/vit/vx/") for one in addresses)
        page.locator(".vx-frame .file").set_input_files(red_picture())
        page.wait_for_function("vx.get('settled').picture.startsWith('upload:')", timeout=60_000)
        assert page.evaluate("[0, 1, 2].map((k) => vx.get('trace').rgb.at(9, 9, k))") == [255, 0, 0]
        page.evaluate("vx.openTab('train')")
        page.wait_for_function("vx.get('lobby') && vx.get('lobby').datasets.length", timeout=60_000)
        answer = Client(f"{proxy}/vit/", verbose=False).predict("sample:cat", api_name="/classify")
        assert answer["classes"][0]["label"] == "cat"
        page.close()
    service.close()
    assert not faults


WITHOUT = """if (window.parent !== window) {
  for (const name of ["localStorage", "sessionStorage"])
    Object.defineProperty(window, name, { get() { throw new DOMException("blocked", "SecurityError"); } });
  const refuse = async () => { throw new DOMException("Permission denied", "NotAllowedError"); };
  navigator.mediaDevices.getUserMedia = refuse; // what an iframe without allow="camera" of another site gets
}"""


def test_an_iframe_without_storage_and_camera_works_and_says_what_helps(page, mounted):
    """As where the browser blocks what third parties store, and the page around does not allow the camera."""
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    with beforehand(page, WITHOUT):
        page.goto(mounted)
        frame = page.frame_locator("iframe")
        frame.locator(".vx-home .camera").wait_for(timeout=60_000)
        inside = page.frames[1]
        settled(inside)
        frame.locator(".vx-home .camera").click()
        frame.locator("#vx-say.shown", has_text="Open this page in a tab of its own").wait_for()
        assert frame.locator(".vx-home .camera").is_enabled()
        frame.locator(".vx-frame .file").set_input_files(red_picture())
        inside.wait_for_function("vx.get('settled').picture.startsWith('upload:')", timeout=60_000)
        inside.evaluate("vx.openTab('train')")
        inside.wait_for_function("vx.get('lobby') && vx.get('setup')", timeout=60_000)
        frame.locator(".vx-train-setup .chip").first.wait_for(timeout=60_000)
        inside.wait_for_function("location.hash.includes('tab=train')")
    assert not faults
