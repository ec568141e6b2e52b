"""A run that was interrupted, by Ctrl-C or by kill -9 at any moment, goes on to be the run that was not."""

import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest
import torch
from PIL import Image

from tests.training.small import OVERRIDES, plain, same
from vit_explorer import train
from vit_explorer.training.cli.progress import Display
from vit_explorer.training.loop.events import Finished, Step
from vit_explorer.training.runs.folder import RunFolder
from vit_explorer.training.runs.race import Race
from vit_explorer.training.runs.status import RaceStatus

REPOSITORY = Path(__file__).resolve().parents[1]
SMALL = [word for name, value in OVERRIDES.items() for word in ("--set", f"vit:{name}={value}")]
RECIPE = ["--augment", "crop-flip", "--schedule", "cosine", "--optimizer", "adamw", "--batch-size", "7"]


@pytest.fixture(autouse=True)
def _no_cifar10(monkeypatch) -> None:
    monkeypatch.delenv("VIT_EXPLORER_DATA", raising=False)


def arguments(data: Path, folder: Path, *more: object) -> list[str]:
    return ["--data", str(data), *SMALL, *RECIPE, "--run", str(folder), *map(str, more)]


def assert_the_same_run(found: RunFolder, expected: RunFolder) -> None:
    assert plain(found.events()) == plain(expected.events())
    one, other = found.peek_state(), expected.peek_state()
    for part in ("model", "optimizers", "step", "loss_sum", "epochs_told"):
        assert same(one[part], other[part]), part


# --- kill -9 ---


def written(folder: Path) -> int:
    """When the state in this folder was saved, in ns; 0 if none was."""
    path = folder / "last.pt"
    return path.stat().st_mtime_ns if path.exists() else 0


def wait_for(moment: float, folder: Path, before: int, process: subprocess.Popen) -> None:
    """Until so many seconds after this process has saved its first state."""
    deadline = time.monotonic() + 120
    while written(folder) == before:
        assert process.poll() is None, process.stderr.read()
        assert time.monotonic() < deadline
        time.sleep(0.01)
    time.sleep(moment)


