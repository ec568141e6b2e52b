"""Two processes learn what one does: the real command under the real launcher, and each sum that they share."""

import os
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import pytest
import torch
from torch import nn

from tests.training.small import OVERRIDES
from vit_explorer import train
from vit_explorer.data import open_dataset
from vit_explorer.training import Recipe
from vit_explorer.training.loop.distributed import Group, check_divisible, open_group
from vit_explorer.training.loop.events import Event, Step
from vit_explorer.training.runs.race import Race
from vit_explorer.training.runs.runner import Runner

REPOSITORY = Path(__file__).resolve().parents[3]
TOLERANCE = 1e-4
CLOCK = {"seconds", "images_per_second", "seconds_left"}


def in_two_processes(*words: object) -> str:
    """Run the command line under torchrun, and give back what it printed."""
    launcher = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node=2"]
    process = subprocess.Popen(
        [*launcher, "-m", "vit_explorer.train", *map(str, words)],
        cwd=REPOSITORY, env={**os.environ, "OMP_NUM_THREADS": "1"},
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        printed, complained = process.communicate(timeout=300)
    finally:
        process.terminate()  # which also ends what it has started
    assert process.returncode == 0, complained
    return printed


def assert_close(found: list[Event], expected: list[Event]) -> None:
    """The same events, and each number within the tolerance, but for what the clock says."""
    assert [type(event) for event in found] == [type(event) for event in expected]
    for one, other in zip(found, expected, strict=True):
        for field in fields(one):
            value, wanted = getattr(one, field.name), getattr(other, field.name)
            if field.name in CLOCK or value is None or isinstance(value, str):
                assert field.name in CLOCK or value == wanted
            elif isinstance(value, torch.Tensor):
                assert (value - wanted).abs().max() < 1e-3, (field.name, one.step)  # written as float16
            else:
                assert value == pytest.approx(wanted, abs=TOLERANCE), (field.name, one.step)


def assert_races_close(found: Race, expected: Race, total_steps: int) -> None:
    for label, run in expected.runs.items():
        events = run.events()
        assert [event.step for event in events if isinstance(event, Step)] == list(range(1, total_steps + 1))
        assert_close(found.runs[label].events(), events)


@pytest.mark.slow
def test_two_processes_give_the_losses_of_one(tiny_npz, tmp_path):
    """24 pictures in batches of 23 and 1: an odd batch, and one of fewer pictures than processes."""
    small = [word for name, value in OVERRIDES.items() for word in ("--set", f"vit:{name}={value}")]
    recipe = ["--optimizer", "muon", "--augment", "crop-flip", "--label-smoothing", "0.1", "--weight-decay", "0.05"]
    given = ["--data", tiny_npz, "--model", "vit", "cnn", *small, "--set", "cnn:widths=4,8", *recipe]
    given += ["--batch-size", 23, "--epochs", 6, "--lr", "3e-3", "--snapshots", 5, "--validation", "0"]
    assert train.main([str(word) for word in (*given, "--run", tmp_path / "one")]) == 0
    printed = in_two_processes(*given, "--run-folder", tmp_path / "two")
    assert printed.count("epoch   6") == 2  # once for each model
    assert_races_close(Race.at(tmp_path / "two"), Race.at(tmp_path / "one"), total_steps=12)


@pytest.mark.slow
def test_a_race_is_taken_up_by_two_processes(tiny_npz, tmp_path):
    """As the page made it, without augmentation; stopped in the middle by one process, gone on with by two."""
    common = {"data": str(tiny_npz), "epochs": 4, "batch_size": 5, "lr": 3e-3, "snapshots": 3, "validation": 0.25}
    recipes = {
        "plain": Recipe(**common, overrides=OVERRIDES),
        "conv": Recipe(**common, overrides=OVERRIDES, model="vit-conv", optimizer="adamw", ema=0.9),
    }
    for name in ("one", "two"):
        race = Race.create(tmp_path, recipes, title="Two", name=name)
        with Runner(race, lambda recipe: open_dataset(recipe.data)) as runner:
            list(runner.events(until="epoch"))
            runner.save()
    assert train.main(["--resume", str(tmp_path / "one")]) == 0
    in_two_processes("--resume", tmp_path / "two")
    assert_races_close(Race.at(tmp_path / "two"), Race.at(tmp_path / "one"), total_steps=16)


def test_what_is_refused_is_said_by_the_leading_process_alone(tiny_npz, tmp_path, capsys, monkeypatch):
    for rank in (0, 1):
        monkeypatch.setenv("RANK", str(rank))
        assert train.main(["--data", str(tiny_npz), "--probe", "9", "--run", str(tmp_path / "run")]) == 2
        shown = capsys.readouterr()
        assert ("probe must lie between 0 and 8" in shown.err) == (rank == 0)
        assert shown.out == ""


@pytest.mark.parametrize("size", [2, 3, 5])
@pytest.mark.parametrize("n", [1, 2, 3, 4, 7, 128])
def test_the_parts_of_a_batch_make_the_whole_of_it(n, size):
    """Sums over the parts, by their weights, are the sum over the batch."""
    values = torch.arange(1.0, n + 1)
    shares = [Group(rank, size).share(n) for rank in range(size)]
    assert sum(float(values[part].sum()) * weight for part, weight in shares) == pytest.approx(n * (n + 1) / 2)
    lengths = [len(values[part]) for part, _ in shares]
    assert min(lengths) >= 1
    assert max(lengths) - min(lengths) <= 1


def test_alone_everything_is_one_s_own():
    group = Group()
    values = torch.tensor([1.0, 2.0])
    assert group.share(7) == (slice(0, 7), 1.0)
    assert group.sum(values) is values
    assert (group.any(True), group.any(False), group.told("here"), group.leads) == (True, False, "here", True)
    with open_group("cpu") as found:
        assert found == group


def test_a_model_that_mixes_the_pictures_of_a_batch_is_refused():
    model = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4))
    check_divisible(model, Group())
    with pytest.raises(ValueError, match="a Sequential with batch norms would see only a part of each batch"):
        check_divisible(model, Group(0, 2))


def test_a_device_that_processes_cannot_share_is_refused(monkeypatch):
    monkeypatch.setenv("WORLD_SIZE", "2")
    with pytest.raises(ValueError, match="each on its own GPU as cuda, not on 'cuda:1'"), open_group("cuda:1"):
        pass
    monkeypatch.setenv("LOCAL_RANK", "1")
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    with (
        pytest.raises(ValueError, match="each process needs a GPU of its own, and this machine has 1"),
        open_group("cuda"),
    ):
        pass
