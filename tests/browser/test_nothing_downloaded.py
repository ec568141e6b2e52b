"""The page as it is on a fresh machine, without CIFAR-10: every view opens, and none with an alarm."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.browser.apps import serving
from tests.browser.pages import drawn, open_view
from vit_explorer.bench.page import open_page
from vit_explorer.data.cifar10 import DATA_VARIABLE

pytestmark = pytest.mark.slow

VIEWS = {
    "Patches": (),
    "Positions": (),
    "Attention": ("Heads", "Inside a head", "Rollout", "Explain", "Test it", "Layers"),
    "Windows": ("Step by step", "Masks", "Hierarchy", "Cost"),
    "Train": ("Race", "Hunger for data"),
    "Recipe": ("Ingredients", "Distillation", "Which helped most?"),
    "Classify": (),
    "Compare": ("One picture", "Confusions", "Architectures", "Which one?"),
}


@pytest.fixture(scope="module")
def address(tmp_path_factory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("nothing")
    with pytest.MonkeyPatch.context() as patched:
        patched.delenv(DATA_VARIABLE, raising=False)
        with serving(folder, data=folder) as running:
            yield running


@pytest.mark.parametrize("model", ["deit-cifar10", "cnn-shapes"])
def test_no_view_opens_with_an_alarm(watched, address, model):
    page = watched()
    open_page(page, f"{address}#model={model}")
    for tab, views in VIEWS.items():
        open_view(page, tab)
        names = page.locator("[role=tabpanel]:visible [role=tab]:visible").all_inner_texts()
        assert tuple(name.strip() for name in names) == views  # all there are
        for view in views:
            page.get_by_role("tab", name=view, exact=True).click()
            drawn(page)
        assert page.locator("#vx-say").count() == 0, f"{tab}: {page.locator('#vx-say').inner_text()}"


def test_the_distillation_view_says_which_pictures_are_missing(page):
    open_view(page, "Recipe / Distillation")
    below = page.locator(".vx-disagreement")
    assert "CIFAR-10, are not on this machine" in below.locator(".status").inner_text()
    assert below.locator(".go").is_hidden()
