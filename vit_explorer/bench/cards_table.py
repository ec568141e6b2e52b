"""Tables of the shipped models for the documents, made from the cards.

python -m vit_explorer.bench.cards_table                             # print both
python -m vit_explorer.bench.cards_table README.md docs/results.md   # bring them up to date in these files
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from vit_explorer.models.checkpoint import CHECKPOINT_FOLDER, find_card, list_checkpoints
from vit_explorer.models.summary import accuracy_percent
from vit_explorer.models.zoo import MODELS

Card = dict[str, Any]

COLUMNS = {  # of each table: its headings, and how Markdown is told to align them
    "short": (("model", "architecture", "parameters", "multiply-adds", "test accuracy"), ":---|:---|---:|---:|---:"),
    "long": (
        ("model", "trained on", "epochs", "optimizer", "augmentation", "teacher", "seed", "seconds", "hardware"),
        ":---|:---|---:|:---|:---|:---|---:|---:|:---",
    ),
}
MIXED = {"rand_augment": "RandAugment", "erasing": "random erasing", "mixup": "Mixup", "cutmix": "CutMix"}
BLOCK = re.compile(r"(<!-- cards: (\w+) -->\n).*?(<!-- end of cards -->)", re.DOTALL)


def cards_table(kind: str, folder: Path = CHECKPOINT_FOLDER) -> str:
    """Markdown table of the cards, by dataset, the most accurate first.

    Args:
        kind: "short" (what a model is and reaches) or "long" (how it was trained).
    """
    cards = {
        name: json.loads(find_card(name, [folder]).read_text(encoding="utf-8")) for name in list_checkpoints([folder])
    }
    names = sorted(cards, key=lambda name: (cards[name]["dataset"]["name"], -(cards[name].get("test_accuracy") or 0)))
    headings, rule = COLUMNS[kind]
    row = _short if kind == "short" else _long
    lines = [headings, *(row(name, cards[name]) for name in names)]
    texts = [f"| {' | '.join(line)} |" for line in lines]
    return "\n".join([texts[0], f"|{rule}|", *texts[1:]])


def update(text: str) -> str:
    """Update the tables of cards in a document.

    They stand between ``<!-- cards: KIND -->`` and ``<!-- end of cards -->``.

    Raises:
        KeyError: for a kind of table that does not exist.
    """
    return BLOCK.sub(lambda found: f"{found[1]}{cards_table(found[2])}\n{found[3]}", text)


def _short(name: str, card: Card) -> Sequence[str]:
    accuracy, dataset = card.get("test_accuracy"), card["dataset"]
    reached = "" if accuracy is None else f"{accuracy_percent(accuracy)} of {dataset['n_test']:,} {dataset['name']}"
    return f"`{name}`", MODELS[card["model"]].title, f"{card['parameters']:,}", _count(card["multiply_adds"]), reached


def _long(name: str, card: Card) -> Sequence[str]:
    recipe, dataset = card["recipe"], card["dataset"]
    epochs = card.get("epochs_trained", recipe["epochs"])
    before = card.get("start", {}).get("epochs") or 0
    return (
        f"`{name}`",
        f"{dataset['n_train']:,} {dataset['name']}",
        f"{before:g} + {epochs - before:g}" if before else f"{epochs:g}",
        f"{recipe['optimizer']} {recipe['lr']:g}",
        ", ".join([recipe["augment"], *(title for field, title in MIXED.items() if recipe.get(field))]),
        f"`{recipe['teacher']}`" if recipe.get("teacher") else "",
        f"{card['seed']}",
        f"{card['seconds']:,.0f}",
        card["hardware"],
    )


def _count(operations: int) -> str:
    return f"{operations / 1e9:.2f} G" if operations >= 1e9 else f"{operations / 1e6:.1f} M"


def main(paths: Sequence[str]) -> None:
    """Print both tables, or update the given files."""
    for path in map(Path, paths):
        path.write_text(update(path.read_text(encoding="utf-8")), encoding="utf-8")
    if not paths:
        print("\n\n".join(cards_table(kind) for kind in COLUMNS))


if __name__ == "__main__":
    main(sys.argv[1:])
