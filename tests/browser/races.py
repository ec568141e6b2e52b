"""Races: one that is over, copied at no cost where it is needed, and one that Play starts."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

from vit_explorer.data.sources import open_dataset
from vit_explorer.training.loop.recipe import Recipe
from vit_explorer.training.runs.race import Race, owner_of
from vit_explorer.training.runs.runner import Runner

PATIENCE = 180_000  # ms until a test gives up; nothing is measured with it
VIT = Recipe(
    model="vit",
    overrides={"patch_size": 4, "d_model": 16, "n_heads": 2, "n_layers": 1, "d_ff": 24},
    data="shapes",
    subset=500,
    test_subset=200,
    epochs=2,
    batch_size=100,
    snapshots=5,
)
CNN = replace(VIT, model="cnn", overrides={"widths": (4, 8)})


def train_race(root: Path) -> Race:
    """The race that is copied: ten steps of each contender, about a second."""
    race = Race.create(root, {"ViT": VIT, "CNN": CNN}, title="ViT against CNN", preset="vit-cnn")
    dataset = open_dataset(VIT.data)
    with Runner(race, lambda recipe: dataset) as runner:
        for _ in runner.events():
            pass
    assert race.finished()
    return race


def copy_race(race: Race, runs: Path, name: str, secret: str | None = None) -> str:
    """Put the race on the shelf of an app under another name, started by who has this secret; the name."""
    shutil.copytree(race.path, runs / name)
    about = runs / name / "race.json"
    owner = owner_of(secret) if secret is not None else None
    about.write_text(json.dumps(json.loads(about.read_text()) | {"title": name, "owner": owner}))
    return name


def unfold(page) -> None:
    """Show what the set-up of a race has folded away."""
    page.locator(".vx-train-setup .more").evaluate("more => void (more.open = true)")


def press_play(page, epochs: str) -> str:
    """Start ViT against CNN on 500 drawn pictures; the race's name."""
    setup = page.locator(".vx-train-setup")
    unfold(page)
    setup.locator(".data button", has_text="Shapes").click()
    setup.locator(".size input").fill("0")
    setup.locator(".epochs input").fill(epochs)
    page.wait_for_function(  # 500 pictures are four batches of at most 128
        """(updates) => document.querySelectorAll(".vx-train-setup .chip").length === 2 &&
        document.querySelector(".vx-train-setup .promise").textContent.includes(`, ${updates} updates each`)""",
        arg=f"{4 * int(epochs):,}",
    )
    setup.locator(".start").click()
    page.wait_for_function("vx.get('race') && vx.get('race').mine", timeout=PATIENCE)
    return page.evaluate("vx.get('race').name")
