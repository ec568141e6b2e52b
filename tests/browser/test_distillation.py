"""The Distillation view in a real browser: two tokens side by side, who answers what, and examples to click."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.browser.apps import serving
from tests.browser.pages import drawn, fits
from tests.deits import DEIT, PLAIN, TEACHER, save_deits
from vit_explorer.bench.page import VIEWPORT, open_page
from vit_explorer.data.uploads import fit_picture
from vit_explorer.explain.distillation import two_tokens
from vit_explorer.ui.core.session import Session

VIEW, BELOW = ".vx-distillation", ".vx-disagreement"


@pytest.fixture(scope="module")
def checkpoints(tmp_path_factory):
    folder = tmp_path_factory.mktemp("checkpoints")
    save_deits(folder)
    return folder


@pytest.fixture(scope="module")
def address(checkpoints, runs) -> Iterator[str]:
    with serving(runs, checkpoints) as running:
        yield running


@pytest.fixture(scope="module")
def link() -> str:
    return f"picture=shapes:7&model={DEIT}"  # a picture that is labelled


def opened(page, model: str = DEIT):
    """The view on that picture, with its settings at their defaults."""
    page.evaluate("(link) => vx.go(link, true)", f"tab=recipe&sub=distillation&picture=shapes:7&model={model}")
    drawn(page)
    page.wait_for_function(f"document.querySelector('{VIEW} .outcome').textContent !== ''")
    page.wait_for_function(f"!document.querySelector('{VIEW}').classList.contains('waiting')")
    return page


@pytest.fixture
def view(same_page):
    return opened(same_page)


def settle(page) -> None:
    page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")


def seen_here(checkpoints, picture: str = "shapes:7"):
    session = Session(checkpoint_folders=[checkpoints])
    deit = session.checkpoint(DEIT)
    return two_tokens(deit.model, deit.preprocess(fit_picture(session.picture(picture).image, 32, "crop")[None]))


def shares_read(page) -> list[float]:
    words = page.locator(f"{VIEW} .readout").inner_text()
    return [float(part.split()[-1]) for part in words.split(" %")[:2]]


@pytest.mark.parametrize("token", [0, 19, 63])
def test_what_a_patch_gets_is_what_both_tokens_give_it(view, checkpoints, token):
    seen = seen_here(checkpoints)
    view.evaluate("(token) => vx.pin(token)", token)
    settle(view)
    mean = seen.attention[-1][0].mean(dim=0)  # (2, N), of the last layer
    assert shares_read(view) == pytest.approx((100 * mean[:, token]).tolist(), rel=0.01)
    view.locator(f"{VIEW} .layer").select_option(index=0)
    view.locator(f"{VIEW} .which").select_option(index=2)
    settle(view)
    assert shares_read(view) == pytest.approx((100 * seen.attention[0][0, 1, :, token]).tolist(), rel=0.01)
    assert "In layer 1" in view.locator(f"{VIEW} .readout").inner_text()
    view.locator(f"{VIEW} [data-flow=rollout]").click()
    settle(view)
    assert shares_read(view) == pytest.approx((100 * seen.rollout[0, :, token]).tolist(), rel=0.01)
    assert view.locator(f"{VIEW} .layer").is_disabled()


def test_the_heads_the_mean_and_the_teacher_stand_side_by_side(view, checkpoints):
    names = view.locator(f"{VIEW} .bars .title").all_inner_texts()
    assert names == ["CLS head", "Distillation head", "Mean of both", "Teacher"]
    cosines = view.locator(f"{VIEW} .steps .vx-number").all_inner_texts()
    expected = [f"{value:+.2f}".replace("-", "−") for value in seen_here(checkpoints).similarity[0].tolist()]
    assert cosines == expected
    assert "teacher" in view.locator(f"{VIEW} .outcome").inner_text()


def test_pointing_marks_the_patch_everywhere_without_a_request(view):
    asked = []
    view.on("request", lambda request: asked.append(request.url))
    box = view.locator(f"{VIEW} canvas.difference").bounding_box()
    view.mouse.move(box["x"] + box["width"] * 2.5 / 8, box["y"] + box["height"] * 1.5 / 8)
    view.wait_for_function("vx.get('token') === 10")
    settle(view)
    assert "patch 11 (row 2, column 3)" in view.locator(f"{VIEW} .readout").inner_text()
    view.locator(f"{VIEW} canvas.cls").focus()
    view.keyboard.press("ArrowRight")
    assert view.evaluate("vx.get('token')") == 11 and not asked


def test_beside_another_model_it_says_whose_tokens_these_are(same_page):
    page = opened(same_page, PLAIN)
    assert DEIT in page.locator(f"{VIEW} .name").inner_text()
    page.locator(f"{VIEW} .take").click()
    page.wait_for_function("(name) => vx.get('settled').model === name", arg=DEIT)
    assert page.locator(f"{VIEW} .take").is_hidden()


def test_all_test_pictures_are_asked_about_and_an_example_is_clicked(view, checkpoints):
    view.locator(f"{BELOW} .go").click()
    view.wait_for_function(f"document.querySelector('{BELOW} .go').hidden", timeout=60_000)
    view.wait_for_selector(f"{BELOW} .pictures button")
    assert "2,000 of 2,000" in view.locator(f"{BELOW} .status").inner_text()
    rows = view.locator(f"{BELOW} .right-table td:first-child").all_inner_texts()
    assert rows == ["CLS head", "distillation head", "mean of both", "teacher"]
    view.locator(f"{BELOW} [data-kind='cls right']").click()
    view.wait_for_function(f"document.querySelector('{BELOW} .shown').textContent.includes('CLS head right')")
    example = view.locator(f"{BELOW} .pictures button").nth(1)
    name, truth = example.get_attribute("data-picture"), example.locator("b").inner_text()
    assert f"CLS: {truth}" in example.inner_text() and f"dist.: {truth}" not in example.inner_text()
    example.click()
    view.wait_for_function("(name) => vx.get('settled').picture === name", arg=name)
    view.wait_for_function(f"!document.querySelector('{VIEW}').classList.contains('waiting')")
    assert f"The CLS head says {truth}" in view.locator(f"{VIEW} .outcome").inner_text()
    session = Session(checkpoint_folders=[checkpoints])
    assert session.picture(name).truth == truth and TEACHER in session.checkpoint(DEIT).card["recipe"]["teacher"]


def test_asking_can_be_stopped_and_gone_on_with(browser, tmp_path_factory, runs):
    folder = tmp_path_factory.mktemp("checkpoints")
    save_deits(folder)
    with serving(runs, folder) as fresh:
        page = browser.new_page(viewport=VIEWPORT)
        open_page(page, fresh)
        opened(page)
        go, status = page.locator(f"{BELOW} .go"), page.locator(f"{BELOW} .status")
        go.click()
        page.wait_for_function(f"/^[1-9].* of 2,000 test/.test(document.querySelector('{BELOW} .status').textContent)")
        go.click()
        page.evaluate("vx.idle()")
        if go.is_visible():  # it was quicker than the click
            assert go.inner_text() == "Go on" and "left" not in status.inner_text()
            go.click()
        page.wait_for_function(f"document.querySelector('{BELOW} .go').hidden", timeout=60_000)
        assert "2,000 of 2,000" in status.inner_text()
        page.close()


def test_the_distillation_token_has_its_place_in_the_sequence(view):
    view.evaluate("vx.openTab('attention')")
    heads = view.locator(".vx-attention-heads")
    heads.locator("button.distillation").click()
    assert view.evaluate("vx.get('token')") == -2
    settle(view)
    assert "distillation" in heads.locator(".pair").inner_text().lower()
    view.evaluate("vx.openTab('positions')")
    drawn(view)
    assert "CLS, DIST apart" in view.locator(".vx-positions .whole figcaption").inner_text()
    view.evaluate("vx.openTab('patches')")
    drawn(view)
    assert "CLS and distillation" in view.locator(".vx-patches .numbers").inner_text()


@pytest.mark.parametrize("width", [390, 1280])
def test_it_is_no_wider_than_the_page(view, width):
    view.set_viewport_size({"width": width, "height": 844 if width < 500 else 720})
    fits(view, width)
    inside = view.evaluate(
        f"""[...document.querySelectorAll("{VIEW} *, {BELOW} *")].filter((one) => one.offsetParent)
            .every((one) => one.getBoundingClientRect().right <= innerWidth)"""
    )
    assert inside
