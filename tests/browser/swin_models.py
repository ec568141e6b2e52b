"""A Swin whose biases and shares are far from even, and a ViT: what the tests of the Windows tab look at."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from vit_explorer.data.uploads import fit_picture
from vit_explorer.explain.trace import Trace, trace
from vit_explorer.models import SwinTransformer, create_model, save_checkpoint
from vit_explorer.ui.core.session import Session

if TYPE_CHECKING:
    from playwright.sync_api import Page

SWIN, VIT = "swin-test", "vit-test"
CLASSES = ["ant", "bee", "cat", "dog", "eel", "fox", "gnu", "hen", "ibex", "jay"]


def save_models(folder: Path) -> None:
    """Both as checkpoints, untrained, with weights so large that no two shares are alike."""
    torch.manual_seed(0)
    for name, architecture in ((SWIN, "swin"), (VIT, "vit")):
        model = create_model(architecture)
        with torch.no_grad():
            for key, weights in model.named_parameters():
                if key.endswith(("bias_table", "qkv.weight")):
                    weights.normal_(std=0.5 if key.endswith("bias_table") else 0.1)
        card = {
            "model": architecture,
            "overrides": {},
            "dataset": {"name": "ten animals", "classes": CLASSES},
            "normalise": {"mean": [120.0] * 3, "std": [60.0] * 3},
            "recipe": {"epochs": 1},
        }
        save_checkpoint(model, card, name, folder)


def open_windows(page: Page, view: str) -> None:
    """Open a view of the Windows tab and wait until what the server says is on it."""
    page.evaluate("vx.openTab('windows')")
    page.wait_for_function("vx.get('windows') && vx.get('windows').answer", timeout=20_000)
    page.evaluate(
        """(view) => [...document.querySelectorAll("#windows-tabs [role=tab]")]
            .find((one) => one.textContent.trim() === view).click()""",
        view,
    )
    page.wait_for_function("!document.querySelector('.vx-windows-bar.waiting')")
    page.evaluate("vx.pin(null)")
    settle(page)


def settle(page: Page) -> None:
    """Until the words of the newest marks are written."""
    page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")


def cut(page: Page, control: str, label: str) -> None:
    """Choose window, shift, side, pair or head in the bar by what stands there, and wait for the answer."""
    page.locator(f".vx-windows-bar .{control}").select_option(label=label)
    page.wait_for_function("!document.querySelector('.vx-windows-bar.waiting')")
    settle(page)


def swin_of(session: Session) -> SwinTransformer:
    return session.checkpoint(SWIN).model


def traced_swin(session: Session, page: Page) -> Trace:
    """The Swin's pass over the picture on screen, computed here."""
    shown = page.evaluate("vx.get('settled')")
    checkpoint = session.checkpoint(SWIN)
    images: Tensor = fit_picture(session.picture(shown["picture"]).image, checkpoint.model.img_size, shown["fit"])[None]
    return trace(checkpoint.model, checkpoint.preprocess(images))
