"""The offer of a network that knows a thousand classes: its button, its progress, and what is shown afterwards."""

from __future__ import annotations

import io
from collections.abc import Iterator

import pytest
import timm
import torch

from tests.browser.pages import fits
from tests.models.pretrained.server import Behaviour, offering
from vit_explorer.bench.page import open_page
from vit_explorer.training.service.service import TrainingService
from vit_explorer.ui.app import build_app, launch_options
from vit_explorer.ui.core.session import Session


@pytest.fixture(scope="module")
def server(tmp_path_factory) -> Iterator[Behaviour]:
    """The file of a DeiT-Tiny of one block, which comes half until it is told to go on."""
    buffer = io.BytesIO()
    torch.save({"model": timm.create_model("deit_tiny_patch16_224", depth=1).state_dict()}, buffer)
    with pytest.MonkeyPatch.context() as patched, offering(buffer.getvalue()) as behaviour:
        patched.setenv("TORCH_HOME", str(tmp_path_factory.mktemp("torch")))
        behaviour.hold_after = len(behaviour.content) // 2
        yield behaviour


@pytest.fixture(scope="module")
def address(server, tmp_path_factory) -> Iterator[str]:
    service = TrainingService(tmp_path_factory.mktemp("runs"))
    page = build_app(Session(pretrained=True), service)
    page.launch(prevent_thread_lock=True, quiet=True, **launch_options())
    yield page.local_url
    page.close(verbose=False)
    service.close()


def refused_beside_what_was_pressed(page, other, address) -> None:
    """Press each button of a network that is gone: the reason stands beside it, for who pressed, until dismissed."""
    dismiss = page.get_by_role("button", name="Dismiss this message")
    for button, beside in [
        (".vx-classify .download", ".vx-classify .refused"),
        (".vx-frame-get .advice .get", ".vx-frame-get .faults"),
        (".vx-frame-get .offered li:first-child .get", ".vx-frame-get .offered li:first-child"),
    ]:
        page.locator(button).click()
        said = page.locator(f"{beside} .vx-refused")
        said.wait_for()
        assert "could not be downloaded. " in said.inner_text() and "is gone (404)" in said.inner_text()
        assert page.locator(".vx-refused").count() == 1
        if not other.url.startswith(address):
            open_page(other, address)
            other.locator(".vx-frame-get .advice").wait_for()
            assert other.locator(".vx-refused").count() == 0  # who pressed nothing hears nothing
        dismiss.click()
        assert page.locator(".vx-refused").count() == 0


def test_the_advised_network_is_got_stopped_gone_on_with_and_shown(watched, address, server):
    page = watched()
    open_page(page, address)
    offer = page.locator(".vx-frame-get")
    assert "DeiT-Tiny (23 MB) knows 1,000 classes" in offer.locator(".advice").inner_text()
    offer.locator("summary").click()
    assert offer.locator(".offered li").count() == 11
    page.evaluate("vx.go('tab=classify', true)")
    server.status = 404
    refused_beside_what_was_pressed(page, watched(), address)
    server.status = 200
    page.get_by_role("button", name="Get DeiT-Tiny (23 MB)").click()  # it stands below answers of which none may fit
    stop = offer.locator(".running .stop")
    stop.wait_for()
    page.wait_for_function("document.querySelector('.vx-frame-get progress').value > 0")
    assert page.locator(".vx-classify .offer").is_hidden()
    assert offer.locator(".advice").is_hidden() and offer.locator(".offered li").count() == 10
    with page.expect_response(lambda answer: '"stop_get"' in (answer.request.post_data or "")):
        stop.click()
    server.go_on.set()
    again = offer.locator(".advice .get")
    again.wait_for()
    assert again.inner_text() == "Go on"
    server.hold_after = None
    again.click()
    page.wait_for_function("vx.get('settled').model === 'deit-tiny'")
    assert page.evaluate("vx.get('trace').classes.length") == 1000
    assert page.locator("#vx-model").input_value() == "deit-tiny"
    assert offer.locator(".advice").is_hidden()

    newcomer = watched(390, 844, color_scheme="dark")
    open_page(newcomer, address)
    shown = newcomer.evaluate("[vx.get('trace').model, vx.get('trace').picture.name]")
    assert shown == ["deit-tiny", "sample:cheetah"]
    newcomer.locator(".vx-frame .fold").click()  # the rail is a bar here
    newcomer.locator(".vx-frame-get summary").click()
    fits(newcomer, 390)
