"""A run's folder: what was written is whole, and what cannot be used says so."""

import json
import os
from pathlib import Path

import pytest
import torch

from vit_explorer.training import Recipe
from vit_explorer.training.events import Epoch, Event, Failed, Finished, Snapshot, Started, Step
from vit_explorer.training.runs import RunError, RunFolder

RECIPE = Recipe(model="cnn", overrides={"widths": (4, 8)}, epochs=2, lr=5e-4)
EVENTS: list[Event] = [
    Started(0, 20, 100, 10, 50, 1234),
    Step(1, 20, 1, 2.302585092994046, 1e-3 / 3, 512.5, 12.25),
    Epoch(1, 10, 100, 3.5, 1.25, 0.5, None, 0.25),
    Finished(20, 7.125, None, 0.75),
    Failed(3, "The loss became nan at step 4: try a lower learning rate."),
]


@pytest.fixture
def run(tmp_path: Path) -> RunFolder:
    return RunFolder.create(tmp_path / "runs" / "one", RECIPE)


def test_a_recipe_survives(run):
    assert RunFolder(run.path).recipe() == RECIPE
    assert json.loads((run.path / "recipe.json").read_text())["lr"] == 5e-4


def test_events_survive(run):
    assert run.events() == []
    for event in EVENTS:
        run.append(event)
    assert RunFolder(run.path).events() == EVENTS


def test_snapshots_survive_to_five_digits(run):
    positions = torch.randn(5, 8)
    run.append(Snapshot(3, 0.3, positions))
    (found,) = run.events()
    assert (found.step, found.epoch, found.positions.dtype) == (3, 0.3, torch.float32)
    assert (found.positions - positions).abs().max() < 6e-6


def test_a_state_survives(run):
    assert run.load_state() is None
    state = {"model": {"weight": torch.randn(3)}, "step": 7, "seconds": 1.5, "optimizers": [{"state": {}}]}
    run.save_state(state)
    found = run.load_state()
    assert torch.equal(found["model"].pop("weight"), state["model"].pop("weight"))
    assert found == state


def test_events_after_the_state_are_dropped(run):
    for event in EVENTS[:2]:
        run.append(event)
    run.save_state({"step": 1})
    for event in EVENTS[2:]:
        run.append(event)
    assert run.load_state() == {"step": 1}
    assert run.events() == EVENTS[:2]
    run.append(EVENTS[3])
    assert run.events() == [*EVENTS[:2], EVENTS[3]]


def test_events_without_a_state_are_dropped(run):
    run.append(EVENTS[0])
    assert run.load_state() is None
    assert run.events() == []


def test_a_last_line_that_is_not_whole_is_left_out(run):
    for event in EVENTS[:2]:
        run.append(event)
    run.save_state({"step": 1})
    run.append(EVENTS[2])
    path = run.path / "events.jsonl"
    os.truncate(path, path.stat().st_size - 5)
    assert run.events() == EVENTS[:2]
    run.load_state()  # and what is written next starts a line of its own
    run.append(EVENTS[3])
    assert run.events() == [*EVENTS[:2], EVENTS[3]]


def test_the_latest_state_counts(run):
    run.append(EVENTS[0])
    run.save_state({"step": 0})
    run.append(EVENTS[1])
    run.save_state({"step": 1})
    assert run.load_state() == {"step": 1}
    assert run.events() == EVENTS[:2]


def test_a_write_that_breaks_off_leaves_the_state_before(run, monkeypatch):
    run.append(EVENTS[0])
    run.save_state({"step": 0})
    save = torch.save

    def half(value, path) -> None:
        save(value, path)
        os.truncate(path, 100)
        raise OSError("no space left")

    monkeypatch.setattr(torch, "save", half)
    run.append(EVENTS[1])
    with pytest.raises(OSError, match="no space"):
        run.save_state({"step": 1})
    assert run.load_state() == {"step": 0}
    assert run.events() == EVENTS[:1]


# --- what cannot be used ---


def refused(words: str, act) -> None:
    with pytest.raises(RunError) as caught:
        act()
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_folder_that_holds_a_run_is_not_written_over(run):
    refused(f"{run.path} already holds a run: resume it", lambda: RunFolder.create(run.path, Recipe()))
    assert run.recipe() == RECIPE


def test_a_place_that_cannot_be_a_folder(tmp_path):
    (tmp_path / "file").write_text("in the way")
    refused(f"{tmp_path / 'file'} cannot hold a run", lambda: RunFolder.create(tmp_path / "file", RECIPE))
    refused("cannot hold a run", lambda: RunFolder.create(tmp_path / "file" / "below", RECIPE))


def test_no_run_at_all(tmp_path):
    refused(f"{tmp_path} holds no readable recipe.json", RunFolder(tmp_path).recipe)


@pytest.mark.parametrize("text", ["", "{", "3", "null", '{"momentum": 1}', '{"lr": -1}', '{"overrides": 3}'])
def test_a_damaged_recipe(run, text):
    (run.path / "recipe.json").write_text(text)
    refused(f"{run.path} holds no readable recipe.json", run.recipe)


def test_a_damaged_state(run):
    run.append(EVENTS[0])
    run.save_state({"step": 1, "weights": torch.zeros(50)})
    path = run.path / "last.pt"
    whole = path.read_bytes()
    for broken in (b"", b"no archive", whole[:60], whole[: len(whole) // 2]):
        path.write_bytes(broken)
        refused(f"{path} is damaged", run.load_state)
    for other in ([1, 2], {"trainer": {}}, 3):
        torch.save(other, path)
        refused(f"{path} is damaged", run.load_state)
    assert run.events() == EVENTS[:1]


def test_events_that_are_not_those_of_the_state(run):
    run.append(EVENTS[0])
    run.save_state({"step": 1})
    (run.path / "events.jsonl").write_text("")
    refused("events.jsonl is not the one", run.load_state)
    (run.path / "events.jsonl").unlink()
    refused("events.jsonl is not the one", run.load_state)