@pytest.mark.slow
def test_killed_at_random_moments_it_is_the_undisturbed_run(tiny_npz, tmp_path, capsys):
    recipe = ("--epochs", 200, "--lr-change", "300:0.5", "--snapshots", 40)
    assert train.main(arguments(tiny_npz, tmp_path / "whole", *recipe)) == 0
    chance = random.Random()
    environment = {**os.environ, "OMP_NUM_THREADS": str(torch.get_num_threads())}
    given = arguments(tiny_npz, tmp_path / "killed", *recipe, "--save-every", 0.1)
    steps = []
    for _ in range(2):
        before = written(tmp_path / "killed")
        process = subprocess.Popen(
            [sys.executable, "-m", "vit_explorer.train", *given],
            cwd=REPOSITORY, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        moment = chance.uniform(0, 0.5)
        try:
            wait_for(moment, tmp_path / "killed", before, process)
        finally:
            process.send_signal(signal.SIGKILL)
            process.wait()
            process.stderr.close()
        run = RunFolder(tmp_path / "killed")
        assert not run.busy()
        steps.append(f"after {moment:.3f} s, state at {run.peek_state()['step']}")
        given = ["--resume", str(tmp_path / "killed"), "--save-every", "0.1"]
    print("; ".join(steps))  # shown if it fails
    assert not isinstance(run.events()[-1], Finished), "it was killed too late to say anything"
    assert train.main(["--resume", str(tmp_path / "killed")]) == 0
    assert_the_same_run(run, RunFolder(tmp_path / "whole"))


# --- Ctrl-C ---


def interrupt_after(count: int, monkeypatch: pytest.MonkeyPatch, signals: int = 1) -> None:
    """The person presses Ctrl-C when ``count`` events have been shown."""
    show = Display.show
    shown = []

    def watched(self: Display, *arguments: object) -> None:
        show(self, *arguments)
        shown.append(arguments)
        if len(shown) == count:
            for _ in range(signals):
                os.kill(os.getpid(), signal.SIGINT)

    monkeypatch.setattr(Display, "show", watched)


@pytest.mark.parametrize("models", [["vit"], ["vit", "cnn"]])
@pytest.mark.parametrize("count", [1, 2, 5, 8, 13, 20])
def test_after_ctrl_c_it_says_how_to_go_on_and_does(tiny_npz, tmp_path, capsys, monkeypatch, count, models):
    recipe = ("--epochs", 3, "--model", *models, "--set", "cnn:widths=4,8")[: None if "cnn" in models else -2]
    assert train.main(arguments(tiny_npz, tmp_path / "whole", *recipe)) == 0
    with monkeypatch.context() as patched:
        interrupt_after(count, patched)
        assert train.main(arguments(tiny_npz, tmp_path / "cut", *recipe)) == 130
    assert (
        f"Stopped and saved. Go on with: python -m vit_explorer.train --resume {tmp_path / 'cut'}"
        in capsys.readouterr().err
    )
    cut, whole = Race.at(tmp_path / "cut"), Race.at(tmp_path / "whole")
    assert cut.status() == RaceStatus("paused")
    seen = sum(len(run.events()) for run in cut.runs.values())
    assert seen == count
    assert train.main(["--resume", str(tmp_path / "cut")]) == 0
    for label, run in cut.runs.items():
        assert_the_same_run(run, whole.runs[label])
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_second_ctrl_c_does_not_wait(tiny_npz, tmp_path, capsys, monkeypatch):
    with monkeypatch.context() as patched:
        interrupt_after(6, patched, signals=2)
        assert train.main(arguments(tiny_npz, tmp_path / "cut", "--epochs", 3)) == 130
    assert "Stopped at once: what was begun stands at the state that was saved last." in capsys.readouterr().err
    assert not RunFolder(tmp_path / "cut").busy()
    assert train.main(["--resume", str(tmp_path / "cut")]) == 0
    assert train.main(arguments(tiny_npz, tmp_path / "whole", "--epochs", 3)) == 0
    assert_the_same_run(RunFolder(tmp_path / "cut"), RunFolder(tmp_path / "whole"))


def test_a_finished_run_can_be_kept_later_and_says_its_end_once(tiny_npz, tmp_path, capsys):
    from vit_explorer.models import load_checkpoint

    assert train.main(arguments(tiny_npz, tmp_path / "run", "--epochs", 2)) == 0
    before = (tmp_path / "run" / "events.jsonl").read_bytes()
    for name in ("first", "second"):
        assert train.main(["--resume", str(tmp_path / "run"), "--keep", name, "--keep-in", str(tmp_path)]) == 0
    assert (tmp_path / "run" / "events.jsonl").read_bytes() == before
    first, second = (load_checkpoint(name, [tmp_path]) for name in ("first", "second"))
    assert first.card["test_accuracy"] == second.card["test_accuracy"]
    assert first.card["history"] == second.card["history"]


# --- a run that cannot go on ---


@pytest.fixture(scope="module")
def stopped_run(tiny, tmp_path_factory) -> Path:
    """A run on a file beside it, stopped after a few steps."""
    folder = tmp_path_factory.mktemp("stopped")
    save_tiny(folder / "tiny.npz", tiny)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(tempfile, "tempdir", str(folder))
        interrupt_after(8, patched)
        assert train.main(arguments(folder / "tiny.npz", folder / "run", "--epochs", 3)) == 130
    return folder


def save_tiny(path: Path, dataset) -> None:
    import numpy as np

    pictures = {f"x_{part}": getattr(dataset, part).x.permute(0, 2, 3, 1).numpy() for part in ("train", "test")}
    labels = {f"y_{part}": getattr(dataset, part).y.numpy() for part in ("train", "test")}
    np.savez(path, **pictures, **labels, class_names=np.array(dataset.names))


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("recipe.json", b"{", "holds no readable recipe.json"),
        ("recipe.json", None, "it has neither race.json nor recipe.json"),
        ("events.jsonl", b"", "is not the one that"),
        ("events.jsonl", None, "is not the one that"),
        ("last.pt", b"", "last.pt is damaged: start the run anew in another folder"),
        ("last.pt", b"no archive", "last.pt is damaged: start the run anew in another folder"),
    ],
)
def test_a_damaged_run_says_which_file_it_is(stopped_run, tmp_path, capsys, name, content, sentence):
    shutil.copytree(stopped_run / "run", tmp_path / "run")
    path = tmp_path / "run" / name
    path.unlink() if content is None else path.write_bytes(content)
    assert train.main(["--resume", str(tmp_path / "run")]) in (1, 2)
    shown = capsys.readouterr()
    assert sentence in shown.out + shown.err
    assert "Traceback" not in shown.out + shown.err


