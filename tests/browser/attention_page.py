"""A picture in the views of the Attention tab that explain, for the tests of each."""

from __future__ import annotations

from tests.browser.pages import drawn, open_view
from vit_explorer.ui.core.requests import ModelInput, ModelRequest, load_input
from vit_explorer.ui.core.session import Session

SESSION = Session()
CHEETAH = {"picture": "sample:cheetah", "model": "vit-cifar10", "fit": "crop"}  # predicted: dog
LINK = "&".join(f"{key}={value}" for key, value in CHEETAH.items())
MEASURED = "document.querySelector('.vx-explain:not(.measuring):not(.waiting) .tile .scores b')"


def seen(**request: str) -> ModelInput:
    return load_input(SESSION, ModelRequest(**CHEETAH | request))


def shown(page, view: str, link: str = LINK):
    """The view on the cheetah, or what a link says, with its settings at their defaults."""
    open_view(page, f"Attention / {view}")
    page.evaluate("(link) => vx.go(link, true)", link)
    drawn(page)
    return page
