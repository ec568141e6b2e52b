"""A machine without any network: the page says what to do, offers one, and goes on with it."""

from __future__ import annotations

import io
from collections.abc import Iterator

import pytest
import timm
import torch

from tests.browser.pages import drawn, fits
from tests.models.pretrained.server import offering
from vit_explorer.training.service.service import TrainingService
from vit_explorer.ui.app import build_app, launch_options
from vit_explorer.ui.core.session import Session


@pytest.fixture
def address(tmp_path, monkeypatch) -> Iterator[str]:
    """A page without checkpoints, whose catalogue offers a DeiT-Tiny of one block."""
    buffer = io.BytesIO()
    torch.save({"model": timm.create_model("deit_tiny_patch16_224", depth=1).state_dict()}, buffer)
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    with offering(buffer.getvalue()):
        service = TrainingService(tmp_path / "runs")
        session = Session(checkpoint_folders=[tmp_path / "none"], pretrained=True)
        page = build_app(session, service)
        page.launch(prevent_thread_lock=True, quiet=True, **launch_options())
        yield page.local_url
        page.close(verbose=False)
        service.close()


def open_empty(page, address: str) -> None:
    page.goto(address)
    page.wait_for_function("window.vx && document.body.classList.contains('vx-empty')", timeout=60_000)
    page.locator(".vx-frame-get .advice .get").wait_for()


def test_it_says_what_to_do_offers_a_network_and_shows_it(watched, address):
    phone = watched(390, 844, color_scheme="dark")
    open_empty(phone, address)
    fits(phone, 390)
    assert phone.locator(".vx-frame .lacking").is_visible()

    page = watched()
    open_empty(page, f"{address}#tab=features&model=vit-cifar10")
    page.locator("#features-tabs").wait_for()
    lacking = page.locator(".vx-frame .lacking")
    assert all(word in lacking.inner_text() for word in ("--model", "--checkpoints", "Train"))
    assert page.locator("#tabs .vx-widget canvas:visible, .vx-frame canvas:visible").count() == 0
    page.get_by_role("tab", name="Home", exact=True).click()
    page.wait_for_function("document.querySelector('.vx-home .headline').textContent.includes('no network')")
    page.locator(".vx-frame-get .advice .get").click()
    page.wait_for_function("vx.get('settled')?.model === 'deit-tiny'", timeout=60_000)
    drawn(page)
    assert page.evaluate("vx.get('trace').picture.name").startswith("sample:")
    assert "no network" not in page.locator(".vx-home .headline").inner_text()
    assert not lacking.is_visible() and page.locator(".vx-home .ink:visible").count() == 1
    page.get_by_role("tab", name="Features", exact=True).click()
    page.wait_for_function("document.querySelectorAll('.vx-features-colours [role=radio]').length === 2")
