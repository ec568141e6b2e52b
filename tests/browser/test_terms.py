"""A term shows its entry in the glossary; Help looks any word up and says what can be done."""

from __future__ import annotations

import pytest

from tests.browser.pages import drawn, reload, written
from vit_explorer.bench.page import settled


@pytest.fixture
def page(same_page):
    return same_page


def test_a_term_shows_its_entry(page):
    page.evaluate("vx.openTab('patches')")
    drawn(page)
    term = page.locator(".vx-patches .vx-term", has_text="CLS")
    card = page.locator("#vx-term")
    term.hover()
    card.wait_for(state="visible")
    assert "prediction is read from it" in card.inner_text()
    assert "Glossary, From image to tokens" in card.inner_text()
    assert term.get_attribute("aria-describedby") == "vx-term"
    page.keyboard.press("Escape")
    card.wait_for(state="hidden")
    term.focus()
    card.wait_for(state="visible")
    box = card.bounding_box()
    assert box["x"] >= 0 and box["x"] + box["width"] <= 1280 and box["y"] >= 0 and box["y"] + box["height"] <= 720


def opened_help(page):
    page.get_by_role("button", name="Help").press("Enter")
    dialog = page.get_by_role("dialog", name="Help")
    dialog.wait_for()
    return dialog


def test_help_says_what_can_be_done_in_the_open_view_and_who_sees_a_link(page):
    page.evaluate("vx.go('tab=attention&sub=explain')")
    drawn(page)
    page.locator("body").press("?")
    dialog = page.get_by_role("dialog", name="Help")
    dialog.wait_for()
    assert dialog.locator(".place").inner_text() == "Attention · Explain"
    told = dialog.locator(".here dl").inner_text()
    for part in ("what", "look"):
        words = page.locator(f".vx-explain .vx-{part}").first.inner_text()
        assert " ".join(words.split()) in " ".join(told.split())
    assert "this machine" in dialog.locator(".who").inner_text()
    assert dialog.locator(".minutes").first.inner_text() == str(page.evaluate("vx.get('catalogue').kept_minutes"))
    page.keyboard.press("Escape")
    dialog.wait_for(state="hidden")
    page.locator("#vx-model").press("?")  # typed into a field, a key is none of the page's
    assert dialog.is_hidden()
    opened_help(page).get_by_role("button", name="Take the tour").click()
    page.locator(".vx-tour .card").wait_for()
    page.keyboard.press("Escape")
    page.locator(".vx-tour .card").wait_for(state="hidden")
    page.locator(".vx-explain .vx-what").first.wait_for()


def test_a_word_is_looked_up_by_keyboard_and_a_link_holds_it(page):
    dialog = opened_help(page)
    dialog.get_by_role("button", name="All words").click()
    assert dialog.locator("article").count() > 80
    dialog.get_by_role("textbox").fill("letterb")
    assert dialog.locator("h3:visible").all_inner_texts() == ["Letterbox"]
    dialog.get_by_role("textbox").fill("entrop")
    assert dialog.locator("h3:visible").all_inner_texts() == ["Entropy", "Loss, cross-entropy"]
    page.wait_for_function("location.hash.includes('words=entrop')")
    reload(page)
    dialog.locator("h3", has_text="Entropy").first.wait_for()
    dialog.click(position={"x": 5, "y": 200})  # its own edge is not beside it
    dialog.locator(".body").press("p")  # a key of the page
    assert dialog.is_visible() and not page.locator("body.vx-present").count()
    page.keyboard.press("Escape")
    dialog.wait_for(state="hidden")
    page.wait_for_function("!location.hash.includes('words')")


def test_a_question_finds_its_topic_and_the_view_that_answers_it(page):
    dialog = opened_help(page)
    assert dialog.locator("article").count() == 0
    field = dialog.get_by_role("textbox")
    field.fill("what are logits")
    assert dialog.locator("article h3").first.inner_text() == "Logit"
    field.fill("xyzzy")
    for word in ("why", "trust", "share"):
        assert word in dialog.locator(".count").inner_text()
    field.fill("can I trust this?")
    assert dialog.locator("h3:visible").first.inner_text() == "Can I trust the answer?"
    dialog.get_by_role("button", name="Classify").click()
    dialog.wait_for(state="hidden")
    page.locator("#tabs .vx-classify").first.wait_for()


