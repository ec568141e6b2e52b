"""The page's scripts are found under a sub-path and inside an iframe, and a browser keeps them."""

from __future__ import annotations

import threading
import time

import gradio as gr
import pytest
import uvicorn
from fastapi import FastAPI
from fastapi.responses import HTMLResponse

from vit_explorer.bench.browser import free_port
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
    port = free_port()
    server = uvicorn.Server(uvicorn.Config(app, port=port, log_level="error"))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.05)
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join()
    service.close()


def test_the_page_loads_inside_an_iframe_under_a_sub_path(browser, mounted):
    page = browser.new_page(viewport=VIEWPORT)
    page.goto(mounted)
    frame = page.frame_locator("iframe")
    frame.get_by_role("tab", name="Windows", exact=True).click(timeout=60_000)
    frame.locator(".vx-windows-bar .window").wait_for(timeout=60_000)
    inside = page.frames[1]
    settled(inside)
    addresses = inside.evaluate(f"{SCRIPTS}.map(({{ name }}) => name)")
    assert len(addresses) > 20
    assert all(address.startswith(f"{mounted}/sub/path/vx/") for address in addresses)
    page.close()


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


def test_a_link_is_shown_under_a_sub_path_and_the_page_around_an_iframe_is_told_of_it(browser, mounted):
    context = browser.new_context(viewport=VIEWPORT)
    page = context.new_page()
    page.goto(f"{mounted}/sub/path/#tab=attention&sub=layers&block=1&theme=dark")
    settled(page)
    assert page.locator(".vx-layers .depth").input_value() == "1"
    assert page.evaluate("vx.get('theme')") == "dark"
    page.goto(mounted)
    page.evaluate("window.addEventListener('message', ({ data }) => (data.hash ? (window.told = data) : 0))")
    page.frame_locator("iframe").get_by_role("tab", name="Windows", exact=True).click(timeout=60_000)
    page.wait_for_function("window.told && told.hash.split('&').includes('sub=steps')", timeout=60_000)
    assert page.evaluate("told.hash").startswith("#tab=windows&")
    context.close()
