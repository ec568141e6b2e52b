"""A run's folder that is damaged or cannot be written says so in a sentence, and keeps what it has."""

import os
import resource
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import torch

from tests.training.written import EVENTS, RECIPE, refused
from vit_explorer.training import Recipe
from vit_explorer.training.runs.folder import RunFolder


@pytest.fixture
def run(tmp_path: Path) -> RunFolder:
    return RunFolder.create(tmp_path / "runs" / "one", RECIPE)


# --- what cannot be used ---


def test_a_folder_that_holds_a_run_is_not_written_over(run):
    refused(f"{run.path} already holds a run: resume it", lambda: RunFolder.create(run.path, Recipe()))
    assert run.recipe() == RECIPE


def test_a_place_that_cannot_be_a_folder(tmp_path):
    (tmp_path / "file").write_text("in the way")
    refused(f"{tmp_path / 'file'} cannot hold a run", lambda: RunFolder.create(tmp_path / "file", RECIPE))
    refused("cannot hold a run", lambda: RunFolder.create(tmp_path / "file" / "below", RECIPE))


def test_no_run_at_all(tmp_path):
    refused(f"{tmp_path} holds no readable recipe.json", RunFolder(tmp_path).recipe)
    assert RunFolder(tmp_path).events() == []
    assert not RunFolder(tmp_path).busy()


@pytest.mark.parametrize(
    "text", ["", "{", "3", "null", "[]", '{"momentum": 1}', '{"lr": -1}', '{"overrides": 3}', "\xff"]
)
def test_a_damaged_recipe(run, text):
    (run.path / "recipe.json").write_bytes(text.encode("latin-1"))
    refused(f"{run.path} holds no readable recipe.json", run.recipe)


def test_a_damaged_state(run):
    run.append(EVENTS[0])
    run.save_state({"step": 1, "weights": torch.zeros(50)})
    path = run.path / "last.pt"
    whole = path.read_bytes()
    for broken in (b"", b"no archive", whole[:60], whole[: len(whole) // 2]):
        path.write_bytes(broken)
        refused(f"{path} is damaged", run.load_state)
        refused(f"{path} is damaged", run.peek_state)
    for other in ([1, 2], {"trainer": {}}, {"trainer": 1, "events_bytes": 0}, {"trainer": {}, "events_bytes": "0"}, 3):
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


@pytest.mark.parametrize(
    "line",
    [
        "",
        "{",
        "3",
        "[]",
        "null",
        "{}",
        '{"event": "Ended"}',
        '{"event": "Failed", "step": 3}',
        '{"event": "Failed", "step": 3, "reason": "so", "when": 1}',
        '{"event": "Failed", "step": {"shape": [3], "float16": "AAA="}, "reason": "so"}',
        '{"event": "Failed", "step": {"shape": [1]}, "reason": "so"}',
        '{"event": "Failed", "step": {"shape": [1], "float16": "not base64"}, "reason": "so"}',
        "\xff\xfe",
    ],
)
def test_a_damaged_line_is_said(run, line):
    run.append(EVENTS[0])
    _, cursor = run.read()
    with (run.path / "events.jsonl").open("ab") as file:
        file.write(line.encode("latin-1") + b"\n")
    run.append(EVENTS[1])
    refused(f"{run.path / 'events.jsonl'} is damaged: ", run.events)
    refused("is no event. Start the run anew.", lambda: run.read(cursor))


# --- what cannot be written ---


def test_a_file_in_place_of_the_folder_is_said_and_nothing_is_lost(run, tmp_path):
    run.append(EVENTS[0])
    run.save_state({"step": 0})
    moved = run.path.rename(tmp_path / "elsewhere")
    run.path.write_text("in the way")
    for act in (
        lambda: run.append(EVENTS[1]),
        lambda: run.save_state({"step": 1}),
        lambda: run.save_recipe(Recipe()),
        run.claim().__enter__,
    ):
        refused("cannot be written (Not a directory): the run stands at the last state that was saved", act)
    assert RunFolder(moved).load_state() == {"step": 0}


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is unwritable for root")
def test_an_unwritable_folder_is_said(run):
    run.path.chmod(0o500)
    try:
        for act in (lambda: run.append(EVENTS[0]), lambda: run.save_state({}), run.claim().__enter__):
            refused("cannot be written (Permission denied)", act)
    finally:
        run.path.chmod(0o700)


@contextmanager
def full_disk() -> Iterator[None]:
    """No file of this process may grow beyond 20 kB: writing then fails as it does on a full disk.

    Held around the writing alone: pytest's own output may be a longer file by now.
    """
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, ignored)


def test_a_full_disk_leaves_the_state_before(run):
    run.append(EVENTS[0])
    run.save_state({"step": 0})
    with full_disk():
        refused(
            f"{run.path / 'last.pt'} cannot be written (File too large): "
            "the run stands at the last state that was saved.",
            lambda: run.save_state({"step": 1, "weights": torch.zeros(10_000)}),
        )
    assert sorted(path.name for path in run.path.iterdir()) == ["events.jsonl", "last.pt", "recipe.json"]
    assert run.load_state() == {"step": 0}


def test_a_disk_that_fills_up_within_a_line_can_be_gone_on_from(run):
    run.append(EVENTS[0])
    run.save_state({"step": 0})

    def fill() -> None:
        for _ in range(1000):
            run.append(EVENTS[2])

    with full_disk():
        refused(f"{run.path / 'events.jsonl'} cannot be written (File too large)", fill)
    assert (run.path / "events.jsonl").stat().st_size == 20_000  # to its last byte, and so within a line
    assert set(run.events()[1:]) == {EVENTS[2]}
    assert run.load_state() == {"step": 0}
    assert run.events() == EVENTS[:1]