def test_a_term_and_a_key_lead_to_where_they_are_used(page):
    dialog = opened_help(page)
    field = dialog.get_by_role("textbox")
    field.fill("muted head")
    dialog.locator("article", has_text="Glossary").get_by_role("button", name="Attention · Test it").click()
    page.locator(".vx-ablate .heads").wait_for()
    opened_help(page)
    field.fill("keep this as a scene")
    assert dialog.locator("dl:visible").count() == 0
    assert dialog.locator("article h3", has_text="K S").count() == 1
    field.fill("save a figure")
    dialog.get_by_role("button", name="Back to Attention · Test it").click()
    dialog.wait_for(state="hidden")


def test_a_link_is_copied_from_the_help_that_leads_back_here(page):
    dialog = opened_help(page)
    dialog.get_by_role("textbox").fill("share")
    dialog.get_by_role("button", name="Copy link").click()
    dialog.wait_for(state="hidden")
    field = page.locator(".vx-header .address")
    page.wait_for_function(
        "document.querySelector('#vx-say')?.classList.contains('shown')"
        " || document.querySelector('.vx-header .address').value !== ''"
    )
    assert "words=" not in field.input_value()


def test_every_button_of_the_help_leads_to_a_view_that_there_is(page):
    lost = page.evaluate("""async () => {
      const [{ ANSWERS }, { PLACES }, { known }] = await Promise.all(
        ["frame/answers.js", "frame/term-places.js", "core/tabs.js"].map((name) => vx.module(name)));
      const links = [...ANSWERS.map(({ go }) => go), ...Object.values(PLACES).map(([go]) => go)];
      return links.filter((link) => [...new URLSearchParams(link)].some(
        ([key, id]) => ["tab", "sub"].includes(key) && !known(id)));
    }""")
    assert lost == []


def test_what_is_pointed_at_is_said_in_words_that_stand_alone(page):
    page.evaluate("vx.go('tab=attention&sub=test')")
    drawn(page)
    opened_help(page)
    told = dict(
        zip(
            *(page.locator(f".vx-frame-help .here {one}").all_inner_texts() for one in ("dt", "dd")),
            strict=True,
        )
    )
    assert "before:" not in told["Point at"] and "arrow" not in told["Point at"]
    page.keyboard.press("Escape")
    page.evaluate("vx.go('tab=train&sub=race')")
    drawn(page)
    opened_help(page)
    assert "Keep this model" in page.locator(".vx-frame-help .here dd").last.inner_text()


def test_no_dialog_is_left_open_unseen_on_the_stage(page):
    opened_help(page)
    page.evaluate("vx.go('present=1')")
    page.locator("body.vx-present").wait_for()
    assert not page.locator("dialog[open]").count()
    page.evaluate("vx.go('words=entropy')")
    assert not page.locator("dialog[open]").count()
    page.keyboard.press("Escape")
    page.wait_for_function("!document.body.classList.contains('vx-present')")


def test_the_name_leads_home_and_start_over_to_the_page_as_it_opens(page):
    first = page.evaluate("[vx.get('settled').picture, vx.get('settled').model]")
    page.evaluate("localStorage.setItem('vx-deck', 'tab=home|tab=train')")
    page.evaluate(
        "vx.go('tab=attention&sub=heads&picture=sample:lion&model=vit-conv-cifar10&token=3&layer=2&head=2&scale=own&direction=column')"
    )
    drawn(page)
    written(page)
    link = page.locator(".vx-header .home")
    assert link.inner_text() == "ViT Explorer"
    link.press("Enter")
    page.locator(".vx-home").wait_for()
    written(page)
    assert "tab=home" in page.url and "model=vit-conv-cifar10" in page.url
    page.go_back()
    page.locator(".vx-attention-heads .which").wait_for()
    written(page)
    dialog = opened_help(page)
    page.keyboard.type("reset")
    assert dialog.locator("h3:visible").first.inner_text() == "Start over"
    button = dialog.get_by_role("button", name="Start over")
    with page.expect_navigation():
        button.press("Enter")
    settled(page)
    drawn(page)
    written(page)
    assert page.evaluate("[vx.get('settled').picture, vx.get('settled').model]") == first
    assert not any(key in page.url for key in ("token=", "layer=", "head=", "scale=", "direction=", "words="))
    assert not page.evaluate("localStorage.getItem('vx-deck')")
    assert page.evaluate("vx.get('attentionChosen') ?? null") is None
    page.go_back()
    page.wait_for_function("vx.get('settled').model === 'vit-conv-cifar10' && location.hash.includes('scale=own')")
