"""What the documents must agree with: the models' cards, the package, and the files that they link to."""

import re
import tomllib
from pathlib import Path

import pytest

import vit_explorer
from vit_explorer.bench.cards_table import BLOCK, cards_table, update
from vit_explorer.models.checkpoint import CHECKPOINT_FOLDER, list_checkpoints

REPOSITORY = Path(__file__).resolve().parents[1]
DOCUMENTS = sorted([*REPOSITORY.glob("*.md"), *REPOSITORY.glob("docs/*.md")])
LINK = re.compile(r"\]\((?!https?://)([^)#\s]*)(?:#([^)\s]*))?\)")


def text_of(path: Path) -> str:
    return path.read_text(encoding="utf-8")


@pytest.mark.parametrize(("name", "kinds"), [("README.md", ["short"]), ("docs/results.md", ["short", "long"])])
def test_tables_of_the_shipped_models_say_what_the_cards_say(name, kinds):
    """If this fails: python -m vit_explorer.bench.cards_table README.md docs/results.md"""
    text = text_of(REPOSITORY / name)
    assert [found[2] for found in BLOCK.finditer(text)] == kinds
    assert update(text) == text


@pytest.mark.parametrize("kind", ["short", "long"])
def test_a_table_has_a_row_for_each_card(kind):
    rows = cards_table(kind, CHECKPOINT_FOLDER).splitlines()
    assert sorted(row.split("`")[1] for row in rows[2:]) == list_checkpoints([CHECKPOINT_FOLDER])
    assert len({len(re.split(r"(?<!\\)\|", row)) for row in rows}) == 1


def test_only_what_stands_between_the_marks_is_replaced():
    text = "before\n<!-- cards: short -->\nold\n<!-- end of cards -->\nafter | table |\n"
    new = update(text)
    assert new.startswith("before\n<!-- cards: short -->\n| model |") and "old" not in new
    assert new.endswith("|\n<!-- end of cards -->\nafter | table |\n")
    assert update(new) == new


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(REPOSITORY)))
def test_links_lead_to_files_and_headings(path):
    missing = []
    for target, heading in LINK.findall(text_of(path)):
        file = (path.parent / target) if target else path
        if not file.exists():
            missing.append(target)
        elif heading and heading not in anchors(text_of(file)):
            missing.append(f"{target}#{heading}")
    assert missing == []


def anchors(markdown: str) -> set[str]:
    """The names by which GitHub links to headings."""
    headings = re.findall(r"^#+ (.+)$", markdown, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_every_image_of_the_documents_is_shown_somewhere():
    shown = {Path(target).name for path in DOCUMENTS for target, _ in LINK.findall(text_of(path))}
    assert {path.name for path in (REPOSITORY / "docs" / "images").iterdir()} - shown == set()


def test_the_readme_takes_at_most_8_kb_and_its_animation_1_mb():
    assert (REPOSITORY / "README.md").stat().st_size <= 8_192
    assert (REPOSITORY / "docs" / "images" / "cut.gif").stat().st_size <= 1_000_000


def test_the_version_is_the_same_wherever_it_is_said():
    project = tomllib.loads(text_of(REPOSITORY / "pyproject.toml"))
    assert project["tool"]["hatch"]["version"]["path"] == "vit_explorer/__init__.py"
    assert f"version: {vit_explorer.__version__}\n" in text_of(REPOSITORY / "CITATION.cff")
    pin = re.search(r"^gradio==(.+)$", text_of(REPOSITORY / "requirements.txt"), re.MULTILINE)[1]
    assert f"sdk_version: {pin}\n" in text_of(REPOSITORY / "README.md")


def test_every_file_that_the_architecture_names_exists():
    """Paths stand in backticks, from the top of the repository or of the package; words in capitals stand for names."""
    named = set(re.findall(r"`([\w./-]+/[\w./-]*)`", text_of(REPOSITORY / "docs" / "architecture.md")))
    named = {path for path in named if not re.search(r"\b[A-Z]{4,}\b|spectrum", path)}
    assert len(named) > 40
    roots = (REPOSITORY, REPOSITORY / "vit_explorer")
    assert {path for path in named if not any((root / path).exists() for root in roots)} == set()
