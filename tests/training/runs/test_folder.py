"""A run's folder: what was written is whole, can be followed and gone on from, and is held by one at a time."""

import json
import os
import signal
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest
import torch

from tests.training.written import EVENTS, RECIPE, refused, step
from vit_explorer.training.loop.events import Snapshot
from vit_explorer.training.runs.folder import RunFolder, recorded


def snapshot(positions: torch.Tensor | None) -> Snapshot:
    return Snapshot(3, 0.3, 384, 1.5, 0.25, positions, torch.rand(4, 6), 7, 0.625)


@pytest.fixture
def run(tmp_path: Path) -> RunFolder:
    return RunFolder.create(tmp_path / "runs" / "one", RECIPE)


def test_a_recipe_survives_and_can_be_replaced(run):
    assert RunFolder(run.path).recipe() == RECIPE
    assert json.loads((run.path / "recipe.json").read_text())["lr"] == 5e-4
    turned = RECIPE.with_lr_change(7, 0.5)
    run.save_recipe(turned)
    assert RunFolder(run.path).recipe() == turned
    assert os.listdir(run.path) == ["recipe.json"]


def test_events_survive(run):
    assert run.events() == []
    for event in EVENTS:
        run.append(event)
    assert RunFolder(run.path).events() == EVENTS


@pytest.mark.parametrize("positions", [torch.randn(5, 8), None])
def test_snapshots_survive_as_float16(run, positions):
    taken = snapshot(positions)
    run.append(taken)
    (found,) = run.events()
    assert (found.step, found.test_accuracy, found.probe_answer, found.probe_probability) == (3, 0.25, 7, 0.625)
    assert found.probe_map.dtype == torch.float32
    assert torch.equal(found.probe_map, taken.probe_map.half().float())
    assert positions is None if found.positions is None else torch.equal(found.positions, positions.half().float())


def test_tensors_that_are_no_plain_ones_survive_too(run):
    transposed, huge = torch.randn(8, 5).T, torch.tensor([[1e6, -1e6, 1e-9]])
    for tensor in (transposed, huge, transposed.bfloat16()):
        run.append(snapshot(tensor))
    found = [event.positions for event in run.events()]
    assert torch.equal(found[0], transposed.half().float())
    assert found[1].tolist() == [[65504, -65504, 0]]
    assert torch.equal(found[2], transposed.bfloat16().half().float())


@pytest.mark.parametrize("total", [1, 20, 999, 1000, 1001, 1500, 7820, 1_000_000])
def test_of_many_steps_about_a_thousand_are_written(total):
    kept = [number for number in range(1, total + 1) if recorded(number, total)]
    assert kept[: min(20, total)] == list(range(1, min(20, total) + 1))
    assert kept[-1] == total
    if total <= 1000:
        assert kept == list(range(1, total + 1))
    else:
        assert 1000 <= len(kept) <= 1020
        gaps = {later - earlier for earlier, later in pairwise(kept[25:])}
        assert max(gaps) - min(gaps) <= 1


def test_steps_that_are_not_kept_are_not_written(run):
    for number in (1, 20, 21, 22, 100, 101, 9_999, 10_000):
        run.append(step(number, 10_000))
    assert [event.step for event in run.events()] == [1, 20, 100, 10_000]


# --- following a run that is being written ---


def test_reading_goes_on_where_it_stopped(run):
    assert run.read() == ([], 0)
    run.append(EVENTS[0])
    first, cursor = run.read()
    assert first == EVENTS[:1]
    assert run.read(cursor) == ([], cursor)
    for event in EVENTS[1:3]:
        run.append(event)
    second, later = run.read(cursor)
    assert second == EVENTS[1:3]
    assert later == (run.path / "events.jsonl").stat().st_size
    assert run.read(later) == ([], later)
    assert run.read() == (EVENTS[:3], later)


def test_half_a_line_is_left_for_the_next_reading(run):
    run.append(EVENTS[0])
    _, cursor = run.read()
    run.append(EVENTS[1])
    path = run.path / "events.jsonl"
    whole = path.read_bytes()
    for cut in (1, 5, len(whole) - cursor - 1):
        path.write_bytes(whole[:-cut])
        assert run.read(cursor) == ([], cursor)
    path.write_bytes(whole)
    assert run.read(cursor) == (EVENTS[1:2], len(whole))


def test_after_the_file_was_cut_back_reading_begins_anew(run):
    run.append(EVENTS[0])
    run.save_state({"step": 0})
    for event in EVENTS[1:3]:
        run.append(event)
    _, cursor = run.read()
    run.load_state()
    assert run.read(cursor) == (EVENTS[:1], (run.path / "events.jsonl").stat().st_size)
    for _ in range(3):
        run.append(EVENTS[3])  # of other lengths, so that the cursor is now inside a line
    again, _ = run.read(cursor)
    assert again == [EVENTS[0], *[EVENTS[3]] * 3]


# --- the state ---


def test_a_state_survives(run):
    assert run.load_state() is None
    assert run.peek_state() is None
    state = {"model": {"weight": torch.randn(3)}, "step": 7, "seconds": 1.5, "optimizers": [{"state": {}}]}
    run.save_state(state)
    weight = state["model"].pop("weight")
    for found in (run.load_state(), run.peek_state()):
        assert torch.equal(found["model"].pop("weight"), weight)
        assert found == state


def test_events_after_the_state_are_dropped_but_not_by_who_only_looks(run):
    for event in EVENTS[:2]:
        run.append(event)
    run.save_state({"step": 1})
    for event in EVENTS[2:]:
        run.append(event)
    assert run.peek_state() == {"step": 1}
    assert run.events() == EVENTS
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


# --- who trains it ---


def test_a_run_is_held_by_one_at_a_time(run):
    assert not run.busy()
    with run.claim():
        assert run.busy() and RunFolder(run.path).busy()
        refused(f"{run.path} is being trained by another process", RunFolder(run.path).claim().__enter__)
        assert run.busy()
    assert not run.busy()
    with run.claim():
        assert run.busy()


def test_a_run_is_let_go_of_when_training_fails(run):
    with pytest.raises(KeyError), run.claim():
        raise KeyError
    assert not run.busy()


HOLD = """
import sys, time
from vit_explorer.training.runs.folder import RunFolder
with RunFolder(sys.argv[1]).claim():
    print("held", flush=True)
    time.sleep(60)
"""


def test_another_process_holds_a_run_until_it_is_killed(run):
    holder = subprocess.Popen([sys.executable, "-c", HOLD, str(run.path)], stdout=subprocess.PIPE)
    try:
        assert holder.stdout.readline() == b"held\n"
        assert run.busy()
        refused("is being trained by another process", run.claim().__enter__)
    finally:
        holder.send_signal(signal.SIGKILL)
        holder.wait()
        holder.stdout.close()
    assert not run.busy()
    with run.claim():
        pass


def test_the_size_of_a_run_is_that_of_its_files(run):
    run.append(EVENTS[0])
    run.save_state({"step": 0, "weights": torch.zeros(1000)})
    assert run.size_bytes() == sum(path.stat().st_size for path in run.path.iterdir()) > 4000