def test_a_run_without_its_state_begins_anew(stopped_run, tmp_path):
    shutil.copytree(stopped_run / "run", tmp_path / "run")
    (tmp_path / "run" / "last.pt").unlink()
    assert train.main(["--resume", str(tmp_path / "run")]) == 0
    steps = [event.step for event in RunFolder(tmp_path / "run").events() if isinstance(event, Step)]
    assert steps == list(range(1, 13))


def test_other_pictures_in_the_same_place_are_refused(stopped_run, tiny, capsys):
    from dataclasses import replace

    save_tiny(stopped_run / "tiny.npz", replace(tiny, train=tiny.train._replace(x=255 - tiny.train.x)))
    assert train.main(["--resume", str(stopped_run / "run")]) == 1
    words = (
        f"The pictures of {stopped_run / 'tiny.npz'} are not those that this run began with (other pictures or labels)"
    )
    assert words in capsys.readouterr().out
    save_tiny(stopped_run / "tiny.npz", tiny)
    assert train.main(["--resume", str(stopped_run / "run")]) == 0
    assert isinstance(RunFolder(stopped_run / "run").events()[-1], Finished)


def test_a_run_that_another_process_trains_is_left_alone(stopped_run, tmp_path, capsys):
    shutil.copytree(stopped_run / "run", tmp_path / "run")
    with RunFolder(tmp_path / "run").claim():
        assert train.main(["--resume", str(tmp_path / "run")]) == 2
    assert "is being trained by another process" in capsys.readouterr().err


@pytest.mark.slow
def test_a_disk_that_is_full_is_said_and_the_run_goes_on_later(tiny_npz, tmp_path):
    """The command line itself, in a process whose files may not grow beyond 4 kB: less than one state."""
    program = (
        "import resource, signal, sys; from vit_explorer import train;"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN); resource.setrlimit(resource.RLIMIT_FSIZE, (4000, 4000));"
        "sys.exit(train.main(sys.argv[1:]))"
    )
    given = arguments(tiny_npz, tmp_path / "run", "--epochs", 3, "--save-every", 0)
    done = subprocess.run(
        [sys.executable, "-c", program, *given], cwd=REPOSITORY, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert "cannot be written (File too large): the run stands at the last state that was saved." in line
    assert train.main(["--resume", str(tmp_path / "run")]) == 0
    assert train.main(arguments(tiny_npz, tmp_path / "whole", "--epochs", 3)) == 0
    assert_the_same_run(RunFolder(tmp_path / "run"), RunFolder(tmp_path / "whole"))


# --- from another folder ---


@pytest.mark.parametrize("given", ["pets/", "./pets", "~/pets"])
def test_a_run_on_a_folder_goes_on_from_elsewhere(tmp_path, capsys, monkeypatch, given):
    for name in ("cat", "dog"):
        (tmp_path / "pets" / name).mkdir(parents=True)
        for number in range(5):
            Image.new("RGB", (12, 12), (50 * number, 9, 9)).save(tmp_path / "pets" / name / f"{number}.png")
    (tmp_path / "pets" / "cat" / "notes.txt").write_text("no picture")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    with monkeypatch.context() as patched:
        interrupt_after(2, patched)
        sizes = [
            "--set",
            "vit:patch_size=16",
            "--set",
            "vit:d_model=8",
            "--set",
            "vit:n_heads=2",
            "--set",
            "vit:n_layers=1",
        ]
        assert train.main(["--data", given, "--model", "vit", *sizes, "--epochs", "3", "--run", "run"]) == 130
    assert "1 file was skipped (cat/notes.txt" in capsys.readouterr().err
    assert RunFolder(tmp_path / "run").recipe().data == str(tmp_path / "pets")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert train.main(["--resume", "../run"]) == 0
    assert isinstance(RunFolder(tmp_path / "run").events()[-1], Finished)
