"""Terms of the glossary, marked where a view first uses them."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TypedDict

from vit_explorer.models.folders import PACKAGE, checkout

GLOSSARY = "glossary.md"
_ENTRY = re.compile(r"^- \*\*(?P<names>[^*]+)\*\*: (?P<text>.+(?:\n  .+)*)", re.MULTILINE)
_PLACE = re.compile(r"(<(p|span) class=\"vx-(?:what|look)\b[^>]*>)(.*?)(</\2>)", re.DOTALL)
_OTHER = re.compile(r"(<(p|h3|figcaption|dt|th)\b[^>]*>)(.*?)(</\2>)", re.DOTALL)  # marked after those
_TAG = re.compile(r"(<[^>]+>)")
_PRESSED = re.compile(r"<(/?)(?:button|label|summary|a|select)\b")  # a button cannot lie in one
# Words with everyday senses too: marked only in the tabs where they are the term, or nowhere.
ONLY_IN: dict[str, tuple[str, ...]] = {
    "head": ("attention", "windows", "text"),
    "key": ("attention", "windows", "text"),
    "value": ("attention", "text"),
    "query": ("attention", "windows", "text"),
    "score": ("attention", "windows"),
    "stage": ("windows",),
    "batch": ("train", "recipe"),
} | dict.fromkeys(
    (
        "image", "channel", "layer", "update", "card", "recipe", "probability", "parameters", "seed", "training",
        "crop", "marked token", "marked patch", "point", "race", "contender", "snapshot", "scene", "finding",
    ), ()
)  # fmt: skip


@dataclass(frozen=True)
class Term:
    """An entry of the glossary: its section, the names it goes by, and its text."""

    section: str
    names: tuple[str, ...]
    text: str


def glossary_file() -> Path:
    """The glossary, in a checkout or inside the installed package."""
    source = checkout()
    return source / "docs" / GLOSSARY if source else PACKAGE / GLOSSARY


@cache
def read_terms(path: Path | None = None) -> tuple[Term, ...]:
    """All entries, in their order: "- **Name, other name (abbreviation)**: text" below "## Section"."""
    terms = []
    for section in re.split(r"^## ", (path or glossary_file()).read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]:
        title, _, body = section.partition("\n")
        for entry in _ENTRY.finditer(body):
            names = re.sub(r" \([^)]*\)", "", entry["names"]).split(", ")
            text = re.sub(r"\s+", " ", entry["text"])
            terms.append(Term(title.strip(), tuple(name.strip() for name in names), text))
    return tuple(terms)


@cache
def _names(tab: str) -> tuple[re.Pattern[str], dict[str, Term]]:
    """A pattern for all names that count in a tab, longest first, and the term of each in lower case."""
    found: dict[str, Term] = {}
    for term in read_terms():
        for name in term.names:
            if tab in ONLY_IN.get(name.lower(), (tab,)):
                found.setdefault(name.lower(), term)
    longest_first = sorted(found, key=len, reverse=True)
    pattern = "|".join(re.escape(name) for name in longest_first)
    return re.compile(rf"(?<![\w-])({pattern})(s|es)?(?![\w-])", re.IGNORECASE), found


class WordPayload(TypedDict):
    """An entry of the glossary, as in :class:`Term`."""

    section: str
    names: tuple[str, ...]
    text: str


class WordsPayload(TypedDict):
    """All entries of the glossary, in its order."""

    terms: list[WordPayload]


def list_words() -> WordsPayload:
    """The glossary, to look a word up."""
    return {"terms": [{"section": term.section, "names": term.names, "text": term.text} for term in read_terms()]}


def mark_terms(markup: str, tab: str) -> str:
    """Make a button of the first use of each term in a view's explanations (``vx-what`` and ``vx-look``).

    A term that these do not use is marked where a heading, a caption or another sentence does. The button holds the
    term's text, which ``terms.js`` shows.
    """
    pattern, found = _names(tab)
    seen: set[Term] = set()

    def button(match: re.Match[str]) -> str:
        term = found[match[1].lower()]
        if term in seen:
            return match[0]
        seen.add(term)
        title = html.escape(f"{term.names[0]}: {term.text}")
        return (
            f'<button type="button" class="vx-term" data-section="{html.escape(term.section)}" data-text="{title}">'
            f"{match[0]}</button>"
        )

    def mark(place: re.Match[str]) -> str:
        made, depth = [], 0
        for piece in _TAG.split(place[3]):
            if pressed := _PRESSED.match(piece):
                depth += -1 if pressed[1] else 1
            made.append(piece if depth or piece.startswith("<") else pattern.sub(button, piece))
        return place[1] + "".join(made) + place[4]

    return _OTHER.sub(mark, _PLACE.sub(mark, markup))
