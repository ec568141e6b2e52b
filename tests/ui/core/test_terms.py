"""Terms of the glossary in the views' explanations."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from vit_explorer.ui.core import terms
from vit_explorer.ui.core.terms import mark_terms, read_terms

VIEWS = sorted((Path(terms.__file__).parents[1]).glob("*/*.html"))


def marked(markup: str) -> list[str]:
    return re.findall(r'class="vx-term"[^>]*>([^<]+)</button>', markup)


def test_every_entry_of_the_glossary_is_read():
    source = terms.glossary_file().read_text(encoding="utf-8")
    assert len(read_terms()) == source.count("\n- **") > 80
    cls = next(term for term in read_terms() if "CLS" in term.names)
    assert "prediction is read from it" in cls.text
    assert cls.section == "From image to tokens"


def test_no_two_entries_go_by_one_name():
    names = [name.lower() for term in read_terms() for name in term.names]
    assert len(names) == len(set(names))
    heads = [term for term in read_terms() if any("head" in name.lower() for name in term.names)]
    assert {"Attention head", "Classifier head"} <= {term.names[0] for term in heads}


def test_a_term_is_marked_once_in_an_explanation_first_and_never_in_what_is_pressed():
    markup = (
        '<h3>Tokens</h3><p class="vx-what vx-small">A token, then <b>tokens</b>, and CLS.</p>'
        '<p class="vx-look">tokens and patches</p><p>softmax, <label>of logits <input></label> and logits</p>'
    )
    made = mark_terms(markup, "patches")
    assert marked(made) == ["token", "CLS", "patches", "softmax", "logits"]
    assert "<label>of logits <input></label>" in made
    assert "<h3>Tokens</h3>" in made


def test_terms_of_the_field_are_marked_in_some_view():
    found = {word.lower() for path in VIEWS for word in marked(mark_terms(path.read_text("utf-8"), path.parent.name))}
    for word in (
        "entropy",
        "skip connections",
        "residual stream",
        "softmax",
        "cosine similarity",
        "logits",
        "logit lens",
    ):
        assert word in found


def test_the_mark_holds_the_entry_and_leaves_the_words_as_they_were():
    markup = '<p class="vx-what">The logit lens &amp; more.</p>'
    made = mark_terms(markup, "attention")
    assert 'data-text="Logit lens: the head is applied' in made
    assert re.sub(r"</?button[^>]*>", "", made) == markup


def test_words_with_everyday_senses_are_marked_only_where_they_are_terms():
    markup = '<p class="vx-what">The head of each layer, and its value.</p>'
    assert marked(mark_terms(markup, "attention")) == ["head", "value"]
    assert marked(mark_terms(markup, "recipe")) == []


@pytest.mark.parametrize("path", VIEWS, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_no_view_marks_a_term_twice_or_inside_of_a_button(path):
    made = mark_terms(path.read_text(encoding="utf-8"), path.parent.name)
    texts = re.findall(r'data-text="([^"]*)"', made)
    assert len(texts) == len(set(texts))
    assert not re.search(r"<button[^>]*>[^<]*<button", made)
